"""What makes two deliveries the same letter: a hash over what its author fixed.

It refuses to parse: a linear scan of the header block only, because doors call it before
they answer, and a parser's bug must never keep a letter out.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from maild.core.mail import headers

# The author's fields; trace fields (Received, Delivered-To, Authentication-Results, …) differ per delivery.
AUTHORED = ("message-id", "from", "date", "subject")


def fingerprint(raw: bytes, rcpts: Sequence[str]) -> tuple[str, str]:
    """The dedupe key and the bare Message-ID ("" if there is none).

    The key is three hashes in hexadecimal with colons between: of Message-ID, author and date; of
    the content; of the recipients. One letter sent to two of our addresses has keys that differ
    in the last part, a copy with a mailing list's footer in the last two. Letters that differ
    only in trace fields, in CR LF against LF or in the case and order of recipients have one
    key; another body or another recipient is another letter.
    """
    block = headers.split(raw, 0, len(raw))
    hashed = hashlib.sha256()
    found = dict.fromkeys(AUTHORED, b"")
    for name, value in block.fields:
        if name in found and not found[name]:
            found[name] = b" ".join(value.split())
    for name in AUTHORED:
        hashed.update(b"%d:" % len(found[name]) + found[name])
    origin = hashlib.sha256(b"\0".join(found[name] for name in ("message-id", "from", "date"))).hexdigest()[:32]
    body = memoryview(raw)[block.body :]
    # Counting is a tenth of replacing, and doors have made CR LF of every line end already.
    whole = raw.count(b"\n", block.body) == raw.count(b"\r\n", block.body)
    hashed.update(body if whole else bytes(body).replace(b"\r\n", b"\n").replace(b"\n", b"\r\n"))
    to = b"\0".join(sorted({rcpt.strip().lower().encode("utf-8", "surrogatepass") for rcpt in rcpts}))
    key = f"{origin}:{hashed.hexdigest()}:{hashlib.sha256(to).hexdigest()}"
    return key, headers.message_id(headers.clean(headers.text_of(found["message-id"])))
