"""Bytes of a declared (or undeclared, or lied about) charset to clean text.

It refuses to know where the bytes came from. Called for body parts, RFC 2047
words and RFC 2231 parameters. Every function is total and linear.
"""

from __future__ import annotations

import codecs
import re
from functools import lru_cache

from maild.core.mail import guessing

# What browsers and mail clients mean when they write these names: the superset a
# sender's program really used (WHATWG Encoding Standard, section 4.2), plus
# misspellings seen in real letters.
ALIASES = {
    "ansi": "cp1252",
    "ansi_x3.4-1968": "ascii",
    "ansi_x3.110-1983": "cp1252",
    "ascii": "ascii",
    "us-ascii": "ascii",
    "us-ascii//translit": "ascii",
    "7bit": "ascii",
    "8bit": "ascii",
    "default": "ascii",
    "default_charset": "ascii",
    "unknown": "ascii",
    "unknown-8bit": "ascii",
    "x-unknown": "ascii",
    "x-user-defined": "ascii",
    "utf8": "utf-8",
    "uft-8": "utf-8",
    "uft8": "utf-8",
    "utf-8//translit": "utf-8",
    "utf8mb4": "utf-8",
    "unicode": "utf-8",
    "unicode-1-1-utf-8": "utf-8",
    "unicode-1-1-utf-7": "utf-7",
    "unicode-2-0-utf-7": "utf-7",
    "x-unicode-2-0-utf-7": "utf-7",
    "iso-8859-1": "cp1252",
    "iso8859-1": "cp1252",
    "iso_8859-1": "cp1252",
    "iso88591": "cp1252",
    "latin1": "cp1252",
    "latin-1": "cp1252",
    "l1": "cp1252",
    "cp-850": "cp850",
    "iso-8859-8-i": "iso-8859-8",
    "iso-8859-8-e": "iso-8859-8",
    "iso-8859-9": "cp1254",
    "iso-8859-11": "cp874",
    "tis-620": "cp874",
    "windows-874": "cp874",
    "gb2312": "gb18030",
    "iso-gb2312": "gb18030",
    "gb_2312-80": "gb18030",
    "x-gbk": "gb18030",
    "gbk": "gb18030",
    "cp936": "gb18030",
    "big5": "big5hkscs",
    "big-5": "big5hkscs",
    "x-x-big5": "big5hkscs",
    "shift_jis": "cp932",
    "shift-jis": "cp932",
    "sjis": "cp932",
    "x-sjis": "cp932",
    "windows-31j": "cp932",
    "iso-2022-jp": "iso2022_jp_ext",
    "cp50220": "iso2022_jp_ext",
    "cp50221": "iso2022_jp_ext",
    "euc-kr": "cp949",
    "ks_c_5601-1987": "cp949",
    "ks_c_5601": "cp949",
    "ksc5601": "cp949",
    "x-windows-949": "cp949",
    "x-euc-jp": "euc_jp",
    "x-mac-roman": "mac_roman",
    "macintosh": "mac_roman",
    "x-mac-cyrillic": "mac_cyrillic",
    "x-mac-ce": "mac_latin2",
}

# Python codecs that are no character sets of letters, or answer with nonsense or errors of their own.
BANNED = frozenset({"idna", "punycode", "undefined", "unicode_escape", "raw_unicode_escape", "mbcs", "oem"})

MULTIBYTE = frozenset(
    {
        "gb18030",
        "big5hkscs",
        "cp932",
        "cp949",
        "euc_jp",
        "iso2022_jp_ext",
        "iso2022_kr",
        "utf-7",
        "utf-16",
        "utf-32",
        "hz",
    }
    | {"shift_jisx0213", "euc_jisx0213", "johab", "utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be", "utf-16le"}
)

NAME = re.compile(r"[a-z0-9][\w.:+/-]{0,39}\Z", re.ASCII)
SURROGATES = re.compile("[\ud800-\udfff]")


