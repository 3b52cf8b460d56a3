"""Does the sender's domain vouch for From? Read from what our own mail exchanger wrote (RFC 8601).

Position proves nothing and anybody can write the field: only fields whose authserv-id an admin
has configured count, and none are believed where none is configured. It refuses to judge what
follows (core.decide). The field's grammar is read tolerantly, because OpenDKIM, Postfix milters
and Microsoft each write it their own way; what cannot be read vouches for nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import StrEnum

from maild.core.model import Message
from maild.core.policy import Authentication

MOST_FIELDS = 20
LONGEST_FIELD = 4096  # characters
_COMMENT = re.compile(r"\([^()]*\)")
_RESULT = re.compile(r"^\s*([a-z][a-z0-9-]{0,30})\s*(?:/\s*\d+\s*)?=\s*([a-z]+)", re.IGNORECASE)
_PROPERTY = re.compile(r"\b(header|smtp|policy)\s*\.\s*([a-z-]{1,30})\s*=\s*\"?([^\s;\"]{1,300})", re.IGNORECASE)
_REJECTS = re.compile(
    r"\b(?:p|policy\.dmarc|policy\.published-domain-policy|dis|action)\s*=\s*o?reject\b", re.IGNORECASE
)


class Vouched(StrEnum):
    """What is known of the sender's domain."""

    PASS = "pass"  # noqa: S105 - an aligned DMARC, DKIM or SPF pass
    FAIL = "fail"  # DMARC says the letter is not theirs
    REJECT = "reject"  # the same, and the domain asks that such letters be refused
    NONE = "none"  # our exchanger looked and found nothing, or did not look
    UNKNOWN = "unknown"  # nobody we trust is configured: relaxed mode


def vouched(message: Message, authentication: Authentication) -> Vouched:
    """What the fields of our own exchanger say about the one author of `message`."""
    if not authentication.trusted:
        return Vouched.UNKNOWN
    domain = message.sender.email.rpartition("@")[2].lower() if message.sender else ""
    if not domain:
        return Vouched.NONE
    found = [
        verdict
        for value in message.headers.get("authentication-results", ())[:MOST_FIELDS]
        for verdict in _verdicts(value[:LONGEST_FIELD], domain, authentication)
    ]
    # One field that says fail outweighs another that says pass: two of ours cannot disagree honestly.
    return next((one for one in (Vouched.REJECT, Vouched.FAIL, Vouched.PASS) if one in found), Vouched.NONE)


def _verdicts(value: str, domain: str, authentication: Authentication) -> Iterator[Vouched]:
    bare = value
    for _ in range(5):  # comments nest; deeper than this nobody honest writes
        bare, count = _COMMENT.subn(" ", bare)
        if not count:
            break
    first, *results = bare.split(";")
    words = first.split()
    authserv = words[0].lower() if words else ""
    if "=" in first and authentication.microsoft:
        results = [first, *results]  # Microsoft 365 writes no authserv-id
    elif authserv not in authentication.trusted or "=" in authserv:
        return
    rejects = bool(_REJECTS.search(value))
    told: dict[str, Vouched] = {}
    for result in results:
        if match := _RESULT.match(result):
            method, said = match[1].lower(), match[2].lower()
            names = {f"{kind.lower()}.{name.lower()}": v.lower() for kind, name, v in _PROPERTY.findall(result)}
            verdict = _one(method, said, names, domain)
            if verdict is not None and told.get(method) != Vouched.PASS:
                told[method] = verdict
    if "dmarc" in told and told["dmarc"] != Vouched.NONE:
        yield Vouched.REJECT if rejects and told["dmarc"] == Vouched.FAIL else told["dmarc"]
    elif Vouched.PASS in told.values():
        yield Vouched.PASS


def _one(method: str, said: str, names: dict[str, str], domain: str) -> Vouched | None:
    """What one method says of the From domain; None where it speaks of another domain."""
    if method == "dmarc":
        about = names.get("header.from", domain)
        if about.rpartition("@")[2] != domain:
            return None
        return {"pass": Vouched.PASS, "fail": Vouched.FAIL}.get(said, Vouched.NONE)
    signed = {
        "dkim": names.get("header.d") or names.get("header.i", "").rpartition("@")[2],
        "spf": names.get("smtp.mailfrom", "").rpartition("@")[2],
    }.get(method, "")
    return Vouched.PASS if said == "pass" and _aligned(signed, domain) else None


def _aligned(signed: str, domain: str) -> bool:
    """The From domain itself or a parent of it vouches (RFC 7489 section 3.1).

    A part of the From domain does not: without a list of public suffixes nobody can tell a
    department from a customer's corner of somebody's domain.
    """
    signed = signed.strip(".")
    return "." in signed and (domain == signed or domain.endswith("." + signed))
