"""Working-time arithmetic: how much of a stretch of time is working time, and when some amount of it is over.

Instants go in and come out in UTC; whoever asks what the clock on a wall says asks here. It refuses to know
what the working time is for; `core.sla` and the rules call it.

A moment is open when the wall clock of the calendar's zone then reads a time inside an interval of that
day, and the day is no holiday. Hence an hour the clock skips is not worked and one it repeats is worked
twice. A calendar that is never open, or whose intervals overlap, gives ValueError wherever it is used.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import lru_cache
from itertools import accumulate

from maild.core.policy import Calendar

_ZERO = timedelta(0)
_DAY = timedelta(days=1)
_SEVEN_DAYS = timedelta(weeks=1)
_SECOND = timedelta(seconds=1)
_MONDAY = datetime(1970, 1, 5)  # noqa: DTZ001 - a wall clock's, of whatever zone

# How far we look ahead for a change of the zone's offset. Two changes that cancel each other would be missed
# inside it; the closest such pair in tzdata 2026 after 1970 is a week apart (Recife in October 2000).
_STEP = timedelta(days=6)
_MOST_STEPS = 64

_Span = tuple[timedelta, timedelta]  # since midnight


def add(calendar: Calendar, start: datetime, amount: timedelta) -> datetime:
    """The first moment by which `amount` of working time has passed since `start`; `start` itself for none.

    ValueError for a negative amount, OverflowError beyond the year 9999.
    """
    if amount < _ZERO:
        raise ValueError(f"working time cannot be negative: {amount}")
    start = start.astimezone(UTC)
    if amount == _ZERO or calendar.always:
        return start + amount
    week = _week(calendar)
    for begin, end, offset in _stretches(calendar.zone, start):
        wall = _wall(begin, offset)
        worked = week.worked(wall, _wall(end, offset))
        if worked >= amount:
            return (week.reach(wall, amount) - offset).replace(tzinfo=UTC)
        amount -= worked
    raise AssertionError("stretches never end")


def elapsed(calendar: Calendar, start: datetime, end: datetime) -> timedelta:
    """The working time between two moments; none where the end is before the start."""
    start, end = start.astimezone(UTC), end.astimezone(UTC)
    if calendar.always or end <= start:
        return max(end - start, _ZERO)
    week = _week(calendar)
    total = _ZERO
    for begin, until, offset in _stretches(calendar.zone, start):
        total += week.worked(_wall(begin, offset), _wall(min(until, end), offset))
        if until >= end:
            break
    return total


def is_open(calendar: Calendar, at: datetime) -> bool:
    """Is this moment working time? The start of an interval is, its end is not."""
    if calendar.always:
        return True
    week = _week(calendar)
    wall = at.astimezone(calendar.zone)
    since_midnight = _since_midnight(wall.time())
    return any(begin <= since_midnight < end for begin, end in week.spans(wall.date()))


def open_day(calendar: Calendar) -> timedelta:
    """How long a working day is, on average over the days of the week that are open at all."""
    if calendar.always:
        return _DAY
    days = [sum((end - begin for begin, end in day), _ZERO) for day in _week(calendar).days if day]
    return sum(days, _ZERO) / len(days)


def written(calendar: Calendar, at: datetime) -> str:
    """A moment as the calendar's people write it: "Mon 2026-03-02 14:30 CET"."""
    wall = at.astimezone(calendar.zone)
    return f"{_WEEKDAYS[wall.weekday()]} {wall:%Y-%m-%d %H:%M %Z}"  # %a would depend on the locale


_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


# --------------------------------------------------------------------- a wall clock that is never adjusted


