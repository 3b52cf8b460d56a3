"""A loop is a thread around a function that does one thing and says whether there is more.

It refuses to know what the function does. `app` runs the desk's work and the courier's
rounds in two of them; doors, clock and store wake them.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

log = logging.getLogger("maild.loops")

FIRST_REST = 0.5  # seconds after a failure, doubling
LONGEST_REST = 5.0  # a database that comes back is noticed this soon


class Loop:
    """Runs `step` until it has nothing more to do, then sleeps until woken.

    A step answers True (there may be more), False (nothing until woken) or seconds to sleep at
    most. One that raises is tried again after a rest: the loop never ends by itself.
    """

    def __init__(self, name: str, step: Callable[[], bool | float]) -> None:
        self._name = name
        self._step = step
        self._wake = threading.Event()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._trouble = ""  # what the last step raised

    def start(self) -> None:
        self._wake.set()
        self._thread.start()

    def wake(self) -> None:
        """There may be something to do. From any thread, at any moment, as often as you like."""
        self._wake.set()

    def stop(self, patience: float) -> bool:
        """Finish the present step and end; False when it did not within `patience` seconds."""
        self._stopping.set()
        self._wake.set()
        self._thread.join(patience)
        return not self._thread.is_alive()

    def _run(self) -> None:
        rest = FIRST_REST
        nap: float | None = None
        while not self._stopping.is_set():
            self._wake.wait(nap)
            self._wake.clear()
            nap = None
            try:
                more: bool | float = True
                while more is True and not self._stopping.is_set():
                    more = self._step()
                nap = more or None
                rest = FIRST_REST
                self._say("")
            except Exception as error:
                self._say(f"{type(error).__name__}: {error}")
                log.debug("%s failed", self._name, exc_info=True)
                self._stopping.wait(rest)
                rest = min(rest * 2, LONGEST_REST)
                self._wake.set()

    def _say(self, trouble: str) -> None:
        """Log a trouble once when it begins and once when it is over."""
        if trouble and trouble != self._trouble:
            log.error("%s: %s; tried again until it works", self._name, trouble)
        elif self._trouble and not trouble:
            log.warning("%s: all is well again", self._name)
        self._trouble = trouble
