"""Under which Message-IDs and names tickets are known.

An id leads to the first tickets that letters with it joined, a name (Outcome.known_as) to the
latest: an id belongs to one letter, a name to a conversation that may begin again. It refuses
to know what a name says. `record` calls it.
"""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Connection, bindparam, delete, func, select

from maild.store.intake import upserts
from maild.store.schema import id_key, known_id

SAME_ID = 16
"""Most letters remembered under one id or name: somebody who sends thousands with the same one slows down nobody."""

Called = tuple[str, int, int]  # id or name, ticket, letter

_REMEMBERED = select(func.count()).where(known_id.c.message_id == bindparam("its_id")).scalar_subquery()
_NEW = {
    name: statement.from_select(
        ["message_id", "ticket", "mail_id"],
        select(
            bindparam("its_id", type_=known_id.c.message_id.type),
            bindparam("its_ticket", type_=known_id.c.ticket.type),
            bindparam("its_mail", type_=known_id.c.mail_id.type),
        ).where(_REMEMBERED < SAME_ID),
    ).on_conflict_do_nothing()
    for name, statement in upserts(known_id).items()
}
_SAME = known_id.alias("same")
_LAST_BUT_FULL = (
    select(_SAME.c.ticket)
    .where(_SAME.c.message_id == bindparam("its_id"))
    .order_by(_SAME.c.ticket.desc())
    .offset(SAME_ID - 1)
    .limit(1)
    .scalar_subquery()
)
_FORGET = delete(known_id).where(known_id.c.message_id == bindparam("its_id"), known_id.c.ticket <= _LAST_BUT_FULL)


def remember(connection: Connection, ids: Iterable[Called], names: Iterable[Called]) -> None:
    """Keep further ids and names of tickets."""
    named = [_row(*one) for one in names]
    if named:
        connection.execute(_FORGET, [{"its_id": row["its_id"]} for row in named])
    rows = [_row(*one) for one in ids] + named
    if rows:
        connection.execute(_NEW[connection.dialect.name], rows)


def _row(called: str, number: int, mail_id: int) -> dict[str, object]:
    return {"its_id": id_key(called), "its_ticket": number, "its_mail": mail_id}
