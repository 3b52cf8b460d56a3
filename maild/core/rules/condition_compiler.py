"""`when` tables of rules into conditions.

It refuses to know actions and files; `compile` calls it and says where a problem
stands. A plain text for sender, recipient and attachment is an address or file name,
with `*` and `?` for any letters; for the other fields it is a text to be contained.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

import re2

from maild.core.rules.conditions import Condition, Group, Has, Test, fold
from maild.core.rules.model import Place
from maild.core.rules.problems import unknown

Report = Callable[[Place, str], None]

_FIELDS = ("sender", "recipient", "subject", "body", "header", "attachment")
_GROUPS = ("any", "all", "not")
_OPERATORS = ("equals", "contains", "starts", "ends", "glob", "regex")
_FIELD_NAME = re.compile(r"[!-9;-~]+")  # RFC 5322 section 3.6.8
_DEEPEST = 10  # groups within groups; more is a slip, and would cost stack


def compile_when(when: object, place: Place, report: Report, depth: int = 0) -> Condition:
    """A `when` table; all its keys must hold. An empty one always holds."""
    if not isinstance(when, Mapping):
        report(place, "must be a table of conditions")
        return Group("all", ())
    if depth > _DEEPEST:
        report(place, f"more than {_DEEPEST} groups within groups")
        return Group("all", ())
    if not when and depth:
        report(place, "an empty group says nothing")
    parts: list[Condition] = []
    for key, value in when.items():
        here = (*place, key)
        if key in _GROUPS:
            parts.append(_group(key, value, here, report, depth))
        elif key == "header":
            parts += _headers(value, here, report)
        elif key in _FIELDS:
            parts += _tests(key, value, here, report)
        else:
            report(here, unknown("condition", key, (*_FIELDS, *_GROUPS)))
    return parts[0] if len(parts) == 1 else Group("all", tuple(parts))


def _group(mode: str, value: object, place: Place, report: Report, depth: int) -> Condition:
    if mode == "not" and isinstance(value, Mapping):
        return Group("not", (compile_when(value, place, report, depth + 1),))
    if not isinstance(value, list | tuple) or not value:
        report(place, "must be a list of tables of conditions: [{ subject = … }, { body = … }]")
        return Group("all", ())
    return Group(
        mode,
        tuple(compile_when(part, (*place, index), report, depth + 1) for index, part in enumerate(value)),
    )


def _headers(value: object, place: Place, report: Report) -> list[Condition]:
    if not isinstance(value, Mapping) or not value:
        report(place, 'must name a header field: when.header.List-Id = "…"')
        return []
    tests: list[Condition] = []
    for name, wanted in value.items():
        if not _FIELD_NAME.fullmatch(name):
            report((*place, name), f'"{name}" is no name of a header field')
        tests += _tests(f"header.{name.lower()}", wanted, (*place, name), report)
    return tests


def _tests(field: str, value: object, place: Place, report: Report) -> list[Condition]:
    if field == "attachment" and isinstance(value, bool):
        return [Has(value, "attachment" if value else "no attachment")]
    if isinstance(value, Mapping):
        if not value:
            report(place, "says nothing: give one of " + ", ".join(_OPERATORS))
        return [
            test
            for operator, operand in value.items()
            for test in _operation(field, operator, operand, (*place, operator), report)
        ]
    return _operation(
        field, "glob" if field in ("sender", "recipient", "attachment") else "contains", value, place, report
    )


def _operation(field: str, operator: str, value: object, place: Place, report: Report) -> list[Condition]:
    if operator not in _OPERATORS:
        report(place, unknown("test", operator, _OPERATORS))
        return []
    listed = isinstance(value, list | tuple)
    operands: tuple[Any, ...] = tuple(value) if isinstance(value, list | tuple) else (value,)
    if not operands:
        report(place, "an empty list never holds")
    literals: list[str] = []
    patterns: list[Any] = []
    for index, operand in enumerate(operands):
        here = (*place, index) if listed else place
        if not isinstance(operand, str) or (not operand.strip() and operator != "equals"):
            report(here, "must be a text" if not isinstance(operand, str) else "an empty text would always hold")
        elif operator == "glob" and field in ("sender", "recipient") and "@" not in operand:
            report(here, f'"{operand}" is no address; for a whole domain write "*@{operand.lstrip("*.") or "*"}"')
        elif operator in ("glob", "regex"):
            patterns += _pattern(operator, operand, here, report)
        else:
            literals.append(fold(operand))
    shown = " or ".join(f'"{operand}"' for operand in operands)
    return [Test(field, operator, tuple(literals), tuple(patterns), f"{field} {_VERBS[operator]} {shown}")]


_VERBS = {
    "equals": "is",
    "contains": "contains",
    "starts": "starts with",
    "ends": "ends with",
    "glob": "is like",
    "regex": "matches",
}


def _pattern(operator: str, operand: str, place: Place, report: Report) -> list[Any]:
    options = re2.Options()
    options.case_sensitive = False
    options.log_errors = False
    options.never_capture = True
    source = operand if operator == "regex" else _glob(fold(operand))
    try:
        # Patterns and texts are bytes: the binding then spares the mapping of offsets back to characters.
        return [re2.compile(source.encode(), options)]  # type: ignore[no-untyped-call]
    except re2.error as error:
        said = error.args[0].decode("utf-8", "replace") if error.args else "unknown error"
        report(place, f"bad regular expression: {said} (RE2 syntax: no look-around, no back references)")
        return []


def _glob(glob: str) -> str:
    return "(?s)" + "".join({"*": ".*", "?": "."}.get(letter) or _escaped(letter) for letter in glob)


def _escaped(letter: str) -> str:
    return str(re2.escape(letter))  # type: ignore[no-untyped-call]
