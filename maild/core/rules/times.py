"""When a rule with `on = "time"` acts on a ticket as it is.

Pure arithmetic: `core.sla` makes it a part of a ticket's next due time, `decide` acts when it
has come. Each stay of a ticket in a state is acted on once: `mark` is kept with the ticket. It
refuses to know what the rule does.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from maild.core import hours
from maild.core.model import OVER, Ticket
from maild.core.policy import Calendar
from maild.core.rules.case import TIME, Case
from maild.core.rules.conditions import Condition, Exists, Group, Test, missed
from maild.core.rules.model import Rule
from maild.core.rules.view import View, instant

SINCE = ("status", "agent", "team", "created", "last-message", "last-answer")


def moment(rule: Rule, ticket: Ticket, calendars: Mapping[str, Calendar]) -> datetime | None:
    """When the rule acts on this ticket, if nothing changes until then; None: it does not."""
    wait = rule.wait
    if wait is None or not rule.enabled or not _concerns(rule, ticket):
        return None
    if missed(rule.condition, View(Case(occasion=TIME, ticket=ticket, organisation=ticket.organisation))):
        return None
    entered = since(wait.since, ticket)
    if entered is None or mark(rule, entered) in ticket.marks:
        return None
    calendar = calendars[wait.calendar]
    length = wait.days * hours.open_day(calendar) if wait.days else wait.after
    try:
        due = hours.add(calendar, entered, length)
    except OverflowError:
        return None
    if rule.starts is not None:
        due = max(due, instant(rule.starts, calendar.zone))
    if rule.ends is not None and due >= instant(rule.ends, calendar.zone, after=True):
        return None
    return due


def since(what: str, ticket: Ticket) -> datetime | None:
    """When the ticket came into this state; None where nobody has written or answered."""
    if what == "created":
        return ticket.created_at
    if what.startswith("last-"):
        return ticket.since.get(what.removeprefix("last-"))
    known = ticket.since.get(what)
    if known is None and what == "status":
        known = ticket.closed_at or ticket.resolved_at or ticket.waiting_since
    return known or ticket.created_at


def mark(rule: Rule, entered: datetime) -> str:
    """What `ticket.marks` holds once the rule has acted on a stay that began then."""
    return f"{_mine(rule)}{entered.isoformat()}"


def marked(rule: Rule, ticket: Ticket) -> tuple[str, ...]:
    """The ticket's marks with this stay acted on; those of earlier stays are no longer needed."""
    entered = since(rule.wait.since, ticket) if rule.wait else None
    others = tuple(one for one in ticket.marks if not one.startswith(_mine(rule)))
    return others if entered is None else (*others, mark(rule, entered))


def _mine(rule: Rule) -> str:
    return f"rule:{rule.name}:"


def _concerns(rule: Rule, ticket: Ticket) -> bool:
    """A ticket that is over is left alone, unless the rule speaks of its status."""
    return ticket.status not in OVER or _names_status(rule.condition)


def _names_status(condition: Condition) -> bool:
    if isinstance(condition, Group):
        return any(_names_status(part) for part in condition.parts)
    return isinstance(condition, Test | Exists) and condition.field == "ticket.status"
