"""What a letter itself carries that points at tickets, each token verified once.

Recipients with a token, ids of In-Reply-To and References, tokens in the subject, and names by
which letters are known that carry nothing of ours: the ancestor they share, the reference another
ticket system gave them. It refuses to know what memory holds and which ticket is meant
(core.matching), and counts what looks like a token of ours and is none.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from maild.core.identity import fold
from maild.core.model import Envelope, Kind, Message
from maild.core.policy import Correspondent, Policy
from maild.core.relayed import canonical
from maild.core.tokens import Token, address_token, is_wrong_address, is_wrong_id, message_id_token, subject_marks

MOST_REFERENCES = 50  # newest first; a thread of thousands costs no more than one of fifty
ANCESTOR = "ancestor "  # begins the name of a letter we never received; no Message-ID has a space in it
MOST_WRONG = 100  # wrong tokens counted of one letter
MOST_SUBJECT = 1_000  # characters in which another system's reference is looked for


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """Everything in a letter that may name a ticket. Nothing in it has been believed yet."""

    addressed: tuple[Token, ...] = ()  # of the recipients, in their order; all purposes, expired ones too
    referenced: tuple[str, ...] = ()  # ids of In-Reply-To then References, newest first
    signed: Mapping[str, Token] = field(default_factory=dict)  # those of them that we made
    numbers: tuple[int, ...] = ()  # of subject tokens that verify
    ancestors: tuple[str, ...] = ()  # names of the letters it descends from, and its own
    born_as: tuple[str, ...] = ()  # names under which a ticket that it begins is found again
    correspondence: str = ""  # the conversation with another system it belongs to
    wrong: int = 0  # what looks like a token of ours and is none


def gather(message: Message, envelope: Envelope, policy: Policy, now: datetime) -> Evidence:
    """Read the evidence of a letter."""
    addressed = [(rcpt, address_token(policy, rcpt, now)) for rcpt in envelope.rcpts]
    referenced = _newest_first(message)
    signed = {one: token for one in referenced if (token := message_id_token(policy, one))}
    marks = subject_marks(policy.keys, policy.tag, message.subject)
    wrong = sum(token is None and is_wrong_address(policy, rcpt) for rcpt, token in addressed)
    wrong += sum(one not in signed and is_wrong_id(policy, one) for one in referenced)
    wrong += sum(mark.key is None for mark in marks)
    correspondence = _correspondence(message, policy)
    personal = message.kind == Kind.HUMAN  # hundreds answer one letter of a list
    born_as = tuple(_ancestor(one) for one in _root_and_parent(message) if one not in signed) if personal else ()
    return Evidence(
        addressed=tuple(token for _, token in addressed if token),
        referenced=referenced,
        signed=signed,
        numbers=tuple(dict.fromkeys(mark.number for mark in marks if mark.key is not None)),
        ancestors=tuple(_ancestor(one) for one in (*referenced, message.message_id) if one) if personal else (),
        born_as=(*born_as, *([correspondence] if correspondence else [])),
        correspondence=correspondence,
        wrong=min(wrong, MOST_WRONG),
    )


def _newest_first(message: Message) -> tuple[str, ...]:
    ids = (*message.in_reply_to, *reversed(message.references))
    # Both spellings: a letter of a stranger is stored under the one it came with.
    return tuple(dict.fromkeys(each for one in ids for each in (one, canonical(one))))[:MOST_REFERENCES]


def _root_and_parent(message: Message) -> tuple[str, ...]:
    """Where the thread began and what the letter answers, as far as it says so."""
    ids = (*message.references[:1], *(message.in_reply_to[:1] or message.references[-1:]))
    return tuple(dict.fromkeys(ids))


def _ancestor(bare_id: str) -> str:
    return ANCESTOR + bare_id


def _correspondence(message: Message, policy: Policy) -> str:
    """The name of a conversation with another ticket system or a relay, "" where there is none."""
    sender = fold(message.sender.email) if message.sender else ""
    found = next((one for one in policy.correspondents if _is_of(sender, one)), None)
    if found is None:
        return ""
    if found.reference is None:
        return f"ref {sender}"
    reference = found.reference(message.subject[:MOST_SUBJECT])
    return f"ref {found.who} {''.join(reference.upper().split())}" if reference else ""


def _is_of(sender: str, correspondent: Correspondent) -> bool:
    return bool(sender) and correspondent.who in (sender, sender.rpartition("@")[2])
