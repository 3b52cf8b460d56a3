"""A loop goes on until there is nothing more to do, sleeps until woken, and survives what it runs."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import pytest

from maild import loops
from maild.loops import Loop


def until(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + 5
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.005)


def test_it_works_off_what_is_there_and_wakes_for_more() -> None:
    work, done = [3], []

    def step() -> bool:
        if work[0]:
            work[0] -= 1
            done.append(1)
        return bool(work[0])

    loop = Loop("test", step)
    loop.start()
    until(lambda: len(done) == 3)
    work[0] = 2
    loop.wake()
    until(lambda: len(done) == 5)
    assert loop.stop(1.0)


def test_a_step_may_ask_for_a_nap() -> None:
    seen: list[float] = []

    def step() -> float:
        seen.append(time.monotonic())
        return 0.02

    loop = Loop("test", step)
    loop.start()
    until(lambda: len(seen) >= 3)
    assert loop.stop(1.0)
    assert seen[2] - seen[0] >= 0.03


def test_a_step_that_fails_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loops, "FIRST_REST", 0.01)
    tries: list[int] = []

    def step() -> bool:
        tries.append(1)
        if len(tries) < 3:
            raise OSError("away")
        return False

    loop = Loop("test", step)
    loop.start()
    until(lambda: len(tries) == 3)
    assert loop.stop(1.0)


def test_stop_says_when_a_step_does_not_end() -> None:
    gate = threading.Event()

    def step() -> bool:
        gate.wait(5)
        return False

    loop = Loop("test", step)
    loop.start()
    time.sleep(0.02)
    assert not loop.stop(0.05)
    gate.set()
    assert loop.stop(1.0)
