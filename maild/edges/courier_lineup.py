"""Letters of one round that are ready to go, and how fast each recipient's domain may get them.

`Lineup` hands them to the carriers so that no domain occupies them all; `Rates` spreads what
a domain gets over the minute. It refuses to know what a letter is beyond its domain and size;
the courier calls it.
"""

from __future__ import annotations

import threading
from collections import Counter, deque
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from maild.letters import Rendered
from maild.store import OutboxRow

MOST_BYTES = 16 * 1024 * 1024  # of letters that are ready; more are written when some have left
MOST_DOMAINS = 10_000  # remembered at once

_LONG_AGO = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Ready:
    """A letter with the bytes that travel."""

    row: OutboxRow
    letter: Rendered
    domain: str
    fresh: bool  # the bytes are new and not fixed yet


def domain_of(address: str) -> str:
    """What an address is limited by."""
    return address.rpartition("@")[2].lower()


class Lineup:
    """Safe to use from several threads. `together`: how many letters for one domain are carried at once."""

    def __init__(self, together: int) -> None:
        self._together = together
        self._waiting: deque[Ready] = deque()
        self._bytes = 0
        self._carried: Counter[str] = Counter()
        self._ended = False
        self._given_up = False
        self._changed = threading.Condition()

    def add(self, one: Ready) -> bool:
        """Put a letter at the end, once there is room; False where nobody will carry it."""
        with self._changed:
            while self._bytes > MOST_BYTES and not self._given_up:
                self._changed.wait()
            if self._given_up:
                return False
            self._waiting.append(one)
            self._bytes += len(one.letter.raw)
            self._changed.notify()
            return True

    def end(self) -> None:
        """Nothing more will be added."""
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    def give_up(self) -> None:
        """A carrier cannot go on: the others stop at their next letter, and nothing more is taken in."""
        with self._changed:
            self._given_up = True
            self._changed.notify_all()

    def take(self) -> Ready | None:
        """The next letter whose domain has room, waited for; None when all is done. Say `done` of it."""
        with self._changed:
            while not self._given_up:
                for place, one in enumerate(self._waiting):
                    if self._carried[one.domain] < self._together:
                        del self._waiting[place]
                        if self._bytes > MOST_BYTES:
                            self._changed.notify_all()  # there may be room again
                        self._bytes -= len(one.letter.raw)
                        self._carried[one.domain] += 1
                        return one
                if self._ended and not self._waiting:
                    return None
                self._changed.wait()
            return None

    def done(self, one: Ready) -> None:
        """The letter has been answered."""
        with self._changed:
            self._carried[one.domain] -= 1
            self._changed.notify_all()

    def drain(self) -> list[Ready]:
        """Take out all that still wait."""
        with self._changed:
            left, self._bytes = list(self._waiting), 0
            self._waiting.clear()
            self._changed.notify_all()
            return left


class Rates:
    """Letters a minute to one domain; 0: as many as there are."""

    def __init__(self, per_minute: int) -> None:
        self._gap = timedelta(minutes=1) / per_minute if per_minute else timedelta()
        self._slack = timedelta(minutes=1) - self._gap  # a minute's worth may go at once
        self._next: dict[str, datetime] = {}  # when the domain's next letter would be due at an even pace
        self._promised: dict[str, datetime] = {}  # up to when letters have been put off

    def put_off(self, domain: str, now: datetime) -> datetime | None:
        """Until when a letter to this domain must wait; None: it goes now, and counts."""
        if not self._gap:
            return None
        even = max(self._next.get(domain, now), now)
        if even - now <= self._slack:
            self._next[domain] = even + self._gap
            self._forget(now)
            return None
        # One behind the other, so that they do not all come back at the same moment.
        at = max(even - self._slack, self._promised.get(domain, _LONG_AGO) + self._gap)
        self._promised[domain] = at
        return at

    def _forget(self, now: datetime) -> None:
        if len(self._next) > MOST_DOMAINS:
            self._next = {domain: at for domain, at in self._next.items() if at > now}
            self._promised = {domain: at for domain, at in self._promised.items() if at > now}
