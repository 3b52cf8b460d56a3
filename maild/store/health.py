"""What can be counted and tried of a database, for whoever asks about a desk's health.

It refuses to judge what it finds. `numbers` works inside the transaction of the connection it is
given and never walks through all that was ever received; `memory` calls it. `quick_check` opens
the file on its own.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from urllib.parse import quote

from sqlalchemy import Connection, func, select, text

from maild.store.intake import WRONG_TOKENS
from maild.store.queries import ledger_sums
from maild.store.schema import counter, instant, mail, outbox, suppression

STEPS = 10_000  # of SQLite's machine between two looks at the clock


@dataclass(frozen=True, slots=True, kw_only=True)
class Numbers:
    """How much waits, since when, and what became of the rest."""

    fates: Mapping[str, int]  # letters by fate, "waiting" and "received" (see `queries.ledger_sums`)
    oldest_in: datetime | None  # when the oldest letter came that has no fate yet
    queued: Mapping[str, int]  # letters that have not left, by template
    oldest_out: datetime | None  # when the oldest of them was written
    unsure: int  # of them, those the relay may have: their last attempt reached the final dot and got no answer
    dead: int  # given up
    suppressed: int  # addresses that get no automatic mail: they are dead, or complained
    wrong_tokens: int
    newest: datetime | None  # when the latest letter came


def numbers(connection: Connection) -> Numbers:
    waiting, leaving = mail.c.ready_at.is_not(None), outbox.c.ready_at.is_not(None)
    by_template = select(outbox.c.template, func.count()).where(leaving).group_by(outbox.c.template)
    return Numbers(
        fates=ledger_sums(connection),
        oldest_in=connection.scalar(select(func.min(mail.c.received_at)).where(waiting)),
        queued=dict(connection.execute(by_template).all()),
        oldest_out=connection.scalar(select(func.min(outbox.c.created_at)).where(leaving)),
        unsure=connection.scalar(select(func.count()).where(leaving, outbox.c.dot_at.is_not(None))) or 0,
        dead=connection.scalar(select(func.count()).select_from(outbox).where(text("state = 'dead'"))) or 0,
        suppressed=connection.scalar(select(func.count()).select_from(suppression)) or 0,
        wrong_tokens=connection.scalar(select(counter.c.value).where(counter.c.name == WRONG_TOKENS)) or 0,
        newest=connection.scalar(select(func.max(mail.c.received_at))),
    )


def clock(connection: Connection) -> datetime | None:
    """What time the database's machine has; None for SQLite, which has ours."""
    if connection.dialect.name == "sqlite":
        return None
    now = connection.scalar(text("SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint"))
    return instant(int(now or 0))


def quick_check(path: Path, seconds: float) -> str | None:
    """What SQLite finds wrong with its file, "" for nothing, None where the time was not enough to tell.

    Nothing is written. Raises sqlite3.OperationalError where the file cannot be opened.
    """
    until = time.monotonic() + seconds
    with closing(sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True, timeout=seconds)) as connection:
        connection.set_progress_handler(lambda: int(time.monotonic() > until), STEPS)
        try:
            found = [str(row[0]) for row in connection.execute("PRAGMA quick_check(5)")]
        except sqlite3.OperationalError as error:
            if getattr(error, "sqlite_errorname", "") == "SQLITE_INTERRUPT":
                return None
            raise
        except sqlite3.DatabaseError as error:  # so badly damaged that it cannot be looked through
            return str(error)
    return "" if found == ["ok"] else "; ".join(found)
