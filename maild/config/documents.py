"""Reading one TOML file with the lines its keys stand on.

It refuses to know what the keys mean. `loading` reads the configuration with it,
`resolving` the rules.
"""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from maild.config.problems import ConfigErrors, Problem
from maild.config.toml_lines import Place, line_numbers

_LARGEST = 4 * 1024 * 1024  # bytes; a file this long is no configuration, somebody named the wrong one
_SAID_PLACE = re.compile(r"\s*\(at line (\d+), column (\d+)\)")


@dataclass(frozen=True, slots=True)
class Document:
    """A TOML file's content. Lists are tuples throughout, so that nothing of it can change."""

    file: str
    data: Mapping[str, Any]
    lines: Mapping[Place, int]

    def line_of(self, place: Place) -> int:
        """The line of a key, or of the nearest table around it; 0 for the file as a whole."""
        for end in range(len(place), 0, -1):
            if place[:end] in self.lines:
                return self.lines[place[:end]]
        return 0


def read(path: Path) -> Document:
    """Read and parse a file; ConfigErrors names the line where it is no TOML."""
    try:
        with path.open("rb") as file:
            raw = file.read(_LARGEST + 1)
    except OSError as error:
        raise ConfigErrors([Problem(str(path), 0, "", f"cannot be read: {error.strerror}")]) from None
    if len(raw) > _LARGEST:
        raise ConfigErrors([Problem(str(path), 0, "", f"longer than {_LARGEST} bytes: is this the right file?")])
    try:
        text = raw.decode("utf-8").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise ConfigErrors([Problem(str(path), line, "", "not UTF-8")]) from None
    try:
        return Document(str(path), _frozen(tomllib.loads(text)), line_numbers(text))
    except tomllib.TOMLDecodeError as error:
        problem = _syntax_problem(path, text, str(error))
    except RecursionError:
        problem = Problem(str(path), 0, "", "lists or tables nested too deeply")
    raise ConfigErrors([problem])


def _syntax_problem(path: Path, text: str, said: str) -> Problem:
    place = _SAID_PLACE.search(said)
    line = int(place[1]) if place else len(text.rstrip().splitlines())
    return Problem(str(path), line, "", f"not valid TOML: {_SAID_PLACE.sub('', said)}")


def _frozen(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _frozen(item) for key, item in value.items()}
    return tuple(_frozen(item) for item in value) if isinstance(value, list) else value
