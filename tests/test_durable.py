"""Files put in place of others: all or nothing, with the mode asked for, and nothing left beside them."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from maild import durable


def test_a_file_is_made_or_replaced(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    for text in ("first", "second\n"):
        durable.replace(file, text)
        assert file.read_text() == text
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
    durable.replace(file, "third", 0o640)
    assert stat.S_IMODE(file.stat().st_mode) == 0o640
    assert [path.name for path in tmp_path.iterdir()] == ["secret"]


def test_whoever_has_it_open_reads_the_old_one_to_its_end(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text("old")
    with file.open() as reader:
        durable.replace(file, "new")
        assert reader.read() == "old"
    assert file.read_text() == "new"


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    real, link = tmp_path / "real", tmp_path / "link"
    real.write_text("old")
    link.symlink_to(real)
    durable.replace(link, "new")
    assert link.is_symlink()
    assert real.read_text() == "new"


def test_what_cannot_be_put_in_place_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "secret" / "inside").mkdir(parents=True)
    with pytest.raises(OSError, match="secret"):
        durable.replace(tmp_path / "secret", "new")
    with pytest.raises(UnicodeError):
        durable.replace(tmp_path / "other", "half a character: \ud800")
    assert [path.name for path in tmp_path.iterdir()] == ["secret"]


def test_what_is_called_durable_is_on_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[str] = []
    sync = os.fsync

    def noting(descriptor: int) -> None:
        synced.append(Path(f"/proc/self/fd/{descriptor}").readlink().name)
        sync(descriptor)

    monkeypatch.setattr(os, "fsync", noting)
    durable.replace(tmp_path / "secret", "new")
    assert len(synced) == 2
    assert synced[0].startswith(".secret.")
    assert synced[1] == tmp_path.name
