"""A letter of the past: it joins its conversation, and nobody is answered or told.

`maild import` hands letters in through the door IMPORT, oldest first. Threads are rebuilt from what
letters refer to, rules sort new tickets as they would sort them today, and no letter is ever sent.
A conversation whose last letter is recent goes on as an open ticket; an older one is kept closed.
It refuses to know where the letters were kept (edges.mailfiles).
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from maild.core.decide import ruling
from maild.core.decide.draft import Draft
from maild.core.decide.new_ticket import filled
from maild.core.decide.received import Received
from maild.core.identity import Author, Sender, fold
from maild.core.mail import shown
from maild.core.matching import Match, our_addresses
from maild.core.model import Address, Entry, EntryKind, Fate, Kind, Known, Outcome, Status, Ticket

IMPORT = "import"
"""The door of letters that were sent and received long ago."""

STILL_OPEN = timedelta(days=14)
"""A conversation whose last letter is younger than this is not over."""

_OLDEST = datetime(1980, 1, 1, tzinfo=UTC)  # mail before this has a broken clock


def on_import(got: Received, found: Match, copy: Known | None) -> Outcome:
    """What becomes of a letter of the past; `found` is what its references lead to, `copy` a letter it repeats."""
    message = got.message
    if copy is not None:
        return Outcome(fate=Fate.DUPLICATE, reason=f"imported: a second copy of a letter of ticket {copy.ticket}")
    if message.kind in (Kind.BOUNCE, Kind.REPORT):
        return Outcome(fate=Fate.FILED, reason=f"imported: a report of the past: {message.kind_reason}")
    at = _written(got)
    if found.ticket is not None:
        return _joined(got, found.ticket, at)
    if message.kind == Kind.AUTOMATIC and message.in_reply_to:
        return Outcome(fate=Fate.FILED, reason="imported: an automatic answer to nothing we know")
    other = _other_side(got)
    if other is None:
        return Outcome(fate=Fate.FILED, reason="imported: a letter among ourselves, it names no requester")
    return _begun(got, other, at)


def _written(got: Received) -> datetime:
    """When it was written, as far as that can be believed: never in the future."""
    date = got.message.date
    return date if date is not None and _OLDEST <= date <= got.now else got.envelope.received_at


def _begun(got: Received, other: Address, at: datetime) -> Outcome:
    policy = got.policy
    ours = (our_addresses(got.envelope, policy) or policy.addresses[:1])[0]
    who = Author(Sender.OTHER, fold(other.email), other.name)
    verdict = ruling.of_letter(got, who)
    ticket = filled(got, who, ours, verdict, None)
    draft = Draft(replace(ticket, created_at=at), policy, got.now)
    draft.trace.extend(verdict.trace)
    text = f"Imported: it began on {at:%Y-%m-%d} with a letter to {ours.email}"
    draft.add(
        Entry(kind=EntryKind.EVENT, at=at, author="desk", text=text, data={"field": "opened", "rules": verdict.matched})
    )
    draft.add(_entry(got, at, got.message.text))
    _settle(draft, got, at)
    return draft.finish(Fate.TICKET, f"imported: a conversation of {at:%Y-%m-%d}")


def _joined(got: Received, ticket: Ticket, at: datetime) -> Outcome:
    draft = Draft(ticket, got.policy, got.now)
    entry = _entry(got, at, shown(got.message.new_text, got.message.text))
    draft.add(entry)
    theirs = entry.kind == EntryKind.MESSAGE and entry.author == fold(ticket.requester.email)
    if theirs and got.message.message_id:
        draft.keep(last_message_id=got.message.message_id, references=got.message.references[-20:])
    if ticket.closing == IMPORT or ticket.status == Status.CLOSED:
        _settle(draft, got, at)
    return draft.finish(Fate.REPLY, f"imported: a letter of {at:%Y-%m-%d} on ticket {ticket.number}")


def _settle(draft: Draft, got: Received, at: datetime) -> None:
    """Open or over, by its last letter. The promises of an open one begin now: they were nobody's before."""
    if draft.ticket.status == Status.CLOSED and draft.ticket.closing != IMPORT:
        return  # it was closed here, by somebody who knew
    if got.now - at < STILL_OPEN:
        draft.keep(status=Status.OPEN, closing="", closed_at=None, resolved_at=None, clock_from=got.now)
    else:
        draft.keep(status=Status.CLOSED, closing=IMPORT, closed_at=at, resolved_at=at)


def _entry(got: Received, at: datetime, text: str) -> Entry:
    """Our side's letters are answers, machines' are notes, all others are messages."""
    message, policy = got.message, got.policy
    sender = fold(message.sender.email) if message.sender else ""
    agent = policy.by_email.get(sender, "")
    ours = bool(agent) or sender in {address.email for address in policy.addresses}
    machine = message.kind == Kind.AUTOMATIC
    kind = EntryKind.NOTE if machine else EntryKind.RESPONSE if ours else EntryKind.MESSAGE
    return Entry(
        kind=kind,
        at=at,
        author=agent or sender or "unknown",
        author_name=policy.agents[agent].name if agent else message.sender.name if message.sender else "",
        public=not machine,
        text=text,
        mail_id=got.facts.mail_id,
        message_id=message.message_id,
        data={"imported": True},
    )


def _other_side(got: Received) -> Address | None:
    """Whom the conversation is with: the author, or whoever our side wrote to."""
    message, policy = got.message, got.policy
    ours = {address.email for address in policy.addresses} | set(policy.by_email)
    people = [*([message.sender] if message.sender else message.from_[:1]), *message.to, *message.cc]
    return next((one for one in people if "@" in one.email and fold(one.email) not in ours), None)
