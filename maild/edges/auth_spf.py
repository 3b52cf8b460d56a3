"""May this peer send in the name of this domain? (RFC 7208, by pyspf.)

The library evaluates; every question it asks goes through `Questions` instead of its own
resolver, and whatever it raises becomes a result. It refuses to know who stands in From.
"""

from __future__ import annotations

import warnings
from typing import NamedTuple

from maild.edges.auth_dns import NAME, Questions, Unanswered

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # invalid escapes in its source: a SyntaxWarning since Python 3.12
    import spf

MOST_VOID = 2  # answers that hold nothing, RFC 7208 section 4.6.4
RESULTS = ("none", "neutral", "pass", "fail", "softfail", "temperror", "permerror")


class Sending(NamedTuple):
    """The result, which domain it is about ("" for none) and where that stood: in MAIL FROM, or in HELO for the
    null sender."""

    result: str
    domain: str = ""
    identity: str = "mailfrom"


def check(ask: Questions, peer: str, helo: str, mail_from: str) -> Sending:
    """What the domain of the envelope's sender says about `peer`. Never raises."""
    local, _, domain = mail_from.rpartition("@") if mail_from else ("postmaster", "", helo)
    domain = a_labels(domain)
    if not domain or not peer:
        return Sending("none")
    if not local.isascii() or not local.isprintable():
        local = "postmaster"  # RFC 7208 section 4.3 has no way to write it into a macro
    try:
        result = str(_Query(ask, peer, a_labels(helo) or "unknown", f"{local}@{domain}").check()[0])
    except Unanswered:
        result = "temperror"
    except Exception:  # noqa: BLE001 - a library and its hostile input: whatever it is, it vouches for nothing
        result = "permerror"
    return Sending(result if result in RESULTS else "permerror", domain, "mailfrom" if mail_from else "helo")


def a_labels(domain: str) -> str:
    """A domain as the name service knows it, lower case; "" where it is no name with a dot in it."""
    domain = domain.strip().rstrip(".").lower()
    if not domain.isascii():
        try:
            domain = domain.encode("idna").decode("ascii") if len(domain) <= 255 else ""
        except UnicodeError:
            return ""
    return domain if NAME.match(domain) else ""


class _Query(spf.query):
    """pyspf's evaluation with our questions. (Its own way to the name service is a global function.)"""

    def __init__(self, ask: Questions, peer: str, helo: str, sender: str) -> None:
        self._ask = ask
        super().__init__(i=peer, s=sender, h=helo, strict=True)

    def dns(self, name: str, qtype: str, cnames: object = None, ignore_void: bool = False) -> list[object]:
        answers = self._ask(str(name), qtype)
        if not answers and not ignore_void:
            self.void_lookups += 1
            if self.void_lookups > MOST_VOID:
                raise spf.PermError("too many answers hold nothing")
        return [(answer,) if qtype == "TXT" else answer for answer in answers]

    def get_explanation(self, spec: object) -> None:
        """Nobody would read it, so nobody is asked for it."""
