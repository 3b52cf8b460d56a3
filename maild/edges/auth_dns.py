"""Questions to the name service about one letter: bounded in number, size and time.

Whoever sends a letter chooses which names are asked for and often what is answered, so every
answer is hostile. It refuses to know what the answers mean; SPF, DKIM and DMARC ask through
it. How the name service is reached is handed in as a `Lookup`; `resolver` makes the real one.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable

import dns.exception
import dns.resolver

MOST_QUESTIONS = 60  # of one letter; SPF alone may need 10 names and 10 exchangers or pointers of each
MOST_ANSWERS = 50  # to one question
LONGEST = 8_000  # octets of one TXT record; a key of 4096 bits has 800
ONE_QUESTION = 4.0  # seconds

# Host names, and what stands in front of them in records: _dmarc, s1._domainkey.
NAME = re.compile(r"(?=.{1,253}\Z)[a-z0-9_](?:[a-z0-9_-]{0,62})(?:\.[a-z0-9_](?:[a-z0-9_-]{0,62})){1,60}\Z")

Answer = bytes | str | tuple[int, str]  # TXT (its strings joined); A, AAAA and PTR; MX
# (name, kind of record, seconds) → all answers, () where there are none. Unanswered where the question failed.
Lookup = Callable[[str, str, float], tuple[Answer, ...]]


class Unanswered(Exception):
    """The name service did not answer, or not in time: nothing is known, and another try may tell."""


class Questions:
    """The questions one letter may ask. `until` is when they end, on the monotonic clock."""

    def __init__(self, lookup: Lookup, until: float) -> None:
        self._lookup = lookup
        self._until = until
        self._asked: dict[tuple[str, str], tuple[Answer, ...]] = {}

    def __call__(self, name: str, kind: str) -> tuple[Answer, ...]:
        """All answers; none for what is no name. Raises Unanswered."""
        name = name.rstrip(".").lower()
        if not NAME.match(name):
            return ()
        if (name, kind) not in self._asked:
            left = self._until - time.monotonic()
            if left <= 0 or len(self._asked) >= MOST_QUESTIONS:
                raise Unanswered(f"{name} {kind}: no time or no question is left")
            found = self._lookup(name, kind, min(left, ONE_QUESTION))[:MOST_ANSWERS]
            self._asked[name, kind] = tuple(one for one in found if not isinstance(one, bytes) or len(one) <= LONGEST)
        return self._asked[name, kind]

    def texts(self, name: str) -> list[str]:
        """The TXT records that are ASCII."""
        found = (text for text in self(name, "TXT") if isinstance(text, bytes) and text.isascii())
        return [text.decode("ascii") for text in found]


def resolver(resolving: dns.resolver.Resolver | None = None) -> Lookup:
    """A lookup through this resolver, else through the machine's own (/etc/resolv.conf).

    OSError where the machine has no name server configured.
    """
    try:
        asking = resolving or dns.resolver.Resolver()
    except dns.exception.DNSException as error:
        raise OSError(f"no name server can be asked: {error}") from None

    def lookup(name: str, kind: str, seconds: float) -> tuple[Answer, ...]:
        try:
            answer = asking.resolve(f"{name}.", kind, lifetime=seconds, raise_on_no_answer=False, search=False)
        except dns.resolver.NXDOMAIN:
            return ()
        except Exception as error:  # noqa: BLE001 - hostile answers break parsers, too; nothing is known then
            raise Unanswered(f"{name} {kind}: {type(error).__name__}") from None
        return tuple(_plain(kind, record) for record in answer.rrset or ())

    return lookup


def _plain(kind: str, record: object) -> Answer:
    match kind:
        case "TXT":
            return b"".join(getattr(record, "strings", ()))
        case "MX":
            return int(getattr(record, "preference", 0)), str(getattr(record, "exchange", ""))
        case "PTR":
            return str(getattr(record, "target", ""))
        case _:
            return str(getattr(record, "address", ""))
