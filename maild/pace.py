"""Letters in go before letters out: when desk and courier may take the machine.

One process has one interpreter; writing letters costs three times what taking one in does.
While letters keep coming the courier holds back for a quiet moment, so that a burst is taken
in at full speed; it never holds back long, and in a load that does not end it becomes an
equal. The desk, too, waits a blink for more letters: fifty worked together cost a third of
fifty worked one by one. It refuses to know what comes and what goes.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

LULL = 0.01  # seconds without a letter end the desk's waiting for more
GATHER = 0.1  # seconds a letter waits for company at most
QUIET = 0.05  # seconds without anything coming in make a quiet moment
PATIENCE = 2.0  # seconds after which the courier sends a handful all the same
EQUAL = 10.0  # seconds of unbroken load after which it holds back no longer
HANDFUL = 20  # letters it sends then
ROUND = 100  # letters of an ordinary round


class Pace:
    """`stir` when a letter comes in, from any thread; before each round the desk asks `gather`, the courier `hold`."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._stirred = -QUIET
        self._first: float | None = None  # when the first letter came that the desk has not looked at
        self._busy_since: float | None = None
        self._last_round = monotonic()

    def stir(self) -> None:
        """Something has come in."""
        self._stirred = self._monotonic()
        if self._first is None:
            self._first = self._stirred

    def gather(self) -> float:
        """How many seconds the desk should wait for more letters; 0: work those that are there."""
        now, first = self._monotonic(), self._first
        if first is not None and now - self._stirred < LULL and now - first < GATHER:
            return LULL
        self._first = None
        return 0.0

    def hold(self) -> tuple[float, int]:
        """How many seconds to hold back (0: go), and how many letters the round may take."""
        with self._lock:
            now = self._monotonic()
            if now - self._stirred >= QUIET:
                self._busy_since = None
                return self._go(now, ROUND)
            if self._busy_since is None:
                self._busy_since, self._last_round = now, now
            if now - self._busy_since >= EQUAL:
                return self._go(now, ROUND)
            if now - self._last_round >= PATIENCE:
                return self._go(now, HANDFUL)
            return QUIET, 0

    def _go(self, now: float, letters: int) -> tuple[float, int]:
        self._last_round = now
        return 0.0, letters
