"""Which ticket a letter means, and by which evidence.

The order is that of trust: the address it was sent to, ids we signed, ids of letters we
stored, the subject token from a participant, else nothing. A number without a valid check
is never believed. It refuses to know who wrote the letter beyond comparing addresses
(core.identity) and what follows (core.decide).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from maild.core.identity import fold
from maild.core.model import Clues, Envelope, Facts, Message, Purpose, Status, Ticket
from maild.core.policy import OurAddress, Policy
from maild.core.tokens import Token, address_token, message_id_token, subject_numbers

MOST_COPIED = 50  # people on copy a ticket remembers
MOST_REFERENCES = 50  # newest first; a thread of thousands costs no more than one of fifty
TO_AGENTS = (Purpose.AGENT_REPLY, Purpose.AGENT_NOTE)
REPLIES = (*TO_AGENTS, Purpose.REQUESTER_REPLY)


class Claim(StrEnum):
    """What in a letter led to a ticket."""

    THREAD = "thread"  # a requester's reply address, an id we signed, an id of a stored letter
    SUBJECT = "subject"  # only the token in the subject
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


def clues(message: Message, envelope: Envelope, policy: Policy, now: datetime) -> Clues:
    """What memory must be asked about this letter."""
    referenced = _newest_first(message)
    numbers: list[int] = []
    outbox: list[int] = []
    for token in _address_tokens(envelope, policy, now):
        (outbox if token.purpose == Purpose.BOUNCE else numbers).append(
            token.serial if token.purpose == Purpose.BOUNCE else token.ticket
        )
    for bare_id in referenced:
        if found := message_id_token(policy, bare_id):
            numbers.append(found.ticket)
            if not policy.separator:
                outbox.append(found.serial)
    if message.bounce and (found := message_id_token(policy, message.bounce.original_message_id)):
        outbox.append(found.serial)
    numbers.extend(subject_numbers(policy.keys, policy.tag, message.subject))
    return Clues(
        message_id=message.message_id,
        referenced=referenced,
        sender=fold(message.sender.email) if message.sender else "",
        numbers=tuple(dict.fromkeys(n for n in numbers if n)),
        outbox_ids=tuple(dict.fromkeys(n for n in outbox if n)),
    )


def match(message: Message, envelope: Envelope, facts: Facts, policy: Policy, now: datetime) -> Match:
    """The ticket `message` means. What an earlier piece of evidence says is final."""
    tokens = [t for t in _address_tokens(envelope, policy, now) if t.purpose in REPLIES]
    token = tokens[0] if tokens else None
    mentions = subject_numbers(policy.keys, policy.tag, message.subject)
    for found in tokens:
        if (ticket := facts.tickets.get(found.ticket)) and not found.expired:
            return Match(ticket, "the reply address it was sent to", _claim(found), found, mentions)
    for bare_id in _newest_first(message):
        signed = message_id_token(policy, bare_id)
        if signed and (ticket := facts.tickets.get(signed.ticket)):
            token = token or _as_reply(signed, facts, policy)
            return Match(ticket, "it answers a letter of ours", _claim(token), token, mentions)
    for bare_id in _newest_first(message):
        known = facts.known.get(bare_id)
        if known and (ticket := facts.tickets.get(known.ticket)):
            return Match(ticket, "it answers a letter we have stored", _claim(token), token, mentions)
    sender = fold(message.sender.email) if message.sender else ""
    for number in mentions:
        ticket = facts.tickets.get(number)
        if ticket and _takes_part(sender, ticket, policy):
            claim = _claim(token) if token else Claim.SUBJECT
            return Match(ticket, "the token in its subject", claim, token, mentions)
    claim = Claim.AGENT if token and token.purpose in TO_AGENTS else Claim.NOTHING
    mentions = tuple(n for n in mentions if n in facts.tickets)
    return Match(None, "nothing in it leads to a ticket", claim, token, mentions)


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
    """Whether a door takes letters for this address: ours, its sub-addresses, postmaster (RFC 5321 4.5.1).

    Any sub-address gets the same yes: a stranger must not learn here which tokens are valid.
    """
    local, at, domain = fold(address).rpartition("@")
    if not at:
        return domain == "postmaster"
    if local == "postmaster":
        return domain == policy.domain.lower() or any(o.email.endswith("@" + domain) for o in policy.addresses)
    return _ours(address, policy) is not None


def _ours(address: str, policy: Policy) -> OurAddress | None:
    local, _, domain = fold(address).rpartition("@")
    base = local.split(policy.separator, 1)[0] if policy.separator else local
    return next((ours for ours in policy.addresses if ours.email in (f"{local}@{domain}", f"{base}@{domain}")), None)


def copied_people(message: Message, policy: Policy) -> tuple[str, ...]:
    """Who else the letter was sent to: folded addresses that are neither ours nor an agent's."""
    others = dict.fromkeys(fold(a.email) for a in (*message.to, *message.cc))
    ours = {address.email for address in policy.addresses}
    return tuple(a for a in others if a not in ours and a not in policy.by_email and not _ours(a, policy))[:MOST_COPIED]


def is_open(ticket: Ticket) -> bool:
    """Whether letters may still join this ticket; a closed one is continued by a new, linked one."""
    return ticket.status != Status.CLOSED


def _takes_part(sender: str, ticket: Ticket, policy: Policy) -> bool:
    return bool(sender) and (
        sender == fold(ticket.requester.email) or sender in ticket.copied or sender in policy.by_email
    )


def _address_tokens(envelope: Envelope, policy: Policy, now: datetime) -> list[Token]:
    return [token for rcpt in envelope.rcpts if (token := address_token(policy, rcpt, now))]


def _newest_first(message: Message) -> tuple[str, ...]:
    ids = [*message.in_reply_to, *reversed(message.references)]
    return tuple(dict.fromkeys(ids))[:MOST_REFERENCES]
