"""Refusing with courtesy: whose letter, and which, may become part of a ticket at all.

Asked after everything else is decided, so that no way into a ticket leads past it. What it looks
at, in this order, and the first that speaks decides:

1. agents, and letters an admin has released, are never refused or held here;
2. accepted senders are not either, unless their own domain disowns the letter;
3. banned senders: refused, on old tickets too;
4. forbidden files: refused, on old tickets too;
5. registration is closed and the sender is nobody we know: refused;
6. the sender has as many open tickets as anybody may have: refused;
7. a spam filter on the way says spam: held for the admin.

The last three are for letters that would open a ticket. What was said by mail or at the shell
counts beside the configuration. A refused letter is in the ledger with its reason; its sender
hears of it where an acknowledgement would be safe. It refuses to know what the letter says.
"""

from __future__ import annotations

from dataclasses import replace
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import NamedTuple

from maild.core import senders
from maild.core.authentication import Vouched
from maild.core.decide import limits
from maild.core.decide.received import Received
from maild.core.identity import Author, fold
from maild.core.matching import our_addresses
from maild.core.model import Address, Fate, Kind, Lane, Letter, OpenTicket, Outcome, SendLetter, Standing
from maild.core.participants import organisation_of

DISOWNED = (Vouched.FAIL, Vouched.REJECT)  # the domain in From says that the letter is not its own


class Why(StrEnum):
    """Why a letter is refused, as its template knows it."""

    BANNED = "banned"
    FILE = "file"
    STRANGER = "stranger"
    LIMIT = "limit"
    RULE = "rule"


class Refusal(NamedTuple):
    why: Why
    reason: str  # for the ledger
    what: str = ""  # what of ours the sender may be told: the pattern of a file, the number of tickets, a rule's text


def admitted(got: Received, who: Author, vouched: Vouched, outcome: Outcome) -> Outcome:
    """What was decided, or in its place that the letter is refused or held."""
    opens = is_opening(outcome)
    touches = opens or outcome.before is not None
    if not touches or got.envelope.confirmed or who.named is not None or who.agent is not None:
        return outcome
    if accepting := accepted_by(got, who, vouched):
        return replace(outcome, trace=(f"intake: accepted, by {accepting}", *outcome.trace))
    if refusal := _refusal(got, who, vouched, opens=opens):
        return refused(got, who, vouched, refusal)
    if opens and got.message.spam == "yes" and got.policy.intake.spam == "quarantine":
        score = "" if got.message.spam_score is None else f", with a score of {got.message.spam_score:g}"
        return Outcome(fate=Fate.QUARANTINED, reason=f"a spam filter on its way calls it spam{score}")
    return replace(outcome, trace=("intake: nothing speaks against it", *outcome.trace))


def is_opening(outcome: Outcome) -> bool:
    """Whether a ticket begins."""
    return any(isinstance(change, OpenTicket) for change in outcome.changes)


def accepted_by(got: Received, who: Author, vouched: Vouched) -> str:
    """What says that this sender is always accepted; "" if nothing does, or the letter is not theirs."""
    return "" if vouched in DISOWNED else _said(got, who.email, Standing.ACCEPT, got.policy.intake.accepted)


def _said(got: Received, email: str, verdict: Standing, configured: frozenset[str]) -> str:
    for pattern in senders.patterns_of(email):
        if pattern in configured:
            return f"{senders.written(pattern)} in the configuration"
        if got.facts.standing.get(pattern) == verdict:
            return f"{senders.written(pattern)}, as an admin said"
    return ""


def _refusal(got: Received, who: Author, vouched: Vouched, *, opens: bool) -> Refusal | None:
    if by := _said(got, who.email, Standing.BAN, got.policy.intake.banned):
        return Refusal(Why.BANNED, f"{who.email} is banned, by {by}")
    if refusal := _forbidden_file(got):
        return refusal
    return (_stranger(got, who, vouched) or _over_the_limit(got, who)) if opens else None


def _forbidden_file(got: Received) -> Refusal | None:
    for glob in got.policy.intake.forbidden_attachments:
        for file in got.message.attachments:
            names = (file.filename.rstrip(". "), file.content_type, file.sniffed_type)
            if any(name and fnmatchcase(name.casefold(), glob) for name in names):
                return Refusal(Why.FILE, f"the file {file.filename!r} ({names[2] or names[1]}) is like {glob}", glob)
    return None


def _stranger(got: Received, who: Author, vouched: Vouched) -> Refusal | None:
    registration = got.policy.intake.registration
    if registration == "open":
        return None
    met = registration == "known" and got.facts.person is not None
    if vouched not in DISOWNED and (met or organisation_of(who.email, got.policy)):
        return None
    return Refusal(Why.STRANGER, f"{who.email or 'no sender'} may not open tickets: registration is {registration!r}")


def _over_the_limit(got: Received, who: Author) -> Refusal | None:
    limit = got.policy.intake.open_tickets_per_sender
    if not limit or got.facts.open_tickets < limit:
        return None
    return Refusal(Why.LIMIT, f"{who.email} has {got.facts.open_tickets} open tickets, as many as {limit}", str(limit))


def refused(got: Received, who: Author, vouched: Vouched, refusal: Refusal) -> Outcome:
    """The letter becomes nothing, and its sender hears of it where that is safe."""
    letter, told = _courtesy(got, who, vouched, refusal)
    return Outcome(
        changes=(SendLetter(letter),) if letter else (),
        fate=Fate.REFUSED,
        reason=refusal.reason,
        trace=(f"refused: {refusal.why}", told),
    )


def _courtesy(got: Received, who: Author, vouched: Vouched, refusal: Refusal) -> tuple[Letter | None, str]:
    """What the sender is told, or None; and why, for the trace. The same care as for acknowledgements."""
    message, policy = got.message, got.policy
    if not policy.intake.tell:
        return None, "the sender is not told: switched off"
    if message.kind != Kind.HUMAN or not message.answerable:
        return None, f"the sender is not told: {message.kind_reason or 'the letter asks for no answer'}"
    if vouched in DISOWNED or message.spam == "yes":
        return None, "the sender is not told: it may be somebody else"
    if why := limits.exhausted(got.facts, who.email, policy, template="refused"):
        return None, f"the sender is not told: {why}"
    if "@" not in who.email or who.email in {fold(ours.email) for ours in policy.addresses}:
        return None, "the sender is not told: there is nobody to write to"
    addressed = our_addresses(got.envelope, policy) or policy.addresses[:1]
    letter = Letter(
        template="refused",
        to=Address(message.sender.email if message.sender else who.email),
        lane=Lane.NOTICE,
        automatic="auto-replied",
        from_address=addressed[0].email,
        context={"why": refusal.why.value, "what": refusal.what},
    )
    return letter, "the sender is told"
