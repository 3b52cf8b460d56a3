"""How sure are we who wrote this, and what may they do.

A token says which ticket is meant, evidence says who speaks (DESIGN 5). From alone proves
nothing; an agent's power comes only from a letter to that agent's own reply address, from
that agent's own mailbox. (Where our mailbox has no sub-addresses, the signed Message-ID of
our letter to that agent stands in for the address.) It refuses to know what is done with
the answer.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from maild.core.model import Message, Purpose, Ticket
from maild.core.policy import Agent, Policy
from maild.core.tokens import Token, agent_principal


class Role(StrEnum):
    REQUESTER = "requester"  # of the ticket that is meant, or of a new one
    THIRD = "third party"  # somebody else who has got hold of the thread
    AGENT = "agent"  # proven
    CLAIMED = "claimed agent"  # an agent's address, or an agent's token, but not both


@dataclass(frozen=True, slots=True)
class Author:
    """Who wrote, as far as we can tell.

    `agent` is whose reply address was used, `named` the agent whose address stands in From.
    """

    role: Role
    email: str  # folded; "" when the letter does not name exactly one author
    name: str
    agent: Agent | None = None
    named: Agent | None = None
    note: bool = False  # written to an address that keeps everything inside


def fold(email: str) -> str:
    """An address for comparing. Case of the local part is ours to fold (RFC 5321 2.4 lets receivers do so)."""
    return email.strip().casefold()


def author(message: Message, ticket: Ticket | None, token: Token | None, policy: Policy) -> Author:
    """Who wrote `message` about `ticket`, having used `token` as a recipient address."""
    sender = message.sender
    email, name = (fold(sender.email), sender.name) if sender else ("", "")
    key = policy.by_email.get(email, "")
    if token is not None and token.purpose in (Purpose.AGENT_REPLY, Purpose.AGENT_NOTE):
        return _with_agent_token(email, name, key, token, policy)
    if ticket is None:
        return Author(Role.REQUESTER, email, name)
    if email and email == fold(ticket.requester.email):
        return Author(Role.REQUESTER, email, name)
    if key:
        return Author(Role.CLAIMED, email, name, named=policy.agents[key])
    return Author(Role.THIRD, email, name)


def _with_agent_token(email: str, name: str, key: str, token: Token, policy: Policy) -> Author:
    owner = next((a for a in policy.agents.values() if agent_principal(a.key) == token.principal), None)
    if owner is not None and key == owner.key and not token.expired:
        return Author(Role.AGENT, email, owner.name, owner, owner, token.purpose == Purpose.AGENT_NOTE)
    return Author(Role.CLAIMED, email, name, owner, policy.agents.get(key))
