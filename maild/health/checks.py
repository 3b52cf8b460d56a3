"""How a running desk is doing: a few checks, each with a yes or no and words, and the parts they look at.

It refuses to wait for anybody but the store, which answers or is away within seconds. `pages` shows
the answer; `metrics` counts the same parts; `maild doctor` looks from outside.
"""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta

from maild.edges.courier import Courier
from maild.edges.imap_mailbox import Mailbox
from maild.edges.smtp import SmtpDoor
from maild.health.troubles import Troubles
from maild.store import Store, Unavailable

LATE_IN = timedelta(minutes=10)  # a letter that waits so long for its fate shows that nothing is worked


class Stopwatch:
    """How often something was done, and how many seconds it took in all. For one thread at a time."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self.count = 0
        self.seconds = 0.0
        self._monotonic = monotonic

    def timed(self, step: Callable[[], bool | float]) -> bool | float:
        """Do a step; it counts where it found something to do."""
        began = self._monotonic()
        more = step()
        if more is True:
            self.count += 1
            self.seconds += self._monotonic() - began
        return more


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What there is to look at."""

    store: Store
    doors: Mapping[str, SmtpDoor]  # by name
    wanted: Sequence[str]  # names of those that should listen
    mailboxes: Sequence[Mailbox]
    courier: Courier
    relays: Sequence[str]  # their names
    troubles: Troubles
    kept: Counter[tuple[str, str]] = field(default_factory=Counter)  # letters by door and answer
    rounds: Mapping[str, Stopwatch] = field(default_factory=dict)  # by loop


@dataclass(frozen=True, slots=True)
class Check:
    """`ok` or not, and in words."""

    name: str
    ok: bool
    what: str


def checks(parts: Parts, now: datetime) -> list[Check]:
    """Everything that matters for whether letters come in and go out."""
    return [*_stored(parts, now), *_doors(parts), *_mailboxes(parts), *_troubles(parts, now)]


def page(found: Sequence[Check]) -> str:
    return json.dumps({"ok": all(one.ok for one in found), "checks": [asdict(one) for one in found]}, indent=1) + "\n"


def _stored(parts: Parts, now: datetime) -> Iterator[Check]:
    try:
        numbers = parts.store.numbers()
    except Unavailable as error:
        yield Check("database", False, str(error))
        return
    yield Check("database", True, "answers")
    came, count = numbers.oldest_in, numbers.fates["waiting"]
    late = came is not None and now - came > LATE_IN
    yield Check("letters in", not late, waiting(count, came, now))
    yield Check("letters out", True, waiting(sum(numbers.queued.values()), numbers.oldest_out, now))


def waiting(count: int, oldest: datetime | None, now: datetime) -> str:
    """A queue in words."""
    if not count or oldest is None:
        return "none waits"
    return f"{count} {'waits' if count == 1 else 'wait'}, the oldest for {span(now - oldest)}"


def span(length: timedelta) -> str:
    """A time in the two units that matter: "3 d 4 h", "12 s"."""
    seconds = max(0, int(length.total_seconds()))
    parts = []
    for unit, size in (("d", 86_400), ("h", 3600), ("min", 60), ("s", 1)):
        if seconds >= size:
            parts.append(f"{seconds // size} {unit}")
            seconds %= size
    return " ".join(parts[:2]) or "0 s"


def _doors(parts: Parts) -> Iterator[Check]:
    for name in parts.wanted:
        bound = parts.doors[name].bound
        yield Check(f"door {name}", bool(bound), ", ".join(bound) or "listens nowhere")


def _mailboxes(parts: Parts) -> Iterator[Check]:
    for box in parts.mailboxes:
        state = box.state
        yield Check(f"mailbox {box.settings.name}", not state.trouble, state.trouble or state.note or "is fetched from")


def _troubles(parts: Parts, now: datetime) -> Iterator[Check]:
    present = {one.name: one for one in parts.troubles.present()}
    for name in parts.relays:
        away = present.pop(f"relay {name}", None)
        what = f"away for {span(now - away.since)}: {away.what}" if away else "well"
        yield Check(f"relay {name}", away is None, what)
    for one in present.values():
        if not one.name.startswith("mailbox "):  # told above, as it is this moment
            yield Check(one.name, False, f"for {span(now - one.since)}: {one.what}")
