"""winmail.dat: the letter Outlook packs into a part of its own (MS-OXTNEF).

It refuses to know the MIME letter around it. Called by `bodies`. One pass over the
bytes; counts, depth and Rich Text are bounded; nothing raises: what is cut short gives
what came before, and says so in `defects`.
"""

from __future__ import annotations

from base64 import encodebytes
from collections.abc import Iterator
from dataclasses import dataclass, field

from maild.core.mail import charsets, rtf

SIGNATURE = b"\x78\x9f\x3e\x22"  # MS-OXTNEF section 2.1.1, TNEFSignature

MAX_ATTRIBUTES = 10_000
MAX_PROPERTIES = 5_000  # of one block; Outlook writes about 100
MAX_FILES = 500
MAX_DEPTH = 3  # letters inside letters inside winmail.dat
MAX_TEXT = 1_000_000  # bytes of one body
MAX_LINE = 1_000  # characters of a subject or a name


@dataclass(frozen=True, slots=True, kw_only=True)
class PackedFile:
    """A file in winmail.dat. `name` is as written: make it safe before showing it."""

    name: str
    data: bytes
    content_type: str = ""  # as the sender's program tells, "" if it does not
    content_id: str = ""
    inline: bool = False  # shown inside the text


@dataclass(frozen=True, slots=True, kw_only=True)
class Packed:
    """What winmail.dat holds. `html` and `text` are both "" where it has no body of its own."""

    subject: str = ""
    message_class: str = ""  # "IPM.Note", "IPM.Schedule.Meeting.Request", …
    importance: str = ""  # "low", "normal", "high"; "" if not told
    text: str = ""
    html: str = ""  # unsafe
    files: tuple[PackedFile, ...] = ()
    defects: tuple[str, ...] = ()


def unpack(data: bytes) -> Packed | None:
    """Everything in a TNEF stream; None if it is none (other files go by the name winmail.dat, too)."""
    if not data.startswith(SIGNATURE):
        return None
    return _Reader(data, _Budget(), 0).run()


class _Budget:
    """What all letters inside one winmail.dat may take together."""

    def __init__(self) -> None:
        self.files = MAX_FILES
        self.attributes = MAX_ATTRIBUTES
        self.rtf = rtf.MAX_RTF


# Attributes, MS-OXTNEF section 2.1.3: the lower half of the identifier; the upper one is its type.
_OEM_CODEPAGE, _MESSAGE_CLASS, _SUBJECT, _BODY, _PRIORITY, _PROPERTIES = 0x9007, 0x8008, 0x8004, 0x800C, 0x800D, 0x9003
_BEGIN_FILE, _FILE_TITLE, _FILE_DATA, _FILE_NAME, _FILE_PROPERTIES = 0x9002, 0x8010, 0x800F, 0x9001, 0x9005
_PRIORITIES = {1: "high", 2: "normal", 3: "low"}

# Properties, MS-OXPROPS.
_P_CLASS, _P_IMPORTANCE, _P_SUBJECT, _P_BODY, _P_RTF, _P_HTML, _P_CODEPAGE = (
    0x001A,
    0x0017,
    0x0037,
    0x1000,
    0x1009,
    0x1013,
    0x3FDE,
)
_P_DATA, _P_NAME, _P_LONG_NAME, _P_DISPLAY_NAME, _P_MIME, _P_CID, _P_HIDDEN, _P_FLAGS = (
    0x3701,
    0x3704,
    0x3707,
    0x3001,
    0x370E,
    0x3712,
    0x7FFE,
    0x3714,
)
_WANTED = frozenset(
    {_P_CLASS, _P_IMPORTANCE, _P_SUBJECT, _P_BODY, _P_RTF, _P_HTML, _P_CODEPAGE, _P_DATA, _P_NAME, _P_LONG_NAME}
    | {_P_DISPLAY_NAME, _P_MIME, _P_CID, _P_HIDDEN, _P_FLAGS}
)
_IMPORTANCES = {0: "low", 1: "normal", 2: "high"}
_IN_HTML = 4  # PidTagAttachFlags: rendered in the body

# Property types, MS-OXCDATA section 2.11.1: size of a fixed one as it is written here, padded to four bytes.
_FIXED = {0x02: 4, 0x03: 4, 0x04: 4, 0x05: 8, 0x06: 8, 0x07: 8, 0x0A: 4, 0x0B: 4, 0x14: 8, 0x40: 8, 0x48: 16}
_STRING, _UNICODE, _OBJECT, _BINARY = 0x1E, 0x1F, 0x0D, 0x102
_VARIABLE = frozenset({_STRING, _UNICODE, _OBJECT, _BINARY})
_MULTIPLE = 0x1000
_NAMED = 0x8000

# Windows code pages whose Python name is not "cp" and the number.
_CODEPAGES = {
    1200: "utf-16-le",
    10000: "mac_roman",
    20127: "ascii",
    20866: "koi8-r",
    21866: "koi8-u",
    20932: "euc_jp",
    50220: "iso-2022-jp",
    50221: "iso-2022-jp",
    50222: "iso-2022-jp",
    51932: "euc_jp",
    51949: "euc_kr",
    54936: "gb18030",
    65001: "utf-8",
}


