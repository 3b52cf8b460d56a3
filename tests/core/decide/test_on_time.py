"""What follows from the clock: one alert per broken promise, and the end of the confirm window."""

from __future__ import annotations

from datetime import timedelta

from maild.core import decide
from maild.core.model import SendLetter, Status

JOHN, SAM = "john@bank.example", "sam@bank.example"


def alerts(outcome):
    return [
        (c.letter.template, c.letter.to.email, c.letter.context) for c in outcome.changes if isinstance(c, SendLetter)
    ]


def test_nothing_is_due_early(judge):
    outcome = decide.on_time(judge.ticket(), judge.policy, judge.now)
    assert (outcome.changes, outcome.after.next_due) == ((), judge.now + timedelta(hours=6))


def test_each_promise_is_alarmed_once_however_late(judge):
    late = judge.now + timedelta(days=30)
    outcome = decide.on_time(judge.ticket(watchers=("sam",)), judge.policy, late)
    assert [(t, to, c["what"]) for t, to, c in alerts(outcome)] == [
        ("breach", JOHN, "first response"),
        ("breach", SAM, "first response"),
        ("breach", JOHN, "resolution"),
        ("breach", SAM, "resolution"),
    ]
    assert outcome.after.next_due is None
    assert decide.on_time(outcome.after, judge.policy, late).changes == ()


def test_waiting_on_the_requester_stops_the_clocks(judge):
    waiting = decide.on_command(judge.ticket(), "#waiting", judge.policy.agents["john"], judge.policy, judge.now).after
    assert waiting.next_due is None
    assert decide.on_time(waiting, judge.policy, judge.now + timedelta(days=9)).changes == ()


def test_the_confirm_window_ends_silently_in_closed(judge):
    resolved = judge.ticket(status=Status.RESOLVED, resolved_at=judge.now)
    before = decide.on_time(resolved, judge.policy, judge.now + timedelta(days=3) - timedelta(seconds=1))
    assert before.changes == ()
    outcome = decide.on_time(resolved, judge.policy, judge.now + timedelta(days=3))
    assert outcome.after.status == Status.CLOSED
    assert alerts(outcome) == []
