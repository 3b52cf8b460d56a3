"""When wrong tokens are worth a letter: more than twenty in a minute, once an hour."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from maild.wrong_tokens import ALARM, WrongTokens

NOW = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def test_twenty_are_a_bad_day_and_one_more_is_an_attack() -> None:
    seen = WrongTokens()
    for number in range(ALARM):
        assert seen.came(1, "192.0.2.1", f"a{number % 2}@x.example", NOW + number * SECOND) is None
    burst = seen.came(3, "192.0.2.2", "a0@x.example", NOW + ALARM * SECOND)
    assert burst is not None
    assert (burst.count, burst.since) == (ALARM + 3, NOW)
    assert burst.peers == (("192.0.2.1", ALARM), ("192.0.2.2", 3))
    assert burst.senders == (("a0@x.example", 13), ("a1@x.example", 10))


def test_as_many_over_an_hour_are_none() -> None:
    seen = WrongTokens()
    assert all(seen.came(1, "", "", NOW + n * 4 * SECOND) is None for n in range(900))


def test_the_admin_hears_once_an_hour() -> None:
    seen = WrongTokens()
    told = [n for n in range(7300) if seen.came(30, "", "", NOW + n * SECOND)]
    assert told == [0, 3600, 7200]


def test_a_letter_from_the_past_harms_nothing() -> None:
    seen = WrongTokens()
    assert seen.came(30, "", "", NOW) is not None
    assert seen.came(30, "", "", NOW - timedelta(days=1)) is None
    assert seen.came(1, "", "", NOW + timedelta(hours=2)) is None