@dataclass(frozen=True, slots=True)
class _Week:
    """A calendar in wall-clock time with its sums, so that weeks need not be walked through.

    All datetimes here are naive: what the wall shows while the zone's offset does not change.
    """

    days: tuple[tuple[_Span, ...], ...]
    sums: tuple[timedelta, ...]  # working time of the week before each weekday; the eighth is the whole week's
    holidays: tuple[date, ...]  # ascending
    lost: tuple[timedelta, ...]  # working time the holidays before each holiday took; the last is all of it

    def spans(self, day: date) -> tuple[_Span, ...]:
        at = bisect_left(self.holidays, day)
        if at < len(self.holidays) and self.holidays[at] == day:
            return ()
        return self.days[day.weekday()]

    def worked(self, start: datetime, end: datetime) -> timedelta:
        """Working time between two readings of the wall clock."""
        return self._since_monday(end) - self._since_monday(start)

    def _since_monday(self, wall: datetime) -> timedelta:
        """Working time since `_MONDAY`, up to a constant: only differences mean anything."""
        weeks, rest = divmod((wall - _MONDAY).days, 7)
        day = wall.date()
        today = _since_midnight(wall.time())
        done = sum((min(end, today) - begin for begin, end in self.spans(day) if begin < today), _ZERO)
        return weeks * self.sums[7] + self.sums[rest] - self.lost[bisect_left(self.holidays, day)] + done

    def reach(self, wall: datetime, amount: timedelta) -> datetime:
        """When `amount`, more than none, is worked from here on."""
        # So many whole weeks cannot be enough, even without holidays.
        while weeks := -(-amount // self.sums[7]) - 1:
            later = wall + weeks * _SEVEN_DAYS
            amount -= self.worked(wall, later)
            wall = later
        midnight = datetime.combine(wall.date(), time.min)
        while True:
            for begin, end in self.spans(midnight.date()):
                start, stop = max(midnight + begin, wall), midnight + end
                if start + amount <= stop:
                    return start + amount
                amount -= max(stop - start, _ZERO)
            midnight += _DAY


@lru_cache(maxsize=64)
def _week(calendar: Calendar) -> _Week:
    days = tuple(tuple((_edge(begin), _edge(end)) for begin, end in day) for day in calendar.hours)
    for day in days:
        edges = [edge for span in day for edge in span]
        if edges != sorted(edges):
            raise ValueError(f"calendar {calendar.key!r}: intervals of a day overlap or are out of order")
    totals = [sum((end - begin for begin, end in day), _ZERO) for day in days]
    sums = tuple(accumulate(totals, initial=_ZERO))
    if len(days) != 7 or sums[-1] == _ZERO:
        raise ValueError(f"calendar {calendar.key!r} is never open")
    holidays = tuple(sorted(calendar.holidays))
    lost = tuple(accumulate((totals[day.weekday()] for day in holidays), initial=_ZERO))
    return _Week(days, sums, holidays, lost)


def _edge(at: time) -> timedelta:
    return _DAY if at == time.max else _since_midnight(at)  # how a calendar writes 24:00


def _since_midnight(at: time) -> timedelta:
    return timedelta(hours=at.hour, minutes=at.minute, seconds=at.second, microseconds=at.microsecond)


# --------------------------------------------------------------------- zones


def _wall(at: datetime, offset: timedelta) -> datetime:
    return at.replace(tzinfo=None) + offset


def _stretches(zone: tzinfo, start: datetime) -> Iterator[tuple[datetime, datetime, timedelta]]:
    """Cut the time from `start` on into pieces in which the zone's offset from UTC stays the same.

    They grow, as most amounts end within days and the others within years.
    """
    steps = 1
    while True:
        offset = _offset(zone, start)
        end = start
        for _ in range(steps):
            before, end = end, end + _STEP
            if _offset(zone, end) != offset:
                end = _change(zone, before, end)
                break
        yield start, end, offset
        start = end
        steps = min(2 * steps, _MOST_STEPS)


def _change(zone: tzinfo, start: datetime, end: datetime) -> datetime:
    """The moment between two others at which the offset changes; zones change at whole seconds."""
    start = start.replace(microsecond=0)
    offset = _offset(zone, start)
    same, changed = 0, -((start - end) // _SECOND)
    while changed - same > 1:
        middle = (same + changed) // 2
        if _offset(zone, start + middle * _SECOND) == offset:
            same = middle
        else:
            changed = middle
    return start + changed * _SECOND


def _offset(zone: tzinfo, at: datetime) -> timedelta:
    return at.astimezone(zone).utcoffset() or _ZERO
