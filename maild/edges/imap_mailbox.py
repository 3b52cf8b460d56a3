"""One mailbox, looked after by one thread: leased, looked through, waited at, tried again.

A letter goes fetch, accept, file. Nothing is filed before the desk has said that it is kept,
so whatever dies in between, the letter is fetched again and the desk knows it: exactly once.
It refuses to know what a letter says, how IMAP is spoken (`imap_session`) and what else the
program does: trouble here is nobody else's.
"""

from __future__ import annotations

import logging
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from datetime import datetime, timedelta

from maild.core.model import Envelope, Receipt
from maild.edges.imap_progress import Progress
from maild.edges.imap_session import Session
from maild.edges.imap_settings import Ledger, MailboxSettings, State
from maild.edges.imap_trouble import Trouble, is_expected, words

log = logging.getLogger("maild.imap")

LEASE = timedelta(minutes=3)  # longer than a server may keep us waiting in the ordinary course
BEAT = 60.0  # seconds after which it is renewed
BATCH = 50  # letters fetched, kept and filed together; more gains nothing
BATCH_BYTES = 8_000_000  # a single larger letter is fetched alone
SIZES = 500  # letters whose sizes are asked for at once
LULL = 0.1  # seconds between two looks at least, whatever a server announces; letters that come together go together
LONGEST_IDLE = 25 * 60.0  # seconds; RFC 2177: a server may hang up after 30 minutes
REST, LONGEST_REST = 1.0, 300.0  # seconds after a failure, doubling
PATIENT_REST, LONGEST_PATIENT_REST = 60.0, 1800.0  # the same where trying often does harm

Accept = Callable[[Envelope], Future[Receipt]]
Addressed = Callable[[bytes, str], tuple[str, tuple[str, ...]]]


