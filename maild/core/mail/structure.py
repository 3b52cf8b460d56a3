"""The MIME tree of a letter: which bytes are which part, in one pass over the raw bytes.

It refuses to know what a part says. Called by `reading`, `bodies` and `bounce`. The bytes are
never copied: a part is two offsets. Time is linear in the size of the letter whatever the
nesting, because every line that begins with "--" is compared with all open boundaries at
once; nothing recurses.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterator

from maild.core.mail import headers, textfiles

MAX_DEPTH = 100  # nested multiparts; real letters reach about 12, Postfix stops at 100 too
MAX_PARTS = 1_000  # real letters reach about 200 (digests)
MAX_DELIMITERS = 200_000  # lines compared with boundaries; a digest of 1 000 letters has a few thousand
MAX_BOUNDARY = 998  # RFC 2046 section 5.1.1 allows 70; a line cannot be longer than this
MAX_FOOTER = 2_000  # bytes at the end of base64 where a list server's footer is looked for
MAX_GUESS_BYTES = 64_000  # searched where a multipart names no boundary

_TYPE = re.compile(r"[\w!#$&^.+-]{1,80}/[\w!#$&^.+-]{1,80}\Z")
_NEEDED = frozenset(
    {"content-type", "content-transfer-encoding", "content-disposition", "content-id", "content-description"}
    | {"content-location", "subject", "message-id"}
)
_LOOKS_LIKE_ONE = re.compile(rb"^--([^\s][^\r\n]{0,199}?)[ \t]*+\r?\n[Cc]ontent-", re.MULTILINE)
_BEGIN, _END = b"begin 644 part\n", b"\n`\nend\n"  # what a part is spared that says in its header that it is uuencoded
_ENCODINGS = ("base64", "quoted-printable", "uuencode", "x-uuencode", "x-uue", "7bit", "8bit", "binary")


class Part:
    """A node of the tree. `start` and `end` frame its body in the raw letter."""

    __slots__ = (
        "broken",
        "children",
        "disposition",
        "encoding",
        "end",
        "fields",
        "named",
        "parameters",
        "start",
        "type",
    )

    def __init__(self, fields: dict[str, str], start: int, end: int, default: str) -> None:
        self.fields = fields
        self.start = start
        self.end = end
        self.children: list[Part] = []
        self.broken = False  # a multipart whose parts cannot be told apart: its bytes are text
        declared = fields.get("content-type")
        self.type, self.parameters = headers.parameters(declared) if declared else (default, {})
        if not _TYPE.match(self.type):
            self.type = "text/html" if "html" in self.type else default
        disposition = fields.get("content-disposition")
        self.disposition, self.named = headers.parameters(disposition) if disposition else ("", {})
        encoding = fields.get("content-transfer-encoding", "").lower()
        self.encoding = next((known for known in _ENCODINGS if known in encoding), "") if encoding else ""

    def data(self, raw: bytes) -> bytes:
        """The body with its transfer encoding undone (RFC 2045 section 6); unknown encodings stay as they are."""
        body = raw[self.start : self.end]
        if self.encoding == "base64":
            return headers.unbase64(_without_footer(body))
        if self.encoding == "quoted-printable":
            return binascii.a2b_qp(body)
        if self.encoding in ("uuencode", "x-uuencode", "x-uue"):
            written = next(textfiles.find(body), None) or next(textfiles.find(_BEGIN + body.strip() + _END), None)
            return written.data if written else body
        return body

    def walk(self) -> Iterator[Part]:
        """This part and all below it, in the order of the letter."""
        waiting = [self]
        while waiting:
            part = waiting.pop()
            yield part
            waiting.extend(reversed(part.children))


_ALIEN = re.compile(rb"[^A-Za-z0-9+/=\s]")


def _without_footer(body: bytes) -> bytes:
    """Base64 without the words a list server or gateway put behind it: its last line is short, padded or followed by
    an empty one. Characters that are no base64 elsewhere are junk that the decoder passes over.
    """
    begin = max(0, len(body) - MAX_FOOTER)
    alien = _ALIEN.search(body, begin)
    if alien is None:
        return body
    start = body.rfind(b"\n", 0, alien.start()) + 1
    *_, before, last = (b"", b"", *body[max(0, start - 500) : start].splitlines())
    ended = not last.strip() or last.rstrip().endswith(b"=") or len(last.rstrip()) < len(before.rstrip())
    return body[:start] if start and ended else body


def fields_of(block: headers.Block) -> dict[str, str]:
    """The fields a part is judged by; the first of a repeated one counts."""
    found: dict[str, str] = {}
    for name, value in block.fields:
        if name in _NEEDED and name not in found:
            found[name] = headers.text_of(value)
    return found


def tree(raw: bytes, fields: dict[str, str], start: int, end: int) -> tuple[Part, list[str]]:
    """The tree of an entity whose fields are known, and what was wrong with it."""
    root = Part(fields, start, end, "text/plain")
    if not root.type.startswith("multipart/"):
        return root, []
    defects = _Splitter(raw, end).split(root)
    if not root.children and not root.broken:  # the boundary named is not the one used
        root.parameters.pop("boundary", None)
        defects = ["the boundary named does not occur", *_Splitter(raw, end).split(root)]
    return root, defects


class _Splitter:
    """One pass over the delimiter lines with the stack of open multiparts."""

    def __init__(self, raw: bytes, end: int) -> None:
        self.raw = raw
        self.end = end
        self.open: list[tuple[Part, bytes]] = []  # multiparts with their boundary
        self.level: dict[bytes, int] = {}  # boundary → how deep its innermost multipart is
        self.current: Part | None = None  # leaf whose end is not known yet
        self.parts = 1
        self.compared = 0
        self.defects: list[str] = []

    def split(self, root: Part) -> list[str]:
        raw, end = self.raw, self.end
        self._enter(root)
        position = root.start
        if not raw.startswith(b"--", position):
            position = self._next(position)
        while 0 <= position < end and self.open and self.parts < MAX_PARTS and self.compared < MAX_DELIMITERS:
            self.compared += 1
            line_end = raw.find(b"\n", position, end)
            line_end = end if line_end < 0 else line_end
            after = min(line_end + 1, end)
            line = raw[position + 2 : min(line_end, position + MAX_BOUNDARY + 4)].rstrip()
            depth = self.level.get(line)
            closing = depth is None and line.endswith(b"--") and line[:-2] in self.level
            if depth is None and not closing and (known := self._with_junk(line)):
                line, closing = known
                depth = None if closing else self.level[line]
            if depth is not None:
                self._close(depth + 1, position)
                after = self._begin(self.open[depth][0], after)
            elif closing:
                self._close(self.level[line[:-2]], position)
            else:
                position = self._next(line_end - 1 if line_end > position else line_end)
                continue
            position = after if raw.startswith(b"--", after) else self._next(after)
        if self.parts >= MAX_PARTS or self.compared >= MAX_DELIMITERS:
            self.defects.append("more parts than are looked at")
        elif self.open:
            self.defects.append("a multipart is not closed")
        self._close(0, end, last=True)
        return self.defects

    def _with_junk(self, line: bytes) -> tuple[bytes, bool] | None:
        """The delimiter in a line that has something behind it, as (line without that, whether it closes)."""
        head = line.split(None, 1)[0] if line.strip() else b""
        if head and head != line and head in self.level:
            return head, False
        stop = line.rfind(b"--")
        return (line[: stop + 2], True) if stop > 0 and line[:stop] in self.level else None

    def _next(self, position: int) -> int:
        """Where the next line that begins with "--" begins, -1 if there is none."""
        delimiter = b"\n--" + self.open[0][1] if len(self.open) == 1 else b"\n--"
        found = self.raw.find(delimiter, max(position - 1, 0), self.end)
        return found + 1 if found >= 0 else -1

    def _enter(self, part: Part) -> None:
        boundary = part.parameters.get("boundary", "").rstrip()[:MAX_BOUNDARY].encode("utf-8", "replace")
        if not boundary:
            boundary = self._guessed(part)
        if boundary and len(self.open) < MAX_DEPTH:
            self.level[boundary] = len(self.open)
            self.open.append((part, boundary))
        else:
            self.defects.append("a multipart without boundary" if not boundary else "nested too deeply")
            self.current = part
            part.broken = True

    def _guessed(self, part: Part) -> bytes:
        """The boundary of a multipart that names none: the first line that looks like one, with a field under it."""
        found = _LOOKS_LIKE_ONE.search(self.raw, part.start, min(part.start + MAX_GUESS_BYTES, self.end))
        return found[1] if found else b""

    def _begin(self, parent: Part, position: int) -> int:
        """A part begins: read its fields; answer where the search goes on."""
        block = headers.split(self.raw, position, self.end)
        start = block.body
        default = "message/rfc822" if parent.type == "multipart/digest" else "text/plain"
        part = Part(fields_of(block), start, self.end, default)
        parent.children.append(part)
        self.parts += 1
        self.current = part
        if part.type.startswith("multipart/"):
            self.current = None
            self._enter(part)
        return start

    def _close(self, depth: int, position: int, last: bool = False) -> None:
        """All multiparts from `depth` on, and the open leaf, end before the line at `position`."""
        stop = position
        if not last and position > 0:  # the line break before a delimiter belongs to it, RFC 2046 section 5.1.1
            stop -= 2 if self.raw.endswith(b"\r\n", 0, position) else 1
        if self.current is not None:
            self.current.end = max(stop, self.current.start)
            self.current = None
        while len(self.open) > depth:
            part, boundary = self.open.pop()
            part.end = max(stop, part.start)
            if self.level.get(boundary) == len(self.open):
                del self.level[boundary]
                for place, (_, other) in enumerate(self.open):
                    if other == boundary:
                        self.level[boundary] = place
