"""What no help desk on this machine can beat: the bare libraries under the same load.

Two ceilings: aiosmtpd taking the same letters from the same client and throwing them away, in a
process of its own; and SQLite storing their bytes with maild's durability (WAL, FULL), one commit
for each letter or one for many. Run it alone or let the other benchmarks compare with it.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from aiosmtpd.smtp import SMTP, Envelope, Session

from tests.bench import client, corpus, machine


class _Sink:
    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        return "250 2.0.0 gone"


async def _serve(port: int) -> None:
    loop = asyncio.get_running_loop()
    handler = _Sink()
    server = await loop.create_server(lambda: SMTP(handler, hostname="sink.example"), "127.0.0.1", port)
    async with server:
        await server.serve_forever()


def sink(samples: Sequence[corpus.Sample], *, sessions: int) -> dict[str, float]:
    """Letters a second a bare aiosmtpd answers, and its CPU time for each."""
    port = machine.free_port()
    process = subprocess.Popen([sys.executable, "-m", "tests.bench.ceilings", "--serve", str(port)])
    try:
        machine.wait_for_banner(port, process)
        before = machine.cpu_seconds(process.pid)
        deliveries = client.deliver(port, samples, sessions=sessions)
        cpu = machine.cpu_seconds(process.pid) - before
    finally:
        machine.stop(process)
    times = [delivery.seconds * 1000 for delivery in deliveries]
    return {
        "sessions": sessions,
        "letters_per_s": round(len(samples) / client.span(deliveries), 1),
        "p50_ms": round(machine.percentile(times, 0.5), 2),
        "p99_ms": round(machine.percentile(times, 0.99), 2),
        "cpu_ms_per_letter": round(cpu * 1000 / len(samples), 3),
    }


def commits(samples: Sequence[corpus.Sample], directory: Path, *, group: int) -> dict[str, float]:
    """Letters a second SQLite makes durable, `group` letters to a commit."""
    path = directory / f"commits-{group}.db"
    connection = sqlite3.connect(path, isolation_level=None)
    try:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("CREATE TABLE letter (id INTEGER PRIMARY KEY, sender TEXT NOT NULL, raw BLOB NOT NULL)")
        start = time.perf_counter()
        for first in range(0, len(samples), group):
            connection.execute("BEGIN IMMEDIATE")
            rows = ((sample.sender, sample.raw) for sample in samples[first : first + group])
            connection.executemany("INSERT INTO letter (sender, raw) VALUES (?, ?)", rows)
            connection.execute("COMMIT")
        seconds = time.perf_counter() - start
    finally:
        connection.close()
    return {"letters_per_commit": group, "letters_per_s": round(len(samples) / seconds, 1)}


def main() -> None:
    """Print both ceilings as one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--serve", type=int, metavar="PORT", help="only be the sink, until terminated")
    parser.add_argument("--sessions", type=int, nargs="+", default=[1, 10])
    parser.add_argument("--rounds", type=int, default=3, help="the best of so many runs counts")
    options = parser.parse_args()
    if options.serve:
        asyncio.run(_serve(options.serve))
        return
    samples = corpus.first_letters()
    with tempfile.TemporaryDirectory(prefix="maild-bench-") as directory:
        stored = []
        for group in (1, 10, 50):
            rounds = []
            for number in range(options.rounds):
                place = Path(directory, str(number))
                place.mkdir(exist_ok=True)
                rounds.append(commits(samples, place, group=group))
            stored.append(max(rounds, key=lambda figures: figures["letters_per_s"]))
    sinks = []
    for sessions in options.sessions:
        rounds = [sink(samples, sessions=sessions) for _ in range(options.rounds)]
        sinks.append(max(rounds, key=lambda figures: figures["letters_per_s"]))
    print(json.dumps({"bench": "ceilings", "aiosmtpd": sinks, "sqlite": stored, "machine": machine.facts()}))


if __name__ == "__main__":
    main()
