"""A watched Maildir: a letter moves to cur once it is kept, and only then."""

from __future__ import annotations

from concurrent.futures import Future
from datetime import UTC, datetime

import pytest

from maild.core.model import Receipt
from maild.edges.maildir import MaildirDoor, MaildirSettings

SUPPORT = "support@bank.example"


class Desk:
    """Answers as told, and remembers."""

    def __init__(self, answer):
        self.answer = answer
        self.envelopes = []

    def accept(self, envelope):
        self.envelopes.append(envelope)
        receipt = Future()
        if isinstance(self.answer, Exception):
            receipt.set_exception(self.answer)
        else:
            receipt.set_result(self.answer)
        return receipt


@pytest.fixture
def box(tmp_path):
    for part in ("new", "cur", "tmp"):
        (tmp_path / part).mkdir()
    return tmp_path


def door(box, desk, **more):
    settings = MaildirSettings(path=box, address=SUPPORT, poll=7.0, **more)
    return MaildirDoor(settings, desk.accept, lambda raw, mailbox: ("", (mailbox,)), lambda: datetime.now(UTC))


def names(box, part):
    return sorted(path.name for path in (box / part).iterdir())


@pytest.mark.parametrize("answer", [Receipt.ACCEPTED, Receipt.DUPLICATE])
def test_what_is_kept_moves(box, answer):
    (box / "new" / "1").write_bytes(b"Subject: a\n\nx")
    (box / "tmp" / "2").write_bytes(b"half")
    desk = Desk(answer)
    assert door(box, desk).round() == 7.0
    assert (names(box, "new"), names(box, "cur"), names(box, "tmp")) == ([], ["1:2,"], ["2"])
    assert [(one.raw, one.rcpts, one.door) for one in desk.envelopes] == [(b"Subject: a\n\nx", (SUPPORT,), "maildir")]


@pytest.mark.parametrize("answer", [Receipt.TRY_LATER, Receipt.NO_SPACE, RuntimeError("away")])
def test_what_is_not_kept_stays(box, answer):
    (box / "new" / "1").write_bytes(b"x")
    assert door(box, Desk(answer)).round() == 7.0
    assert (names(box, "new"), names(box, "cur")) == (["1"], [])


def test_many_letters_go_in_batches_oldest_first(box):
    for number in range(250):
        (box / "new" / f"{number:03d}").write_bytes(b"%d" % number)
    desk = Desk(Receipt.ACCEPTED)
    watched = door(box, desk)
    assert [watched.round(), watched.round(), watched.round()] == [True, True, 7.0]
    assert [int(one.raw) for one in desk.envelopes] == list(range(250))


def test_a_letter_too_large_is_left_and_said_once(box, caplog):
    (box / "new" / "1").write_bytes(b"x" * 11)
    (box / "new" / "2").write_bytes(b"y")
    watched = door(box, Desk(Receipt.ACCEPTED), max_size=10)
    assert (watched.round(), watched.round()) == (7.0, 7.0)
    assert names(box, "new") == ["1"]
    assert sum("more than we take" in line for line in caplog.messages) == 1


def test_a_directory_that_is_away_is_said_once_and_comes_back(box, caplog):
    caplog.set_level("INFO")
    (box / "new" / "1").write_bytes(b"x")
    (box / "new").rename(box / "gone")
    watched = door(box, Desk(Receipt.ACCEPTED))
    assert (watched.round(), watched.round()) == (7.0, 7.0)
    assert "No such file" in watched.trouble
    assert sum("No such file" in line for line in caplog.messages) == 1
    (box / "gone").rename(box / "new")
    watched.round()
    assert (watched.trouble, names(box, "cur")) == ("", ["1:2,"])
