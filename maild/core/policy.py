"""What an admin decided: frozen values compiled from TOML by `config`.

It refuses to know where it was read from; decide, sla, rules and letters read it.
People, teams, topics, plans and calendars are named by their key, the last part of
their TOML table's name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, time, timedelta, tzinfo
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from maild.core.rules import Rule


@dataclass(frozen=True, slots=True, kw_only=True)
class Keys:
    """Secrets tokens are signed with. `current` signs; all others only verify."""

    current: int  # 0…15
    secrets: Mapping[int, bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class OurAddress:
    """An address of ours that makes tickets."""

    email: str
    name: str  # display name of letters leaving from it
    topic: str = ""
    team: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Agent:
    key: str
    name: str
    email: str
    teams: tuple[str, ...] = ()  # filled from the teams' members too


@dataclass(frozen=True, slots=True, kw_only=True)
class Team:
    key: str
    name: str
    members: tuple[str, ...] = ()  # agent keys
    lead: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """A help topic: a bundle of defaults. `name` is its own, `path` with its parents' names."""

    key: str
    name: str
    path: str  # "Report a Problem / Business Critical Outage"
    parent: str = ""
    team: str = ""  # defaults; "" inherits the parent's
    agent: str = ""
    priority: str = ""
    sla: str = ""
    acknowledge: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Calendar:
    """Business hours. `hours[0]` is Monday; an interval may end at 24:00, written time.max."""

    key: str
    zone: tzinfo
    hours: tuple[tuple[tuple[time, time], ...], ...]  # seven days of (from, until) in local time
    holidays: frozenset[date] = frozenset()
    always: bool = False  # 24x7: hours do not matter


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """An SLA plan. A target of None is not promised."""

    key: str
    name: str
    response: timedelta | None
    resolution: timedelta | None
    calendar: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Closing:
    """How a ticket ends: resolved, a confirm window in working time, closed."""

    confirm: timedelta
    calendar: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Authentication:
    """Whom we believe about senders. Nobody: relaxed mode, see core.decide.table."""

    trusted: frozenset[str] = frozenset()  # authserv-ids of our own mail exchangers, lower case
    microsoft: bool = False  # believe fields without an authserv-id, as Microsoft 365 writes them


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """Everything decisions depend on besides the letter and the facts."""

    name: str  # the desk's name as people read it
    tag: str  # of subject tokens: [TAG-1042-K7QD]
    domain: str  # right-hand side of our Message-IDs
    separator: str  # of sub-addresses; "" where the mailbox has none
    admin: str  # who is told about trouble
    addresses: tuple[OurAddress, ...]
    agents: Mapping[str, Agent]
    teams: Mapping[str, Team]
    topics: Mapping[str, Topic]
    priorities: tuple[str, ...]  # lowest first
    default_priority: str
    plans: Mapping[str, Plan]
    default_plan: str
    calendars: Mapping[str, Calendar]
    closing: Closing
    keys: Keys
    rules: tuple[Rule, ...] = ()
    acknowledgements_per_day: int = 1  # to one sender; DESIGN 5, a loop breaker
    default_team: str = ""
    authentication: Authentication = Authentication()
    by_email: Mapping[str, str] = field(default_factory=dict)  # folded address → agent key
