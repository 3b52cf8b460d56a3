"""Where each value of a new ticket came from: in the order in which they override each other."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from maild.core.decide.provenance import provenance
from maild.core.model import Person, Ticket
from maild.core.policy import OurAddress
from maild.core.rules import Verdict

NOW = datetime(2026, 11, 20, 10, tzinfo=UTC)
OURS = OurAddress(email="problem@bank.example", name="Problems", topic="problem", team="sysadmin")
PLAIN = Ticket(
    number=0,
    subject="x",
    requester=Person(0, "a@b"),
    address=OURS.email,
    created_at=NOW,
    topic="problem",
    priority="high",
    team="online",
    sla="default",
)


def test_the_strongest_source_is_named(judge: Any) -> None:
    policy = judge.policy
    assert provenance(PLAIN, OURS, Verdict(), None, policy) == {
        "topic": "address:problem@bank.example",
        "priority": "topic:problem",
        "team": "topic:problem",
        "sla": "default",
    }
    ruled = Verdict(fields={"team": "online", "agent": "jane"}, by={"team": "a", "agent": "b"})
    by = provenance(replace(PLAIN, agent="jane"), OURS, ruled, None, policy)
    assert (by["team"], by["agent"], by["priority"]) == ("rule:a", "rule:b", "topic:problem")
    earlier = replace(PLAIN, number=1001, priority="low")
    by = provenance(replace(PLAIN, priority="low"), OURS, Verdict(), earlier, policy)
    assert (by["priority"], by["topic"]) == ("continues:1001", "continues:1001")
    by = provenance(replace(PLAIN, topic="", team="sysadmin", priority="normal"), OURS, Verdict(), None, policy)
    assert by == {"team": "address:problem@bank.example", "priority": "default", "sla": "default"}
