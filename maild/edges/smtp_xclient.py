"""XCLIENT and XFORWARD: what a mail server of ours says of whom it has a letter from.

Source: Postfix's XCLIENT_README and XFORWARD_README; xtext is RFC 3461 section 4. It refuses to
know who may say so; sessions listen to hosts an admin has listed and to nobody else.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import ip_address

XCLIENT = ("NAME", "ADDR", "PORT", "PROTO", "HELO")
XFORWARD = ("NAME", "ADDR", "PORT", "PROTO", "HELO", "IDENT", "SOURCE")
UNKNOWN = ("[UNAVAILABLE]", "[TEMPUNAVAIL]")
LONGEST = 255  # characters of a value

_HEX = re.compile(r"\+([0-9A-F]{2})")
_XTEXT = re.compile(r"(?:[!-*,-<>-~]|\+[0-9A-F]{2})+")


@dataclass(frozen=True, slots=True)
class Announced:
    """`peer` is an address, `helo` what it called itself; "" where nobody knows, None where nothing was said."""

    peer: str | None = None
    helo: str | None = None

    def with_earlier(self, earlier: Announced) -> Announced:
        """What several lines say together, the later one first."""
        return Announced(
            earlier.peer if self.peer is None else self.peer, earlier.helo if self.helo is None else self.helo
        )


def announced(arg: str, names: tuple[str, ...]) -> Announced | None:
    """What `NAME=value ADDR=value …` says; None where it is malformed or has other names."""
    told: dict[str, str] = {}
    for word in arg.split():
        name, equals, text = word.partition("=")
        if not equals or name.upper() not in names or not _XTEXT.fullmatch(text):
            return None
        value = _HEX.sub(lambda found: chr(int(found[1], 16)), text)
        if len(value) > LONGEST or not value.isprintable():
            return None
        told[name.upper()] = "" if value.upper() in UNKNOWN else value
    peer = told.get("ADDR")
    if peer:
        try:
            peer = str(ip_address(peer[5:] if peer.upper().startswith("IPV6:") else peer))
        except ValueError:
            return None
    return Announced(peer, told.get("HELO")) if told else None
