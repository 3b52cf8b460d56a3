"""Care of what is stored, outside the journey of any one letter.

`release` gives back what a worker that is gone had claimed; `reset_due` applies a changed
policy to the schedule. Every function works inside the transaction of the connection it is
given; `memory` calls them.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import Connection, bindparam, update

from maild.core.model import Status, Ticket
from maild.store.rows import TICKETS, ticket_of
from maild.store.schema import mail, outbox, ticket

PAGE = 500  # tickets judged in one transaction


def release(connection: Connection, worker: str) -> None:
    """Letters leased to this worker wait again at once: it has just started, so nobody works on them.

    A letter that rests until a later try belongs to no worker.
    """
    for table in (mail, outbox):
        leased = (table.c.worker == worker, table.c.ready_at.is_not(None), table.c.ready_at > 0)
        connection.execute(update(table).where(*leased).values(ready_at=0, worker=""))


def reset_due(
    connection: Connection, after: int, next_due: Callable[[Ticket], datetime | None]
) -> tuple[int | None, int]:
    """Give the next page of unclosed tickets their due time anew.

    Answers with the last number of the page (None when there are no more) and how many moved.
    """
    page = TICKETS.where(ticket.c.number > after, ticket.c.status != Status.CLOSED.value)
    found = [ticket_of(row) for row in connection.execute(page.order_by(ticket.c.number).limit(PAGE))]
    moved = [(one, due) for one in found if (due := next_due(one)) != one.next_due]
    if moved:
        change = (
            update(ticket)
            .where(ticket.c.number == bindparam("n"), ticket.c.version == bindparam("v"))
            .values(next_due=bindparam("due"), version=ticket.c.version + 1)
        )
        connection.execute(change, [{"n": one.number, "v": one.version, "due": due} for one, due in moved])
    return (found[-1].number if found else None), len(moved)
