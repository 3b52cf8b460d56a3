"""When rules of time act: since when, in which hours, once for each stay."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from maild.core.model import Person, Status, Ticket
from maild.core.policy import Calendar
from maild.core.rules import Names, RawRule, Rule, compile_rules, marked, moment

FRIDAY = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)  # 16:00 in Berlin, an hour before the office closes
OFFICE = Calendar(key="office", zone=ZoneInfo("Europe/Berlin"), hours=(((time(9), time(17)),),) * 5 + ((),) * 2)
ALWAYS = Calendar(key="24x7", zone=ZoneInfo("UTC"), hours=(((time.min, time.max),),) * 7, always=True)
CALENDARS = {"office": OFFICE, "24x7": ALWAYS}
NAMES = Names(teams=("support",), agents=("john",), calendars=("office", "24x7"))
TICKET = Ticket(
    number=1,
    subject="",
    requester=Person(1, "k@x.example"),
    address="s@x.example",
    created_at=FRIDAY - timedelta(hours=5),
    status=Status.WAITING,
    team="support",
    since={"status": FRIDAY, "agent": FRIDAY - timedelta(hours=1), "message": FRIDAY - timedelta(hours=2)},
)


def rule(text: str) -> Rule:
    table: dict[str, Any] = {"name": "r", "on": "time", "then": {"tags": ["x"]}, **tomllib.loads(text)}
    (one,), problems = compile_rules([RawRule(file="r", number=0, table=table)], NAMES)
    assert not problems
    return one


@pytest.mark.parametrize(
    ("text", "due"),
    [
        ("after = '3 d'\nwhen.ticket.status = 'waiting'", FRIDAY + timedelta(days=3)),
        ("after = '30 m'\nwhen.ticket.agent = ''", FRIDAY - timedelta(minutes=30)),
        ("after = '30 m'\nwhen.ticket.team = 'support'", FRIDAY - timedelta(hours=4, minutes=30)),
        ("after = '30 m'", FRIDAY - timedelta(hours=4, minutes=30)),
        ("after = '30 m'\nsince = 'last-message'", FRIDAY - timedelta(hours=1, minutes=30)),
        ("after = '30 m'\nsince = 'last-answer'", None),
        ("after = '30 m'\nwhen.ticket.status = 'open'", None),
        # in hours of the office: an hour of Friday, then Monday; days are days of the office
        ("after = '2 h'\ncalendar = 'office'\nwhen.ticket.status = 'waiting'", FRIDAY + timedelta(days=2, hours=18)),
        ("after = '1 d'\ncalendar = 'office'\nwhen.ticket.status = 'waiting'", FRIDAY + timedelta(days=3)),
        ("after = '1 h'\nfrom = 2026-11-23\nwhen.ticket.status = 'waiting'", datetime(2026, 11, 23, tzinfo=UTC)),
        ("after = '1 h'\nuntil = 2026-11-20\nwhen.ticket.status = 'waiting'", FRIDAY + timedelta(hours=1)),
        ("after = '1 h'\nuntil = 2026-11-19\nwhen.ticket.status = 'waiting'", None),
        ("after = '1 h'\nenabled = false", None),
    ],
)
def test_a_moment(text: str, due: datetime | None) -> None:
    assert moment(rule(text), TICKET, CALENDARS) == due


def test_each_stay_is_acted_on_once() -> None:
    waiting = rule("after = '3 d'\nwhen.ticket.status = 'waiting'")
    done = replace(TICKET, marks=("breach:response", *marked(waiting, TICKET)))
    assert moment(waiting, done, CALENDARS) is None
    later = FRIDAY + timedelta(days=9)
    again = replace(done, since={**done.since, "status": later})
    assert moment(waiting, again, CALENDARS) == later + timedelta(days=3)
    assert marked(waiting, again) == ("breach:response", f"rule:r:{later.isoformat()}")


def test_a_ticket_that_is_over_is_left_alone_unless_the_rule_means_it() -> None:
    closed = replace(TICKET, status=Status.CLOSED)
    assert moment(rule("after = '1 h'\nwhen.ticket.agent = ''"), closed, CALENDARS) is None
    assert moment(rule("after = '1 h'\nwhen.ticket.status = 'closed'"), closed, CALENDARS) is not None


def test_a_ticket_of_before_knows_little() -> None:
    old = replace(TICKET, since={}, waiting_since=FRIDAY - timedelta(days=1))
    waiting = rule("after = '1 d'\nwhen.ticket.status = 'waiting'")
    assert moment(waiting, old, CALENDARS) == FRIDAY


def test_a_time_no_calendar_reaches() -> None:
    far = replace(TICKET, since={"status": datetime(9999, 12, 1, tzinfo=UTC)})
    assert moment(rule("after = '3000 d'\nwhen.ticket.status = 'waiting'"), far, CALENDARS) is None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", 'a rule with on = "time" needs after'),
        ("after = '3 d'\nwhen.subject = 'x'", '"subject" cannot be asked on "time"'),
        ("after = '3 d'\nwhen.open = 'office'", '"open" cannot be asked on "time"'),
        ("after = '3 d'\nstop = true", "nothing to stop"),
        ("after = '3 d'\non = ['time', 'new']", '"time" stands alone'),
        ("after = '3 x'", 'must be a time like "90 s"'),
        ("after = '3 d'\nsince = 'stat'", "unknown state"),
        ("after = '3 d'\ncalendar = 'shop'", "unknown calendar"),
        ("after = '3 d'\nthen.acknowledge = false", 'can only be done on "new", not on "time"'),
    ],
)
def test_what_no_rule_of_time_can_say(text: str, said: str) -> None:
    table: dict[str, Any] = {"name": "r", "on": "time", **tomllib.loads(text)}
    table.setdefault("then", {"tags": ["x"]})
    _, problems = compile_rules([RawRule(file="r", number=0, table=table)], NAMES)
    assert any(said in problem.text for problem in problems)
