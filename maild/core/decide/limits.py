"""How often somebody is written to automatically: the brake that holds whatever two machines say.

Counted for each address over all of ours and all tickets. It refuses to know what is sent.
"""

from __future__ import annotations

from maild.core.model import Facts
from maild.core.policy import Policy

ANSWERS = ("acknowledgement", "refused")
"""Letters that anybody gets who writes to us."""


def answered(facts: Facts, email: str) -> int:
    """How many automatic answers this folded address has had in the last 24 hours, whatever they said."""
    counts = facts.told.get(email, {})
    return sum(counts.get(template, 0) for template in ANSWERS)


def exhausted(facts: Facts, email: str, policy: Policy, *, template: str) -> str:
    """Why this folded address gets no further automatic answer today; "" if it may get one.

    A refusal is told once a day, even where acknowledgements are switched off or sent more often.
    """
    sent = answered(facts, email)
    most = policy.acknowledgements_per_day
    if template == "refused":
        most = max(1, most)
        if facts.told.get(email, {}).get(template):
            sent = max(sent, most)
    return f"{sent} sent to this sender in the last 24 hours" if sent >= most else ""
