"""Which line each key of a TOML document stands on; `tomllib` does not tell.

It refuses to judge: the text has been read by `tomllib` before, so it is valid TOML,
and values are only stepped over. Called by `documents.read`.
"""

import re
import tomllib
from bisect import bisect_right

Place = tuple[str | int, ...]

_BLANK = re.compile(r"[ \t]*")
_BLANK_LINES = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_QUOTED_KEY = re.compile(r'"(?:\\.|[^"\\])*"|\'[^\']*\'')
# Longest quotes first; a multi-line string may end with up to two quotes of its own.
_STRING = re.compile(
    r'"""(?:\\.|[^\\])*?"""(?:"{0,2})|\'\'\'.*?\'\'\'(?:\'{0,2})|"(?:\\.|[^"\\])*"|\'[^\']*\'', re.DOTALL
)
_PLAIN = re.compile(r"[^,\]}#\r\n]*")


def line_numbers(text: str) -> dict[Place, int]:
    """The line (from 1) of every table, key and list element, by its path: ("address", 0, "topic")."""
    return _Scanner(text).document()


class _Scanner:
    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._line_starts = [0, *(match.end() for match in re.finditer("\n", text))]
        self._lines: dict[Place, int] = {}
        self._newest: dict[Place, int] = {}  # list of tables → index of its last one

    def document(self) -> dict[Place, int]:
        table: Place = ()
        while True:
            self._skip(_BLANK_LINES)
            if self._at >= len(self._text):
                return self._lines
            if self._text[self._at] == "[":
                table = self._header()
            else:
                self._pair(table)

    def _header(self) -> Place:
        many = self._text.startswith("[[", self._at)
        self._at += 2 if many else 1
        *outer, last = self._key()
        self._at = self._text.index("]]" if many else "]", self._at) + (2 if many else 1)
        place = self._newest_of(())
        for part in outer:
            place = self._newest_of((*place, part))
            self._note(place)
        place = (*place, last)
        self._note(place)
        if many:
            self._newest[place] = self._newest.get(place, -1) + 1
        place = self._newest_of(place)
        self._note(place)
        return place

    def _newest_of(self, place: Place) -> Place:
        return (*place, self._newest[place]) if place in self._newest else place

    def _pair(self, table: Place) -> None:
        place = table
        for part in self._key():
            place = (*place, part)
            self._note(place)
        self._at = self._text.index("=", self._at) + 1
        self._value(place)

    def _key(self) -> list[str]:
        parts = []
        while True:
            self._skip(_BLANK)
            quoted = _QUOTED_KEY.match(self._text, self._at)
            found = quoted or _BARE_KEY.match(self._text, self._at)
            if found is None:
                raise ValueError("not a TOML document")
            self._at = found.end()
            parts.append(str(tomllib.loads(f"key = {found[0]}")["key"]) if quoted else found[0])
            self._skip(_BLANK)
            if not self._text.startswith(".", self._at):
                return parts
            self._at += 1

    def _value(self, place: Place) -> None:
        self._skip(_BLANK)
        self._note(place)
        if self._text.startswith("[", self._at):
            self._inside("]", place)
        elif self._text.startswith("{", self._at):
            self._inside("}", place)
        elif self._text.startswith(('"', "'"), self._at):
            self._skip(_STRING)
        else:
            self._skip(_PLAIN)

    def _inside(self, end: str, place: Place) -> None:
        self._at += 1
        count = 0
        while True:
            self._skip(_BLANK_LINES)
            if self._text[self._at] == end:
                self._at += 1
                return
            if end == "]":
                self._value((*place, count))
            else:
                self._pair(place)
            count += 1
            self._skip(_BLANK_LINES)
            if self._text[self._at] == ",":
                self._at += 1

    def _skip(self, pattern: re.Pattern[str]) -> None:
        found = pattern.match(self._text, self._at)
        self._at = found.end() if found else self._at + 1

    def _note(self, place: Place) -> None:
        self._lines.setdefault(place, bisect_right(self._line_starts, self._at))
