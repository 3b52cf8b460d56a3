"""Our letters on their way: claimed, fixed, sent, tried again, given up.

It refuses to know how a letter is written or carried. Every function works inside the
transaction of the connection it is given; `memory` calls them for the courier. A letter is
queued while `ready_at` is a number; nothing else says so.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, bindparam, select, update

from maild.core.model import Lane
from maild.store.intake import upserts
from maild.store.rows import OutboxRow, chunks, entries_by_id, letter_of, tickets_by_number
from maild.store.schema import id_key, instant, known_id, micros, outbox, outbox_raw

TEXT_LENGTH = 2000
"""Characters kept of what a relay said."""

_NEXT = (
    select(outbox.c.id)
    .where(outbox.c.lane == bindparam("in_lane"), outbox.c.ready_at <= bindparam("now"))
    .order_by(outbox.c.ready_at, outbox.c.id)
    .limit(bindparam("limit"))
    .with_for_update(skip_locked=True)
)
_LEASE = (
    update(outbox)
    .where(outbox.c.id.in_(bindparam("ids", expanding=True)))
    .values(ready_at=bindparam("until"), attempts=outbox.c.attempts + 1, worker=bindparam("by"))
)
_ROWS = select(outbox).where(outbox.c.id.in_(bindparam("ids", expanding=True)))
_FIX = {
    name: statement.on_conflict_do_nothing().returning(outbox_raw.c.outbox_id)
    for name, statement in upserts(outbox_raw).items()
}
_NAME = (
    update(outbox)
    .where(outbox.c.id == bindparam("of_id"))
    .values(message_id=bindparam("its_id"))
    .returning(outbox.c.ticket)
)
_KNOWN = {name: statement.on_conflict_do_nothing() for name, statement in upserts(known_id).items()}


def claim(connection: Connection, limit: int, now: datetime, lease: timedelta, worker: str) -> list[int]:
    """Lease the letters that should go next: lane by lane, in each the longest due first; their ids in that order."""
    ids: list[int] = []
    for lane in Lane:
        if len(ids) < limit:
            asked = {"in_lane": lane.value, "now": micros(now), "limit": limit - len(ids)}
            ids += connection.scalars(_NEXT, asked)
    for some in chunks(ids):
        connection.execute(_LEASE, {"ids": some, "until": micros(now + lease), "by": worker})
    return ids


def claimed(connection: Connection, ids: Iterable[int]) -> list[OutboxRow]:
    """The claimed letters in the order of their ids given, with ticket and entry as they are now."""
    order = list(ids)
    rows: dict[int, Any] = {}
    for some in chunks(order):
        rows |= {row.id: row for row in connection.execute(_ROWS, {"ids": some})}
    tickets = tickets_by_number(connection, (row.ticket for row in rows.values() if row.ticket is not None))
    entries = entries_by_id(connection, (row.entry_id for row in rows.values() if row.entry_id is not None))
    found = []
    for outbox_id in order:
        row = rows[outbox_id]
        found.append(outbox_of(row, ticket=tickets.get(row.ticket), entry=entries.get(row.entry_id)))
    return found


def outbox_of(row: Any, **more: Any) -> OutboxRow:
    """The value of a row of `schema.outbox`."""
    return OutboxRow(
        outbox_id=row.id,
        number=row.ticket,
        letter=letter_of(row),
        entry_id=row.entry_id,
        state=row.state,
        attempts=row.attempts,
        created_at=row.created_at,
        next_try=None if row.ready_at is None else instant(row.ready_at),
        message_id=row.message_id,
        error=row.error,
        relay_reply=row.relay_reply,
        dot_at=row.dot_at,
        sent_at=row.sent_at,
        **more,
    )


def fix(connection: Connection, outbox_id: int, message_id: str, raw: bytes) -> None:
    """Keep the bytes of a letter before its first attempt. Bytes once kept never change."""
    dialect = connection.dialect.name
    if connection.execute(_FIX[dialect], {"outbox_id": outbox_id, "raw": raw}).first() is None:
        return
    number = connection.execute(_NAME, {"of_id": outbox_id, "its_id": message_id}).scalar()
    if number is not None and message_id:
        connection.execute(_KNOWN[dialect], {"message_id": id_key(message_id), "ticket": number, "mail_id": 0})


def raw(connection: Connection, outbox_id: int) -> bytes | None:
    """The fixed bytes of a letter, None before they are fixed."""
    return connection.execute(select(outbox_raw.c.raw).where(outbox_raw.c.outbox_id == outbox_id)).scalar()


_QUEUED = (outbox.c.id == bindparam("of_id"), outbox.c.ready_at.is_not(None))
_DOT = update(outbox).where(*_QUEUED).values(dot_at=bindparam("at"))
_RETRY = (
    update(outbox).where(*_QUEUED).values(ready_at=bindparam("due"), error=bindparam("why"), dot_at=None, worker="")
)
_DEAD = update(outbox).where(*_QUEUED).values(state="dead", ready_at=None, error=bindparam("why"))
_SENT = (
    update(outbox)
    .where(outbox.c.id == bindparam("of_id"), outbox.c.state != "sent")
    .values(state="sent", ready_at=None, sent_at=bindparam("at"), relay_reply=bindparam("said"), error="")
)


def dot(connection: Connection, outbox_id: int, now: datetime) -> None:
    """Note that the final dot is about to be sent: after a crash now, the relay may have the letter."""
    connection.execute(_DOT, {"of_id": outbox_id, "at": now})


def sent(connection: Connection, outbox_id: int, now: datetime, relay_reply: str) -> None:
    """The relay has it; true even where another worker gave it up meanwhile."""
    connection.execute(_SENT, {"of_id": outbox_id, "at": now, "said": relay_reply[:TEXT_LENGTH]})


def retry(connection: Connection, outbox_id: int, next_try: datetime, error: str) -> None:
    """The attempt ended without an answer that decides; the next one is due at `next_try`."""
    connection.execute(_RETRY, {"of_id": outbox_id, "due": micros(next_try), "why": error[:TEXT_LENGTH]})


def dead(connection: Connection, outbox_id: int, error: str) -> None:
    """The letter cannot be delivered."""
    connection.execute(_DEAD, {"of_id": outbox_id, "why": error[:TEXT_LENGTH]})
