"""Conditions about days, hours and calendars, and how many letters came; what a rule waits for.

It refuses to know what else stands in a rule. `condition_compiler` and `compile` call it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from typing import Any

from maild.core.amounts import duration
from maild.core.rules.conditions import Clock, Condition, Day, Number, Open, Weekday
from maild.core.rules.model import Names, Place, Report, Wait
from maild.core.rules.problems import unknown
from maild.core.rules.times import SINCE
from maild.core.rules.vocabulary import AWAKE, DAY_OPERATORS, WEEKDAYS

__all__ = ["AWAKE", "calendar_of", "day", "days", "letters", "moment", "wait"]

_HOURS = re.compile(r"([01]\d|2[0-3]):([0-5]\d)\s*-\s*([01]\d|2[0-4]):([0-5]\d)")
_YEARS = (1970, 9998)


def calendar_of(when: Mapping[str, Any], names: Names, otherwise: str) -> str:
    """Whose local time `weekday` and `time` beside `open` or `closed` are in: that calendar's."""
    for key in ("open", "closed"):
        if when.get(key) in names.calendars:
            return str(when[key])
    return otherwise


def moment(key: str, value: object, place: Place, names: Names, calendar: str, report: Report) -> list[Condition]:
    """`open`, `closed`, `weekday` or `time`."""
    field = f"now.{calendar}"
    if key in ("open", "closed"):
        if value in names.calendars:
            return [Open(f"now.{value}", str(value), key == "open", f"{value} is {key}")]
        report(place, unknown("calendar", str(value), names.calendars))
        return []
    if key == "time":
        found = _HOURS.fullmatch(value.strip()) if isinstance(value, str) else None
        if found and found[3] + found[4] <= "2400" and found[1] + found[2] != found[3] + found[4]:
            start, end = time(int(found[1]), int(found[2])), time(int(found[3]) % 24, int(found[4]))
            return [Clock(field, calendar, start, end, f"the time is {value}")]
        report(place, 'must be hours like "18:00-08:00"')
        return []
    listed = tuple(value) if isinstance(value, list | tuple) else (value,)
    if not listed:
        report(place, "an empty list never holds")
    for at, one in enumerate(listed):
        if one not in WEEKDAYS:
            report((*place, at) if isinstance(value, list | tuple) else place, unknown("day", str(one), WEEKDAYS))
    wanted = tuple(WEEKDAYS.index(one) for one in listed if one in WEEKDAYS)
    return [Weekday(field, calendar, wanted, "it is " + " or ".join(map(str, listed)))]


def letters(value: object, place: Place, report: Report) -> list[Condition]:
    """`letters = { within = "1 h", more = 2 }`: the desk remembers a sender's last hour."""
    if not isinstance(value, Mapping) or set(value) != {"within", "more"}:
        report(place, 'must be like { within = "1 h", more = 2 }')
        return []
    more = value["more"]
    try:
        if duration(value["within"]) != timedelta(hours=1):
            report((*place, "within"), 'must be "1 h": no more is remembered of a sender')
    except ValueError as error:
        report((*place, "within"), str(error))
    if not isinstance(more, int) or isinstance(more, bool) or not 0 < more < 1000:
        report((*place, "more"), "must be a number from 1 to 999")
        return []
    return [Number("letters", "more", float(more), f"more than {more} letters within an hour")]


def days(name: str, value: object, place: Place, calendar: str, report: Report) -> list[Condition]:
    """`date = { after = 2026-12-23, before = 2027-01-02 }`."""
    if not isinstance(value, Mapping) or not value:
        report(place, "say how to compare: { after = 2026-12-23 } or { before = … }")
        return []
    found: list[Condition] = []
    for operator, operand in value.items():
        if operator not in DAY_OPERATORS:
            report((*place, operator), unknown("test", operator, DAY_OPERATORS))
        elif (bound := day(operand, (*place, operator), report)) is not None:
            found.append(Day(name, operator, bound, calendar, f"{name} is {operator} {bound}"))
    return found


def day(value: object, place: Place, report: Report) -> date | datetime | None:
    """A TOML date or date with time."""
    if isinstance(value, date) and _YEARS[0] <= value.year <= _YEARS[1]:
        return value
    report(place, "must be a date, without quotes: 2026-12-24, or 2026-12-24T18:00:00")
    return None


def wait(table: Mapping[str, Any], on: tuple[str, ...], calendar: str, report: Report) -> Wait | None:
    """`after` and `since` of a rule with `on = "time"`."""
    if "time" not in on:
        for key in ("after", "since"):
            if key in table:
                report((key,), f'"{key}" is for rules with on = "time"')
        return None
    if len(on) > 1:
        report(("on",), '"time" stands alone: write a rule of its own for it')
    since = table.get("since", _since(table.get("when")))
    if since not in SINCE:
        report(("since",), unknown("state", str(since), SINCE))
    if "after" not in table:
        report(("on",), 'a rule with on = "time" needs after = "3 d": how long the ticket must be so')
        return None
    try:
        length = duration(table["after"])
    except ValueError as error:
        report(("after",), str(error))
        return None
    whole = length.days if str(table["after"]).rstrip().endswith("d") else 0
    return Wait(after=length, days=whole, calendar=calendar, since=str(since))


def _since(when: object) -> str:
    ticket = when.get("ticket") if isinstance(when, Mapping) else None
    described = ticket if isinstance(ticket, Mapping) else {}
    return next((name for name in ("status", "agent", "team") if name in described), "created")
