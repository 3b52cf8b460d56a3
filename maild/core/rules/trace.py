"""Rules in words: one line for what each rule did with a letter, fit for `explain` and the ledger.

It refuses to judge; `evaluate` calls it. What a sender wrote comes shortened and
without control characters (`View.seen`).
"""

from __future__ import annotations

from maild.core.rules.conditions import Miss
from maild.core.rules.model import Rule

_SHOWN = 60  # characters of a note or a reason


def hit(rule: Rule) -> str:
    deeds = [f"{name} = {value}" for name, value in rule.fields.items()]
    if rule.tags:
        deeds.append("tags + " + ", ".join(rule.tags))
    if rule.untag:
        deeds.append("tags - " + ", ".join(rule.untag))
    if rule.watchers:
        deeds.append("watchers + " + ", ".join(rule.watchers))
    deeds += [f"{kind}: {_short(value)}" for kind, value in rule.deeds]
    if rule.acknowledge is not None:
        deeds.append("acknowledge" if rule.acknowledge else "no acknowledgement")
    if rule.stop:
        deeds.append("stop")
    return f"{rule.name}: hit: {', '.join(deeds)}"


def _short(value: str) -> str:
    line = "".join(character if character.isprintable() else "?" for character in " ".join(value.split()))
    return line if len(line) <= _SHOWN else line[:_SHOWN] + "…"


def miss(rule: Rule, why: Miss) -> str:
    return f"{rule.name}: missed: {why.label} (saw {why.saw})"


def disabled(rule: Rule) -> str:
    return f"{rule.name}: disabled"


def not_in_force(rule: Rule) -> str:
    bounds = [f"{word} {bound}" for word, bound in (("from", rule.starts), ("until", rule.ends)) if bound is not None]
    return f"{rule.name}: not in force, it is {' '.join(bounds)}"


def not_reached(rule: Rule, stopped_by: str) -> str:
    return f"{rule.name}: not reached, {stopped_by} stopped"
