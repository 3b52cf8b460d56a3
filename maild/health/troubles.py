"""What is wrong at present, since when, and whether it is time to write to the admin about it.

A trouble is known by the name of what is in trouble: "relay smtp.bank.example:25", "disk". It is news
when it begins and when it is over; a letter is due when it has lasted, and one letter tells of all.
It refuses to know how anything is found out, and the time: every call brings it. `watch` feeds
it and writes the letter.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

AGAIN = timedelta(hours=1)  # at most one letter in this time, whatever happens


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something that is, or was, not as it should be."""

    name: str
    what: str
    since: datetime
    until: datetime | None = None  # None: it lasts


@dataclass(frozen=True, slots=True)
class Report:
    """What a letter tells: troubles that lasted until now and were not told before, those that were and still
    last, and those that are over."""

    new: tuple[Trouble, ...]
    still: tuple[Trouble, ...]
    over: tuple[Trouble, ...]


class Troubles:
    """Safe to use from any thread. `tell_after`: what is over sooner is nobody's letter."""

    def __init__(self, tell_after: timedelta) -> None:
        self._tell_after = tell_after
        self._lock = threading.Lock()
        self._present: dict[str, Trouble] = {}
        self._told: set[str] = set()  # names of present ones the admin has read of
        self._over: list[Trouble] = []  # of which the admin has still to hear

    def note(self, name: str, what: str, now: datetime, since: datetime | None = None) -> Trouble | None:
        """Something is wrong from now on (or `since` then), or with "" well again. What is news of it, else None."""
        with self._lock:
            known = self._present.get(name)
            if what:
                self._present[name] = Trouble(name, what, known.since if known else since or now)
                return None if known else self._present[name]
            if known is None:
                return None
            del self._present[name]
            ended = replace(known, until=now)
            if name in self._told or now - known.since >= self._tell_after:
                self._over.append(ended)
            self._told.discard(name)
            return ended

    def present(self) -> tuple[Trouble, ...]:
        """What is wrong, the longest first."""
        with self._lock:
            return tuple(sorted(self._present.values(), key=lambda one: (one.since, one.name)))

    def letter(self, now: datetime, last: datetime | None) -> Report | None:
        """What the admin should read now, None for nothing. `last`: when the last letter was written."""
        if last is not None and now - last < AGAIN:
            return None
        lasting = [one for one in self.present() if now - one.since >= self._tell_after]
        with self._lock:
            new = tuple(one for one in lasting if one.name not in self._told)
            still = tuple(one for one in lasting if one.name in self._told)
            over = tuple(self._over)
        return Report(new, still, over) if new or over else None

    def told(self, report: Report) -> None:
        """The letter is written: it need not be written again."""
        with self._lock:
            self._told |= {one.name for one in report.new if one.name in self._present}
            self._over = [one for one in self._over if one not in report.over]
