"""One desk of a bank, its people, and how a letter of it is made."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email import policy as email_policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any, cast
from zoneinfo import ZoneInfo

from maild.core.model import Address, Entry, EntryKind, Lane, Letter, Person, Purpose, Status, Ticket
from maild.core.policy import Agent, Calendar, Closing, Keys, OurAddress, Plan, Policy, Team, Topic
from maild.letters import Rendered

NOW = datetime(2026, 11, 20, 14, 5, tzinfo=UTC)

POLICY = Policy(
    name="Example Bank Support",
    tag="BANK",
    domain="desk.bank.example",
    separator="+",
    admin="admin@bank.example",
    addresses=(
        OurAddress(email="support@bank.example", name="Example Bank Support"),
        OurAddress(email="billing@bank.example", name="Example Bank Billing"),
    ),
    agents={
        "john": Agent(key="john", name="John Miller", email="john@bank.example"),
        "jane": Agent(key="jane", name="Jane Doe", email="jane@bank.example"),
    },
    teams={"banking": Team(key="banking", name="Online Banking Team", members=("jane", "john"))},
    topics={"outage": Topic(key="outage", name="Outage", path="Report a Problem / Business Critical Outage")},
    priorities=("low", "normal", "high", "emergency"),
    default_priority="normal",
    plans={
        "default": Plan(key="default", name="Default", response=None, resolution=None, calendar="24x7"),
        "sev-a": Plan(
            key="sev-a", name="Sev-A", response=timedelta(hours=1), resolution=timedelta(hours=4), calendar="berlin"
        ),
    },
    default_plan="default",
    calendars={
        "24x7": Calendar(key="24x7", zone=UTC, hours=((),) * 7, always=True),
        "berlin": Calendar(key="berlin", zone=ZoneInfo("Europe/Berlin"), hours=((),) * 7, always=True),
    },
    closing=Closing(confirm=timedelta(days=3), calendar="berlin"),
    keys=Keys(current=1, secrets={1: bytes(range(32))}),
)
TICKET = Ticket(
    number=1042,
    subject="Online banking is down",
    requester=Person(7, "karen@customer.example", "Karen Black"),
    address="support@bank.example",
    created_at=NOW - timedelta(minutes=5),
    status=Status.OPEN,
    topic="outage",
    priority="emergency",
    team="banking",
    agent="jane",
    sla="sev-a",
    tags=("outage", "web"),
    watchers=("john",),
    last_message_id="q1@customer.example",
    references=("q0@customer.example",),
)
MESSAGE = Entry(
    kind=EntryKind.MESSAGE,
    at=NOW - timedelta(minutes=5),
    author="karen@customer.example",
    author_name="Karen Black",
    public=True,
    text="Nobody in our branch can log in since 2 pm.\nThe page says “Error 503”.\n\nSee https://bank.example/status.",
)


Write = Callable[..., Rendered]


def letter(template: str, whom: str = "agent", /, **more: Any) -> Letter:
    """A letter as the desk decides it: to the agent Jane, to the requester, or to the admin."""
    if template == "new-ticket":
        more.setdefault("context", {"linked": ""})
    usual: dict[str, dict[str, Any]] = {
        "agent": {
            "to": Address("jane@bank.example", "Jane Doe"),
            "lane": Lane.ALERT,
            "purpose": Purpose.AGENT_REPLY,
            "principal": 4711,
            "automatic": "auto-generated",
        },
        "requester": {
            "to": Address("karen@customer.example", "Karen Black"),
            "lane": Lane.ANSWER,
            "purpose": Purpose.REQUESTER_REPLY,
            "in_reply_to": "q1@customer.example",
            "references": ("q0@customer.example", "q1@customer.example"),
        },
        "admin": {"to": Address("admin@bank.example"), "lane": Lane.ALERT, "automatic": "auto-generated"},
    }
    return Letter(template=template, **{**usual[whom], **more})


def opened(raw: bytes) -> EmailMessage:
    """The letter as somebody else's parser reads it."""
    return cast(EmailMessage, message_from_bytes(raw, policy=email_policy.default))


def words_of(raw: bytes) -> str:
    """The plain text of a letter, soft line breaks undone (RFC 3676)."""
    part = opened(raw).get_body(("plain",))
    assert part is not None
    return unflowed(part.get_content().replace("\r\n", "\n"))


def unflowed(text: str) -> str:
    """Soft line breaks undone as RFC 3676 section 4.5 has it, told apart from the code under test."""
    out, paragraph = [], ""
    for line in text.split("\n"):
        bare = line.removeprefix(" ")
        if line.startswith(">"):
            out.append(line)
        elif bare.endswith(" ") and bare != "-- ":
            paragraph += bare
        else:
            out.append(paragraph + bare)
            paragraph = ""
    return "\n".join(out)


def template_file(directory: Path, name: str, text: str) -> Path:
    path = directory / name
    path.write_text(text, encoding="utf-8")
    return path
