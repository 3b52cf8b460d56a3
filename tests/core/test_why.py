"""How a ticket came to be as it is: told from the record alone."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from maild.core import why
from maild.core.model import Address, Entry, EntryKind, Envelope, Message
from maild.core.rules import Case, Names, RawRule, compile_rules, evaluate
from maild.letters.samples import _POLICY

NOW = datetime(2026, 11, 20, 10, tzinfo=UTC)


def event(author: str = "desk", text: str = "", **data: object) -> Entry:
    return Entry(kind=EntryKind.EVENT, at=NOW, author=author, text=text, data=data)


def test_a_new_ticket_tells_what_set_each_value_and_what_its_letter_met() -> None:
    opened = event(
        text="Opened by a letter to support@bank.example; rules: outage",
        field="opened",
        rules=["outage"],
        by={"priority": "rule:outage", "team": "topic:outage", "agent": "address:a@b", "sla": "default"},
        tagged={"red": "outage"},
        values={"priority": "emergency", "team": "banking", "agent": "", "sla": "sev-a"},
    )
    words = Entry(kind=EntryKind.MESSAGE, at=NOW, author="karen@customer.example", mail_id=7, text="secret words")
    trace = (
        "told: John Miller",
        "outage: hit: priority = emergency",
        "vip: missed: sender is like (saw x)",
        "x: disabled",
    )
    steps = why.story([opened, words], {7: why.Account("a new ticket", trace)}, _POLICY)
    assert steps[0].lines == (
        "priority: emergency (by the rule “outage”)",
        "team: Online Banking (from its help topic)",
        "agent: none (from the address it was sent to)",
        "sla: Sev-A (the desk’s default)",
        "tagged red (by the rule “outage”)",
    )
    assert steps[1].lines == ("letter 7: a new ticket", "told: John Miller", "rule outage: priority = emergency")
    assert "secret words" not in str(steps)


def test_later_changes_name_who_made_them() -> None:
    by_rule = event("rule:late", field="priority", old="normal", new="high")
    by_john = event("john", field="team", old="", new="banking")
    first, second = why.story([by_rule, by_john], {}, _POLICY)
    assert first.head == "the rule “late” changed the priority: normal → high"
    assert second.head == "John Miller changed the team: none → Online Banking"


def test_what_the_record_lacks_is_said_and_breaks_nothing() -> None:
    old = event(text="Opened by a letter", field="opened", rules=[])
    letter = Entry(kind=EntryKind.MESSAGE, at=NOW, author="x", mail_id=3)
    again = Entry(kind=EntryKind.NOTE, at=NOW, author="x", mail_id=3)
    assert [step.lines for step in why.story([old, letter, again], {}, _POLICY)] == [
        ("no rule hit",),
        ("letter 3: the ledger no longer holds it",),
        (),
    ]


@pytest.mark.parametrize(
    ("by", "said"),
    [("rule:a: b", "by the rule “a: b”"), ("continues:7", "from the closed ticket it continues"), ("odd", "odd")],
)
def test_origins_in_words(by: str, said: str) -> None:
    assert why.origin(by) == said


def test_rules_that_did_nothing_are_left_out_as_their_trace_is_really_written() -> None:
    tables = [
        {"name": "hit", "when": {"subject": "x"}, "then": {"tags": ["a"]}, "stop": True},
        {"name": "asleep", "when": {"subject": "x"}, "then": {"tags": ["a"]}, "enabled": False},
        {"name": "behind", "when": {"subject": "y"}, "then": {"tags": ["b"]}},
    ]
    missed = {"name": "missed", "when": {"subject": "never"}, "then": {"tags": ["a"]}}
    raws = [RawRule(file="x", number=at, table=table) for at, table in enumerate([missed, *tables])]
    rules, _ = compile_rules(raws, Names())
    message = Message(from_=(Address("a@b"),), subject="x")
    envelope = Envelope(raw=b"", mail_from="", rcpts=(), received_at=NOW, door="test")
    trace = evaluate(rules, Case(message=message, envelope=envelope)).trace
    assert len(trace) == 4
    entry = Entry(kind=EntryKind.MESSAGE, at=NOW, author="x", mail_id=3)
    (step,) = why.story([entry], {3: why.Account("why", trace)}, _POLICY)
    assert step.lines == ("letter 3: why", "rule hit: tags + a, stop")
