"""The vocabulary of the whole program: frozen values and enums, nothing else.

Learn these words and you know maild. It refuses to know how any of them is
read, stored, decided or sent; every other room imports it, it imports nobody.
All instants are aware datetimes in UTC; all message ids are bare (no angle brackets).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import IntEnum, StrEnum
from typing import Any, TypeAlias

Day: TypeAlias = date  # a Message has a field of the name

# --------------------------------------------------------------------- what came in


@dataclass(frozen=True, slots=True)
class Address:
    """A mailbox as written in a header: display name (may be empty) and addr-spec."""

    email: str
    name: str = ""

    def __str__(self) -> str:
        return f"{self.name} <{self.email}>" if self.name else self.email


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """Raw bytes and how they came; what a door hands to `desk.accept`.

    `mail_from` is "" for the null sender; `rcpts` are those of our addresses the
    letter was sent to; `peer` is the address of who handed it over, `door` the name
    of the door ("smtp", "pipe", …).
    """

    raw: bytes
    mail_from: str
    rcpts: tuple[str, ...]
    received_at: datetime
    door: str
    peer: str = ""
    helo: str = ""
    confirmed: bool = False  # it was held back and then released: the author's identity is settled


class Kind(StrEnum):
    """What sort of letter this is; only HUMAN letters speak for a person."""

    HUMAN = "human"
    LIST = "list"  # from a mailing list or newsletter: may be a request, never answered
    AUTOMATIC = "automatic"  # auto-reply, auto-generated (RFC 3834)
    BOUNCE = "bounce"  # delivery status (RFC 3464) or its home-made relatives
    REPORT = "report"  # feedback report (RFC 5965), disposition notification (RFC 8098)


class Nature(StrEnum):
    """What a letter is in particular, finer than its kind; PLAIN where the kind says all."""

    PLAIN = ""
    AUTO_REPLY = "auto-reply"  # AUTOMATIC: answers every letter
    ABSENCE = "absence"  # AUTOMATIC: somebody is out of office
    CALENDAR_ANSWER = "calendar-answer"  # AUTOMATIC: an invitation accepted or declined (RFC 5546)
    CHALLENGE = "challenge"  # AUTOMATIC: asks the sender to prove being a person
    PERMANENT = "permanent"  # BOUNCE: it will never be delivered
    TEMPORARY = "temporary"  # BOUNCE: not delivered, though it might have been at another time
    DELAYED = "delayed"  # BOUNCE: not delivered yet
    DELIVERED = "delivered"  # REPORT: a delivery receipt (RFC 3464 section 2.3.3)
    READ = "read"  # REPORT: a read receipt (RFC 8098)
    COMPLAINT = "complaint"  # REPORT: somebody called our letter spam (RFC 5965)


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """One part of a letter that is a file. Its bytes stay in the raw letter.

    `index` finds it again: `core.mail.content(raw, index)`.
    """

    index: int
    filename: str  # safe to show and to write: see core.mail.attachments
    content_type: str  # as declared
    sniffed_type: str  # as its first bytes say; "" where they say nothing
    size: int
    sha256: str
    inline: bool = False
    content_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class BouncedRecipient:
    """One recipient a delivery report speaks of (RFC 3464 section 2.3)."""

    address: str
    status: str = ""  # enhanced code "5.1.1", "" if not told
    action: str = ""  # failed, delayed, delivered, relayed, expanded
    diagnostic: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounce:
    """What a delivery report says."""

    recipients: tuple[BouncedRecipient, ...] = ()
    original_message_id: str = ""
    permanent: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """What we understood of a letter. Any bytes give one; damage is in `defects`."""

    message_id: str = ""
    in_reply_to: tuple[str, ...] = ()
    references: tuple[str, ...] = ()
    from_: tuple[Address, ...] = ()  # every address of every From field
    sender: Address | None = None  # the one author; None unless exactly one From with one address
    reply_to: tuple[Address, ...] = ()
    to: tuple[Address, ...] = ()
    cc: tuple[Address, ...] = ()
    subject: str = ""
    date: datetime | None = None
    headers: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # lower-case name → decoded values, in order
    text: str = ""  # the whole readable text
    html: str = ""  # the letter's HTML as decoded, unsafe
    new_text: str = ""  # what this person wrote: no quotes, signature, footers
    attachments: tuple[Attachment, ...] = ()
    kind: Kind = Kind.HUMAN
    kind_reason: str = ""  # which sign decided the kind
    answerable: bool = True  # False: send nothing automatic in answer (RFC 3834 section 2)
    bounce: Bounce | None = None
    defects: tuple[str, ...] = ()
    nature: Nature = Nature.PLAIN
    absent_until: Day | None = None  # last day of an ABSENCE, where it says one
    courtesy: str = ""  # "thanks", "emoji", "reaction", "empty": a letter that says nothing more; "" if it must be read
    calendar_answer: str = ""  # of a CALENDAR_ANSWER: "accepted", "declined", "tentative"
    importance: str = ""  # "high" or "low" as the sender's program says; "" is neither
    signed: bool = False  # carries a signature (S/MIME or OpenPGP); nobody has verified it
    encrypted: bool = False  # cannot be read without a key

    def header(self, name: str) -> str:
        """The first value of a header field, "" if absent."""
        values = self.headers.get(name.lower(), ())
        return values[0] if values else ""


# --------------------------------------------------------------------- what we know


class Status(StrEnum):
    NEW = "new"
    OPEN = "open"
    WAITING = "waiting"  # on the requester
    SNOOZED = "snoozed"
    RESOLVED = "resolved"  # the confirm window is running
    CLOSED = "closed"


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
    organisation: str = ""  # key of the requester's, by the domain of their address
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
    marks: tuple[str, ...] = ()  # what the clock has already done: "breach:response"
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


@dataclass(frozen=True, slots=True, kw_only=True)
class SentLetter:
    """One of our letters, as a bounce or an answer to it needs it."""

    outbox_id: int
    ticket: int
    template: str
    to: str
    purpose: Purpose | None = None  # of its reply address


@dataclass(frozen=True, slots=True, kw_only=True)
class Clues:
    """What a letter points at, before memory is asked; made by `core.matching.clues`."""

    message_id: str = ""
    referenced: tuple[str, ...] = ()  # ids of In-Reply-To then References, newest first
    sender: str = ""  # folded address of the one author, "" if there is none
    numbers: tuple[int, ...] = ()  # ticket numbers whose token verified
    outbox_ids: tuple[int, ...] = ()  # our letters a bounce speaks of
    told: tuple[str, ...] = ()  # folded addresses of agents a warning about it may go to


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Everything memory supplies so that a letter can be judged."""

    mail_id: int = 0
    key: str = ""  # the letter's own dedupe key
    same_id: tuple[Known, ...] = ()  # earlier stored letters with this very Message-ID that became part of a ticket
    known: Mapping[str, Known] = field(default_factory=dict)  # referenced id → where it belongs
    tickets: Mapping[int, Ticket] = field(default_factory=dict)  # every candidate
    person: Person | None = None  # the sender, if met before
    # folded address → template → how many letters that anybody can make us send went there in the last 24 hours
    told: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    sent: Mapping[int, SentLetter] = field(default_factory=dict)  # outbox id → letter


