"""Rules that can never do what they say: conditions that exclude each other, rules never reached.

Only what is certain is called a mistake. It refuses to know TOML; `compile` calls it with
rules and the places their conditions stand at.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from maild.core.rules.conditions import (
    COMPARE,
    Condition,
    Exists,
    Flag,
    Group,
    Leaf,
    Number,
    Open,
    Test,
    Weekday,
    described,
)
from maild.core.rules.model import Place, RawRule, Report, Rule
from maild.core.rules.vocabulary import FIELDS

__all__ = ["impossible", "unreached"]


def impossible(condition: Condition, places: Mapping[int, Place], report: Report) -> None:
    """Report every pair of conditions that must hold together and cannot."""
    _check(condition, (), (), places, report)


def _check(
    condition: Condition,
    held: tuple[Leaf, ...],
    denied: tuple[Condition, ...],
    places: Mapping[int, Place],
    report: Report,
) -> None:
    leaves, forbidden, choices = _together(condition)
    held, denied = (*held, *leaves), (*denied, *forbidden)
    for at, one in enumerate(held):
        others = held[:at]
        clash = next((other for other in others if _exclude(one, other) or _exclude(other, one)), None)
        if clash is not None and one in leaves:
            report(places.get(id(one), ("when",)), f"never holds: “{one.label}” and “{clash.label}” exclude each other")
        elif one in leaves and any(described(one) == described(other) for other in denied):
            report(places.get(id(one), ("when",)), f"never holds: “{one.label}” is forbidden by a “not”")
    for choice in choices:
        for part in choice.parts:
            _check(part, held, denied, places, report)


def _together(condition: Condition) -> tuple[tuple[Leaf, ...], tuple[Condition, ...], tuple[Group, ...]]:
    """What must hold, what must not, and of which groups one part must."""
    if not isinstance(condition, Group):
        return (condition,), (), ()
    if condition.mode == "not":
        return (), condition.parts, ()
    if condition.mode == "any":
        return (), (), (condition,)
    found = [_together(part) for part in condition.parts]
    return (
        tuple(leaf for leaves, _, _ in found for leaf in leaves),
        tuple(part for _, forbidden, _ in found for part in forbidden),
        tuple(group for _, _, choices in found for group in choices),
    )


def _exclude(one: Leaf, other: Leaf) -> bool:
    if isinstance(one, Flag) and isinstance(other, Flag):
        return one.field == other.field and one.wanted is not other.wanted
    if isinstance(one, Exists) and one.field == other.field:
        if isinstance(other, Exists):
            return one.wanted is not other.wanted
        return not one.wanted and isinstance(other, Test) and "" not in other.literals
    if isinstance(one, Open) and isinstance(other, Open):
        return one.calendar == other.calendar and one.wanted is not other.wanted
    if isinstance(one, Weekday) and isinstance(other, Weekday):
        return one.calendar == other.calendar and set(one.days).isdisjoint(other.days)
    if isinstance(one, Number) and isinstance(other, Number):
        return _is_single(one.field) and one.field == other.field and _numbers_exclude(one, other)
    if isinstance(one, Test) and isinstance(other, Test):
        return _is_single(one.field) and one.field == other.field and _texts_exclude(one, other)
    return False


def _is_single(field: str) -> bool:
    return field == "letters" or (field in FIELDS and FIELDS[field].single)


def _numbers_exclude(one: Number, other: Number) -> bool:
    low_one, high_one = _range(one)
    low_other, high_other = _range(other)
    low, high = max(low_one, low_other), min(high_one, high_other)
    if low != high:
        return low > high
    strict = {"less", "more"} & {each.operator for each in (one, other) if each.bound == low}
    return bool(strict)


def _range(one: Number) -> tuple[float, float]:
    low = one.bound if one.operator in ("equals", "more", "at-least") else float("-inf")
    high = one.bound if one.operator in ("equals", "less", "at-most") else float("inf")
    return low, high


def _texts_exclude(one: Test, other: Test) -> bool:
    """Whether `one` names all texts it may be, and none of them is as `other` wants it."""
    if one.operator != "equals" or other.operator == "regex" or not one.literals:
        return False
    if other.operator == "glob":
        return not any(pattern.find.fullmatch(text.encode()) for text in one.literals for pattern in other.patterns)
    compare = COMPARE[other.operator]
    return not any(compare(text, wanted) for text in one.literals for wanted in other.literals)


# --------------------------------------------------------------------- rules never reached


def unreached(rules: Sequence[tuple[Rule, RawRule]], report: Callable[[RawRule, str], None]) -> None:
    """Report rules that stand behind one with `stop` which holds whenever they would."""
    stopping: dict[tuple[str, str], RawRule] = {}  # occasion, condition in words → the first that stops there
    for rule, raw in rules:
        if not rule.enabled:
            continue
        behind = [_stopped(stopping, occasion, rule) for occasion in rule.on]
        if behind and all(behind) and behind[0] is not None:
            first = behind[0]
            report(raw, f"never reached: “{first.table.get('name')}” ({first.file}:{first.line}) stops before it")
        if rule.stop and rule.starts is None and rule.ends is None:
            for occasion in rule.on:
                stopping.setdefault((occasion, described(rule.condition)), raw)


_ALWAYS = described(Group("all", ()))


def _stopped(stopping: Mapping[tuple[str, str], RawRule], occasion: str, rule: Rule) -> RawRule | None:
    return stopping.get((occasion, _ALWAYS)) or stopping.get((occasion, described(rule.condition)))
