"""Does a big desk work letters as fast as a small one?

The same intake as `bench_intake`, over desks that hold 1,000 and 100,000 tickets already. They
are filled by letting the daemon make 100 real tickets and copying all their rows, with new
numbers, ids and addresses, so that every table and index is as full as it would be.
"""

from __future__ import annotations

import argparse
import json
import os
import sqlite3
import sys
import tempfile
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from tests.bench import bench_intake, corpus, machine
from tests.bench.bench_intake import Figures
from tests.bench.daemon import Daemon

ORIGINALS = 100

# What changes in the k-th copy of a row; {table} is how far the ids of that table move. All
# other columns are copied. A new table that holds rows of tickets must be named here.
COPIES = {
    "person": {"id": "id + k * {person}", "folded": "k || '.' || folded", "email": "k || '.' || email"},
    "mail": {"id": "id + k * {mail}", "key": "key || '.' || k", "message_id": "k || '.' || message_id", "ticket": "ticket + k * {ticket}"},
    "mail_raw": {"mail_id": "mail_id + k * {mail}"},
    "ticket": {
        "number": "number + k * {ticket}",
        "requester_id": "requester_id + k * {person}",
        "last_message_id": "k || '.' || last_message_id",
    },
    "entry": {
        "id": "id + k * {entry}",
        "ticket": "ticket + k * {ticket}",
        "mail_id": "mail_id + k * {mail}",
        "message_id": "k || '.' || message_id",
    },
    "known_id": {
        "message_id": "k || '.' || message_id",
        "ticket": "ticket + k * {ticket}",
        "mail_id": "CASE mail_id WHEN 0 THEN 0 ELSE mail_id + k * {mail} END",
    },
    "outbox": {
        "id": "id + k * {outbox}",
        "ticket": "ticket + k * {ticket}",
        "entry_id": "entry_id + k * {entry}",
        "to_folded": "k || '.' || to_folded",
        "message_id": "k || '.' || message_id",
    },
    "outbox_raw": {"outbox_id": "outbox_id + k * {outbox}"},
}  # fmt: skip
KEYS = {"person": "id", "mail": "id", "ticket": "number", "entry": "id", "outbox": "id"}
NOT_COPIED = {"counter", "alembic_version", "mailbox", "revocation", "standing", "state"}


def fill(directory: Path, tickets: int) -> None:
    """Make a desk that holds so many tickets, a multiple of 100."""
    letters = corpus.first_letters(seed=2, sorts=(ORIGINALS, 0, 0))
    with Daemon(directory) as desk:
        bench_intake.send(desk, letters, 1)
        desk.wait_until_all_is_sent()
    with closing(sqlite3.connect(desk.database, isolation_level=None)) as connection:
        _multiply(connection, tickets // ORIGINALS)
        held = connection.execute("SELECT count(*) FROM ticket").fetchone()[0]
        broken = connection.execute("PRAGMA quick_check").fetchone()[0]
        if (held, broken) != (tickets, "ok"):
            raise RuntimeError(f"{held} tickets instead of {tickets}, {broken}")
    for path in (directory / "data" / "outgoing" / "new").iterdir():
        path.unlink()
    os.sync()  # else the machine writes it out while the measured letters wait for their commits


def _multiply(connection: sqlite3.Connection, times: int) -> None:
    tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")}
    unknown = {name for name in tables if not name.startswith("sqlite_")} - set(COPIES) - NOT_COPIED
    if unknown:
        raise RuntimeError(f"bench_size does not know how to copy {sorted(unknown)}")
    connection.execute("PRAGMA synchronous=OFF")  # this database may be lost
    connection.execute("BEGIN IMMEDIATE")
    steps = {}
    for table, key in KEYS.items():
        least, most = connection.execute(f"SELECT min({key}), max({key}) FROM {table}").fetchone()
        steps[table] = most - least + 1
    for table, changes in COPIES.items():
        columns = [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]
        values = ", ".join(changes[name].format(**steps) if name in changes else name for name in columns)
        connection.execute(
            f"WITH RECURSIVE copy(k) AS (SELECT 1 UNION ALL SELECT k + 1 FROM copy WHERE k < ?)"
            f" INSERT INTO {table} ({', '.join(columns)}) SELECT {values} FROM copy, (SELECT * FROM {table})",
            (times - 1,),
        )
    for table, key in KEYS.items():
        connection.execute(f"UPDATE counter SET value = (SELECT max({key}) FROM {table}) WHERE name = ?", (table,))
    connection.execute("UPDATE counter SET value = value * ? WHERE name LIKE 'fate:%'", (times,))
    connection.execute("COMMIT")
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def measure(tickets: int, *, sessions: int, rounds: int) -> Figures:
    """The median of `rounds` runs, each over a freshly filled desk."""
    runs = []
    for _ in range(rounds):
        with tempfile.TemporaryDirectory(prefix="maild-bench-") as directory:
            fill(Path(directory, "desk"), tickets)
            runs.append(bench_intake.measure(Path(directory, "desk"), sessions=sessions))
    return {"tickets": tickets, **bench_intake.median_of(runs)}


def main(arguments: Sequence[str]) -> None:
    """Print one JSON object for each size, and their ratio."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tickets", type=int, nargs=2, default=[1_000, 100_000], metavar=("SMALL", "BIG"))
    parser.add_argument("--sessions", type=int, default=10)
    parser.add_argument("--rounds", type=int, default=1)
    options = parser.parse_args(arguments)
    sizes = [measure(tickets, sessions=options.sessions, rounds=options.rounds) for tickets in options.tickets]
    for figures in sizes:
        print(json.dumps({"bench": "size", **figures}))
    small, big = (float(str(figures["worked_per_s"])) for figures in sizes)
    print(json.dumps({"bench": "size", "worked_big_of_small": round(big / small, 2), "machine": machine.facts()}))


if __name__ == "__main__":
    main(sys.argv[1:])
