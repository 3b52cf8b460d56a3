"""Who takes part in a ticket besides its requester, and how they came in.

A collaborator is sent every later answer and may answer it; somebody who is only on copy is
heard inside and shown nothing, until an agent accepts them. It refuses to know how sure we
are who wrote a letter: it is told (core.authentication). `core.decide` asks it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace

from maild.core.authentication import Vouched
from maild.core.identity import fold
from maild.core.matching import MOST_COPIED
from maild.core.model import Ticket
from maild.core.policy import Policy, Welcome

MOST_COLLABORATORS = 20
"""Every answer goes to each of them, so that a letter with a long Cc must not make us a mailer for it."""

STOP = "stop"  # the one word that takes its author off a ticket; our letters name it

# What can be written into a header without being quoted: a person whose address is stranger stays on copy.
_PLAIN = re.compile(r"[^\s@<>()\[\],:;\\\"\x00-\x1f\x7f]{1,64}@[^\s@<>()\[\],:;\\\"\x00-\x1f\x7f]{1,255}")


def organisation_of(email: str, policy: Policy) -> str:
    """The key of the organisation an address belongs to, "" if there is none. A domain written out beats a star."""
    domain = fold(email).rpartition("@")[2]
    under = [f"*.{parent}" for parent in _parents(domain)]
    for wanted in (domain, *under):
        for one in policy.organisations.values():
            if wanted and wanted in one.domains:
                return one.key
    return ""


def _parents(domain: str) -> list[str]:
    """The domains above this one, nearest first."""
    labels = domain.split(".")[-10:]
    return [".".join(labels[at:]) for at in range(1, len(labels))]


def is_plain(email: str) -> bool:
    """Whether a letter can be sent to this address and others can be shown it."""
    return _PLAIN.fullmatch(email) is not None and len(email) <= 254


def participants(ticket: Ticket) -> tuple[str, ...]:
    """Folded addresses of everybody who is sent answers, the requester first."""
    return tuple(dict.fromkeys([fold(ticket.requester.email), *ticket.collaborators]))


def with_copied(ticket: Ticket, people: Iterable[str], vouched: Vouched, policy: Policy) -> Ticket:
    """The ticket after its requester has put these people on copy.

    Those known by policy take part at once, the others are remembered. Being on copy brings
    nobody back who has left. `vouched` is about the requester: whose domain does not vouch for
    the letter lets nobody in.
    """
    requester = fold(ticket.requester.email)
    new = [one for one in people if one != requester and one not in ticket.departed]
    known = [one for one in new if is_plain(one) and _welcome(one, ticket, vouched, policy)]
    taking_part = tuple(dict.fromkeys([*ticket.collaborators, *known]))[:MOST_COLLABORATORS]
    copied = dict.fromkeys([*ticket.copied, *new])
    return replace(
        ticket,
        collaborators=taking_part,
        copied=tuple(one for one in copied if one not in taking_part)[:MOST_COPIED],
    )


def _welcome(email: str, ticket: Ticket, vouched: Vouched, policy: Policy) -> bool:
    if policy.copied == Welcome.NOBODY or vouched not in (Vouched.PASS, Vouched.UNKNOWN):
        return False
    # Where nobody vouches for anybody (relaxed mode), a stranger might put themselves on copy of a letter in the
    # requester's name and wait for the answer (CVE-2024-49193): then it is the organisation that is known.
    if policy.copied == Welcome.EVERYBODY and vouched == Vouched.PASS:
        return True
    return bool(ticket.organisation) and organisation_of(email, policy) == ticket.organisation


def taking(ticket: Ticket, email: str) -> Ticket:
    """The ticket with this folded address as a collaborator, whatever it was before."""
    without = departing(ticket, email)
    return replace(
        without,
        collaborators=(*without.collaborators, email),
        departed=tuple(one for one in ticket.departed if one != email),
    )


def departing(ticket: Ticket, email: str) -> Ticket:
    """The ticket without this folded address; it does not come back by being on copy."""
    return replace(
        ticket,
        collaborators=tuple(one for one in ticket.collaborators if one != email),
        copied=tuple(one for one in ticket.copied if one != email),
        departed=tuple(dict.fromkeys([*ticket.departed, email]))[-MOST_COPIED:],
    )


def says_stop(new_text: str) -> bool:
    """Whether somebody's own words are the one word that means leaving, in any case and punctuation."""
    return len(new_text) < 200 and "".join(c for c in new_text.casefold() if c.isalnum()) == STOP
