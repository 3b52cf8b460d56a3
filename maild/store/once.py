"""Things done once, whichever process comes first: a counter moves, or the rest does not happen.

It refuses to know what is done; `record` asks within the transaction that does it.
"""

from __future__ import annotations

from sqlalchemy import Connection, bindparam, select

from maild.core.model import Once
from maild.store.intake import upserts
from maild.store.schema import counter

_MOVE = {
    name: statement.on_conflict_do_update(
        index_elements=["name"],
        set_={"value": statement.excluded.value},
        where=counter.c.value < bindparam("below"),
    ).returning(counter.c.value)
    for name, statement in upserts(counter).items()
}


def first(connection: Connection, once: Once | None) -> bool:
    """Move the counter; False where somebody has done so already. What hangs on nothing is always the first."""
    if once is None:
        return True
    row = {"name": once.name, "value": once.value, "below": once.below}
    return connection.execute(_MOVE[connection.dialect.name], row).first() is not None


def value(connection: Connection, name: str) -> int:
    """Where the counter stands; 0 before it first moved."""
    return connection.execute(select(counter.c.value).where(counter.c.name == name)).scalar() or 0
