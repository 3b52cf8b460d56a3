"""What is known of senders besides their letters: standing, other addresses, revocations.

It refuses to judge. `record` and `recall` use it inside a letter's transaction, `memory`
for the shell.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import Connection, bindparam, delete, func, select

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
    """Note further addresses of people we know."""
    rows = [
        {"folded": fold(one.email), "email": one.email.strip()[:LONG_ADDRESS], "name": "", "same_as": one.person.id}
        for one in same
        if one.person.id and fold(one.email) != fold(one.person.email)
    ]
    if rows:
        connection.execute(_SAME[connection.dialect.name], sorted(rows, key=lambda row: str(row["folded"])))


def revoke(connection: Connection, whose: str, principal: int, now: datetime) -> int:
    """Void every reply address and Message-ID made for somebody so far; the last outbox id that is void."""
    through = connection.scalar(select(func.coalesce(func.max(outbox.c.id), 0))) or 0
    row = {"whose": whose, "principal": principal, "through": through, "at": now}
    connection.execute(_REVOKE[connection.dialect.name], row)
    return through


def revoked(connection: Connection, principals: Iterable[int]) -> dict[tuple[str, int], int]:
    """(whose, principal) → the last outbox id whose reply address is void."""
    found: dict[tuple[str, int], int] = {}
    for some in chunks(principals):
        for whose, principal, through in connection.execute(_REVOKED, {"principals": some}):
            found[whose, principal] = through
    return found
