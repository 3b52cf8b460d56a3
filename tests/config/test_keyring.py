"""The keys are changed as a whole or not at all, and old letters stay known as long as their key is there."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from maild.config import ConfigErrors, drop_key, key_dates, load, new_secret_file, policy, rotate_keys
from maild.config.secrets import read_keys
from maild.core import tokens

NOW = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    new_secret_file(tmp_path / "secret.key")
    return tmp_path / "secret.key"


def test_a_new_key_signs_and_the_old_ones_verify(desk) -> None:
    old = policy(load(desk.path)).keys
    mark, bare = tokens.subject_token(old, "BANK", 7), tokens.ticket_root_id(policy(load(desk.path)), 7)
    assert rotate_keys(desk.secret, NOW) == 1
    made = policy(load(desk.path))
    assert (made.keys.current, set(made.keys.secrets)) == (1, {0, 1})
    assert tokens.subject_numbers(made.keys, "BANK", mark) == (7,)
    assert tokens.message_id_token(made, bare) is not None
    assert tokens.subject_token(made.keys, "BANK", 7) != mark
    assert key_dates(desk.secret) == {1: NOW}
    assert drop_key(desk.secret, 0) == 0
    after = policy(load(desk.path))
    assert set(after.keys.secrets) == {1}
    assert tokens.subject_numbers(after.keys, "BANK", mark) == ()
    assert tokens.message_id_token(after, bare) is None


def test_all_sixteen_ids_are_used_before_it_is_refused(secret: Path) -> None:
    assert [rotate_keys(secret, NOW) for _ in range(15)] == list(range(1, 16))
    before = secret.read_bytes()
    with pytest.raises(ConfigErrors, match="drop one first"):
        rotate_keys(secret, NOW)
    assert secret.read_bytes() == before
    drop_key(secret, 3)
    assert rotate_keys(secret, NOW) == 3
    assert read_keys(secret).current == 3


@pytest.mark.parametrize(("key_id", "said"), [(0, "signs our letters"), (9, "there is no key 9; there are: 0")])
def test_what_cannot_be_dropped(secret: Path, key_id: int, said: str) -> None:
    before = secret.read_bytes()
    with pytest.raises(ConfigErrors, match=said):
        drop_key(secret, key_id)
    assert secret.read_bytes() == before
    assert [path.name for path in secret.parent.iterdir()] == ["secret.key"]


def test_comments_modes_and_links_stay(secret: Path, tmp_path: Path) -> None:
    secret.write_text("# ours, since café days\n" + secret.read_text(encoding="utf-8"), encoding="utf-8")
    secret.chmod(0o640)
    link = tmp_path / "link.key"
    link.symlink_to(secret)
    rotate_keys(link, NOW)
    assert link.is_symlink()
    assert stat.S_IMODE(secret.stat().st_mode) == 0o640
    assert secret.read_text(encoding="utf-8").startswith("# ours, since café days\n")
    assert len(read_keys(secret).secrets) == 2


def test_two_at_once_and_a_leftover(secret: Path) -> None:
    leftover = secret.with_name("secret.key.new")
    leftover.write_text("half", encoding="ascii")
    with pytest.raises(ConfigErrors, match="then remove it"):
        rotate_keys(secret, NOW)
    assert leftover.exists()


KILLED = """
import os, sys
from datetime import UTC, datetime
from pathlib import Path
from maild.config import keyring
def dies(*args): os._exit(9)
setattr(os, sys.argv[2], dies)
keyring.rotate(Path(sys.argv[1]), datetime.now(UTC))
"""


@pytest.mark.parametrize("at", ["fchmod", "fsync"])
def test_a_crash_leaves_the_old_file(secret: Path, at: str) -> None:
    before = secret.read_bytes()
    done = subprocess.run([sys.executable, "-c", KILLED, str(secret), at], check=False, cwd=Path.cwd(), env=os.environ)
    assert done.returncode == 9
    assert secret.read_bytes() == before
