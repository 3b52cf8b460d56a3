"""A Maildir that is watched: whatever is delivered into it becomes mail of the desk.

Every few seconds `new` is looked into. A letter is moved to `cur` after it has been kept, never before; a
crash in between hands it in once more, and it is known as a duplicate. It refuses to know what a
letter says. `app` runs `round` in a loop; the mail system that delivers here needs no other arrangement.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures import wait as wait_for
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from maild.core.model import Envelope, Receipt

log = logging.getLogger("maild.maildir")

BATCH = 100  # letters handed in before their receipts are awaited: one commit may hold them all
BATCH_BYTES = 48_000_000  # and no more than this at once
WAIT = 60.0  # seconds for the receipts of a batch


@dataclass(frozen=True, slots=True)
class MaildirSettings:
    """`address` is our address that stands in where a letter names none of ours; `poll` is in seconds, sizes in
    octets."""

    path: Path
    address: str
    poll: float = 5.0
    max_size: int = 25_000_000


class MaildirDoor:
    """Watches one Maildir. `delivered` says by whom and to which of our addresses a letter was sent."""

    def __init__(
        self,
        settings: MaildirSettings,
        accept: Callable[[Envelope], Future[Receipt]],
        delivered: Callable[[bytes, str], tuple[str, tuple[str, ...]]],
        clock: Callable[[], datetime],
    ) -> None:
        self.settings = settings
        self.trouble = ""  # what is wrong at present, in words
        self._accept = accept
        self._delivered = delivered
        self._clock = clock
        self._large: set[str] = set()  # names of letters too large, said once

    def round(self) -> bool | float:
        """Hand in what is there; True when there may be more, else the seconds until the next look."""
        try:
            waiting, more = self._next()
        except OSError as error:
            self._say(f"{self.settings.path}: {error.strerror or error}")
            return self.settings.poll
        receipts = [(path, self._accept(self._envelope(raw))) for path, raw in waiting]
        wait_for([receipt for _, receipt in receipts], WAIT)
        kept = [path for path, receipt in receipts if _is_kept(receipt)]
        try:
            for path in kept:
                path.rename(self.settings.path / "cur" / f"{path.name.partition(':')[0]}:2,")
        except OSError as error:
            self._say(f"{self.settings.path}/cur: {error.strerror or error}")
            return self.settings.poll
        if len(kept) == len(receipts):
            self._say("")
        return True if more and len(kept) == len(receipts) else self.settings.poll

    def _next(self) -> tuple[list[tuple[Path, bytes]], bool]:
        """The letters of the next batch, oldest name first, and whether there are others."""
        new = self.settings.path / "new"
        names = sorted(path.name for path in new.iterdir() if path.name[0] != "." and path.name not in self._large)
        found: list[tuple[Path, bytes]] = []
        held = 0
        for name in names[:BATCH]:
            path = new / name
            size = path.stat().st_size
            if size > self.settings.max_size:
                self._large.add(name)
                log.error("%s: %d bytes are more than we take; it stays where it is", path, size)
                continue
            if found and held + size > BATCH_BYTES:
                return found, True
            held += size
            found.append((path, path.read_bytes()))
        return found, len(names) > BATCH

    def _envelope(self, raw: bytes) -> Envelope:
        sender, rcpts = self._delivered(raw, self.settings.address)
        return Envelope(raw=raw, mail_from=sender, rcpts=rcpts, received_at=self._clock(), door="maildir")

    def _say(self, trouble: str) -> None:
        """Log a trouble once when it begins and once when it is over."""
        if trouble and trouble != self.trouble:
            log.error("%s", trouble)
        elif self.trouble and not trouble:
            log.warning("%s: all is well again", self.settings.path)
        self.trouble = trouble


def _is_kept(receipt: Future[Receipt]) -> bool:
    return (
        receipt.done()
        and not receipt.cancelled()
        and receipt.exception() is None
        and receipt.result() in (Receipt.ACCEPTED, Receipt.DUPLICATE)
    )