def _codepage(number: int) -> str:
    if 28591 <= number <= 28605:  # ISO 8859-1 to -15 in order
        return f"iso-8859-{number - 28590}"
    return _CODEPAGES.get(number) or f"cp{number}"


@dataclass(frozen=True, slots=True)
class _Value:
    kind: int
    data: bytes

    def number(self) -> int:
        return int.from_bytes(self.data[:4], "little") if self.kind in _FIXED else 0

    def text(self, charset: str, limit: int = MAX_LINE * 4) -> str:
        data = self.data[:limit]
        if self.kind == _UNICODE:
            text = data[: len(data) & ~1].decode("utf-16-le", "replace")
        else:
            text = charsets.decode(data, charset)
        return text.rstrip("\x00").replace("\x00", "")


_Values = dict[int, _Value]


@dataclass(slots=True)
class _File:
    """A file while its attributes come in."""

    title: str = ""
    name: str = ""
    data: bytes = b""
    values: _Values = field(default_factory=dict)


class _Reader:
    def __init__(self, data: bytes, budget: _Budget, depth: int) -> None:
        self.data = data
        self.budget = budget
        self.depth = depth
        self.charset = "cp1252"
        self.attributes: dict[int, bytes] = {}
        self.values: _Values = {}
        self.waiting: list[_File] = []
        self.files: list[PackedFile] = []
        self.defects: list[str] = []

    def run(self) -> Packed:
        for level, name, value in self._attributes():
            if level == 1:
                self._letter(name, value)
            else:
                self._file(name, value)
        for file in self.waiting:
            self._close(file)
        html, text = self._bodies()
        importance = self.values.get(_P_IMPORTANCE)
        priority = _PRIORITIES.get(int.from_bytes(self.attributes.get(_PRIORITY, b"")[:2], "little"), "")
        return Packed(
            subject=self._line(self.values, _P_SUBJECT) or self._attribute(_SUBJECT),
            message_class=self._line(self.values, _P_CLASS) or self._attribute(_MESSAGE_CLASS),
            importance=_IMPORTANCES.get(importance.number(), "") if importance else priority,
            text=text,
            html=html,
            files=tuple(self.files),
            defects=tuple(dict.fromkeys(self.defects)),
        )

    def _attributes(self) -> Iterator[tuple[int, int, bytes]]:
        """Level (1 letter, 2 file), identifier and bytes of every attribute, section 2.1.3.2."""
        data, place = self.data, 6
        while place + 9 <= len(data):
            level, name = data[place], int.from_bytes(data[place + 1 : place + 3], "little")
            size = int.from_bytes(data[place + 5 : place + 9], "little")
            self.budget.attributes -= 1
            if level not in (1, 2) or self.budget.attributes < 0:
                self.defects.append("winmail.dat: not understood to its end")
                return
            place += 9
            if place + size > len(data):
                self.defects.append("winmail.dat: cut short")
            yield level, name, data[place : place + size]
            place += size + 2  # its checksum: people want what is there, right or wrong

    def _letter(self, name: int, value: bytes) -> None:
        if name == _OEM_CODEPAGE:
            self.charset = _codepage(int.from_bytes(value[:4], "little"))
        elif name == _PROPERTIES:
            self.values |= self._properties(value)
        elif name in (_MESSAGE_CLASS, _SUBJECT, _BODY, _PRIORITY):
            self.attributes[name] = value

    def _file(self, name: int, value: bytes) -> None:
        if name == _BEGIN_FILE or not self.waiting:
            if self.budget.files <= 0:
                self.defects.append("winmail.dat: more files than are looked at")
                return
            self.budget.files -= 1
            self.waiting.append(_File())
        file = self.waiting[-1]
        if name == _FILE_TITLE:
            file.title = self._plain(value)
        elif name == _FILE_NAME:
            file.name = self._plain(value)
        elif name == _FILE_DATA:
            file.data = value
        elif name == _FILE_PROPERTIES:
            file.values = self._properties(value)

    def _plain(self, value: bytes) -> str:
        return charsets.decode(value[: MAX_LINE * 4].partition(b"\x00")[0], self.charset)[:MAX_LINE].strip()

    def _attribute(self, name: int) -> str:
        return self._plain(self.attributes.get(name, b""))

    def _line(self, values: _Values, name: int) -> str:
        value = values.get(name)
        return value.text(self.charset)[:MAX_LINE].strip() if value else ""

    # ---- bodies

    def _bodies(self) -> tuple[str, str]:
        """HTML and text; Rich Text is only unpacked where there is neither."""
        internet = self.values.get(_P_CODEPAGE)
        charset = _codepage(internet.number()) if internet else self.charset
        value = self.values.get(_P_HTML)
        html = value.text(charset, MAX_TEXT) if value else ""
        value = self.values.get(_P_BODY) or _Value(_STRING, self.attributes.get(_BODY, b""))
        text = value.text(self.charset, MAX_TEXT)
        packed = self.values.get(_P_RTF)
        if packed and self.budget.rtf > 0 and not html.strip() and not text.strip():
            rich = rtf.unpacked(packed.data, self.budget.rtf)
            self.budget.rtf -= len(rich)
            text, html = rtf.read(rich)
        return html, text.replace("\r\n", "\n").replace("\r", "\n")

    # ---- files

    def _close(self, file: _File) -> None:
        values = file.values
        held = values.get(_P_DATA)
        if held and held.kind == _OBJECT and held.data[16:20] == SIGNATURE:  # an object follows its interface's number
            self._letter_inside(held.data[16:], self._line(values, _P_DISPLAY_NAME))
            return
        data = file.data or (held.data[16 if held.kind == _OBJECT else 0 :] if held else b"")
        name = self._line(values, _P_LONG_NAME) or file.name or file.title or self._line(values, _P_NAME)
        flags, hidden = values.get(_P_FLAGS), values.get(_P_HIDDEN)
        cid = self._line(values, _P_CID).strip("<> ")
        self.files.append(
            PackedFile(
                name=name or self._line(values, _P_DISPLAY_NAME),
                data=data,
                content_type=self._line(values, _P_MIME).lower(),
                content_id=cid,
                inline=bool(cid and ((flags and flags.number() & _IN_HTML) or (hidden and hidden.number() & 1))),
            )
        )

    def _letter_inside(self, data: bytes, name: str) -> None:
        """A letter as a file: as mail, so that it opens; its files beside it."""
        if self.depth + 1 >= MAX_DEPTH:
            self.defects.append("winmail.dat: nested too deeply")
            self.files.append(
                PackedFile(name=f"{name or 'winmail'}.dat", data=data, content_type="application/ms-tnef")
            )
            return
        inner = _Reader(data, self.budget, self.depth + 1).run()
        title = inner.subject or name or "message"
        self.files.append(PackedFile(name=f"{title}.eml", data=_mail(inner), content_type="message/rfc822"))
        self.files += inner.files
        self.defects += inner.defects

    # ---- properties

    def _properties(self, data: bytes) -> _Values:
        """The wanted ones of a block of MAPI properties, section 2.1.3.4; the first value of each."""
        found: _Values = {}
        place = 4
        for _ in range(min(int.from_bytes(data[:4], "little"), MAX_PROPERTIES)):
            kind, name = (
                int.from_bytes(data[place : place + 2], "little"),
                int.from_bytes(data[place + 2 : place + 4], "little"),
            )
            place += 4
            if name >= _NAMED:
                place = _after_name(data, place)
            value, place = _value(data, place, kind)
            if place < 0 or place > len(data) + 3:  # padding at the end may be missing
                self.defects.append("winmail.dat: properties not understood to their end")
                if place < 0:
                    break
            if name in _WANTED and name not in found:
                found[name] = value
            if place >= len(data):
                break
        return found


