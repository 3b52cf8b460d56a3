"""When something is due on a ticket: its first response, its resolution, its closing.

Deadlines are computed from the ticket's facts each time and stored nowhere but in `next_due`, so a changed
policy holds at once. This module refuses to know what happens when a deadline passes; `core.decide` calls it,
and `#show` prints `describe`.

A clock starts when the ticket is created or reopened (`clock_from`) and runs in the working time of the
plan's calendar. It stands still while the ticket waits for the requester or is snoozed (`waiting_since`);
`waited` sums up how long it stood. The promise is the plan's, whoever works on the ticket.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from maild.core import hours
from maild.core.model import OVER, Status, Ticket
from maild.core.policy import ALWAYS, Calendar, Plan, Policy
from maild.core.rules import moment

RESPONSE = "response"
RESOLUTION = "resolution"
CLOSE = "close"
FLOOD = "flood"

# What a ticket has where neither it nor its topic nor the desk names a plan that exists.
NO_PLAN = Plan(key="", name="no plan", response=None, resolution=None, calendar=ALWAYS)


@dataclass(frozen=True, slots=True)
class Deadline:
    """Something due. `done`: the clock has acted on it already (its mark is set), so it waits for nobody."""

    kind: str  # RESPONSE, RESOLUTION, CLOSE or FLOOD
    due: datetime
    done: bool = False


def mark(kind: str) -> str:
    """What `ticket.marks` holds once the desk has acted on a missed deadline of this kind."""
    return f"breach:{kind}"


def plan_of(ticket: Ticket, policy: Policy) -> Plan:
    """The ticket's plan: its own, its topic's or that topic's parents', the desk's. A key that is gone is passed by."""
    if ticket.sla in policy.plans:
        return policy.plans[ticket.sla]
    topic = policy.topics.get(ticket.topic)
    for _ in policy.topics:  # a chain of parents is no longer than this
        if topic is None:
            break
        if topic.sla in policy.plans:
            return policy.plans[topic.sla]
        topic = policy.topics.get(topic.parent)
    return policy.plans.get(policy.default_plan, NO_PLAN)


def deadlines(ticket: Ticket, policy: Policy) -> tuple[Deadline, ...]:
    """What is due on the ticket, earliest first; nothing for a clock that stands still or has been met."""
    found = [
        Deadline(kind, due, mark(kind) in ticket.marks)
        for kind in (RESPONSE, RESOLUTION, CLOSE, FLOOD)
        if (due := _due(kind, ticket, policy)) is not None
    ]
    return tuple(sorted(found, key=lambda deadline: deadline.due))


def next_due(ticket: Ticket, policy: Policy) -> datetime | None:
    """When the clock has to look at the ticket again; None where it need not."""
    rules = (moment(rule, ticket, policy.calendars) for rule in policy.rules if rule.wait)
    due = [deadline.due for deadline in deadlines(ticket, policy) if not deadline.done]
    return min([*due, *(at for at in rules if at is not None)], default=None)


def pause(ticket: Ticket, _policy: Policy, now: datetime) -> Ticket:
    """Stop the ticket's clocks; no change where they stand still already."""
    return ticket if ticket.waiting_since is not None else replace(ticket, waiting_since=now)


def resume(ticket: Ticket, policy: Policy, now: datetime) -> Ticket:
    """Let the clocks go on with what was left; no change where they run.

    The pause is counted in the working time of the plan the ticket has now.
    """
    if ticket.waiting_since is None:
        return ticket
    since = max(ticket.waiting_since, _started(ticket))
    stood = hours.elapsed(_calendar(plan_of(ticket, policy), policy), since, now)
    return replace(ticket, waiting_since=None, waited=ticket.waited + stood.total_seconds())


def describe(ticket: Ticket, policy: Policy) -> tuple[str, ...]:
    """The ticket's clocks in words, one a line, in the local time of their calendars."""
    plan = plan_of(ticket, policy)
    lines = [f"plan: {plan.name}, calendar {plan.calendar}"]
    lines += [_describe_target(kind, ticket, plan, policy) for kind in (RESPONSE, RESOLUTION)]
    if ticket.waited and ticket.status not in OVER:
        lines.append(f"stood still: {_amount(timedelta(seconds=ticket.waited))} of working time so far")
    due = _due(CLOSE, ticket, policy)
    if due is not None:
        lines.append(f"close: due {hours.written(policy.calendars[policy.closing.calendar], due)} unless answered")
    return tuple(lines)


# --------------------------------------------------------------------- one clock


def _due(kind: str, ticket: Ticket, policy: Policy) -> datetime | None:
    if kind == FLOOD:
        return ticket.quiet_until
    if kind == CLOSE:
        if ticket.status is not Status.RESOLVED or ticket.resolved_at is None:
            return None
        closing = policy.closing
        return hours.add(policy.calendars[closing.calendar], ticket.resolved_at, closing.confirm)
    plan = plan_of(ticket, policy)
    target = _target(kind, plan)
    if target is None or ticket.waiting_since is not None or _met(kind, ticket) is not None:
        return None
    if ticket.status in OVER:
        return None
    return hours.add(_calendar(plan, policy), _started(ticket), target + timedelta(seconds=ticket.waited))


def _target(kind: str, plan: Plan) -> timedelta | None:
    return plan.response if kind == RESPONSE else plan.resolution


def _met(kind: str, ticket: Ticket) -> datetime | None:
    """When the promise was kept, in time or late."""
    if kind == RESPONSE:
        return ticket.responded_at
    return (ticket.resolved_at or ticket.closed_at) if ticket.status in OVER else None


def _started(ticket: Ticket) -> datetime:
    return ticket.clock_from or ticket.created_at


def _calendar(plan: Plan, policy: Policy) -> Calendar:
    return policy.calendars[plan.calendar]


def _describe_target(kind: str, ticket: Ticket, plan: Plan, policy: Policy) -> str:
    target, calendar = _target(kind, plan), _calendar(plan, policy)
    if target is None:
        return f"{kind}: not promised"
    line = f"{kind}: within {_amount(target)} from {hours.written(calendar, _started(ticket))}"
    met, due = _met(kind, ticket), _due(kind, ticket, policy)
    if met is not None:
        line += f", met {hours.written(calendar, met)}"
    elif ticket.status in OVER:
        line += ", no longer runs"
    elif ticket.waiting_since is not None:
        line += f", paused since {hours.written(calendar, ticket.waiting_since)}"
    elif due is not None:
        line += f", due {hours.written(calendar, due)}"
    if mark(kind) in ticket.marks:
        line += ", missed" if met is None else ", late"
    return line


def _amount(amount: timedelta) -> str:
    """Working time in hours and minutes: a day of it would be read as a day of the calendar."""
    whole, minutes = divmod(round(amount / timedelta(minutes=1)), 60)
    return " ".join([f"{whole} h"] * bool(whole) + [f"{minutes} m"] * bool(minutes)) or "0 m"
