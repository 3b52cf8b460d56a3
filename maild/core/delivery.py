"""Who a letter was sent by and to, for a door that sees no envelope: it found the letter in a mailbox.

Mail systems write the envelope into the header when they deliver: Return-Path (RFC 5321 section
4.4), and Delivered-To (RFC 9228), X-Original-To or Envelope-To. It refuses to read more of
the letter; anybody may have written these fields, so they prove as little as an envelope does.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from maild.core.identity import fold
from maild.core.mail import addresses, headers
from maild.core.matching import is_ours
from maild.core.policy import Policy

DELIVERED = ("x-original-to", "delivered-to", "envelope-to")
WRITTEN = ("to", "cc")
MOST_FIELDS = 20  # of one name; a letter that was redirected often has a handful of Delivered-To
MOST_RECIPIENTS = 100  # RFC 5321 section 4.5.3.1.8


def envelope(raw: bytes, policy: Policy, mailbox: str) -> tuple[str, tuple[str, ...]]:
    """The sender ("" for the null sender) and those of our addresses the letter was sent to.

    Delivery fields say where it went; To and Cc are asked for sub-addresses, which deliveries often
    cut off, and for everything where no delivery field names an address of ours. `mailbox` is
    our address that stands in where nothing does.
    """
    found: dict[str, list[str]] = {}
    path: str | None = None
    for name, value in headers.split(raw, 0, len(raw)).fields:
        if name in DELIVERED or name in WRITTEN or name == "from":
            known = found.setdefault(name, [])
            if len(known) < MOST_FIELDS:
                known.append(headers.text_of(value))
        elif name == "return-path" and path is None:  # the topmost is the last delivery's
            path = headers.text_of(value)
    plain = {ours.email for ours in policy.addresses}
    delivered, written = _ours(found, DELIVERED, policy), _ours(found, WRITTEN, policy)
    chosen = [*delivered, *(one for one in written if not delivered or fold(one) not in plain)]
    marked = [fold(one) for one in chosen if fold(one) not in plain]
    rcpts = [one for one in chosen if fold(one) not in plain or not _stands_behind(fold(one), marked)]
    sender = (
        (found.get("from") or [""])[0] if path is None else path
    )  # without Return-Path the author is the best guess
    return _first(sender), tuple(rcpts[:MOST_RECIPIENTS]) or (mailbox,)


def _ours(found: Mapping[str, Sequence[str]], names: Sequence[str], policy: Policy) -> list[str]:
    listed = [each.email for name in names for value in found.get(name, ()) for each in addresses.parse(value)]
    return [email for email in dict.fromkeys(listed) if is_ours(email, policy)]


def _stands_behind(plain: str, marked: Sequence[str]) -> bool:
    """Whether one of the sub-addresses is this address's: then it is the same delivery, told more precisely."""
    local, _, domain = plain.rpartition("@")
    return any(one.startswith(local) and one.endswith("@" + domain) for one in marked)


def _first(field: str) -> str:
    found = addresses.parse(field)
    return found[0].email if found else ""
