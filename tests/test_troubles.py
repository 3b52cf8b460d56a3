"""What is wrong, since when, and when it is worth a letter, with a clock turned by hand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from maild.health.troubles import Troubles

START = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)
TELL_AFTER = timedelta(minutes=15)


def at(minutes: float) -> datetime:
    return START + timedelta(minutes=minutes)


@pytest.fixture
def troubles() -> Troubles:
    return Troubles(TELL_AFTER)


def names(found: tuple) -> list[str]:
    return [one.name for one in found]


def test_it_is_news_once_when_it_begins_and_once_when_it_is_over(troubles: Troubles) -> None:
    began = troubles.note("disk", "80 MB are free", at(0))
    assert began is not None
    assert (began.since, began.until) == (at(0), None)
    assert troubles.note("disk", "70 MB are free", at(1)) is None
    (present,) = troubles.present()
    assert (present.what, present.since) == ("70 MB are free", at(0))
    over = troubles.note("disk", "", at(2))
    assert over is not None
    assert (over.since, over.until) == (at(0), at(2))
    assert troubles.note("disk", "", at(3)) is None
    assert troubles.present() == ()


def test_what_began_earlier_than_it_was_noticed_is_as_old_as_it_is(troubles: Troubles) -> None:
    troubles.note("relay a:25", "away", at(60), since=at(0))
    assert troubles.present()[0].since == at(0)


def test_no_letter_before_it_has_lasted(troubles: Troubles) -> None:
    troubles.note("disk", "full", at(0))
    assert troubles.letter(at(14.9), None) is None
    report = troubles.letter(at(15), None)
    assert report is not None
    assert names(report.new) == ["disk"]


def test_what_is_over_sooner_is_nobodys_letter(troubles: Troubles) -> None:
    troubles.note("disk", "full", at(0))
    troubles.note("disk", "", at(10))
    assert troubles.letter(at(100), None) is None


def test_a_letter_that_was_not_written_is_due_again(troubles: Troubles) -> None:
    troubles.note("database", "away", at(0))
    assert troubles.letter(at(20), None) is not None
    assert troubles.letter(at(21), None) is not None


def test_it_is_told_once_and_its_end_once(troubles: Troubles) -> None:
    troubles.note("disk", "full", at(0))
    first = troubles.letter(at(15), None)
    assert first is not None
    troubles.told(first)
    assert troubles.letter(at(500), at(15)) is None
    troubles.note("disk", "", at(600))
    second = troubles.letter(at(601), at(15))
    assert second is not None
    assert (names(second.new), names(second.over)) == ([], ["disk"])
    assert second.over[0].until == at(600)
    troubles.told(second)
    assert troubles.letter(at(900), at(601)) is None


def test_one_letter_an_hour_for_all(troubles: Troubles) -> None:
    troubles.note("disk", "full", at(0))
    first = troubles.letter(at(15), None)
    assert first is not None
    troubles.told(first)
    troubles.note("relay a:25", "away", at(16))
    assert troubles.letter(at(74.9), at(15)) is None
    second = troubles.letter(at(75), at(15))
    assert second is not None
    assert (names(second.new), names(second.still)) == (["relay a:25"], ["disk"])


def test_an_end_that_nobody_heard_the_beginning_of_is_told_if_it_lasted(troubles: Troubles) -> None:
    """The database was away: no letter could be written meanwhile."""
    troubles.note("database", "away", at(0))
    troubles.note("database", "", at(40))
    report = troubles.letter(at(40), None)
    assert report is not None
    assert (names(report.new), names(report.over)) == ([], ["database"])


def test_what_ends_while_the_letter_is_written_is_told_with_the_next(troubles: Troubles) -> None:
    troubles.note("disk", "full", at(0))
    report = troubles.letter(at(20), None)
    assert report is not None
    troubles.note("disk", "", at(20))
    troubles.told(report)
    again = troubles.letter(at(80), at(20))
    assert again is not None
    assert names(again.over) == ["disk"]
    troubles.note("disk", "full again", at(81))
    assert troubles.present()[0].since == at(81), "it is a new one, not told yet"
