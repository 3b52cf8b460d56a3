"""Text made fit to be shown: one line, many lines, instants and sizes as people say them in their language.

Everything a stranger wrote passes through here before a template or a header sees it. It
refuses to know where the text came from.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, tzinfo

from maild.core.mail.quoting import REPLY_MARKER


@dataclass(frozen=True, slots=True)
class Language:
    """How a language says what templates cannot: instants, sizes, where to write.

    `day` and `clock` are formats; `decimal` is the sign between a number and its tenths.
    """

    days: tuple[str, ...]
    months: tuple[str, ...]
    day: str
    clock: str
    decimal: str
    octets: str
    marker: str  # the line above which people answer; `quoting` knows it by its signs
    zones: Mapping[str, str] = field(
        default_factory=dict
    )  # what people call these; others as they are called everywhere


LANGUAGES: Mapping[str, Language] = {
    "en": Language(
        days=tuple("Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()),
        months=tuple("January February March April May June July August September October November December".split()),
        day="{day} {number} {month}{year}",
        clock="{date} at {time}",
        decimal=".",
        octets="bytes",
        marker=REPLY_MARKER,
    ),
    "de": Language(
        days=tuple("Montag Dienstag Mittwoch Donnerstag Freitag Samstag Sonntag".split()),
        months=tuple("Januar Februar März April Mai Juni Juli August September Oktober November Dezember".split()),
        day="{day}, {number}. {month}{year}",
        clock="{date} um {time} Uhr",
        decimal=",",
        octets="Byte",
        marker="##- Bitte schreiben Sie Ihre Antwort über diese Zeile -##",
        zones={"CET": "MEZ", "CEST": "MESZ"},
    ),
}
ENGLISH = LANGUAGES["en"]

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


def moment(at: datetime, zone: tzinfo, now: datetime, language: Language = ENGLISH, *, with_zone: bool = True) -> str:
    """An instant in words: "Friday 21 November at 16:30 CET", with the year where it is not the present one."""
    local = at.astimezone(zone)
    date = language.day.format(
        day=language.days[local.weekday()],
        number=local.day,
        month=language.months[local.month - 1],
        year="" if local.year == now.astimezone(zone).year else f" {local.year}",
    )
    said = language.clock.format(date=date, time=f"{local:%H:%M}")
    return f"{said} {_zone_name(local, language)}" if with_zone else said


def stamp(at: datetime, zone: tzinfo) -> str:
    """An instant in figures, for lists: "2026-11-21 16:30"."""
    return f"{at.astimezone(zone):%Y-%m-%d %H:%M}"


def size(count: int, language: Language = ENGLISH) -> str:
    """A number of bytes as people say it: "12 kB"."""
    for unit, above in (("MB", 1_000_000), ("kB", 1_000)):
        if count >= above:
            said = f"{count / above:.0f}" if count >= 10 * above else f"{count / above:.1f}"
            return f"{said.replace('.', language.decimal)} {unit}"
    return f"{count} {language.octets}"


def _zone_name(local: datetime, language: Language) -> str:
    name = local.tzname() or ""
    return f"UTC{name}" if name[:1] in "+-" and name else language.zones.get(name, name)
