"""Rules in words: one line for what each rule did with a letter, fit for `explain` and the ledger.

It refuses to judge; `evaluate` calls it. What a sender wrote comes shortened and
without control characters (`Text.shown`).
"""

from maild.core.rules.conditions import Miss
from maild.core.rules.model import Rule

_VALUES = 3  # texts of one field that a line repeats


def hit(rule: Rule) -> str:
    deeds = [f"{name} = {value}" for name, value in rule.fields.items()]
    if rule.tags:
        deeds.append("tags + " + ", ".join(rule.tags))
    if rule.acknowledge is not None:
        deeds.append("acknowledge" if rule.acknowledge else "no acknowledgement")
    if rule.stop:
        deeds.append("stop")
    return f"{rule.name}: hit: {', '.join(deeds)}"


def miss(rule: Rule, why: Miss) -> str:
    saw = ", ".join(text.shown for text in why.saw[:_VALUES]) or "nothing"
    more = ", …" if len(why.saw) > _VALUES else ""
    return f"{rule.name}: missed: {why.label} (saw {saw}{more})"


def disabled(rule: Rule) -> str:
    return f"{rule.name}: disabled"


def not_reached(rule: Rule, stopped_by: str) -> str:
    return f"{rule.name}: not reached, {stopped_by} stopped"
