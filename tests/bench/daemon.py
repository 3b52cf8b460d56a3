"""A desk as it is shipped, as a real process on a port of its own, and a window on its ledger.

The window is a second, read-only SQLite connection that looks every few milliseconds; the letters
the desk sends are read from the Maildir of the example configuration.
"""

from __future__ import annotations

import re
import sqlite3
import subprocess
import sys
import threading
import time
from collections import Counter
from contextlib import closing
from dataclasses import dataclass
from email.header import decode_header, make_header
from email.parser import BytesHeaderParser
from email.utils import parseaddr
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.bench import machine

LOOK_EVERY = 0.01  # seconds; how exactly we know when a letter got its fate


@dataclass(frozen=True, slots=True)
class Answer:
    """A letter of the desk, as far as whoever answers it needs it."""

    to: str
    message_id: str
    subject: str


class Daemon:
    """`with Daemon(directory) as desk:` makes a desk if there is none, runs it, and stops it in the end."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.database = directory / "data" / "maild.db"
        self.port = machine.free_port()
        self.seconds_to_listen = 0.0
        if not (directory / "config.toml").exists():
            subprocess.run(
                [sys.executable, "-m", "maild", "init", str(directory)], check=True, stdout=subprocess.DEVNULL
            )
        self._set_port()

    def _set_port(self) -> None:
        config = self.directory / "config.toml"
        text, changed = re.subn(r'(?m)^listen = \["[^"]*"\]', f'listen = ["127.0.0.1:{self.port}"]', config.read_text())
        if changed != 1:
            raise RuntimeError(f"{config}: expected one line `listen = [...]`, found {changed}")
        config.write_text(text)

    def __enter__(self) -> Self:
        config = self.directory / "config.toml"
        # Its greeting is for people; standard output is for figures. Its log stays on standard error.
        self._process = subprocess.Popen(
            [sys.executable, "-m", "maild", "run", "-c", str(config)], stdout=subprocess.DEVNULL
        )
        self.seconds_to_listen = machine.wait_for_banner(self.port, self._process)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        machine.stop(self._process)

    def cpu_seconds(self) -> float:
        """User and system time so far, start-up included."""
        return machine.cpu_seconds(self._process.pid)

    def memory_mb(self, field: str) -> float:
        """VmRSS or VmHWM."""
        return machine.memory_mb(self._process.pid, field)

    def bytes_on_disk(self) -> int:
        """The database with its log."""
        return sum(path.stat().st_size for path in self.database.parent.glob(self.database.name + "*"))

    def look(self) -> sqlite3.Connection:
        """A connection that can change nothing."""
        return sqlite3.connect(f"file:{self.database}?mode=ro", uri=True, isolation_level=None, timeout=10)

    def letters_waiting(self) -> int:
        """Letters of ours that are still to be sent."""
        with closing(self.look()) as connection:
            return int(connection.execute("SELECT count(*) FROM outbox WHERE ready_at IS NOT NULL").fetchone()[0])

    def wait_until_all_is_sent(self) -> float:
        """The moment the outbox was seen empty."""
        machine.until(lambda: self.letters_waiting() == 0, timeout=300, every=0.05, what="an empty outbox")
        return time.time()

    def fates(self) -> Counter[str]:
        """How many letters had which fate."""
        with closing(self.look()) as connection:
            return Counter(dict(connection.execute("SELECT coalesce(fate, 'waiting'), count(*) FROM mail GROUP BY 1")))

    def sent(self) -> int:
        """Letters of ours that left."""
        return sum(1 for _ in (self.directory / "data" / "outgoing" / "new").iterdir())

    def answers(self) -> dict[str, Answer]:
        """What each person got from us: their newest letter, by their address."""
        found = {}
        for path in sorted((self.directory / "data" / "outgoing" / "new").iterdir()):
            with path.open("rb") as file:
                head = BytesHeaderParser().parse(file)
            to = parseaddr(str(head["To"]))[1].lower()
            found[to] = Answer(
                to, str(head["Message-ID"]).strip(), str(make_header(decode_header(str(head["Subject"]))))
            )
        return found


class Watch:
    """Notes, from its making on, when each new letter of the ledger was first seen with a fate."""

    def __init__(self, desk: Daemon) -> None:
        self._desk = desk
        self.seen: dict[str, float] = {}  # bare Message-ID → wall clock
        self._ended = threading.Event()
        with closing(desk.look()) as connection:
            self._floor = int(connection.execute("SELECT coalesce(max(id), 0) FROM mail").fetchone()[0])
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def wait(self, count: int, timeout: float = 300) -> float:
        """The moment the last of `count` letters was seen with a fate. The watch is over then."""
        try:
            machine.until(lambda: len(self.seen) >= count, timeout=timeout, every=LOOK_EVERY, what=f"{count} fates")
        finally:
            self._ended.set()
            self._thread.join()
        return max(self.seen.values())

    def _run(self) -> None:
        done: set[int] = set()  # ids above the floor that have a fate
        with closing(self._desk.look()) as connection:
            while not self._ended.wait(LOOK_EVERY):
                rows = connection.execute(
                    "SELECT id, message_id FROM mail WHERE id > ? AND fate IS NOT NULL", (self._floor,)
                ).fetchall()
                now = time.time()
                for mail_id, message_id in rows:
                    done.add(mail_id)
                    self.seen.setdefault(message_id, now)
                while self._floor + 1 in done:
                    self._floor += 1
                    done.remove(self._floor)
