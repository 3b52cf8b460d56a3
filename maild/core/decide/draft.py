"""A ticket being decided about: the changes so far and what the ticket is after them.

The one mutable thing in the core; it lives for one decision and ends as an Outcome.
It refuses to know why anything is changed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from maild.core import sla
from maild.core.model import (
    OVER,
    AddEntry,
    Change,
    Entry,
    EntryKind,
    Fate,
    Letter,
    OpenTicket,
    Outcome,
    SendLetter,
    SetField,
    Status,
    Ticket,
)
from maild.core.policy import Policy

STOPPED = (Status.WAITING, Status.SNOOZED)
SINCE = ("status", "agent", "team")  # fields of which a ticket remembers since when they are as they are
SAID = {EntryKind.MESSAGE: "message", EntryKind.RESPONSE: "answer"}
WORDS = (*SAID, EntryKind.NOTE)


class Draft:
    """Collects changes to one ticket. `fork` gives a copy to try something on."""

    def __init__(self, ticket: Ticket, policy: Policy, now: datetime) -> None:
        self.before = ticket
        self.ticket = ticket
        self.policy = policy
        self.now = now
        self.changes: list[Change] = [] if ticket.number else [OpenTicket()]
        self.trace: list[str] = []

    def fork(self) -> Draft:
        """An independent copy: what is decided on it is gone unless it is used instead."""
        copy = Draft(self.before, self.policy, self.now)
        copy.ticket, copy.changes, copy.trace = self.ticket, list(self.changes), list(self.trace)
        return copy

    def keep(self, **values: Any) -> None:
        """Bookkeeping nobody needs to read as an event: thread ids, marks, instants."""
        self.ticket = replace(self.ticket, **values)

    def set(self, name: str, new: Any, by: str) -> bool:
        """Change a field as an event of the thread; False when it already is so."""
        old = getattr(self.ticket, name)
        if old == new:
            return False
        self.changes.append(SetField(name, old, new, by))
        self.keep(**{name: new})
        if name in SINCE:
            self.keep(since={**self.ticket.since, name: self.now})
        return True

    def set_status(self, new: Status, by: str) -> bool:
        """Change the status with everything that hangs on it: clocks, instants, marks."""
        old = self.ticket.status
        if old == new:
            return False
        if old in STOPPED:
            self.ticket = sla.resume(self.ticket, self.policy, self.now)
        if new in STOPPED:
            self.ticket = sla.pause(self.ticket, self.policy, self.now)
        if new == Status.RESOLVED:
            self.keep(resolved_at=self.now)
        elif new == Status.CLOSED:
            self.keep(closed_at=self.now, resolved_at=self.ticket.resolved_at or self.now)
        elif old in OVER:
            self._reopened()
            self.set("merged_into", None, by)
        return self.set("status", new, by)

    def _reopened(self) -> None:
        # The clocks begin anew with a reopening: the promise is about this problem, now. What rules have done to
        # a stay in some state is done, unless the state begins anew.
        marks = tuple(mark for mark in self.ticket.marks if mark.startswith("rule:"))
        self.keep(resolved_at=None, closed_at=None, closing="", clock_from=self.now)
        self.keep(responded_at=None, waited=0.0, marks=marks)

    def add(self, entry: Entry) -> None:
        self.changes.append(AddEntry(entry))
        if entry.public and (what := SAID.get(entry.kind)):
            self.keep(since={**self.ticket.since, what: entry.at})

    def slip_in(self, entry: Entry) -> None:
        """Add an entry before those of people: letters about what was said mean the last one that was added."""
        people = (at for at, one in enumerate(self.changes) if isinstance(one, AddEntry) and one.entry.kind in WORDS)
        self.changes.insert(next(people, len(self.changes)), AddEntry(entry))

    def event(self, what: str, by: str, text: str, data: Mapping[str, Any] | None = None) -> None:
        """Something that happened to the ticket without a field changing."""
        self.add(Entry(kind=EntryKind.EVENT, at=self.now, author=by, text=text, data={"field": what, **(data or {})}))

    def send(self, letter: Letter) -> None:
        self.changes.append(SendLetter(letter))

    def changed(self, name: str) -> bool:
        return bool(getattr(self.ticket, name) != getattr(self.before, name))

    def finish(self, fate: Fate | None, reason: str) -> Outcome:
        """The decision as a value, with the next moment the clock must look at this ticket."""
        # Always anew: a due time that no longer holds would wake the clock for ever.
        self.keep(next_due=sla.next_due(self.ticket, self.policy))
        return Outcome(
            before=self.before if self.before.number else None,
            after=self.ticket,
            changes=tuple(self.changes),
            fate=fate,
            reason=reason,
            trace=tuple(self.trace),
        )
