"""What memory knows of our own letters when somebody tells us what became of one.

It refuses to write and to judge. `recall` asks it for many letters at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, bindparam, or_, select

from maild.core.model import EntryKind, Lane, Purpose, Reported, SentLetter
from maild.store.rows import chunks
from maild.store.schema import entry, outbox

MOST_LETTERS = 1_000
"""Of one ticket, the latest, among which the answers are looked for that did arrive."""

_COLUMNS = (
    *(outbox.c.id, outbox.c.ticket, outbox.c.template, outbox.c.to_email, outbox.c.purpose, outbox.c.reported),
    *(outbox.c.lane, entry.c.kind, entry.c.author, entry.c.at),
)
_SENT = (
    select(*_COLUMNS, entry.c.text)
    .join_from(outbox, entry, entry.c.id == outbox.c.entry_id, isouter=True)
    .where(outbox.c.id.in_(bindparam("ids", expanding=True)))
)
_OF_TICKET = (
    select(*_COLUMNS)
    .join_from(outbox, entry, entry.c.id == outbox.c.entry_id, isouter=True)
    .where(
        outbox.c.ticket == bindparam("number"),
        or_(outbox.c.reported != "", (outbox.c.lane == Lane.ANSWER.value) & outbox.c.entry_id.is_not(None)),
    )
    .order_by(outbox.c.id.desc())
    .limit(MOST_LETTERS)
)


def sent(connection: Connection, ids: Iterable[int]) -> dict[int, SentLetter]:
    """Those of these letters that there are, with the words they carried."""
    found = {}
    for some in chunks(ids):
        for row in connection.execute(_SENT, {"ids": some}):
            found[row.id] = _of(row, row.text or "")
    return found


def of_tickets(connection: Connection, numbers: Iterable[int]) -> dict[int, tuple[SentLetter, ...]]:
    """Of each ticket the letters that carried an answer or that something was reported of, oldest first."""
    found: dict[int, tuple[SentLetter, ...]] = {}
    for number in dict.fromkeys(numbers):
        rows: Sequence[Any] = connection.execute(_OF_TICKET, {"number": number}).all()
        found[number] = tuple(_of(row) for row in reversed(rows))
    return found


def _of(row: Any, words: str = "") -> SentLetter:
    # An agent's answer also goes to colleagues who watch, as news of the desk's.
    answer = row.kind == EntryKind.RESPONSE.value and row.lane == Lane.ANSWER.value
    return SentLetter(
        outbox_id=row.id,
        ticket=row.ticket or 0,
        template=row.template,
        to=row.to_email,
        purpose=None if row.purpose is None else Purpose(row.purpose),
        reported=Reported(row.reported) if row.reported else None,
        author=row.author if answer else "",
        written_at=row.at if answer else None,
        words=words if answer else "",
    )