@lru_cache(maxsize=256)
def codec(name: str) -> str:
    """The Python codec for a charset name as written in a letter; "" where there is none."""
    name = name.strip().strip("\"'").lower()
    name = ALIASES.get(name, name)
    if not NAME.match(name):
        return ""
    try:
        known = codecs.lookup(name).name
        b"a".decode(known, "replace")  # refuses codecs that are no character sets, such as "hex" and "zip"
    except (LookupError, ValueError):
        return ""
    return "" if known.replace("-", "_") in BANNED else ALIASES.get(known, known)


def decode(data: bytes, charset: str = "") -> str:
    """Text of `data`: the declared charset where it fits the bytes, else the most likely one. Never raises.

    A declared single-byte charset loses against valid UTF-8: such bytes are not
    UTF-8 by accident, and gateways relabel without converting.
    """
    name = codec(charset) if charset else ""
    if name in ("", "ascii", "utf-8") or name not in MULTIBYTE:
        if data.isascii():
            if name in ("", "ascii") and b"\x1b$" in data:
                return _scrubbed(data, "iso2022_jp_ext")
            return data.decode("ascii") if name in ("", "ascii", "utf-8", "cp1252") else _scrubbed(data, name)
        try:
            return data.decode("utf-8")
        except UnicodeDecodeError:
            return guess(data) if name in ("", "ascii", "utf-8") else _scrubbed(data, name)
    return _scrubbed(data, name)


_JIS = re.compile(rb"\x1b\$[@B]([^\x1b]*)")


def _shifted(found: re.Match[bytes]) -> bytes:
    """JIS X 0208 rows and cells as Shift JIS, which is what Microsoft's extensions are defined in."""
    cells = found[1]
    out = bytearray()
    for place in range(0, len(cells) - 1, 2):
        row, cell = cells[place] - 0x21, cells[place + 1]
        if not (0 <= row < 94 and 0x21 <= cell <= 0x7E):
            out += cells[place : place + 2]
            continue
        lead = row // 2 + (0x81 if row < 62 else 0xC1)
        out += bytes((lead, cell + (0x7E if row % 2 else 0x1F + (cell >= 0x60))))
    return bytes(out)


def _scrubbed(data: bytes, name: str) -> str:
    if name == "iso2022_jp_ext" and b"\x1b$" in data:
        # Windows programs put the NEC and IBM rows there, which Python's codec refuses
        data = re.sub(rb"\x1b\([BJ]", b"", _JIS.sub(_shifted, data))
        return data.decode("cp932", "replace")
    try:
        text = data.decode(name)
        if name == "cp1252" and (known := guessing.script(data, guessing.SURER)):
            text = data.decode(known, "replace")  # programs label everything Western that they do not know
    except (UnicodeError, ValueError, OverflowError):
        text = _mislabelled(data, name)
    return SURROGATES.sub("\ufffd", text)


def _mislabelled(data: bytes, name: str) -> str:
    """Text of bytes that the charset named does not allow."""
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        text = data.decode("latin-1") if name == "cp1252" else data.decode(name, "replace")
    known = guessing.script(data) if name == "cp1252" or text.count("\ufffd") * 20 > len(text) else ""
    return data.decode(known, "replace") if known else text


def guess(data: bytes) -> str:
    """Text of bytes that are neither ASCII nor UTF-8 and say nothing true of themselves."""
    text = data.decode("utf-8", "replace")
    damaged = text.count("\ufffd")
    whole = len(text) - len(text.encode("ascii", "ignore")) - damaged
    if damaged * 4 <= whole:
        return guessing.mended(data)  # UTF-8 with a few broken places
    if known := guessing.script(data):
        return SURROGATES.sub("\ufffd", data.decode(known, "replace"))
    if whole:
        return guessing.mended(data)  # in Western letters, UTF-8 does not come about by accident
    try:
        return data.decode(guessing.latin(data))
    except UnicodeDecodeError:
        return data.decode("latin-1")
