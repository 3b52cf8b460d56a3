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
# To the end of the field where the closing mark is missing, so that a field full of marks costs one pass.
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*+)(?:"|\\?\Z)', re.DOTALL)
_SEPARATES = re.compile(r'[\s;=()"\\]')
_COMMENT = re.compile(r"\([^()]*\)")
_RESULT = re.compile(r"^\s*([a-z][a-z0-9-]{0,30})\s*(?:/\s*\d+\s*)?=\s*([a-z]+)", re.IGNORECASE)
_PROPERTY = re.compile(r"\b(header|smtp|policy)\s*\.\s*([a-z-]{1,30})\s*=\s*([^\s;]{1,300})", re.IGNORECASE)
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
    domain = _a_labels(message.sender.email.rpartition("@")[2]) if message.sender else ""
    if not domain:
        return Vouched.NONE
    found = [
        verdict
        for value in message.headers.get("authentication-results", ())[:MOST_FIELDS]
        for verdict in _verdicts(value[:LONGEST_FIELD], domain, authentication)
    ]
    # One field that says fail outweighs another that says pass: two of ours cannot disagree honestly.
    return next((one for one in (Vouched.REJECT, Vouched.FAIL, Vouched.PASS) if one in found), Vouched.NONE)


def _a_labels(domain: str) -> str:
    """A domain as the name service knows it, in which form most exchangers speak of it (RFC 5890 section 2.3.2.1)."""
    if domain.isascii() or len(domain) > 255:
        return domain.lower()
    try:
        return domain.encode("idna").decode("ascii").lower()
    except UnicodeError:
        return domain.lower()


def authserv_id(value: str) -> str:
    """Under whose name a field was written, lower case; "" where it does not say, or says it in quotes, which an
    exchanger that removes forged fields may not see through."""
    if '"' in value[:LONGEST_FIELD].partition(";")[0]:
        return ""
    words = _bare(value).partition(";")[0].split()
    return words[0].lower() if words and "=" not in words[0] else ""


def _bare(value: str) -> str:
    """The field without its comments and quotes. What stood in quotes is one word that separates nothing: the local
    part of an envelope sender is a stranger's to choose, with any result in it."""
    value = _QUOTED.sub(lambda found: _SEPARATES.sub("_", found[1]), value[:LONGEST_FIELD])
    for _ in range(5):  # comments nest; deeper than this nobody honest writes
        value, count = _COMMENT.subn(" ", value)
        if not count:
            break
    return value


def _verdicts(value: str, domain: str, authentication: Authentication) -> Iterator[Vouched]:
    first, *results = _bare(value).split(";")
    if "=" in first and authentication.microsoft:
        results = [first, *results]  # Microsoft 365 writes no authserv-id
    elif authserv_id(value) not in authentication.trusted:
        return
    rejects = bool(_REJECTS.search(value))
    told: dict[str, Vouched] = {}
    for result in results:
        if match := _RESULT.match(result):
            method, said = match[1].lower(), match[2].lower()
            names = {f"{kind.lower()}.{name.lower()}": v.lower() for kind, name, v in _PROPERTY.findall(result)}
            verdict = _one(method, said, names, domain)
            if verdict is not None:
                told[method] = _together(method, told.get(method, verdict), verdict)
    if "dmarc" in told and told["dmarc"] != Vouched.NONE:
        yield Vouched.REJECT if rejects and told["dmarc"] == Vouched.FAIL else told["dmarc"]
    elif Vouched.PASS in told.values():
        yield Vouched.PASS


def _together(method: str, one: Vouched, other: Vouched) -> Vouched:
    """Two results of one method. A letter may have many signatures, and one that is right is enough; DMARC is looked
    at once, so that of two results somebody has written one into the other."""
    if method == "dmarc":
        return next(worse for worse in (Vouched.FAIL, Vouched.NONE, Vouched.PASS) if worse in (one, other))
    return Vouched.PASS if Vouched.PASS in (one, other) else other


def _one(method: str, said: str, names: dict[str, str], domain: str) -> Vouched | None:
    """What one method says of the From domain; None where it speaks of another domain."""
    if method == "dmarc":
        about = names.get("header.from", domain)
        if _a_labels(about.rpartition("@")[2]) != domain:
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
