"""How the log looks: a line for people to grep, or a JSON object for programs; safe to show on a terminal.

Every stage of a letter's life writes `msg=ID` (the ledger's) or `outbox=ID` (the queue's). In JSON
what stands as name=value in a line's own words becomes a field of its own; what a stranger chose
to write there cannot. It refuses to know what is logged. The command line sets it up.
"""

from __future__ import annotations

import json
import logging
import re
import sys
from datetime import UTC, datetime
from typing import TextIO

INDENT = "    "  # of a line that goes on: whatever stands in it cannot look like the beginning of another one

_LINE_END = re.compile("\r\n|[\n\r\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")
# What drives a terminal or hides: escape sequences, direction changes, what is not seen, half characters.
UNSAFE = re.compile("[\x00-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff]+")
# One conversion of a line's own words, with the name before it if it has one.
_CONVERSION = re.compile(r"(?:\b([a-z_]+)=)?%(?:%|[-0-9.]*([a-z]))")


def safe(text: str) -> str:
    """The text without anything that drives a terminal; a line that goes on is indented."""
    return f"\n{INDENT}".join(UNSAFE.sub(" ", line) for line in _LINE_END.split(text))


def fields(record: logging.LogRecord) -> dict[str, object]:
    """What the record's own words name: of "msg=%d fate=%s" with (7, "reply"), msg and fate."""
    if not isinstance(record.args, tuple):
        return {}
    names = [name for name, kind in _CONVERSION.findall(str(record.msg)) if kind]
    found = zip(names, record.args, strict=False)
    return {name: value if isinstance(value, int | float) else str(value) for name, value in found if name}


class Plain(logging.Formatter):
    """2026-11-21 10:08:17,380 INFO maild.desk msg=1 ticket=1001 fate=ticket a new ticket"""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s %(message)s")

    def format(self, record: logging.LogRecord) -> str:
        return safe(super().format(record))


class Json(logging.Formatter):
    """One object a line: at, level, logger, message, error where there is a traceback, and the named values."""

    def format(self, record: logging.LogRecord) -> str:
        said: dict[str, object] = {
            **fields(record),
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info:
            said["error"] = self.formatException(record.exc_info)
        return json.dumps(said, ensure_ascii=True)


def set_up(form: str, *, verbose: bool, stream: TextIO = sys.stderr) -> None:
    """Log to this stream as "text" or "json": trouble only, or with `verbose` every step of every letter."""
    handler = logging.StreamHandler(stream)
    handler.setFormatter(Json() if form == "json" else Plain())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.INFO if verbose else logging.WARNING)
    logging.getLogger("apscheduler").setLevel(logging.WARNING)
