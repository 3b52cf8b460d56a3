"""Forged fields, taken out of a letter before anybody can believe them.

Two kinds of fields are ours alone to write: our private marks, and the verdict on the sender
under our own name (RFC 8601 section 5). Whoever sends us one forges it. `keeping` calls this
once for every letter, whichever door it came through, before it is kept; the body is never
touched. It refuses to know what the fields would have meant.
"""

from __future__ import annotations

import re

from maild.core.authentication import authserv_id
from maild.core.mail import headers

_PRIVATE = b"x-maild-"
# The loop mark stays, though anybody can copy it: it only ever makes us do less (no answer, a
# letter of ours ignored), and without it a letter of ours that comes back would start a loop.
_KEPT = frozenset({b"x-maild-loop"})
_SUSPECT = re.compile(rb"^(?:x-maild-|authentication-results)", re.IGNORECASE | re.MULTILINE)
# As `headers.FIELD`, but of any length and anywhere: a blank before the colon and folded lines included.
_FIELD = re.compile(
    rb"^((?:x-maild-|authentication-results)[!-9;-~]*+)[ \t]*+:([^\n]*+(?:\n[ \t][^\n]*+)*+)(?:\n|\Z)",
    re.IGNORECASE | re.MULTILINE,
)
_PIECE = 1 << 20
_LONGEST = 100  # bytes in which a field says whether it is one of these
_NOTHING_LEFT = b"Comments: this letter had no field but forged ones"


def stripped(raw: bytes, own: str) -> bytes:
    """The letter without fields that are ours to write; the very same bytes where there are none.

    `own` is the authserv-id under which we write results ourselves, lower case; "" where we write
    none: then that name may be our exchanger's, which has to do this itself.
    """
    if b"\n" not in raw:  # `reading` takes bare CR for line ends where there are no others
        raw = raw.replace(b"\r", b"\n")
    if not _is_suspect(raw, _gap(raw)):
        return raw
    start = blanks.end() if (blanks := headers.BLANKS.match(raw)) else 0
    body = headers.split(raw, start, len(raw)).body
    head = _FIELD.sub(lambda field: b"" if _forged(field[1].lower(), field[2], own) else field[0], raw[:body])
    if len(head) == body:
        return raw
    if not head.strip():  # else a reader would skip the empty lines and take the body's beginning for a header
        end = b"\r\n" if raw[:body].endswith(b"\r\n") else b"\n"
        head = _NOTHING_LEFT + end + end
    return head + raw[body:]


def _gap(raw: bytes) -> int:
    """Where the first empty line behind something begins: the header cannot reach further."""
    start = blanks.end() if (blanks := headers.BLANKS.match(raw)) else 0
    end = len(raw)
    for gap in (b"\n\r\n", b"\n\n"):  # the likelier first: the second is looked for before it only
        if (at := raw.find(gap, start, end)) >= 0:
            end = at
    return end


def _is_suspect(raw: bytes, end: int) -> bool:
    """Piece by piece: a search of many megabytes in one go would let no other thread run."""
    return any(
        _SUSPECT.search(raw, start, min(end, start + _PIECE + _LONGEST)) is not None for start in range(0, end, _PIECE)
    )


def _forged(name: bytes, value: bytes, own: str) -> bool:
    if name.startswith(_PRIVATE):
        return name not in _KEPT
    if name != headers.RESULTS or not own:
        return False
    unfolded = value[: headers.MAX_FIELD_BYTES].replace(b"\r", b"").replace(b"\n", b"")
    return authserv_id(headers.decode_words(headers.text_of(unfolded))) == own
