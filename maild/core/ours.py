"""Which addresses are ours, before anything else is known: doors ask it of every recipient.

It refuses to know what an address is for and whom it belongs to; `matching` does.
"""

from __future__ import annotations

from typing import NamedTuple


class Ours(NamedTuple):
    """`emails` are lower case; `separator` "" where there are no sub-addresses."""

    emails: tuple[str, ...]
    separator: str
    domain: str

    def has(self, address: str) -> bool:
        """Whether a door takes letters for this address: ours, its sub-addresses, postmaster (RFC 5321 4.5.1).

        Any sub-address gets the same yes: a stranger must not learn here which tokens are valid.
        """
        local, at, domain = address.strip().lower().rpartition("@")
        if not at:
            return domain == "postmaster"
        if local == "postmaster":
            return domain == self.domain.lower() or any(one.endswith("@" + domain) for one in self.emails)
        return self.base(address) is not None

    def base(self, address: str) -> str | None:
        """Our address that this one is, or is a sub-address of."""
        local, _, domain = address.strip().lower().rpartition("@")
        short = local.split(self.separator, 1)[0] if self.separator else local
        return next((one for one in self.emails if one in (f"{local}@{domain}", f"{short}@{domain}")), None)
