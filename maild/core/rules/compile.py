"""From what an admin wrote to rules that can be run, with every mistake named at once.

It refuses to know files: `config` reads them and hands in tables with line numbers.
Patterns are RE2 (time linear in the text); they come from admins only.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from maild.core.rules.condition_compiler import compile_when
from maild.core.rules.model import Names, Place, RawRule, Rule
from maild.core.rules.problems import Problem, dotted, unknown

_KEYS = ("name", "when", "then", "stop", "enabled")
_ACTIONS = ("topic", "priority", "team", "agent", "sla", "tags", "acknowledge")


class _Report:
    """Collects the problems of one rule; knows where its keys stand."""

    def __init__(self, raw: RawRule, problems: list[Problem]) -> None:
        self._raw = raw
        self._problems = problems

    def __call__(self, place: Place, text: str) -> None:
        raw = self._raw
        self._problems.append(Problem(raw.file, raw.line_of(place), dotted(("rule", raw.number, *place)), text))


def compile_rules(tables: Sequence[RawRule], names: Names) -> tuple[tuple[Rule, ...], list[Problem]]:
    """The rules in the order given, and what is wrong with them; rules with a mistake are left out."""
    problems: list[Problem] = []
    rules: list[Rule] = []
    first: dict[str, RawRule] = {}
    for raw in tables:
        before = len(problems)
        report = _Report(raw, problems)
        rule = _rule(raw.table, names, report)
        earlier = first.setdefault(rule.name, raw)
        if rule.name and earlier is not raw:
            report(("name",), f'two rules are called "{rule.name}"; the other is {earlier.file}:{earlier.line}')
        if len(problems) == before:
            rules.append(rule)
    return tuple(rules), problems


def _rule(table: Mapping[str, Any], names: Names, report: _Report) -> Rule:
    for key in table:
        if key not in _KEYS:
            report((key,), unknown("key", key, _KEYS))
    name = table.get("name", "")
    if not isinstance(name, str) or not name.strip() or not name.isprintable():
        report(("name",), "every rule needs a name, one line of text")
        name = ""
    stop, enabled = _flag(table, "stop", False, report), _flag(table, "enabled", True, report)
    condition = compile_when(table.get("when", {}), ("when",), report)
    then = table.get("then", {})
    if not isinstance(then, Mapping):
        report(("then",), "must be a table: then.topic = …")
        then = {}
    elif not then and table.get("stop", False) is False:
        report(("then",), "the rule does nothing: it has neither then.… nor stop = true")
    return Rule(
        name=name.strip(),
        condition=condition,
        fields=_fields(then, names, report),
        tags=_tags(then.get("tags", []), report),
        acknowledge=_acknowledge(then, report),
        stop=stop,
        enabled=enabled,
    )


def _flag(table: Mapping[str, Any], key: str, default: bool, report: _Report) -> bool:
    value = table.get(key, default)
    if isinstance(value, bool):
        return value
    report((key,), "must be true or false")
    return default


def _acknowledge(then: Mapping[str, Any], report: _Report) -> bool | None:
    value = then.get("acknowledge")
    if value is None or isinstance(value, bool):
        return value
    report(("then", "acknowledge"), "must be true or false")
    return None


def _fields(then: Mapping[str, Any], names: Names, report: _Report) -> dict[str, str]:
    valid = {
        "topic": names.topics,
        "priority": names.priorities,
        "team": names.teams,
        "agent": names.agents,
        "sla": names.plans,
    }
    fields: dict[str, str] = {}
    for key, value in then.items():
        if key not in _ACTIONS:
            report(("then", key), unknown("action", key, _ACTIONS))
        elif key in valid and not isinstance(value, str):
            report(("then", key), f"must be the name of one {key}, in quotes")
        elif key in valid and value not in valid[key]:
            report(("then", key), unknown(key, value, valid[key]))
        elif key in valid:
            fields[key] = value
    return fields


def _tags(value: object, report: _Report) -> tuple[str, ...]:
    if not isinstance(value, list | tuple):
        report(("then", "tags"), 'must be a list of words: ["vip", "branch"]')
        return ()
    for index, tag in enumerate(value):
        if not isinstance(tag, str) or not tag or not tag.isprintable() or any(c.isspace() or c == "," for c in tag):
            report(("then", "tags", index), "a tag is one word without blanks or commas")
    return tuple(str(tag) for tag in value)
