"""Addresses that get no automatic letters: dead ones, and those from which a complaint came.

An address may be here twice, once for each: a letter from a dead one shows that it lives, and
takes no complaint back. It refuses to judge which letters are automatic beyond the lane they
travel in. `record`, `recall` and `outbox` use it inside their transactions, `memory` for the shell.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, delete, select, update

from maild.core.model import Lane, Revive, Suppress, Suppressed
from maild.store.intake import upserts
from maild.store.rows import chunks
from maild.store.schema import clean, fold, outbox, suppression

FOLLOWING = ("further-files",)
"""Letters of the desk that belong to an agent's answer: they go where it goes."""

_SUPPRESS = {
    name: statement.on_conflict_do_nothing(index_elements=["email", "complaint"])
    for name, statement in upserts(suppression).items()
}
_AMONG = select(suppression).where(suppression.c.email.in_(bindparam("emails", expanding=True)))
_STOPPED = (
    select(outbox.c.id, suppression.c.reason)
    .join_from(outbox, suppression, suppression.c.email == outbox.c.to_folded)
    .where(
        outbox.c.id.in_(bindparam("ids", expanding=True)),
        outbox.c.lane == Lane.NOTICE.value,
        outbox.c.template.not_in(FOLLOWING),
    )
)
_STOP = (
    update(outbox)
    .where(outbox.c.id == bindparam("of_id"))
    .values(state="suppressed", ready_at=None, error=bindparam("why"))
)


def record(connection: Connection, changes: Iterable[object], now: datetime) -> None:
    """What was decided about addresses. The first reason is kept: the date says since when."""
    said = list(changes)
    for email in sorted({fold(one.email) for one in said if isinstance(one, Revive)}):
        connection.execute(delete(suppression).where(suppression.c.email == email, suppression.c.complaint == 0))
    rows = [
        {
            "email": fold(one.email),
            "complaint": int(one.complaint),
            "since": now,
            "reason": clean(one.reason),
            "outbox_id": one.outbox_id,
        }
        for one in said
        if isinstance(one, Suppress)
    ]
    if rows:
        rows.sort(key=lambda row: (str(row["email"]), row["complaint"]))
        connection.execute(_SUPPRESS[connection.dialect.name], rows)


def among(connection: Connection, emails: Iterable[str]) -> list[Suppressed]:
    """Those of these folded addresses that get nothing automatic."""
    return [_of(row) for some in chunks(emails) for row in connection.execute(_AMONG, {"emails": some})]


def every(connection: Connection) -> list[Suppressed]:
    """All of them, by address."""
    rows = connection.execute(select(suppression).order_by(suppression.c.email, suppression.c.complaint))
    return [_of(row) for row in rows]


def release(connection: Connection, email: str) -> bool:
    """Whatever was held against an address, it gets automatic letters again; False where nothing was."""
    return connection.execute(delete(suppression).where(suppression.c.email == fold(email))).rowcount > 0


def stop(connection: Connection, ids: list[int]) -> list[int]:
    """Of these claimed letters, take out for good what must not be sent; the ids of the others, in their order."""
    found: dict[int, str] = {}
    for some in chunks(ids):
        found |= dict(connection.execute(_STOPPED, {"ids": some}).all())
    if found:
        connection.execute(_STOP, [{"of_id": one, "why": f"suppressed: {why}"} for one, why in sorted(found.items())])
    return [one for one in ids if one not in found]


def _of(row: Any) -> Suppressed:
    return Suppressed(
        email=row.email,
        since=row.since,
        reason=row.reason,
        outbox_id=row.outbox_id,
        complaint=bool(row.complaint),
    )
