"""Whose address stands in From, compared with who ought to be writing.

A token says which ticket is meant, evidence says who speaks (DESIGN 5). From alone proves
nothing: what a sender may do is decided by core.decide.table from this, from what led to the
ticket (core.matching) and from whether the domain vouches (core.authentication). It refuses
to know what is done with the answer.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from maild.core.model import Message, Purpose, Ticket
from maild.core.policy import Agent, Policy
from maild.core.tokens import Token, agent_principal


class Sender(StrEnum):
    """Whose address stands in From."""

    SAME = "same"  # the requester of the ticket that is meant; the agent of the reply address used
    COLLABORATOR = "collaborator"  # somebody who takes part in it
    COPIED = "copied"  # somebody the requester has put on copy
    OTHER = "other"  # anybody else, or nobody in particular
    AGENT = "agent"  # an agent, but not the one of the reply address used
    PROVEN = "proven"  # an agent who handed the letter in with a password


@dataclass(frozen=True, slots=True)
class Author:
    """Who wrote, as far as From and the reply address used tell.

    `agent` is whose reply address was used, `named` the agent whose address stands in From.
    """

    sender: Sender
    email: str  # folded; "" when the letter does not name exactly one author
    name: str
    agent: Agent | None = None
    named: Agent | None = None


def fold(email: str) -> str:
    """An address for comparing. Case of the local part is ours to fold (RFC 5321 2.4 lets receivers do so).

    Only its case: `casefold` would make one mailbox of groß@ and gross@, and one person of two.
    """
    return email.strip().lower()


def author(
    message: Message,
    ticket: Ticket | None,
    token: Token | None,
    policy: Policy,
    theirs: frozenset[str] = frozenset(),
    proven: str = "",
) -> Author:
    """Who wrote `message` about `ticket`, having used `token` as a recipient address.

    `theirs`: all addresses of the sender (Facts.same), where they have several. `proven`: key of the agent who
    handed it in with a password (Envelope.agent), which counts where From is that agent's.
    """
    email, name = (fold(message.sender.email), message.sender.name) if message.sender else ("", "")
    named = policy.agents.get(policy.by_email.get(email, ""))
    if token is not None and token.purpose in (Purpose.AGENT_REPLY, Purpose.AGENT_NOTE, Purpose.CONFIRM):
        if named is not None and named.key == proven:
            return Author(Sender.PROVEN, email, name, named, named)
        owner = owner_of(token, policy)
        same = owner is not None and named == owner and not token.expired
        return Author(Sender.SAME if same else Sender.AGENT if named else Sender.OTHER, email, name, owner, named)
    requester = fold(ticket.requester.email) if ticket is not None else ""
    if email and (email == requester or (email in theirs and requester in theirs)):
        return Author(Sender.SAME, email, name, named=named)
    if ticket is not None and named is None and not {email, *theirs}.isdisjoint(ticket.collaborators):
        return Author(Sender.COLLABORATOR, email, name)
    if ticket is not None and named is None and not {email, *theirs}.isdisjoint(ticket.copied):
        return Author(Sender.COPIED, email, name)
    if named is not None and named.key == proven:
        return Author(Sender.PROVEN, email, name, named, named)
    return Author(Sender.AGENT if named else Sender.OTHER, email, name, named=named)


def owner_of(token: Token, policy: Policy) -> Agent | None:
    """The agent a token was made for; None when they have left."""
    return next((a for a in policy.agents.values() if agent_principal(a.key) == token.principal), None)
