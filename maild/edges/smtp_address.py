"""The paths of MAIL and RCPT: text behind the colon → an address, or nothing.

Linear, and laxer than RFC 5321 section 4.1.2 only where real senders are: no angle
brackets, dots anywhere in a local part, local parts longer than 64. It refuses to
know whose address it is; sessions of the SMTP door call it.
"""

from __future__ import annotations

import re

NULL = "<>"
MAX_ADDRESS = 320  # local part 64, "@", domain 255: RFC 5321 section 4.5.3.1, taken as one bound

_ATOM = r'[^\s()<>@,;:\\"\[\]]+'
_QUOTED = r'"(?:[^"\\]|\\.)*"'
_LITERAL = r"\[[0-9A-Za-z.:]+\]"
_MAILBOX = re.compile(rf"(?P<local>{_ATOM}|{_QUOTED})(?:@(?P<domain>{_ATOM}|{_LITERAL}))?")
_PLAIN = re.compile(_ATOM)
# A quoted local part may hold ">" and blanks, hence the first alternative. Parameters are ASCII.
_BRACKETED = re.compile(rf"<(?P<inside>(?:{_QUOTED})?[^>]*)>(?P<rest> [\x20-\x7e]*)?")


def address(text: str) -> str | None:
    """The mailbox `text` is, None if it is none.

    Source routes (`@a:b@c`), a second "@", control characters, bytes that are no UTF-8 and line
    separators of any script are none. A local part quoted without need loses its quotes, so that
    two spellings of a mailbox cannot be two mailboxes.
    """
    if len(text) > MAX_ADDRESS or not text.isprintable():
        return None
    found = _MAILBOX.fullmatch(text)
    if found is None:
        return None
    local, domain = found["local"], found["domain"]
    if local.startswith('"'):
        bare = re.sub(r"\\(.)", r"\1", local[1:-1])
        local = bare if _PLAIN.fullmatch(bare) else local
    return local if domain is None else f"{local}@{domain}"


def path(text: str) -> tuple[str, str] | None:
    """Address and parameters of `<address> PARAMETERS`; `<>` stays `NULL`. None if malformed."""
    text = text.strip(" ")
    if text.startswith("<"):
        found = _BRACKETED.fullmatch(text)
        if found is None:
            return None
        inside, rest = found["inside"], found["rest"] or ""
        if inside == "":
            return NULL, rest
    else:
        inside, _, rest = text.partition(" ")
        if not rest.isascii():
            return None
    mailbox = address(inside)
    return None if mailbox is None else (mailbox, rest)
