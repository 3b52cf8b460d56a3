"""What is wrong in a text an admin wrote: where, and what would be right.

It refuses to know who read the text. The rules' compiler and the room `config`
collect these; `maild check` and a refused start print them.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from maild.core.names import nearest

_LISTED = 12  # names told when none is near; more help nobody


@dataclass(frozen=True, slots=True)
class Problem:
    """One error. `line` counts from 1; 0 means the file as a whole. `key` is the dotted key, lists counted from 1."""

    file: str
    line: int
    key: str
    text: str

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        line = f"{place}: {self.key}: {self.text}" if self.key else f"{place}: {self.text}"
        return "".join(character if character.isprintable() else "?" for character in line)  # one problem, one line


def unknown(what: str, word: str, valid: Iterable[str]) -> str:
    """The words for a name that does not exist, with the nearest one that does, else all of them."""
    names = list(valid)
    for near in nearest(word, names):
        return f'unknown {what} "{word}" (did you mean "{near}"?)'
    if not names:
        return f'unknown {what} "{word}" (there are none)'
    listed = ", ".join(names[:_LISTED]) + (", …" if len(names) > _LISTED else "")
    return f'unknown {what} "{word}" (known: {listed})'


def dotted(parts: Iterable[str | int]) -> str:
    """A place in a TOML document as people count: ("rule", 0, "when") is "rule.1.when"."""
    return ".".join(str(part + 1) if isinstance(part, int) else part for part in parts)
