"""What rules want is done: to letters that begin tickets, on replies, answers, changes, and by the clock."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from datetime import timedelta

import pytest

from maild.core import decide
from maild.core.model import AddEntry, EntryKind, Fate, Purpose, SendLetter, SetField, Status
from maild.core.rules import Names, RawRule, compile_rules

NAMES = Names(
    topics=("problem", "outage"),
    priorities=("low", "normal", "high", "emergency"),
    teams=("support", "online", "sysadmin"),
    agents=("john", "jane", "sam"),
    plans=("default", "sev-a"),
    calendars=("always",),
)
KAREN = "karen@customer.example"


def ruled(judge, text):
    tables = tomllib.loads(text)["rule"]
    rules, problems = compile_rules([RawRule(file="r", number=n, table=t) for n, t in enumerate(tables)], NAMES)
    assert not problems
    judge.policy = replace(judge.policy, rules=rules)
    return judge


def letters(outcome):
    return [(c.letter.template, c.letter.to.email) for c in outcome.changes if isinstance(c, SendLetter)]


def set_fields(outcome):
    return [(c.name, c.new, c.by) for c in outcome.changes if isinstance(c, SetField)]


def entries(outcome, kind):
    return [c.entry for c in outcome.changes if isinstance(c, AddEntry) and c.entry.kind == kind]


# --------------------------------------------------------------------- letters that begin a ticket


def test_a_new_ticket_gets_status_watchers_and_a_note(judge):
    ruled(judge, """
[[rule]]
name = "vip"
when.subject = { regex = 'contract (?P<contract>[0-9]+)' }
then.status = "open"
then.watchers = ["sam"]
then.note = "It is contract {contract}"
then.tags = ["contract-{contract}"]
""")  # fmt: skip
    outcome = judge.letter(None, KAREN, "Please help", subject="My contract 4711")
    after = outcome.after
    assert (outcome.fate, after.status, after.watchers, after.tags) == (
        Fate.TICKET, Status.OPEN, ("sam",), ("contract-4711",),
    )  # fmt: skip
    assert [(note.author, note.text, note.public) for note in entries(outcome, EntryKind.NOTE)] == [
        ("rule:vip", "It is contract 4711", False)
    ]
    assert set_fields(outcome) == [("status", "open", "rule:vip")]
    assert ("new-ticket", "sam@bank.example") in letters(outcome)
    added = [c.entry for c in outcome.changes if isinstance(c, AddEntry)]
    assert added[-1].kind == EntryKind.MESSAGE  # what the letters are about


ENDINGS = [
    ("quarantine", Fate.QUARANTINED, "the rule “r” holds it: looks odd", []),
    ("ignore", Fate.IGNORED, "the rule “r” ignores it: looks odd", []),
    ("refuse", Fate.REFUSED, "the rule “r” refuses it", [("refused", KAREN)]),
]


@pytest.mark.parametrize(("action", "fate", "reason", "sent"), ENDINGS)
def test_a_letter_that_becomes_no_ticket(judge, action, fate, reason, sent):
    ruled(judge, f'[[rule]]\nname = "r"\nwhen.subject = "odd"\nthen.{action} = "looks odd"')
    outcome = judge.letter(None, KAREN, "Please help", subject="Something odd")
    assert (outcome.fate, outcome.reason, outcome.after, letters(outcome)) == (fate, reason, None, sent)
    assert any(line.startswith("r: hit") for line in outcome.trace)
    released = judge.letter(None, KAREN, "Please help", subject="Something odd", confirmed=True)
    assert released.fate == Fate.TICKET


def test_a_refused_sender_reads_the_rules_text(judge):
    ruled(judge, '[[rule]]\nname = "r"\nthen.refuse = "We take no applications by mail."')
    (sent,) = [c.letter for c in judge.letter(None, KAREN, "Hello").changes if isinstance(c, SendLetter)]
    assert sent.context == {"why": "rule", "what": "We take no applications by mail."}


def test_rules_see_who_wrote(judge):
    ruled(judge, """
[[rule]]
name = "stranger"
when = { known = false, agent = false, evidence = "unknown", address = "support@bank.example" }
then.tags = ["first-letter"]
""")  # fmt: skip
    assert judge.letter(None, KAREN, "Hello").after.tags == ("first-letter",)


# --------------------------------------------------------------------- replies, answers, changes

REPLY = """
[[rule]]
name = "urgent words"
on = "reply"
when.words = "lawyer"
when.ticket.status = "waiting"
then.priority = "emergency"
then.team = "online"
then.note = "They speak of a lawyer"
"""


def test_a_reply_moves_the_ticket_by_rules(judge):
    waiting = ruled(judge, REPLY).ticket(status=Status.WAITING, agent="john")
    outcome = judge.letter(waiting, KAREN, "My lawyer will call", to=judge.address(Purpose.REQUESTER_REPLY, 0))
    assert (outcome.fate, outcome.after.status, outcome.after.priority) == (Fate.REPLY, Status.OPEN, "emergency")
    assert (outcome.after.team, outcome.after.agent) == ("online", "")
    assert ("team", "online", "rule:urgent words") in set_fields(outcome)
    assert [note.text for note in entries(outcome, EntryKind.NOTE)] == ["They speak of a lawyer"]
    assert ("requester-reply", "jane@bank.example") in letters(outcome)


def test_a_reply_without_the_words_moves_nothing(judge):
    waiting = ruled(judge, REPLY).ticket(status=Status.WAITING)
    outcome = judge.letter(waiting, KAREN, "Thank you, here it is", to=judge.address(Purpose.REQUESTER_REPLY, 0))
    assert (outcome.after.priority, outcome.after.team) == ("normal", "support")


def command(judge, ticket, text, agent="john"):
    return decide.on_command(ticket, text, judge.policy.agents[agent], judge.policy, judge.now)


def test_an_answer_is_looked_at(judge):
    ruled(judge, """
