"""A desk on disk with the daemon as a real process, and honest senders who keep what got no 250.

Everything is looked at from outside: the process by its exit code and standard error, the store by
a read-only SQLite connection, outgoing letters by the Maildir they are written to.
"""

from __future__ import annotations

import contextlib
import email.policy
import json
import os
import shutil
import signal
import smtplib
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from email.message import EmailMessage, Message
from email.parser import BytesParser
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
MAILD = (sys.executable, "-m", "maild")
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT), "LC_ALL": "C.UTF-8", "TZ": "UTC"}
ENVIRONMENT.pop("PYTHONUNBUFFERED", None)  # it hides what happens to a pipe that nobody reads any more
SUPPORT = "support@bank.example"


def maild(*arguments: str, stdin: bytes = b"", environment: Mapping[str, str] = {}) -> subprocess.CompletedProcess[str]:
    """One command of the shell, in a process of its own."""
    done = subprocess.run(
        [*MAILD, *arguments],
        check=False,
        input=stdin,
        capture_output=True,
        env={**ENVIRONMENT, **environment},
        timeout=50,
    )
    return subprocess.CompletedProcess(done.args, done.returncode, done.stdout.decode(), done.stderr.decode())


class Shell:
    """`shell("show", "1001")` does what `maild("show", "1001")` does, several times as fast (see zygote.py)."""

    def __init__(self, directory: Path) -> None:
        self._files = [directory / name for name in ("stdin", "stdout", "stderr")]
        zygote = [sys.executable, str(Path(__file__).with_name("zygote.py"))]
        self._process = subprocess.Popen(zygote, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=ENVIRONMENT)

    def __call__(
        self, *arguments: str, stdin: bytes = b"", environment: Mapping[str, str] = {}
    ) -> subprocess.CompletedProcess[str]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        for path, content in zip(self._files, (stdin, b"", b""), strict=True):
            path.write_bytes(content)
        request = {"argv": arguments, "environment": dict(environment), "files": [str(path) for path in self._files]}
        self._process.stdin.write(json.dumps(request).encode() + b"\n")
        self._process.stdin.flush()
        code = int(self._process.stdout.readline())
        return subprocess.CompletedProcess(arguments, code, *(path.read_text() for path in self._files[1:]))

    def close(self) -> None:
        self._process.communicate(timeout=10)


def until(holds: Callable[[], Any], what: str, within: float = 15.0, every: float = 0.02) -> Any:
    """Look again and again until something holds, and answer with it."""
    end = time.monotonic() + within
    while not (found := holds()):
        assert time.monotonic() < end, f"not within {within:g} s: {what}"
        time.sleep(every)
    return found


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


# --------------------------------------------------------------------- letters and senders


@dataclass(frozen=True, slots=True)
class Letter:
    """A letter of a stranger, as it is handed in."""

    key: str
    sender: str
    raw: bytes
    to: str = SUPPORT


def letter(
    key: str, text: str = "Nothing works.", to: str = SUPPORT, subject: str = "", headers: Mapping[str, str] = {}
) -> Letter:
    """A letter of a sender of its own, about something of its own."""
    mime = EmailMessage()
    sender = f"{key}@people.example"
    mime["From"] = f"Person {key} <{sender}>"
    mime["To"] = to
    mime["Subject"] = subject or f"About {key}"
    mime["Message-ID"] = f"<{key}@people.example>"
    for name, value in headers.items():
        mime[name] = value
    mime.set_content(text)
    return Letter(key, sender, mime.as_bytes(policy=email.policy.SMTP), to)


def hand_in(port: int, one: Letter, timeout: float = 20.0) -> int:
    """The reply code that ended the transaction; 0 where the line was cut or nobody listened."""
    client = smtplib.SMTP(timeout=timeout)
    try:
        if client.connect("127.0.0.1", port)[0] != 220:
            return 0
        client.ehlo("people.example")
        for code, _ in _transaction(client, one):
            if code >= 400:
                return code
        return 250
    except (OSError, smtplib.SMTPException):
        return 0
    finally:
        client.close()


def _transaction(client: smtplib.SMTP, one: Letter) -> Iterator[tuple[int, bytes]]:
    yield client.mail(one.sender)
    yield client.rcpt(one.to)
    yield client.data(one.raw)


def hand_in_until_kept(port: int, one: Letter, within: float = 15.0) -> None:
    """As an MTA does: it is tried again until somebody said 250."""
    until(lambda: hand_in(port, one) == 250, f"250 for {one.key}", within, every=0.05)


# --------------------------------------------------------------------- the desk


@dataclass(frozen=True, slots=True)
class Delivered:
    """A letter of the desk that has left."""

    to: str
    raw: bytes  # without the lines of delivery
    message: Message

    @property
    def message_id(self) -> str:
        return str(self.message["Message-ID"])

    @property
    def text(self) -> str:
        """What a person reads, the soft line breaks of format=flowed (RFC 3676) taken out."""
        body = self.message.get_body(("plain",)) if isinstance(self.message, EmailMessage) else None
        return str(body.get_content()).replace(" \n", " ") if body else ""


