"""An IMAP door with a desk behind it that remembers, and the settings of a mailbox on loopback."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Future
from datetime import UTC, datetime, timedelta
from typing import Any

from maild.core.mail import fingerprint
from maild.core.model import Envelope, Receipt
from maild.edges.imap import ImapDoor
from maild.edges.imap_mailbox import Mailbox
from maild.edges.imap_settings import MailboxSettings


def settings(port: int, user: str, password: str = "secret", **more: Any) -> MailboxSettings:
    """Quick to lose patience, as a test wants it."""
    plain: dict[str, Any] = {
        "host": "127.0.0.1",
        "port": port,
        "tls": "none",
        "user": user,
        "auth": "password",
        "secret": lambda fresh: password,
        "folder": "INBOX",
        "address": "support@desk.example",
        "after": "move",
        "move_to": "maild",
        "flag": "$Maild",
        "poll": 60.0,
        "max_size": 1_000_000,
        "connect_timeout": 5.0,
        "read_timeout": 5.0,
        "accept_timeout": 5.0,
    }
    return MailboxSettings(**{**plain, **more})


class RememberingDesk:
    """Keeps each letter once, by its fingerprint, and says what a real desk would."""

    def __init__(self) -> None:
        self.kept: dict[str, Envelope] = {}
        self.asked = 0
        self.receipt: Callable[[Envelope], Receipt | None] = lambda envelope: None  # None: as it is
        self._lock = threading.Lock()

    def accept(self, envelope: Envelope) -> Future[Receipt]:
        future: Future[Receipt] = Future()
        with self._lock:
            self.asked += 1
            told = self.receipt(envelope)
            if told is None:
                key = fingerprint(envelope.raw, envelope.rcpts)[0]
                told = Receipt.DUPLICATE if key in self.kept else Receipt.ACCEPTED
                self.kept[key] = envelope
        future.set_result(told)
        return future

    @property
    def letters(self) -> list[Envelope]:
        return list(self.kept.values())


class Ledger:
    """As the store keeps it, in memory; shared by several doors it lets one at a time have a mailbox."""

    def __init__(self) -> None:
        self.rows: dict[str, tuple[int, int]] = {}
        self.owner: dict[str, tuple[str, datetime]] = {}
        self._lock = threading.Lock()

    def mailbox_take(self, name: str, worker: str, now: datetime, lease: timedelta) -> tuple[int, int] | None:
        with self._lock:
            owner, until = self.owner.get(name, (worker, now))
            if owner != worker and until > now:
                return None
            self.owner[name] = (worker, now + lease)
            return self.rows.get(name, (0, 0))

    def mailbox_seen(self, name: str, worker: str, uidvalidity: int, uid: int) -> None:
        with self._lock:
            if self.owner[name][0] == worker:
                self.rows[name] = (uidvalidity, uid)

    def mailbox_leave(self, name: str, worker: str) -> None:
        with self._lock:
            self.owner.pop(name, None)


class Doors:
    """`open(settings…)`: a running door; all are stopped by `close`."""

    def __init__(self) -> None:
        self.desk = RememberingDesk()
        self.ledger = Ledger()
        self.told: list[tuple[str, str | None]] = []
        self._doors: list[ImapDoor] = []

    def open(self, *boxes: MailboxSettings, worker: str = "one", ledger: Any = None) -> ImapDoor:
        door = ImapDoor(
            boxes,
            self.desk.accept,
            lambda raw, mailbox: ("karen@people.example", (mailbox,)),
            ledger or self.ledger,
            clock=lambda: datetime.now(UTC),
            jitter=lambda: -0.4,  # a tenth of a second after the first failure
            worker=worker,
            trouble=lambda name, what: self.told.append((name, what)),
        )
        self._doors.append(door)
        door.start()
        return door

    def close(self) -> None:
        for door in self._doors:
            door.stop(3.0)
            assert not any(mailbox._thread.is_alive() for mailbox in door.mailboxes)


def counted(door: ImapDoor) -> Counter[str]:
    return sum((mailbox.counters for mailbox in door.mailboxes), Counter())


def only(door: ImapDoor) -> Mailbox:
    (mailbox,) = door.mailboxes
    return mailbox


def letter(key: str, text: str = "Nothing works.") -> bytes:
    head = f"From: {key}@people.example\r\nTo: support@desk.example\r\nSubject: About {key}\r\nMessage-ID: <{key}@people.example>\r\n\r\n"
    return (head + text + "\r\n").encode()


def until(holds: Callable[[], Any], what: str = "it happens", within: float = 15.0) -> None:
    end = time.monotonic() + within
    while not holds():
        assert time.monotonic() < end, f"not within {within:g} s: {what}"
        time.sleep(0.02)
