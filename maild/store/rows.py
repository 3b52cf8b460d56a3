"""Values to rows and back: the one place that knows which field is which column.

It refuses to know any statement but the one that reads tickets; `recall`, `record`,
`outbox` and `queries` use it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import Connection, bindparam, select

from maild.core.model import Address, Entry, EntryKind, Fate, Lane, Letter, Person, Purpose, Status, Ticket
from maild.store.schema import clean, entry, instant, person, ticket

T = TypeVar("T")

CHUNK = 500
"""Most values of one IN (…): far below SQLite's 32,766 variables, and few enough texts of a statement to cache."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MailRow:
    """One line of the mail ledger: a received letter and what became of it."""

    mail_id: int
    received_at: datetime
    door: str
    peer: str
    helo: str
    mail_from: str
    rcpts: tuple[str, ...]
    message_id: str
    size: int  # bytes
    attempts: int
    fate: Fate | None  # None: still waiting
    reason: str
    trace: tuple[str, ...]
    error: str  # of the last failed attempt
    ticket: int | None
    times: int  # letters this line stands for; more than 1 only where it counts exact duplicates
    key: str  # the dedupe key; with "=" before it, the line counts exact duplicates of that letter
    ready_at: datetime | None  # since or from when it may be claimed, None once it has a fate
    worker: str  # who claimed it last
    confirmed: bool  # it was held back and then released


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboxRow:
    """One letter of ours on its way. `ticket` and `entry` are filled only when it is claimed."""

    outbox_id: int
    number: int | None  # of the ticket
    letter: Letter
    entry_id: int | None
    state: str  # queued, sent, dead
    attempts: int
    created_at: datetime
    next_try: datetime | None
    message_id: str  # "" until its bytes are fixed
    error: str
    relay_reply: str
    dot_at: datetime | None  # the last attempt came as far as the final dot and nobody knows its answer
    sent_at: datetime | None
    ticket: Ticket | None = None
    entry: Entry | None = None


def chunks(values: Iterable[T]) -> Iterator[list[T]]:
    """The values without repetition, in handfuls that fit a statement."""
    distinct = list(dict.fromkeys(values))
    for start in range(0, len(distinct), CHUNK):
        yield distinct[start : start + CHUNK]


# ------------------------------------------------------------------------------ JSON


def dumps(value: Any) -> str:
    """JSON of a list or mapping; instants as ISO 8601, people as their address."""
    if not value:
        return "{}" if isinstance(value, Mapping) else "[]"
    text = json.dumps(value, ensure_ascii=False, default=_plain, separators=(",", ":"))
    # Text columns are cleaned on their way, but a NUL hides in JSON as an escape.
    if "\\u0000" in text:
        text = json.dumps(_without_nul(json.loads(text)), ensure_ascii=False, separators=(",", ":"))
    return text


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Person | Address):
        return value.email
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, set | frozenset):
        return sorted(value)
    if is_dataclass(value) and not isinstance(value, type):
        return {item.name: getattr(value, item.name) for item in fields(value)}
    return str(value)


def _without_nul(value: Any) -> Any:
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, list):
        return [_without_nul(item) for item in value]
    if isinstance(value, dict):
        return {clean(key): _without_nul(item) for key, item in value.items()}
    return value


def strings(text: str) -> tuple[str, ...]:
    """The tuple of texts `dumps` wrote."""
    return () if text == "[]" else tuple(json.loads(text))


# ------------------------------------------------------------------------------ tickets

_PLAIN = (
    *("subject", "address", "topic", "priority", "team", "agent", "sla", "clock_from", "responded_at"),
    *("waiting_since", "waited", "resolved_at", "closed_at", "closing", "last_message_id", "next_due"),
    *("organisation", "merged_into", "digest", "quiet_until"),
)

TICKETS = select(
    ticket, person.c.id.label("person_id"), person.c.email.label("person_email"), person.c.name.label("person_name")
).join_from(ticket, person, person.c.id == ticket.c.requester_id)
"""Every column `ticket_of` needs; add a condition."""

_TICKETS_BY_NUMBER = TICKETS.where(ticket.c.number.in_(bindparam("numbers", expanding=True)))


def ticket_row(value: Ticket, number: int, requester_id: int) -> dict[str, Any]:
    """The columns of a ticket that may change, and its number."""
    row: dict[str, Any] = {name: getattr(value, name) for name in _PLAIN}
    row["number"] = number
    row["requester_id"] = requester_id
    row["status"] = value.status.value
    row["tags"] = dumps(value.tags)
    row["watchers"] = dumps(value.watchers)
    for name in ("copied", "collaborators", "departed", "linked", "pulse", "files"):
        row[name] = dumps(getattr(value, name))
    row["thread_ids"] = dumps(value.references)
    row["marks"] = dumps(value.marks)
    row["since"] = dumps(value.since)
    return row


