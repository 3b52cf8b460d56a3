"""What waits, what was set aside, and what a running daemon says is wrong.

Called by `doctor`. A database that is away is found by `machine`; here it says nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta

from maild.config import Config
from maild.health.checks import LATE_IN, span, waiting
from maild.health.doctor.finding import Finding, note, well, wrong
from maild.ready import NotReady, open_ready_store
from maild.store import Numbers, State, Unavailable

LATE_OUT = timedelta(hours=1)  # a letter that waits so long to leave is worth a look


def check(config: Config) -> Iterator[Finding]:
    now = datetime.now(UTC)
    try:
        with closing(open_ready_store(config, checkpoint=False)) as store:
            numbers, troubles = store.numbers(), store.troubles()
    except (NotReady, Unavailable):
        return
    yield _coming(numbers, now)
    yield _leaving(numbers, now)
    held = numbers.fates["quarantined"]
    if held:
        yield note("quarantine", f"{held} held back", "maild quarantine")
    if numbers.dead:
        yield note("given up", f"{numbers.dead} letters could not be delivered", "maild queue --all")
    if numbers.unsure:
        yield note("unsure", f"{numbers.unsure} letters may have left; they are sent once more", "maild queue")
    if numbers.suppressed:
        yield note("suppressed", f"{numbers.suppressed} addresses get no automatic mail", "maild suppressed")
    yield from (_lasting(one, now) for one in troubles)


def _coming(numbers: Numbers, now: datetime) -> Finding:
    what = waiting(numbers.fates["waiting"], numbers.oldest_in, now)
    late = numbers.oldest_in is not None and now - numbers.oldest_in > LATE_IN
    do = "see that maild runs; maild ledger --fate waiting"
    return wrong("letters in", what, do) if late else well("letters in", what)


def _leaving(numbers: Numbers, now: datetime) -> Finding:
    what = waiting(sum(numbers.queued.values()), numbers.oldest_out, now)
    late = numbers.oldest_out is not None and now - numbers.oldest_out > LATE_OUT
    return wrong("letters out", what, "maild queue tells why") if late else well("letters out", what)


def _lasting(one: State, now: datetime) -> Finding:
    return wrong(one.name, f"for {span(now - one.since)}: {one.what}", "as the daemon last saw it; it goes on trying")
