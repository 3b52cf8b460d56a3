"""What templates see: a ticket, an entry, a file, in words instead of keys.

Every text has passed through `words`, every key is replaced by the name people use, every
instant is local to the calendar the ticket lives by. Values are made when a template asks
for them. It refuses to know which template does.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from functools import cached_property
from typing import Any

from maild.core import sla, tokens
from maild.core.commands import inert
from maild.core.model import Entry, EntryKind, Ticket
from maild.core.policy import Policy
from maild.core.sla import Deadline
from maild.core.trail import shown
from maild.letters import words
from maild.letters.words import ENGLISH, Language

# How Outlook writes a picture into the text: [cid:image001.png@01DC5A1B.2C3D4E50].
_PICTURE = re.compile(r"\[cid:([^\]\s@]{1,100})(?:@[^\]\s]{0,100})?\]")
VOICES = {"clock": "the clock", "desk": "the desk", "courier": "the courier", "requester": "the requester"}


def zone_of(ticket: Ticket | None, policy: Policy) -> tzinfo:
    """The zone dates are written in: that of the ticket's plan, else of the desk's closing calendar."""
    key = sla.plan_of(ticket, policy).calendar if ticket else policy.closing.calendar
    calendar = policy.calendars.get(key) or policy.calendars.get(policy.closing.calendar)
    return calendar.zone if calendar else UTC


@dataclass(frozen=True, slots=True)
class DeskView:
    name: str
    address: str
    tag: str


@dataclass(frozen=True, slots=True)
class PersonView:
    name: str
    email: str
    collaborator: bool = False  # takes part in the ticket without being its requester


@dataclass(frozen=True, slots=True)
class FileView:
    name: str
    size: str


class TicketView:
    """A ticket as a template sees it. Texts are "" where there is nothing to say."""

    def __init__(self, ticket: Ticket, policy: Policy, now: datetime, language: Language = ENGLISH) -> None:
        self._ticket = ticket
        self._policy = policy
        self._now = now
        self._language = language
        self._zone = zone_of(ticket, policy)

    @property
    def number(self) -> int:
        return self._ticket.number

    @property
    def token(self) -> str:
        """What subjects carry: [BANK-1042-K7QD]."""
        return tokens.subject_token(self._policy.keys, self._policy.tag, self._ticket.number)

    @property
    def reference(self) -> str:
        """What people say on the telephone: BANK-1042."""
        return f"{self._policy.tag}-{self._ticket.number}"

    @property
    def subject(self) -> str:
        return words.line(self._ticket.subject, 250)

    @property
    def requester(self) -> str:
        """Name and address: Karen Black <karen@customer.example>."""
        return f"{self.requester_name} <{self.requester_email}>" if self.requester_name else self.requester_email

    @property
    def requester_name(self) -> str:
        return inert(words.line(self._ticket.requester.name, 100))

    @property
    def requester_email(self) -> str:
        return words.line(self._ticket.requester.email)

    @property
    def address(self) -> str:
        """Which of our addresses it belongs to."""
        return self._ticket.address

    @property
    def status(self) -> str:
        return self._ticket.status.value

    @property
    def topic(self) -> str:
        return self._named("topic")

    @property
    def priority(self) -> str:
        return self._named("priority")

    @property
    def team(self) -> str:
        return self._named("team")

    @property
    def agent(self) -> str:
        return self._named("agent")

    @property
    def sla(self) -> str:
        """The plan that holds, wherever it comes from."""
        return words.line(sla.plan_of(self._ticket, self._policy).name)

    @property
    def tags(self) -> str:
        return words.line(", ".join(self._ticket.tags))

    @property
    def watchers(self) -> str:
        return self._named("watchers")

    @property
    def organisation(self) -> str:
        """The name of the requester's organisation."""
        return self._named("organisation")

    @property
    def collaborators(self) -> str:
        """Addresses of those who take part and get every answer."""
        return words.line(", ".join(self._ticket.collaborators), 2000)

    @property
    def copied(self) -> str:
        """Addresses of those who are only on copy: heard inside, shown nothing."""
        return words.line(", ".join(self._ticket.copied), 2000)

    @property
    def linked(self) -> str:
        """Tickets it has to do with: BANK-1001, BANK-1007."""
        return self._named("linked")

    @property
    def merged_into(self) -> str:
        """The ticket that has taken this one up: BANK-1043."""
        return self._named("merged_into")

    @property
    def created(self) -> str:
        return self._at(self._ticket.created_at)

    @property
    def response_due(self) -> str:
        """When the first answer is due, with ", overdue" where that has passed; "" where nothing is."""
        return self._due(sla.RESPONSE)

    @property
    def resolution_due(self) -> str:
        return self._due(sla.RESOLUTION)

    @property
    def answer_by(self) -> str:
        """Until when a requester may expect an answer; "" unless that is still to come."""
        due = self._deadline(sla.RESPONSE)
        return self._at(due) if due and due > self._now else ""

    @property
    def closes(self) -> str:
        """Until when an answer reopens a resolved ticket; "" unless that is still to come."""
        due = self._deadline(sla.CLOSE)
        return self._at(due) if due and due > self._now else ""

    @property
    def clocks(self) -> tuple[str, ...]:
        """Every clock in one line each, for #show."""
        return sla.describe(self._ticket, self._policy)

    def _named(self, name: str) -> str:
        value = getattr(self._ticket, name)
        return words.line(shown(name, value, self._policy)) if value else ""

    def _deadline(self, kind: str) -> datetime | None:
        return next((d.due for d in self._deadlines if d.kind == kind), None)

    @cached_property
    def _deadlines(self) -> tuple[Deadline, ...]:
        return sla.deadlines(self._ticket, self._policy)

    def _due(self, kind: str) -> str:
        due = self._deadline(kind)
        if due is None:
            return ""
        return self._at(due) + (", overdue" if due <= self._now else "")

    def _at(self, at: datetime) -> str:
        return words.moment(at, self._zone, self._now, self._language)


