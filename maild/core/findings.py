"""What a letter brought along, in words: who wrote, what vouches for it, what in it points at tickets.

For `maild explain`. Nothing is decided here: `evidence` gathers, `matching` chooses, `authentication` believes,
and this says what they saw. It refuses to know who reads it.
"""

from __future__ import annotations

from collections.abc import Iterator

from maild.core import authentication
from maild.core.authentication import Vouched
from maild.core.evidence import Evidence
from maild.core.model import Envelope, Facts, Message, Purpose
from maild.core.policy import Policy
from maild.core.tokens import Token

_PURPOSES = {
    Purpose.AGENT_REPLY: "the reply address of an agent",
    Purpose.AGENT_NOTE: "the address of an agent’s note",
    Purpose.REQUESTER_REPLY: "the reply address of a requester or collaborator",
    Purpose.BOUNCE: "the sender of a letter of ours",
    Purpose.CONFIRM: "the answer to a challenge",
    Purpose.MESSAGE_ID: "a Message-ID of ours",
    Purpose.ADMIN: "the admin’s answer to a list",
}
_VOUCHED = {
    Vouched.PASS: "the sender’s domain vouches for it",
    Vouched.NONE: "nobody vouches for the sender’s domain",
    Vouched.FAIL: "the sender’s domain does not vouch for it",
    Vouched.REJECT: "the sender’s domain asks to reject it",
    Vouched.UNKNOWN: "nobody we believe has looked (relaxed mode)",
}
MOST = 20  # ids of one letter that are listed


def findings(
    message: Message, envelope: Envelope, evidence: Evidence, facts: Facts, policy: Policy
) -> Iterator[tuple[str, str]]:
    """Where it was seen and what it was, line by line."""
    vouched = authentication.vouched(message, policy.authentication)
    yield "Vouched for", _VOUCHED[vouched]
    if envelope.agent:
        yield "Vouched for", f"handed in with the password of {envelope.agent}"
    if envelope.confirmed:
        yield "Vouched for", "it was held back and then released"
    for token in evidence.addressed:
        yield "Recipient", _token(token)
    for message_id in evidence.referenced[:MOST]:
        signed, known = evidence.signed.get(message_id), facts.known.get(message_id)
        if signed:
            yield "References", f"{message_id}: ours, of ticket {signed.ticket}"
        elif known:
            theirs = dict.fromkeys(str(one.ticket) for one in known)
            yield "References", f"{message_id}: a letter of ticket {', '.join(theirs)}"
    unknown = sum(one not in evidence.signed and one not in facts.known for one in evidence.referenced)
    if unknown:
        yield "References", f"{unknown} that lead nowhere"
    for number in evidence.numbers:
        yield "Subject", f"the mark of ticket {number}, and it is valid"
    if evidence.correspondence:
        yield "Subject", f"the conversation “{evidence.correspondence}” of another system"
    for name, numbers in facts.named.items():
        yield "Descent", f"{name} leads to ticket {', '.join(map(str, numbers))}"
    if evidence.wrong:
        yield "Wrong", f"{evidence.wrong} that look like tokens of ours and are none"


def _token(token: Token) -> str:
    what = _PURPOSES.get(token.purpose, token.purpose)
    of = f", ticket {token.ticket}" if token.ticket else ""
    return f"{what}{of}" + (", expired" if token.expired else "")
