"""`then` tables of rules into what a Verdict may say.

It refuses to know how any of it is done (core.decide); `compile` calls it and says where a
problem stands. Values may name captures of the rule's conditions: "{host}".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from maild.core.rules.captures import used_in
from maild.core.rules.case import NEW
from maild.core.rules.model import ENDINGS, Names, Place, Report
from maild.core.rules.problems import unknown

FIELDS = ("topic", "priority", "team", "agent", "sla", "status")
STATUSES = ("open", "waiting", "resolved", "closed")
ACTIONS = (*FIELDS, "tags", "untag", "watchers", "note", "acknowledge", *ENDINGS)
_LONGEST = 2000  # characters of a note or of what a sender is told


@dataclass(slots=True)
class Actions:
    """What one `then` says."""

    fields: dict[str, str] = field(default_factory=dict)
    tags: tuple[str, ...] = ()
    untag: tuple[str, ...] = ()
    watchers: tuple[str, ...] = ()
    acknowledge: bool | None = None
    deeds: list[tuple[str, str]] = field(default_factory=list)
    captures: bool = False


def compile_then(
    then: Mapping[str, Any], names: Names, on: tuple[str, ...], made: frozenset[str], report: Report
) -> Actions:
    """`on`: the occasions of the rule; `made`: the captures its conditions make."""
    actions = Actions()
    for key, value in then.items():
        place: Place = ("then", key)
        if key not in ACTIONS:
            report(place, unknown("action", key, ACTIONS))
        elif key in FIELDS:
            _field(actions, key, value, names, report)
        elif key in ("tags", "untag"):
            setattr(actions, key, _tags(value, key, report))
        elif key == "watchers":
            actions.watchers = _watchers(value, names, report)
        elif key == "acknowledge":
            actions.acknowledge = _flag(value, place, report)
        elif _is_text(value):
            actions.deeds.append((key, value))
        else:
            report(place, f"must be a text of at most {_LONGEST} characters" + _WHY.get(key, ""))
    _contradictions(actions, then, on, report)
    _captures(actions, made, report)
    return actions


_WHY = {
    "quarantine": ": why it is held, for the admin",
    "ignore": ": why it may be ignored, for the ledger",
    "refuse": ": what its sender is told",
}


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip()) and len(value) <= _LONGEST


def _field(actions: Actions, key: str, value: object, names: Names, report: Report) -> None:
    valid = {
        "topic": names.topics,
        "priority": names.priorities,
        "team": names.teams,
        "agent": names.agents,
        "sla": names.plans,
        "status": STATUSES,
    }[key]
    if not isinstance(value, str):
        report(("then", key), f"must be the name of one {key}, in quotes")
    elif value not in valid:
        report(("then", key), unknown(key, value, valid))
    else:
        actions.fields[key] = value


def _flag(value: object, place: Place, report: Report) -> bool | None:
    if isinstance(value, bool):
        return value
    report(place, "must be true or false")
    return None


def _tags(value: object, key: str, report: Report) -> tuple[str, ...]:
    if not isinstance(value, list | tuple):
        report(("then", key), 'must be a list of words: ["vip", "branch"]')
        return ()
    for index, tag in enumerate(value):
        if not isinstance(tag, str) or not tag or not tag.isprintable() or any(c.isspace() or c == "," for c in tag):
            report(("then", key, index), "a tag is one word without blanks or commas")
    return tuple(str(tag) for tag in value)


def _watchers(value: object, names: Names, report: Report) -> tuple[str, ...]:
    if not isinstance(value, list | tuple) or not value:
        report(("then", "watchers"), 'must be a list of agents: ["john"]')
        return ()
    for index, key in enumerate(value):
        if key not in names.agents:
            report(("then", "watchers", index), unknown("agent", str(key), names.agents))
    return tuple(str(key) for key in value)


def _contradictions(actions: Actions, then: Mapping[str, Any], on: tuple[str, ...], report: Report) -> None:
    ending = next((key for key in then if key in ENDINGS), None)
    other = next((key for key in then if key != ending), None)
    if ending and other:
        report(("then", other), f'contradicts "{ending}": there will be no ticket')
    for word in set(actions.tags) & set(actions.untag):
        report(("then", "untag"), f'the tag "{word}" is given and taken at once')
    late = next((occasion for occasion in on if occasion != NEW), None)
    for key in ("acknowledge", *ENDINGS):
        if key in then and late:
            report(("then", key), f'can only be done on "{NEW}", not on "{late}"')


def _captures(actions: Actions, made: frozenset[str], report: Report) -> None:
    for key, value in (*(("tags", one) for one in actions.tags), *actions.deeds):
        for name in used_in(value):
            actions.captures = True
            if name not in made:
                known = ", ".join(f"{{{one}}}" for one in sorted(made)) or "none"
                said = (
                    f"no condition of this rule captures {{{name}}} (there are: {known}); braces are written {{{{ }}}}"
                )
                report(("then", key), said)
    # What a stranger wrote is not sent back: the sender may be a victim's address.
    for key, values in (
        ("untag", actions.untag),
        ("refuse", [text for kind, text in actions.deeds if kind == "refuse"]),
    ):
        if any(used_in(value) for value in values):
            report(("then", key), "takes no captures")
