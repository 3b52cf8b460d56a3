"""kill -9 around the final dot: how many letters are lost (none), and how many come twice (one a kill at most).

A courier in a process of its own sends letters from a real store to a relay in another process, which takes
each letter only at its final dot, a few milliseconds before or after answering, and keeps all it took. At a
random moment around a dot the courier is killed and started again. In the end every letter must have been taken,
every further copy must be byte for byte the same, under the same Message-ID, and there may be no more of them
than there were kills, times the connections over which a letter can have been at its dot.
"""

from __future__ import annotations

import argparse
import json
import logging
import multiprocessing
import os
import random
import signal
import socket
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from multiprocessing.connection import Connection
from pathlib import Path

from maild import letters
from maild.core.model import Address, Lane, Letter, Outcome, SendLetter
from maild.core.policy import Calendar, Closing, Keys, OurAddress, Policy
from maild.edges.courier import Courier
from maild.edges.outbound_smtp import SmtpRelay
from maild.paths import TEMPLATES
from maild.store import Store, migrate, open_store
from tests.bench import machine

AROUND = 0.004  # seconds before and after a dot in which a kill falls
POLICY = Policy(
    name="Example Bank Support",
    tag="BANK",
    domain="desk.bank.example",
    separator="+",
    admin="admin@bank.example",
    addresses=(OurAddress(email="support@bank.example", name="Example Bank Support"),),
    agents={},
    teams={},
    topics={},
    priorities=("normal",),
    default_priority="normal",
    plans={},
    default_plan="",
    calendars={"24x7": Calendar(key="24x7", zone=UTC, hours=((),) * 7, always=True)},
    closing=Closing(confirm=timedelta(days=3), calendar="24x7"),
    keys=Keys(current=0, secrets={0: bytes(range(32))}),
)


def now() -> datetime:
    return datetime.now(UTC)


# --------------------------------------------------------------------- the relay


def relay(ready: Connection, kept: str, seed: int) -> None:
    """Take letters on loopback; each goes to the file `kept` before or after it is answered, and is told to `ready`."""
    chance = random.Random(seed)
    lock = threading.Lock()
    listener = socket.create_server(("127.0.0.1", 0), backlog=64)
    ready.send(listener.getsockname()[1])
    with open(kept, "ab", buffering=0) as file:  # noqa: PTH123 - unbuffered, shared by threads

        def session(line: socket.socket) -> None:
            with line, line.makefile("rb") as lines:
                line.sendall(b"220 sink\r\n")
                for words in lines:
                    verb = words[:4].upper()
                    line.sendall(
                        {b"EHLO": b"250-sink\r\n250 PIPELINING\r\n", b"DATA": b"354 go\r\n"}.get(verb, b"250 ok\r\n")
                    )
                    if verb == b"DATA" and not letter(line, lines):
                        return

        def letter(line: socket.socket, lines: object) -> bool:
            text = b""
            for words in lines:  # type: ignore[attr-defined]
                if words == b".\r\n":
                    break
                text += words
            else:
                return False  # no dot, no letter
            with lock:
                file.write(len(text).to_bytes(4, "big") + text)
                ready.send("dot")
                delay = chance.uniform(0, 2 * AROUND)
            time.sleep(delay)
            line.sendall(b"250 taken\r\n")
            return True

        def quietly(line: socket.socket) -> None:
            with suppress(OSError):  # the courier was killed
                session(line)

        while True:
            line, _ = listener.accept()
            threading.Thread(target=quietly, args=(line,), daemon=True).start()


def taken(kept: Path) -> list[bytes]:
    """The letters the relay has taken, in their order."""
    data, found = kept.read_bytes(), []
    while data:
        end = 4 + int.from_bytes(data[:4], "big")
        found.append(data[4:end])
        data = data[end:]
    return found


# --------------------------------------------------------------------- the courier


