"""What follows from news of a letter of ours: it failed, it is late, somebody called it spam.

A report that came home and the courier's own failure walk the same way. An answer that did not
arrive is no answer: its author is told, the clocks go on as if it had never been given, and a
ticket that it resolved is open again. An address that is dead gets nothing automatic any more, and
neither does one that complained. Whatever is said of one letter, it is said once. It refuses to
know how reports are read (core.mail.bounce) and what a server's codes mean (core.reasons).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from maild.core.authentication import Vouched
from maild.core.decide import tell
from maild.core.decide.admission import DISOWNED
from maild.core.decide.draft import Draft
from maild.core.decide.received import Received
from maild.core.decide.work import Surroundings
from maild.core.evidence import Evidence
from maild.core.identity import Author, fold
from maild.core.matching import standing_for
from maild.core.model import (
    OVER,
    Address,
    Change,
    Entry,
    EntryKind,
    Facts,
    Fate,
    Kind,
    Lane,
    Letter,
    Message,
    Nature,
    Outcome,
    Purpose,
    Remember,
    Reported,
    Revive,
    SendLetter,
    SentLetter,
    Status,
    Suppress,
    Suppressed,
    Ticket,
)
from maild.core.participants import participants
from maild.core.policy import Agent, Policy
from maild.core.reasons import Reason, reason

ABOUT_LETTERS = ("undelivered", "delayed", "dead-address", "complaint")  # what is said of letters that did not arrive
MOST_SAID = 1_000  # characters of what the other side said
MOST_WORDS = 20_000  # characters of an answer that goes back to its author


@dataclass(frozen=True, slots=True)
class News:
    """What is said of a letter, and where: in a stored letter, or to the courier (fate and mail_id are None)."""

    sent: SentLetter
    facts: Facts
    policy: Policy
    now: datetime
    said: str  # the other side's words
    why: Reason
    fate: Fate | None = None
    mail_id: int | None = None
    came_home: bool = True  # to the letter's own envelope sender, which only its reader's server knows

    @property
    def ticket(self) -> Ticket | None:
        """The ticket the letter belongs to, or the one that has taken it up."""
        return standing_for(self.sent.ticket, self.facts)

    @property
    def to_requester(self) -> bool:
        ticket = self.ticket
        return ticket is not None and fold(self.sent.to) == fold(ticket.requester.email)

    @property
    def to_us(self) -> bool:
        """Whether it went to one of us: who works here must get alerts, whatever a report says."""
        to = fold(self.sent.to)
        ours = {fold(self.policy.admin), *(fold(one.email) for one in self.policy.addresses)}
        return to in ours or to in self.policy.by_email


def on_report(got: Received, evidence: Evidence) -> Outcome:
    """What a delivery report, a receipt or a complaint means."""
    message, facts = got.message, got.facts
    named = any(token.purpose == Purpose.BOUNCE for token in evidence.addressed)
    if evidence.wrong and not named:
        return Outcome(fate=Fate.FILED, reason="a report with a token that is not ours: nothing of it is believed")
    sent = next(iter(facts.sent.values()), None)
    if sent is None:
        return Outcome(fate=Fate.FILED, reason=f"a report about no letter of ours: {message.kind_reason}")
    said, status = _said(message)
    why = reason(said, status)
    # Whoever answers to all shows the ids of our letters around: such a report tells of a letter and cuts nobody off.
    came_home = named or not got.policy.separator
    news = News(sent, facts, got.policy, got.now, said, why, Fate.BOUNCE, facts.mail_id, came_home)
    if message.kind == Kind.REPORT:
        if message.nature == Nature.COMPLAINT:
            return _complaint(news)
        where = f"a letter of ticket {sent.ticket}" if sent.ticket else "a letter of ours"
        return _filed(news, Fate.FILED, f"a report about {where}")
    return _delay(news) if message.nature == Nature.DELAYED else _failure(news)


def undelivered(facts: Facts, said: str, policy: Policy, now: datetime) -> Outcome:
    """The courier gave up on the one letter the facts are about."""
    sent = next(iter(facts.sent.values()), None)
    if sent is None:
        return Outcome(reason="no letter of ours")
    return _failure(News(sent, facts, policy, now, said[:MOST_SAID], reason(said)))


def _said(message: Message) -> tuple[str, str]:
    """The other side's words about the recipient that failed, and its status code."""
    recipients = message.bounce.recipients if message.bounce else ()
    bad = [one for one in recipients if one.action in ("failed", "delayed", "")] or list(recipients)
    words = " ".join(message.text[: 4 * MOST_SAID].split())
    if not bad:
        return words[:MOST_SAID], ""
    first = bad[0]
    return (first.diagnostic or words or first.action)[:MOST_SAID], first.status


