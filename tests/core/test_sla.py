"""Deadlines: which clock runs, from when, until when, and what stops it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from maild.core import hours, sla
from maild.core.model import Person, Status, Ticket
from maild.core.policy import Calendar, Closing, Keys, Plan, Policy, Topic
from maild.core.sla import Deadline

OFFICE = ((time(9), time(12)), (time(13), time(17)))
CALENDARS = {
    "24x7": Calendar(key="24x7", zone=UTC, hours=((),) * 7, always=True),
    "office": Calendar(key="office", zone=ZoneInfo("Europe/Berlin"), hours=(OFFICE,) * 5 + ((), ())),
}
STANDARD = Plan(
    key="standard", name="Standard", response=timedelta(hours=4), resolution=timedelta(hours=14), calendar="office"
)
URGENT = Plan(
    key="urgent", name="Urgent", response=timedelta(minutes=30), resolution=timedelta(hours=4), calendar="24x7"
)
BEST_EFFORT = Plan(key="best", name="Best effort", response=None, resolution=None, calendar="office")


def topic(key: str, parent: str = "", plan: str = "") -> Topic:
    return Topic(key=key, name=key, path=key, parent=parent, sla=plan)


POLICY = Policy(
    name="Desk",
    tag="BANK",
    domain="desk.example",
    separator="+",
    admin="admin@desk.example",
    addresses=(),
    agents={},
    teams={},
    topics={
        t.key: t
        for t in (
            topic("outage", plan="urgent"),
            topic("network", parent="outage"),
            topic("switches", parent="network"),
            topic("general"),
            topic("stale", parent="outage", plan="no longer there"),
            topic("orphan", parent="no longer there"),
            topic("snake", parent="tail"),
            topic("tail", parent="snake"),
        )
    },
    priorities=("normal",),
    default_priority="normal",
    plans={plan.key: plan for plan in (STANDARD, URGENT, BEST_EFFORT)},
    default_plan="standard",
    calendars=CALENDARS,
    closing=Closing(confirm=timedelta(hours=10), calendar="office"),
    keys=Keys(current=0, secrets={0: b"key" * 11}),
)


def at(text: str) -> datetime:
    """An instant by the clocks of Berlin, in the ordinary week of Monday the 2nd of March 2026."""
    return datetime.fromisoformat(f"2026-03-{text}").replace(tzinfo=ZoneInfo("Europe/Berlin")).astimezone(UTC)


def ticket(**fields: Any) -> Ticket:
    person = Person(1, "kay@example.com")
    fields = {"created_at": at("02 16:00"), **fields}
    return Ticket(number=1042, subject="Printer", requester=person, address="support@desk.example", **fields)


# --------------------------------------------------------------------- which plan


@pytest.mark.parametrize(
    ("fields", "plan"),
    [
        ({}, "standard"),
        ({"sla": "best"}, "best"),
        ({"sla": "best", "topic": "outage"}, "best"),
        ({"topic": "outage"}, "urgent"),
        ({"topic": "switches"}, "urgent"),
        ({"topic": "general"}, "standard"),
        ({"sla": "no longer there", "topic": "outage"}, "urgent"),
        ({"topic": "stale"}, "urgent"),
        ({"topic": "orphan"}, "standard"),
        ({"topic": "snake"}, "standard"),
        ({"topic": "no longer there"}, "standard"),
    ],
)
def test_plan_of(fields: dict[str, str], plan: str) -> None:
    assert sla.plan_of(ticket(**fields), POLICY).key == plan


def test_a_desk_without_plans_promises_nothing() -> None:
    for bare in (replace(POLICY, plans={}), replace(POLICY, default_plan="", topics={})):
        assert sla.plan_of(ticket(), bare) == sla.NO_PLAN
        assert sla.deadlines(ticket(), bare) == ()
        assert sla.next_due(ticket(), bare) is None
        assert sla.describe(ticket(), bare)[1:] == ("response: not promised", "resolution: not promised")


# --------------------------------------------------------------------- what is due when

BOTH = ("response 03 12:00", "resolution 04 16:00")  # 1 h on Monday + 3; 1 h on Monday + 7 + 6


@pytest.mark.parametrize(
    ("fields", "due"),
    [
        pytest.param({}, BOTH, id="new"),
        pytest.param({"status": Status.OPEN}, BOTH, id="open, but nobody answered"),
        pytest.param({"responded_at": at("03 09:00")}, BOTH[1:], id="answered"),
        pytest.param({"clock_from": at("03 16:00")}, ("response 04 12:00", "resolution 05 16:00"), id="reopened"),
        pytest.param({"waited": 3600.0}, ("response 03 14:00", "resolution 04 17:00"), id="stood still for an hour"),
        pytest.param({"status": Status.WAITING, "waiting_since": at("02 16:30")}, (), id="waiting"),
        pytest.param({"status": Status.SNOOZED, "waiting_since": at("02 16:30")}, (), id="snoozed"),
        pytest.param({"sla": "best"}, (), id="nothing promised"),
        pytest.param({"sla": "urgent"}, ("response 02 16:30", "resolution 02 20:00"), id="round the clock"),
        pytest.param({"marks": ("breach:response",)}, ("response 03 12:00 done", BOTH[1]), id="one missed"),
        pytest.param({"marks": ("breach:resolution",)}, (BOTH[0], "resolution 04 16:00 done"), id="the other missed"),
        pytest.param({"marks": ("response", "warned:response")}, BOTH, id="marks of something else"),
        pytest.param({"status": Status.RESOLVED, "resolved_at": at("03 16:00")}, ("close 05 11:00",), id="resolved"),
        pytest.param({"status": Status.RESOLVED}, (), id="resolved, nobody knows when"),
        pytest.param({"resolved_at": at("03 16:00")}, BOTH, id="was resolved once"),
        pytest.param({"status": Status.CLOSED, "resolved_at": at("03 16:00")}, (), id="closed"),
    ],
)
def test_deadlines(fields: dict[str, Any], due: tuple[str, ...]) -> None:
    expected = []
    for line in due:
        kind, day, hour, *done = line.split()
        expected.append(Deadline(kind, at(f"{day} {hour}"), bool(done)))
    assert sla.deadlines(ticket(**fields), POLICY) == tuple(expected)
    pending = [deadline.due for deadline in expected if not deadline.done]
    assert sla.next_due(ticket(**fields), POLICY) == (pending[0] if pending else None)


def test_the_earliest_comes_first() -> None:
    """Even where the plan promises a resolution before a response."""
    odd = replace(URGENT, response=timedelta(hours=5))
    found = sla.deadlines(ticket(sla="urgent"), replace(POLICY, plans={"urgent": odd}))
    assert [deadline.kind for deadline in found] == ["resolution", "response"]


def test_nothing_is_left_to_do_when_all_was_missed() -> None:
    marks = (sla.mark(sla.RESPONSE), sla.mark(sla.RESOLUTION))
    assert sla.next_due(ticket(marks=marks), POLICY) is None
    assert len(sla.deadlines(ticket(marks=marks), POLICY)) == 2


# --------------------------------------------------------------------- standing still


def test_pause_and_resume_over_night() -> None:
    """Half an hour on Monday and two on Tuesday: nobody works at night, so the night is nobody's."""
    paused = sla.pause(ticket(), POLICY, at("02 16:30"))
    assert paused == ticket(waiting_since=at("02 16:30"))
    assert sla.pause(paused, POLICY, at("02 16:45")) == paused
    resumed = sla.resume(paused, POLICY, at("03 11:00"))
    assert resumed == ticket(waited=2.5 * 3600)
    assert sla.resume(resumed, POLICY, at("03 11:30")) == resumed
    assert [deadline.due for deadline in sla.deadlines(resumed, POLICY)] == [at("03 15:30"), at("05 10:30")]


