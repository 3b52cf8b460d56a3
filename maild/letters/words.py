"""Text made fit to be shown: one line, many lines, instants as people read them.

Everything a stranger wrote passes through here before a template or a header sees it. It
refuses to know where the text came from.
"""

from __future__ import annotations

import re
from datetime import datetime, tzinfo

DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)

# Whatever some program takes for the end of a line: C0, NEL, LINE and PARAGRAPH SEPARATOR.
_BREAKS = re.compile("\r\n|[\r\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")
_CONTROLS = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x9f]")
# Embeddings, overrides and isolates make "gpj.exe" read "exe.jpg" (Unicode TR 36, 2.8.2).
_BIDI = re.compile("[\u202a-\u202e\u2066-\u2069\ufeff]")
_SURROGATES = re.compile("[\ud800-\udfff]")


def block(text: str) -> str:
    """Text of many lines: line ends are "\\n", there are no other controls but tabs, no lone surrogates."""
    if text.replace("\n", "").replace("\t", "").isprintable():  # nearly always, and told in no time
        return text
    text = _CONTROLS.sub("", _BREAKS.sub("\n", text))
    return text if text.isascii() else _SURROGATES.sub("\ufffd", text)


def line(text: str, most: int = 300) -> str:
    """Text of one line, white space folded, nothing that turns the direction of reading, at most `most` characters."""
    text = text[: 4 * most]
    if not text.isprintable():
        text = _BIDI.sub("", block(text))
    text = " ".join(text.split())
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"


def moment(at: datetime, zone: tzinfo, now: datetime) -> str:
    """An instant in words: "Friday 21 November at 16:30 CET", with the year where it is not the present one."""
    local = at.astimezone(zone)
    year = "" if local.year == now.astimezone(zone).year else f" {local.year}"
    return f"{DAYS[local.weekday()]} {local.day} {MONTHS[local.month - 1]}{year} at {local:%H:%M} {_zone_name(local)}"


def stamp(at: datetime, zone: tzinfo) -> str:
    """An instant in figures, for lists: "2026-11-21 16:30"."""
    return f"{at.astimezone(zone):%Y-%m-%d %H:%M}"


def size(count: int) -> str:
    """A number of bytes as people say it: "12 kB"."""
    for unit, above in (("MB", 1_000_000), ("kB", 1_000)):
        if count >= above:
            return f"{count / above:.0f} {unit}" if count >= 10 * above else f"{count / above:.1f} {unit}"
    return f"{count} bytes"


def _zone_name(local: datetime) -> str:
    name = local.tzname() or ""
    return f"UTC{name}" if name[:1] in "+-" and name else name
