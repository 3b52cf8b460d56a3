"""What follows from the clock: one breach alert for each broken promise, the end of a confirm window, and
one alert for all letters of a flood.

Whoever wakes up looks at the truth again: a deadline that has moved or is done leads to nothing.
"""

from __future__ import annotations

from datetime import datetime

from maild.core import flood, sla
from maild.core.decide import ruling, tell
from maild.core.decide.draft import Draft
from maild.core.model import Outcome, Status, Ticket
from maild.core.policy import Policy
from maild.core.rules import moment

PROMISES = {"response": "first response", "resolution": "resolution"}


def on_time(ticket: Ticket, policy: Policy, now: datetime) -> Outcome:
    """What is due on this ticket at `now`; an outcome without changes when nothing is."""
    draft = Draft(ticket, policy, now)
    for rule in policy.rules:
        due = moment(rule, draft.ticket, policy.calendars) if rule.wait else None
        if due is not None and due <= now:
            ruling.waited(draft, rule)
    for deadline in sla.deadlines(draft.ticket, policy):
        if deadline.done or deadline.due > now:
            continue
        if deadline.kind == "close":
            _close(draft)
        elif deadline.kind == sla.FLOOD:
            _flood(draft)
        else:
            _breach(draft, deadline)
    ruling.changed(draft)
    ruling.handed_over(draft)
    return draft.finish(None, "; ".join(draft.trace) or "nothing is due")


def _breach(draft: Draft, deadline: sla.Deadline) -> None:
    """One alert, however late the clock wakes up; the mark remembers it."""
    ticket, what = draft.ticket, PROMISES[deadline.kind]
    draft.keep(marks=(*ticket.marks, f"breach:{deadline.kind}"))
    plan = sla.plan_of(ticket, draft.policy)
    draft.event("breach", "clock", f"The {what} promised by {plan.name} is overdue", {"kind": deadline.kind})
    keys = list(tell.responsible(ticket, draft.policy))
    team = draft.policy.teams.get(ticket.team)
    if team and team.lead:
        keys.append(team.lead)
    context = {"what": what, "due": deadline.due.isoformat()}
    tell.agents(draft, [*keys, *ticket.watchers], "breach", context=context)
    draft.trace.append(f"{what} overdue")


def _flood(draft: Draft) -> None:
    """All letters of a flood since the last such alert, in one; none where somebody has closed the ticket."""
    pulse = flood.Pulse(draft.ticket.pulse, draft.now)
    count, who = pulse.merged
    pulse.told()
    draft.keep(quiet_until=None, pulse=pulse.closed())
    if count and draft.ticket.status != Status.CLOSED:
        keys = [*tell.responsible(draft.ticket, draft.policy), *draft.ticket.watchers]
        tell.agents(draft, keys, "flood", context={"count": count, "who": who})
    draft.trace.append(f"{count} more letters of a flood")


def _close(draft: Draft) -> None:
    """The requester was told when it was resolved; a second letter would only be noise."""
    draft.set_status(Status.CLOSED, "clock")
    draft.trace.append("the confirm window has passed")
