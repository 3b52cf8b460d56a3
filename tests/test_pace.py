"""Letters in go before letters out, but never for long."""

from __future__ import annotations

import pytest

from maild.pace import EQUAL, GATHER, HANDFUL, LULL, PATIENCE, QUIET, ROUND, Pace


class Watch:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def watch() -> Watch:
    return Watch()


@pytest.fixture
def pace(watch: Watch) -> Pace:
    return Pace(watch)


def test_in_quiet_both_go_at_once(pace: Pace) -> None:
    assert pace.gather() == 0
    assert pace.hold() == (0, ROUND)


def test_the_desk_waits_a_blink_for_company(pace: Pace, watch: Watch) -> None:
    pace.stir()
    assert pace.gather() == LULL
    watch.now += LULL
    assert pace.gather() == 0


def test_no_letter_waits_longer_than_that_for_company(pace: Pace, watch: Watch) -> None:
    waited = 0.0
    while pace.stir() or pace.gather():
        watch.now += LULL / 2
        waited += LULL / 2
        assert waited < 2 * GATHER
    assert waited >= GATHER


def test_the_courier_holds_back_while_letters_come(pace: Pace, watch: Watch) -> None:
    pace.stir()
    assert pace.hold() == (QUIET, 0)
    watch.now += QUIET * 1.01
    assert pace.hold() == (0, ROUND)


def test_in_a_load_the_courier_sends_handfuls_and_then_becomes_an_equal(pace: Pace, watch: Watch) -> None:
    rounds: list[tuple[float, int]] = []
    began = watch.now
    while watch.now - began < EQUAL + 1:
        pace.stir()
        wait, letters = pace.hold()
        if not wait:
            rounds.append((watch.now - began, letters))
        watch.now += LULL
    handfuls = [at for at, letters in rounds if letters == HANDFUL]
    assert len(handfuls) == int(EQUAL / PATIENCE) - (1 if EQUAL % PATIENCE == 0 else 0)
    assert min(at for at, letters in rounds if letters == ROUND) == pytest.approx(EQUAL, abs=2 * LULL)
