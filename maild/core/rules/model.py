"""The words of the rules: what goes into the compiler, what comes out, what is judged.

It refuses to know TOML files and how a condition is tested. `config` hands RawRules
and Names to the compiler; `decide` hands a Case to `evaluate` and reads the Verdict.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from maild.core.policy import ALWAYS
from maild.core.rules.case import NEW, Case
from maild.core.rules.conditions import Condition

__all__ = ["ENDINGS", "Case", "Deed", "Names", "Place", "RawRule", "Report", "Rule", "Verdict", "Wait"]

Place = tuple[str | int, ...]
Report = Callable[[Place, str], None]
"""Where a problem is found, it is said: where it stands below the rule, and what is wrong."""

ENDINGS = ("quarantine", "refuse", "ignore")
"""Deeds by which a letter becomes no ticket: so nothing else can be done with it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RawRule:
    """One `[[rule]]` as TOML gave it, with the lines its keys stand on."""

    file: str
    number: int  # position in its file, from 0
    table: Mapping[str, Any]
    line: int = 0
    lines: Mapping[Place, int] = field(default_factory=dict)  # place below the rule → line

    def line_of(self, place: Place) -> int:
        """The line of a key, or of the nearest table around it."""
        for end in range(len(place), 0, -1):
            if place[:end] in self.lines:
                return self.lines[place[:end]]
        return self.line


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """Every name a rule may use, by their keys."""

    topics: tuple[str, ...] = ()
    priorities: tuple[str, ...] = ()
    teams: tuple[str, ...] = ()
    agents: tuple[str, ...] = ()
    plans: tuple[str, ...] = ()
    calendars: tuple[str, ...] = (ALWAYS,)  # the first is meant where a rule names none
    organisations: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed:
    """Something a rule wants done that is no field: "note", "refuse", "quarantine", "ignore", with its words."""

    rule: str
    kind: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """How long a ticket must be as the conditions say before a rule with `on = "time"` acts."""

    after: timedelta  # with days of 24 hours
    days: int  # how it was written, if in days: then days of the calendar
    calendar: str
    since: str  # of SINCE in `times`


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A compiled rule. `fields` holds the topic, priority, team, agent, sla and status it sets.

    `tags`, `untag` and the values of `deeds` may name captures: "{host}".
    """

    name: str
    condition: Condition
    fields: Mapping[str, str]
    tags: tuple[str, ...] = ()
    untag: tuple[str, ...] = ()
    watchers: tuple[str, ...] = ()
    acknowledge: bool | None = None
    deeds: tuple[tuple[str, str], ...] = ()  # kind, value
    on: tuple[str, ...] = (NEW,)
    wait: Wait | None = None
    starts: date | datetime | None = None  # `from`; without an offset it is local time of `calendar`
    ends: date | datetime | None = None  # `until`; a day ends with it
    calendar: str = ALWAYS
    captures: bool = False  # some value names one
    stop: bool = False
    enabled: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What the rules say about a case, and why."""

    fields: Mapping[str, str] = field(default_factory=dict)  # topic, priority, team, agent, sla, status
    # field (or "acknowledge") → name of the rule that had the last word
    by: Mapping[str, str] = field(default_factory=dict)
    tags: tuple[str, ...] = ()
    tagged: Mapping[str, str] = field(default_factory=dict)  # each of `tags` → the rule that gave it first
    untag: Mapping[str, str] = field(default_factory=dict)  # tags to be taken off → the rule that says so
    watchers: Mapping[str, str] = field(default_factory=dict)  # agent → the rule that says so
    acknowledge: bool | None = None  # None: no rule says anything
    deeds: tuple[Deed, ...] = ()  # in order
    matched: tuple[str, ...] = ()  # names, in order
    trace: tuple[str, ...] = ()  # one line per rule of the occasion