def _long(data: bytes, place: int) -> int:
    return int.from_bytes(data[place : place + 4], "little")


def _after_name(data: bytes, place: int) -> int:
    """Where the value of a named property begins: after its set, and its number or its name."""
    by_text = _long(data, place + 16)
    return place + 24 + (-(-_long(data, place + 20) // 4) * 4 if by_text else 0)


def _value(data: bytes, place: int, kind: int) -> tuple[_Value, int]:
    """The first value and where the next property begins; -1 where the type is not known."""
    single = kind & ~_MULTIPLE
    if single in _FIXED:
        size, count = _FIXED[single], 1
        if kind & _MULTIPLE:
            count, place = _long(data, place), place + 4
        return _Value(single, data[place : place + size]), place + size * count
    if single not in _VARIABLE:
        return _Value(single, b""), -1
    count, place = _long(data, place), place + 4
    first = b""
    for number in range(count):
        if place >= len(data):
            break
        size = _long(data, place)
        if not number:
            first = data[place + 4 : place + 4 + size]
        place += 4 + -(-size // 4) * 4
    return _Value(single, first), place


def _mail(packed: Packed) -> bytes:
    """A letter of one text, as mail programs open it."""
    subtype, text = ("html", packed.html) if packed.html else ("plain", packed.text)
    words = packed.subject[:200].encode("utf-8", "replace")
    pieces = [words[start : start + 42] for start in range(0, len(words), 42)]
    subject = "\r\n ".join(f"=?utf-8?b?{encodebytes(piece).decode('ascii').strip()}?=" for piece in pieces)
    head = f"Subject: {subject}\r\nMIME-Version: 1.0\r\nContent-Type: text/{subtype}; charset=utf-8\r\n"
    body = encodebytes(text.encode("utf-8", "replace")).replace(b"\n", b"\r\n")
    return head.encode("ascii") + b"Content-Transfer-Encoding: base64\r\n\r\n" + body
