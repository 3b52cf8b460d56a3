"""Samples: one of everything a letter may come with, to try templates on.

A made-up desk with made-up people; nothing here is ever sent. Called by `loading`, which tries
every template on them, and `preview`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from maild.core.model import Entry, EntryKind, Person, Status, Ticket
from maild.core.policy import Agent, Calendar, Closing, Keys, OurAddress, Plan, Policy, Team
from maild.letters import cards
from maild.letters.catalogue import Form, Has
from maild.letters.history import history
from maild.letters.words import ENGLISH, Language

_NOW = datetime(2026, 11, 21, 15, 0, tzinfo=UTC)
_ALWAYS = Calendar(key="24x7", zone=UTC, hours=((),) * 7, always=True)
_SEV_A = Plan(key="sev-a", name="Sev-A", response=timedelta(hours=1), resolution=timedelta(hours=4), calendar="24x7")
_POLICY = Policy(
    name="Example Bank Support",
    tag="BANK",
    domain="bank.example",
    separator="+",
    admin="admin@bank.example",
    addresses=(OurAddress(email="support@bank.example", name="Example Bank Support"),),
    agents={"john": Agent(key="john", name="John Miller", email="john@bank.example")},
    teams={"banking": Team(key="banking", name="Online Banking", members=("john",))},
    topics={},
    priorities=("normal",),
    default_priority="normal",
    plans={"sev-a": _SEV_A},
    default_plan="",
    calendars={"24x7": _ALWAYS},
    closing=Closing(confirm=timedelta(days=3), calendar="24x7"),
    keys=Keys(current=0, secrets={0: bytes(32)}),
)
_BARE = Ticket(
    number=1042,
    subject="Online banking is down",
    requester=Person(7, "karen@customer.example"),
    address="support@bank.example",
    created_at=_NOW - timedelta(minutes=10),
)
_FULL = replace(
    _BARE,
    requester=Person(7, "karen@customer.example", "Karen Black"),
    priority="normal",
    team="banking",
    agent="john",
    sla="sev-a",
    tags=("outage",),
    watchers=("john",),
)
_RESOLVED = replace(_FULL, status=Status.RESOLVED, resolved_at=_NOW)
_ENTRY = Entry(
    id=1,
    kind=EntryKind.MESSAGE,
    at=_NOW - timedelta(minutes=40),
    author="karen@customer.example",
    author_name="Karen Black",
    public=True,
    text="Neither phone nor browser works since this morning.\n\nThe page says “Error 503”. What can we do?",
)
_ANSWER = Entry(
    id=2,
    kind=EntryKind.RESPONSE,
    at=_NOW,
    author="john",
    author_name="John Miller",
    public=True,
    text="Dear Karen,\n\nonline banking works again. Please sign in once more; if it still fails, "
    "https://bank.example/status says what we know.\n\nKind regards\nJohn Miller",
)
_DOUBTED = replace(_ENTRY, data={"warnings": ["The name holds another address, john@bank.example."]})
_EVENT = Entry(kind=EntryKind.EVENT, at=_NOW, author="john", data={"field": "sla", "old": "", "new": "sev-a"})


def samples(form: Form, language: Language = ENGLISH) -> Iterator[dict[str, Any]]:
    """Variables of this letter: with everything it may come with, and with as little as it may."""
    rich = {key: it.sample for key, it in form.context.items()}
    poor = {key: _poor(it.sample) for key, it in form.context.items()}
    tickets = {Has.ALWAYS: (_FULL, _RESOLVED, _BARE), Has.SOMETIMES: (_FULL, None), Has.NEVER: (None,)}[form.ticket]
    if form.outside and form.entry is not Has.NEVER:
        spoken: tuple[Entry | None, ...] = (_ANSWER,) if form.entry is Has.ALWAYS else (_ANSWER, None)
    else:
        spoken = {Has.ALWAYS: (_ENTRY, _DOUBTED), Has.SOMETIMES: (_DOUBTED, None), Has.NEVER: (None,)}[form.entry]
    for ticket in tickets:
        for entry in spoken:
            for context in (rich, poor):
                yield context | _sample(ticket, entry, form, language, rich=context is rich)


def _sample(
    ticket: Ticket | None, entry: Entry | None, form: Form, language: Language, *, rich: bool
) -> dict[str, Any]:
    story = (_ENTRY, _DOUBTED, _EVENT) if form.thread and rich else ()
    return {
        "ticket": cards.TicketView(ticket, _POLICY, _NOW, language) if ticket else None,
        "entry": cards.EntryView(entry, _POLICY, UTC, _NOW, language) if entry else None,
        "thread": cards.entries(story, _POLICY, UTC, _NOW, language),
        "omitted": 3 if rich else 0,
        "desk": cards.DeskView(_POLICY.name, "support@bank.example", "BANK"),
        "recipient": cards.PersonView("John Miller" if rich else "", "john@bank.example"),
        "reply": "requester" if rich else "",
        "marker": language.marker,
        "attachments": (cards.FileView("screen.png", "12 kB"),) if rich else (),
        "left_out": (cards.FileView("video.mp4", "31 MB"),) if rich else (),
        "history": history((_ENTRY,), _ANSWER, _POLICY, UTC, _NOW, language) if rich else (),
    }


def _poor(sample: Any) -> Any:
    """The least a value can be: a switch is turned over, everything else is empty."""
    return not sample if isinstance(sample, bool) else type(sample)()
