"""What is known of senders besides their letters: standing, other addresses, revocations.

It refuses to judge. `record` and `recall` use it inside a letter's transaction, `memory`
for the shell.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import Connection, bindparam, delete, func, or_, select, update

from maild.core.model import SamePerson, Stand, Standing
from maild.store.intake import upserts
from maild.store.rows import chunks
from maild.store.schema import LONG_ADDRESS, fold, outbox, person, revocation, standing

_STAND = {
    name: statement.on_conflict_do_update(
        index_elements=["pattern"],
        set_={key: statement.excluded[key] for key in ("verdict", "at", "by")},
    )
    for name, statement in upserts(standing).items()
}
_STANDING = select(standing.c.pattern, standing.c.verdict).where(
    standing.c.pattern.in_(bindparam("patterns", expanding=True))
)
_MAIN = func.coalesce(person.c.same_as, person.c.id)
_SAME = {
    name: statement.on_conflict_do_update(index_elements=["folded"], set_={"same_as": statement.excluded.same_as})
    for name, statement in upserts(person).items()
}
_REVOKE = {
    name: statement.on_conflict_do_update(
        index_elements=["whose", "principal"],
        set_={key: statement.excluded[key] for key in ("through", "at")},
    )
    for name, statement in upserts(revocation).items()
}
_REVOKED = select(revocation.c.whose, revocation.c.principal, revocation.c.through).where(
    revocation.c.principal.in_(bindparam("principals", expanding=True))
)


def record_standing(connection: Connection, stands: Iterable[Stand], now: datetime) -> None:
    """Keep what was said of senders; the latest word holds."""
    latest = {fold(one.pattern): one for one in stands}
    rows = [
        {"pattern": pattern, "verdict": one.verdict.value, "at": now, "by": one.by}
        for pattern, one in sorted(latest.items())
    ]
    if rows:
        connection.execute(_STAND[connection.dialect.name], rows)


def forget_standing(connection: Connection, pattern: str) -> bool:
    """Take back what was said of a sender; False where nothing was."""
    return connection.execute(delete(standing).where(standing.c.pattern == fold(pattern))).rowcount > 0


def standing_of(connection: Connection, patterns: Iterable[str]) -> dict[str, Standing]:
    """What was said of these addresses and "@domains"."""
    found: dict[str, Standing] = {}
    for some in chunks(patterns):
        rows = connection.execute(_STANDING, {"patterns": some})
        found |= {pattern: Standing(verdict) for pattern, verdict in rows}
    return found


def all_standing(connection: Connection) -> list[tuple[str, Standing, datetime, str]]:
    """Everything said of senders: pattern, verdict, when, by whom."""
    rows = connection.execute(select(standing).order_by(standing.c.pattern))
    return [(row.pattern, Standing(row.verdict), row.at, row.by) for row in rows]


def record_same(connection: Connection, same: Sequence[SamePerson]) -> None:
    """Note further addresses of people we know. Whoever wrote from the address comes along with all of theirs, so that
    each person has one main address, whichever was said of whom, and in which order."""
    for one in sorted((one for one in same if one.person.id), key=lambda one: fold(one.email)):
        main = connection.scalar(select(_MAIN).where(person.c.id == one.person.id))
        theirs = connection.scalar(select(_MAIN).where(person.c.folded == fold(one.email)))
        if theirs is None:
            row = {"folded": fold(one.email), "email": one.email.strip()[:LONG_ADDRESS], "name": "", "same_as": main}
            connection.execute(_SAME[connection.dialect.name], row)
        elif theirs != main:
            all_theirs = or_(person.c.id == theirs, person.c.same_as == theirs)
            connection.execute(update(person).where(all_theirs).values(same_as=main))


def revoke(connection: Connection, whose: str, principals: Iterable[int], now: datetime) -> int:
    """Void every reply address and Message-ID made for somebody so far; the last outbox id that is void.

    Letters still in the outbox count as made: their addresses will be void when they arrive.
    """
    through = connection.scalar(select(func.coalesce(func.max(outbox.c.id), 0))) or 0
    rows = [{"whose": whose, "principal": one, "through": through, "at": now} for one in sorted(principals)]
    connection.execute(_REVOKE[connection.dialect.name], rows)
    return through


def revoked(connection: Connection, principals: Iterable[int]) -> dict[tuple[str, int], int]:
    """(whose, principal) → the last outbox id whose reply address is void."""
    found: dict[tuple[str, int], int] = {}
    for some in chunks(principals):
        for whose, principal, through in connection.execute(_REVOKED, {"principals": some}):
            found[whose, principal] = through
    return found


def person_ids(connection: Connection, email: str) -> list[int]:
    """The ids of the person with this address: one for each of their addresses; none for a stranger."""
    row = connection.execute(select(person).where(person.c.folded == fold(email))).first()
    if row is None:
        return []
    main = row.same_as or row.id
    return sorted(connection.scalars(select(person.c.id).where(or_(person.c.id == main, person.c.same_as == main))))


def address_of(connection: Connection, person_id: int) -> str:
    """The address of a person, "" where there is none of this id."""
    return connection.scalar(select(person.c.email).where(person.c.id == person_id)) or ""
