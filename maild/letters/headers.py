"""Header fields, written so that every reader reads back what was meant.

RFC 5322 for the shape, 2047 for text beyond ASCII, 2231 for file names, 6532 for addresses
beyond ASCII. Nothing here repairs: a value with a control character is refused, because a
line break in a header is a second header. It refuses to know which fields a letter has.
"""

from __future__ import annotations

import re
from binascii import b2a_base64
from collections.abc import Iterable
from urllib.parse import quote

LINE = 76  # RFC 2047 section 2: the longest line with an encoded word
HARD_LINE = 998  # RFC 5322 section 2.1.1, without CR LF

_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~\u00a1-\U0010ffff-]+"
_DOT_ATOM = re.compile(rf"{_ATOM}(?:\.{_ATOM})*")
_ODD_DOTS = re.compile(rf"(?:{_ATOM}+|\.)++")  # possessive: backtracking on a hostile address takes years
_QUOTED = re.compile(r'"(?:[^"\\\x00-\x1f\x7f]|\\[ -~])*"')
_DOMAIN = re.compile(r"[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*|\[[A-Za-z0-9:.]+\]")
_PLAIN_PHRASE = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~ -]*")
_ID = re.compile(r"[!-;=?-~]{3,900}")
_NAME = re.compile(r"[!-9;-~]+")


class BadHeader(ValueError):
    """A value that cannot stand in a header; the text names the field and what is wrong."""


def text(name: str, value: str) -> bytes:
    """An unstructured field. Encoded where it is not ASCII, or where it would be read as already encoded."""
    _refuse_controls(name, value)
    words = value.split()
    fits = value.isascii() and "=?" not in value and all(len(word) < HARD_LINE - len(name) - 4 for word in words)
    return _field(name, _fold(name, words) if fits else _encoded(" ".join(words), len(name) + 2))


def mailbox(name: str, display: str, email: str) -> bytes:
    """A field with one address; `email` as `address` gave it."""
    _refuse_controls(name, display)
    _refuse_controls(name, email)
    if not display:
        return _field(name, f"<{email}>" if not _DOT_ATOM.fullmatch(email.rpartition("@")[0]) else email)
    phrase = _phrase(name, " ".join(display.split()))
    last = len(phrase) - phrase.rfind("\n") + (0 if "\n" in phrase else len(name) + 2)
    return _field(name, f"{phrase}{' ' if last + len(email) + 3 <= LINE else chr(13) + chr(10) + ' '}<{email}>")


def mailboxes(name: str, emails: Iterable[str]) -> bytes:
    """A field with several bare addresses, one a line; b"" where none of them has a form for headers."""
    good = []
    for email in emails:
        try:
            good.append(address(email))
        except BadHeader:
            continue  # it is shown only: who could not be written to is not worth a letter that never leaves
    return _field(name, ",\r\n ".join(good)) if good else b""


def ids(name: str, bare_ids: Iterable[str]) -> bytes:
    """Message ids, one a line: never folded inside, never encoded; b"" where none is left.

    What cannot stand on a line as it is (no ASCII, blanks, absurdly long) is left out: a
    changed id would lead nowhere. So is what some readers would decode (RFC 2047).
    """
    good = [f"<{bare}>" for bare in bare_ids if _ID.fullmatch(bare) and "=?" not in bare]
    return _field(name, "\r\n ".join(good)) if good else b""


def file_names(name: str) -> tuple[str, str]:
    """The parameters that say what a file is called: of Content-Type and of Content-Disposition.

    ASCII: name= and filename=. Else RFC 2047 in name= (old Outlook reads nothing else) and
    RFC 2231 in filename*=.
    """
    _refuse_controls("file name", name)
    if name.isascii() and "=?" not in name:
        quoted = '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'
        return f";\r\n name={quoted}", f";\r\n filename={quoted}"
    return f';\r\n name="{_encoded(name, 7)}"', _extended("filename", name)


def address(email: str) -> str:
    """The form of an address for headers and envelope; BadHeader where it has none.

    A domain beyond ASCII becomes A-labels (RFC 5890), a local part with odd dots is quoted
    (docomo.ne.jp has given out such addresses for years), one beyond ASCII stays (RFC 6531).
    """
    _refuse_controls("address", email)
    local, at, domain = email.rpartition("@")
    # Some readers decode what looks like an encoded word even here, and find other addresses in it.
    if not at or not local or len(email.encode()) > 254 or "=?" in local:
        raise BadHeader(f"{email[:100]!r} is no mail address")
    if not domain.isascii():
        domain = _a_labels(domain)
    if not _DOMAIN.fullmatch(domain):
        raise BadHeader(f"{email[:100]!r} has no valid domain")
    if not _DOT_ATOM.fullmatch(local) and not _QUOTED.fullmatch(local):
        if not _ODD_DOTS.fullmatch(local):
            raise BadHeader(f"{email[:100]!r} has no valid local part")
        local = f'"{local}"'
    return f"{local}@{domain}"


def _a_labels(domain: str) -> str:
    try:
        return domain.encode("idna").decode("ascii")
    except UnicodeError:
        raise BadHeader(f"{domain[:100]!r} is no valid domain") from None


def _field(name: str, value: str) -> bytes:
    if not _NAME.fullmatch(name):
        raise BadHeader(f"{name!r} is no header name")
    return f"{name}: {value}\r\n".encode()


def _refuse_controls(name: str, value: str) -> None:
    if found := _CONTROLS.search(value):
        raise BadHeader(f"{name}: a control character (U+{ord(found[0]):04X}) cannot stand in a header")


def _fold(name: str, words: list[str]) -> str:
    """Words put on lines of at most 76 characters where blanks allow it."""
    lines, at = [""], len(name) + 2
    for word in words:
        if lines[-1] and at + 1 + len(word) > LINE:
            lines.append(word)
            at = 1 + len(word)
        else:
            at += len(word) + bool(lines[-1])
            lines[-1] += " " + word if lines[-1] else word
    return "\r\n ".join(lines)


def _encoded(value: str, used: int) -> str:
    """RFC 2047 encoded words, base64, each a whole number of characters; `used`: columns already taken."""
    words: list[str] = []
    chunk, room = b"", (LINE - used - 12) // 4 * 3
    for character in value:
        octets = character.encode()
        if len(chunk) + len(octets) > room:
            words.append(_encoded_word(chunk))
            chunk, room = b"", 45
        chunk += octets
    words.append(_encoded_word(chunk))
    return "\r\n ".join(words)


def _encoded_word(chunk: bytes) -> str:
    return f"=?utf-8?b?{b2a_base64(chunk, newline=False).decode('ascii')}?="


def _phrase(name: str, display: str) -> str:
    if not display.isascii() or "=?" in display:
        return _encoded(display, len(name) + 2)
    if _PLAIN_PHRASE.fullmatch(display):
        return display
    return '"' + display.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _extended(parameter: str, value: str) -> str:
    """RFC 2231 section 4, in continuations (section 3) where one line does not hold it."""
    pieces, piece = [], "utf-8''"
    for character in value:
        spelled = quote(character, safe="")
        if len(piece) + len(spelled) > 60:
            pieces.append(piece)
            piece = ""
        piece += spelled
    pieces.append(piece)
    if len(pieces) == 1:
        return f";\r\n {parameter}*={piece}"
    return "".join(f";\r\n {parameter}*{n}*={piece}" for n, piece in enumerate(pieces))
