"""The courier: letters of the outbox are written once, carried, tried again, given up.

The order of steps is the promise: bytes and Message-ID are fixed by a commit before the
first attempt, "about to send the final dot" is a commit of its own, and so is the relay's
answer. A crash anywhere in between costs at most one more copy, byte for byte the same,
and never a letter. It refuses to know how a relay works (edges.outbound), which relay is well
(courier_relays) and what a letter says (letters); the loop in `app` and `maild deliver` call it.
"""

from __future__ import annotations

import logging
import threading
from collections import Counter, deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from maild.core.policy import Policy
from maild.core.relayed import assigned_ids
from maild.edges.courier_lineup import Lineup, Rates, Ready, domain_of
from maild.edges.courier_relays import Away, Relays
from maild.edges.courier_scribe import Scribe, Shelf
from maild.edges.outbound import Accepted, Answer, Permanent, Relay, Wishes
from maild.letters import NotRenderable, Templates, Unsendable
from maild.store import OutboxRow, Unavailable

log = logging.getLogger("maild.courier")

BATCH = 100  # letters claimed at once
FIXED_AT_ONCE = 25  # letters written before a commit fixes them: few enough that the first ones leave meanwhile
FIXED_BYTES = 4 * 1024 * 1024  # the same in bytes
# Longer than the slowest letter can take, with the whole batch before it: a connect, four commands, a final dot.
LEASE = timedelta(hours=1)
LAST_START = timedelta(minutes=20)  # of a lease: later no letter of it is begun, it goes to the next round
FIRST_RETRY = timedelta(minutes=1)
LONGEST_RETRY = timedelta(hours=4)


class Outbox(Shelf, Protocol):
    """What the courier asks of the store."""

    def outbox_claim(self, limit: int, now: datetime, lease: timedelta, worker: str) -> list[OutboxRow]: ...
    def outbox_fix(self, fixed: Sequence[tuple[int, str, bytes]]) -> None: ...
    def outbox_dot(self, outbox_id: int, now: datetime) -> None: ...
    def outbox_sent(self, outbox_id: int, now: datetime, relay_reply: str, ids: Sequence[str] = ()) -> Future[None]: ...
    def outbox_retry(self, outbox_id: int, next_try: datetime, error: str, *, doubt: bool = False) -> None: ...
    def outbox_postpone(self, until: Mapping[int, datetime], why: str) -> None: ...
    def outbox_dead(self, outbox_id: int, error: str) -> None: ...
    def trouble(self, name: str, what: str, now: datetime) -> None: ...


@dataclass(frozen=True, slots=True)
class Manners:
    """How an admin wants letters carried."""

    retry_for: timedelta = timedelta(days=5)  # RFC 5321 section 4.5.4.1: give up after 4-5 days at the earliest
    per_domain_connections: int = 3  # at the same time for recipients of one domain
    per_domain_per_minute: int = 0  # letters to one domain; 0: no limit


MANNERS = Manners()