def test_a_pause_from_before_the_reopening_does_not_count_from_before_it() -> None:
    paused = ticket(waiting_since=at("02 16:00"), clock_from=at("03 10:00"))
    assert sla.resume(paused, POLICY, at("03 11:00")).waited == 3600


def test_a_clock_that_went_backwards() -> None:
    assert sla.resume(ticket(waiting_since=at("03 10:00")), POLICY, at("03 09:00")) == ticket()


instants = st.datetimes(datetime(2026, 3, 1), datetime(2026, 4, 15), timezones=st.just(UTC))


@settings(deadline=None)
@given(st.lists(instants, min_size=1, max_size=7, unique=True).map(sorted), st.sampled_from(["standard", "urgent"]))
def test_what_is_left_at_a_pause_is_left_after_it(turns: list[datetime], plan: str) -> None:
    """However often the clocks stop and go: between now and the due date lies what has not been used up."""
    calendar = CALENDARS[POLICY.plans[plan].calendar]
    now, used, running = ticket(sla=plan, created_at=turns[0]), timedelta(0), True
    for before, turn in pairwise(turns):
        if running:
            used += hours.elapsed(calendar, before, turn)
            now = sla.pause(now, POLICY, turn)
            assert sla.deadlines(now, POLICY) == ()
        else:
            now = sla.resume(now, POLICY, turn)
            for deadline in sla.deadlines(now, POLICY):
                target = getattr(POLICY.plans[plan], deadline.kind)
                if used < target:
                    assert hours.elapsed(calendar, turn, deadline.due) == target - used
                else:
                    assert deadline.due <= turn
        running = not running


