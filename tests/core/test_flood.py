"""The pulse of a ticket: what makes a machine, and that it stays small whatever happens."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maild.core import flood
from maild.core.flood import Pulse, digest
from maild.core.model import Attachment

NOW = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
ROBOT = "orders@machine.example"


def photo(sha256: str, inline: bool = False) -> Attachment:
    return Attachment(
        index=0, filename="p.jpg", content_type="image/jpeg", sniffed_type="", size=1, sha256=sha256, inline=inline
    )


def later(pulse: Pulse, **by: float) -> Pulse:
    """The same, opened again after a while."""
    return Pulse(pulse.closed(), NOW + timedelta(**by))


SAME = [
    ("Your number is 17.", "Your  number\nis 18"),
    ("On 2026-11-20 10:00", "on 2027-01-01 -- 11:59!"),
    ("Straße", "STRASSE"),
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_counters_dates_and_blanks_do_not_matter(one: str, other: str) -> None:
    assert digest(one) == digest(other)


def test_other_words_and_other_files_do() -> None:
    assert digest("a card") != digest("a loan")
    assert digest("", files=[photo("aa")]) != digest("", files=[photo("bb")])
    assert digest("", files=[photo("aa", inline=True)]) == digest("")  # the logo of a signature
    assert digest("a\udcffb") == digest("a\udcffb")


def test_three_letters_with_the_same_words_within_an_hour() -> None:
    pulse = Pulse((), NOW)
    for minutes in (0, 29):
        pulse.came(ROBOT, "d", NOW + timedelta(minutes=minutes))
        assert pulse.looks_automatic(ROBOT) == ""
    slow, quick = later(pulse, minutes=61), later(pulse, minutes=58)
    slow.came(ROBOT, "d", NOW + timedelta(minutes=61))
    assert slow.looks_automatic(ROBOT) == ""
    quick.came("karen@customer.example", "d", NOW + timedelta(minutes=58))
    assert quick.looks_automatic("karen@customer.example") == ""
    quick.came(ROBOT, "d", NOW + timedelta(minutes=58))
    assert "same words" in quick.looks_automatic(ROBOT)


@pytest.mark.parametrize(
    ("seconds", "machine"), [((1, 2, 3), True), ((30, 30, 30), True), ((1, 31, 1), False), ((-1, 1, 1), False)]
)
def test_three_quick_answers_in_a_row(seconds: tuple[float, ...], machine: bool) -> None:
    pulse, now = Pulse((), NOW), NOW
    for turn, after in enumerate(seconds):
        pulse = Pulse(pulse.closed(), now)
        pulse.wrote([ROBOT])
        pulse.came(ROBOT, f"d{turn}", now + timedelta(seconds=after))
        now += timedelta(minutes=5)
    assert bool(pulse.looks_automatic(ROBOT)) is machine


def test_a_machine_is_one_for_a_day_unless_it_is_forgiven() -> None:
    pulse = Pulse((), NOW)
    pulse.mark(ROBOT)
    assert later(pulse, hours=23).is_machine(ROBOT)
    assert not later(pulse, hours=25).is_machine(ROBOT)
    assert not later(pulse, hours=1).is_machine("karen@customer.example")
    pulse.forgive()
    assert not later(pulse, hours=1).is_machine(ROBOT)


def test_merged_letters_are_counted_until_told() -> None:
    pulse = Pulse((), NOW)
    for _ in range(37):
        pulse = later(pulse, hours=5)
        pulse.merge(ROBOT)
    assert pulse.merged == (37, ROBOT)
    pulse.told()
    assert later(pulse).merged == (0, "")


WORDS = st.text(max_size=50)


@given(st.lists(st.tuples(st.sampled_from(["came", "wrote", "mark", "merge"]), WORDS), max_size=200), WORDS)
def test_it_stays_small_and_reads_back(steps: list[tuple[str, str]], junk: str) -> None:
    pulse = Pulse((), NOW)
    for step, who in steps:
        {
            "came": lambda who=who: pulse.came(who, "d", NOW),
            "wrote": lambda who=who: pulse.wrote([who]),
            "mark": lambda who=who: pulse.mark(who),
            "merge": lambda who=who: pulse.merge(who),
        }[step]()
    kept = pulse.closed()
    assert len(kept) <= flood._KEPT + 2 * flood._KEPT_OTHERS + 1
    assert Pulse(kept, NOW).closed() == kept
    assert Pulse((junk, *kept), NOW).merged[0] >= 0
