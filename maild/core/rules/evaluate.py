"""Judging a case by the rules, top to bottom.

It refuses to do anything: the Verdict is a value. `decide` asks it for every letter that opens
a ticket and for what happens to tickets, `maild explain` for any letter.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from maild.core.rules import captures, trace
from maild.core.rules.conditions import missed
from maild.core.rules.model import Case, Deed, Rule, Verdict
from maild.core.rules.view import View, instant


@dataclass(slots=True)
class _Said:
    """What the rules so far say; later ones override."""

    fields: dict[str, str] = field(default_factory=dict)
    by: dict[str, str] = field(default_factory=dict)
    tagged: dict[str, str] = field(default_factory=dict)
    untag: dict[str, str] = field(default_factory=dict)
    watchers: dict[str, str] = field(default_factory=dict)
    acknowledge: bool | None = None
    deeds: list[Deed] = field(default_factory=list)

    def add(self, rule: Rule, found: dict[str, str]) -> None:
        self.fields.update(rule.fields)
        self.by.update(dict.fromkeys(rule.fields, rule.name))
        for tag in (captures.filled(one, found, captures.as_word) for one in rule.tags):
            if tag:
                self.tagged.setdefault(tag, rule.name)
                self.untag.pop(tag, None)
        for tag in rule.untag:
            self.tagged.pop(tag, None)
            self.untag[tag] = rule.name
        for agent in rule.watchers:
            self.watchers.setdefault(agent, rule.name)
        if rule.acknowledge is not None:
            self.acknowledge = rule.acknowledge
            self.by["acknowledge"] = rule.name
        for kind, value in rule.deeds:
            self.deeds.append(Deed(rule=rule.name, kind=kind, value=captures.filled(value, found)))


def evaluate(rules: Sequence[Rule], case: Case) -> Verdict:
    """What the rules of the case's occasion say. Later ones override earlier ones; a `stop` that hits is the last."""
    view = View(case)
    said = _Said()
    matched: list[str] = []
    lines: list[str] = []
    stopped_by = ""
    for rule in rules:
        if case.occasion not in rule.on:
            continue
        if not rule.enabled:
            lines.append(trace.disabled(rule))
        elif stopped_by:
            lines.append(trace.not_reached(rule, stopped_by))
        elif (rule.starts or rule.ends) and not _in_force(rule, case):
            lines.append(trace.not_in_force(rule))
        elif miss := missed(rule.condition, view):
            lines.append(trace.miss(rule, miss))
        else:
            matched.append(rule.name)
            lines.append(trace.hit(rule))
            said.add(rule, captures.captured(rule.condition, view) if rule.captures else {})
            stopped_by = rule.name if rule.stop else ""
    return Verdict(
        fields=said.fields,
        by=said.by,
        tags=tuple(said.tagged),
        tagged=said.tagged,
        untag=said.untag,
        watchers=said.watchers,
        acknowledge=said.acknowledge,
        deeds=tuple(said.deeds),
        matched=tuple(matched),
        trace=tuple(lines),
    )


def _in_force(rule: Rule, case: Case) -> bool:
    zone = case.calendars[rule.calendar].zone
    if rule.starts is not None and case.at < instant(rule.starts, zone):
        return False
    return rule.ends is None or case.at < instant(rule.ends, zone, after=True)
