"""Rich Text, as Outlook puts it into winmail.dat: unpacked, and read as text or as the HTML it was made from.

It refuses to know TNEF and to keep any formatting. Called by `tnef`. Unpacking follows
MS-OXRTFCP, finding the HTML again MS-OXRTFEX. One pass over at most MAX_RTF bytes, no
recursion; nothing raises.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from maild.core.mail import charsets

MAX_RTF = 400_000  # bytes unpacked and read: about half a second at worst; letters have 5 to 100 kB
MAX_GROUPS = 500  # open at once; Outlook reaches about 20

# What the dictionary holds before the first byte: MS-OXRTFCP section 2.1.2.1.
_DICTIONARY = (
    b"{\\rtf1\\ansi\\mac\\deff0\\deftab720{\\fonttbl;}{\\f0\\fnil \\froman \\fswiss \\fmodern \\fscript \\fdecor "
    b"MS Sans SerifSymbolArialTimes New RomanCourier{\\colortbl\\red0\\green0\\blue0\r\n\\par "
    b"\\pard\\plain\\f0\\fs20\\b\\i\\u\\tab\\tx"
)
_WINDOW = 4096
_HEADER = 16


def unpacked(data: bytes, limit: int = MAX_RTF) -> bytes:
    """The Rich Text of a PidTagRtfCompressed value, at most `limit` bytes; what is there if it is cut short."""
    kind = data[8:12]
    if kind == b"MELA":  # stored as it is
        return data[_HEADER : _HEADER + min(limit, int.from_bytes(data[4:8], "little"))]
    if kind != b"LZFu":
        return b""
    size = min(limit, int.from_bytes(data[4:8], "little"))
    end = len(_DICTIONARY) + size
    out = bytearray(_DICTIONARY)
    place, stop = _HEADER, min(len(data), int.from_bytes(data[0:4], "little") + 4)
    while place < stop and len(out) < end:
        flags = data[place]
        place += 1
        if not flags:
            out += data[place : min(place + 8, stop)]
            place += 8
            continue
        for bit in range(8):
            if not flags >> bit & 1:
                out += data[place : place + 1]
                place += 1
                continue
            reference = int.from_bytes(data[place : place + 2], "big")
            place += 2
            back = (len(out) - (reference >> 4)) % _WINDOW
            if not back or back > len(out) or place > stop:  # 0 is the mark of the end
                return bytes(out[len(_DICTIONARY) : end])
            length = (reference & 15) + 2
            seen = out[len(out) - back : len(out) - back + length]
            out += seen if len(seen) == length else (seen * length)[:length]
    return bytes(out[len(_DICTIONARY) : end])


class Reading(NamedTuple):
    """What Rich Text says: `html` if it was made from HTML, else `text`."""

    text: str
    html: str


def read(data: bytes) -> Reading:
    """The text, or the HTML the Rich Text was made from; both "" where it is none."""
    if not data.startswith(b"{\\rtf"):
        return Reading("", "")
    found = _Reader(data[:MAX_RTF])
    said = found.run()
    return Reading("", said) if found.from_html else Reading(said.strip("\n"), "")


_TOKEN = re.compile(
    rb"\\(?P<word>[a-zA-Z]{1,32})(?P<number>-?\d{1,9})? ?|\\'(?P<hex>[0-9a-fA-F]{2})|\\(?P<sign>.)|(?P<group>[{}])"
    rb"|(?P<text>[^\\{}\r\n]+)|[\r\n]+",
    re.DOTALL,
)
_SIGNS = {
    "par": "\n",
    "line": "\n",
    "sect": "\n",
    "page": "\n",
    "row": "\n",
    "tab": "\t",
    "cell": "\t",
    "lquote": "‘",
    "rquote": "’",
    "ldblquote": "“",
    "rdblquote": "”",
    "bullet": "•",
    "endash": "–",
    "emdash": "—",
    "emspace": " ",
    "enspace": " ",
}
_UNREAD = frozenset(  # groups that hold no words of the letter
    "fonttbl colortbl stylesheet info pict object header headerl headerr headerf footer footerl footerr footerf "
    "nonshppict mhtmltag xe tc rxe".split()
)
# Windows' character sets of fonts → code page.
_FONT_SETS = {
    0: "cp1252",
    77: "mac_roman",
    128: "cp932",
    129: "cp949",
    134: "gb18030",
    136: "big5hkscs",
    161: "cp1253",
    162: "cp1254",
    163: "cp1258",
    177: "cp1255",
    178: "cp1256",
    186: "cp1257",
    204: "cp1251",
    222: "cp874",
    238: "cp1250",
}


class _State(NamedTuple):
    """What a group inherits and what ends with it."""

    unread: bool = False
    in_tag: bool = False  # inside {\*\htmltag …}: its words are HTML
    hidden: bool = False  # between \htmlrtf and \htmlrtf0: Rich Text's own rendering of the HTML beside it
    charset: str = ""  # of the font; "" is the document's
    width: int = 1  # characters that follow \u for readers without Unicode


class _Reader:
    def __init__(self, data: bytes) -> None:
        self.data = data
        self.from_html = False
        self.state = _State()
        self.groups: list[_State] = []
        self.out: list[str] = []
        self.bytes = bytearray()  # not decoded yet: characters may take two \'hh
        self.charset = "cp1252"
        self.fonts: dict[int, str] = {}
        self.font = 0  # the one the font table is describing
        self.in_fonts = 0  # depth at which the font table began
        self.starred = False  # \* was just read: the next word names a group that may be passed over
        self.skip = 0  # characters still to be dropped after \u

    def run(self) -> str:
        place, data = 0, self.data
        while found := _TOKEN.match(data, place):
            place = found.end()
            kind = found.lastgroup
            if kind == "text":
                self._text(found[0])
            elif kind == "group":
                if not self._group(found[0]):
                    break
            elif kind == "hex":
                self._text(bytes((int(found["hex"], 16),)))
            elif kind == "sign":
                self._sign(found["sign"])
            elif kind in ("word", "number"):
                number = found["number"]
                place += self._word(found["word"].decode("ascii").lower(), None if number is None else int(number))
        self._flush()
        text = "".join(self.out)
        # \u writes UTF-16: two of them may be one character
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace").replace("\x00", "")

    def _group(self, brace: bytes) -> bool:
        self.starred, self.skip = False, 0
        if brace == b"{":
            self.groups.append(self.state)
            return len(self.groups) <= MAX_GROUPS
        if self.groups:
            self._become(self.groups.pop())
        if len(self.groups) < self.in_fonts:
            self.in_fonts = 0
        return bool(self.groups)

    def _become(self, state: _State) -> None:
        if state.charset != self.state.charset:
            self._flush()
        self.state = state

    def _silent(self) -> bool:
        state = self.state
        return state.unread or (self.from_html and state.hidden and not state.in_tag)

    def _text(self, data: bytes) -> None:
        if self.skip:
            dropped = min(self.skip, len(data))
            self.skip -= dropped
            data = data[dropped:]
        if not self._silent():
            self.bytes += data

    def _say(self, text: str) -> None:
        if not self._silent():
            self._flush()
            self.out.append(text)

    def _flush(self) -> None:
        if self.bytes:
            self.out.append(charsets.decode(bytes(self.bytes), self.state.charset or self.charset))
            self.bytes.clear()

    def _sign(self, sign: bytes) -> None:
        if sign == b"*":
            self.starred = True
        elif sign in b"\\{}":
            self._text(sign)
        elif sign == b"~":
            self._say("&nbsp;" if self.from_html else "\u00a0")
        elif sign == b"_":
            self._say("-")
        elif sign in b"\r\n":
            self._say("\n")

    def _word(self, word: str, number: int | None) -> int:
        """Obey a control word; answer how many raw bytes follow it that are no Rich Text."""
        starred, self.starred = self.starred, False
        if word in _SIGNS:
            self._say(_SIGNS[word])
        elif word == "u" and number is not None:
            self._say(chr(number & 0xFFFF))
            self.skip = self.state.width
        elif word == "bin" and number is not None:
            return max(number, 0)
        elif word == "htmltag" and starred:
            self.state = self.state._replace(in_tag=True)
        elif word in _UNREAD or starred:
            self.state = self.state._replace(unread=True)
            if word == "fonttbl":
                self.in_fonts = len(self.groups)
        else:
            self._set(word, number)
        return 0

    def _set(self, word: str, number: int | None) -> None:
        """Words that change how what follows is read."""
        if word == "fromhtml":
            self.from_html = number != 0
        elif word == "htmlrtf":
            self.state = self.state._replace(hidden=number != 0)
        elif number is None:
            return
        elif word == "f":
            self.font = number
            if not self.in_fonts:
                self._become(self.state._replace(charset=self.fonts.get(number, "")))
        elif word == "fcharset" and self.in_fonts:
            self.fonts[self.font] = _FONT_SETS.get(number, "")
        elif word == "ansicpg":
            self.charset = charsets.codec(f"cp{number}") or "cp1252"
        elif word == "uc":
            self.state = self.state._replace(width=min(max(number, 0), 8))
