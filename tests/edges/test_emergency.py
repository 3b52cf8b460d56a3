"""The emergency Maildir: a letter that could not be kept is written durably, and brought in once."""

from __future__ import annotations

import fcntl
import os
from concurrent.futures import Future
from pathlib import Path

import pytest
from smtp_rig import NOON, WritingDesk, done, is_ours

from maild.core.model import Envelope, Receipt
from maild.edges import emergency
from maild.edges.emergency import EmergencyDoor

LETTER = Envelope(
    raw=b"X-Maild-Envelope: {}\nFrom: karen@bank.example\n\n\xff\0 any bytes\r\n",
    mail_from="karen@bank.example",
    rcpts=("support@desk.example", "other@elsewhere.example"),
    received_at=NOON,
    door="pipe",
)


def door(directory: Path, desk: WritingDesk) -> EmergencyDoor:
    return EmergencyDoor(directory, desk.accept, is_ours, lambda: "support@desk.example")


def waiting(directory: Path) -> list[Path]:
    return sorted((directory / "new").iterdir())


def test_a_letter_goes_in_and_comes_out_as_it_was(tmp_path: Path, writing_desk: WritingDesk) -> None:
    emergency.keep(tmp_path / "made" / "here", LETTER)
    (file,) = waiting(tmp_path / "made" / "here")
    assert file.stat().st_mode & 0o777 == 0o600
    assert not door(tmp_path / "made" / "here", writing_desk).round()
    assert writing_desk.letter == Envelope(
        raw=LETTER.raw, mail_from=LETTER.mail_from, rcpts=LETTER.rcpts[:1], received_at=NOON, door="pipe"
    )
    assert waiting(tmp_path / "made" / "here") == []


@pytest.mark.parametrize("receipt", [Receipt.TRY_LATER, Receipt.NO_SPACE])
def test_it_stays_until_it_is_kept(tmp_path: Path, writing_desk: WritingDesk, receipt: Receipt) -> None:
    emergency.keep(tmp_path, LETTER)
    writing_desk.answer = lambda envelope: done(receipt)
    assert not door(tmp_path, writing_desk).round()
    assert len(waiting(tmp_path)) == 1
    writing_desk.answer = lambda envelope: done(Receipt.DUPLICATE)
    door(tmp_path, writing_desk).round()
    assert waiting(tmp_path) == []


def test_a_store_that_breaks_loses_nothing(tmp_path: Path, writing_desk: WritingDesk) -> None:
    emergency.keep(tmp_path, LETTER)
    broken: Future[Receipt] = Future()
    broken.set_exception(RuntimeError("a bug"))
    writing_desk.answer = lambda envelope: broken
    with pytest.raises(RuntimeError):
        door(tmp_path, writing_desk).round()
    assert len(waiting(tmp_path)) == 1


def test_recipients_that_nobody_knows_any_more(tmp_path: Path, writing_desk: WritingDesk) -> None:
    emergency.keep(
        tmp_path, Envelope(raw=b"x", mail_from="", rcpts=("gone@desk.example",), received_at=NOON, door="pipe")
    )
    door(tmp_path, writing_desk).round()
    assert writing_desk.letter.rcpts == ("support@desk.example",)


@pytest.mark.parametrize("text", [b"", b"From: x\n\ny", b"X-Maild-Envelope: {\n\ny", b"X-Maild-Envelope: []\n\ny"])
def test_a_file_of_somebody_else_stays_and_stops_nobody(tmp_path: Path, writing_desk: WritingDesk, text: bytes) -> None:
    emergency.keep(tmp_path, LETTER)
    (tmp_path / "new" / "0.odd").write_bytes(text)
    door(tmp_path, writing_desk).round()
    assert writing_desk.letter.raw == LETTER.raw
    assert [path.name for path in waiting(tmp_path)] == ["0.odd"]


def test_one_at_a_time(tmp_path: Path, writing_desk: WritingDesk) -> None:
    emergency.keep(tmp_path, LETTER)
    held = os.open(tmp_path / "new", os.O_RDONLY)
    fcntl.flock(held, fcntl.LOCK_EX)
    assert not door(tmp_path, writing_desk).round()
    assert not writing_desk.kept
    os.close(held)
    door(tmp_path, writing_desk).round()
    assert writing_desk.kept


def test_there_may_be_none(tmp_path: Path, writing_desk: WritingDesk) -> None:
    assert not door(tmp_path / "none", writing_desk).round()


def test_many_come_in_a_few_at_a_time(
    tmp_path: Path, writing_desk: WritingDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(emergency, "BATCH", 2)
    for _ in range(5):
        emergency.keep(tmp_path, LETTER)
    one = door(tmp_path, writing_desk)
    assert [one.round() for _ in range(3)] == [True, True, False]
    assert len(writing_desk.kept) == 5
