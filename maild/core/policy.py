"""What an admin decided: frozen values compiled from TOML by `config`.

It refuses to know where it was read from; decide, sla, rules and letters read it.
People, teams, topics, plans and calendars are named by their key, the last part of
their TOML table's name.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, time, timedelta, tzinfo
from enum import StrEnum
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
    language: str = "en"  # in which people who write there are answered


@dataclass(frozen=True, slots=True, kw_only=True)
class Agent:
    key: str
    name: str
    email: str
    also: tuple[str, ...] = ()  # further addresses they write from; nothing is sent there
    teams: tuple[str, ...] = ()  # filled from the teams' members too


@dataclass(frozen=True, slots=True, kw_only=True)
class Team:
    key: str
    name: str
    members: tuple[str, ...] = ()  # agent keys
    lead: str = ""
    templates: str = ""  # set of templates for its tickets; "" has none of its own


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


ALWAYS = "24x7"  # key of the calendar that every desk has without writing it


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
class Letters:
    """What goes along with our letters besides their words."""

    history: str = "last"  # quoted below an answer: "last" is the letter it answers; or "all", "none"
    history_lines: int = 200  # quoted at most
    attachments_max: int = 10_000_000  # bytes of files in one letter


@dataclass(frozen=True, slots=True, kw_only=True)
class Authentication:
    """Whom we believe about senders. Nobody: relaxed mode, see core.decide.table."""

    trusted: frozenset[str] = frozenset()  # authserv-ids of our own mail exchangers, lower case
    own: str = ""  # the one among them under which we write results ourselves; "" where we do not look
    microsoft: bool = False  # believe fields without an authserv-id, as Microsoft 365 writes them


@dataclass(frozen=True, slots=True, kw_only=True)
class Intake:
    """Whose letters become tickets; patterns of senders as `core.senders.pattern` writes them."""

    registration: str = "open"  # who may open tickets: "open", "known", "organisations"
    banned: frozenset[str] = frozenset()
    accepted: frozenset[str] = frozenset()
    open_tickets_per_sender: int = 0  # 0: any number
    forbidden_attachments: tuple[str, ...] = ()  # globs of names and of media types, folded
    tell: bool = True  # whether the sender of a refused letter is told, where that is safe
    spam: str = "quarantine"  # what becomes of spam that would open a ticket; or "ticket"


@dataclass(frozen=True, slots=True, kw_only=True)
class Flood:
    """When letters of one sender are no longer tickets of their own; see core.flood."""

    tickets_per_hour: int = 60  # of one sender; 0: any number
    exempt: frozenset[str] = frozenset()  # patterns of senders, as in Intake


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldList:
    """When the admin is sent the list of letters held back. `at` None: never."""

    at: time | None = time(8)
    zone: tzinfo = UTC


@dataclass(frozen=True, slots=True, kw_only=True)
class Organisation:
    """Whose requesters and colleagues belong together, by the domain of their addresses."""

    key: str
    name: str
    domains: tuple[str, ...]  # lower case; "*.customer.example" is every domain below customer.example


class Welcome(StrEnum):
    """Who takes part in a ticket by being on copy of the requester's own letter."""

    ORGANISATION = "organisation"  # people of the requester's organisation
    EVERYBODY = "everybody"
    NOBODY = "nobody"


@dataclass(frozen=True, slots=True, kw_only=True)
class Correspondent:
    """Another ticket system, or a relay between people and us, whose letters lose our tokens and references."""

    who: str  # folded: a domain, or one address
    # The reference in a subject, "" if there is none. None: each sender's address is one conversation.
    reference: Callable[[str], str] | None = None


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
    letters: Letters = Letters()
    intake: Intake = Intake()
    flood: Flood = Flood()
    held_list: HeldList = HeldList()
    by_email: Mapping[str, str] = field(default_factory=dict)  # folded address, every one they have → agent key
    correspondents: tuple[Correspondent, ...] = ()
    organisations: Mapping[str, Organisation] = field(default_factory=dict)
    copied: Welcome = Welcome.ORGANISATION
    confirm: bool = True  # high-risk commands of an ordinary letter are asked about first
