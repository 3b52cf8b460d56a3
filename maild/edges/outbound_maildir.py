"""The relay that is a directory: letters are written into a Maildir and go no further.

It refuses to know what a letter is about; `outbound` makes it.
"""

from __future__ import annotations

import itertools
import os
import socket
import time
from collections.abc import Callable
from pathlib import Path

from maild import durable
from maild.edges.outbound import NO_WISHES, Accepted, Answer, Temporary, Wishes


class MaildirRelay:
    """Puts letters into a Maildir, for a test, a first look or another program to carry on.

    Each file begins with Return-Path and Delivered-To, as a local delivery would write them,
    and has the line ends of the machine. The names sort in the order of delivery.
    """

    def __init__(self, directory: Path, *, connections: int = 4) -> None:
        self.connections = connections
        self.name = f"maildir:{directory}"
        self._directory = directory
        self._counter = itertools.count(1)
        self._host = socket.gethostname().replace("/", "_").replace(":", "_")

    def send(
        self, mail_from: str, rcpt: str, raw: bytes, before_dot: Callable[[], None], wishes: Wishes = NO_WISHES
    ) -> Answer:
        head = f"Return-Path: <{mail_from}>\nDelivered-To: {rcpt}\n".encode()
        name = self._name()
        try:
            self._write_down(name, head + raw.replace(b"\r\n", b"\n"))
        except OSError as error:
            return Temporary(f"{self._directory}: {error}", relay_trouble=True, reached=False)
        try:
            before_dot()
            (self._directory / "tmp" / name).rename(self._directory / "new" / name)
            durable.sync(self._directory / "new")
        except OSError as error:
            return Temporary(f"{self._directory}: {error}", relay_trouble=True)
        finally:
            (self._directory / "tmp" / name).unlink(missing_ok=True)
        return Accepted(f"written to new/{name}")

    def knock(self) -> str:
        """Whether letters can be written there; what is in the way, "" where nothing is."""
        places = (self._directory / "tmp", self._directory, *self._directory.parents)
        there = next(one for one in places if one.exists())
        return "" if os.access(there, os.W_OK | os.X_OK) else f"{there} cannot be written to"

    def close(self) -> None:
        """Nothing is kept open."""

    def _write_down(self, name: str, content: bytes) -> None:
        """Write a file below tmp that survives a power cut; the Maildir is made where there is none."""
        path = self._directory / "tmp" / name
        try:
            file = path.open("xb")
        except FileNotFoundError:
            for part in ("cur", "new", "tmp"):  # tmp last: another thread goes on as soon as it sees that
                (self._directory / part).mkdir(parents=True, exist_ok=True)
            file = path.open("xb")
        with file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())

    def _name(self) -> str:
        at = time.time_ns() // 1000
        return f"{at // 1_000_000}.M{at % 1_000_000:06d}P{os.getpid()}Q{next(self._counter):08d}.{self._host}"
