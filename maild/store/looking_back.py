"""What the past is asked: letters that began tickets, what was recorded of them, which rules hit.

It refuses to write and to judge. All of it is read in handfuls, so that years cost time and no memory;
`memory` calls it for `maild rules`, `maild explain --mail` and the story of a ticket.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, bindparam, or_, select

from maild.core.model import Entry, EntryKind, Envelope, Fate, Ticket
from maild.store.intake import envelope_of
from maild.store.rows import MailRow, chunks, entry_of, mail_of, tickets_by_number
from maild.store.schema import entry, mail, mail_raw

LETTERS = 200
"""Letters of one handful…"""

OCTETS = 32 * 1024 * 1024
"""…and their bytes; a larger one comes alone."""

ENTRIES = 5_000
"""Lines of threads looked through at once."""


@dataclass(frozen=True, slots=True)
class Began:
    """A letter that began a ticket. `envelope` None: its bytes are gone. `events`: what happened to the ticket."""

    mail_id: int
    received_at: datetime
    envelope: Envelope | None
    ticket: Ticket
    events: tuple[Entry, ...]


_RAWS = (
    select(mail, mail_raw.c.raw)
    .join_from(mail, mail_raw, mail_raw.c.mail_id == mail.c.id)
    .where(mail.c.id.in_(bindparam("ids", expanding=True)))
)
_EVENTS = (
    select(entry)
    .where(entry.c.ticket.in_(bindparam("numbers", expanding=True)), entry.c.kind == EntryKind.EVENT.value)
    .order_by(entry.c.id)
)
_MAILS = select(mail).where(mail.c.id.in_(bindparam("ids", expanding=True)))
_WITH_RULES = (
    select(entry.c.ticket, entry.c.at, entry.c.author, entry.c.data)
    .where(entry.c.id > bindparam("after"), entry.c.id <= bindparam("until"))
    .where(or_(entry.c.data.like('%"rules":["%'), entry.c.author.like("rule:%")))
    .order_by(entry.c.id)
)
_LAST_ENTRY = select(entry.c.id).order_by(entry.c.id.desc()).limit(1)


def began(
    connection: Connection, since: datetime | None, before: tuple[datetime, int] | None, limit: int
) -> list[Began]:
    """The next handful of letters that began tickets, newest first, at most `limit`; `before`: where the last ended."""
    wanted = select(mail.c.id, mail.c.received_at, mail.c.size, mail.c.ticket)
    wanted = wanted.where(mail.c.fate == Fate.TICKET.value).order_by(mail.c.received_at.desc(), mail.c.id.desc())
    if since is not None:
        wanted = wanted.where(mail.c.received_at >= since)
    if before is not None:
        at, mail_id = before
        earlier = or_(mail.c.received_at < at, and_(mail.c.received_at == at, mail.c.id < mail_id))
        wanted = wanted.where(mail.c.received_at <= at, earlier)
    some: list[Any] = []
    octets = 0
    for row in connection.execute(wanted.limit(min(limit, LETTERS))):
        if some and octets + row.size > OCTETS:
            break
        some.append(row)
        octets += row.size
    raws = {row.id: envelope_of(row) for row in connection.execute(_RAWS, {"ids": [row.id for row in some]})}
    numbers = [row.ticket for row in some if row.ticket]
    tickets, events = tickets_by_number(connection, numbers), _events(connection, numbers)
    return [
        Began(row.id, row.received_at, raws.get(row.id), tickets[row.ticket], tuple(events[row.ticket]))
        for row in some
        if row.ticket in tickets
    ]


def _events(connection: Connection, numbers: Iterable[int]) -> dict[int, list[Entry]]:
    found: dict[int, list[Entry]] = defaultdict(list)
    for some in chunks(numbers):
        for row in connection.execute(_EVENTS, {"numbers": some}):
            found[row.ticket].append(entry_of(row))
    return found


def letters(connection: Connection, ids: Iterable[int]) -> dict[int, MailRow]:
    """The ledger's lines of these letters."""
    found: dict[int, MailRow] = {}
    for some in chunks(ids):
        found |= {row.id: mail_of(row) for row in connection.execute(_MAILS, {"ids": some})}
    return found


def last_entry(connection: Connection) -> int:
    return connection.execute(_LAST_ENTRY).scalar() or 0


@dataclass(frozen=True, slots=True)
class Hit:
    """A rule that did something with a ticket."""

    rule: str
    ticket: int
    at: datetime


def hits(connection: Connection, after: int) -> list[Hit]:
    """The rules that the next ENTRIES lines of threads speak of; one that did several things at once comes once."""
    found: dict[Hit, None] = {}
    for row in connection.execute(_WITH_RULES, {"after": after, "until": after + ENTRIES}):
        named = json.loads(row.data).get("rules", ())
        rules = named or ([row.author.removeprefix("rule:")] if row.author.startswith("rule:") else [])
        found.update(dict.fromkeys(Hit(str(rule), row.ticket, row.at) for rule in rules))
    return list(found)