class EntryView:
    """One line of a thread as a template sees it."""

    def __init__(self, entry: Entry, policy: Policy, zone: tzinfo, now: datetime, language: Language = ENGLISH) -> None:
        self._entry = entry
        self._policy = policy
        self._zone = zone
        self._now = now
        self._language = language

    @property
    def author(self) -> str:
        """Name, or else the address, of who said it."""
        entry = self._entry
        if entry.author in self._policy.agents:
            return words.line(self._policy.agents[entry.author].name)
        if entry.author.startswith("rule:"):
            return f"the rule “{words.line(entry.author[5:])}”"
        name = inert(words.line(entry.author_name, 100))
        return name or VOICES.get(entry.author) or words.line(entry.author) or "somebody"

    @property
    def warnings(self) -> tuple[str, ...]:
        """Why an agent should look twice at who wrote this, one sentence each; see core.pretending."""
        return tuple(words.line(str(each)) for each in self._entry.data.get("warnings", ()))

    @property
    def writer(self) -> str:
        """The address of who wrote it, and the name only behind it, for names that pretend."""
        name = words.line(self._entry.author_name, 100)
        return words.line(self._entry.author) + (f" (“{name}”)" if name else "")

    @property
    def text(self) -> str:
        text = words.block(self._entry.text).strip("\n")
        text = _PICTURE.sub(r"[\1]", text) if "[cid:" in text else text
        return inert(text) if self._entry.kind == EntryKind.MESSAGE else text

    @property
    def at(self) -> str:
        return words.moment(self._entry.at, self._zone, self._now, self._language)

    @property
    def stamp(self) -> str:
        """The instant in figures: 2026-11-21 16:30."""
        return words.stamp(self._entry.at, self._zone)

    @property
    def kind(self) -> str:
        """message, response, note or event."""
        return self._entry.kind.value

    @property
    def inside(self) -> bool:
        """Whether only agents may see it."""
        return not self._entry.public

    @property
    def event(self) -> str:
        """A change in words: "priority: normal → emergency"; "" for what somebody said."""
        if self._entry.kind != EntryKind.EVENT:
            return ""
        data = self._entry.data
        if "old" not in data and "new" not in data:
            return words.line(self._entry.text) or words.line(str(data.get("field", "")))
        name = words.line(str(data.get("field", "")))
        old, new = (words.line(shown(name, data.get(side), self._policy)) or "none" for side in ("old", "new"))
        return f"{name}: {old} → {new}"


def entries(
    thread: Iterable[Entry], policy: Policy, zone: tzinfo, now: datetime, language: Language = ENGLISH
) -> tuple[EntryView, ...]:
    return tuple(EntryView(entry, policy, zone, now, language) for entry in thread)


def context_value(value: Any) -> Any:
    """A value of a letter's context with every text in it cleaned."""
    if isinstance(value, str):
        return words.block(value)
    if isinstance(value, list | tuple):
        return [context_value(item) for item in value]
    if isinstance(value, dict):
        return {str(key): context_value(item) for key, item in value.items()}
    return value