class Mailbox:
    """`state` and `counters` are for health: fetched, accepted, duplicate, too_large, put_off, failed."""

    def __init__(
        self,
        settings: MailboxSettings,
        accept: Accept,
        addressed: Addressed,
        ledger: Ledger,
        *,
        clock: Callable[[], datetime],
        jitter: Callable[[], float],
        worker: str,
        trouble: Callable[[str, str | None], None],
    ) -> None:
        self.settings = settings
        self.state = State(clock())
        self.counters: Counter[str] = Counter()
        self._accept = accept
        self._addressed = addressed
        self._ledger = ledger
        self._clock = clock
        self._jitter = jitter
        self._worker = worker
        self._trouble = trouble
        self._progress = Progress(0, 0)
        self._session: Session | None = None
        self._leased = False
        self._renew_at = 0.0
        self._failures = 0
        self._singly = 0  # letters to be fetched one by one, after a batch that broke the connection
        self._stopping = threading.Event()
        self._ringer: socket.socket | None = None
        self._thread = threading.Thread(target=self._live, name=f"imap {settings.name}", daemon=True)

    # ----------------------------------------------------------------- from other threads

    def start(self) -> None:
        self._bell, self._ringer = socket.socketpair()
        self._thread.start()

    def ask_to_stop(self) -> None:
        """Finish the letters in hand, take no more."""
        self._stopping.set()
        if self._ringer is not None:
            self._ringer.close()  # the end of the line is heard at the other end

    def stop(self, patience: float) -> bool:
        """Wait for the end; whoever keeps us waiting longer than `patience` seconds is cut off. False: still busy."""
        if self._ringer is None:
            return True
        self._thread.join(max(patience, 0.0))
        session = self._session
        if self._thread.is_alive() and session is not None:
            session.cut()
            self._thread.join(1.0)
        return not self._thread.is_alive()

    # ----------------------------------------------------------------- the thread

    def _live(self) -> None:
        with self._bell:
            self._run()

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                rest = self._serve()
            except Exception as error:  # noqa: BLE001 - whatever a server, the store or we do: say it, try again
                rest = self._failed(error)
            if not self._stopping.is_set():
                self._stopping.wait(rest)
        if self._leased:
            try:
                self._ledger.mailbox_leave(self.settings.name, self._worker)
            except Exception as error:  # noqa: BLE001 - then the lease runs out by itself
                log.info("%s: the lease could not be ended: %s", self.settings.name, type(error).__name__)

    def _serve(self) -> float:
        """Look after the mailbox until we are stopped; seconds to wait where it is somebody else's."""
        if not self._lease():
            self.state = State(self._clock(), note="another daemon looks after it")
            return min(self.settings.poll, BEAT)
        session = self._session = Session(self.settings)
        try:
            if session.uidvalidity != self._progress.uidvalidity:
                self._begin_anew(session.uidvalidity)
            while not self._stopping.is_set():
                self._look(session)
                self._well()
                if not self._stopping.wait(LULL):
                    session.wait(min(self.settings.poll, LONGEST_IDLE), self._bell, self._beat, BEAT)
            session.leave(farewell=True)
        finally:
            self._session = None
            session.leave(farewell=False)
        return 0.0

    def _begin_anew(self, uidvalidity: int) -> None:
        """The folder is not the one we knew: its numbers mean nothing, so every letter is looked at again."""
        if self._progress.uidvalidity:
            log.warning("%s: UIDVALIDITY has changed; all letters are looked at again", self.settings.name)
        self._progress = Progress(uidvalidity, 0)
        self._note_progress()

    # ----------------------------------------------------------------- the lease

    def _lease(self) -> bool:
        seen = self._lease_on()
        if seen is None:
            return False
        if seen != (self._progress.uidvalidity, self._progress.floor):  # somebody else had it meanwhile
            self._progress = Progress(*seen)
        return True

    def _lease_on(self) -> tuple[int, int] | None:
        with _store():
            seen = self._ledger.mailbox_take(self.settings.name, self._worker, self._clock(), LEASE)
        self._leased = seen is not None
        self._renew_at = time.monotonic() + BEAT
        return seen

    def _beat(self) -> None:
        """Renew the lease when it is time; Trouble where it is lost."""
        if time.monotonic() >= self._renew_at and self._lease_on() is None:
            raise Trouble("another daemon has taken it over")

    # ----------------------------------------------------------------- letters

    def _look(self, session: Session) -> None:
        """Take every letter that is not dealt with."""
        todo = self._progress.begin(session.find(self._progress.floor), time.monotonic())
        for start in range(0, len(todo), SIZES):
            part = todo[start : start + SIZES]
            sizes = session.sizes(part)
            taken = [uid for uid in part if uid in sizes and not self._too_large(session, uid, sizes[uid])]
            for batch in self._batches(taken, sizes):
                if self._stopping.is_set():
                    return
                self._beat()
                self._take(session, batch, sum(sizes[uid] for uid in batch))

    def _batches(self, uids: Sequence[int], sizes: Mapping[int, int]) -> Iterator[list[int]]:
        batch: list[int] = []
        octets = 0
        for uid in uids:
            full = len(batch) >= (1 if self._singly else BATCH) or octets + sizes[uid] > BATCH_BYTES
            if batch and full:
                yield batch
                batch, octets = [], 0
            batch.append(uid)
            octets += sizes[uid]
        if batch:
            yield batch

    def _too_large(self, session: Session, uid: int, octets: int) -> bool:
        if octets <= self.settings.max_size:
            return False
        words_ = "%s: letter %d of %d octets is larger than max_size and was not taken; it stays in the folder"
        log.warning(words_, self.settings.name, uid, octets)
        self.counters["too_large"] += 1
        session.filing.mark_too_large(uid)
        self._dealt_with([uid])
        return True

    def _take(self, session: Session, batch: Sequence[int], octets: int) -> None:
        """Fetch these letters, have them kept, file them."""
        wanted = [uid for uid in batch if uid not in self._progress.accepted]
        bodies = self._fetch(session, wanted, octets)
        promises = {uid: self._hand_over(body) for uid, body in bodies.items() if body}
        empty = [uid for uid, body in bodies.items() if not body]
        until = time.monotonic() + self.settings.accept_timeout
        for uid, promise in promises.items():
            receipt = _receipt(promise, max(0.0, until - time.monotonic()))
            self.counters[_COUNTED[receipt]] += 1
            if receipt in (Receipt.ACCEPTED, Receipt.DUPLICATE):
                self._progress.accepted.add(uid)
        kept = [uid for uid in batch if uid in self._progress.accepted]
        session.filing.file(kept)
        self._dealt_with([*kept, *empty])
        if any(uid not in kept for uid in promises):
            raise Trouble("the store takes no letters now; they stay in the mailbox")

    def _fetch(self, session: Session, uids: Sequence[int], octets: int) -> dict[int, bytes]:
        if not uids:
            return {}
        try:
            bodies = session.bodies(uids, octets)
        except Exception:
            # One letter may be the reason. Alone it shows itself, and then rests while the others go on.
            self._singly = len(uids) if len(uids) > 1 else self._singly
            if len(uids) == 1:
                self._set_aside(uids[0])
            raise
        self._singly = max(0, self._singly - len(uids))
        self.counters["fetched"] += len(bodies)
        for uid in uids:
            if uid not in bodies:  # it has gone, or the server cannot give it
                self._progress.aside(uid, time.monotonic())
            elif len(bodies[uid]) > self.settings.max_size:
                self._too_large(session, uid, len(bodies.pop(uid)))
        return bodies

    def _set_aside(self, uid: int) -> None:
        rest = self._progress.aside(uid, time.monotonic())
        log.warning("%s: letter %d cannot be fetched; tried again in %d s", self.settings.name, uid, rest)
        self.counters["failed"] += 1

    def _hand_over(self, raw: bytes) -> Future[Receipt]:
        try:
            sender, rcpts = self._addressed(raw, self.settings.address)
        except Exception:
            log.exception("%s: the header of a letter was not understood", self.settings.name)
            sender, rcpts = "", (self.settings.address,)
        host, now = self.settings.host, self._clock()
        try:
            return self._accept(
                Envelope(raw=raw, mail_from=sender, rcpts=rcpts, received_at=now, door="imap", peer=host)
            )
        except Exception as error:  # noqa: BLE001 - a bug of ours is no yes
            broken: Future[Receipt] = Future()
            broken.set_exception(error)
            return broken

    def _dealt_with(self, uids: Sequence[int]) -> None:
        if self._progress.done(uids):
            self._note_progress()

    def _note_progress(self) -> None:
        progress = self._progress
        with _store():
            self._ledger.mailbox_seen(self.settings.name, self._worker, progress.uidvalidity, progress.floor)

    # ----------------------------------------------------------------- how it is doing

    def _well(self) -> None:
        self._failures = 0
        if self.state.trouble:
            log.warning("%s: all is well again", self.settings.name)
            self._tell(None)
        if self.state.trouble or self.state.note:
            self.state = State(self._clock())

    def _failed(self, error: Exception) -> float:
        """Say what happened, once; seconds to rest."""
        what = words(error, self.settings.host)
        patient = isinstance(error, Trouble) and error.patient
        first, longest = (PATIENT_REST, LONGEST_PATIENT_REST) if patient else (REST, LONGEST_REST)
        rest = min(first * 2.0**self._failures, longest) * (0.5 + self._jitter())
        self._failures = min(self._failures + 1, 20)
        if not is_expected(error):
            log.error("%s: a bug of ours", self.settings.name, exc_info=error)
        if not patient and self._failures == 1 and not self.state.trouble:
            log.info("%s: %s; again in %.0f s", self.settings.name, what, rest)  # servers restart, lines drop
        elif what != self.state.trouble:
            log.error("%s: %s", self.settings.name, what)
            self.state = State(self.state.since if self.state.trouble else self._clock(), trouble=what)
            self._tell(what)
        return rest

    def _tell(self, what: str | None) -> None:
        try:
            self._trouble(self.settings.name, what)
        except Exception as error:  # noqa: BLE001 - whoever listens must not stop the mailbox
            log.error("%s: nobody could be told: %s", self.settings.name, type(error).__name__)


@contextmanager
def _store() -> Iterator[None]:
    """What the store raises is not the server's fault."""
    try:
        yield
    except Exception as error:
        raise Trouble(f"the store is away ({type(error).__name__}); letters stay in the mailbox") from error


_COUNTED = {
    Receipt.ACCEPTED: "accepted",
    Receipt.DUPLICATE: "duplicate",
    Receipt.TRY_LATER: "put_off",
    Receipt.NO_SPACE: "put_off",
}


def _receipt(promise: Future[Receipt], patience: float) -> Receipt:
    try:
        return promise.result(patience)
    except Exception as error:  # without a yes the letter stays where it is
        log.error("a letter was put off: %s", type(error).__name__, exc_info=not isinstance(error, TimeoutError))
        return Receipt.TRY_LATER
