"""`when` tables of rules into conditions.

It refuses to know actions and files; `compile` calls it and says where a problem
stands. A plain text for an address or a file name is the whole of it, with `*` and `?` for any
letters; for other texts it is to be contained; names of the desk are as they are.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from maild.core.amounts import duration, size
from maild.core.rules import moment_compiler, patterns
from maild.core.rules.conditions import Condition, Exists, Flag, Group, Number, Pattern, Test, fold
from maild.core.rules.model import Names, Place, Report
from maild.core.rules.problems import unknown
from maild.core.rules.scanning import LONG, Scan
from maild.core.rules.vocabulary import (
    ALIASES,
    FIELDS,
    GROUPS,
    NUMBER_OPERATORS,
    SPECIAL,
    TEXT_OPERATORS,
    TEXTS,
    Field,
    Sort,
)

_TOP = tuple(dict.fromkeys([*(name.partition(".")[0] for name in FIELDS), *SPECIAL, *ALIASES]))
_PARTS = {
    whole: tuple(name.partition(".")[2] for name in FIELDS if name.startswith(whole + "."))
    for whole in ("attachment", "ticket")
}
_HEADER = Field(Sort.TEXT)
_FIELD_NAME = re.compile(r"[!-9;-~]+")  # RFC 5322 section 3.6.8
_HIGHEST = 1000  # of spam scores; core.mail.spam knows no higher
_MOST = 10**12  # of all other numbers
_DEEPEST = 10  # groups within groups; more is a slip, and would cost stack


class Conditions:
    """Compiles the `when` of one rule. `on`: its occasions; `calendar`: whose zone it counts days in; `scan`: of all
    rules together."""

    def __init__(self, names: Names, on: tuple[str, ...], calendar: str, scan: Scan, report: Report) -> None:
        self._names, self._on, self._calendar, self._scan, self._report = names, on, calendar, scan, report
        self.places: dict[int, Place] = {}  # id of a condition → where it stands

    def when(self, when: object, place: Place, depth: int = 0) -> Condition:
        """A `when` table; all its keys must hold. An empty one always holds."""
        if not isinstance(when, Mapping):
            self._report(place, "must be a table of conditions")
            return Group("all", ())
        if depth > _DEEPEST:
            self._report(place, f"more than {_DEEPEST} groups within groups")
            return Group("all", ())
        if not when and depth:
            self._report(place, "an empty group says nothing")
        calendar = moment_compiler.calendar_of(when, self._names, self._calendar)
        parts: list[Condition] = []
        for key, value in when.items():
            here = (*place, key)
            found = [self._group(key, value, here, depth)] if key in GROUPS else self._key(key, value, here, calendar)
            for one in found:
                self.places[id(one)] = here
            parts += found
        condition = parts[0] if len(parts) == 1 else Group("all", tuple(parts))
        self.places.setdefault(id(condition), place)
        return condition

    def _group(self, mode: str, value: object, place: Place, depth: int) -> Condition:
        if mode == "not" and isinstance(value, Mapping):
            return Group("not", (self.when(value, place, depth + 1),))
        if not isinstance(value, list | tuple) or not value:
            self._report(place, "must be a list of tables of conditions: [{ subject = … }, { body = … }]")
            return Group("all", ())
        return Group(mode, tuple(self.when(part, (*place, index), depth + 1) for index, part in enumerate(value)))

    def _key(self, key: str, value: object, place: Place, calendar: str) -> list[Condition]:
        if key not in _TOP:
            self._report(place, unknown("condition", key, (*_TOP, *GROUPS)))
            return []
        if key in ("open", "closed", "weekday", "time"):
            self._there(key, moment_compiler.AWAKE, place)
            return moment_compiler.moment(key, value, place, self._names, calendar, self._report)
        if key == "letters":
            self._there(key, ("new",), place)
            return moment_compiler.letters(value, place, self._report)
        if key == "header":
            return self._headers(value, place)
        if key == "attachment":
            return self._attachment(value, place)
        if key == "ticket":
            return self._parts_of(key, value, place)
        return self._field(ALIASES.get(key, key), value, place)

    def _headers(self, value: object, place: Place) -> list[Condition]:
        self._there("header", _HEADER.on, place)
        if not isinstance(value, Mapping) or not value:
            self._report(place, 'must name a header field: when.header.List-Id = "…"')
            return []
        tests: list[Condition] = []
        for name, wanted in value.items():
            if not _FIELD_NAME.fullmatch(name):
                self._report((*place, name), f'"{name}" is no name of a header field')
            tests += self._texts(f"header.{name.lower()}", _HEADER, wanted, (*place, name))
        return tests

    def _attachment(self, value: object, place: Place) -> list[Condition]:
        if isinstance(value, bool):
            self._there("attachment", _HEADER.on, place)
            return [Flag("attachment", value, "attachment" if value else "no attachment")]
        if isinstance(value, Mapping) and not set(value).isdisjoint(_PARTS["attachment"]):
            return self._parts_of("attachment", value, place)
        self._there("attachment", _HEADER.on, place)
        return self._texts("attachment", FIELDS["attachment.name"], value, place)

    def _parts_of(self, whole: str, value: object, place: Place) -> list[Condition]:
        parts = _PARTS[whole]
        if not isinstance(value, Mapping) or not value:
            self._report(place, f"must name one of its parts: when.{whole}.{parts[0]} = …")
            return []
        found: list[Condition] = []
        for name, wanted in value.items():
            if name not in parts:
                self._report((*place, name), unknown(f"part of {whole}", name, parts))
                continue
            for one in self._field(f"{whole}.{name}", wanted, (*place, name)):
                self.places[id(one)] = (*place, name)
                found.append(one)
        return found

    def _there(self, name: str, on: tuple[str, ...], place: Place) -> None:
        missing = [occasion for occasion in self._on if occasion not in on]
        if missing:
            there = " or ".join(f'"{occasion}"' for occasion in on)
            self._report(place, f'"{name}" cannot be asked on "{missing[0]}": it is there on {there}')

    # ------------------------------------------------------------------ one field

    def _field(self, name: str, value: object, place: Place) -> list[Condition]:
        field = FIELDS[name]
        self._there(name, field.on, place)
        if field.sort in TEXTS:
            return self._texts(name, field, value, place)
        if field.sort == Sort.FLAG:
            if isinstance(value, bool):
                return [Flag(name, value, _FLAGS[name][not value])]
            self._report(place, "must be true or false")
            return []
        if field.sort == Sort.DAY:
            return moment_compiler.days(name, value, place, self._calendar, self._report)
        return self._numbers(name, field, value, place)

    def _numbers(self, name: str, field: Field, value: object, place: Place) -> list[Condition]:
        if not isinstance(value, Mapping):
            default = {"spam-score": "at-least", "attachment.count": "equals"}.get(name)
            if default is None:
                self._report(place, f"say how to compare: {{ more = … }}; there are {', '.join(NUMBER_OPERATORS)}")
                return []
            value = {default: value}
        if not value:
            self._report(place, "says nothing: give one of " + ", ".join(NUMBER_OPERATORS))
        found: list[Condition] = []
        for operator, operand in value.items():
            here = (*place, operator) if operator in NUMBER_OPERATORS else place
            if operator not in NUMBER_OPERATORS:
                self._report(here, unknown("test", operator, NUMBER_OPERATORS))
            elif (number := self._number(name, field.sort, operand, here)) is not None:
                label = _NUMBERS[operator].format(name, operand)
                if name == "spam-score" and operator == "at-least":
                    label = f"a spam score of {number:g} or more"
                found.append(Number(name, operator, number, label))
        return found

    def _number(self, name: str, sort: Sort, value: object, place: Place) -> float | None:
        try:
            if sort == Sort.SIZE:
                return float(size(value))
            if sort == Sort.AGE:
                return duration(value).total_seconds()
        except ValueError as error:
            self._report(place, str(error))
            return None
        most = _HIGHEST if name == "spam-score" else _MOST
        if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= most:
            return float(value)
        self._report(place, "must be a number")
        return None

    def _texts(self, name: str, field: Field, value: object, place: Place) -> list[Condition]:
        if not isinstance(value, Mapping):
            return self._operation(name, field, _DEFAULT[field.sort], value, place)
        if not value:
            self._report(place, "says nothing: give one of " + ", ".join(TEXT_OPERATORS))
        return [
            test
            for operator, operand in value.items()
            for test in self._operation(name, field, operator, operand, (*place, operator))
        ]

    def _operation(self, name: str, field: Field, operator: str, value: object, place: Place) -> list[Condition]:
        if operator not in TEXT_OPERATORS:
            self._report(place, unknown("test", operator, TEXT_OPERATORS))
            return []
        if operator == "exists":
            if isinstance(value, bool):
                return [Exists(name, value, f"{name} {'exists' if value else 'does not exist'}")]
            self._report(place, "must be true or false")
            return []
        operator = "equals" if operator == "one-of" else operator
        listed = isinstance(value, list | tuple)
        operands: tuple[Any, ...] = tuple(value) if isinstance(value, list | tuple) else (value,)
        if not operands:
            self._report(place, "an empty list never holds")
        literals: list[str] = []
        found: list[Pattern] = []
        for index, operand in enumerate(operands):
            here = (*place, index) if listed else place
            if self._wrong(name, field, operator, operand, here):
                continue
            if operator in ("glob", "regex"):
                found += self._pattern(operator, operand, here)
            else:
                literals.append(fold(operand))
        shown = " or ".join(f'"{operand}"' for operand in operands)
        test = Test(name, operator, tuple(literals), tuple(found), f"{name} {_VERBS[operator]} {shown}")
        if operator == "contains" and name in LONG:
            test = replace(test, scan=self._scan, numbers=frozenset(map(self._scan.add, literals)))
        return [test]

    def _wrong(self, name: str, field: Field, operator: str, operand: object, place: Place) -> bool:
        """Whether this operand cannot be meant; then it is reported."""
        if not isinstance(operand, str):
            self._report(place, "must be a text")
        elif not operand.strip() and operator != "equals":
            self._report(place, "an empty text would always hold")
        elif operator == "glob" and field.sort == Sort.ADDRESS and "@" not in operand:
            self._report(
                place, f'"{operand}" is no address; for a whole domain write "*@{operand.lstrip("*.") or "*"}"'
            )
        elif operator == "equals" and operand and (valid := self._valid(field)) is not None and operand not in valid:
            self._report(place, unknown(name.rpartition(".")[2], operand, valid))
        else:
            return False
        return True

    def _valid(self, field: Field) -> tuple[str, ...] | None:
        if isinstance(field.words, str):
            return tuple(getattr(self._names, field.words))
        return field.words or None

    def _pattern(self, operator: str, operand: str, place: Place) -> list[Pattern]:
        try:
            return [patterns.compiled(operator, operand)]
        except ValueError as error:
            self._report(place, str(error))
            return []


_DEFAULT = {Sort.TEXT: "contains", Sort.ADDRESS: "glob", Sort.FILE: "glob", Sort.WORD: "equals"}
_FLAGS = {
    "spam": ("spam", "no spam"),
    "known": ("a known sender", "an unknown sender"),
    "agent": ("an agent's address", "no agent's address"),
}
_VERBS = {
    "equals": "is",
    "contains": "contains",
    "starts": "starts with",
    "ends": "ends with",
    "glob": "is like",
    "regex": "matches",
}
_NUMBERS = {
    "equals": "{} is {}",
    "less": "{} is less than {}",
    "more": "{} is more than {}",
    "at-least": "{} is {} or more",
    "at-most": "{} is {} or less",
}