def ticket_of(row: Any) -> Ticket:
    """The ticket of a row of TICKETS."""
    return Ticket(
        number=row.number,
        subject=row.subject,
        requester=Person(row.person_id, row.person_email, row.person_name),
        address=row.address,
        created_at=row.created_at,
        status=Status(row.status),
        topic=row.topic,
        priority=row.priority,
        team=row.team,
        agent=row.agent,
        sla=row.sla,
        tags=strings(row.tags),
        watchers=strings(row.watchers),
        copied=strings(row.copied),
        collaborators=strings(row.collaborators),
        departed=strings(row.departed),
        organisation=row.organisation,
        linked=tuple(json.loads(row.linked)),
        merged_into=row.merged_into,
        digest=row.digest,
        pulse=strings(row.pulse),
        quiet_until=row.quiet_until,
        clock_from=row.clock_from,
        responded_at=row.responded_at,
        waiting_since=row.waiting_since,
        waited=row.waited,
        resolved_at=row.resolved_at,
        closed_at=row.closed_at,
        closing=row.closing,
        last_message_id=row.last_message_id,
        references=strings(row.thread_ids),
        files=strings(row.files),
        marks=strings(row.marks),
        since={name: datetime.fromisoformat(at) for name, at in json.loads(row.since).items()},
        next_due=row.next_due,
        version=row.version,
    )


def tickets_by_number(connection: Connection, numbers: Iterable[int]) -> dict[int, Ticket]:
    """Those of these tickets that exist."""
    found: dict[int, Ticket] = {}
    for some in chunks(numbers):
        for row in connection.execute(_TICKETS_BY_NUMBER, {"numbers": some}):
            found[row.number] = ticket_of(row)
    return found


# ------------------------------------------------------------------------------ entries


def entry_row(value: Entry, entry_id: int, number: int) -> dict[str, Any]:
    """The columns of one line of a thread."""
    return {
        "id": entry_id,
        "ticket": number,
        "kind": value.kind.value,
        "at": value.at,
        "author": value.author,
        "author_name": value.author_name,
        "public": int(value.public),
        "text": value.text,
        "mail_id": value.mail_id,
        "message_id": value.message_id,
        "data": dumps(value.data),
    }


def entry_of(row: Any) -> Entry:
    """The entry of a row of `schema.entry`."""
    return Entry(
        id=row.id,
        kind=EntryKind(row.kind),
        at=row.at,
        author=row.author,
        author_name=row.author_name,
        public=bool(row.public),
        text=row.text,
        mail_id=row.mail_id,
        message_id=row.message_id,
        data=json.loads(row.data),
    )


_ENTRIES_BY_ID = select(entry).where(entry.c.id.in_(bindparam("ids", expanding=True)))


def entries_by_id(connection: Connection, ids: Iterable[int]) -> dict[int, Entry]:
    """Those of these entries that exist."""
    found: dict[int, Entry] = {}
    for some in chunks(ids):
        for row in connection.execute(_ENTRIES_BY_ID, {"ids": some}):
            found[row.id] = entry_of(row)
    return found


# ------------------------------------------------------------------------------ letters

_LETTER_REST = (
    *("automatic", "from_name", "from_address", "in_reply_to", "references", "about_entry", "attachments_of"),
    *("shown_to", "files", "context"),
)


def letter_rest(letter: Letter) -> str:
    """JSON of what has no column of its own; fields at their default are left out."""
    rest = {name: getattr(letter, name) for name in _LETTER_REST}
    return dumps({name: value for name, value in rest.items() if value})


def letter_of(row: Any) -> Letter:
    """The letter of a row of `schema.outbox`."""
    rest: dict[str, Any] = json.loads(row.letter)
    for name in ("references", "shown_to", "files"):
        if name in rest:
            rest[name] = tuple(rest[name])
    return Letter(
        template=row.template,
        to=Address(row.to_email, row.to_name),
        lane=Lane(row.lane),
        purpose=None if row.purpose is None else Purpose(row.purpose),
        principal=row.principal,
        **rest,
    )


def mail_of(row: Any) -> MailRow:
    """The ledger's line of a row of `schema.mail`."""
    return MailRow(
        mail_id=row.id,
        received_at=row.received_at,
        door=row.door,
        peer=row.peer,
        helo=row.helo,
        mail_from=row.mail_from,
        rcpts=strings(row.rcpts),
        message_id=row.message_id,
        size=row.size,
        attempts=row.attempts,
        fate=None if row.fate is None else Fate(row.fate),
        reason=row.reason,
        trace=strings(row.trace),
        error=row.error,
        ticket=row.ticket,
        times=row.times,
        key=row.key,
        ready_at=None if row.ready_at is None else instant(row.ready_at) if row.ready_at else row.received_at,
        worker=row.worker,
        confirmed=bool(row.confirmed),
    )