def carry(url: str, port: int, templates: letters.Templates, connections: int) -> None:
    """What the daemon does with its outbox, until nothing waits."""
    logging.disable()
    store = open_store(url)
    store.release("courier")
    courier = Courier(
        store,
        templates=lambda: templates,
        policy=lambda: POLICY,
        relays=(SmtpRelay("127.0.0.1", port, connections=connections),),
        clock=now,
        jitter=random.random,
        on_dead=lambda row, why: None,
    )
    while courier.deliver_round():
        pass
    store.close()


def queue(store: Store, count: int) -> None:
    said = [
        SendLetter(Letter(template="poison", to=Address(f"k{n}@x{n % 40}.example"), lane=Lane.ANSWER, context={"mail_id": n, "error": "x"}))
        for n in range(count)
    ]  # fmt: skip
    store.record([(None, Outcome(changes=tuple(said)))], now())


def run(kills: int, seed: int, directory: Path, connections: int) -> dict[str, object]:
    """Kill a courier so often, and look at what arrived."""
    context = multiprocessing.get_context("fork")
    chance = random.Random(seed)
    templates = letters.load([TEMPLATES])
    url, kept = f"sqlite:///{directory / 'desk.db'}", directory / "kept"
    migrate(url)
    ours, theirs = context.Pipe()
    sink = context.Process(target=relay, args=(theirs, str(kept), seed), daemon=True)
    sink.start()
    port = ours.recv()
    store_letters(url, kills)
    at_dot = 0
    for _ in range(kills):
        while ours.poll():
            ours.recv()
        courier = context.Process(target=carry, args=(url, port, templates, connections))
        courier.start()
        for _ in range(chance.randint(1, 6)):  # the dot around which it dies
            if not ours.poll(30):
                raise RuntimeError("no letter came within 30 s")
            ours.recv()
        time.sleep(chance.uniform(0, 2 * AROUND))
        if courier.pid is not None and courier.is_alive():
            os.kill(courier.pid, signal.SIGKILL)
            at_dot += 1
        courier.join()
    last = context.Process(target=carry, args=(url, port, templates, connections))
    last.start()
    while last.is_alive():  # a pipe that nobody empties would hold the relay
        if ours.poll(0.05):
            ours.recv()
    last.join()
    sink.terminate()
    sink.join()
    return {"kills": at_dot, "connections": connections, **looked_at(url, kept)}


def store_letters(url: str, kills: int) -> None:
    """More than all couriers can send before they die; in a child, so that no thread is there when we fork."""
    child = multiprocessing.get_context("fork").Process(target=_store_letters, args=(url, 12 * kills + 50))
    child.start()
    child.join()


def _store_letters(url: str, count: int) -> None:
    store = open_store(url)
    queue(store, count)
    store.close()


def looked_at(url: str, kept: Path) -> dict[str, object]:
    """How many letters there were, were lost, came twice, or came differently."""
    store = open_store(url)
    try:
        rows = store.outbox(limit=1_000_000)
        fixed = {row.message_id: store.outbox_raw(row.outbox_id) for row in rows}
        waiting = sum(row.state != "sent" for row in rows)
    finally:
        store.close()
    arrived = taken(kept)
    copies = Counter(arrived)
    ids = Counter(_id(letter) for letter in arrived)
    return {
        "letters": len(rows),
        "not_sent": waiting,
        "lost": sum(ids[message_id] == 0 for message_id in fixed),
        "second_copies": sum(ids.values()) - len(ids),
        "other_bytes": sum(fixed.get(_id(letter)) != letter for letter in copies),
    }


def _id(letter: bytes) -> str:
    return letter.partition(b"Message-ID: <")[2].partition(b">")[0].decode()


def main(arguments: Sequence[str] | None = None) -> None:
    """Print one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=500)
    parser.add_argument("--seed", type=int, default=4711)
    parser.add_argument("--connections", type=int, default=1)
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="maild-kills-") as directory:
        begin = time.monotonic()
        figures = run(options.kills, options.seed, Path(directory), options.connections)
        seconds = round(time.monotonic() - begin, 1)
    print(json.dumps({"bench": "kills", **figures, "seconds": seconds, "machine": machine.facts()}), flush=True)


if __name__ == "__main__":
    main()
