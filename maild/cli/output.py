"""How answers look: plain tables for people, JSON for programs."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, is_dataclass
from datetime import datetime
from enum import Enum
from typing import Any

from maild.logs import UNSAFE

WIDEST = 60  # characters of one cell; the JSON form has everything


def plain(text: object) -> str:
    """One line that is safe on a terminal, whoever wrote the text."""
    return UNSAFE.sub(" ", str(text)).strip()


def paragraph(text: str) -> str:
    """Several lines that are safe on a terminal."""
    return "\n".join(UNSAFE.sub(" ", line).rstrip() for line in text.splitlines())


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
