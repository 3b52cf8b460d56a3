"""What a letter says and which files it carries, from its MIME tree.

It refuses to know who wrote it and what is quoted in it. Called by `reading`; the order
in which files are found here is the order `content` finds them again.
"""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256

from maild.core.mail import attachments, calendars, charsets, html, textfiles, tnef
from maild.core.mail.calendars import Calendar
from maild.core.mail.structure import Part
from maild.core.model import Attachment

MAX_TEXT_BYTES = 1_000_000  # of one text part: rules, search and people look at no more; the raw letter is whole
MAX_TEXTS_BYTES = 4_000_000  # of all text parts of a letter together: digests of lists reach about one million

_FILES = frozenset({"text/calendar", "text/vcard", "text/x-vcard", "text/directory", "text/csv", "text/xml"})
_IGNORED = frozenset({"text/x-amp-html", "text/watch-html"})  # other renderings of the same text


_CALENDARS = frozenset({"text/calendar", "application/ics"})
_PACKED = frozenset({"application/ms-tnef", "application/vnd.ms-tnef"})


class File:
    """A file in the letter, before its name is made safe: a part, or bytes packed into one."""

    __slots__ = ("cid", "embedded", "inline", "name", "part", "type")

    def __init__(self, part: Part, name: str, kind: str, embedded: bytes | None = None) -> None:
        self.part = part
        self.name = name
        self.type = kind
        self.embedded = embedded
        self.cid = "" if embedded is not None else part.fields.get("content-id", "").strip().strip("<>")
        disposition = "" if embedded is not None else part.disposition
        self.inline = disposition == "inline" or bool(self.cid and disposition != "attachment")

    def data(self, raw: bytes) -> bytes:
        return self.part.data(raw) if self.embedded is None else self.embedded


