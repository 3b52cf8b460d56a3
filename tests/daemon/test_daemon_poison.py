"""Letters that break the reader, or take the whole program along: set aside after three tries, the rest flows."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from daemon_rig import Desk, hand_in, hand_in_until_kept, letter, maild, until

ADMIN = "postmaster@bank.example"
# The daemon with a reader that has two bugs, and without the patience a real one has.
PROGRAM = """
import os, sys
from datetime import timedelta
import maild.desk
import maild.store.intake

maild.store.intake.RETRY_AFTER = timedelta(milliseconds=100)
read = maild.desk.read

def buggy(raw):
    with open({trace!r}, "a") as trace:
        for mark in ("raise", "exit"):
            if b"X-Poison: " + mark.encode() in raw:
                trace.write(mark + chr(10))
    if b"X-Poison: raise" in raw:
        raise RuntimeError("the reader stumbled")
    if b"X-Poison: exit" in raw:
        os._exit(9)
    return read(raw)

maild.desk.read = buggy

from maild.cli import main
sys.exit(main())
"""


@pytest.fixture
def buggy(desk: Desk) -> Iterator[Desk]:
    desk.wrapped(PROGRAM.format(trace=str(desk.directory / "trace")))
    desk.edit('deliver = "5 s"', 'deliver = "1 s"')
    return desk


def tries(desk: Desk) -> list[str]:
    path = desk.directory / "trace"
    return path.read_text().splitlines() if path.exists() else []


def row(desk: Desk, key: str) -> tuple[int, str, str, str]:
    """Id, fate, reason and kept error of a letter."""
    (found,) = desk.look(
        "SELECT id, coalesce(fate, 'waiting'), reason, error FROM mail WHERE message_id = ?", f"{key}@people.example"
    )
    return found  # type: ignore[no-any-return]


def test_a_letter_that_breaks_the_reader_is_tried_three_times_and_holds_nothing_up(buggy: Desk) -> None:
    buggy.start()
    assert hand_in(buggy.port, letter("poison", headers={"X-Poison": "raise"})) == 250
    good = [f"good{i}" for i in range(8)]
    for key in good:
        began = time.monotonic()
        assert hand_in(buggy.port, letter(key)) == 250
        until(lambda key=key: row(buggy, key)[1] == "ticket", f"{key} is a ticket")
        assert time.monotonic() - began < 2
    until(lambda: row(buggy, "poison")[1] == "quarantined", "the poison is set aside")
    buggy.settle()
    assert tries(buggy) == ["raise"] * 3
    mail_id, _, reason, error = row(buggy, "poison")
    assert "RuntimeError: the reader stumbled" in reason
    assert "Traceback" in error
    (told,) = buggy.left(ADMIN)
    assert f"letter {mail_id} is in quarantine" in str(told.message["Subject"])
    assert f"maild requeue {mail_id}" in told.text
    assert "RuntimeError: the reader stumbled" in told.text
    assert buggy.fates() == buggy.counted() == {"quarantined": 1, "ticket": len(good)}
    buggy.stop()
    check_requeued(buggy, "poison", mail_id)


def test_a_letter_that_kills_the_program_takes_no_other_with_it(buggy: Desk) -> None:
    """The test is the service manager: it starts the daemon again whenever that has died."""
    buggy.start()
    assert hand_in(buggy.port, letter("killer", headers={"X-Poison": "exit"})) == 250
    assert buggy.process is not None
    deaths = 0
    with ThreadPoolExecutor() as senders:
        kept = [senders.submit(hand_in_until_kept, buggy.port, letter(f"good{i}")) for i in range(4)]
        while row(buggy, "killer")[1] == "waiting":
            if buggy.process.poll() is not None:
                assert buggy.process.returncode == 9
                deaths += 1
                buggy.spawn()
            time.sleep(0.02)
        for one in kept:
            one.result()
    assert deaths == 3
    assert tries(buggy) == ["exit"] * 3
    buggy.settle()
    mail_id, fate, reason, _ = row(buggy, "killer")
    assert fate == "quarantined"
    assert "the program died" in reason
    assert len(buggy.left(ADMIN)) == 1
    assert buggy.fates() == buggy.counted() == {"quarantined": 1, "ticket": 4}
    buggy.stop()
    check_requeued(buggy, "killer", mail_id)


def check_requeued(desk: Desk, key: str, mail_id: int) -> None:
    """The bug is mended: the letter becomes what it would have been, and only once."""
    again = maild("requeue", str(mail_id), "-c", str(desk.config))
    assert again.returncode == 0, again.stderr
    assert maild("tick", "-c", str(desk.config)).returncode == 0
    assert row(desk, key)[1] == "ticket"
    assert "quarantined" not in desk.fates()
    assert desk.counted() == desk.fates()
    twice = maild("requeue", str(mail_id), "-c", str(desk.config))
    assert twice.returncode == 65
    assert f"letter {mail_id} was not set aside, or is part of a ticket" in twice.stderr