class Courier:
    """Carries letters. `templates` and `policy` are asked anew for every letter: both may be reloaded.

    `jitter` gives numbers from 0 to 1, `sign` adds a signature to finished bytes. `on_dead` is called for a
    letter that is given up, with the reason; if it raises Unavailable the letter is given up again later.
    `on_twice` is called for a letter that was sent once more because nobody knows whether it had left.
    """

    def __init__(
        self,
        store: Outbox,
        *,
        templates: Callable[[], Templates],
        policy: Callable[[], Policy],
        relays: Sequence[Relay],
        clock: Callable[[], datetime],
        jitter: Callable[[], float],
        on_dead: Callable[[OutboxRow, str], None],
        on_twice: Callable[[OutboxRow], None] = lambda row: None,
        sign: Callable[[bytes, datetime], bytes] | None = None,
        manners: Manners = MANNERS,
        worker: str = "courier",
    ) -> None:
        self._store = store
        self._scribe = Scribe(store, templates, policy, sign)
        self._relays = Relays(relays, clock, jitter, lambda name, what: store.trouble(name, what, clock()))
        self._clock = clock
        self._jitter = jitter
        self._on_dead = on_dead
        self._on_twice = on_twice
        self._manners = manners
        self._rates = Rates(manners.per_domain_per_minute)
        self._worker = worker
        self.counters: Counter[tuple[str, str]] = Counter()  # for health: template and written, sent, put_off or dead
        self._counting = threading.Lock()
        self._owed: deque[Callable[[], None]] = deque()  # answers of the relay the store could not take yet
        self._noting: deque[tuple[Future[None], Callable[[], Future[None]]]] = deque()  # those it is taking now

    def deliver_round(self, limit: int = BATCH) -> bool:
        """Try every letter that is due, `limit` at most; True when there may be more to do now.

        Raises Unavailable when the store is away; what the relay has answered by then is kept
        in mind and written down first thing in the next round.
        """
        self._settle()
        if self._relays.away():
            return False
        now = self._clock()
        # After a rest one letter tries whether the way is free again.
        rows = self._store.outbox_claim(1 if self._relays.probing() else limit, now, LEASE, self._worker)
        if not rows:
            return False
        try:
            self._carry_all(self._in_time(rows, now), now + LAST_START)
        finally:
            self._collect()
        return self._relays.away() is None

    def _in_time(self, rows: Iterable[OutboxRow], now: datetime) -> list[OutboxRow]:
        """Those whose domain has not had its letters of this minute; the others are put off."""
        going: list[OutboxRow] = []
        later: dict[int, datetime] = {}
        for row in rows:
            at = self._rates.put_off(domain_of(row.letter.to.email), now)
            if at is None:
                going.append(row)
            else:
                later[row.outbox_id] = at
        if later:
            self._postpone(later, f"{self._manners.per_domain_per_minute} letters a minute to this domain")
        return going

    def _carry_all(self, rows: Sequence[OutboxRow], last_start: datetime) -> None:
        """Write letters here, and carry them in threads of their own as soon as their bytes are fixed."""
        carriers = min(self._relays.connections, len(rows))
        if not carriers:
            return
        lineup = Lineup(self._manners.per_domain_connections)
        with ThreadPoolExecutor(carriers, "courier") as pool:
            carrying = [pool.submit(self._work, lineup, last_start) for _ in range(carriers)]
            try:
                self._make_ready(rows, lineup)
            except BaseException:
                lineup.give_up()
                raise
            finally:
                lineup.end()
        for one in carrying:
            one.result()

    def _work(self, lineup: Lineup, last_start: datetime) -> None:
        """One carrier: a letter after the other. Only Unavailable leaves this function."""
        try:
            while (one := lineup.take()) is not None:
                try:
                    self._carry(one, lineup, last_start)
                finally:
                    lineup.done(one)
        except BaseException:
            lineup.give_up()
            raise

    # ----------------------------------------------------------------- one letter

    def _make_ready(self, rows: Iterable[OutboxRow], lineup: Lineup) -> None:
        """Letters in their order into the lineup: what an earlier attempt fixed, else written and fixed now."""
        some: list[Ready] = []
        size = 0
        for row in rows:
            try:
                one = self._scribe.ready(row, self._clock())
            except Unavailable:
                raise
            except Exception as error:  # noqa: BLE001 - one bad letter must not stop the others
                self._fault(row, error)
                continue
            some.append(one)
            size += len(one.letter.raw)
            if len(some) >= FIXED_AT_ONCE or size >= FIXED_BYTES:
                self._line_up(some, lineup)
                some, size = [], 0
        self._line_up(some, lineup)

    def _line_up(self, letters: Sequence[Ready], lineup: Lineup) -> None:
        """Fix the bytes of those that are new by one commit, before anybody gets them."""
        fresh = [(one.row.outbox_id, one.letter.message_id, one.letter.raw) for one in letters if one.fresh]
        if fresh:
            self._store.outbox_fix(fresh)
            self._say_written(letters)
        for one in letters:
            if not lineup.add(one):
                return

    def _say_written(self, letters: Sequence[Ready]) -> None:
        for row, letter in ((one.row, one.letter) for one in letters if one.fresh):
            # Without its Message-ID: where there are no reply addresses that is what proves an agent.
            log.info("outbox=%d ticket=%s msg=%s letter=%s to=%s written size=%d", *_known(row), len(letter.raw))
            self._count(row, "written")

    def _carry(self, one: Ready, lineup: Lineup, last_start: datetime) -> None:
        """From fixed bytes to an answer. Only Unavailable leaves this function."""
        if (now := self._clock()) > last_start:
            self._postpone({one.row.outbox_id: now}, "the round took too long")
            return
        try:
            answer = self._relays.carry(lambda relay: self._send(one, relay))
            if isinstance(answer, Away):
                left = [one, *lineup.drain()]
                self._postpone({each.row.outbox_id: answer.until for each in left}, answer.why)
            else:
                self._answered(one.row, answer)
        except Unavailable:
            raise
        except Exception as error:  # noqa: BLE001 - as above
            self._fault(one.row, error)

    def _send(self, one: Ready, relay: Relay) -> Answer:
        row, letter = one.row, one.letter

        def before_dot() -> None:
            self._store.outbox_dot(row.outbox_id, self._clock())

        # A report goes to our own bounce address, so every letter asks for one where it fails. That a letter is
        # late matters only where a person waits for what a person wrote.
        wishes = Wishes(envelope_id=str(row.outbox_id), delays=not row.letter.automatic)
        return relay.send(letter.mail_from, letter.rcpt, letter.raw, before_dot, wishes)

    def _answered(self, row: OutboxRow, answer: Answer) -> None:
        if isinstance(answer, Accepted):
            self._sent(row, answer.reply)
        elif isinstance(answer, Permanent):
            self._give_up(row, answer.reply)
        else:
            self._try_later(row, answer.reply, doubt=answer.doubt)

    def _sent(self, row: OutboxRow, reply: str) -> None:
        """Write it down without waiting: the next letter's dot then shares the commit."""
        log.info("outbox=%d ticket=%s msg=%s letter=%s to=%s sent: %s", *_known(row), reply)
        self._count(row, "sent")
        at, ids = self._clock(), assigned_ids(reply)

        def write() -> Future[None]:
            return self._store.outbox_sent(row.outbox_id, at, reply, ids)

        self._noting.append((write(), write))
        if row.dot_at is not None and not row.letter.automatic:
            try:
                self._on_twice(row)
            except Exception:  # the letter is sent whether or not that could be told
                log.exception("outbox=%d may have arrived twice and nobody could be told", row.outbox_id)

    def _fault(self, row: OutboxRow, error: Exception) -> None:
        """A letter that cannot be sent as it is, or not now."""
        if isinstance(error, Unsendable):
            self._give_up(row, str(error))
        elif isinstance(error, NotRenderable):
            log.error("outbox=%d ticket=%s msg=%s letter=%s to=%s cannot be written: %s", *_known(row), error)
            self._try_later(row, f"cannot be written: {error}")
        else:
            log.error("outbox=%d ticket=%s msg=%s letter=%s to=%s failed", *_known(row), exc_info=error)
            self._try_later(row, f"{type(error).__name__}: {error}")

    # ----------------------------------------------------------------- later, or never

    def _try_later(self, row: OutboxRow, error: str, *, doubt: bool = False) -> None:
        """The next attempt, each twice as far away as the one before; after days the letter is given up."""
        now, longest = self._clock(), self._manners.retry_for
        if now - row.created_at >= longest:
            self._give_up(row, f"given up after {longest.days} days: {error}")
            return
        doublings = min(max(row.attempts, 1) - 1, 20)
        wait = min(FIRST_RETRY * 2**doublings, LONGEST_RETRY) * (0.8 + 0.4 * self._jitter())
        log.warning("outbox=%d ticket=%s msg=%s letter=%s to=%s put off for %s: %s", *_known(row), wait, error)
        self._count(row, "put_off")
        self._note(lambda: self._store.outbox_retry(row.outbox_id, now + wait, error, doubt=doubt))

    def _postpone(self, until: Mapping[int, datetime], why: str) -> None:
        """These letters were not tried; it is no fault of theirs."""
        self._note(lambda: self._store.outbox_postpone(until, why))

    def _give_up(self, row: OutboxRow, reason: str) -> None:
        """Tell first: a crash in between tells twice, the other way round nobody would ever be told."""
        log.error("outbox=%d ticket=%s msg=%s letter=%s to=%s given up: %s", *_known(row), reason)
        self._count(row, "dead")
        try:
            self._on_dead(row, reason)
        except Unavailable:
            raise
        except Exception:  # the letter is dead whether or not that could be told
            log.exception("outbox=%d is dead and nobody could be told", row.outbox_id)
        self._note(lambda: self._store.outbox_dead(row.outbox_id, reason))

    def _count(self, row: OutboxRow, what: str) -> None:
        with self._counting:
            self.counters[row.letter.template, what] += 1

    # ----------------------------------------------------------------- what the store must know

    def _note(self, write: Callable[[], None]) -> None:
        try:
            write()
        except Unavailable:
            self._owed.append(write)
            raise

    def _collect(self) -> None:
        """Wait until what was sent is written down; what could not be is owed."""
        away: Unavailable | None = None
        while self._noting:
            noted, again = self._noting.popleft()
            try:
                noted.result()
            except Unavailable as error:
                away = error
                self._owed.append(lambda again=again: again().result())  # type: ignore[misc]
        if away is not None:
            raise away

    def _settle(self) -> None:
        """Write down what could not be written before anything new is claimed."""
        while self._owed:
            self._owed[0]()
            self._owed.popleft()


def _known(row: OutboxRow) -> tuple[int, int | str, int | str, str, str]:
    """By what a letter is found in the log: its number, ticket, the letter it passes on, its kind, its recipient."""
    passed_on = row.entry.mail_id if row.entry else None
    return row.outbox_id, row.number or "-", passed_on or "-", row.letter.template, row.letter.to.email
