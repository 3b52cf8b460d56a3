"""A letter played through the real judgement as if nobody had written before, and what came of it.

For the tests beside rules and for `maild rules try`: both ask what a letter would begin, by the very
way a new letter takes (`decide.on_message`), with nothing remembered. It refuses to know where letters
come from and who reads the answer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from maild.core.decide import on_message
from maild.core.model import AddEntry, Envelope, Facts, Fate, Message, Outcome, SendLetter
from maild.core.policy import Intake, Policy
from maild.core.trail import shown

FIELDS = ("topic", "priority", "team", "agent", "sla", "status")


@dataclass(frozen=True, slots=True, kw_only=True)
class Came:
    """What came of a letter. `fields` is empty where it began no ticket."""

    fate: Fate | None
    reason: str
    fields: Mapping[str, str]
    tags: tuple[str, ...]
    acknowledge: bool
    rules: tuple[str, ...]  # names of those that hit, in order
    trace: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """What should come; what is None or left out is not compared."""

    fields: Mapping[str, str] = field(default_factory=dict)
    tags: tuple[str, ...] | None = None
    acknowledge: bool | None = None
    rules: tuple[str, ...] | None = None
    fate: str | None = None


@dataclass(frozen=True, slots=True)
class Wrong:
    """One thing that came out differently: its key, and the difference in words."""

    key: str
    text: str


def rehearse(message: Message, envelope: Envelope, policy: Policy, now: datetime) -> Came:
    """What would come of a letter that answers nothing, from somebody nobody has met.

    Who may write at all is no matter of rules: closed registration and bans are left out.
    """
    policy = replace(policy, intake=Intake(spam=policy.intake.spam))
    outcome = on_message(message, envelope, Facts(), policy, now)
    began = outcome.after if outcome.fate == Fate.TICKET else None
    return Came(
        fate=outcome.fate,
        reason=outcome.reason,
        fields={name: str(getattr(began, name)) for name in FIELDS} if began else {},
        tags=began.tags if began else (),
        acknowledge=any(
            isinstance(change, SendLetter) and change.letter.template == "acknowledgement" for change in outcome.changes
        ),
        rules=hits(outcome, policy),
        trace=outcome.trace,
    )


def hits(outcome: Outcome, policy: Policy) -> tuple[str, ...]:
    """The rules that hit, as the ticket's first event names them, else as the trace does."""
    for change in outcome.changes:
        if isinstance(change, AddEntry) and change.entry.data.get("field") == "opened":
            return tuple(change.entry.data.get("rules", ()))
    return tuple(
        rule.name for rule in policy.rules if _line_of(rule.name, outcome.trace).startswith(f"{rule.name}: hit")
    )


def compare(expected: Expected, came: Came, policy: Policy) -> list[Wrong]:
    """Everything that came out differently, each with what the rules concerned did."""
    wrong: list[Wrong] = []
    if expected.fate is not None and expected.fate != came.fate:
        wrong.append(Wrong("fate", f"expected {expected.fate}, came {came.fate} ({came.reason})"))
    if expected.fields and not came.fields:
        wrong.append(Wrong("topic", f"no ticket began: {came.fate}, {came.reason}"))
    for name, value in expected.fields.items() if came.fields else ():
        if came.fields[name] != value:
            said = _differs(shown(name, value, policy), shown(name, came.fields[name], policy))
            wrong.append(Wrong(name, said + _because(_concerned(name, value, came, policy), came)))
    if expected.tags is not None and set(expected.tags) != set(came.tags):
        said = _differs(", ".join(expected.tags) or "none", ", ".join(came.tags) or "none")
        differing = set(expected.tags) ^ set(came.tags)
        wrong.append(Wrong("tags", said + _because([r.name for r in policy.rules if differing & set(r.tags)], came)))
    if expected.acknowledge is not None and expected.acknowledge != came.acknowledge:
        said = "expected an acknowledgement, none came" if expected.acknowledge else "expected none, and one came"
        why = [line for line in came.trace if line.startswith("no acknowledgement")]
        wrong.append(Wrong("acknowledge", "; ".join([said, *why])))
    if expected.rules is not None and expected.rules != came.rules:
        said = _differs(", ".join(expected.rules) or "none", ", ".join(came.rules) or "none")
        wrong.append(Wrong("rules", said + _because(sorted(set(expected.rules) ^ set(came.rules)), came)))
    return wrong


def _differs(expected: str, came: str) -> str:
    return f"expected {expected}, came {came}"


def _concerned(name: str, value: str, came: Came, policy: Policy) -> list[str]:
    """The rules that would have set what was expected, and the one that had the last word."""
    would = [rule.name for rule in policy.rules if rule.fields.get(name) == value]
    did = [rule.name for rule in policy.rules if rule.name in came.rules and name in rule.fields]
    return list(dict.fromkeys([*would, *did[-1:]]))


def _because(rules: Sequence[str], came: Came) -> str:
    lines = [line for rule in rules if (line := _line_of(rule, came.trace))]
    return "".join(f"; {line}" for line in lines) or "; no rule sets this"


def _line_of(rule: str, trace: Sequence[str]) -> str:
    return next((line for line in trace if line.startswith(f"{rule}: ")), "")
