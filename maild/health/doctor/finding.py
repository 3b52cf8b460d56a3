"""What a check says: well, wrong with something to do, or only worth knowing."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """`state` is "ok", "wrong" or "note"; what is noted makes nobody ill. `do` is what would help."""

    name: str
    state: str
    what: str
    do: str = ""


def well(name: str, what: str) -> Finding:
    return Finding(name, "ok", what)


def wrong(name: str, what: str, do: str = "") -> Finding:
    return Finding(name, "wrong", what, do)


def note(name: str, what: str, do: str = "") -> Finding:
    return Finding(name, "note", what, do)
