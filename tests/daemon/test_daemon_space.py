"""A full disk and a locked database: "later" to every sender, nothing lost, and well again by itself."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import subprocess
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path
from typing import NoReturn

import pytest
from daemon_rig import SUPPORT, Desk, copy_of, hand_in, letter, maild, until

LATER = {451, 452}


@pytest.fixture
def small_disk(made: Path, tmp_path: Path, missing: Callable[[str], NoReturn]) -> Iterator[Desk]:
    """A desk whose data lie on a disk of 24 MB."""
    if os.geteuid() != 0:
        pytest.skip("NOT TESTED: a full disk, because only root can mount one")
    desk = copy_of(made, tmp_path / "desk")
    desk.outgoing = desk.directory / "elsewhere"
    desk.edit("maildir:data/outgoing", "maildir:elsewhere")
    data = desk.database.parent
    content = desk.database.read_bytes()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=24m", "none", str(data)], check=False, capture_output=True
    )
    if mounted.returncode != 0:
        missing(f"a tmpfs ({mounted.stderr.decode().strip()})")
    try:
        desk.database.write_bytes(content)
        yield desk
        desk.clean_up()
    finally:
        subprocess.run(["umount", "-l", str(data)], check=True)


def test_a_full_disk_puts_senders_off_and_loses_nothing(small_disk: Desk) -> None:
    desk = small_disk
    desk.start()
    yes: list[str] = []
    no: list[int] = []
    ballast = desk.database.parent / "ballast"
    ballast.write_bytes(bytes(21_000_000))
    for number in count():
        one = letter(f"l{number}", "All is lost.\r\n" * 8000)
        began = time.monotonic()
        code = hand_in(desk.port, one)
        assert time.monotonic() - began < 10
        if code == 250:
            yes.append(one.key)
        else:
            no.append(code)
        if len(no) >= 5:
            break
        assert number < 200, "the disk never got full"
    assert set(no) <= LATER
    assert 452 in no
    assert len(yes) > 3
    assert desk.process is not None
    assert desk.process.poll() is None

    ballast.unlink()
    until(lambda: hand_in(desk.port, letter("after")) == 250, "accepted again", within=10, every=0.2)
    desk.settle()  # what was in the desk's and the courier's hands when the disk was full is not left lying
    assert {f"{key}@people.example" for key in (*yes, "after")} <= set(desk.kept())
    assert set(desk.fates()) <= {"ticket", "duplicate"}
    assert desk.counted() == desk.fates()
    assert {one.to for one in desk.left()} >= {f"{key}@people.example" for key in (*yes, "after")}
    assert desk.look("PRAGMA integrity_check") == [("ok",)]
    desk.stop()


def test_a_locked_database_puts_senders_off_and_is_used_again_at_once(desk: Desk) -> None:
    desk.start()
    assert hand_in(desk.port, letter("before")) == 250
    desk.settle()
    with (
        contextlib.closing(sqlite3.connect(desk.database, isolation_level=None)) as other,
        ThreadPoolExecutor() as pool,
    ):
        other.execute("BEGIN EXCLUSIVE")
        began = time.monotonic()
        codes = [pool.submit(hand_in, desk.port, letter(f"locked{i}")) for i in range(3)]
        piped = pool.submit(maild, "pipe", "-c", str(desk.config), SUPPORT, stdin=letter("piped").raw)
        assert [code.result() for code in codes] == [451, 451, 451]
        assert time.monotonic() - began < 10
        assert piped.result().returncode == 75
        assert "Traceback" not in piped.result().stderr
        other.execute("ROLLBACK")
        freed = time.monotonic()
        assert hand_in(desk.port, letter("after")) == 250
    desk.settle(within=8)
    assert time.monotonic() - freed < 8
    kept = desk.kept()
    assert {"before@people.example", "after@people.example"} <= set(kept)
    assert desk.fates() == desk.counted() == {"ticket": len(kept)}
    desk.stop()
    assert "Traceback" not in desk.said()
