"""Named parts of what a sender wrote, for use in the values of actions: "{host}".

A capture is plain text: one line of at most 200 characters that begins with no dash, so that
it is no option of any program; it is filled in once and never looked into again. It refuses
to know what the value is for.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from maild.core.rules.conditions import Condition, Group, Test, missed
from maild.core.rules.patterns import names
from maild.core.rules.view import View

LONGEST = 200  # characters
_PLACE = re.compile(r"\{\{|\}\}|\{([A-Za-z_]\w*)\}")


def made_by(condition: Condition) -> frozenset[str]:
    """The captures a condition may make. What must not be there captures nothing."""
    if isinstance(condition, Group):
        parts = () if condition.mode == "not" else condition.parts
        return frozenset(name for part in parts for name in made_by(part))
    if isinstance(condition, Test):
        return frozenset(name for pattern in condition.patterns for name in names(pattern))
    return frozenset()


def used_in(value: str) -> tuple[str, ...]:
    """The captures a value names."""
    return tuple(found[1] for found in _PLACE.finditer(value) if found[1])


def captured(condition: Condition, view: View) -> dict[str, str]:
    """What the parts of a condition that hold have captured; the first to capture a name wins."""
    found: dict[str, str] = {}
    _capture(condition, view, found)
    return found


def _capture(condition: Condition, view: View, found: dict[str, str]) -> None:
    if isinstance(condition, Group):
        for part in condition.parts if condition.mode != "not" else ():
            if condition.mode == "all" or missed(part, view) is None:
                _capture(part, view, found)
    elif isinstance(condition, Test):
        for text in view.texts(condition.field):
            for pattern in condition.patterns:
                hit = pattern.capturing.search(text.encoded[: pattern.most]) if pattern.capturing else None
                for name, value in hit.groupdict().items() if hit else ():
                    if value is not None:
                        found.setdefault(name.decode(), cleaned(value))


def cleaned(value: bytes) -> str:
    """What a sender wrote as one harmless line."""
    line = " ".join(value.decode("utf-8", "ignore").split())
    line = "".join(character for character in line if character.isprintable())
    return line[:LONGEST].lstrip("- ").rstrip()


def filled(value: str, found: Mapping[str, str], clean: Callable[[str], str] = str) -> str:
    """A value with its captures; "{{" and "}}" are braces. What was not captured is nothing."""

    def one(place: re.Match[str]) -> str:
        return clean(found.get(place[1], "")) if place[1] else place[0][0]

    return _PLACE.sub(one, value)


def as_word(value: str) -> str:
    """A capture as a part of a tag: one word without commas."""
    return re.sub(r"[\s,]+", "-", value).casefold()
