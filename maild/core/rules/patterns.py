"""What admins wrote as glob or regular expression, to RE2 with a proven bound.

RE2's time is linear in the text, but its factor grows with the size of the pattern's program
(at most 2 ns for each instruction and byte, measured on the worst patterns). So the product of both
is bounded: a pattern of ordinary size sees the whole text, a huge one its beginning only, and
a monster is refused. It refuses to know fields; `condition_compiler` calls it.
"""

from __future__ import annotations

import re
from typing import Any

import re2

from maild.core.rules.conditions import Pattern
from maild.core.rules.view import TEXT_CAP, fold

WORK = 20_000_000  # instructions times bytes of one search: 40 ms at most
LARGEST = 5000  # instructions; what is larger would see less than 4,000 bytes
_NAMED = re.compile(r"\(\?P?<([A-Za-z_]\w*)>")


def compiled(operator: str, operand: str) -> Pattern:
    """A glob or regex, upper and lower case alike. ValueError says what is wrong with it."""
    source = operand if operator == "regex" else "(?s)" + _glob(fold(operand))
    find = _re2(source, captures=False)
    size = int(find.programsize)
    if size > LARGEST:
        raise ValueError(f"the pattern is too large ({size} steps, at most {LARGEST}): repeat less of it")
    capturing = _re2(source, captures=True) if operator == "regex" and _NAMED.search(source) else None
    return Pattern(find, capturing, min(4 * TEXT_CAP, WORK // max(1, size)))


def names(pattern: Pattern) -> tuple[str, ...]:
    """The named groups of a pattern."""
    return tuple(name.decode() for name in pattern.capturing.groupindex) if pattern.capturing else ()


def _re2(source: str, *, captures: bool) -> Any:
    options = re2.Options()
    options.case_sensitive = False
    options.log_errors = False
    options.never_capture = not captures
    try:
        # Patterns and texts are bytes: the binding then spares the mapping of offsets back to characters.
        return re2.compile(source.encode(), options)  # type: ignore[no-untyped-call]
    except re2.error as error:
        said = error.args[0].decode("utf-8", "replace") if error.args else "unknown error"
        raise ValueError(f"bad regular expression: {said} (RE2 syntax: no look-around, no back references)") from None


def _glob(glob: str) -> str:
    return "".join({"*": ".*", "?": "."}.get(letter) or _escaped(letter) for letter in glob)


def _escaped(letter: str) -> str:
    return str(re2.escape(letter))  # type: ignore[no-untyped-call]
