"""A small bank's policy and letters to it, for judging without any disk."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import pytest

from maild.core import decide, tokens
from maild.core.model import (
    Address,
    Envelope,
    Facts,
    Kind,
    Letter,
    Message,
    Outcome,
    Person,
    Purpose,
    SendLetter,
    Status,
    Ticket,
)
from maild.core.policy import Agent, Calendar, Closing, Keys, OurAddress, Plan, Policy, Team, Topic

NOW = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
KEYS = Keys(current=1, secrets={1: b"one secret of thirty-two bytes!!"})
SUPPORT = "support@bank.example"


def bank() -> Policy:
    agents = {
        "john": Agent(key="john", name="John Miller", email="john@bank.example", teams=("support",)),
        "jane": Agent(key="jane", name="Jane Doe", email="jane@bank.example", teams=("online",)),
        "sam": Agent(key="sam", name="Sam Reed", email="sam@bank.example", teams=("sysadmin",)),
    }
    return Policy(
        name="Bank Support",
        tag="BANK",
        domain="bank.example",
        separator="+",
        admin="admin@bank.example",
        addresses=(
            OurAddress(email=SUPPORT, name="Bank Support"),
            OurAddress(email="problem@bank.example", name="Problems", topic="problem"),
        ),
        agents=agents,
        teams={
            "support": Team(key="support", name="Support", members=("john",)),
            "online": Team(key="online", name="Online Banking Team", members=("jane",), lead="john"),
            "sysadmin": Team(key="sysadmin", name="System Administrators", members=("sam",)),
        },
        topics={
            "problem": Topic(key="problem", name="Problem", path="Problem", team="online", priority="high"),
            "outage": Topic(key="outage", name="Outage", path="Problem / Outage", parent="problem", sla="sev-a"),
        },
        priorities=("low", "normal", "high", "emergency"),
        default_priority="normal",
        plans={
            "default": Plan(
                key="default",
                name="Default",
                response=timedelta(hours=8),
                resolution=timedelta(days=3),
                calendar="always",
            ),
            "sev-a": Plan(
                key="sev-a", name="Sev-A", response=timedelta(hours=1), resolution=timedelta(hours=4), calendar="always"
            ),
        },
        default_plan="default",
        calendars={"always": Calendar(key="always", zone=UTC, hours=((),) * 7, always=True)},
        closing=Closing(confirm=timedelta(days=3), calendar="always"),
        keys=KEYS,
        default_team="support",
        by_email={a.email: a.key for a in agents.values()},
    )


@dataclass
class Judge:
    """Judges letters about one ticket; say who writes what, and how it came."""

    policy: Policy = field(default_factory=bank)
    now: datetime = NOW

    def ticket(self, **changed: object) -> Ticket:
        base = Ticket(
            number=1042,
            subject="Card is blocked",
            requester=Person(7, "karen@customer.example", "Karen Black"),
            address=SUPPORT,
            created_at=NOW - timedelta(hours=2),
            clock_from=NOW - timedelta(hours=2),
            status=Status.OPEN,
            priority="normal",
            team="support",
            sla="default",
            last_message_id="first@customer.example",
            version=3,
        )
        ticket = replace(base, **changed)
        return replace(ticket, next_due=decide.next_due(ticket, self.policy))

    def address(self, purpose: Purpose, principal: int, days: int = 30, number: int = 1042) -> str:
        return tokens.reply_address(self.policy, SUPPORT, purpose, number, principal, self.now + timedelta(days=days))

    def agent_address(self, key: str, purpose: Purpose = Purpose.AGENT_REPLY, days: int = 30) -> str:
        return self.address(purpose, tokens.agent_principal(key), days)

    def letter(
        self,
        ticket: Ticket | None,
        sender: str | None,
        text: str,
        to: str = SUPPORT,
        *,
        facts: Facts | None = None,
        confirmed: bool = False,
        agent: str = "",
        **message: object,
    ) -> Outcome:
        kwargs = {
            "message_id": "new@somewhere.example",
            "sender": Address(sender, sender.partition("@")[0].title()) if sender else None,
            "from_": (Address(sender),) if sender else (),
            "subject": "Re: Card is blocked",
            "text": text,
            "new_text": text,
        }
        kwargs.update(message)
        tickets = {ticket.number: ticket} if ticket else {}
        facts = facts or Facts(mail_id=5, key="k:1", tickets=tickets)
        envelope = Envelope(
            raw=b"",
            mail_from=sender or "",
            rcpts=(to,),
            received_at=self.now,
            door="test",
            confirmed=confirmed,
            agent=agent,
        )
        return decide.on_message(Message(**kwargs), envelope, facts, self.policy, self.now)


@pytest.fixture
def judge() -> Judge:
    return Judge()


def letters(outcome: Outcome) -> list[Letter]:
    return [change.letter for change in outcome.changes if isinstance(change, SendLetter)]


@pytest.fixture
def sent() -> Callable[[Outcome], list[tuple[str, str]]]:
    """(template, recipient) of everything an outcome sends."""
    return lambda outcome: [(letter.template, letter.to.email) for letter in letters(outcome)]


__all__ = ["Judge", "Kind"]
