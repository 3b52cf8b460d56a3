"""The relays in the order of the configuration, and which of them may be used now.

Each has a breaker of its own. A relay that is away rests; when the rest is over one letter
finds out whether it is back, and until then the next relay carries everything. The trouble is
the relay's: it is said once in the log and noted in the store, and no letter pays for it with
an attempt. It refuses to know what a letter is; the courier calls it.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from maild.edges.outbound import Answer, Relay, Temporary

log = logging.getLogger("maild.courier")

FIRST_REST = timedelta(seconds=5)
LONGEST_REST = timedelta(minutes=5)
SHAKES = 3  # answers in a row that sound like the relay's own trouble, and it is given a rest


@dataclass(frozen=True, slots=True)
class Away:
    """No relay can be used before this moment. `why`: what the last one said."""

    until: datetime
    why: str


class Breaker:
    """One relay's health: well, resting until a moment, or being probed by one letter."""

    def __init__(self, relay: Relay) -> None:
        self.relay = relay
        self.until: datetime | None = None  # it rests; None: it is well
        self.why = ""
        self.since: datetime | None = None
        self._rests = 0  # in a row, without a letter getting through
        self._shakes = 0
        self._probed = False
        self._seen_well = False

    def admits(self, now: datetime) -> bool:
        """Whether a letter may go this way. After a rest one may, and holds the way until it is answered."""
        if self.until is None:
            return True
        if now < self.until or self._probed:
            return False
        self._probed = True
        return True

    def trip(self, why: str, now: datetime, jitter: float) -> bool:
        """It is away. True where it was well until now, so that this is news."""
        if self.until is not None and not self._probed:
            return False  # several letters found out at the same time
        news = self.since is None
        self._probed = False
        rest = min(FIRST_REST * 2 ** min(self._rests, 20), LONGEST_REST) * (0.8 + 0.4 * jitter)
        self._rests += 1
        self.why, self.until, self.since = why, now + rest, self.since or now
        return news

    def shake(self) -> bool:
        """An answer that may be the relay's own trouble; True when it must be."""
        self._shakes += 1
        return self._shakes >= SHAKES or self._probed

    def through(self) -> bool:
        """The relay has answered about a letter: it is there. True where that is news."""
        news = self.since is not None or not self._seen_well
        self.until = self.since = None
        self._rests = self._shakes = 0
        self._probed, self._seen_well = False, True
        return news

    def untried(self) -> None:
        """The letter that should have probed did not come to it."""
        self._probed = False


class Relays:
    """Safe to use from several threads. `note(name, what)` keeps a relay's trouble where a person can see it;
    "" ends it. It may raise: a breaker works whether or not that could be noted."""

    def __init__(
        self,
        relays: Sequence[Relay],
        clock: Callable[[], datetime],
        jitter: Callable[[], float],
        note: Callable[[str, str], None],
    ) -> None:
        self._breakers = [Breaker(relay) for relay in relays]
        self._clock = clock
        self._jitter = jitter
        self._note = note
        self._lock = threading.Lock()
        self.connections = max(relay.connections for relay in relays)

    def away(self) -> Away | None:
        """Until when nothing can be sent at all, as far as we know."""
        now = self._clock()
        with self._lock:
            resting = [b for b in self._breakers if b.until is not None and b.until > now]
            if len(resting) < len(self._breakers):
                return None
            first = min(resting, key=lambda one: one.until or now)
            return Away(first.until or now, first.why)

    def probing(self) -> bool:
        """Whether only a probe can tell if anything can be sent."""
        with self._lock:
            return all(one.until is not None for one in self._breakers)

    def carry(self, send: Callable[[Relay], Answer]) -> Answer | Away:
        """Hand a letter to the first relay that takes it; an answer that says "I am away" asks the next one."""
        why = ""
        for breaker in self._breakers:
            with self._lock:
                admitted = breaker.admits(self._clock())
            if not admitted:
                why = why or breaker.why
                continue
            try:
                answer = send(breaker.relay)
            except BaseException:
                with self._lock:
                    breaker.untried()
                raise
            self._judge(breaker, answer)
            if not (isinstance(answer, Temporary) and answer.relay_trouble and not answer.reached):
                return answer
            why = answer.reply
        return self.away() or Away(self._clock() + FIRST_REST, why)

    def _judge(self, breaker: Breaker, answer: Answer) -> None:
        now, jitter = self._clock(), self._jitter()
        with self._lock:
            trouble = isinstance(answer, Temporary) and (answer.relay_trouble or (answer.shaky and breaker.shake()))
            if not trouble and isinstance(answer, Temporary) and answer.shaky:
                return
            since = breaker.since
            news = breaker.trip(answer.reply, now, jitter) if trouble else breaker.through()
        if trouble and news:
            log.error("%s is away: %s", breaker.relay.name, answer.reply)
        elif not trouble and since:
            log.warning("%s is back after %s", breaker.relay.name, now - since)
        if news:
            self._tell(breaker.relay, answer.reply if trouble else "")

    def _tell(self, relay: Relay, what: str) -> None:
        try:
            self._note(f"relay {relay.name}", what)
        except Exception as error:  # noqa: BLE001 - the store may be away as well; letters go on
            log.warning("the state of %s could not be noted: %s", relay.name, error)
