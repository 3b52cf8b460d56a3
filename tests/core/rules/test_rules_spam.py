"""What spam filters said, as conditions of rules."""

from __future__ import annotations

import tomllib
from datetime import UTC, datetime

import pytest

from maild.core.model import Envelope, Message
from maild.core.rules import Case, Names, RawRule, Rule, compile_rules, evaluate


def compiled(when: str) -> tuple[tuple[Rule, ...], list[str]]:
    table = {"name": "r", "stop": True, **tomllib.loads(when)}
    rules, problems = compile_rules([RawRule(file="r.toml", number=0, table=table)], Names())
    return rules, [problem.text for problem in problems]


def case(spam: str, score: float | None) -> Case:
    envelope = Envelope(
        raw=b"", mail_from="a@b.example", rcpts=(), received_at=datetime(2026, 1, 1, tzinfo=UTC), door=""
    )
    return Case(message=Message(spam=spam, spam_score=score), envelope=envelope)


@pytest.mark.parametrize(
    ("when", "spam", "score", "hit"),
    [
        ("when.spam = true", "yes", None, True),
        ("when.spam = true", "no", 99.0, False),
        ("when.spam = true", "", None, False),
        ("when.spam = false", "no", None, True),
        ("when.spam = false", "", None, True),
        ("when.spam = false", "yes", None, False),
        ("when.spam_score = 5", "", 5.0, True),
        ("when.spam_score = 5.5", "", 5.4, False),
        ("when.spam_score = -3", "", -2.9, True),
        ("when.spam_score = 0", "yes", None, False),
        ("when.not = [{ spam_score = 5 }]", "", 4.0, True),
        ("when.any = [{ spam = true }, { spam_score = 5 }]", "no", 6.0, True),
    ],
)
def test_a_condition(when: str, spam: str, score: float | None, hit: bool) -> None:
    rules, problems = compiled(when)
    assert problems == []
    assert bool(evaluate(rules, case(spam, score)).matched) is hit


def test_the_trace_shows_what_was_said() -> None:
    rules, _ = compiled("when.spam_score = 8")
    (line,) = evaluate(rules, case("no", 2.5)).trace
    assert "a spam score of 8 or more" in line
    assert "no 2.5" in line
    rules, _ = compiled("when.not = [{ spam = true }]")
    assert "yes" in evaluate(rules, case("yes", None)).trace[0]


@pytest.mark.parametrize(
    "when", ["when.spam = 'yes'", "when.spam = 1", "when.spam_score = true", "when.spam_score = '5'", "when.spam_score = 1e9"]
)  # fmt: skip
def test_what_cannot_be_asked(when: str) -> None:
    _, problems = compiled(when)
    assert len(problems) == 1
