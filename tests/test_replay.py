"""Letters of the past under changed rules: the differences, and which rule makes them."""

from __future__ import annotations

import shutil
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from maild import paths
from maild.config import load, new_secret_file, policy
from maild.core.model import Entry, EntryKind, Envelope, Person, Status, Ticket
from maild.core.policy import Policy
from maild.replay import Difference, recorded, replay, sentences
from maild.store import Began

NOW = datetime(2026, 11, 20, 10, tzinfo=UTC)
TICKET = Ticket(
    number=1001,
    subject="x",
    requester=Person(1, "karen@customer.example"),
    address="support@bank.example",
    created_at=NOW,
)


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    shutil.copy(paths.EXAMPLE_CONFIG, tmp_path / "config.toml")
    shutil.copytree(paths.TEMPLATES, tmp_path / "templates")
    (tmp_path / "rules").mkdir()
    new_secret_file(tmp_path / "secret.key")
    return tmp_path


def ruled(desk: Path, rules: str) -> Policy:
    (desk / "rules" / "1.toml").write_text(rules)
    return policy(load(desk / "config.toml"))


def letter(number: int, subject: str, *events: Entry, **fields: str) -> Began:
    raw = f"From: karen@customer.example\r\nTo: support@bank.example\r\nSubject: {subject}\r\n\r\nHello\r\n".encode()
    envelope = Envelope(raw=raw, mail_from="", rcpts=("support@bank.example",), received_at=NOW, door="smtp")
    return Began(number, NOW, envelope, replace(TICKET, number=1000 + number, subject=subject, **fields), events)


def event(**data: object) -> Entry:
    return Entry(kind=EntryKind.EVENT, at=NOW, author="desk", data=data)


OLD = '[[rule]]\nname = "a"\nwhen.subject = "red"\nthen.team = "sysadmin"\nthen.tags = ["red"]\nthen.acknowledge = false\n'
NEW = '[[rule]]\nname = "b"\nwhen.subject = "red"\nthen.topic = "outage"\nthen.team = "online-banking"\n'


def test_each_difference_is_counted_with_examples_and_its_rule(desk: Path) -> None:
    today, changed = ruled(desk, OLD), ruled(desk, NEW)
    letters = [letter(1, "red"), letter(2, "blue"), letter(3, "red again")]
    found = replay(letters, changed, today, examples=1)
    assert (found.letters, found.changed, found.hits["b"]) == (3, 2, 2)
    team = Difference("team", "sysadmin", "online-banking")
    assert found.counts[team] == 2
    (example,) = found.examples[team]
    assert (example.ticket, example.mail_id, example.rule) == (1001, 1, "b")
    assert found.examples[Difference("tag", "red", "")][0].rule == "no longer a"
    assert found.examples[Difference("priority", "normal", "emergency")][0].rule == "b", "its topic brings it along"
    assert found.counts[Difference("acknowledge", "no", "yes")] == 2
    names = {"team": {"sysadmin": "System Administrators", "online-banking": "Online Banking Team"}}
    said = [sentence for _, sentence in sentences(found, names)]
    assert "2 of 3 would go to Online Banking Team instead of System Administrators" in said
    assert "2 of 3 would be emergency instead of normal" in said
    assert "2 of 3 would no longer be tagged red" in said
    assert "2 of 3 would be acknowledged" in said
    assert "2 of 3 would be about outage instead of no topic" in said
    assert "2 of 3 would have the plan sev-a instead of default" in said


def test_the_same_rules_differ_in_nothing(desk: Path) -> None:
    today = ruled(desk, OLD)
    found = replay([letter(1, "red")], today, today, examples=3)
    assert (found.letters, found.changed, found.counts) == (1, 0, {})


def test_what_a_ticket_began_with_is_read_back_from_its_thread() -> None:
    events = (
        event(field="opened", rules=["a"], linked=[]),
        event(field="team", old="support", new="sysadmin"),
        event(field="team", old="sysadmin", new="x"),
        event(field="tags", old=["one"], new=["one", "two"]),
        event(field="note", text="odd"),
    )
    now = replace(TICKET, team="x", tags=("one", "two"), priority="high")
    came = recorded(now, events)
    assert came is not None
    assert (came.fields["team"], came.fields["priority"], came.tags, came.rules) == (
        "support",
        "high",
        ("one",),
        ("a",),
    )
    assert recorded(now, (event(field="opened", rules=[], linked=[7]),)) is None


def test_what_rules_did_in_the_same_breath_is_how_it_began() -> None:
    at_once = replace(event(field="status", old="new", new="open"), author="rule:a")
    by_hand = event(field="status", old="open", new="waiting")
    came = recorded(replace(TICKET, status=Status.WAITING), (event(field="opened", rules=["a"]), at_once, by_hand))
    assert came is not None
    assert came.fields["status"] == "open"


def test_against_the_record_only_what_was_recorded_is_compared(desk: Path) -> None:
    changed = ruled(desk, OLD)
    opened = event(field="opened", rules=[], linked=[])
    values = {"team": "support", "priority": "normal", "sla": "default"}
    found = replay(
        [letter(1, "red", opened, **values), letter(2, "red", event(field="opened", linked=[3]))], changed, None, 3
    )
    assert (found.letters, found.continued) == (1, 1)
    assert set(found.counts) == {Difference("team", "support", "sysadmin"), Difference("tag", "", "red")}
    assert found.examples[Difference("tag", "", "red")][0].rule == "a"
