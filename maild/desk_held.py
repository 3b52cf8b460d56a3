"""Once a day: the admin is told which letters are held back, if any of them is new.

It refuses to know what is written and when it is due (core.decide.on_list). Called by the desk's
tick and, for the letters alone, by `maild quarantine`.
"""

from __future__ import annotations

import logging
from datetime import datetime

from maild.core import decide
from maild.core.decide import Line
from maild.core.mail import read
from maild.core.model import Fate
from maild.core.policy import Policy
from maild.store import Store

log = logging.getLogger("maild.desk")

MOST = 100  # letters one list shows
LONGEST = 200  # characters of a sender and of a subject


def tell_held(store: Store, policy: Policy, now: datetime) -> None:
    """Send the list if its time has come; the transaction that sends it says whether it was first."""
    due = decide.due_since(policy, now)
    if due is None:
        return
    last = store.done_last(decide.LISTED)
    if last >= int(due.timestamp()):
        return
    lines = held_back(store, MOST)
    new = any(int(line.received_at.timestamp()) >= last for line in lines)
    more = store.ledger_sums()[Fate.QUARANTINED] - len(lines)
    outcome = decide.the_list(lines if new else [], max(0, more), due, policy, now)
    store.record([(None, outcome)], now)
    if new:
        log.info("the day's list of letters held back: %s", outcome.reason)


def held_back(store: Store, limit: int) -> list[Line]:
    """The latest letters held back, oldest first, as a person may look at them."""
    rows = store.ledger(fate=Fate.QUARANTINED, limit=limit)
    heads = store.held([row.mail_id for row in rows])
    lines = []
    for row in reversed(rows):
        head = heads.get(row.mail_id)
        message = read(head.head) if head else None
        lines.append(
            Line(
                mail_id=row.mail_id,
                received_at=row.received_at,
                sender=_shown(", ".join(map(str, message.from_)) if message else "") or row.mail_from,
                subject=_shown(message.subject if message else ""),
                reason=row.reason,
            )
        )
    return lines


def _shown(text: str) -> str:
    line = " ".join(text[: 4 * LONGEST].split())
    return line if len(line) <= LONGEST else line[: LONGEST - 1] + "…"