@settings(deadline=None)
@given(instants, instants, st.floats(0, 10**6), st.floats(0, 10**6))
def test_waiting_longer_or_starting_later_is_never_due_earlier(
    first: datetime, second: datetime, waited: float, longer: float
) -> None:
    early = sla.deadlines(ticket(created_at=min(first, second), waited=min(waited, longer)), POLICY)
    late = sla.deadlines(ticket(created_at=max(first, second), waited=max(waited, longer)), POLICY)
    assert [a.due <= b.due for a, b in zip(early, late, strict=True)] == [True, True]


# --------------------------------------------------------------------- in words

STARTED = "from Mon 2026-03-02 16:00 CET"


@pytest.mark.parametrize(
    ("fields", "lines"),
    [
        pytest.param(
            {},
            (
                f"response: within 4 h {STARTED}, due Tue 2026-03-03 12:00 CET",
                f"resolution: within 14 h {STARTED}, due Wed 2026-03-04 16:00 CET",
            ),
            id="running",
        ),
        pytest.param(
            {"responded_at": at("02 16:20"), "waited": 5430.0, "waiting_since": at("03 09:00")},
            (
                f"response: within 4 h {STARTED}, met Mon 2026-03-02 16:20 CET",
                f"resolution: within 14 h {STARTED}, paused since Tue 2026-03-03 09:00 CET",
                "stood still: 1 h 30 m of working time so far",
            ),
            id="answered and waiting",
        ),
        pytest.param(
            {"responded_at": at("04 09:00"), "marks": ("breach:response", "breach:resolution")},
            (
                f"response: within 4 h {STARTED}, met Wed 2026-03-04 09:00 CET, late",
                f"resolution: within 14 h {STARTED}, due Wed 2026-03-04 16:00 CET, missed",
            ),
            id="late and missed",
        ),
        pytest.param(
            {"sla": "urgent", "status": Status.RESOLVED, "resolved_at": at("03 16:00")},
            (
                "response: within 30 m from Mon 2026-03-02 15:00 UTC, no longer runs",
                "resolution: within 4 h from Mon 2026-03-02 15:00 UTC, met Tue 2026-03-03 15:00 UTC",
                "close: due Thu 2026-03-05 11:00 CET unless answered",
            ),
            id="resolved without an answer",
        ),
        pytest.param({"sla": "best"}, ("response: not promised", "resolution: not promised"), id="nothing promised"),
    ],
)
def test_describe(fields: dict[str, Any], lines: tuple[str, ...]) -> None:
    plan = sla.plan_of(ticket(**fields), POLICY)
    assert sla.describe(ticket(**fields), POLICY) == (f"plan: {plan.name}, calendar {plan.calendar}", *lines)
