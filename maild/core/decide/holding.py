"""Letters in an agent's name that are held back, and who is told.

Anybody can make such a letter, so each agent is warned and asked only so often a day; beyond
that a letter is held all the same and says that nobody was told. The outcomes are about no
ticket: a letter held back may be worked again and must have left no trace. It refuses to know
what the letter would have done (on_command) and when it is held (table, risk).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from maild.core.decide import tell
from maild.core.decide.received import Received
from maild.core.identity import Author, fold
from maild.core.model import Fate, Lane, Outcome, Purpose, SendLetter, Ticket
from maild.core.policy import Agent

MOST_WARNINGS = 3  # to one agent in 24 hours: a forger must not fill a mailbox by our hand
MOST_QUESTIONS = 10  # the same; more, because an agent whose mail is never vouched for must be able to work
QUESTIONS = ("challenge", "confirm")


def unproven(got: Received, who: Author, ticket: Ticket | None) -> Outcome:
    """An agent's name without an agent's proof. Nothing is done; the real agent hears of it."""
    reason = (
        f"it claims to be from an agent ({who.email or 'no address'}) but did not come to that agent's reply address"
    )
    letters, silent = [], []
    for agent, theirs in ((who.named, False), (who.agent, True)):
        if agent is None or (theirs and who.named == agent):
            continue
        if _sent(got, agent, "unproven") >= MOST_WARNINGS:
            silent.append(agent.name)
            continue
        context = {"sender": who.email, "reference": _reference(got, ticket), "theirs": theirs}
        letters.append(SendLetter(tell.alert(got.policy, agent, "unproven", purpose=None, context=context)))
    if silent:
        reason += f"; not told, as {MOST_WARNINGS} warnings a day are enough: {', '.join(silent)}"
    return Outcome(changes=tuple(letters), fate=Fate.QUARANTINED, reason=reason)


def challenge(got: Received, agent: Agent, ticket: Ticket | None, risks: Sequence[str]) -> Outcome:
    """The agent's reply address, the agent's name, and a domain that does not vouch: ask at the registered address."""
    reason = f"held until {agent.name} confirms it: the domain of {agent.email} does not vouch for it"
    if risks:
        return _question(got, agent, ticket, "confirm", reason, {"does": list(risks), "vouched": False})
    return _question(got, agent, ticket, "challenge", reason, {})


def confirm(got: Received, agent: Agent, ticket: Ticket, risks: Sequence[str]) -> Outcome:
    """A high-risk command in an ordinary letter: say exactly what would happen, and wait."""
    reason = f"held until {agent.name} confirms it: {' '.join(risks)}"
    return _question(got, agent, ticket, "confirm", reason, {"does": list(risks), "vouched": True})


def _question(
    got: Received, agent: Agent, ticket: Ticket | None, template: str, reason: str, more: dict[str, Any]
) -> Outcome:
    asked = sum(_sent(got, agent, one) for one in QUESTIONS)
    if asked >= MOST_QUESTIONS:
        why = f"{reason}; nobody was asked, as {agent.name} has been asked {asked} times in 24 hours"
        return Outcome(fate=Fate.QUARANTINED, reason=why)
    words = got.message.new_text.strip().splitlines()
    context = {
        "reference": _reference(got, ticket),
        "first": words[0][:200] if words else "",
        "mail_id": got.facts.mail_id,
        **more,
    }
    letter = tell.alert(got.policy, agent, template, purpose=Purpose.CONFIRM, lane=Lane.ANSWER, context=context)
    return Outcome(changes=(SendLetter(letter),), fate=Fate.QUARANTINED, reason=reason)


def _sent(got: Received, agent: Agent, template: str) -> int:
    return got.facts.told.get(fold(agent.email), {}).get(template, 0)


def _reference(got: Received, ticket: Ticket | None) -> str:
    return f"{got.policy.tag}-{ticket.number}" if ticket else ""
