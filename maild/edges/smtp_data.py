"""A letter on its way in: the bytes behind 354 until the lone dot, and what is written in front of them.

Line ends. A letter ends at CR LF . CR LF and nowhere else, so no other spelling of a line end
can smuggle in a second letter. Inside, a bare LF becomes CR LF: scripts and devices send whole
letters that way, refusing them would lose real letters. CRs directly before a line end are
dropped (doubled by text-mode writers). Any other CR and every NUL becomes a question mark:
neither taken out, nor turned into a line end or a blank, because each could make a header field
out of pieces which a filter in front of us did not see as one (a forged Authentication-Results).
After this no letter holds a bare CR, a bare LF or a NUL.

It refuses to know sockets, clocks and replies; a session of the SMTP door feeds it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from email.utils import format_datetime

PIECE = 1 << 18  # octets worked on at a time, so that a letter of any size never holds the loop for long
HEADER_SCAN = 1 << 20  # octets in which hops are counted

_END = b"\r\n.\r\n"
_DOUBLED = re.compile(rb"(?<!\r)\r+\n")  # the lookbehind keeps it linear on runs of CR
_HELO = re.compile(r"[A-Za-z0-9._:\[\]-]{1,255}")


class Incoming:
    """Takes the data of one letter in chunks of any size.

    `size` counts what the letter will hold, `seen` all octets fed. Once `size` is above `limit`
    or `drop` was called the letter is `dropped`: nothing is kept any more, the end is still found.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._kept = bytearray()  # not a list: a peer may send its letter in millions of tiny packets
        self._tail = b"\r\n"  # of the DATA command: a first line "." ends the letter too
        self._first = True
        self.odd = False  # holds line ends or octets that `tidied` must see to
        self.size = 0
        self.seen = 0
        self.dropped = False

    def feed(self, chunk: bytes) -> bytes | None:
        """None while the end has not come, then the bytes that stood behind it (the next commands)."""
        self.seen += len(chunk)
        data = self._tail + chunk
        end = data.find(_END)
        if end >= 0:
            self._keep(data[: end + 2])
            return data[end + len(_END) :]
        # Whatever might begin the end or a dotted line waits for the next chunk.
        cut = data.find(b"\r", max(len(data) - len(_END) + 1, 0))
        self._tail = data[cut:] if cut >= 0 else b""
        self._keep(data[:cut] if cut >= 0 else data)
        return None

    def drop(self) -> None:
        """Forget what was kept, keep no more."""
        self.dropped = True
        self._kept.clear()

    def _keep(self, part: bytes) -> None:
        if self.dropped:
            return
        part = part.replace(b"\r\n.", b"\r\n")  # RFC 5321 section 4.5.2; no line end is ever cut in two
        if self._first and len(part) >= 2:
            part = part[2:]  # the line end of the DATA command
            self._first = False
        pairs = part.count(b"\r\n")
        bare = part.count(b"\n") - pairs
        self.odd = self.odd or bare > 0 or part.count(b"\r") != pairs or b"\0" in part
        self.size += len(part) + bare
        self._kept += part
        if self.size > self._limit:
            self.drop()

    def take(self, front: bytes) -> bytes:
        """`front` and the letter as they came, dots removed. Gives up what was kept."""
        raw = b"".join((front, self._kept))
        self._kept.clear()
        return raw


def tidied(raw: bytes) -> Iterator[bytes]:
    """`raw` with clean line ends, in pieces; the same bytes give the same bytes."""
    start = 0
    while start < len(raw):
        end = start + PIECE
        if end < len(raw):  # behind a line end nothing is cut in two
            end = raw.rfind(b"\n", start, end) + 1 or (end - 1 if raw[end - 1 : end] == b"\r" else end)
        piece = raw[start:end]
        start = end
        piece = _DOUBLED.sub(b"\n", piece)
        yield piece.replace(b"\r", b"?").replace(b"\0", b"?").replace(b"\n", b"\r\n")


def hops(raw: bytes) -> int:
    """How many Received fields the header has (RFC 5321 section 6.3), looking at its first megabyte."""
    end = raw.find(b"\r\n\r\n", 0, HEADER_SCAN)
    header = b"\n" + raw[: HEADER_SCAN if end < 0 else end].lower()
    return header.count(b"\nreceived:")


def trace(*, mail_from: str, helo: str, peer: str, hostname: str, protocol: str, at: datetime) -> bytes:
    """The Return-Path and Received fields of a letter just taken (RFC 5321 section 4.4).

    `mail_from` must have come through `smtp_address`; of what the peer calls itself only a name
    without blanks, comments or line ends is written.
    """
    name = helo if _HELO.fullmatch(helo) else "unknown"
    literal = f"IPv6:{peer}" if ":" in peer else peer
    source = f"{name} ([{literal}])" if peer else name
    return (
        f"Return-Path: <{mail_from}>\r\n"
        f"Received: from {source}\r\n\tby {hostname} with {protocol};\r\n\t{format_datetime(at)}\r\n"
    ).encode()
