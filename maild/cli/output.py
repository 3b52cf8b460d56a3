"""How answers look: plain tables for people, JSON for programs."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import asdict, is_dataclass
from datetime import datetime
from enum import Enum
from typing import Any

WIDEST = 60  # characters of one cell; the JSON form has everything
# What a stranger wrote must not drive the terminal: escape sequences, bidi overrides.
_UNSAFE = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]+")


def plain(text: object) -> str:
    """One line of printable text."""
    return _UNSAFE.sub(" ", str(text)).strip()


def paragraph(text: str) -> str:
    """Several lines of printable text."""
    return "\n".join(_UNSAFE.sub(" ", line).rstrip() for line in text.splitlines())


def when(at: datetime | None) -> str:
    """An instant in the local time of the person at the shell."""
    return at.astimezone().strftime("%Y-%m-%d %H:%M") if at else "-"


def table(heads: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    cells = [[plain(cell)[:WIDEST] for cell in row] for row in rows]
    widths = [max(len(row[i]) for row in [list(heads), *cells]) for i in range(len(heads))]
    for row in [[head.upper() for head in heads], *cells]:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def as_json(value: object) -> None:
    print(json.dumps(value, default=_plain_value, ensure_ascii=True, indent=1))


def _plain_value(value: object) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Enum):
        return value.value
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if isinstance(value, (set, frozenset)):
        return sorted(value)
    return str(value)