class Body:
    """Segments of text in reading order, as ("plain" or "html", text), every HTML part, and the files."""

    def __init__(self, raw: bytes, root: Part) -> None:
        self.raw = raw
        self.root = root
        self.html: list[str] = []
        self.files: list[File] = []
        self.defects: list[str] = []
        self.texts = 0
        self.budget = MAX_TEXTS_BYTES
        self.calendar: Calendar | None = None  # the first one in the letter
        self.segments = self._collect(root)

    def text(self) -> str:
        """The whole readable text, with the marks of quoted containers in HTML (see `quoting.QUOTE_MARK`)."""
        texts = [html.to_text(text) if kind == "html" else text for kind, text in self.segments]
        if self.calendar and not any(map(str.strip, texts)):
            return self.calendar.text
        return texts[0] if len(texts) == 1 else "\n\n".join(text.strip("\n") for text in texts if text.strip())

    def _collect(self, part: Part) -> list[tuple[str, str]]:
        if not part.children:
            return self._leaf(part)
        if part.type != "multipart/alternative":
            return [segment for child in part.children for segment in self._collect(child)]
        chosen: list[tuple[str, str]] = []
        plain = False  # whether text/plain was chosen: a second one is no other rendering of the same words
        for child in part.children:
            found = [segment for segment in self._collect(child) if segment[1].strip()]
            if found and plain and child.type == "text/plain" and found[0] not in chosen:
                chosen += found
            elif found and (not chosen or chosen[0][0] != "plain"):
                chosen = found
                plain = child.type == "text/plain"
        return chosen

    def _leaf(self, part: Part) -> list[tuple[str, str]]:
        kind, name = "text/plain" if part.broken else part.type, filename(part)
        if kind.startswith("multipart/") or kind in _IGNORED:
            return []
        is_text = kind.startswith("text/") and kind not in _FILES and part.disposition != "attachment"
        if kind in _CALENDARS and self.calendar is None:
            self.calendar = calendars.read(self._decoded(part, part.data(self.raw)))
        if (kind in _PACKED or name.lower() == "winmail.dat") and (packed := tnef.unpack(part.data(self.raw))):
            return self._unpacked(part, name, packed)
        if not is_text or (name and part is not self.root):
            self.files.append(File(part, name, kind))
            if not is_text or self.texts:
                return []  # the first text is read even if it has a name: some programs name what was typed
        self.texts += 1
        data = part.data(self.raw)
        if kind == "text/html":
            text = self._decoded(part, data, _declared_in_html(data))
            self.html.append(text)
            return [("html", text)]
        if b"begin" in data:
            data = self._without_files(part, data)
        text = self._decoded(part, data)
        if part.parameters.get("format", "").lower() == "flowed":
            text = unflowed(text, part.parameters.get("delsp", "").lower() == "yes")
        return [("plain", text)]

    def _unpacked(self, part: Part, name: str, packed: tnef.Packed) -> list[tuple[str, str]]:
        """Outlook's winmail.dat: its files in its place, and its text where the letter has no other."""
        self.defects += packed.defects
        for inner in packed.files:
            file = File(part, inner.name, inner.content_type or "application/octet-stream", inner.data)
            file.cid, file.inline = inner.content_id, inner.inline
            self.files.append(file)
        found = [(kind, text) for kind, text in (("html", packed.html), ("plain", packed.text)) if text.strip()][:1]
        if not packed.files and not found:
            self.files.append(File(part, name, part.type))
        if packed.html:
            self.html.append(packed.html)
        told = self.texts
        self.texts += bool(found)
        return [] if told else found

    def _decoded(self, part: Part, data: bytes, hint: str = "") -> str:
        if len(data) > (most := min(MAX_TEXT_BYTES, self.budget)):
            self.defects.append("a text is longer than is read")
            data = data[:most]
        self.budget -= len(data)
        charset = part.parameters.get("charset", "") or hint
        if charset and not charsets.codec(charset):
            self.defects.append(f"unknown charset {charset[:40]!a}")
        text = charsets.decode(data, charset)
        if "\r" in text:
            text = text.replace("\r\n", "\n").replace("\r", "\n")
        return text.replace("\x00", "") if "\x00" in text else text

    def _without_files(self, part: Part, data: bytes) -> bytes:
        """The text without the files that old programs wrote into it."""
        pieces, position = [], 0
        for found in textfiles.find(data):
            kind = attachments.sniff(found.data) or "application/octet-stream"
            self.files.append(File(part, charsets.decode(found.name), kind, found.data))
            if found.defect:
                self.defects.append(found.defect)
            pieces.append(data[position : found.start])
            position = found.end
        pieces.append(data[position:])
        return b"".join(pieces) if position else data

    def attachments(self) -> Iterator[Attachment]:
        """The files with hash, size and safe name; each is decoded once and dropped."""
        for index, file in enumerate(self.files):
            data = file.data(self.raw)
            yield Attachment(
                index=index,
                filename=attachments.safe_name(file.name) or attachments.made_up_name(file.type, index + 1),
                content_type=file.type,
                sniffed_type=attachments.sniff(data),
                size=len(data),
                sha256=sha256(data).hexdigest(),
                inline=file.inline,
                content_id=file.cid,
            )


def filename(part: Part) -> str:
    """The name a part goes by, as written: RFC 2183 before RFC 2045's name."""
    return (
        part.named.get("filename")
        or part.named.get("name")
        or part.parameters.get("name")
        or part.parameters.get("filename")
        or part.parameters.get("file", "")
    )


def _declared_in_html(data: bytes) -> str:
    """The charset a <meta> in the first kilobyte names, "" if none: what counts where the part itself is silent."""
    head = data[:1024].lower()
    place = head.find(b"charset=")
    if place < 0:
        return ""
    name = head[place + 8 : place + 60].lstrip(b"\"' ")
    for stop in b"\"'>;/ ":
        name = name.partition(bytes([stop]))[0]
    return name.decode("ascii", "ignore")


def unflowed(text: str, delsp: bool) -> str:
    """Undo format=flowed (RFC 3676 section 4): join soft-broken lines of one quoting depth, remove space-stuffing."""
    out: list[list[str]] = []
    depth_before, soft = -1, False
    for line in text.split("\n"):
        content = line.lstrip(">")
        depth = len(line) - len(content)
        content = content.removeprefix(" ")
        signature = content == "-- "
        if soft and depth == depth_before and not signature:
            out[-1].append(content)
        else:
            out.append([">" * depth + " ", content] if depth else [content])
        soft = content.endswith(" ") and not signature
        depth_before = depth
        if soft and delsp:
            out[-1][-1] = out[-1][-1][:-1]
    return "\n".join(map("".join, out))
