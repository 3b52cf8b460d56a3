"""What is decided: letters to send, changes to make, and the outcome that holds them with the reasons why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any

from maild.core.model.incoming import Address
from maild.core.model.knowledge import Entry, Fate, Person, Purpose, Reported, Standing, Ticket


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
    shown_to: tuple[str, ...] = ()  # whom its To (the first) and Cc show, for reply-all; (): only who gets it
    about_entry: bool = False  # the entry added by the same outcome is its text
    attachments_of: int | None = None  # stored letter whose attachments go along
    files: tuple[int, ...] = ()  # which attachments of it go along; (): as many as fit into one letter
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
class Once:
    """The outcome counts only if the counter of this name is below `below` (or not there); it becomes `value`.

    Otherwise nothing of the outcome is recorded: another process, or the same one before a crash, was first.
    Only for outcomes that judge no letter: a letter must get its fate.
    """

    name: str
    value: int
    below: int


@dataclass(frozen=True, slots=True)
class Publish:
    """A message that was kept inside becomes part of what participants may see."""

    entry_id: int


@dataclass(frozen=True, slots=True)
class Release:
    """A letter held back is worked again, with its author's identity settled."""

    mail_id: int


@dataclass(frozen=True, slots=True)
class Remember:
    """What came home about a letter of ours."""

    outbox_id: int
    reported: Reported


@dataclass(frozen=True, slots=True)
class Suppress:
    """From now on this address gets nothing automatic: it is dead, or somebody there called a letter spam."""

    email: str
    reason: str
    outbox_id: int
    complaint: bool = False


@dataclass(frozen=True, slots=True)
class Revive:
    """The address is not dead; a complaint stays."""

    email: str


Change = (
    OpenTicket
    | SetField
    | AddEntry
    | SendLetter
    | Release
    | Stand
    | SamePerson
    | Once
    | Publish
    | Remember
    | Suppress
    | Revive
)


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
    known_as: tuple[str, ...] = ()  # further names under which later letters may refer to the ticket (core.evidence)
    wrong: int = 0  # what in the letter looked like a token of ours and was none
    also: tuple[Outcome, ...] = ()  # what happens to other tickets in the same breath; none of them judges a letter
