"""Letters from a real Dovecot to tickets: how many a second, how soon a new one is seen, what a backlog costs.

A fresh desk as `maild init` makes it, with one [[imap]] table more, runs as a process; Dovecot runs
beside it on the same machine. `--kills` is another thing: a door that is killed -9 again and again,
and every letter looked for afterwards.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.bench import corpus, machine
from tests.bench.corpus import Sample
from tests.bench.daemon import Daemon, Watch

sys.path.insert(0, str(Path(__file__).parents[1] / "edges"))  # where the tests' Dovecot lives

from dovecot_rig import Dovecot
from test_imap_kill import kill_again_and_again, look

TABLE = """
[[imap]]
host = "127.0.0.1"
port = {port}
tls = "none"
user = "bench"
address = "support@bank.example"
password_file = "imap.password"
"""
BACKLOG = "From: p{0} <p{0}@people.example>\r\nTo: support@bank.example\r\nSubject: About {0}\r\nMessage-ID: <b{0}@people.example>\r\n\r\nIt does not work, number {0}.\r\n"


@contextmanager
def desk_and_server() -> Iterator[tuple[Daemon, Dovecot]]:
    """A desk that is not running yet, and the server it will fetch from."""
    server = Dovecot(Path("/usr/sbin/dovecot"))
    try:
        with tempfile.TemporaryDirectory(prefix="maild-bench-") as directory:
            desk = Daemon(Path(directory, "desk"))
            config = desk.directory / "config.toml"
            config.write_text(config.read_text() + TABLE.format(port=server.port))
            secret = desk.directory / "imap.password"
            secret.write_text(server.password)
            secret.chmod(0o600)
            yield desk, server
    finally:
        server.close()


def fetched_per_second(samples: Sequence[Sample]) -> dict[str, object]:
    """From the start of fetching to the last fate; the letters lie in the mailbox already."""
    with desk_and_server() as (desk, server):
        server.deliver("bench", *(sample.raw for sample in samples))
        with desk:
            began = time.time()
            watch = Watch(desk)
            watch.wait(len(samples))
            seconds = max(watch.seen.values()) - began
            return {
                "letters": len(samples),
                "to_ticket_per_s": round(len(samples) / seconds, 1),
                "cpu_ms_per_letter": round(desk.cpu_seconds() * 1000 / len(samples), 2),
                "peak_mb": desk.memory_mb("VmHWM"),
            }


def seconds_to_notice(rounds: int) -> dict[str, object]:
    """APPEND to the row in the ledger, one letter at a time, the desk idling."""
    with desk_and_server() as (desk, server), desk:
        time.sleep(2.0)
        took = []
        for number in range(rounds):
            raw = BACKLOG.format(f"n{number}").encode()
            before = sum(desk.fates().values())
            server.deliver("bench", raw)
            began = time.monotonic()
            machine.until(
                lambda before=before: sum(desk.fates().values()) > before, timeout=30, every=0.005, what="a new letter"
            )
            took.append(time.monotonic() - began)
        return {
            "rounds": rounds,
            "seconds_to_notice": {"p50": round(statistics.median(took), 2), "max": round(max(took), 2)},
        }


def backlog(count: int) -> dict[str, object]:
    """Many small letters that lie there when the desk starts; written as files, as a delivery agent does."""
    with desk_and_server() as (desk, server):
        server.deliver("bench", BACKLOG.format("first").encode())
        new = server.home / "mail" / "bench" / "new"
        for number in range(count - 1):
            (new / f"{1_700_000_000 + number}.M1P1.bench").write_bytes(BACKLOG.format(number).encode())
        for path in new.iterdir():
            path.chmod(0o666)
        with desk:
            began = time.monotonic()
            machine.until(lambda: sum(desk.fates().values()) >= count, timeout=3600, every=0.5, what="all are kept")
            kept = time.monotonic() - began
            return {
                "backlog": count,
                "kept_per_s": round(count / kept, 1),
                "peak_mb": desk.memory_mb("VmHWM"),
                "left_in_mailbox": server.holds("bench"),
            }


def kills(count: int) -> dict[str, object]:
    """RuntimeError if a letter was lost or kept twice."""
    server = Dovecot(Path("/usr/sbin/dovecot"))
    try:
        with tempfile.TemporaryDirectory(prefix="maild-bench-") as directory:
            database = Path(directory, "maild.db")
            letters, _ = kill_again_and_again(server, "victim", database, count)
            kept = [row[0] for row in look(database, "SELECT message_id FROM mail WHERE fate IS NULL")]
            again = look(database, "SELECT coalesce(sum(times), 0) FROM mail WHERE fate = 'duplicate'")[0][0]
            filed = server.holds("victim", "maild")
    finally:
        server.close()
    if len(kept) != letters or len(set(kept)) != letters or filed != letters:
        raise RuntimeError(f"of {letters} letters {len(kept)} were kept, {len(set(kept))} different; {filed} filed")
    return {"kills": count, "letters": letters, "lost": 0, "twice": 0, "fetched_again": again}


def main() -> None:
    """Print one JSON object for each thing measured."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--backlog", type=int, default=0, help="letters that lie there; 50000 take some minutes")
    parser.add_argument("--kills", type=int, default=0)
    options = parser.parse_args()
    if options.backlog or options.kills:
        runs = [
            *([backlog(options.backlog)] if options.backlog else ()),
            *([kills(options.kills)] if options.kills else ()),
        ]
    else:
        runs = [fetched_per_second(corpus.first_letters()), seconds_to_notice(20)]
    for figures in runs:
        print(json.dumps({"bench": "imap", **figures, "machine": machine.facts()}), flush=True)


if __name__ == "__main__":
    main()