# --------------------------------------------------------------------- what is decided


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


class Lane(IntEnum):
    """Which letters go first when there is a queue."""

    ANSWER = 0  # a person waits for what a person wrote
    NOTICE = 1  # acknowledgements, closure notices
    ALERT = 2  # to agents


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """One outgoing mail, before it is written out.

    Rendered once, at its first sending; until then it is a template's name and a small
    JSON-able context that freezes what was true when it was decided.
    """

    template: str  # templates/<template>.txt
    to: Address
    lane: Lane
    purpose: Purpose | None = None  # what an answer to it may do; None: answers go to the address itself
    principal: int = 0  # who may use that; 0: the ticket's requester
    automatic: str = ""  # RFC 3834 keyword: auto-replied, auto-generated; "" for a person's words
    from_name: str = ""  # display name in From; "" is the address's own
    from_address: str = ""  # which of our addresses sends; "" is the ticket's
    in_reply_to: str = ""
    references: tuple[str, ...] = ()
    about_entry: bool = False  # the entry added by the same outcome is its text
    attachments_of: int | None = None  # stored letter whose attachments go along
    context: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class OpenTicket:
    """A ticket begins. Its number is born when this is recorded."""


@dataclass(frozen=True, slots=True)
class SetField:
    """A field of the ticket changes hands; becomes an event in the thread."""

    name: str
    old: Any
    new: Any
    by: str


@dataclass(frozen=True, slots=True)
class AddEntry:
    entry: Entry


@dataclass(frozen=True, slots=True)
class SendLetter:
    letter: Letter


@dataclass(frozen=True, slots=True)
class Stand:
    """From now on letters of this address, or of "@" and a domain, are accepted or refused as this says."""

    pattern: str
    verdict: Standing
    by: str


@dataclass(frozen=True, slots=True)
class SamePerson:
    """This folded address is another one of a person we know."""

    email: str
    person: Person


@dataclass(frozen=True, slots=True)
class Release:
    """A letter held back is worked again, with its author's identity settled."""

    mail_id: int


Change = OpenTicket | SetField | AddEntry | SendLetter | Release | Stand | SamePerson


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What was decided: ordered changes, the ticket before and after, and why.

    `after` is what `before` becomes when all changes are done, with bookkeeping
    (`next_due`, marks, thread ids) that is no change anybody made. `fate` is None
    where no letter was judged (the clock, a command from the shell).
    """

    before: Ticket | None = None
    after: Ticket | None = None
    changes: tuple[Change, ...] = ()
    fate: Fate | None = None
    reason: str = ""
    trace: tuple[str, ...] = ()
    known_as: tuple[str, ...] = ()  # further names under which later letters may refer to the ticket (core.matching)
    also: tuple[Outcome, ...] = ()  # what happens to other tickets in the same breath; none of them judges a letter


# --------------------------------------------------------------------- what a door says


class Receipt(StrEnum):
    """The answer a door translates into its protocol."""

    ACCEPTED = "accepted"
    DUPLICATE = "duplicate"  # already ours: the same answer as accepted
    TRY_LATER = "try later"  # the sender still owns the letter
    NO_SPACE = "no space"  # the same, said more precisely