# --------------------------------------------------------------------- it did not arrive


def _failure(news: News) -> Outcome:
    sent, ticket = news.sent, news.ticket
    what = f"the letter to {sent.to}" + (f" on ticket {ticket.number}" if ticket else "")
    if sent.reported == Reported.FAILED:
        return _filed(news, news.fate, f"{what} could not be delivered, which was known")
    changes: list[Change] = [Remember(sent.outbox_id, Reported.FAILED)]
    told = f"{what} could not be delivered: {news.why.words or 'nobody said why'}"
    if news.why.dead and news.came_home and not news.to_us:
        changes.append(Suppress(fold(sent.to), news.why.words, sent.outbox_id))
        told += "; nothing automatic goes there any more"
    if ticket is None:
        return Outcome(changes=tuple(changes), fate=news.fate, reason=told)
    draft = Draft(ticket, news.policy, news.now)
    draft.changes += changes
    if sent.template in ABOUT_LETTERS:
        return draft.finish(news.fate, told)
    _note(draft, news, f"could not be delivered: {news.why.words or 'nobody said why'}")
    if not news.to_us:
        reopened = _unanswered(draft, news)
        _tell_agents(draft, news, reopened=reopened)
    return draft.finish(news.fate, told)


def _filed(news: News, fate: Fate | None, why: str) -> Outcome:
    """Only recorded: nothing becomes of it."""
    return (
        Draft(news.ticket, news.policy, news.now).finish(fate, why) if news.ticket else Outcome(fate=fate, reason=why)
    )


def _note(draft: Draft, news: News, what: str) -> None:
    sent = news.sent
    which = "The answer" if sent.author else f"The letter ({sent.template})"
    said = f"\n{news.said}" if news.said else ""
    data = {"field": "report", "outbox": sent.outbox_id, "to": sent.to}
    text = f"{which} to {sent.to} {what}{said}"
    draft.add(Entry(kind=EntryKind.NOTE, at=draft.now, author="courier", text=text, mail_id=news.mail_id, data=data))


def _unanswered(draft: Draft, news: News) -> bool:
    """Undelivered means unanswered: the clocks are as if the answer had not been given. Whether it is open again."""
    sent, ticket = news.sent, draft.ticket
    if not sent.author or not news.to_requester or ticket.number != sent.ticket:
        return False
    responded_at = ticket.responded_at
    if responded_at is not None and responded_at == sent.written_at:
        responded_at = _next_answer(ticket, news)
    ended = ticket.status in OVER and ticket.resolved_at == sent.written_at and not ticket.closing
    asked = ticket.status == Status.WAITING and ticket.waiting_since == sent.written_at
    reopened = (ended or asked) and draft.set_status(Status.OPEN, "courier")
    if reopened:
        # They never stood still in truth: nobody has read what stopped them.
        draft.keep(clock_from=ticket.clock_from, waited=ticket.waited, marks=ticket.marks)
    draft.keep(responded_at=responded_at)
    return reopened


def _next_answer(ticket: Ticket, news: News) -> datetime | None:
    """When the requester was first answered, as far as anybody knows, without the answer that did not arrive."""
    since = ticket.clock_from or ticket.created_at
    requester = fold(ticket.requester.email)
    arrived = [
        one.written_at
        for one in news.facts.letters.get(ticket.number, ())
        if one.author and one.reported != Reported.FAILED and fold(one.to) == requester
        if one.outbox_id != news.sent.outbox_id and one.written_at is not None and one.written_at >= since
    ]
    return min(arrived, default=None)


def _tell_agents(draft: Draft, news: News, *, reopened: bool) -> None:
    """The author of an answer; of what the desk said to a requester those responsible, once for each address."""
    sent, letters = news.sent, news.facts.letters.get(news.sent.ticket, ())
    if not sent.author:
        known = any(one.reported == Reported.FAILED and fold(one.to) == fold(sent.to) for one in letters)
        if known or not news.to_requester:
            return
    reached = [
        one.to
        for one in letters
        if sent.author and one.author == sent.author and one.written_at == sent.written_at
        if one.outbox_id != sent.outbox_id and one.reported != Reported.FAILED
    ]
    context = {
        "to": sent.to,
        "what": sent.template,
        "reason": news.why.words,
        "diagnostic": news.said,
        "dead": news.why.dead,
        "reopened": reopened,
        "others": _others(sent.to, news.facts.others, news.facts.dead, draft.ticket),
        "reached": list(dict.fromkeys(reached)),
        "words": sent.words[:MOST_WORDS],
    }
    keys = _authors(draft, sent)
    if reopened and draft.ticket.agent:
        keys.append(draft.ticket.agent)
    tell.agents(draft, keys, "undelivered", context=context)


