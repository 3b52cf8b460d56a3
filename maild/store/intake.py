"""Letters coming in: stored, claimed, tried, set aside; and the sums of the mail ledger.

It refuses to know what a letter says. Every function works inside the transaction of the
connection it is given; `memory` calls them. A letter waits while `ready_at` is a number and
has a fate once it is NULL; nothing else says so.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, bindparam, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from maild.core.model import Envelope, Fate
from maild.store.rows import chunks, dumps, strings
from maild.store.schema import counter, mail, mail_raw, micros

LEASE_BYTES = 48 * 1024 * 1024
"""Bytes of letters one claim may load; a single larger letter is claimed alone."""

RETRY_AFTER = timedelta(seconds=30)
"""How long a letter rests after a failed attempt, times the attempts it has had."""

WRONG_TOKENS = "wrong-tokens"
"""The counter of what looked like a token of ours and was none."""

ERROR_LENGTH = 16_000
"""Characters kept of a failed attempt's traceback: its end, where the reason stands."""

REPEATABLE = (Fate.QUARANTINED, Fate.IGNORED, Fate.REFUSED, Fate.FILED)
"""Fates after which a letter may be worked again: it left no trace in a ticket."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """A letter at the door. `key` is equal for exact duplicates and different for all others."""

    key: str
    message_id: str
    envelope: Envelope


@dataclass(frozen=True, slots=True)
class Claimed:
    """A letter that is this worker's until the lease ends. `attempts` counts this one too."""

    mail_id: int
    attempts: int
    envelope: Envelope


def upserts(table: Any) -> dict[str, Any]:
    """INSERT with ON CONFLICT is written the same on both databases, by classes of their own."""
    return {"sqlite": sqlite.insert(table), "postgresql": postgresql.insert(table)}


_NEW_MAIL = {
    name: statement.on_conflict_do_nothing(index_elements=["key"]).returning(mail.c.id, mail.c.key)
    for name, statement in upserts(mail).items()
}
_NEW_RAW = insert(mail_raw)
_FIRSTS = select(mail.c.id, mail.c.key).where(mail.c.key.in_(bindparam("keys", expanding=True)))
_SAME_AGAIN = {
    name: statement.on_conflict_do_update(
        index_elements=["key"],
        set_={"times": mail.c.times + statement.excluded.times, "received_at": statement.excluded.received_at},
    )
    for name, statement in upserts(mail).items()
}
_COUNT = {
    name: statement.on_conflict_do_update(
        index_elements=["name"], set_={"value": counter.c.value + statement.excluded.value}
    )
    for name, statement in upserts(counter).items()
}


def accept(connection: Connection, arrivals: Sequence[Arrival]) -> list[int]:
    """Store these letters; the id of each new one, 0 for an exact duplicate of an earlier one."""
    first: dict[str, Arrival] = {}
    for arrival in arrivals:
        first.setdefault(arrival.key, arrival)
    dialect = connection.dialect.name
    rows = [_row(arrival) | {"key": key, "ready_at": 0} for key, arrival in first.items()]
    stored = {key: mail_id for mail_id, key in connection.execute(_NEW_MAIL[dialect], rows)}
    if stored:
        raws = [{"mail_id": mail_id, "raw": first[key].envelope.raw} for key, mail_id in stored.items()]
        connection.execute(_NEW_RAW, raws)
    ids = [stored.get(arrival.key, 0) if first[arrival.key] is arrival else 0 for arrival in arrivals]
    if not all(ids):
        _note_duplicates(connection, [a for a, mail_id in zip(arrivals, ids, strict=True) if not mail_id], stored)
    return ids


def _row(arrival: Arrival) -> dict[str, Any]:
    envelope = arrival.envelope
    return {
        "message_id": arrival.message_id,
        "mail_from": envelope.mail_from,
        "rcpts": dumps(envelope.rcpts),
        "door": envelope.door,
        "peer": envelope.peer,
        "helo": envelope.helo,
        "agent": envelope.agent,
        "received_at": envelope.received_at,
        "size": len(envelope.raw),
    }


def _note_duplicates(connection: Connection, again: Sequence[Arrival], stored: Mapping[str, int]) -> None:
    """One ledger row per letter counts all its duplicates, so that a sender who repeats himself fills nothing."""
    firsts = dict(stored)
    for some in chunks(arrival.key for arrival in again if arrival.key not in stored):
        firsts.update((key, mail_id) for mail_id, key in connection.execute(_FIRSTS, {"keys": some}))
    times = Counter(arrival.key for arrival in again)
    latest = {arrival.key: arrival for arrival in again}
    rows = [
        _row(latest[key])
        | {"key": f"={key}", "fate": Fate.DUPLICATE.value, "times": times[key]}
        | {"reason": f"exact duplicate of letter {firsts.get(key, '?')}"}
        for key in sorted(times)
    ]
    connection.execute(_SAME_AGAIN[connection.dialect.name], rows)
    count_fates(connection, {Fate.DUPLICATE: len(again)})


