"""Working-time arithmetic: tables a person can check by hand, and a brute force that counts minutes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from time import process_time
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from maild.core import hours
from maild.core.policy import Calendar

MINUTE = timedelta(minutes=1)
NEVER: tuple[tuple[time, time], ...] = ()
OFFICE = ((time(9), time(12)), (time(13), time(17)))
NIGHT = ((time(0), time(6)), (time(22), time.max))
WHOLE = ((time(0), time.max),)
ALWAYS = Calendar(key="24x7", zone=UTC, hours=(NEVER,) * 7, always=True)


def calendar(zone: str, *days: tuple[tuple[time, time], ...], holidays: Sequence[date] = ()) -> Calendar:
    return Calendar(key="test", zone=ZoneInfo(zone), hours=days, holidays=frozenset(holidays))


BERLIN = calendar(
    "Europe/Berlin",
    *[OFFICE] * 5,
    *[NEVER] * 2,
    holidays=[date(2026, 4, 3), date(2026, 4, 6), date(2026, 12, 25), date(2026, 12, 26)],
)


def at(zone: str, text: str, fold: int = 0) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone), fold=fold).astimezone(UTC)


# --------------------------------------------------------------------- tables


@pytest.mark.parametrize(
    ("start", "amount", "due"),
    [
        pytest.param("2026-03-02 09:00", "0:00", "2026-03-02 09:00", id="nothing"),
        pytest.param("2026-03-01 03:00", "0:00", "2026-03-01 03:00", id="nothing, when closed"),
        pytest.param("2026-03-02 09:00", "0:30", "2026-03-02 09:30", id="at once"),
        pytest.param("2026-03-02 11:45", "0:30", "2026-03-02 13:15", id="over lunch"),
        pytest.param("2026-03-02 11:45", "0:15", "2026-03-02 12:00", id="until lunch, not after it"),
        pytest.param("2026-03-02 12:30", "0:15", "2026-03-02 13:15", id="from lunch"),
        pytest.param("2026-03-02 16:45", "0:30", "2026-03-03 09:15", id="over night"),
        pytest.param("2026-03-06 16:45", "0:30", "2026-03-09 09:15", id="over the week-end"),
        pytest.param("2026-03-07 11:00", "7:00", "2026-03-09 17:00", id="from the week-end, to the end of a day"),
        pytest.param("2026-04-02 16:00", "2:00", "2026-04-07 10:00", id="over Easter"),
        pytest.param("2026-04-03 10:00", "2:00", "2026-04-07 11:00", id="from a holiday"),
        pytest.param("2026-03-02 09:00", "35:00", "2026-03-06 17:00", id="exactly a week"),
        pytest.param("2026-03-02 09:00", "70:00", "2026-03-13 17:00", id="exactly two weeks"),
        pytest.param("2026-03-27 16:00", "2:00", "2026-03-30 10:00", id="over the start of summer time"),
        pytest.param("2026-10-23 16:00", "2:00", "2026-10-26 10:00", id="over its end"),
        pytest.param("2028-02-28 16:00", "2:00", "2028-02-29 10:00", id="to a leap day"),
        pytest.param("2028-02-29 16:00", "2:00", "2028-03-01 10:00", id="from a leap day"),
        pytest.param("2026-12-24 16:30", "7:30", "2026-12-28 17:00", id="a holiday that is a Saturday takes nothing"),
        pytest.param("2026-03-02 09:00", "3500:00", "2028-02-02 17:00", id="a hundred weeks and three holidays"),
    ],
)
def test_add_and_elapsed(start: str, amount: str, due: str) -> None:
    hour, minute = amount.split(":")
    worked = timedelta(hours=int(hour), minutes=int(minute))
    begin, end = at("Europe/Berlin", start), at("Europe/Berlin", due)
    assert hours.add(BERLIN, begin, worked) == end
    assert hours.elapsed(BERLIN, begin, end) == worked


@pytest.mark.parametrize(
    ("zone", "day", "worked"),
    [
        pytest.param("Europe/Berlin", "2026-03-29", 5, id="an hour is skipped"),
        pytest.param("Europe/Berlin", "2026-10-25", 7, id="an hour is repeated"),
        pytest.param("Europe/Berlin", "2026-07-01", 6, id="an ordinary day"),
        pytest.param("Australia/Lord_Howe", "2026-10-04", 5.5, id="half an hour is skipped"),
        pytest.param("Australia/Lord_Howe", "2026-04-05", 6.5, id="half an hour is repeated"),
        pytest.param("America/Havana", "2026-03-08", 5, id="the day begins at one"),
        pytest.param("America/Havana", "2026-11-01", 7, id="the first hour comes twice"),
    ],
)
def test_days_that_are_not_24_hours_long(zone: str, day: str, worked: float) -> None:
    """The clock decides what is worked, hence what is skipped is not and what is repeated is twice."""
    early = calendar(zone, *[((time(0), time(6)),)] * 7)
    start = at(zone, f"{day} 00:00") - timedelta(hours=2)  # well into the night before
    assert hours.elapsed(early, start, start + timedelta(hours=18)) == timedelta(hours=worked)


def test_an_interval_inside_the_repeated_hour() -> None:
    """02:00 to 03:00 comes twice; so does what lies within, with closed time between."""
    zone = "Europe/Berlin"
    half = calendar(zone, *[((time(2, 30), time(3)),)] * 7)
    start = at(zone, "2026-10-25 00:00")
    assert hours.add(half, start, 30 * MINUTE) == at(zone, "2026-10-25 02:00", fold=1)
    assert hours.add(half, start, 31 * MINUTE) == at(zone, "2026-10-25 02:31", fold=1)
    assert not hours.is_open(half, at(zone, "2026-10-25 02:15", fold=1))
    assert hours.is_open(half, at(zone, "2026-10-25 02:45", fold=1))


def test_an_interval_inside_the_skipped_hour() -> None:
    zone = "Europe/Berlin"
    half = calendar(zone, *[((time(2, 30), time(3)),)] * 7)
    assert hours.add(half, at(zone, "2026-03-29 00:00"), MINUTE) == at(zone, "2026-03-30 02:31")


def test_a_day_that_never_was() -> None:
    """Samoa went from the 29th of December 2011 to the 31st."""
    early = calendar("Pacific/Apia", *[((time(0), time(6)),)] * 7)
    start = at("Pacific/Apia", "2011-12-29 05:00")
    assert hours.add(early, start, timedelta(hours=2)) == at("Pacific/Apia", "2011-12-31 01:00")


def test_to_midnight_and_on() -> None:
    """24:00 is the end of the day: the night is one piece, without a hole of a microsecond."""
    night = calendar("UTC", *[NIGHT] * 7)
    assert hours.add(night, at("UTC", "2026-03-02 22:00"), timedelta(hours=8)) == at("UTC", "2026-03-03 06:00")
    last = datetime(2026, 3, 2, 23, 59, 59, 999_999, tzinfo=UTC)  # of the day, and how a calendar writes 24:00
    assert hours.is_open(night, last)
    assert hours.elapsed(night, last - timedelta(microseconds=1), last) == timedelta(microseconds=1)
    assert hours.elapsed(night, last, last + timedelta(seconds=1)) == timedelta(seconds=1)
    assert hours.elapsed(calendar("UTC", *[WHOLE] * 7), at("UTC", "2024-01-01"), at("UTC", "2025-01-01")) == (
        timedelta(days=366)
    )


@pytest.mark.parametrize(
    ("moment", "is_open"),
    [
        ("2026-03-02 08:59:59", False),
        ("2026-03-02 09:00", True),
        ("2026-03-02 11:59:59", True),
        ("2026-03-02 12:00", False),
        ("2026-03-02 13:00", True),
        ("2026-03-02 17:00", False),
        ("2026-03-07 10:00", False),
        ("2026-04-03 10:00", False),
    ],
)
def test_is_open(moment: str, is_open: bool) -> None:
    assert hours.is_open(BERLIN, at("Europe/Berlin", moment)) == is_open
    assert hours.is_open(ALWAYS, at("Europe/Berlin", moment))


@given(st.datetimes(datetime(1990, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)), st.timedeltas(timedelta(0)))
def test_always(start: datetime, amount: timedelta) -> None:
    assume(amount < timedelta(days=365 * 1000))
    assert hours.add(ALWAYS, start, amount) == start + amount
    assert hours.elapsed(ALWAYS, start, start + amount) == amount
    assert hours.elapsed(ALWAYS, start + amount, start) == timedelta(0)


def test_any_zone_may_be_handed_in_and_utc_comes_out() -> None:
    start = datetime(2026, 3, 2, 9, tzinfo=ZoneInfo("Asia/Kathmandu"))
    for anything in (BERLIN, ALWAYS):
        for amount in (timedelta(0), MINUTE):
            due = hours.add(anything, start, amount)
            assert due.tzinfo is UTC
            assert due == hours.add(anything, start.astimezone(UTC), amount)


@pytest.mark.parametrize(
    ("broken", "what"),
    [
        (calendar("UTC", *[NEVER] * 7), "never open"),
        (calendar("UTC", *[((time(9), time(9)),)] * 7), "never open"),
        (calendar("UTC", ((time(9), time(12)), (time(11), time(13))), *[NEVER] * 6), "overlap"),
        (calendar("UTC", ((time(22), time(6)),), *[NEVER] * 6), "out of order"),
    ],
)
def test_calendars_that_cannot_work(broken: Calendar, what: str) -> None:
    start = at("UTC", "2026-03-02")
    with pytest.raises(ValueError, match=f"'test'.*{what}"):
        hours.add(broken, start, MINUTE)
    with pytest.raises(ValueError, match=what):
        hours.elapsed(broken, start, start + MINUTE)
    with pytest.raises(ValueError, match=what):
        hours.is_open(broken, start)


def test_negative_amounts() -> None:
    for anything in (BERLIN, ALWAYS):
        with pytest.raises(ValueError, match="negative"):
            hours.add(anything, at("UTC", "2026-03-02"), -MINUTE)


def test_months_of_holidays() -> None:
    shut = [date(2026, 1, 1) + timedelta(days=n) for n in range(365)]
    closed = calendar("Europe/Berlin", *[OFFICE] * 5, NEVER, NEVER, holidays=shut)
    start = at("Europe/Berlin", "2025-12-31 16:00")
    assert hours.add(closed, start, timedelta(hours=2)) == at("Europe/Berlin", "2027-01-01 10:00")


def test_written() -> None:
    assert hours.written(BERLIN, at("Europe/Berlin", "2026-03-02 14:30")) == "Mon 2026-03-02 14:30 CET"
    assert hours.written(ALWAYS, at("UTC", "2026-03-08 14:30:59")) == "Sun 2026-03-08 14:30 UTC"


# --------------------------------------------------------------------- properties

ZONES = ("Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "UTC", "America/Havana")

# The days around which these zones turned their clocks, and some where nothing happens.
CHANGES = ("2026-03-07", "2026-03-28", "2026-04-04", "2026-10-03", "2026-10-24", "2026-10-31", "2024-02-27")


@st.composite
def days(draw: st.DrawFn) -> tuple[tuple[time, time], ...]:
    edges = sorted(draw(st.sets(st.integers(0, 24 * 60), max_size=6)))
    points = [time.max if edge == 24 * 60 else time(*divmod(edge, 60)) for edge in edges]
    return tuple(zip(points[::2], points[1::2], strict=False))


@st.composite
def calendars(draw: st.DrawFn) -> Calendar:
    week = draw(st.lists(days(), min_size=7, max_size=7))
    # An hour a week at least: else the amounts below would not be over before the year 9999.
    assume(sum(minutes(end) - minutes(begin) for day in week for begin, end in day) >= 60)
    near = st.sampled_from(CHANGES).map(date.fromisoformat)
    shut = draw(st.lists(st.tuples(near, st.integers(-3, 9)), max_size=6))
    return calendar(draw(st.sampled_from(ZONES)), *week, holidays=[day + timedelta(days=later) for day, later in shut])


starts = st.builds(
    lambda day, minutes: datetime.fromisoformat(day).replace(tzinfo=UTC) + minutes * MINUTE,
    st.sampled_from(CHANGES),
    st.integers(-1440, 2 * 1440),
)
moments = st.datetimes(datetime(1990, 1, 1), datetime(2060, 1, 1), timezones=st.just(UTC))
amounts = st.one_of(
    st.timedeltas(timedelta(0), timedelta(hours=40)),
    st.timedeltas(timedelta(0), timedelta(days=400)),
    st.integers(0, 200).map(lambda half_hours: half_hours * 30 * MINUTE),
)


def minutes(edge: time) -> int:
    return 1440 if edge == time.max else edge.hour * 60 + edge.minute


def open_by_the_minute(cal: Calendar, start: datetime, count: int) -> list[bool]:
    """For each minute from `start` on: does the wall clock show a time within an interval?"""
    found = []
    for n in range(count):
        wall = (start + n * MINUTE).astimezone(cal.zone)
        spans = () if wall.date() in cal.holidays else cal.hours[wall.weekday()]
        found.append(any(minutes(begin) <= wall.hour * 60 + wall.minute < minutes(end) for begin, end in spans))
    return found


@settings(max_examples=60, deadline=None)
@given(calendars(), starts, st.integers(1, 6 * 1440))
@example(calendar("Australia/Lord_Howe", *[OFFICE] * 7), at("UTC", "2026-04-04 14:00"), 1440)
@example(calendar("America/New_York", *[NIGHT] * 7), at("UTC", "2026-03-08 04:00"), 1440)
@example(calendar("America/Recife", *[NIGHT] * 7), at("UTC", "2000-10-08 02:00"), 9 * 1440)  # summer time for a week
def test_against_the_minute_count(cal: Calendar, start: datetime, count: int) -> None:
    minute_is_open = open_by_the_minute(cal, start, count)
    assert hours.elapsed(cal, start, start + count * MINUTE) == sum(minute_is_open) * MINUTE
    worked = 0
    for n, is_open in enumerate(minute_is_open):
        worked += is_open
        if is_open and worked % 97 in (1, 2):
            assert hours.add(cal, start, worked * MINUTE) == start + (n + 1) * MINUTE
        if n % 61 == 0:
            assert hours.is_open(cal, start + n * MINUTE) == is_open


@settings(deadline=None)
@given(calendars(), starts | moments, amounts)
def test_elapsed_undoes_add(cal: Calendar, start: datetime, amount: timedelta) -> None:
    due = hours.add(cal, start, amount)
    assert hours.elapsed(cal, start, due) == amount
    if amount:  # and no earlier moment would do
        assert hours.elapsed(cal, start, due - timedelta(microseconds=1)) < amount


@settings(deadline=None)
@given(calendars(), starts | moments, amounts, amounts)
def test_amounts_add_up(cal: Calendar, start: datetime, first: timedelta, second: timedelta) -> None:
    assert hours.add(cal, hours.add(cal, start, first), second) == hours.add(cal, start, first + second)
    between, end = start + first, start + first + second
    assert hours.elapsed(cal, start, between) + hours.elapsed(cal, between, end) == hours.elapsed(cal, start, end)


@settings(deadline=None)
@given(calendars(), starts | moments, st.timedeltas(timedelta(0), timedelta(days=30)), amounts)
def test_later_starts_are_never_due_earlier(
    cal: Calendar, start: datetime, later: timedelta, amount: timedelta
) -> None:
    assert hours.add(cal, start, amount) <= hours.add(cal, start + later, amount)
    assert hours.elapsed(cal, start, start + later) <= later


def test_years_are_quick() -> None:
    """Measured: 0.01 ms for hours, 0.15 ms for a year, 0.9 ms for ten years; always 0.001 ms."""
    start = at("Europe/Berlin", "2026-03-02 09:00")
    for cal, limit in ((BERLIN, 0.02), (ALWAYS, 0.002)):
        begin = process_time()
        for _ in range(10):
            hours.add(cal, start, timedelta(hours=5 * 52 * 35))
        assert process_time() - begin < 10 * limit