def _authors(draft: Draft, sent: SentLetter) -> list[str]:
    """Who wrote the letter; those responsible where nobody did, or whoever did has left."""
    return [sent.author] if sent.author in draft.policy.agents else tell.responsible(draft.ticket, draft.policy)


def _others(
    email: str, others: Mapping[str, frozenset[str]], dead: Mapping[str, Suppressed], ticket: Ticket
) -> list[str]:
    """Where else the person can be reached who has this address and gets nothing there."""
    taken = (fold(email), *participants(ticket))
    return sorted(one for one in others.get(fold(email), ()) if one not in taken and one not in dead)


# --------------------------------------------------------------------- it is late


def _delay(news: News) -> Outcome:
    """Noted once; only who wrote an answer that a person waits for is told. Nothing else follows."""
    sent, ticket = news.sent, news.ticket
    if ticket is None or sent.reported is not None or sent.template in ABOUT_LETTERS:
        return _filed(news, news.fate, f"the letter to {sent.to} is delayed")
    draft = Draft(ticket, news.policy, news.now)
    draft.changes.append(Remember(sent.outbox_id, Reported.DELAYED))
    _note(draft, news, f"is delayed: {news.why.words or 'nobody said why'}")
    if sent.author in news.policy.agents:
        context = {"to": sent.to, "reason": news.why.words, "diagnostic": news.said}
        tell.agents(draft, [sent.author], "delayed", context=context)
    return draft.finish(news.fate, f"the letter to {sent.to} on ticket {ticket.number} is delayed")


# --------------------------------------------------------------------- it was called spam


def _complaint(news: News) -> Outcome:
    """RFC 5965: whoever calls our letters spam gets none that nobody wrote. An agent's own answer still goes."""
    sent, ticket, to = news.sent, news.ticket, fold(news.sent.to)
    told = f"a complaint about the letter to {sent.to}"
    if sent.reported == Reported.COMPLAINT:
        return _filed(news, Fate.FILED, f"{told}, which was known")
    draft = Draft(ticket, news.policy, news.now) if ticket else None
    changes: list[Change] = [Remember(sent.outbox_id, Reported.COMPLAINT)]
    if to not in news.facts.complained:
        if not news.to_us:
            changes.append(Suppress(to, "a letter of ours was called spam", sent.outbox_id, complaint=True))
        changes.append(SendLetter(_to_admin(news, draft)))
    if draft is None:
        return Outcome(changes=tuple(changes), fate=Fate.FILED, reason=told)
    _note(draft, news, "was called spam by whoever reads it, or by their mail provider")
    draft.changes += changes
    return draft.finish(Fate.FILED, f"{told} on ticket {draft.ticket.number}")


def _to_admin(news: News, draft: Draft | None) -> Letter:
    number = draft.ticket.number if draft else 0
    return Letter(
        template="complaint",
        to=Address(news.policy.admin),
        lane=Lane.ALERT,
        automatic="auto-generated",
        from_address=news.policy.addresses[0].email,
        context={
            "to": news.sent.to,
            "what": news.sent.template,
            "reference": f"{news.policy.tag}-{number}" if number else "",
            "suppressed": not news.to_us,
        },
    )


# --------------------------------------------------------------------- an answer to a dead address


def warn(draft: Draft, agent: Agent, around: Surroundings) -> None:
    """An answer leaves for an address that is dead: it is tried, and its author hears at once that it is in doubt."""
    for email in participants(draft.ticket):
        if known := around.dead.get(email):
            context = {
                "to": email,
                "since": known.since.isoformat(),
                "reason": known.reason,
                "others": _others(email, around.others, around.dead, draft.ticket),
            }
            tell.agents(draft, [agent.key], "dead-address", context=context)


def revived(got: Received, who: Author, vouched: Vouched, outcome: Outcome) -> Outcome:
    """A person wrote from an address that was dead: it lives. Machines write from dead ones, too."""
    human = got.message.kind == Kind.HUMAN and vouched not in DISOWNED and outcome.fate in (Fate.TICKET, Fate.REPLY)
    if not human or who.email not in got.facts.dead:
        return outcome
    lives = f"{who.email} was dead and lives: automatic letters go there again"
    return replace(outcome, changes=(*outcome.changes, Revive(who.email)), trace=(*outcome.trace, lives))
