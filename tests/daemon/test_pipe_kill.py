"""`maild pipe` killed at each of its promises to the disk: 0 only after the commit, never half a letter, never two."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from pathlib import Path

import pytest
from daemon_rig import ENVIRONMENT, SUPPORT, Desk, letter

from maild.core.model import Envelope, Receipt
from maild.edges.emergency import EmergencyDoor

MOST = 40  # promises to the disk of one run; it makes far fewer


def piped(strace: Path, nth: int, raw: bytes, *arguments: str) -> int:
    """The exit code of a run that dies at its nth fsync or fdatasync, -9 where it did."""
    inject = f"inject=fsync,fdatasync:signal=KILL:when={nth}"
    watched = [strace, "-f", "-qq", "-o", "/dev/null", "-e", "trace=fsync,fdatasync", "-e", inject]
    command = [*watched, sys.executable, "-m", "maild", "pipe", *arguments, SUPPORT]
    done = subprocess.run(command, input=raw, capture_output=True, check=False, timeout=50, env=ENVIRONMENT)
    return done.returncode


def test_killed_at_every_promise(desk: Desk, program: Callable[[str], Path]) -> None:
    strace = program("strace")
    for nth in range(1, MOST):
        one = letter(f"kill{nth}")
        if (code := piped(strace, nth, one.raw, "-c", str(desk.config))) == 0:
            break
        assert code in (-9, 137)
        assert piped(strace, MOST, one.raw, "-c", str(desk.config)) == 0, "the mail system tries again"
    else:
        pytest.fail("it never came to an end")
    assert nth > 1
    assert {sender: len(kept) for sender, kept in desk.kept().items()} == {
        f"kill{one}@people.example": 1 for one in range(1, nth + 1)
    }


def test_killed_at_every_promise_of_an_emergency(tmp_path: Path, program: Callable[[str], Path]) -> None:
    """There is not even a configuration."""
    strace = program("strace")
    for nth in range(1, MOST):
        place, raw = tmp_path / str(nth), letter(f"kill{nth}").raw
        code = piped(strace, nth, raw, "-c", str(tmp_path / "none.toml"), "--emergency", str(place))
        found: list[Envelope] = []
        EmergencyDoor(place, partial(_taken, found), lambda rcpt: True, lambda: SUPPORT).round()
        assert [envelope.raw for envelope in found] in ([], [raw]), "never half a letter"
        if code == 0:
            assert found
            break
        assert code in (-9, 137)
    else:
        pytest.fail("it never came to an end")
    assert nth > 2


def _taken(found: list[Envelope], envelope: Envelope) -> Future[Receipt]:
    found.append(envelope)
    taken: Future[Receipt] = Future()
    taken.set_result(Receipt.ACCEPTED)
    return taken
