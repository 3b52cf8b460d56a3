"""Where each value of a new ticket came from, as its first event remembers it for good.

The order is that of `new_ticket.filled`. `core.why` puts it into words; `maild explain` shows it before
anything is recorded. It refuses to decide.
"""

from __future__ import annotations

from maild.core.model import Ticket
from maild.core.policy import OurAddress, Policy
from maild.core.rules import Verdict

VALUES = ("topic", "priority", "team", "agent", "sla")


def provenance(
    ticket: Ticket, ours: OurAddress, verdict: Verdict, continues: Ticket | None, policy: Policy
) -> dict[str, str]:
    """Field → "rule:NAME", "continues:NUMBER", "topic:KEY", "address:EMAIL" or "default"; only fields with a value."""
    topic = policy.topics.get(ticket.topic)
    by: dict[str, str] = {}
    for name in VALUES:
        value = getattr(ticket, name)
        if not value:
            continue
        if name in verdict.by:
            by[name] = f"rule:{verdict.by[name]}"
        elif continues is not None and getattr(continues, name) == value:
            by[name] = f"continues:{continues.number}"
        elif name != "topic" and topic is not None and getattr(topic, name) == value:
            by[name] = f"topic:{topic.key}"
        elif value == getattr(ours, name, ""):
            by[name] = f"address:{ours.email}"
        else:
            by[name] = "default"
    return by
