"""Mailboxes elsewhere that a door fetches from: how far it has come, and whose mailbox it is.

It refuses to know IMAP. Every function works inside the transaction of the connection it is
given; `memory` calls them. Several daemons may share a database: a mailbox belongs to one of
them at a time, for as long as its lease lasts.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Connection, bindparam, or_, update

from maild.store.intake import upserts
from maild.store.schema import mailbox, micros

_TAKE = {
    name: statement.on_conflict_do_update(
        index_elements=["name"],
        set_={"worker": statement.excluded.worker, "leased_until": statement.excluded.leased_until},
        where=or_(mailbox.c.leased_until <= bindparam("now"), mailbox.c.worker == statement.excluded.worker),
    ).returning(mailbox.c.uidvalidity, mailbox.c.uid)
    for name, statement in upserts(mailbox).items()
}
_MINE = (mailbox.c.name == bindparam("of"), mailbox.c.worker == bindparam("by"))
_SEEN = update(mailbox).where(*_MINE).values(uidvalidity=bindparam("epoch"), uid=bindparam("last"))
_LEAVE = update(mailbox).where(*_MINE).values(leased_until=0)


def take(connection: Connection, name: str, worker: str, now: datetime, lease: timedelta) -> tuple[int, int] | None:
    """Lease a mailbox, or lease it on; what `seen` noted last, (0, 0) at first. None: it is somebody else's."""
    asked = {"name": name, "worker": worker, "leased_until": micros(now + lease), "now": micros(now)}
    row = connection.execute(_TAKE[connection.dialect.name], asked).first()
    return None if row is None else (row.uidvalidity, row.uid)


def seen(connection: Connection, name: str, worker: str, uidvalidity: int, uid: int) -> None:
    """Every letter up to this UID is dealt with; nothing happens where the mailbox is no longer ours."""
    connection.execute(_SEEN, {"of": name, "by": worker, "epoch": uidvalidity, "last": uid})


def leave(connection: Connection, name: str, worker: str) -> None:
    """Let others have it at once."""
    connection.execute(_LEAVE, {"of": name, "by": worker})
