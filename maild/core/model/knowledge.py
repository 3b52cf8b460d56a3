"""What we know: people, tickets and their threads, and what memory supplies so that a letter can be judged."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any


class Fate(StrEnum):
    """What became of a received letter. Every letter has exactly one."""

    TICKET = "ticket"
    REPLY = "reply"
    NOTE = "note"
    COMMAND = "command"
    BOUNCE = "bounce"
    FILED = "filed"
    DUPLICATE = "duplicate"
    IGNORED = "ignored"
    REFUSED = "refused"
    QUARANTINED = "quarantined"


class Standing(StrEnum):
    """What an admin has said of a sender."""

    BAN = "ban"  # refused, and told so once where that is safe
    ACCEPT = "accept"  # never refused, held for spam or taken for a flood


class Purpose(StrEnum):
    """What a reply address is good for; purposes never stand in for each other."""

    AGENT_REPLY = "a"
    AGENT_NOTE = "n"
    REQUESTER_REPLY = "r"
    BOUNCE = "b"
    CONFIRM = "c"  # an agent's answer to a challenge; the serial is the letter held back
    MESSAGE_ID = "m"
    ADMIN = "q"  # the admin's answer to the list of letters held back


class Status(StrEnum):
    NEW = "new"
    OPEN = "open"
    WAITING = "waiting"  # on the requester
    SNOOZED = "snoozed"
    RESOLVED = "resolved"  # the confirm window is running
    CLOSED = "closed"


OVER = (Status.RESOLVED, Status.CLOSED)  # a ticket in which nobody waits for us


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who writes to us, known by address. `id` is 0 until the store has met them."""

    id: int
    email: str
    name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticket:
    """A snapshot of a ticket. `number` is 0 until the store has given one."""

    number: int
    subject: str
    requester: Person
    address: str  # which of our addresses it belongs to; letters leave from there
    created_at: datetime
    status: Status = Status.NEW
    topic: str = ""
    priority: str = ""
    team: str = ""
    agent: str = ""
    sla: str = ""
    tags: tuple[str, ...] = ()
    watchers: tuple[str, ...] = ()  # keys of agents who are told without being responsible
    copied: tuple[str, ...] = ()  # folded addresses the requester put on copy: heard inside, shown nothing
    collaborators: tuple[str, ...] = ()  # folded addresses that take part: heard, and sent every later answer
    departed: tuple[str, ...] = ()  # folded addresses that have left: being on copy again brings nobody back
    organisation: str = ""  # key of the requester's, by the domain of their address
    linked: tuple[int, ...] = ()  # tickets this one has to do with
    merged_into: int | None = None  # the ticket that has taken this one up
    digest: str = ""  # of the words that began it, so that a flood of the same is known (core.flood)
    pulse: tuple[str, ...] = ()  # its latest letters, who and when, for telling machines and floods (core.flood)
    quiet_until: datetime | None = None  # a flood: agents are told of further letters then, all at once
    clock_from: datetime | None = None  # when the SLA clocks began: creation or reopening
    responded_at: datetime | None = None  # first response since clock_from
    waiting_since: datetime | None = None  # clocks stand still since
    waited: float = 0.0  # working seconds the clocks stood still before that
    resolved_at: datetime | None = None
    closed_at: datetime | None = None
    closing: str = ""  # closing reason other than solved: silent, spam, duplicate, merged
    last_message_id: str = ""  # newest letter of the requester: our In-Reply-To
    references: tuple[str, ...] = ()  # the requester's thread, oldest first, without last_message_id
    files: tuple[str, ...] = ()  # what came along, oldest first, each as core.files.KeptFile writes it
    marks: tuple[str, ...] = ()  # what the clock has already done: "breach:response"
    # when it came to its present "status", "agent" and "team", when the last public "message" and "answer" were said;
    # what is missing has been so since it was created
    since: Mapping[str, datetime] = field(default_factory=dict)
    next_due: datetime | None = None
    version: int = 0


class EntryKind(StrEnum):
    MESSAGE = "message"  # from a requester or a third party
    RESPONSE = "response"  # from an agent to the requester
    NOTE = "note"  # internal
    EVENT = "event"  # a change: data holds field, old, new


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line of a ticket's thread. What is not public never leaves the desk."""

    kind: EntryKind
    at: datetime
    author: str  # agent key, "rule:NAME", "clock", or an address
    author_name: str = ""
    public: bool = False
    text: str = ""
    mail_id: int | None = None  # the stored letter it came from
    message_id: str = ""
    data: Mapping[str, Any] = field(default_factory=dict)
    id: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """A stored letter (ours or theirs) that carries a Message-ID somebody refers to."""

    ticket: int
    mail_id: int | None = None  # incoming letter; None: it is one of ours
    key: str = ""  # the stored letter's dedupe key
    text: str = ""  # what it says in the thread; with the key, only where another letter has the same id


