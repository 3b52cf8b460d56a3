"""Looks after the desk itself: notices trouble, says it once in the log, and writes to the admin when it lasts.

Every few seconds the parts are asked how they are; what they find out between two looks they say
themselves. What is wrong is kept in the store, too, where `maild doctor` reads it. It refuses to mend
anything, and to know when a letter is due (`troubles`). `app` builds it and runs `look` in a loop.
"""

from __future__ import annotations

import logging
import shutil
import threading
from collections import Counter
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from datetime import UTC, datetime
from pathlib import Path

from maild.config import Config
from maild.core.model import Address, Lane, Letter, Once, Outcome, Receipt, SendLetter
from maild.core.policy import Policy
from maild.edges.outbound import Relay
from maild.health.checks import span
from maild.health.troubles import AGAIN, Report, Trouble, Troubles
from maild.store import Store, Unavailable, sqlite_path

log = logging.getLogger("maild.watch")

EVERY = 15.0  # seconds between two looks
TOLD = "trouble-letter"  # the counter that says when the admin was last written to
ROOM = 4  # letters of the largest size there must be room for…
LEAST_ROOM = 100_000_000  # …and no less than this, in bytes
DATABASE, KEEPING, DISK = "database", "keeping letters", "disk"


class Watch:
    """`found` asks the parts that log for themselves: pairs of a name and what is wrong with it, "" for nothing.
    `room` says whether the disk is full. `relays` are the names of those whose trouble the courier notes in the
    store. `kept` counts letters by door and answer."""

    def __init__(
        self,
        store: Store,
        troubles: Troubles,
        *,
        clock: Callable[[], datetime],
        policy: Callable[[], Policy],
        found: Callable[[], Iterable[tuple[str, str]]],
        room: Callable[[], str],
        relays: Iterable[str] = (),
    ) -> None:
        self.troubles = troubles
        self.kept: Counter[tuple[str, str]] = Counter()
        self._store = store
        self._clock = clock
        self._policy = policy
        self._found = found
        self._room = room
        self._relays = tuple(f"relay {name}" for name in relays)
        self._counting = threading.Lock()
        self._noted: set[str] | None = None  # names of ours in the store; None: we have not looked yet

    # ----------------------------------------------------------------- from other threads

    def answered(self, door: str, promise: Future[Receipt]) -> None:
        """A letter was handed in, and this is what became of it."""
        broken = promise.cancelled() or promise.exception() is not None
        receipt = Receipt.TRY_LATER if broken else promise.result()
        with self._counting:
            self.kept[door, receipt.name.lower()] += 1
        if receipt is Receipt.NO_SPACE:
            self.note(KEEPING, "there is no space left: every letter is put off; make room")
        elif receipt is Receipt.TRY_LATER:
            self.note(KEEPING, "letters are put off: the database does not take them")
        else:
            self.note(KEEPING, "")

    def mailbox(self, name: str, what: str | None) -> None:
        """What the IMAP door has to say of a mailbox. It has logged it itself."""
        self.troubles.note(f"mailbox {name}", what or "", self._clock())

    def note(self, name: str, what: str) -> None:
        """Something nobody else logs."""
        news = self.troubles.note(name, what, self._clock())
        if news is not None and news.until is None:
            log.error("trouble=%s begins: %s", news.name, news.what)
        elif news is not None and news.until is not None:
            log.warning("trouble=%s is over after %s", news.name, span(news.until - news.since))

    # ----------------------------------------------------------------- the loop

    def look(self) -> float:
        """One round; seconds until the next."""
        now = self._clock()
        for name, what in self._found():
            self.troubles.note(name, what, now)
        self.note(DISK, self._room())
        try:
            self._adopt(now)
        except Unavailable as error:
            self.note(DATABASE, str(error))
            return EVERY
        self.note(DATABASE, "")
        try:
            self._keep(now)
            self._write(now)
        except Unavailable as error:  # it can be read and not written: a full disk, as a rule
            self.note(KEEPING, str(error))
        return EVERY

    def _adopt(self, now: datetime) -> None:
        """What is known of the relays, by whichever daemon found it out."""
        rows = {row.name: row for row in self._store.troubles()}
        for name in self._relays:
            row = rows.get(name)
            self.troubles.note(name, row.what if row else "", now, row.since if row else None)
        if self._noted is None:  # of an earlier run of ours: what still is wrong will be found again
            self._noted = {name for name in rows if not name.startswith("relay ")}

    def _keep(self, now: datetime) -> None:
        """Have the store say what we know. That it takes it shows that it takes letters, too."""
        present = {one.name: one for one in self.troubles.present() if one.name not in (*self._relays, DATABASE)}
        for one in present.values():
            self._store.trouble(one.name, one.what, one.since)
        for name in (self._noted or set()) - set(present):
            self._store.trouble(name, "", now)
        self._noted = set(present)
        if KEEPING in present and DISK not in present:
            self.note(KEEPING, "")

    def _write(self, now: datetime) -> None:
        last = self._store.done_last(TOLD)
        report = self.troubles.letter(now, datetime.fromtimestamp(last, UTC) if last else None)
        if report is not None:
            self._store.record([(None, letter(report, self._policy(), now))], now)
            self.troubles.told(report)
            log.info("the admin is told of %d troubles, %d are over", len(report.new), len(report.over))


def letter(report: Report, policy: Policy, now: datetime) -> Outcome:
    """The letter to the admin; of several daemons one writes it."""
    at = int(now.timestamp())
    words = Letter(
        template="trouble",
        to=Address(policy.admin),
        lane=Lane.ALERT,
        automatic="auto-generated",
        from_address=policy.addresses[0].email,
        context={
            "new": [_words(one, now) for one in report.new],
            "still": [_words(one, now) for one in report.still],
            "over": [_words(one, now) for one in report.over],
        },
    )
    return Outcome(changes=(Once(TOLD, at, below=at - int(AGAIN.total_seconds()) + 1), SendLetter(words)))


def _words(one: Trouble, now: datetime) -> dict[str, str]:
    return {"name": one.name, "what": one.what, "lasted": span((one.until or now) - one.since)}


def watch_over(
    config: Config,
    store: Store,
    relays: Iterable[Relay],
    policy: Callable[[], Policy],
    clock: Callable[[], datetime],
    found: Callable[[], Iterable[tuple[str, str]]],
) -> Watch:
    """The watch of the desk with this configuration."""
    database = sqlite_path(config.store.url)
    return Watch(
        store,
        Troubles(config.desk.tell_after),
        clock=clock,
        policy=policy,
        found=found,
        room=lambda: room(database.parent if database else config.desk.data, config.smtp.max_size),
        relays=[relay.name for relay in relays],
    )


def room(directory: Path, max_size: int) -> str:
    """What is wrong with the space on the disk of this directory, "" for nothing."""
    try:
        free = shutil.disk_usage(directory).free
    except OSError as error:
        return f"{directory}: {error.strerror}"
    needed = max(LEAST_ROOM, ROOM * max_size)
    if free >= needed:
        return ""
    return f"{free // 1_000_000} MB are free at {directory}, and {needed // 1_000_000} MB should be; make room"
