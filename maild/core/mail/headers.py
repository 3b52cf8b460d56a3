"""The header block of a letter or of one of its parts: splitting and decoding fields.

It refuses to know what a field means, except for the grammars shared by many: RFC 2047
words, RFC 2045 parameters with RFC 2231, message ids and dates. Called by the MIME walk
and by `reading`. Everything is linear and bounded; damage is passed over, never raised.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta, timezone
from typing import NamedTuple
from urllib.parse import unquote_to_bytes

from maild.core.mail import charsets

# Caps: what parsing looks at; the raw letter is stored whole elsewhere.
MAX_HEADER_BYTES = 200_000  # twice what Postfix lets through in one header (header_size_limit)
MAX_FIELDS = 2_000  # the longest real headers seen have about 200
MAX_FIELD_BYTES = 16_000  # one field; RFC 5322 knows no limit, real References reach 10 kB
MAX_STRUCTURED = 8_000  # of one address or parameter field
MAX_WORDS = 200  # RFC 2047 words in one field: 16 kB hold no more at 75 characters each
MAX_PARAMETERS = 50  # of one Content-Type; real ones have at most six
MAX_SEGMENTS = 100  # RFC 2231 continuations of one parameter
MAX_DATE = 200  # characters of a Date field; real ones have at most 60, with a comment
MAX_IDS = 500  # message ids in References; mail clients trim at about 20

FIELD = re.compile(rb"(?!--)([!-9;-~]{1,100})[ \t]*:([^\n]*+(?:\n[ \t][^\n]*+)*+)(?:\n|\Z)")
CONTROLS = re.compile("[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]+")
LINE = re.compile(rb"[^\n]*(?:\n|\Z)")
BLANKS = re.compile(rb"(?:[ \t]*+\r?\n)*+")
SURELY = re.compile(  # fields no sentence of a body begins with
    rb"(?:received|return-path|delivered-to|message-id|from|to|cc|subject|date|mime-version|content-[a-z-]+|reply-to|sender|references"
    rb"|in-reply-to|x-[\w-]+|dkim-signature|list-[a-z]+|user-agent|precedence|auto-submitted)[ \t]*:",
    re.IGNORECASE,
)
# A parameter on a line of its own whose indentation was lost: the field before it ended with a semicolon.
UNINDENTED = re.compile(rb"[\w*-]{1,40}[ \t]*=[^\n]*(?:\n|\Z)")
MAX_JUNK_LINES = 200  # in one place of a header: gateways that lost the indentation of a long signature


class Block(NamedTuple):
    """Fields in order as (lower-case name, unfolded bytes), and where the body begins."""

    fields: list[tuple[str, bytes]]
    body: int
    defects: tuple[str, ...]


# A mail exchanger that deletes forged Authentication-Results may not know a name with a blank behind it, nor an
# authserv-id that only decoding turns into its own: encoded words, control characters, foreign charsets.
RESULTS = b"authentication-results"
_PLAIN_ID = re.compile(
    rb"(?:[ \t]|\r?\n)*+[A-Za-z0-9._-]++(?:[ \t;]|\r?\n|\r?\Z)"  # the id comes first and cannot be anything else
    rb"|(?!.*=\?)(?:[\t -~]|\r?\n)*+\r?\Z",  # or the whole field says what it says
    re.DOTALL,
)


def split(raw: bytes, start: int, end: int) -> Block:
    """Scan the fields from `start` on.

    The block ends at the first empty line (RFC 5322 section 2.1). Lines that are no field
    are passed over if a well-known field follows them, otherwise the body begins there.
    """
    fields: list[tuple[str, bytes]] = []
    defects: tuple[str, ...] = ()
    position, limit = start, min(end, start + MAX_HEADER_BYTES)
    if raw.startswith((b"From ", b">From "), position):  # an mbox separator
        found = LINE.match(raw, position, end)
        position = found.end() if found else position
    match = FIELD.match
    while position < limit:
        found = match(raw, position, limit)
        if found is None:
            if raw.startswith(b"\n", position):
                return Block(fields, position + 1, defects)
            if raw.startswith(b"\r\n", position):
                return Block(fields, position + 2, defects)
            after = _unindented(raw, position, end, fields) or (_after_junk(raw, position, end) if fields else -1)
            if after < 0:
                return Block(fields, _body_at(raw, position, end), (*defects, "no empty line between header and body"))
            defects = ("a line in the header is no field",)
            position = after
            continue
        position = found.end()
        if len(fields) < MAX_FIELDS:
            name, value = found.groups()
            if name.lower() == RESULTS and (raw[found.end(1)] != ord(":") or not _PLAIN_ID.match(value)):
                defects = (f"{name.decode('ascii')} in a spelling that our exchanger may overlook",)
                continue
            if b"\n" in value:
                value = value[:MAX_FIELD_BYTES].replace(b"\r\n", b"").replace(b"\n", b"")
            fields.append((name.decode("ascii").lower(), value[:MAX_FIELD_BYTES].strip()))
    if position < end:
        return Block(fields, _body_after(raw, position, end), (*defects, "the header is too long"))
    return Block(fields, min(position, end), defects)


def _unindented(raw: bytes, position: int, end: int, fields: list[tuple[str, bytes]]) -> int:
    """Join a parameter that lost its indentation to its field; answer where the next line begins, 0 if it is none."""
    if not fields or not fields[-1][1].endswith(b";") or len(fields[-1][1]) > MAX_STRUCTURED:
        return 0
    found = UNINDENTED.match(raw, position, end)
    if found is None:
        return 0
    name, value = fields[-1]
    fields[-1] = (name, value + b" " + found[0].strip()[:MAX_STRUCTURED])
    return found.end()


def _after_junk(raw: bytes, position: int, end: int) -> int:
    """Where the next well-known field begins after lines that are none; -1 if the header ends first."""
    for _ in range(MAX_JUNK_LINES):
        if raw.startswith((b"--", b"\n", b"\r\n"), position):
            return -1
        line_end = raw.find(b"\n", position, end)
        if line_end < 0:
            return -1
        position = line_end + 1
        if SURELY.match(raw, position, end):
            return position
    return -1


def _body_at(raw: bytes, position: int, end: int) -> int:
    """A line of nothing but blanks was meant to be the empty line."""
    line = LINE.match(raw, position, end)
    return line.end() if line and not line[0].strip() else position


def _body_after(raw: bytes, position: int, end: int) -> int:
    """The first byte after the empty line that ends an over-long header."""
    for gap in (b"\n\n", b"\n\r\n"):
        found = raw.find(gap, max(position - 1, 0), end)
        if found >= 0:
            return found + len(gap)
    return end


def text_of(value: bytes, charset: str = "") -> str:
    """A field's bytes as text, undecoded words and all; raw 8-bit is UTF-8 or the body's charset."""
    return value.decode("ascii") if value.isascii() and b"\x1b" not in value else charsets.decode(value, charset)


def clean(text: str) -> str:
    """One printable line: control characters (decoded CR LF above all) become spaces."""
    if not text.isprintable():
        text = CONTROLS.sub(" ", text)
    return text.strip()


# --------------------------------------------------------------------- RFC 2047


def decode_words(text: str) -> str:
    """Replace encoded words by what they stand for.

    More tolerant than RFC 2047 section 5: words glued to text, inside quoted strings,
    holding spaces, or split in the middle of a character are all sent by real programs.
    """
    if "=?" not in text:
        return clean(text)
    out: list[str] = []
    pending = b""  # bytes of adjacent words of one charset: a character may be split between them
    pending_charset = ""
    position = words = 0
    while words < MAX_WORDS:
        word = _next_word(text, position)
        if word is None:
            break
        start, stop, charset, data = word
        between = text[position:start]
        if pending and (between.strip() or charset != pending_charset):
            out.append(charsets.decode(pending, pending_charset))
            pending = b""
        if not (words and not between.strip()):
            out.append(between)
        pending, pending_charset = pending + data, charset
        position = stop
        words += 1
    out.append(charsets.decode(pending, pending_charset))
    out.append(text[position:])
    return clean("".join(out))


def _next_word(text: str, position: int) -> tuple[int, int, str, bytes] | None:
    """The next encoded word from `position` on as (start, stop, charset, bytes)."""
    while True:
        start = text.find("=?", position)
        if start < 0:
            return None
        first = text.find("?", start + 2, start + 64)
        if first < 0 or text[first + 2 : first + 3] != "?" or text[first + 1] not in "bBqQ":
            position = start + 2
            continue
        stop = text.find("?=", first + 3)
        if stop < 0:
            return None
        charset = text[start + 2 : first].partition("*")[0].strip().lower()  # RFC 2231 section 5: charset*language
        body = text[first + 3 : stop].encode("utf-8", "replace")
        data = unbase64(body) if text[first + 1] in "bB" else binascii.a2b_qp(body.replace(b" ", b"_"), header=True)
        return start, stop + 2, charset, data


def unbase64(data: bytes) -> bytes:
    """Base64 with everything real programs do to it: junk, missing or early padding. Never raises."""
    try:
        return binascii.a2b_base64(data)
    except binascii.Error:
        letters = re.sub(rb"[^A-Za-z0-9+/]", b"", data.partition(b"=")[0])
        letters = letters[: len(letters) - 1] if len(letters) % 4 == 1 else letters
        return binascii.a2b_base64(letters + b"=" * (-len(letters) % 4))


# --------------------------------------------------------------------- RFC 2045 and 2231 parameters

_BETWEEN = re.compile(r"[;\s]*+")
_PARAMETER = re.compile(r"([^\s=;\"]{1,80})\s*+=\s*+")
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"[^;]*')
_BARE = re.compile(r"[^;]*")
_SECTION = re.compile(r"(.*?)(?:\*(\d{1,4}))?(\*)?\Z", re.DOTALL)
_ESCAPED = re.compile(r'\\(["\\])')


def parameters(value: str) -> tuple[str, dict[str, str]]:
    """A Content-Type or Content-Disposition value as (folded first word, parameters).

    Names are lower case; RFC 2231 sections are joined and decoded, RFC 2047 words in
    values (forbidden, common) too.
    """
    value = value[:MAX_STRUCTURED]
    head, semicolon, rest = value.partition(";")
    head = head.strip().lower()
    if not semicolon:
        if " " not in head and "\t" not in head:
            return head, {}
        head, _, rest = value.strip().partition(" ")  # the semicolon was forgotten
        head = head.lower()
    plain: dict[str, str] = {}
    sections: dict[str, list[tuple[int, bool, str]]] = {}
    for name, text in _pairs(rest):
        found = _SECTION.match(name) if "*" in name else None
        if found is None:
            plain.setdefault(name, decode_words(text))
        elif len(pieces := sections.setdefault(found[1], [])) < MAX_SEGMENTS:
            pieces.append((int(found[2] or 0), bool(found[3]), text))
    for name, pieces in sections.items():
        plain[name] = _joined(pieces) or plain.get(name, "")
    return head, plain


def _pairs(rest: str) -> list[tuple[str, str]]:
    pairs: list[tuple[str, str]] = []
    position = 0
    for _ in range(MAX_PARAMETERS):
        between = _BETWEEN.match(rest, position)
        position = between.end() if between else position
        name = _PARAMETER.match(rest, position)
        if name is None:
            after = rest.find(";", position)
            if after < 0:
                break
            position = after + 1
            continue
        quoted = _QUOTED.match(rest, name.end()) if rest.startswith('"', name.end()) else None
        if quoted is not None:
            text = _ESCAPED.sub(r"\1", quoted[1]) if "\\" in quoted[1] else quoted[1]
            position = quoted.end()
        else:
            bare = _BARE.match(rest, name.end())
            text = bare[0].strip().strip('"') if bare else ""
            position = bare.end() if bare else len(rest)
        pairs.append((name[1].lower(), text))
    return pairs


def _joined(pieces: list[tuple[int, bool, str]]) -> str:
    """RFC 2231 section 3 and 4: sections in order, percent-decoded where marked, charset from the first."""
    pieces.sort(key=lambda piece: piece[0])
    charset, data = "", b""
    for place, (_, encoded, text) in enumerate(pieces):
        if place == 0 and text.count("'") >= 2 and (encoded or any(piece[1] for piece in pieces)):
            charset, _, text = text.split("'", 2)
        if encoded or charset:
            data += unquote_to_bytes(text)
        else:
            data += text.encode("utf-8", "replace")
    return decode_words(charsets.decode(data, charset))


# --------------------------------------------------------------------- message ids and dates

_ID = re.compile(r"<([^<>]{1,998})>")
_SPACE = re.compile(r"\s+")
_MARKS = re.compile(r"[\s<>]+")


def message_ids(value: str) -> tuple[str, ...]:
    """Bare ids in order, without repetition; ids that lost their angle brackets are words with an @.

    Of more than MAX_IDS the first, which began the thread, and the last, which are the newest.
    """
    ids = [_SPACE.sub("", found) for found in _ID.findall(value)]
    if not ids and "<" not in value:
        ids = [_MARKS.sub("", word) for word in value.replace(",", " ").split() if "@" in word]
    distinct = tuple(dict.fromkeys(found for found in ids if found))
    return distinct if len(distinct) <= MAX_IDS else (distinct[0], *distinct[1 - MAX_IDS :])


def message_id(value: str) -> str:
    """The bare id of a Message-ID field; anything without brackets is taken as it stands."""
    ids = message_ids(value)
    return ids[0] if ids else _MARKS.sub("", value)[:998]


_DATE = re.compile(
    r"(?:[^\W\d]+\.?\s*,?\s*)?(\d{1,2})[\s-]+([A-Za-z]{3})[A-Za-z]*\.?,?[\s-]+(\d{2,4}),?"
    r"(?:\s+(\d{1,2})[:.](\d{2})(?:[:.](\d{2}))?(?:\.\d+)?\s*([AaPp][Mm]\b)?\s*([+-]\s?\d{1,2}:?\d{0,2}|[A-Za-z]{1,5})?)?"
)
_ASCTIME = re.compile(
    r"(?:[A-Za-z]{3},?\s+)?([A-Za-z]{3})[a-z]*\s+(\d{1,2}),?\s+(\d{1,2}):(\d{2})(?::(\d{2}))?\s+"
    r"(?:([A-Za-z]{1,5}|[+-]\d{4})\s+)?(\d{4})(?:\s+([+-]\d{4}))?"
)
_ISO = re.compile(r"(\d{4})-(\d\d)-(\d\d)[T ](\d{1,2}):(\d\d)(?::(\d\d))?(?:\.\d+)?\s*(Z|[+-]\d\d:?\d\d|[A-Z]{3,4})?")
_MONTHS = {name: number for number, name in enumerate("jan feb mar apr may jun jul aug sep oct nov dec".split(), 1)}
_ZONES = {"est": -300, "edt": -240, "cst": -360, "cdt": -300, "mst": -420, "mdt": -360, "pst": -480, "pdt": -420}
_ZONES |= {"cet": 60, "cest": 120, "met": 60, "mest": 120, "bst": 60, "msk": 180, "jst": 540, "kst": 540}


_ZONED = re.compile(r"[+-]\d{4}\b|\b(?:GMT|UTC?|[ECMP][SD]T|Z)\b")


def first_date(values: Iterable[str]) -> datetime | None:
    """Of repeated Date fields the first that is whole, with its zone; else the first that can be read at all."""
    dates = [(found, bool(_ZONED.search(value[:MAX_DATE]))) for value in values if (found := date(value))]
    return max(dates, key=lambda one: one[1], default=(None, False))[0]


def date_of(raw: bytes) -> datetime | None:
    """The Date of a letter, or of its beginning; None where it has none."""
    return first_date(text_of(value) for name, value in split(raw, 0, len(raw)).fields if name == "date")


def date(value: str) -> datetime | None:
    """The instant of a Date field in UTC; None if there is none.

    RFC 5322 section 3.3 with its obsolete forms, and what else programs write: dashes,
    am and pm, asctime, ISO 8601. A time without a zone is taken as UTC.
    """
    value = value[:MAX_DATE].strip()
    try:
        for pattern, order in ((_DATE, _written), (_ASCTIME, _asctime), (_ISO, _iso)):
            if found := pattern.match(value):
                return order(found).astimezone(UTC)
    except (ValueError, KeyError, OverflowError):
        pass
    return None


def _written(found: re.Match[str]) -> datetime:
    day, month, year, hour, minute, second, half, zone = found.groups()
    hours = int(hour or 0)
    if half:
        hours = hours % 12 + 12 * (half.lower() == "pm")
    return _instant((_year(year), _MONTHS[month.lower()], int(day)), (hours, int(minute or 0), int(second or 0)), zone)


def _asctime(found: re.Match[str]) -> datetime:
    month, day, hour, minute, second, zone, year, offset = found.groups()
    clock = (int(hour), int(minute), int(second or 0))
    return _instant((int(year), _MONTHS[month.lower()], int(day)), clock, offset or zone)


def _iso(found: re.Match[str]) -> datetime:
    year, month, day, hour, minute, second = (int(part or 0) for part in found.groups()[:6])
    return _instant((year, month, day), (hour, minute, second), found[7])


def _instant(day: tuple[int, int, int], clock: tuple[int, int, int], zone: str | None) -> datetime:
    hour, minute, second = clock
    return datetime(
        *day, hour, minute, min(second, 59), tzinfo=timezone(_offset(zone))
    )  # a leap second is the one before


def _year(text: str) -> int:
    year = int(text)
    if len(text) == 4:
        return year
    return year + (2000 if year < 50 else 1900)  # RFC 5322 section 4.3


def _offset(zone: str | None) -> timedelta:
    if not zone:
        return timedelta()
    if zone[0] not in "+-":
        return timedelta(minutes=_ZONES.get(zone.lower(), 0))
    digits = zone[1:].replace(":", "").strip()
    digits = digits + "00" if len(digits) <= 2 else digits
    minutes = int(digits[:-2]) * 60 + int(digits[-2:])
    return timedelta(minutes=-minutes if zone[0] == "-" else minutes) if minutes < 24 * 60 else timedelta()
