"""The body of a mail: text, its HTML twin and files, as bytes.

Written by hand instead of with the `email` package: its generator refolds headers, and a
letter is mostly base64, which binascii does in C. Everything is 7-bit, so that no relay has
to convert it and no signature breaks. It refuses to know what the letter says.
"""

from __future__ import annotations

import hashlib
import re
from binascii import b2a_base64, b2a_qp
from collections.abc import Sequence
from dataclasses import dataclass

from maild.letters.headers import HARD_LINE, file_names

FLOW = 74  # columns of a flowed line without its last blank (RFC 3676 section 4.2 advises 78 at most)
BASE64_LINE = 76  # RFC 2045 section 6.8
MOST_MARKS = 20  # of quotation before a line that is still broken

_TYPE = re.compile(r"[A-Za-z0-9!#$&^_.+-]{1,60}/[A-Za-z0-9!#$&^_.+-]{1,100}")


@dataclass(frozen=True, slots=True)
class File:
    """An attachment as it leaves: what it is called, how long it is in bytes, and its part of the body."""

    name: str
    size: int
    part: bytes


def body(text: str, html: str, files: Sequence[File], seed: str, pictures: Sequence[File] = ()) -> bytes:
    """Content headers, blank line and content: an alternative of text and HTML, with files a mixed one.

    Pictures inside the HTML are related to it (RFC 2387). `seed` is a text unique to the letter; the
    boundaries are made from it. They begin with "=_", which neither base64 nor quoted-printable can contain.
    """
    page = _text_part("html; charset=utf-8", html)
    if pictures:
        related = [page, *(picture.part for picture in pictures)]
        page = _multipart("related", related, _boundary("related", seed), '; type="text/html"')
    parts = [_text_part("plain; charset=utf-8; format=flowed", flowed(text)), page]
    alternative = _multipart("alternative", parts, _boundary("alternative", seed))
    if not files:
        return alternative
    return _multipart("mixed", [alternative, *(file.part for file in files)], _boundary("mixed", seed))


def flowed(text: str) -> str:
    """Text as format=flowed (RFC 3676): long lines are broken softly, so that every window can wrap them anew."""
    lines: list[str] = []
    for line in text.split("\n"):
        # A blank at the end of a line would glue the next one to it; only "-- " is meant so.
        line = line if line == "-- " else line.rstrip()
        if len(line) <= FLOW:
            lines.append(line if line.startswith(">") else _stuffed(line))
        elif line.startswith(">"):
            lines.extend(_soft_quote(line))
        else:
            lines.extend(_soft_lines(line))
    return "\n".join(lines)


def _soft_quote(line: str) -> list[str]:
    """A long line of a quotation: every piece has the same marks (RFC 3676 section 4.5)."""
    words = line.lstrip(">")
    marks = line[: len(line) - len(words)]
    if len(marks) > MOST_MARKS or not words.startswith(" "):
        return [line]
    return [f"{marks} {piece.removeprefix(' ')}" for piece in _soft_lines(words[1:])]


def _soft_lines(line: str) -> list[str]:
    lines, start = [], 0
    while len(line) - start > FLOW:
        end = line.rfind(" ", start, start + FLOW) + 1
        if end <= start or line[start:end].strip() in ("", "--"):  # a first word too long, or a line like a signature's
            end = line.find(" ", start + FLOW) + 1
        if end <= 0:
            break
        lines.append(_stuffed(line[start:end]))
        start = end
    if start < len(line):
        lines.append(_stuffed(line[start:]))
    return lines


def _stuffed(line: str) -> str:
    """RFC 3676 section 4.4: what would be taken for a quotation, a stuffed line or an mbox separator."""
    return " " + line if line.startswith((" ", ">", "From ")) else line


def _boundary(kind: str, seed: str) -> bytes:
    return b"=_" + hashlib.sha256(f"{kind}\0{seed}".encode()).hexdigest()[:32].encode("ascii")


def _multipart(kind: str, parts: Sequence[bytes], boundary: bytes, more: str = "") -> bytes:
    head = b'Content-Type: multipart/%s; boundary="%s"%s\r\n\r\n' % (kind.encode(), boundary, more.encode())
    inside = b"".join(b"--%s\r\n%s\r\n" % (boundary, part) for part in parts)
    return b"%s%s--%s--\r\n" % (head, inside, boundary)


def _text_part(subtype: str, text: str) -> bytes:
    encoding, content = _encode_text(text)
    head = f"Content-Type: text/{subtype}\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n"
    return head.encode("ascii") + content


def _encode_text(text: str) -> tuple[str, bytes]:
    if text.isascii() and max(map(len, text.split("\n"))) <= HARD_LINE:
        return "7bit", text.replace("\n", "\r\n").encode("ascii")
    octets = text.replace("\n", "\r\n").encode()
    if len(octets) > 1.5 * len(text):  # hardly a Latin letter: quoted-printable would triple it
        return "base64", base64_lines(octets)
    # b2a_qp takes its line ends from the first one it sees, and may see none.
    return "quoted-printable", b2a_qp(octets, istext=True).replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


def encoded_file(
    name: str, content_type: str, size: int, encoded: bytes, *, inline: bool = False, cid: str = ""
) -> File:
    """An attachment made from its base64. BadHeader where the name has control characters.

    `inline`: it belongs into the text; `cid` is what the HTML calls it there.
    """
    # message/* and multipart/* must not be base64 (RFC 2046 section 5), and a file is a file.
    known = _TYPE.fullmatch(content_type) and not content_type.lower().startswith(("message/", "multipart/"))
    content_type = content_type if known else "application/octet-stream"
    in_type, in_disposition = file_names(name)
    head = (
        f"Content-Type: {content_type}{in_type}\r\n"
        f"Content-Disposition: {'inline' if inline else 'attachment'}{in_disposition}\r\n"
        + (f"Content-ID: <{cid}>\r\n" if cid else "")
        + "Content-Transfer-Encoding: base64\r\n\r\n"
    )
    return File(name, size, head.encode("ascii") + encoded)


def base64_lines(content: bytes) -> bytes:
    """Base64 in lines of 76, CR LF between them."""
    encoded = b2a_base64(content, newline=False)
    return b"\r\n".join([encoded[at : at + BASE64_LINE] for at in range(0, len(encoded), BASE64_LINE)])
