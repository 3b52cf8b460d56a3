"""The emergency Maildir: where `maild pipe` keeps letters while there is no database to keep them in.

Only for those who ask for it: mail systems keep a letter themselves when told to, some users'
`.forward` and procmail do not. Each file is a line of ours, which says how the letter came, and the
letter. Whoever can reach the database again, the daemon or the next `maild pipe`, brings them in: a
file goes after the commit that holds its letter, and a crash in between makes a duplicate, which
is known as one. It refuses to know what a letter says.
"""

from __future__ import annotations

import fcntl
import json
import logging
import os
import secrets
import time
from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures import wait as wait_for
from datetime import datetime
from pathlib import Path
from typing import Any

from maild import durable
from maild.core.model import Envelope, Receipt

log = logging.getLogger("maild.emergency")

BATCH = 50  # letters brought in before their receipts are awaited
WAIT = 60.0  # seconds for these
_FIRST = b"X-Maild-Envelope: "


def keep(directory: Path, envelope: Envelope) -> None:
    """Write a letter so that it survives whatever comes after this call. OSError."""
    for name in ("tmp", "new", "cur"):
        _made(directory / name)
    told: dict[str, Any] = {
        "from": envelope.mail_from,
        "to": envelope.rcpts,
        "at": envelope.received_at.isoformat(),
        "door": envelope.door,
    }
    name = f"{time.time_ns()}.{os.getpid()}_{secrets.token_hex(4)}.maild"
    path = directory / "tmp" / name
    try:
        with path.open("xb") as file:
            os.fchmod(file.fileno(), 0o600)
            file.write(_FIRST + json.dumps(told).encode() + b"\n")
            file.write(envelope.raw)
            file.flush()
            os.fsync(file.fileno())
        path.rename(directory / "new" / name)
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    durable.sync(directory / "new")


def _made(directory: Path) -> None:
    if not directory.is_dir():
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        durable.sync(directory.parent)
        durable.sync(directory.parent.parent)


class EmergencyDoor:
    """Brings in what was kept. `is_ours` says which recipients are, `main` is the one where none of them is."""

    def __init__(
        self,
        directory: Path,
        accept: Callable[[Envelope], Future[Receipt]],
        is_ours: Callable[[str], bool],
        main: Callable[[], str],
    ) -> None:
        self._directory = directory
        self._accept = accept
        self._is_ours = is_ours
        self._main = main
        self._odd: set[str] = set()  # files that are not of our making, said once

    def round(self) -> bool:
        """Bring in a few letters; True when there may be more. OSError where the directory cannot be read."""
        new = self._directory / "new"
        if not new.is_dir():
            return False
        place = os.open(new, os.O_RDONLY | os.O_DIRECTORY)
        try:
            fcntl.flock(place, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return self._bring_in(new)
        except BlockingIOError:  # somebody else is at it
            return False
        finally:
            os.close(place)

    def _bring_in(self, new: Path) -> bool:
        waiting = sorted(path for path in new.iterdir() if path.name not in self._odd and path.name[0] != ".")
        asked: list[tuple[Path, Future[Receipt]]] = []
        for path in waiting[:BATCH]:
            envelope = self._envelope(path)
            if envelope is not None:
                asked.append((path, self._accept(envelope)))
        wait_for([receipt for _, receipt in asked], WAIT)
        kept = [path for path, receipt in asked if receipt.done() and receipt.result() in _KEPT]
        for path in kept:
            path.unlink()
        if kept:
            log.warning("%s: %d letters were brought in", self._directory, len(kept))
        return len(waiting) > BATCH and len(kept) == len(asked)

    def _envelope(self, path: Path) -> Envelope | None:
        """The letter of a file; None where we did not write it, or whoever did died while it was new."""
        first, _, raw = path.read_bytes().partition(b"\n")
        try:
            if not first.startswith(_FIRST):
                raise ValueError("its first line is none of ours")
            told = json.loads(first.removeprefix(_FIRST))
            ours = tuple(rcpt for rcpt in map(str, told["to"]) if self._is_ours(rcpt))
            return Envelope(
                raw=raw,
                mail_from=str(told["from"]),
                rcpts=ours or (self._main(),),
                received_at=datetime.fromisoformat(told["at"]),
                door=str(told["door"]),
            )
        except (ValueError, KeyError, TypeError) as error:
            self._odd.add(path.name)
            log.error("%s: left where it is: %s", path, error)
            return None


_KEPT = (Receipt.ACCEPTED, Receipt.DUPLICATE)