[[rule]]
name = "answered"
on = "answer"
when.words = "we need"
then.status = "waiting"
then.tags = ["asked"]
""")  # fmt: skip
    outcome = command(judge, judge.ticket(), "We need your contract number.")
    assert (outcome.after.status, outcome.after.tags) == (Status.WAITING, ("asked",))
    assert command(judge, judge.ticket(), "Done.").after.status == Status.OPEN
    assert command(judge, judge.ticket(), "#take").after.tags == ()


CHANGE = """
[[rule]]
name = "emergency"
on = "change"
changed = { field = "priority", new = "emergency" }
then.team = "sysadmin"
then.sla = "sev-a"

[[rule]]
name = "never after another"
on = "change"
changed = "team"
then.tags = ["moved"]
"""


def test_a_change_is_looked_at_once(judge):
    ruled(judge, CHANGE)
    outcome = command(judge, judge.ticket(), "#priority emergency")
    assert (outcome.after.team, outcome.after.sla, outcome.after.tags) == ("sysadmin", "sev-a", ())
    assert ("assigned", "sam@bank.example") in letters(outcome)
    assert command(judge, judge.ticket(), "#priority high").after.team == "support"
    assert command(judge, judge.ticket(), "#team online").after.tags == ("moved",)


def test_a_ticket_ended_by_two_rules_is_told_once(judge):
    ruled(judge, """
[[rule]]
name = "solved"
on = "answer"
when.words = "solved"
then.status = "resolved"

[[rule]]
name = "at once"
on = "change"
changed = { field = "status", new = "resolved" }
then.status = "closed"
""")  # fmt: skip
    outcome = command(judge, judge.ticket(), "It is solved.")
    assert outcome.after.status == Status.CLOSED
    assert [one for one in letters(outcome) if one[1] == KAREN] == [("response", KAREN), ("closure", KAREN)]


def test_a_requester_is_not_written_to_for_what_their_letter_ended(judge):
    ruled(judge, '[[rule]]\nname = "r"\non = "reply"\nwhen.words = "forget it"\nthen.status = "closed"')
    outcome = judge.letter(judge.ticket(), KAREN, "Forget it", to=judge.address(Purpose.REQUESTER_REPLY, 0))
    assert outcome.after.status == Status.CLOSED
    assert [one for one in letters(outcome) if one[1] == KAREN] == []


# --------------------------------------------------------------------- time

WAITING = """
[[rule]]
name = "no answer"
on = "time"
after = "3 d"
when.ticket.status = "waiting"
then.status = "closed"
then.note = "No answer for three days"
"""


def test_a_ticket_that_waits_too_long_is_closed_once(judge):
    ruled(judge, WAITING)
    waiting = command(judge, judge.ticket(), "#waiting").after
    assert waiting.next_due == judge.now + timedelta(days=3)
    early = decide.on_time(waiting, judge.policy, judge.now + timedelta(days=3, seconds=-1))
    assert early.changes == ()
    outcome = decide.on_time(waiting, judge.policy, judge.now + timedelta(days=3))
    assert (outcome.after.status, outcome.after.next_due) == (Status.CLOSED, None)
    assert ("closure", KAREN) in letters(outcome)
    assert [note.text for note in entries(outcome, EntryKind.NOTE)] == ["No answer for three days"]
    assert decide.on_time(outcome.after, judge.policy, judge.now + timedelta(days=9)).changes == ()


UNASSIGNED = """
[[rule]]
name = "unassigned"
on = "time"
after = "30 m"
when.ticket.agent = ""
then.team = "online"
then.priority = "high"
"""


def test_a_rule_acts_once_for_each_stay_however_often_the_clock_looks(judge):
    ruled(judge, UNASSIGNED)
    opened = judge.letter(None, KAREN, "Hello").after
    opened = replace(opened, number=1042)
    assert opened.next_due == judge.now + timedelta(minutes=30)
    later = judge.now + timedelta(hours=1)
    outcome = decide.on_time(opened, judge.policy, later)
    assert set_fields(outcome) == [("priority", "high", "rule:unassigned"), ("team", "online", "rule:unassigned")]
    assert ("assigned", "jane@bank.example") in letters(outcome)
    assert decide.on_time(outcome.after, judge.policy, later + timedelta(hours=1)).changes == ()
    judge.now = later
    back = command(judge, command(judge, outcome.after, "#take").after, "#team support\n#release").after
    assert decide.on_time(back, judge.policy, later + timedelta(minutes=29)).changes == ()
    again = decide.on_time(back, judge.policy, later + timedelta(minutes=30))
    assert ("team", "online", "rule:unassigned") in set_fields(again)


def test_reopening_does_not_repeat_what_was_done_since_creation(judge):
    ruled(judge, '[[rule]]\nname = "old"\non = "time"\nafter = "1 d"\nthen.tags = ["old"]')
    day = judge.now + timedelta(days=1)
    tagged = decide.on_time(judge.ticket(), judge.policy, day).after
    assert tagged.tags == ("old",)
    judge.now = day
    reopened = command(judge, command(judge, tagged, "#untag old\n#close silent").after, "#reopen").after
    assert decide.on_time(reopened, judge.policy, day + timedelta(minutes=1)).changes == ()
