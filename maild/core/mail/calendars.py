"""What a calendar file in a letter says, as a few lines a person can read, and whether it answers an invitation.

It refuses to compute with time zones and repetitions: it says what stands there. Called
by `bodies` for text/calendar parts. RFC 5545 for the lines, RFC 5546 for the methods.
"""

from __future__ import annotations

import re
from typing import NamedTuple

MAX_CALENDAR = 200_000  # bytes; an invitation has about 3 000, with its zone
MAX_SHOWN = 2_000  # characters of one value that are shown
MAX_FOLDED = 5_000  # lines looked at

_FIELD = re.compile(r"([A-Za-z-]{1,40})((?:;[^:;\"]{1,200}(?:\"[^\"]{0,300}\"[^:;\"]{0,200})?){0,20}):(.*)", re.DOTALL)
_PARTSTAT = re.compile(r";PARTSTAT=([A-Za-z-]{1,20})", re.IGNORECASE)
_ZONE = re.compile(r";TZID=\"?([^;:\"]{1,60})", re.IGNORECASE)
_INSTANT = re.compile(r"(\d{4})(\d\d)(\d\d)(?:T(\d\d)(\d\d)\d\d(Z)?)?\Z")
_ESCAPED = re.compile(r"\\([nN,;\\])")
_SHOWN = (("SUMMARY", ""), ("DTSTART", "From: "), ("DTEND", "Until: "), ("LOCATION", "Where: "), ("DESCRIPTION", ""))


class Calendar(NamedTuple):
    """`method` as in RFC 5546 in capitals ("REQUEST", "REPLY", "CANCEL", …), `answer` the PARTSTAT of a reply."""

    method: str
    answer: str
    text: str


def read(text: str) -> Calendar:
    """The first event of a calendar file; total: anything else gives empty strings."""
    method = answer = ""
    values: dict[str, str] = {}
    inside = ""  # the component the line stands in; alarms and zones have times of their own
    for line in _unfolded(text[:MAX_CALENDAR]):
        found = _FIELD.match(line)
        if found is None:
            continue
        name, parameters, value = found[1].upper(), found[2], found[3].strip()
        if name == "BEGIN":
            inside = value.upper()
        elif name == "END":
            inside = "VEVENT" if value.upper() == "VALARM" else ""
            if value.upper() == "VEVENT":
                break
        elif name == "METHOD":
            method = value.upper()[:20]
        elif inside in ("VEVENT", "VTODO"):
            if name == "ATTENDEE" and (partstat := _PARTSTAT.search(parameters)):
                answer = answer or partstat[1].upper()
            values.setdefault(name, _meant(name, parameters, value))
    lines = [label + values[name] for name, label in _SHOWN if values.get(name)]
    return Calendar(method, answer if method == "REPLY" else "", "\n".join(lines))


def _unfolded(text: str) -> list[str]:
    """Content lines, RFC 5545 section 3.1."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\n ", "").replace("\n\t", "")
    return [line[: 2 * MAX_SHOWN] for line in text.split("\n", MAX_FOLDED)[:MAX_FOLDED]]


def _meant(name: str, parameters: str, value: str) -> str:
    if name in ("DTSTART", "DTEND") and (found := _INSTANT.match(value)):
        year, month, day, hour, minute, utc = found.groups()
        zone = _ZONE.search(parameters)
        clock = f" {hour}:{minute}" + (" UTC" if utc else f" ({zone[1]})" if zone else "") if hour else ""
        return f"{year}-{month}-{day}{clock}"
    return _ESCAPED.sub(lambda found: "\n" if found[1] in "nN" else found[1], value)[:MAX_SHOWN]
