"""Rules from the first letter to a ticket nobody answers: over real doors, with a clock turned by hand."""

from __future__ import annotations

from collections.abc import Callable

from stories_rig import KAREN, SUPPORT, words

from maild.core.model import EntryKind, Status
from maild.demo.stage import Stage

RULES = r"""
[[rule]]
name = "contract"
when.subject = { regex = 'contract (?P<number>[0-9]+)' }
then.tags = ["contract-{number}"]
then.note = "Look up contract {number}"
then.watchers = ["jane"]

[[rule]]
name = "no applications"
when.subject = "application"
then.refuse = "Please use the form on our site."

[[rule]]
name = "asked back"
on = "answer"
when.words = "please tell us"
then.status = "waiting"

[[rule]]
name = "no answer"
on = "time"
after = "7 d"
when.ticket.status = "waiting"
then.status = "resolved"
then.note = "No answer for a week"
"""
FIRST = 1001


def ruled(stage: Stage) -> Stage:
    for path in stage.app.config.desk.rules.glob("*.toml"):
        path.unlink()
    (stage.app.config.desk.rules / "10-mine.toml").write_text(RULES)
    assert stage.app.reload()
    return stage


def test_a_ticket_goes_its_way_by_rules(stage_with: Callable[..., Stage]) -> None:
    stage = ruled(stage_with())
    karen, john, jane = stage.person("Karen Black", KAREN), stage.agent("john"), stage.agent("jane")
    karen.writes(SUPPORT, "About contract 4711", "It is wrong.")
    alert = john.got("It is wrong.")
    assert "Look up contract" not in words(alert)
    jane.got("It is wrong.")
    assert stage.ticket(FIRST).tags == ("contract-4711",)
    notes = [entry for entry in stage.entries(FIRST) if entry.kind == EntryKind.NOTE]
    assert [(note.author, note.text) for note in notes] == [("rule:contract", "Look up contract 4711")]

    john.answers(alert, "Please tell us what is wrong with it.")
    karen.got("what is wrong with it")
    assert stage.ticket(FIRST).status == Status.WAITING
    stage.forward(days=6, hours=23)
    assert stage.ticket(FIRST).status == Status.WAITING
    stage.forward(hours=1, seconds=1)
    assert stage.ticket(FIRST).status == Status.RESOLVED
    count = len(stage.entries(FIRST))
    closure = karen.got("solved")

    karen.answers(closure, "Sorry, I was away. The rate is wrong.")
    john.got("The rate is wrong.")
    assert stage.ticket(FIRST).status == Status.OPEN
    stage.forward(days=1)
    assert [entry.text for entry in stage.entries(FIRST)].count("No answer for a week") == 1
    assert len(stage.entries(FIRST)) > count


def test_a_refused_letter_is_answered_with_the_rules_words(stage_with: Callable[..., Stage]) -> None:
    stage = ruled(stage_with())
    karen = stage.person("Karen Black", KAREN)
    karen.writes(SUPPORT, "My application", "I would like to work for you.")
    assert "Please use the form on our site." in words(karen.got("form on our site"))
    stage.settle()
    assert stage.app.store.ticket(FIRST) is None
