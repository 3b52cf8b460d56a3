"""What lasts and an admin should know of: a relay that is away, and since when.

It refuses to know what any of it means. Whoever notices trouble writes it down here under a
name of its own and takes it back when it is over; `memory` calls for them, and for whoever looks.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, select

from maild.store.intake import upserts
from maild.store.schema import state

_NOTE = {
    name: statement.on_conflict_do_update(index_elements=["name"], set_={"what": statement.excluded.what})
    for name, statement in upserts(state).items()
}


@dataclass(frozen=True, slots=True)
class State:
    """One thing that is not as it should be."""

    name: str  # "relay smtp.bank.example:25"
    since: datetime
    what: str


def note(connection: Connection, name: str, what: str, now: datetime) -> None:
    """Something is wrong from now on; noted again, it is wrong since the first time."""
    connection.execute(_NOTE[connection.dialect.name], {"name": name, "since": now, "what": what})


def over(connection: Connection, name: str) -> None:
    """It is well again, or never was wrong."""
    connection.execute(delete(state).where(state.c.name == name))


def every(connection: Connection) -> list[State]:
    """All that is wrong, the longest first."""
    rows = connection.execute(select(state).order_by(state.c.since, state.c.name))
    return [State(row.name, row.since, row.what) for row in rows]
