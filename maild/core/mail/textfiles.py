"""Files written into a text: uuencoded, base64 between "begin-base64" and "====", yEnc.

It refuses to know MIME. Called by `bodies` for text parts and by `structure` for the
uuencode transfer encoding. Only what decodes line by line to its end is a file; people
who write about "begin 644 x" keep their words. One pass; nothing raises.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterator
from typing import NamedTuple

MAX_FILES = 200  # in one text; what follows stays text
MAX_BEGINNINGS = 10_000  # lines looked at that might begin a file

_BEGIN = re.compile(
    rb"^(?:begin(?P<base64>-base64)? [0-7]{3,4}(?: (?P<name>[^\r\n]{0,200}))?"
    rb"|=ybegin (?P<yenc>[^\r\n]{0,200}?)[ \t]?name=(?P<yname>[^\r\n]{1,200}))\r?\n",
    re.MULTILINE,
)
_NUMBER = re.compile(rb"\b(size|part|total|pcrc32|crc32)=([0-9a-fA-F]{1,20})\b")
_MAX_LINE = 61 + 10  # characters of a uuencoded line, with the junk some programs add


class Found(NamedTuple):
    """A file in a text; `start` and `end` frame it there, its own begin and end lines included."""

    name: bytes
    data: bytes
    start: int
    end: int
    defect: str = ""  # what its size or checksum says against it


def find(text: bytes) -> Iterator[Found]:
    """Every file in a text, in its order."""
    if b"begin" not in text:
        return
    place, left, tries = 0, MAX_FILES, MAX_BEGINNINGS
    while left and tries and (begin := _BEGIN.search(text, place)):
        tries -= 1
        if begin["yname"] is not None:
            found = _yenc(text, begin)
        elif begin["base64"]:
            found = _base64(text, begin)
        else:
            found = _uuencoded(text, begin)
        if found is None:
            place = begin.end() - 1  # the line break: the next line may be another beginning
            continue
        yield found
        left -= 1
        place = max(found.end - 1, begin.end() - 1)


def _lines(text: bytes, place: int) -> Iterator[tuple[bytes, int]]:
    """Each line without its end, and where the next one begins."""
    while place < len(text):
        end = text.find(b"\n", place)
        end = len(text) if end < 0 else end
        yield text[place:end].rstrip(b"\r"), end + 1
        place = end + 1


def _uuencoded(text: bytes, begin: re.Match[bytes]) -> Found | None:
    out = bytearray()
    for line, after in _lines(text, begin.end()):
        if line.strip() == b"end":
            return (
                Found((begin["name"] or b"").strip(), bytes(out), begin.start(), min(after, len(text))) if out else None
            )
        if not line.strip() or line.startswith(b"`"):
            continue
        data = _uuencoded_line(line, begun=bool(out))
        if data is None:
            return None
        out += data
    return None


def _uuencoded_line(line: bytes, begun: bool) -> bytes | None:
    """The bytes of a line; None if it cannot be one. Only after the first may blanks be lost at its end."""
    size = line[0] - 32
    if len(line) > _MAX_LINE or not 0 < size < 64:  # a line holds at most 63 bytes
        return None
    data = line[1 : 1 + (size * 8 + 5) // 6]  # what follows is padding or junk
    if max(data, default=32) > 96 or not (begun or len(data) >= size):  # the code ends at "`"
        return None
    try:
        return binascii.a2b_uu(line[:1] + data)
    except binascii.Error:
        return None


def _closing(text: bytes, closing: bytes, begin: re.Match[bytes], next_one: bytes) -> int:
    """Where the closing line stands; -1 if another file begins before it, which the code itself cannot contain.

    It keeps the time linear, too: no byte is looked at for two beginnings.
    """
    place = begin.end() - 1
    return text.find(closing, place, (text.find(next_one, place) + 1 or len(text) + 1) - 1)


def _base64(text: bytes, begin: re.Match[bytes]) -> Found | None:
    end = _closing(text, b"\n====", begin, b"\nbegin")
    if end < 0:
        return None
    try:
        data = binascii.a2b_base64(text[begin.end() : end].translate(None, b"\r\n \t"), strict_mode=True)
    except binascii.Error:
        return None
    after = text.find(b"\n", end + 1)
    return Found((begin["name"] or b"").strip(), data, begin.start(), len(text) if after < 0 else after + 1)


_UNSHIFT = bytes((byte - 42) % 256 for byte in range(256))


def _yenc(text: bytes, begin: re.Match[bytes]) -> Found | None:
    """A yEnc block (yEnc draft 1.3); size and checksum are looked at, never enforced."""
    told = dict(_NUMBER.findall(begin["yenc"]))
    end = _closing(text, b"\n=yend", begin, b"\n=ybegin")
    if b"size" not in told or end < 0:
        return None
    start = begin.end()
    if text.startswith(b"=ypart", start):
        start = text.find(b"\n", start) + 1
    after = text.find(b"\n", end + 1)
    after = len(text) if after < 0 else after + 1
    closing = dict(_NUMBER.findall(text[end : min(after, end + 300)]))
    first, *escaped = text[start:end].translate(None, b"\r\n").split(b"=")
    pieces = [first, *(bytes(((piece[0] - 64) % 256,)) + piece[1:] for piece in escaped if piece)]
    data = b"".join(pieces).translate(_UNSHIFT)
    name = begin["yname"].strip().strip(b'"')
    if b"part" in told and told.get(b"total", b"2") != b"1":
        name += b"." + told[b"part"].rjust(3, b"0")
    return Found(name, data, begin.start(), after, _damage(data, closing))


def _damage(data: bytes, told: dict[bytes, bytes]) -> str:
    size = told.get(b"size", b"")
    if size.isdigit() and int(size) != len(data):
        return f"yEnc: {len(data)} bytes of {int(size)}"
    checksum = told.get(b"pcrc32", told.get(b"crc32", b""))
    if checksum and binascii.crc32(data) != int(checksum, 16):
        return "yEnc: a wrong checksum"
    return ""