class Reported(StrEnum):
    """What came home about a letter of ours; the latest counts."""

    DELAYED = "delayed"
    FAILED = "failed"
    COMPLAINT = "complaint"  # somebody called it spam


@dataclass(frozen=True, slots=True, kw_only=True)
class SentLetter:
    """One of our letters, as a report about it or an answer to it needs it."""

    outbox_id: int
    ticket: int
    template: str
    to: str
    purpose: Purpose | None = None  # of its reply address
    reported: Reported | None = None
    author: str = ""  # key of the agent whose answer it carries; "" for what the desk says of itself
    written_at: datetime | None = None  # when that answer was given
    words: str = ""  # that answer; only of letters asked for by Clues.outbox_ids


@dataclass(frozen=True, slots=True, kw_only=True)
class Suppressed:
    """An address that gets no automatic letters, and since when."""

    email: str  # folded
    since: datetime
    reason: str
    outbox_id: int  # the letter that came back, or that was complained of
    complaint: bool  # somebody called it spam; else the address is dead


UNSURE = "unsure "
"""Begins what is remembered of letters for which their sender's domain does not vouch, though domains are asked."""


@dataclass(frozen=True, slots=True)
class Recent:
    """A ticket the sender opened within the last hour, and the digest of the words that began it."""

    number: int
    digest: str

    @property
    def unsure(self) -> bool:
        """Whether the sender's domain did not vouch for that letter."""
        return self.digest.startswith(UNSURE)


@dataclass(frozen=True, slots=True)
class Held:
    """A stored letter an admin speaks of: what became of it, and how it begins (its header, for its author)."""

    fate: Fate | None
    ticket: int | None
    head: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Clues:
    """What a letter points at, before memory is asked; made by `core.matching.clues`."""

    message_id: str = ""
    referenced: tuple[str, ...] = ()  # ids of In-Reply-To then References, newest first
    names: tuple[str, ...] = ()  # under which an earlier outcome may have known its ticket: Outcome.known_as
    principals: tuple[int, ...] = ()  # whom its tokens were made for; one of them may have been revoked
    sender: str = ""  # folded address of the one author, "" if there is none
    numbers: tuple[int, ...] = ()  # ticket numbers whose token verified, or that a command names
    accepts: bool = False  # what was kept inside on those tickets must be known: an agent may make it public
    outbox_ids: tuple[int, ...] = ()  # our letters a report speaks of
    reports: bool = False  # it is a report: what else is known of those letters and who got them must be known
    told: tuple[str, ...] = ()  # folded addresses of agents a warning about it may go to
    patterns: tuple[str, ...] = ()  # under which something may have been said of the sender (core.senders)
    floods: bool = False  # the sender's latest tickets must be known: it may be one letter of a flood
    limited: bool = False  # how many tickets of the sender are open must be known
    held: tuple[int, ...] = ()  # letters held back that the admin speaks of


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Everything memory supplies so that a letter can be judged."""

    mail_id: int = 0
    key: str = ""  # the letter's own dedupe key
    same_id: tuple[Known, ...] = ()  # earlier stored letters with this very Message-ID that became part of a ticket
    # referenced id → where it belongs; several letters may have come with one id: the oldest ticket's first
    known: Mapping[str, tuple[Known, ...]] = field(default_factory=dict)
    tickets: Mapping[int, Ticket] = field(default_factory=dict)  # every candidate, and what those were merged into
    # ticket → its latest messages that were kept inside, newest first; only for Clues.accepts
    inside: Mapping[int, tuple[Entry, ...]] = field(default_factory=dict)
    named: Mapping[str, tuple[int, ...]] = field(default_factory=dict)  # of Clues.names → tickets, newest first
    revoked: Mapping[tuple[str, int], int] = field(default_factory=dict)  # (whose, principal) → last void outbox id
    person: Person | None = None  # the sender, if met before; by their main address where they have several
    same: frozenset[str] = frozenset()  # all folded addresses of the sender; () where only the one is known
    # folded address → template → how many letters that anybody can make us send went there in the last 24 hours
    told: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    sent: Mapping[int, SentLetter] = field(default_factory=dict)  # outbox id → letter
    # ticket → our letters that carried an answer or were reported of, oldest first; only for Clues.reports
    letters: Mapping[int, tuple[SentLetter, ...]] = field(default_factory=dict)
    # folded address → why; of the sender, those who take part, and who got a letter that is reported of
    dead: Mapping[str, Suppressed] = field(default_factory=dict)
    complained: frozenset[str] = frozenset()  # of the same addresses, those that want nothing automatic
    others: Mapping[str, frozenset[str]] = field(default_factory=dict)  # dead address → the person's other ones
    standing: Mapping[str, Standing] = field(default_factory=dict)  # of Clues.patterns, what was said
    recent: tuple[Recent, ...] = ()  # the sender's tickets of the last hour, oldest first; only for Clues.floods
    open_tickets: int = 0  # of the sender; only for Clues.limited
    held: Mapping[int, Held] = field(default_factory=dict)  # of Clues.held, those that are in the ledger
