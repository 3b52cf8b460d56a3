"""What follows from what became of a letter of ours on its way, besides that it cannot be delivered.

It refuses to know how letters are carried; the courier tells the desk.
"""

from __future__ import annotations

from datetime import datetime

from maild.core.decide.draft import Draft
from maild.core.model import Outcome, SentLetter, Ticket
from maild.core.policy import Policy


def sent_twice(ticket: Ticket, sent: SentLetter, policy: Policy, now: datetime) -> Outcome:
    """A person's words may have arrived twice: a line in the thread, so that nobody wonders. Nobody is alarmed."""
    draft = Draft(ticket, policy, now)
    draft.event(
        "sent twice",
        "courier",
        f"The line to the mail server broke at the end of the letter to {sent.to}; it was sent once more and may have "
        "arrived twice",
        {"to": sent.to, "outbox": sent.outbox_id},
    )
    return draft.finish(None, "a letter may have arrived twice")
