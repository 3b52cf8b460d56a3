"""What memory knows of those who write: what an admin said of them, and how much they have sent lately.

It refuses to write and to judge. `recall` asks it once for many letters; nothing here grows with
the age of the desk, only with what one sender did within an hour or has open.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, bindparam, func, select

from maild.core.model import Clues, Fate, Held, Person, Recent, Standing, Status
from maild.store import trust
from maild.store.rows import chunks
from maild.store.schema import fold, mail, mail_raw, ticket

RECENTLY = timedelta(hours=1)
"""Tickets of one sender within this are compared (core.flood)."""

HEAD = 65_536
"""Bytes of a letter held back that are loaded: its author stands in its header."""

_RECENT = (
    select(ticket.c.requester_id, ticket.c.number, ticket.c.digest)
    .where(ticket.c.requester_id.in_(bindparam("ids", expanding=True)), ticket.c.created_at > bindparam("since"))
    .order_by(ticket.c.requester_id, ticket.c.created_at, ticket.c.number)
)
_OPEN = (
    select(ticket.c.requester_id, func.count())
    .where(
        ticket.c.requester_id.in_(bindparam("ids", expanding=True)),
        ticket.c.status.not_in([Status.RESOLVED.value, Status.CLOSED.value]),
    )
    .group_by(ticket.c.requester_id)
)
_HELD = (
    select(mail.c.id, mail.c.fate, mail.c.ticket, func.substr(mail_raw.c.raw, 1, HEAD).label("head"))
    .join_from(mail, mail_raw, mail_raw.c.mail_id == mail.c.id)
    .where(mail.c.id.in_(bindparam("ids", expanding=True)))
)


@dataclass(frozen=True, slots=True)
class Senders:
    """What was found for the whole batch; the numbers are of persons."""

    standing: Mapping[str, Standing]
    recent: Mapping[int, tuple[Recent, ...]]
    open: Mapping[int, int]
    held: Mapping[int, Held]

    def parents(self, of_person: int | None = None) -> Iterable[int]:
        """Tickets that a flood might be gathered on: the first with each repeated digest, and the first of all, of
        letters that are vouched for and of others."""
        several = self.recent.values() if of_person is None else (self.recent.get(of_person, ()),)
        for recent in several:
            if len(recent) < 2:
                continue
            yield from {one.unsure: one.number for one in reversed(recent)}.values()
            again = Counter(one.digest for one in recent)
            firsts = {one.digest: one.number for one in reversed(recent) if again[one.digest] > 1}
            yield from firsts.values()


def about(
    connection: Connection, clues: Sequence[tuple[int, Clues]], persons: Mapping[str, Person], now: datetime
) -> Senders:
    """Everything about the senders of these letters."""
    standing = trust.standing_of(connection, [one for _, clue in clues for one in clue.patterns])
    floods, limited = set(), set()
    for _, clue in clues:
        person = persons.get(fold(clue.sender))
        if person is not None and clue.limited:
            limited.add(person.id)
        accepted = any(standing.get(pattern) == Standing.ACCEPT for pattern in clue.patterns)
        if person is not None and clue.floods and not accepted:
            floods.add(person.id)
    return Senders(
        standing=standing,
        recent=_recent(connection, floods, now),
        open=_open(connection, limited),
        held=held(connection, [number for _, clue in clues for number in clue.held]),
    )


def _recent(connection: Connection, ids: Iterable[int], now: datetime) -> dict[int, tuple[Recent, ...]]:
    found: defaultdict[int, list[Recent]] = defaultdict(list)
    for some in chunks(sorted(ids)):
        for person_id, number, digest in connection.execute(_RECENT, {"ids": some, "since": now - RECENTLY}):
            found[person_id].append(Recent(number, digest))
    return {person_id: tuple(several) for person_id, several in found.items()}


def _open(connection: Connection, ids: Iterable[int]) -> dict[int, int]:
    found: dict[int, int] = {}
    for some in chunks(sorted(ids)):
        found |= dict(connection.execute(_OPEN, {"ids": some}).all())
    return found


def held(connection: Connection, ids: Iterable[int]) -> dict[int, Held]:
    """Of these letters, those whose bytes are kept."""
    found: dict[int, Held] = {}
    for some in chunks(ids):
        for mail_id, fate, number, head in connection.execute(_HELD, {"ids": some}):
            found[mail_id] = Held(None if fate is None else Fate(fate), number, bytes(head))
    return found
