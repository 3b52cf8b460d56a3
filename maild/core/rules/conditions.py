"""Conditions of rules, and testing them against a case.

It refuses to know how they were written and where texts come from (`view`); the compiler
builds them, `evaluate` asks `missed`. What senders wrote is only ever searched, never made
into a pattern, so the time spent is linear in a small number.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, time
from typing import Any

from maild.core import hours
from maild.core.rules.scanning import Scan
from maild.core.rules.view import Text, View, fold, instant

__all__ = ["Condition", "Miss", "described", "fold", "missed"]


@dataclass(frozen=True, slots=True)
class Pattern:
    """A compiled RE2 operand of glob or regex."""

    find: Any
    capturing: Any = None  # the same with its named groups, where it has any
    most: int = 0  # bytes of a text it looks at


@dataclass(frozen=True, slots=True)
class Test:
    """One operator on one field. Holds if any of the field's texts passes for any of the operands."""

    field: str
    operator: str
    literals: tuple[str, ...]  # folded operands of equals, contains, starts, ends
    patterns: tuple[Pattern, ...]  # operands of glob and regex
    label: str
    # of a long text all words are looked for at once: where, and under which numbers
    scan: Scan | None = None
    numbers: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Exists:
    """Whether the field says anything at all."""

    field: str
    wanted: bool
    label: str


@dataclass(frozen=True, slots=True)
class Flag:
    """Something that is or is not. "attachment": pictures inside the text (logos of signatures) are none."""

    field: str
    wanted: bool
    label: str


@dataclass(frozen=True, slots=True)
class Number:
    """Any of the field's numbers compares so."""

    field: str
    operator: str
    bound: float
    label: str


@dataclass(frozen=True, slots=True)
class Day:
    """The field's instant is before or after a day or an instant; days are those of a calendar's zone."""

    field: str
    operator: str
    bound: Any  # date or datetime
    calendar: str
    label: str


@dataclass(frozen=True, slots=True)
class Open:
    """A calendar is open now, or is not."""

    field: str  # "now.CALENDAR"
    calendar: str
    wanted: bool
    label: str


@dataclass(frozen=True, slots=True)
class Weekday:
    """Today is one of these days (0 is Monday) where the calendar is."""

    field: str
    calendar: str
    days: tuple[int, ...]
    label: str


@dataclass(frozen=True, slots=True)
class Clock:
    """The clock where the calendar is shows a time between these; `end` before `start` goes over midnight."""

    field: str
    calendar: str
    start: time
    end: time
    label: str


@dataclass(frozen=True, slots=True)
class Changed:
    """A field has just changed. None: from or to anything."""

    field: str  # "changed.NAME"
    name: str
    old: str | None
    new: str | None
    label: str


@dataclass(frozen=True, slots=True)
class Group:
    """`all`, `any` or `not` (none of them holds)."""

    mode: str
    parts: tuple[Condition, ...]


Leaf = Test | Exists | Flag | Number | Day | Open | Weekday | Clock | Changed
Condition = Leaf | Group


@dataclass(frozen=True, slots=True)
class Miss:
    """Which condition did not hold, and what it saw."""

    label: str
    saw: str


def missed(condition: Condition, view: View) -> Miss | None:
    """None if the condition holds, else the part that did not."""
    if isinstance(condition, Test):
        if condition.scan is not None:
            holds = not condition.numbers.isdisjoint(view.found(condition.field, condition.scan))
        else:
            holds = _passes(condition, view.texts(condition.field))
        if holds:
            return None
        return Miss(condition.label, view.seen(condition.field))
    if isinstance(condition, Group):
        return _group_missed(condition, view)
    return None if _HOLDS[type(condition)](condition, view) else Miss(condition.label, view.seen(condition.field))


def _group_missed(group: Group, view: View) -> Miss | None:
    if group.mode == "all":
        for part in group.parts:
            miss = missed(part, view)
            if miss:
                return miss
        return None
    misses = []
    for part in group.parts:
        miss = missed(part, view)
        if miss is None:
            return Miss(f"not ({described(part)})", _seen_by(part, view)) if group.mode == "not" else None
        misses.append(miss)
    if group.mode == "not":
        return None
    return Miss("any of (" + "; ".join(miss.label for miss in misses) + ")", misses[-1].saw)


def described(condition: Condition) -> str:
    """A condition in words, as traces show it."""
    if isinstance(condition, Group):
        inner = "; ".join(described(part) for part in condition.parts)
        return inner if condition.mode == "all" and len(condition.parts) == 1 else f"{condition.mode} of ({inner})"
    return condition.label


def _seen_by(condition: Condition, view: View) -> str:
    while isinstance(condition, Group):
        condition = condition.parts[0]
    return view.seen(condition.field)


def _passes(test: Test, texts: tuple[Text, ...]) -> bool:
    # Loops, not generators: this is where the time of two hundred rules goes.
    if test.operator == "regex":
        for text in texts:
            for pattern in test.patterns:
                if pattern.find.search(text.encoded[: pattern.most]):
                    return True
        return False
    if test.operator == "glob":
        for text in texts:
            for pattern in test.patterns:
                if pattern.find.fullmatch(text.line[: pattern.most]):
                    return True
        return False
    compare = COMPARE[test.operator]
    for text in texts:
        for literal in test.literals:
            if compare(text.folded, literal):
                return True
    return False


COMPARE: dict[str, Callable[[str, str], bool]] = {
    "equals": str.__eq__,
    "contains": str.__contains__,
    "starts": str.startswith,
    "ends": str.endswith,
}


def _changed(condition: Changed, view: View) -> bool:
    return any(
        change.name == condition.name
        and condition.old in (None, change.old or "")
        and condition.new in (None, change.new or "")
        for change in view.case.changed
    )


def _compares(condition: Number, view: View) -> bool:
    compare = _NUMBERS[condition.operator]
    return any(compare(number, condition.bound) for number in view.numbers(condition.field))


_NUMBERS: dict[str, Callable[[float, float], bool]] = {
    "equals": float.__eq__,
    "less": float.__lt__,
    "more": float.__gt__,
    "at-least": float.__ge__,
    "at-most": float.__le__,
}


def _dated(condition: Day, view: View) -> bool:
    at = view.instant(condition.field)
    if at is None:
        return False
    zone = view.case.calendars[condition.calendar].zone
    if condition.operator == "before":
        return at < instant(condition.bound, zone)
    return at >= instant(condition.bound, zone, after=True)


def _here(calendar: str, view: View) -> datetime:
    return view.case.at.astimezone(view.case.calendars[calendar].zone)


def _between(condition: Clock, view: View) -> bool:
    now, start, end = _here(condition.calendar, view).time(), condition.start, condition.end
    return start <= now < end if start < end else now >= start or now < end


_HOLDS: dict[type, Callable[[Any, View], bool]] = {
    Exists: lambda one, view: any(text.folded for text in view.texts(one.field)) is one.wanted,
    Flag: lambda one, view: view.flag(one.field) is one.wanted,
    Number: _compares,
    Day: _dated,
    Open: lambda one, view: hours.is_open(view.case.calendars[one.calendar], view.case.at) is one.wanted,
    Weekday: lambda one, view: _here(one.calendar, view).weekday() in one.days,
    Clock: _between,
    Changed: _changed,
}