def count_fates(connection: Connection, fates: Mapping[Fate, int]) -> None:
    """Keep the ledger's sums; in the order of names, so that two nodes never wait for each other."""
    rows = [{"name": f"fate:{fate.value}", "value": n} for fate, n in sorted(fates.items()) if n]
    if rows:
        connection.execute(_COUNT[connection.dialect.name], rows)


def count_wrong(connection: Connection, tokens: int) -> None:
    """Keep the sum of wrong tokens."""
    if tokens:
        connection.execute(_COUNT[connection.dialect.name], {"name": WRONG_TOKENS, "value": tokens})


# ------------------------------------------------------------------------------ claiming

_NEXT = (
    select(mail.c.id, mail.c.size, mail.c.attempts)
    .where(mail.c.ready_at <= bindparam("now"))
    .order_by(mail.c.ready_at, mail.c.id)
    .limit(bindparam("limit"))
    .with_for_update(skip_locked=True)
)
_LEASE = (
    update(mail)
    .where(mail.c.id.in_(bindparam("ids", expanding=True)))
    .values(ready_at=bindparam("until"), attempts=mail.c.attempts + 1, worker=bindparam("by"))
)
_ENVELOPES = (
    select(mail, mail_raw.c.raw)
    .join_from(mail, mail_raw, mail_raw.c.mail_id == mail.c.id)
    .where(mail.c.id.in_(bindparam("ids", expanding=True)))
    .order_by(mail.c.id)
)


def claim(connection: Connection, limit: int, now: datetime, lease: timedelta, worker: str) -> list[int]:
    """Lease the oldest waiting letters; their ids. The attempt is counted here, before anybody looks at a letter.

    A letter that has been tried before is claimed alone: if it is the one that kills its
    worker, it takes no other letter's tries with it.
    """
    ids: list[int] = []
    size = 0
    for mail_id, octets, attempts in connection.execute(_NEXT, {"now": micros(now), "limit": limit}):
        if ids and (attempts or size + octets > LEASE_BYTES):
            break
        ids.append(mail_id)
        size += octets
        if attempts:
            break
    for some in chunks(ids):
        connection.execute(_LEASE, {"ids": some, "until": micros(now + lease), "by": worker})
    return ids


def claimed(connection: Connection, ids: Iterable[int]) -> list[Claimed]:
    """The claimed letters with their bytes, oldest first."""
    found: list[Claimed] = []
    for some in chunks(ids):
        rows = connection.execute(_ENVELOPES, {"ids": some})
        found.extend(Claimed(row.id, row.attempts, envelope_of(row)) for row in rows)
    return found


def envelope_of(row: Any) -> Envelope:
    """The envelope of a row of `mail` with its `raw`."""
    return Envelope(
        raw=row.raw,
        mail_from=row.mail_from,
        rcpts=strings(row.rcpts),
        received_at=row.received_at,
        door=row.door,
        peer=row.peer,
        helo=row.helo,
        confirmed=bool(row.confirmed),
        agent=row.agent,
    )


# ------------------------------------------------------------------------------ trouble


def failed(connection: Connection, mail_id: int, error: str, now: datetime, quarantine: bool) -> None:
    """Note a failed attempt: the letter rests a while, or is quarantined for good.

    Nothing happens to a letter that has got a fate meanwhile.
    """
    row = connection.execute(
        select(mail.c.attempts).where(mail.c.id == mail_id, mail.c.ready_at.is_not(None)).with_for_update()
    ).first()
    if row is None:
        return
    kept: dict[str, Any] = {"error": error[-ERROR_LENGTH:]}
    if quarantine:
        reason = f"could not be worked in {row.attempts} attempts: {_last_line(error)}"
        kept |= {"ready_at": None, "fate": Fate.QUARANTINED.value, "reason": reason}
        count_fates(connection, {Fate.QUARANTINED: 1})
    else:
        kept |= {"ready_at": micros(now + RETRY_AFTER * max(1, row.attempts)), "worker": ""}
    connection.execute(update(mail).where(mail.c.id == mail_id).values(kept))


def _last_line(error: str) -> str:
    lines = error.strip().splitlines()
    return lines[-1][:500] if lines else "unknown error"


def requeue(connection: Connection, mail_id: int, *, confirmed: bool = False) -> bool:
    """Have a letter worked again from the start; False where it left a trace in a ticket, or never was.

    `confirmed`: its author's identity is settled, by an answer to a challenge or by the admin.
    """
    again = (
        mail.c.id == mail_id,
        mail.c.fate.in_([fate.value for fate in REPEATABLE]),
        mail.c.ticket.is_(None),
    )
    row = connection.execute(select(mail.c.fate).where(*again).with_for_update()).first()
    if row is None:
        return False
    connection.execute(
        update(mail)
        .where(mail.c.id == mail_id)
        .values(
            fate=None,
            ready_at=0,
            attempts=0,
            reason="",
            trace="[]",
            error="",
            worker="",
            confirmed=1 if confirmed else mail.c.confirmed,
        )
    )
    count_fates(connection, {Fate(row.fate): -1})
    return True
