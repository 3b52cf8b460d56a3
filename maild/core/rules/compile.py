"""From what an admin wrote to rules that can be run, with every mistake named at once.

It refuses to know files: `config` reads them and hands in tables with line numbers.
Patterns are RE2 (time linear in the text); they come from admins only.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from maild.core.policy import ALWAYS
from maild.core.rules import moment_compiler
from maild.core.rules.action_compiler import Actions, compile_then
from maild.core.rules.captures import made_by
from maild.core.rules.case import NEW, OCCASIONS, TIME
from maild.core.rules.condition_compiler import Conditions
from maild.core.rules.conditions import Changed, Condition, Group
from maild.core.rules.contradictions import impossible, unreached
from maild.core.rules.model import Names, Place, RawRule, Rule
from maild.core.rules.problems import Problem, dotted, unknown
from maild.core.rules.scanning import Scan
from maild.core.rules.vocabulary import CHANGING, FIELDS

KEYS = (
    *("name", "on", "when", "then", "stop", "enabled", "from", "until"),
    *("after", "since", "calendar", "changed"),
)


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
    rules: list[tuple[Rule, RawRule]] = []
    first: dict[str, RawRule] = {}
    scan = Scan()
    for raw in tables:
        before = len(problems)
        report = _Report(raw, problems)
        rule = _rule(raw.table, names, scan, report)
        earlier = first.setdefault(rule.name, raw)
        if rule.name and earlier is not raw:
            report(("name",), f'two rules are called "{rule.name}"; the other is {earlier.file}:{earlier.line}')
        if len(problems) == before:
            rules.append((rule, raw))
    scan.close()
    before = len(problems)
    unreached(rules, lambda raw, text: _Report(raw, problems)((), text))
    lost = {(problem.file, problem.key) for problem in problems[before:]}
    return tuple(r for r, raw in rules if (raw.file, dotted(("rule", raw.number))) not in lost), problems


def _rule(table: Mapping[str, Any], names: Names, scan: Scan, report: _Report) -> Rule:
    for key in table:
        if key not in KEYS:
            report((key,), unknown("key", key, KEYS))
    name = table.get("name", "")
    if not isinstance(name, str) or not name.strip() or not name.isprintable():
        report(("name",), "every rule needs a name, one line of text")
        name = ""
    on, calendar = _occasions(table, report), _calendar(table, names, report)
    stop, enabled = _flag(table, "stop", False, report), _flag(table, "enabled", True, report)
    if stop and TIME in on:
        report(("stop",), 'rules with on = "time" do not come one after the other: nothing to stop')
    starts, ends = _day(table, "from", report), _day(table, "until", report)
    if starts is not None and ends is not None and str(ends) < str(starts):
        report(("until",), "is before its from: the rule never holds")
    condition = _condition(table, names, on, calendar, scan, report)
    actions = _actions(table, names, on, condition, report)
    return Rule(
        name=name.strip(),
        condition=condition,
        fields=actions.fields,
        tags=actions.tags,
        untag=actions.untag,
        watchers=actions.watchers,
        acknowledge=actions.acknowledge,
        deeds=tuple(actions.deeds),
        on=on,
        wait=moment_compiler.wait(table, on, calendar, report),
        starts=starts,
        ends=ends,
        calendar=calendar,
        captures=actions.captures,
        stop=stop,
        enabled=enabled,
    )


def _occasions(table: Mapping[str, Any], report: _Report) -> tuple[str, ...]:
    value = table.get("on", NEW)
    listed = tuple(value) if isinstance(value, list | tuple) else (value,)
    if not listed:
        report(("on",), "an empty list never comes")
    for one in listed:
        if one not in OCCASIONS:
            report(("on",), unknown("occasion", str(one), OCCASIONS))
    return tuple(dict.fromkeys(one for one in listed if one in OCCASIONS)) or (NEW,)


def _calendar(table: Mapping[str, Any], names: Names, report: _Report) -> str:
    value = table.get("calendar")
    if value is None:
        # Hours and days are those of the desk's first calendar; a rule that waits counts all hours.
        return ALWAYS if "after" in table and ALWAYS in names.calendars else names.calendars[0]
    if value not in names.calendars:
        report(("calendar",), unknown("calendar", str(value), names.calendars))
        return names.calendars[0]
    return str(value)


def _condition(
    table: Mapping[str, Any], names: Names, on: tuple[str, ...], calendar: str, scan: Scan, report: _Report
) -> Condition:
    conditions = Conditions(names, on, calendar, scan, report)
    condition = conditions.when(table.get("when", {}), ("when",))
    if "changed" in table:
        if on != ("change",):
            report(("changed",), '"changed" is for rules with on = "change"')
        changed = _changed(table["changed"], names, report)
        if changed is not None:
            condition = Group("all", (changed, condition))
    impossible(condition, conditions.places, report)
    return condition


def _changed(value: object, names: Names, report: _Report) -> Changed | None:
    asked = {"field": value} if isinstance(value, str) else value
    if not isinstance(asked, Mapping):
        report(("changed",), 'must be a field, "priority", or a table: { field = "status", old = "…", new = "…" }')
        return None
    for key in asked:
        if key not in ("field", "old", "new"):
            report(("changed", key), unknown("key", key, ("field", "old", "new")))
    field = asked.get("field")
    if field not in CHANGING:
        report(("changed",), unknown("field", str(field), CHANGING))
        return None
    values = {key: asked.get(key) for key in ("old", "new")}
    words = () if field == "watchers" else FIELDS[f"ticket.{field}"].words
    valid = getattr(names, words) if isinstance(words, str) else words
    for key, one in values.items():
        if one is None:
            continue
        if field in ("tags", "watchers") or not isinstance(one, str):
            report(
                ("changed", key), "must be the key of one" if field not in ("tags", "watchers") else "there are many"
            )
            return None
        if one and one not in valid:
            report(("changed", key), unknown(str(field), one, valid))
    label = f"{field} has changed" + "".join(
        f" {word} {one or 'none'}" for word, one in (("from", values["old"]), ("to", values["new"])) if one is not None
    )
    return Changed(f"changed.{field}", str(field), values["old"], values["new"], label)


def _actions(
    table: Mapping[str, Any], names: Names, on: tuple[str, ...], condition: Condition, report: _Report
) -> Actions:
    then = table.get("then", {})
    if not isinstance(then, Mapping):
        report(("then",), "must be a table: then.topic = …")
        return Actions()
    if not then and table.get("stop", False) is False:
        report(("then",), "the rule does nothing: it has neither then.… nor stop = true")
    return compile_then(then, names, on, made_by(condition), report)


def _flag(table: Mapping[str, Any], key: str, default: bool, report: _Report) -> bool:
    value = table.get(key, default)
    if isinstance(value, bool):
        return value
    report((key,), "must be true or false")
    return default


def _day(table: Mapping[str, Any], key: str, report: _Report) -> date | datetime | None:
    return moment_compiler.day(table[key], (key,), report) if key in table else None
