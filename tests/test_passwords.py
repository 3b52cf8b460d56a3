"""Passwords of agents: hashes that keep them, a file that is whole or not there, an answer that tells nothing."""

from __future__ import annotations

import contextlib
import os
import stat
import statistics
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from maild import passwords
from maild.config import policy
from maild.core.submission import objection
from maild.demo.stage import example_config
from maild.doors import Proof

ROOT = Path(__file__).parents[1]
WORD = "correct horse battery"


@pytest.fixture
def cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "COST", 16)


def test_a_hash_fits_its_password_only(cheap: None) -> None:
    one, again = passwords.hashed(WORD), passwords.hashed(WORD)
    assert one.fits(WORD)
    assert not one.fits(WORD + " ")
    assert one.salt != again.salt
    assert WORD not in str(one)


def test_hashes_of_other_costs_still_count(tmp_path: Path, cheap: None, monkeypatch: pytest.MonkeyPatch) -> None:
    old = passwords.hashed(WORD)
    monkeypatch.setattr(passwords, "COST", 32)
    passwords.write(tmp_path / "passwords", {"john": old, "jane": passwords.hashed(WORD)})
    known = passwords.read(tmp_path / "passwords")
    assert [known[key].fits(WORD) for key in ("john", "jane")] == [True, True]
    assert {one.cost for one in known.values()} == {16, 32}


@pytest.mark.parametrize("password", ["", "too short", "x" * 501, "two lines\nof it all", "a bell \a in it all"])
def test_what_is_no_password(password: str) -> None:
    with pytest.raises(passwords.BadPassword):
        passwords.hashed(password)


@given(st.text(max_size=200))
@settings(max_examples=200)
def test_a_spoilt_file_is_an_error_and_nothing_worse(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    file = tmp_path_factory.mktemp("passwords") / "passwords"
    file.write_text("# first\n" + text, encoding="utf-8", errors="ignore")
    with contextlib.suppress(ValueError):
        assert passwords.read(file) == {} or "scrypt" in text


def test_a_spoilt_line_is_named(tmp_path: Path) -> None:
    (tmp_path / "passwords").write_text("# first\njohn:md5:x\n")
    with pytest.raises(ValueError, match="passwords, line 2: is no line that maild passwd wrote"):
        passwords.read(tmp_path / "passwords")


def test_the_file_is_its_owners(tmp_path: Path, cheap: None) -> None:
    file = tmp_path / "passwords"
    passwords.write(file, {"john": passwords.hashed(WORD)})
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["passwords"]
    assert passwords.read(tmp_path / "none") == {}


# --------------------------------------------------------------------- who it proves


@pytest.fixture
def proof(tmp_path: Path, cheap: None) -> Proof:
    file = tmp_path / "passwords"
    passwords.write(file, {"john": passwords.hashed(WORD), "gone": passwords.hashed(WORD)})
    rules = policy(example_config(tmp_path / "desk"))
    return Proof(file, lambda: rules)


@pytest.mark.parametrize(
    ("name", "password", "agent"),
    [
        ("john", WORD, "john"),
        ("John@Bank.example", WORD, "john"),
        ("john", "wrong", ""),
        ("jane", WORD, ""),
        ("gone", WORD, ""),
        ("", WORD, ""),
        ("nobody@elsewhere.example", WORD, ""),
    ],
)
def test_whom_a_password_proves(proof: Proof, name: str, password: str, agent: str) -> None:
    assert proof.agent(name, password) == agent


def test_a_file_that_cannot_be_read_proves_nobody(proof: Proof, tmp_path: Path) -> None:
    (tmp_path / "passwords").write_text("spoilt")
    assert proof.agent("john", WORD) == ""


def test_names_of_nobody_take_as_long(tmp_path: Path) -> None:
    file = tmp_path / "passwords"
    passwords.write(file, {"john": passwords.hashed(WORD)})
    rules = policy(example_config(tmp_path / "desk"))
    proof = Proof(file, lambda: rules)

    def took(name: str) -> float:
        began = time.thread_time()
        proof.agent(name, "wrong")
        return time.thread_time() - began

    known, unknown = (statistics.median(took(name) for _ in range(5)) for name in ("john", "nobody"))
    assert 0.5 < known / unknown < 2


@pytest.mark.parametrize(
    ("header", "allowed"),
    [
        (b"From: John <john@bank.example>", True),
        (b"From: JOHN@bank.example", True),
        (b"From: jane@bank.example", False),
        (b"From: John <john@bank.example>, jane@bank.example", False),
        (b"From: john@bank.example\r\nFrom: jane@bank.example", False),
        (b"Sender: john@bank.example", False),
        (b"From: john@bank.example.evil.example", False),
        (b"From: =?utf-8?q?john=40bank=2Eexample?= <jane@bank.example>", False),
        (b"From: john@bank.example <jane@bank.example>", False),
        (b"Subject: x", False),
    ],
)
def test_from_is_the_agents_own(proof: Proof, header: bytes, allowed: bool) -> None:
    said = objection(header + b"\r\nSubject: x\r\n\r\nFrom: jane@bank.example", "john", proof._policy())
    assert (said == "") == allowed
    assert said.isprintable()
    assert objection(header, "gone", proof._policy())


# --------------------------------------------------------------------- maild passwd


def test_the_verb_sets_changes_and_removes(tmp_path: Path) -> None:
    config = example_config(tmp_path / "desk")

    def passwd(*arguments: str, stdin: str = "") -> tuple[int, str]:
        done = subprocess.run(
            [sys.executable, "-m", "maild", "passwd", "-c", str(config.path), *arguments],
            input=stdin,
            capture_output=True,
            text=True,
            check=False,
            timeout=50,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )
        return done.returncode, done.stdout + done.stderr

    file = config.submission.passwords_file
    assert passwd("john", "--stdin", stdin=f"{WORD}\n") == (0, "john has a new password.\n")
    assert passwords.read(file)["john"].fits(WORD)
    assert passwd("jonh", "--stdin", stdin=WORD)[0] == 65
    assert "john" in passwd("jonh", "--stdin", stdin=WORD)[1]
    assert passwd("john", "--stdin", stdin="short\n")[0] == 65
    assert passwd("john")[0] == 64
    assert passwd("john", "--remove") == (0, "john can log in no more.\n")
    assert passwd("john", "--remove")[0] == 65
    assert passwords.read(file) == {}
