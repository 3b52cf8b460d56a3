"""How many letters a second leave the outbox, and how that compares with smtplib alone.

A desk as `maild init` makes it has letters waiting: answers, acknowledgements and alerts, each to a
person of their own in one of 200 domains. Its courier hands them to Postfix' smtp-sink over 4 kept
connections; everything is as shipped, every letter is rendered, fixed, marked at its dot and written down
as sent on a database that syncs. Right after, four threads of bare smtplib hand the same bytes to the same
sink over a kept connection each.
"""

from __future__ import annotations

import argparse
import json
import shutil
import smtplib
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from maild.app import App
from maild.config import load
from maild.core.model import (
    AddEntry,
    Address,
    Entry,
    EntryKind,
    Lane,
    Letter,
    OpenTicket,
    Outcome,
    Person,
    Purpose,
    SendLetter,
    Ticket,
)
from maild.desk_directory import make
from tests.bench import machine

Figures = dict[str, object]
DOMAINS = 200
TEXT = (
    "Good morning,\n\nwe have looked at your problem and found the cause: the session cache was full. "
    "Please sign in again; if the old message is still there, close the browser first.\n\nKind regards\nJane Doe\n"
)


@contextmanager
def sink() -> Iterator[int]:
    """Postfix' smtp-sink on a free port of loopback."""
    program = shutil.which("smtp-sink", path="/usr/sbin:/usr/lib/postfix/sbin:/usr/bin")
    if program is None:
        raise SystemExit("smtp-sink is not here; it comes with Postfix")
    port = machine.free_port()
    with subprocess.Popen([program, "-u", "nobody", f"127.0.0.1:{port}", "100"]) as process:
        try:
            machine.wait_for_banner(port, process)
            yield port
        finally:
            process.terminate()


def fill(app: App, count: int) -> None:
    """Put letters into the outbox: for each ticket an answer, an acknowledgement and two alerts."""
    now = datetime.now(UTC)
    for start in range(0, count, 200):
        app.store.record([(None, _opened(number, now)) for number in range(start, min(start + 200, count), 4)], now)


def _opened(number: int, now: datetime) -> Outcome:
    requester = Person(0, f"karen{number}@customer{number % DOMAINS}.example", "Karen Black")
    ticket = Ticket(
        number=0,
        subject=f"Online banking is down, again ({number})",
        requester=requester,
        address="support@bank.example",
        created_at=now,
        team="support",
        last_message_id=f"first{number}@customer.example",
    )
    entry = Entry(
        kind=EntryKind.RESPONSE, at=now, author="jane", author_name="Jane Doe", public=True, text=TEXT, message_id=""
    )
    to = Address(requester.email, requester.name)
    answer = Letter(
        template="response", to=to, lane=Lane.ANSWER, purpose=Purpose.REQUESTER_REPLY, about_entry=True,
        in_reply_to=ticket.last_message_id, references=(ticket.last_message_id,),
    )  # fmt: skip
    receipt = replace(answer, template="acknowledgement", lane=Lane.NOTICE, automatic="auto-replied", about_entry=False)
    alert = Letter(
        template="new-ticket", to=Address(f"agent{number}@bank{number % DOMAINS}.example", "John Miller"),
        lane=Lane.ALERT, purpose=Purpose.AGENT_REPLY, principal=7, automatic="auto-generated", about_entry=True,
        context={"linked": ""},
    )  # fmt: skip
    letters = (answer, receipt, alert, replace(alert, to=Address(f"lead{number}@bank{number % DOMAINS}.example")))
    return Outcome(after=ticket, changes=(OpenTicket(), AddEntry(entry), *map(SendLetter, letters)))


def write_all(app: App, count: int) -> None:
    """Write and fix every letter, as an attempt that failed before the dot leaves them."""
    now = datetime.now(UTC)
    rows = app.store.outbox_claim(count, now, timedelta(hours=1), "bench")
    for start in range(0, len(rows), 100):
        some = [app.courier._scribe.ready(row, now) for row in rows[start : start + 100]]
        app.store.outbox_fix([(one.row.outbox_id, one.letter.message_id, one.letter.raw) for one in some])
    app.store.outbox_postpone({row.outbox_id: now for row in rows}, "")


def courier(
    directory: Path, port: int, count: int, connections: int, written: bool = False
) -> tuple[Figures, list[tuple[str, bytes]]]:
    """Everything that waits, until nothing waits; the figures, and what was sent to whom.

    `written`: the letters' bytes are fixed already, as after an outage.
    """
    path = make(directory)
    text = path.read_text()
    text = text.replace('url = "maildir:data/outgoing"', f'url = "smtp://127.0.0.1:{port}"')
    path.write_text(text.replace("\nconnections = 4 ", f"\nconnections = {connections} "))
    app = App(load(path))
    try:
        fill(app, count)
        if written:
            write_all(app, count)
        begin, cpu = time.monotonic(), time.process_time()
        while app.courier.deliver_round():
            pass
        seconds, cpu = time.monotonic() - begin, time.process_time() - cpu
        rows = app.store.outbox(limit=count + 1)
        if len(rows) != count or any(row.state != "sent" for row in rows):
            raise RuntimeError(f"{len(rows)} letters, of which {sum(row.state == 'sent' for row in rows)} were sent")
        sent = [(row.letter.to.email, app.store.outbox_raw(row.outbox_id) or b"") for row in rows]
    finally:
        app.close()
    octets = sum(len(raw) for _, raw in sent) // count
    figures: Figures = {"letters_per_s": round(count / seconds), "cpu_ms_per_letter": round(1000 * cpu / count, 2)}
    return figures | {"letters": count, "letter_bytes": octets, "connections": connections}, sent


def bare(port: int, letters: Sequence[tuple[str, bytes]], connections: int) -> tuple[float, float]:
    """Letters a second of smtplib alone, and its milliseconds of CPU for each."""

    def carry(share: Sequence[tuple[str, bytes]]) -> None:
        with smtplib.SMTP("127.0.0.1", port, "desk.bank.example") as client:
            for rcpt, raw in share:
                client.sendmail("support@bank.example", [rcpt], raw)

    begin, cpu = time.monotonic(), time.process_time()
    with ThreadPoolExecutor(connections) as pool:
        list(pool.map(carry, [letters[at::connections] for at in range(connections)]))
    return len(letters) / (time.monotonic() - begin), 1000 * (time.process_time() - cpu) / len(letters)


def measure(count: int, connections: int, written: bool) -> Figures:
    """One run of both."""
    with tempfile.TemporaryDirectory(prefix="maild-bench-") as directory, sink() as port:
        figures, letters = courier(Path(directory, "desk"), port, count, connections, written)
        alone, cpu = bare(port, letters, connections)
    ratio = float(str(figures["letters_per_s"])) / alone
    return figures | {
        "written_before": written,
        "bare_smtplib_per_s": round(alone),
        "bare_cpu_ms": round(cpu, 2),
        "of_bare_smtplib": round(ratio, 2),
    }


def main() -> None:
    """Print one JSON object: the run in the middle."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--letters", type=int, default=4000)
    parser.add_argument("--connections", type=int, default=4)
    parser.add_argument("--written", action="store_true", help="letters whose bytes an earlier attempt has fixed")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    runs = [measure(options.letters, options.connections, options.written) for _ in range(options.rounds)]
    middle = sorted(runs, key=lambda figures: float(str(figures["letters_per_s"])))[len(runs) // 2]
    print(json.dumps({"bench": "courier", **middle, "machine": machine.facts()}), flush=True)


if __name__ == "__main__":
    main()
