"""Our letters on their way: claimed, fixed, sent, tried again, given up.

It refuses to know how a letter is written or carried. Every function works inside the
transaction of the connection it is given; `memory` calls them for the courier. A letter is
queued while `ready_at` is a number; nothing else says so.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Integer, bindparam, case, delete, select, text, update

from maild.core.model import Lane, Remember
from maild.store import suppression
from maild.store.intake import upserts
from maild.store.rows import OutboxRow, chunks, entries_by_id, letter_of, tickets_by_number
from maild.store.schema import id_key, instant, known_id, micros, outbox, outbox_raw
from maild.store.turns import fairly, shares

TEXT_LENGTH = 2000
"""Characters kept of what a relay said."""

_DUE = (
    select(outbox.c.id, outbox.c.ready_at)
    .where(outbox.c.lane == bindparam("in_lane"), outbox.c.ready_at <= bindparam("now"))
    .limit(bindparam("limit"))
    .with_for_update(skip_locked=True)
)
_LONGEST = _DUE.order_by(outbox.c.ready_at, outbox.c.id)
_NEWEST = _DUE.where(text("ready_at IS NOT NULL AND attempts = 0")).order_by(
    outbox.c.ready_at.desc(), outbox.c.id.desc()
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
_NAME = update(outbox).where(outbox.c.id == bindparam("of_id")).values(message_id=bindparam("its_id"))
_TICKETS = select(outbox.c.id, outbox.c.ticket).where(
    outbox.c.id.in_(bindparam("ids", expanding=True)), outbox.c.ticket.is_not(None)
)
_KNOWN = {name: statement.on_conflict_do_nothing() for name, statement in upserts(known_id).items()}


def claim(connection: Connection, limit: int, now: datetime, lease: timedelta, worker: str) -> list[int]:
    """Lease the letters that should go next; their ids, lane by lane, in each the longest due first.

    Where more wait than `limit`, no lane gets all, and half of each is new (see `turns`). What must not be sent
    (see `suppression`) is done with here: the last moment at which that can be known.
    """
    while True:
        ids = _next(connection, limit, now)
        going = suppression.stop(connection, ids)
        if going or not ids:
            break
    for some in chunks(going):
        connection.execute(_LEASE, {"ids": some, "until": micros(now + lease), "by": worker})
    return going


def _next(connection: Connection, limit: int, now: datetime) -> list[int]:
    """The ids of the letters that should go next."""
    asked = {"now": micros(now), "limit": limit}
    waiting = [dict(connection.execute(_LONGEST, asked | {"in_lane": lane.value}).all()) for lane in Lane]
    ids: list[int] = []
    for lane, due, share in zip(Lane, waiting, shares([len(due) for due in waiting], limit), strict=True):
        taken = list(due)
        if share and len(due) == limit:  # there may be more, and new ones among them
            newest = dict(connection.execute(_NEWEST, asked | {"in_lane": lane.value}).all())
            taken = fairly(taken, list(newest), share)
            due |= newest
        ids += sorted(taken[:share], key=lambda one: (due[one], one))
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


def fix(connection: Connection, fixed: Sequence[tuple[int, str, bytes]]) -> None:
    """Keep the Message-ID and bytes of these letters before their first attempt. Bytes once kept never change."""
    dialect = connection.dialect.name
    raws = [{"outbox_id": outbox_id, "raw": raw} for outbox_id, _, raw in fixed]
    new = set(connection.scalars(_FIX[dialect], raws)) if raws else set()
    named = {outbox_id: message_id for outbox_id, message_id, _ in fixed if outbox_id in new}
    if named:
        connection.execute(_NAME, [{"of_id": outbox_id, "its_id": its_id} for outbox_id, its_id in named.items()])
        _know(connection, named)


def _know(connection: Connection, ids: Mapping[int, str]) -> None:
    """Later letters that name these ids belong to the tickets of ours that have them."""
    rows = [
        {"message_id": id_key(ids[outbox_id]), "ticket": number, "mail_id": 0}
        for some in chunks(outbox_id for outbox_id, its_id in ids.items() if its_id)
        for outbox_id, number in connection.execute(_TICKETS, {"ids": some})
    ]
    if rows:
        connection.execute(_KNOWN[connection.dialect.name], rows)


def raw(connection: Connection, outbox_id: int) -> bytes | None:
    """The fixed bytes of a letter, None before they are fixed."""
    return connection.execute(select(outbox_raw.c.raw).where(outbox_raw.c.outbox_id == outbox_id)).scalar()


_QUEUED = (outbox.c.id == bindparam("of_id"), outbox.c.ready_at.is_not(None))
_DOT = update(outbox).where(*_QUEUED).values(dot_at=bindparam("at"))
_RETRY = (
    update(outbox)
    .where(*_QUEUED)
    .values(
        ready_at=bindparam("due"),
        error=bindparam("why"),
        dot_at=case((bindparam("doubt", type_=Integer) == 1, outbox.c.dot_at), else_=None),
        worker="",
    )
)
# No attempt was made: the claim's count is taken back.
_POSTPONE = (
    update(outbox)
    .where(*_QUEUED, outbox.c.attempts > 0)
    .values(ready_at=bindparam("due"), error=bindparam("why"), attempts=outbox.c.attempts - 1, worker="")
)
_REPORTED = update(outbox).where(outbox.c.id == bindparam("of_id")).values(reported=bindparam("what"))
_DEAD = update(outbox).where(*_QUEUED).values(state="dead", ready_at=None, error=bindparam("why"))
_SENT = (
    update(outbox)
    .where(outbox.c.id == bindparam("of_id"), outbox.c.state != "sent")
    .values(state="sent", ready_at=None, sent_at=bindparam("at"), relay_reply=bindparam("said"), error="")
)


def dot(connection: Connection, outbox_id: int, now: datetime) -> None:
    """Note that the final dot is about to be sent: after a crash now, the relay may have the letter."""
    connection.execute(_DOT, {"of_id": outbox_id, "at": now})


def sent(connection: Connection, outbox_id: int, now: datetime, relay_reply: str, ids: Iterable[str] = ()) -> None:
    """The relay has it; true even where another worker gave it up meanwhile. `ids`: Message-IDs it gave the letter."""
    connection.execute(_SENT, {"of_id": outbox_id, "at": now, "said": relay_reply[:TEXT_LENGTH]})
    for one in ids:
        _know(connection, {outbox_id: one})


def retry(connection: Connection, outbox_id: int, next_try: datetime, error: str, *, doubt: bool) -> None:
    """The attempt ended without an answer that decides; the next one is due at `next_try`.

    `doubt`: the final dot was sent and no answer came, so the relay may have the letter all the same.
    """
    given = {"of_id": outbox_id, "due": micros(next_try), "why": error[:TEXT_LENGTH], "doubt": int(doubt)}
    connection.execute(_RETRY, given)


def postpone(connection: Connection, until: Mapping[int, datetime], why: str) -> None:
    """These letters were claimed and not tried; each is due again at its instant."""
    if until:
        rows = [{"of_id": one, "due": micros(at), "why": why[:TEXT_LENGTH]} for one, at in until.items()]
        connection.execute(_POSTPONE, rows)


def dead(connection: Connection, outbox_id: int, error: str) -> None:
    """The letter cannot be delivered."""
    connection.execute(_DEAD, {"of_id": outbox_id, "why": error[:TEXT_LENGTH]})


def remember(connection: Connection, reports: Iterable[Remember]) -> None:
    """What came home about letters; the latest counts."""
    latest = {one.outbox_id: one.reported.value for one in reports}
    if latest:
        connection.execute(_REPORTED, [{"of_id": one, "what": what} for one, what in sorted(latest.items())])


# ------------------------------------------------------------------------------ what need not be kept

_OLD = (
    select(outbox_raw.c.outbox_id, outbox.c.state, outbox.c.lane, outbox.c.sent_at)
    .join_from(outbox_raw, outbox, outbox.c.id == outbox_raw.c.outbox_id)
    .where(outbox_raw.c.outbox_id > bindparam("after"))
    .order_by(outbox_raw.c.outbox_id)
    .limit(bindparam("limit"))
)
_FORGET = delete(outbox_raw).where(outbox_raw.c.outbox_id.in_(bindparam("ids", expanding=True)))


def forget(connection: Connection, after: int, before: datetime, limit: int) -> tuple[int | None, int]:
    """Drop the bytes of automatic letters sent before this instant, among the next `limit` letters kept.

    Answers with the last id looked at (None when there are no more) and how many were dropped. What an agent
    wrote to somebody (Lane.ANSWER) is kept, and so is what did not leave.
    """
    rows = connection.execute(_OLD, {"after": after, "limit": limit}).all()
    old = [
        row.outbox_id
        for row in rows
        if row.state == "sent" and row.lane != Lane.ANSWER and row.sent_at is not None and row.sent_at < before
    ]
    for some in chunks(old):
        connection.execute(_FORGET, {"ids": some})
    return (rows[-1].outbox_id if len(rows) == limit else None), len(old)
