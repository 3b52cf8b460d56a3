"""The courier: letters of the outbox are written once, carried, tried again, given up.

The order of steps is the promise: bytes and Message-ID are fixed by a commit before the
first attempt, "about to send the final dot" is a commit of its own, and so is the relay's
answer. A crash anywhere in between costs at most one more copy, byte for byte the same,
and never a letter. It refuses to know how a relay works (edges.outbound) and what a letter
says (letters); the loop in `app` and `maild deliver` call it.
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Protocol

from maild.core.model import Entry
from maild.core.policy import Policy
from maild.edges.outbound import Accepted, Permanent, Relay, Temporary
from maild.letters import CATALOGUE, NotRenderable, Outgoing, Rendered, Templates, Unsendable, route
from maild.store import OutboxRow, Unavailable

log = logging.getLogger("maild.courier")

BATCH = 100  # letters claimed at once
# Longer than the slowest letter can take, with the whole batch before it: a connect, four commands, a final dot.
LEASE = timedelta(hours=1)
LAST_START = timedelta(minutes=20)  # of a lease: later no letter of it is begun, it goes to the next round
FIRST_RETRY = timedelta(minutes=1)
LONGEST_RETRY = timedelta(hours=4)
RETRY_FOR = timedelta(days=5)  # RFC 5321 section 4.5.4.1: give up after 4-5 days at the earliest
FIRST_PAUSE = timedelta(seconds=5)  # when nothing at all can be sent
LONGEST_PAUSE = timedelta(minutes=5)


class Outbox(Protocol):
    """What the courier asks of the store."""

    def outbox_claim(self, limit: int, now: datetime, lease: timedelta, worker: str) -> list[OutboxRow]: ...
    def outbox_raw(self, outbox_id: int) -> bytes | None: ...
    def outbox_fix(self, outbox_id: int, message_id: str, raw: bytes) -> None: ...
    def outbox_dot(self, outbox_id: int, now: datetime) -> None: ...
    def outbox_sent(self, outbox_id: int, now: datetime, relay_reply: str) -> None: ...
    def outbox_retry(self, outbox_id: int, next_try: datetime, error: str) -> None: ...
    def outbox_dead(self, outbox_id: int, error: str) -> None: ...
    def raw(self, mail_id: int) -> bytes | None: ...
    def entries(self, number: int) -> list[Entry]: ...


class Courier:
    """Carries letters. `templates` and `policy` are asked anew for every letter: both may be reloaded.

    `jitter` gives numbers from 0 to 1. `on_dead` is called for a letter that is given up,
    with the reason; if it raises Unavailable the letter is given up again later.
    """

    def __init__(
        self,
        store: Outbox,
        *,
        templates: Callable[[], Templates],
        policy: Callable[[], Policy],
        relay: Relay,
        clock: Callable[[], datetime],
        jitter: Callable[[], float],
        on_dead: Callable[[OutboxRow, str], None],
        retry_for: timedelta = RETRY_FOR,
        worker: str = "courier",
    ) -> None:
        self._store = store
        self._templates = templates
        self._policy = policy
        self._relay = relay
        self._clock = clock
        self._jitter = jitter
        self._on_dead = on_dead
        self._retry_for = retry_for
        self._worker = worker
        self._lock = threading.Lock()
        self._paused_until: datetime | None = None
        self._pauses = 0  # in a row, without a letter getting through
        self._owed: deque[Callable[[], None]] = deque()  # answers of the relay the store could not take yet

    def deliver_round(self, limit: int = BATCH) -> bool:
        """Try every letter that is due, `limit` at most; True when there may be more to do now.

        Raises Unavailable when the store is away; what the relay has answered by then is kept
        in mind and written down first thing in the next round.
        """
        self._settle()
        now = self._clock()
        if self._paused_until and now < self._paused_until:
            return False
        # After a pause one letter tries whether the way is free again.
        rows = self._store.outbox_claim(1 if self._pauses else limit, now, LEASE, self._worker)
        if not rows:
            return False
        with ThreadPoolExecutor(min(self._relay.connections, len(rows)), "courier") as pool:
            carried = [pool.submit(self._carry, row, now + LAST_START) for row in rows]
        for one in carried:
            one.result()
        return self._paused_until is None

    # ----------------------------------------------------------------- one letter

    def _carry(self, row: OutboxRow, last_start: datetime) -> None:
        """From claim to answer. Only Unavailable leaves this function."""
        now = self._clock()
        if self._paused_until:
            self._retry(row, self._paused_until, "the relay is away")
            return
        if now > last_start:
            self._retry(row, now, "the round took too long")
            return
        try:
            self._send(row, now)
        except Unavailable:
            raise
        except Unsendable as error:
            self._give_up(row, str(error))
        except NotRenderable as error:
            log.error("outbox=%d %s cannot be written: %s", row.outbox_id, row.letter.template, error)
            self._try_later(row, f"cannot be written: {error}")
        except Exception as error:  # one bad letter must not stop the others
            log.exception("outbox=%d %s failed", row.outbox_id, row.letter.template)
            self._try_later(row, f"{type(error).__name__}: {error}")

    def _send(self, row: OutboxRow, now: datetime) -> None:
        letter = self._fixed(row) or self._write(row, now)

        def before_dot() -> None:
            self._store.outbox_dot(row.outbox_id, self._clock())

        answer = self._relay.send(letter.mail_from, letter.rcpt, letter.raw, before_dot)
        if isinstance(answer, Accepted):
            log.info("outbox=%d %s to %s sent: %s", row.outbox_id, row.letter.template, letter.rcpt, answer.reply)
            self._through()
            self._note(lambda: self._store.outbox_sent(row.outbox_id, self._clock(), answer.reply))
        elif isinstance(answer, Permanent):
            self._through()
            self._give_up(row, answer.reply)
        else:
            self._put_off(row, answer)

    def _fixed(self, row: OutboxRow) -> Rendered | None:
        """The letter as an earlier attempt fixed it."""
        raw = self._store.outbox_raw(row.outbox_id) if row.message_id else None
        if raw is None:
            return None
        if row.dot_at is not None:
            log.warning("outbox=%d may have been sent at %s before a crash; sent once more", row.outbox_id, row.dot_at)
        path = route(Outgoing(row.outbox_id, row.ticket, row.letter), self._policy())
        return Rendered(row.message_id, path.mail_from, path.rcpt, raw, path.smtputf8)

    def _write(self, row: OutboxRow, now: datetime) -> Rendered:
        """Render a letter and fix its bytes before anybody gets them."""
        letter = row.letter
        form = CATALOGUE.get(letter.template)
        thread = tuple(self._store.entries(row.number)) if form and form.thread and row.number is not None else ()
        files = self._store.raw(letter.attachments_of) if letter.attachments_of is not None else None
        outgoing = Outgoing(row.outbox_id, row.ticket, letter, row.entry, files, thread)
        rendered = self._templates().render(outgoing, self._policy(), now)
        self._store.outbox_fix(row.outbox_id, rendered.message_id, rendered.raw)
        return rendered

    # ----------------------------------------------------------------- answers

    def _put_off(self, row: OutboxRow, answer: Temporary) -> None:
        if answer.relay_trouble:
            self._pause(answer.reply)
        else:
            self._through()
        if answer.relay_trouble and not answer.reached and self._paused_until:
            self._retry(row, self._paused_until, answer.reply)  # the relay was away: no attempt of this letter
        else:
            self._try_later(row, answer.reply)

    def _try_later(self, row: OutboxRow, error: str) -> None:
        """The next attempt, each twice as far away as the one before; after days the letter is given up."""
        now = self._clock()
        if now - row.created_at >= self._retry_for:
            self._give_up(row, f"given up after {self._retry_for.days} days: {error}")
            return
        doublings = min(max(row.attempts, 1) - 1, 20)
        wait = min(FIRST_RETRY * 2**doublings, LONGEST_RETRY) * (0.8 + 0.4 * self._jitter())
        log.warning("outbox=%d to %s put off for %s: %s", row.outbox_id, row.letter.to.email, wait, error)
        self._retry(row, now + wait, error)

    def _retry(self, row: OutboxRow, at: datetime, error: str) -> None:
        self._note(lambda: self._store.outbox_retry(row.outbox_id, at, error))

    def _give_up(self, row: OutboxRow, reason: str) -> None:
        """Tell first: a crash in between tells twice, the other way round nobody would ever be told."""
        log.error("outbox=%d %s to %s given up: %s", row.outbox_id, row.letter.template, row.letter.to.email, reason)
        try:
            self._on_dead(row, reason)
        except Unavailable:
            raise
        except Exception:  # the letter is dead whether or not that could be told
            log.exception("outbox=%d is dead and nobody could be told", row.outbox_id)
        self._note(lambda: self._store.outbox_dead(row.outbox_id, reason))

    # ----------------------------------------------------------------- the relay's health

    def _pause(self, why: str) -> None:
        """Let the relay rest: once for all threads that find it away at the same time."""
        with self._lock:
            if self._paused_until:
                return
            rest = min(FIRST_PAUSE * 2 ** min(self._pauses, 20), LONGEST_PAUSE) * (0.8 + 0.4 * self._jitter())
            self._pauses += 1
            self._paused_until = self._clock() + rest
            log.error("the relay is away, next try in %s: %s", rest, why)

    def _through(self) -> None:
        """The relay has answered about a letter: it is there."""
        with self._lock:
            if self._pauses:
                log.info("the relay is back")
            self._pauses = 0

    # ----------------------------------------------------------------- what the store must know

    def _note(self, write: Callable[[], None]) -> None:
        try:
            write()
        except Unavailable:
            self._owed.append(write)
            raise

    def _settle(self) -> None:
        """Write down what could not be written before anything new is claimed."""
        while self._owed:
            self._owed[0]()
            self._owed.popleft()
        if self._paused_until and self._clock() >= self._paused_until:
            self._paused_until = None