class Desk:
    """A desk's directory, and the daemons that ran on it."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.config = directory / "config.toml"
        self.database = directory / "data" / "maild.db"
        self.outgoing = directory / "data" / "outgoing"
        self.log = directory.parent / f"{directory.name}.log"
        self.port = free_port()
        self.process: subprocess.Popen[bytes] | None = None
        self._program: Sequence[str] = MAILD
        self.options: Sequence[str] = ()  # of `maild run`
        self.edit('listen = ["127.0.0.1:8025"]', f'listen = ["127.0.0.1:{self.port}"]')

    def edit(self, old: str, new: str, file: str = "config.toml") -> None:
        """Change a file as an admin with an editor does; `old` stands in it exactly once."""
        path = self.directory / file
        text = path.read_text()
        assert text.count(old) == 1, f"{path}: {old!r} stands there {text.count(old)} times"
        path.write_text(text.replace(old, new))

    def wrapped(self, script: str) -> None:
        """From now on the daemon is this program, which ends by calling maild's `main`."""
        path = self.directory.parent / "wrapped.py"
        path.write_text(script)
        self._program = (sys.executable, str(path))

    # ----------------------------------------------------------------- the process

    def spawn(self) -> subprocess.Popen[bytes]:
        """Start the daemon and do not wait for it."""
        assert self.process is None or self.process.poll() is not None
        with self.log.open("ab") as log:
            command = [*self._program, "run", "-c", str(self.config), *self.options]
            self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=log, env=ENVIRONMENT)
        return self.process

    def start(self) -> None:
        """Start the daemon; it listens when this returns."""
        self.spawn()
        until(self._answers, "the daemon listens", within=20, every=0.01)

    def _answers(self) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, f"the daemon ended with {self.process.returncode}: {self.said()}"
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=5) as line:
                return line.recv(100).startswith(b"220")
        except OSError:
            return False

    def signal(self, number: int) -> None:
        assert self.process is not None
        self.process.send_signal(number)

    def ended(self, within: float) -> int:
        """The daemon's exit code."""
        assert self.process is not None
        return self.process.wait(within)

    def kill(self) -> None:
        """As a power cut does to a process."""
        self.signal(signal.SIGKILL)
        self.ended(5)

    def stop(self) -> None:
        self.signal(signal.SIGTERM)
        assert self.ended(15) == 0

    def clean_up(self) -> None:
        """Whatever the test did, nothing of it runs on."""
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def said(self) -> str:
        """The daemon's standard error so far, of all runs."""
        return self.log.read_text() if self.log.exists() else ""

    # ----------------------------------------------------------------- the store

    def look(self, sql: str, *values: Any) -> list[Any]:
        """Ask the database without being able to change it."""
        with contextlib.closing(self.connect()) as connection:
            return connection.execute(sql, values).fetchall()

    def connect(self) -> sqlite3.Connection:
        return sqlite3.connect(f"file:{self.database}?mode=ro", uri=True, isolation_level=None, timeout=10)

    def at_rest(self) -> bool:
        """Nothing waits to be worked or sent."""
        waiting = "SELECT (SELECT count(*) FROM mail WHERE ready_at IS NOT NULL)"
        leaving = "(SELECT count(*) FROM outbox WHERE ready_at IS NOT NULL)"
        return bool(self.look(f"{waiting} + {leaving}") == [(0,)])

    def settle(self, within: float = 20.0) -> None:
        until(self.at_rest, "the desk comes to rest", within)

    def fates(self) -> dict[str, int]:
        """Letters by fate, from the ledger's rows."""
        rows = self.look("SELECT coalesce(fate, 'waiting'), sum(times) FROM mail GROUP BY 1")
        return {fate: int(n) for fate, n in rows}

    def counted(self) -> dict[str, int]:
        """Letters by fate, from the counters the ledger's sums are made of."""
        rows = self.look("SELECT substr(name, 6), value FROM counter WHERE name LIKE 'fate:%' AND value > 0")
        return {fate: int(n) for fate, n in rows}

    def kept(self) -> dict[str, list[bytes]]:
        """The raw letters of the store by Message-ID."""
        found: dict[str, list[bytes]] = {}
        for message_id, raw in self.look("SELECT message_id, raw FROM mail JOIN mail_raw ON mail_id = id"):
            found.setdefault(message_id, []).append(raw)
        return found

    # ----------------------------------------------------------------- what has left

    def left(self, to: str = "", *words: str) -> list[Delivered]:
        """The desk's letters (to somebody) that have left, oldest first; `words` must stand in subject or text."""
        found = []
        for path in sorted((self.outgoing / "new").glob("*")):
            head, _, rest = path.read_bytes().partition(b"\nDelivered-To: ")
            rcpt, _, raw = rest.partition(b"\n")
            assert head.startswith(b"Return-Path: <")
            message = BytesParser(policy=email.policy.default).parsebytes(raw)
            one = Delivered(rcpt.decode(), raw, message)
            if to in ("", one.to) and all(w in f"{message['Subject']}\n{one.text}" for w in words):
                found.append(one)
        return found


def copy_of(made: Path, target: Path) -> Desk:
    """A fresh desk, without waiting for its tables to be made again."""
    shutil.copytree(made, target)
    return Desk(target)
