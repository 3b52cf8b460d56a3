"""Judging a letter by the rules, top to bottom.

It refuses to do anything: the Verdict is a value. `decide.on_message` asks it once
for every letter that opens a ticket, `maild explain` for any letter.
"""

from collections.abc import Sequence

from maild.core.rules import trace
from maild.core.rules.conditions import View, missed
from maild.core.rules.model import Case, Rule, Verdict


def evaluate(rules: Sequence[Rule], case: Case) -> Verdict:
    """What the rules say. Later rules override earlier ones; one with `stop` that hits is the last."""
    view = View(case.message, case.envelope)
    fields: dict[str, str] = {}
    by: dict[str, str] = {}
    tags: dict[str, None] = {}
    acknowledge: bool | None = None
    matched: list[str] = []
    lines: list[str] = []
    stopped_by = ""
    for rule in rules:
        if not rule.enabled:
            lines.append(trace.disabled(rule))
            continue
        if stopped_by:
            lines.append(trace.not_reached(rule, stopped_by))
            continue
        miss = missed(rule.condition, view)
        if miss:
            lines.append(trace.miss(rule, miss))
            continue
        matched.append(rule.name)
        lines.append(trace.hit(rule))
        fields.update(rule.fields)
        by.update(dict.fromkeys(rule.fields, rule.name))
        tags.update(dict.fromkeys(rule.tags))
        if rule.acknowledge is not None:
            acknowledge = rule.acknowledge
            by["acknowledge"] = rule.name
        if rule.stop:
            stopped_by = rule.name
    return Verdict(
        fields=fields, by=by, tags=tuple(tags), acknowledge=acknowledge, matched=tuple(matched), trace=tuple(lines)
    )
