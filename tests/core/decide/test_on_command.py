"""What an agent's words do: all or nothing, and never a word of a note to the requester."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maild.core import decide
from maild.core.commands import FORMS, parse
from maild.core.model import AddEntry, Attachment, EntryKind, Fate, SendLetter, SetField, Status

KAREN, JOHN, JANE, SAM = "karen@customer.example", "john@bank.example", "jane@bank.example", "sam@bank.example"

PLAN = Attachment(index=0, filename="plan.pdf", content_type="", sniffed_type="", size=9, sha256="")


def run(judge, text, agent="john", ticket=None, **more):
    return decide.on_command(
        ticket or judge.ticket(), text, judge.policy.agents[agent], judge.policy, judge.now, **more
    )


def to_requester(outcome):
    return [c.letter for c in outcome.changes if isinstance(c, SendLetter) and c.letter.to.email == KAREN]


@pytest.mark.parametrize(
    ("line", "name", "value"),
    [
        ("#take", "agent", "john"),
        ("#assign jane", "agent", "jane"),
        ("#assign JANE DOE", "agent", "jane"),
        ("#assign jane@bank.example", "agent", "jane"),
        ("#team online banking", "team", "online"),
        ("#transfer System Administrators", "team", "sysadmin"),
        ("#topic outage", "topic", "outage"),
        ("#topic problem / outage", "topic", "outage"),
        ("#priority Emergency", "priority", "emergency"),
        ("#SLA sev-a", "sla", "sev-a"),
        ("#sla: Sev A", "sla", "sev-a"),
        ("/waiting", "status", Status.WAITING),
        ("!resolved", "status", Status.RESOLVED),
        ("#close", "status", Status.CLOSED),
        ("#tag urgent vip", "tags", ("urgent", "vip")),
        ("#watch sam", "watchers", ("sam",)),
    ],
)
def test_each_command_sets_its_field_and_is_confirmed(judge, sent, line, name, value):
    outcome = run(judge, line)
    assert outcome.fate == Fate.COMMAND
    assert getattr(outcome.after, name) == value
    assert [c.by for c in outcome.changes if isinstance(c, SetField) and c.name == name] == ["john"]
    assert ("transcript", JOHN) in sent(outcome)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("#priorty high\nPlease try again.", "#priority NAME"),
        ("#priority hihg", "#priority high"),
        ("#assign nobody", ""),
        ("#assign j", "#assign john"),
        ("#notte the customer is a crook", "#note [TEXT]"),
        ("#take\n#team nowhere\n\nHello Karen", ""),
        ("#close spma", "#close spam"),
        ("#assign", "#assign NAME"),
        ("#take now", "#take"),
        ("", ""),
        ("Hello Karen\n#resolvd", "#resolved"),
        ("Hello Karen\n#resolved\nplease try it again when you find the time to do so, and tell us", ""),
        ("#close spam\nGo away.", "#close"),
    ],
)
def test_one_wrong_line_and_nothing_is_done(judge, sent, text, meant):
    outcome = run(judge, text)
    assert sent(outcome) == [("command-error", JOHN)]
    assert outcome.after == outcome.before
    assert len(outcome.changes) == 1
    mistakes = outcome.changes[0].letter.context["mistakes"]
    assert mistakes[0]["meant"] == meant


def test_a_plain_answer_goes_to_the_requester_and_takes_the_ticket(judge, sent):
    outcome = run(judge, "We are on it.", ticket=judge.ticket(status=Status.NEW), mail_id=9)
    letter = to_requester(outcome)[0]
    assert (letter.template, letter.from_name, letter.automatic) == ("response", "John Miller (Bank Support)", "")
    assert (letter.in_reply_to, letter.about_entry, letter.attachments_of) == ("first@customer.example", True, 9)
    assert (outcome.after.agent, outcome.after.status) == ("john", Status.OPEN)
    assert outcome.after.responded_at == judge.now


def test_an_answer_that_resolves_is_one_mail(judge, sent):
    outcome = run(judge, "Solved, please try.\n\n#resolved", ticket=judge.ticket(agent="john"))
    assert [(letter.template, letter.context["solution"]) for letter in to_requester(outcome)] == [("closure", True)]
    assert outcome.after.next_due == judge.now + timedelta(days=3)


def test_resolving_without_words_still_tells_the_requester_once(judge):
    assert [letter.template for letter in to_requester(run(judge, "#resolved"))] == ["closure"]
    resolved = judge.ticket(status=Status.RESOLVED, resolved_at=judge.now)
    assert to_requester(run(judge, "#close", ticket=resolved)) == []
    assert to_requester(run(judge, "#resolved", ticket=resolved)) == []


@pytest.mark.parametrize("how", ["silent", "spam", "duplicate"])
def test_silent_closings_tell_the_requester_nothing(judge, how):
    outcome = run(judge, f"#close {how}")
    assert to_requester(outcome) == []
    assert (outcome.after.status, outcome.after.closing) == (Status.CLOSED, how)


@pytest.mark.parametrize(
    "text",
    [
        "#note\nHe is a crook.",
        "#note He is a crook.",
        "#NOTE: He is a crook.\n#resolved",
        "He is a crook.\n#note",
        "#team online\n#note\nHe is a crook.",
        "/internal\nHe is a crook.",
    ],
)
def test_a_note_never_reaches_the_requester(judge, text):
    outcome = run(judge, text, ticket=judge.ticket(watchers=("sam",)), mail_id=9)
    notes = [c.entry for c in outcome.changes if isinstance(c, AddEntry)]
    assert [(n.kind, n.public, n.text) for n in notes] == [(EntryKind.NOTE, False, "He is a crook.")]
    assert not any(letter.about_entry or letter.attachments_of for letter in to_requester(outcome))


def test_a_hand_over_tells_the_team_and_its_giver_keeps_watching(judge, sent):
    outcome = run(judge, "#sla sev-a\n#team online banking\n#note\nSuspect the cache.")
    assert ("assigned", JANE) in sent(outcome)
    assert outcome.after.watchers == ("john",)
    assert outcome.after.agent == ""
    later = run(judge, "#note\nFound it.", agent="jane", ticket=outcome.after)
    assert ("note-added", JOHN) in sent(later)


def test_watchers_learn_of_answers_and_resolutions(judge, sent):
    ticket = judge.ticket(watchers=("john",), agent="jane")
    assert ("activity", JOHN) in sent(run(judge, "Hello", agent="jane", ticket=ticket))
    assert ("activity", JOHN) in sent(run(judge, "#resolved", agent="jane", ticket=ticket))
    assert all(to != JANE for template, to in sent(run(judge, "Hello", agent="jane", ticket=ticket)))


def test_files_alone_are_an_answer(judge):
    outcome = run(judge, "", files=(PLAN,), mail_id=9)
    assert [letter.attachments_of for letter in to_requester(outcome)] == [9]


def test_asking_for_the_log_changes_nothing(judge, sent):
    outcome = run(judge, "#log")
    assert sent(outcome) == [("log", JOHN)]
    assert outcome.after == outcome.before


@pytest.mark.parametrize(
    ("text", "words", "body"),
    [
        (
            "Done.\n\n#resolved\n\nKind regards\nJane Doe\nOnline Banking",
            ["resolved"],
            "Done.\n\n\nKind regards\nJane Doe\nOnline Banking",
        ),
        ("Done.\n#resolved", ["resolved"], "Done."),
        ("#take\n\nDone.\n\n#waiting\nJane", ["take", "waiting"], "Done.\n\nJane"),
        ("See #1234 and #winning.\nJane", [], "See #1234 and #winning.\nJane"),
        ("#!/bin/sh\necho", [], "#!/bin/sh\necho"),
        ("/etc/hosts\nis gone", [], "/etc/hosts\nis gone"),
        ("", [], ""),
    ],
)
def test_commands_stand_above_or_below_the_words(text, words, body):
    said = parse(text)
    assert [c.word for c in said.commands] == words
    assert said.mistakes == ()
    assert said.body.replace("\n\n\n", "\n\n") == body.replace("\n\n\n", "\n\n")


def test_commands_that_change_nothing_are_answered_too(judge, sent):
    resolved = judge.ticket(status=Status.RESOLVED, resolved_at=judge.now)
    outcome = run(judge, "#resolved", ticket=resolved)
    assert sent(outcome) == [("transcript", JOHN)]


@given(st.text(max_size=400))
def test_parsing_loses_no_line_of_prose(text):
    said = parse(text)
    taken = {c.line for c in said.commands} | {m.line for m in said.mistakes}
    for line in text.splitlines():
        kept = line.strip() in said.body or line.strip() in taken or line.strip()[:200] in taken
        assert kept or any(c.word == "note" for c in said.commands)


@given(st.lists(st.sampled_from([*FORMS, "notte", "1042", "winning"]), max_size=8), st.text(max_size=60))
def test_a_text_with_a_misspelt_command_on_top_is_never_prose(words, tail):
    text = "\n".join(f"#{word} x" for word in ["notte", *words]) + "\n" + tail
    assert parse(text).mistakes
