"""Which ticket a letter means, and by which evidence.

The order is that of trust: the address it was sent to, ids we signed, ids a relay gave our
letters, ids of letters we stored, an ancestor that a participant's earlier letter shared, the
subject token from a participant, another system's reference, else nothing. A number without a
valid check is never believed, and what was revoked counts as absent. It refuses to know what a
letter carries (core.evidence), who wrote it beyond comparing addresses (core.identity) and what
follows (core.decide).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from maild.core import held, senders
from maild.core.commands import accepts, named_tickets
from maild.core.evidence import Evidence, gather
from maild.core.identity import fold, owner_of
from maild.core.model import Clues, Envelope, Facts, Kind, Message, Purpose, Status, Ticket
from maild.core.ours import Ours
from maild.core.policy import OurAddress, Policy
from maild.core.tokens import Token, address_token, agent_principal, message_id_token

MOST_COPIED = 50  # people on copy a ticket remembers
TO_AGENTS = (Purpose.AGENT_REPLY, Purpose.AGENT_NOTE)
REPLIES = (*TO_AGENTS, Purpose.REQUESTER_REPLY)


class Claim(StrEnum):
    """What in a letter led to a ticket."""

    THREAD = "thread"  # a requester's reply address, an id we signed, an id of a stored letter
    SUBJECT = "subject"  # only what is easily seen or guessed: a subject's token, an ancestor, another's reference
    AGENT = "agent"  # an agent's reply address
    NOTHING = "nothing"


_REPLY_WORDS = re.compile(
    r"^(?:re|aw|antw|sv|vs|vl|vá|odp|ynt|rif|r|rv|res|enc|tr|fw|fwd|wg|doorst|i|bls|trs|pd|回复|回覆|答复|转发|轉寄)"
    r"(?:[\[(]\d{1,3}[\])])?\s?[:\uff1a]\s*",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Match:
    """The ticket a letter means (None: a new one), what said so, and what it merely mentions."""

    ticket: Ticket | None
    evidence: str
    claim: Claim
    token: Token | None = None  # of the address it was sent to, whatever ticket that led to
    mentions: tuple[int, ...] = ()
    corresponds: bool = False  # another system speaks of a case it has here: as good as the requester


def clues(
    message: Message, envelope: Envelope, policy: Policy, now: datetime, evidence: Evidence | None = None
) -> Clues:
    """What memory must be asked about this letter. `evidence`: of `gather`, where that has been done."""
    found = evidence or gather(message, envelope, policy, now)
    sender = fold(message.sender.email) if message.sender else ""
    numbers = [token.ticket for token in found.addressed if token.purpose != Purpose.BOUNCE]
    outbox = [token.serial for token in found.addressed if token.purpose == Purpose.BOUNCE]
    for token in found.signed.values():
        numbers.append(token.ticket)
        if not policy.separator:
            outbox.append(token.serial)
    if message.bounce:
        told_of = message_id_token(policy, message.bounce.original_message_id)
        sent_by = address_token(policy, message.bounce.original_mail_from, now)
        outbox += [told_of.serial] if told_of else []
        outbox += [sent_by.serial] if sent_by and sent_by.purpose == Purpose.BOUNCE else []
    numbers.extend(found.numbers)
    numbers.extend(named_tickets(message.new_text, policy))
    return Clues(
        message_id=message.message_id,
        referenced=found.referenced,
        names=(*found.ancestors, *([found.correspondence] if found.correspondence else [])),
        principals=tuple({t.principal: None for t in (*found.addressed, *found.signed.values()) if t.principal}),
        sender=sender,
        told=_agents_concerned(sender, found, policy),
        numbers=tuple(dict.fromkeys(n for n in numbers if n)),
        accepts=accepts(message.new_text),
        outbox_ids=tuple(dict.fromkeys(n for n in outbox if n)),
        reports=message.kind in (Kind.BOUNCE, Kind.REPORT),
        patterns=senders.patterns_of(sender),
        floods=bool(sender) and sender not in policy.by_email and not senders.among(sender, policy.flood.exempt),
        limited=policy.intake.open_tickets_per_sender > 0,
        held=held.numbers(message, found.addressed),
    )


def _agents_concerned(sender: str, found: Evidence, policy: Policy) -> tuple[str, ...]:
    """Folded addresses of the agents who would be asked or warned about the letter: From's and its tokens' owners."""
    keys = [policy.by_email[sender]] if sender in policy.by_email else []
    owners = (owner_of(token, policy) for token in found.addressed if token.purpose in TO_AGENTS)
    keys += [owner.key for owner in owners if owner]
    return tuple(dict.fromkeys(fold(policy.agents[key].email) for key in keys if key in policy.agents))


def match(
    message: Message, envelope: Envelope, facts: Facts, policy: Policy, now: datetime, evidence: Evidence | None = None
) -> Match:
    """The ticket `message` means. What an earlier piece of evidence says is final."""
    found, void = _without_void(evidence or gather(message, envelope, policy, now), facts, policy)
    tokens = [token for token in found.addressed if token.purpose in REPLIES]
    token = tokens[0] if tokens else None
    sender = fold(message.sender.email) if message.sender else ""
    looked = _Looked(found, tokens, token, facts, policy, facts.same or frozenset({sender} - {""}))
    said = f"; revoked and so ignored: {void} of its tokens" if void else ""
    for look, what in _ORDER.items():
        for ticket, claim, proof in look(looked):
            theirs = facts.named.get(found.correspondence, ())
            corresponds = any(standing_for(number, facts) == ticket for number in theirs)
            return Match(ticket, what + said, claim, proof, found.numbers, corresponds)
    claim = Claim.AGENT if token and token.purpose in TO_AGENTS else Claim.NOTHING
    mentions = dict.fromkeys((*found.numbers, *facts.named.get(found.correspondence, ())[:1]))
    mentioned = tuple(number for number in mentions if number in facts.tickets)
    return Match(None, "nothing in it leads to a ticket" + said, claim, token, mentioned)


@dataclass(frozen=True, slots=True)
class _Looked:
    """What every kind of evidence is judged by."""

    found: Evidence
    tokens: list[Token]
    token: Token | None  # of the address it was sent to, whatever it leads to
    facts: Facts
    policy: Policy
    people: frozenset[str]  # the sender's addresses

    def weak(self) -> Claim:
        return _claim(self.token) if self.token else Claim.SUBJECT


_Leads = Iterator[tuple[Ticket, Claim, Token | None]]


def _by_address(it: _Looked) -> _Leads:
    for token in it.tokens:
        if not token.expired and (ticket := standing_for(token.ticket, it.facts)):
            yield ticket, _claim(token), token


def _by_signed_id(it: _Looked) -> _Leads:
    for signed in it.found.signed.values():
        if ticket := standing_for(signed.ticket, it.facts):
            proof = it.token or _as_reply(signed, it.facts, it.policy)
            yield ticket, _claim(proof), proof


def _by_relayed_id(it: _Looked) -> _Leads:
    return _by_known_id(it, ours=True)


def _by_stored_id(it: _Looked) -> _Leads:
    return _by_known_id(it, ours=False)


def _by_known_id(it: _Looked, *, ours: bool) -> _Leads:
    for bare_id in it.found.referenced:
        several = [one for one in it.facts.known.get(bare_id, ()) if (one.mail_id is None) == ours]
        tickets = [ticket for one in several if (ticket := standing_for(one.ticket, it.facts))]
        # Whoever has seen an id can write a letter with it, even before its own arrives: theirs is what people mean.
        for ticket in sorted(tickets, key=lambda one: not _is_named(it.people, one)):
            yield ticket, _claim(it.token), it.token


def _by_ancestor(it: _Looked) -> _Leads:
    for number in (number for name in it.found.ancestors for number in it.facts.named.get(name, ())):
        ticket = standing_for(number, it.facts)
        if ticket and is_open(ticket) and _is_named(it.people, ticket):
            yield ticket, it.weak(), it.token


def _by_subject(it: _Looked) -> _Leads:
    for number in it.found.numbers:
        ticket = standing_for(number, it.facts)
        if ticket and _takes_part(it.people, ticket, it.policy):
            yield ticket, it.weak(), it.token


def _by_correspondence(it: _Looked) -> _Leads:
    for number in it.facts.named.get(it.found.correspondence, ()):
        ticket = standing_for(number, it.facts)
        if ticket and is_open(ticket):
            yield ticket, it.weak(), it.token


# The most trustworthy first, each with the words the trace has for it.
_ORDER: Mapping[Callable[[_Looked], _Leads], str] = {
    _by_address: "the reply address it was sent to",
    _by_signed_id: "it answers a letter of ours",
    _by_relayed_id: "it answers a letter of ours, by the id a relay gave it",
    _by_stored_id: "it answers a letter we have stored",
    _by_ancestor: "it descends from a letter that an earlier one of its ticket descends from",
    _by_subject: "the token in its subject",
    _by_correspondence: "the reference of a system we correspond with",
}


def standing_for(number: int, facts: Facts) -> Ticket | None:
    """The ticket a number leads to: the one place where evidence becomes a ticket."""
    ticket = facts.tickets.get(number)
    return merged_end(ticket, facts.tickets) if ticket else None


def merged_end(ticket: Ticket, tickets: Mapping[int, Ticket]) -> Ticket:
    """The ticket that has taken this one up, or taken up the one that did, and so on; itself where none has."""
    seen = {ticket.number}
    while ticket.merged_into and (into := tickets.get(ticket.merged_into)) and into.number not in seen:
        ticket = into
        seen.add(ticket.number)
    return ticket


def _without_void(found: Evidence, facts: Facts, policy: Policy) -> tuple[Evidence, int]:
    """The evidence as if what was revoked were not there, and how much that is."""
    if not facts.revoked:
        return found, 0
    agents = {agent_principal(key) for key in policy.agents}
    addressed = tuple(token for token in found.addressed if not is_void(token, facts.revoked, agents))
    void = {one for one, token in found.signed.items() if is_void(token, facts.revoked, agents)}
    kept = replace(
        found,
        addressed=addressed,
        referenced=tuple(one for one in found.referenced if one not in void),
        signed={one: token for one, token in found.signed.items() if one not in void},
    )
    return kept, len(found.addressed) - len(addressed) + len(void)


def is_void(token: Token, revoked: Mapping[tuple[str, int], int], agents: Collection[int]) -> bool:
    """Whether the letter that carried this token left before its reader's tokens were revoked.

    `revoked`: (whose, principal) → last outbox id that is void; `agents`: the principals of our agents.
    """
    if token.purpose not in (*REPLIES, Purpose.MESSAGE_ID):
        return False
    is_agent = token.purpose in TO_AGENTS or (token.purpose == Purpose.MESSAGE_ID and token.principal in agents)
    return token.serial <= revoked.get(("agent" if is_agent else "person", token.principal), -1)


def _claim(token: Token | None) -> Claim:
    return Claim.AGENT if token and token.purpose in TO_AGENTS else Claim.THREAD


def _as_reply(signed: Token, facts: Facts, policy: Policy) -> Token | None:
    """Where our mailbox has no sub-addresses, answering our letter proves what its reply address would have."""
    sent = facts.sent.get(signed.serial)
    if policy.separator or sent is None or sent.purpose not in REPLIES:
        return None
    return replace(signed, purpose=sent.purpose)


def plain_subject(subject: str, policy: Policy) -> str:
    """The subject without reply prefixes and our own tokens, for naming a ticket."""
    text = re.sub(rf"\s*\[{re.escape(policy.tag)}-\d{{1,12}}-\w{{4}}\]\s*", " ", subject[:500], flags=re.IGNORECASE)
    text = text.strip()
    while found := _REPLY_WORDS.match(text):
        text = text[found.end() :]
    return " ".join(text.split())


def our_addresses(envelope: Envelope, policy: Policy) -> tuple[OurAddress, ...]:
    """Which of our addresses a letter was sent to, sub-addresses counting as their base."""
    found = [ours for rcpt in envelope.rcpts if (ours := _ours(rcpt, policy))]
    return tuple({ours.email: ours for ours in found}.values())


def is_ours(address: str, policy: Policy) -> bool:
    """Whether a door takes letters for this address; see `Ours.has`."""
    return _known(policy).has(address)


def _ours(address: str, policy: Policy) -> OurAddress | None:
    base = _known(policy).base(address)
    return next((ours for ours in policy.addresses if ours.email == base), None)


def _known(policy: Policy) -> Ours:
    return Ours(tuple(ours.email for ours in policy.addresses), policy.separator, policy.domain)


def copied_people(message: Message, policy: Policy) -> tuple[str, ...]:
    """Who else the letter was sent to: folded addresses that are neither ours nor an agent's."""
    others = dict.fromkeys(fold(a.email) for a in (*message.to, *message.cc))
    ours = {address.email for address in policy.addresses}
    return tuple(a for a in others if a not in ours and a not in policy.by_email and not _ours(a, policy))[:MOST_COPIED]


def is_open(ticket: Ticket) -> bool:
    """Whether letters may still join this ticket; a closed one is continued by a new, linked one."""
    return ticket.status != Status.CLOSED


def _takes_part(people: Collection[str], ticket: Ticket, policy: Policy) -> bool:
    return _is_named(people, ticket) or any(one in policy.by_email for one in people)


def _is_named(people: Collection[str], ticket: Ticket) -> bool:
    """Whether one of these addresses, all of one person, is the requester's, on copy or a collaborator's."""
    named = (fold(ticket.requester.email), *ticket.copied, *ticket.collaborators)
    return any(one in named for one in people)
