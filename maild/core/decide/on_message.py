"""What follows from a letter.

Read it from the top: our own letters coming back, reports about our letters, a second copy,
machines, agents, people. Every branch ends in exactly one fate with its reason in words.
It refuses to know where anything is stored or how a letter will look.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from maild.core import authentication
from maild.core.authentication import Vouched
from maild.core.decide import tell
from maild.core.decide.draft import STOPPED, Draft
from maild.core.decide.new_ticket import new_ticket
from maild.core.decide.on_command import on_command
from maild.core.decide.received import Received
from maild.core.decide.table import TABLE, Action
from maild.core.identity import Author, Sender, author, fold
from maild.core.mail import shown
from maild.core.matching import MOST_COPIED, Claim, Match, copied_people, is_open, match, our_addresses
from maild.core.model import (
    Entry,
    EntryKind,
    Envelope,
    Facts,
    Fate,
    Kind,
    Known,
    Lane,
    Message,
    Outcome,
    Purpose,
    Release,
    SendLetter,
    SentLetter,
    Status,
    Ticket,
)
from maild.core.policy import Agent, Policy
from maild.core.tokens import address_token, message_id_token

OVER = (Status.RESOLVED, Status.CLOSED)
LOOP_HEADER = "x-maild-loop"  # our mark on everything we send


def on_message(message: Message, envelope: Envelope, facts: Facts, policy: Policy, now: datetime) -> Outcome:
    """The judgement of one letter: which ticket, what happens to it, who is told, and why."""
    got = Received(message, envelope, facts, policy, now)
    if why := _own_letter(message, policy):
        return Outcome(fate=Fate.IGNORED, reason=why)
    if message.kind in (Kind.BOUNCE, Kind.REPORT):
        return _on_report(got)
    if copy := _copy_of(got):
        return _on_second_copy(got, copy)
    if released := _released_by(got):
        return released
    found = match(message, envelope, facts, policy, now)
    outcome = _judge(got, found)
    return replace(outcome, trace=(f"ticket: {found.evidence}", *outcome.trace))


def _judge(got: Received, found: Match) -> Outcome:
    message, ticket = got.message, found.ticket
    who = author(message, ticket, found.token, got.policy)
    vouched = Vouched.PASS if got.envelope.confirmed else authentication.vouched(message, got.policy.authentication)
    action = TABLE[found.claim, who.sender][vouched]
    outcome = _carry_out(action, got, found, who)
    why = f"claim: {found.claim}, sender: {who.sender}, domain: {vouched}, so: {action}"
    return replace(outcome, trace=(why, *outcome.trace))


def _carry_out(action: Action, got: Received, found: Match, who: Author) -> Outcome:
    message, ticket = got.message, found.ticket
    if message.kind == Kind.AUTOMATIC:
        return _from_machine(got, found, who)
    match action:
        case Action.UNPROVEN:
            return _unproven(got, who, ticket)
        case Action.HOLD:
            return Outcome(
                fate=Fate.QUARANTINED, reason=f"{who.email or 'no sender'}: the domain does not vouch for it"
            )
        case Action.CHALLENGE if who.agent is not None:
            return _challenge(got, who.agent, ticket)
        case Action.OBEY if who.agent is not None and ticket is not None:
            return _from_agent(got, found, ticket, who.agent)
        case Action.APPEND if ticket is not None and message.courtesy and ticket.status in OVER:
            return _file_courtesy(got, ticket, who)
        case Action.APPEND | Action.INSIDE if ticket is not None and is_open(ticket):
            return _reply(got, ticket, who, found.evidence, moves=action == Action.APPEND)
        case Action.INSIDE:  # of a closed ticket: whoever it is, they get a ticket of their own
            return new_ticket(got, who, continues=None, mentions=found.mentions, silent=True)
        case _:
            continues = ticket if action == Action.APPEND else None
            silent = action == Action.OPEN_SILENT
            return new_ticket(got, who, continues=continues, mentions=found.mentions, silent=silent)


def _from_machine(got: Received, found: Match, who: Author) -> Outcome:
    """Machines never command, reopen or are answered; their words are kept where they belong."""
    message = got.message
    if found.claim == Claim.AGENT:
        name = who.agent.name if who.agent else "somebody"
        return Outcome(fate=Fate.FILED, reason=f"an automatic answer to a letter for {name}: {message.kind_reason}")
    if found.ticket is not None:
        return _file_automatic(got, found.ticket, who)
    if _answers_something(message):
        return Outcome(fate=Fate.FILED, reason=f"an automatic answer to nothing we know: {message.kind_reason}")
    return new_ticket(got, who, continues=None, mentions=found.mentions, silent=False)


def _released_by(got: Received) -> Outcome | None:
    """An agent answered our challenge: the letter held back is theirs."""
    for rcpt in got.envelope.rcpts:
        token = address_token(got.policy, rcpt, got.now)
        if token is None or token.purpose != Purpose.CONFIRM or token.expired:
            continue
        who = author(got.message, None, token, got.policy)
        if who.sender == Sender.SAME and got.message.kind != Kind.AUTOMATIC:
            reason = f"{who.named.name if who.named else who.email} confirmed letter {token.serial}"
            return Outcome(changes=(Release(token.serial),), fate=Fate.COMMAND, reason=reason)
        return Outcome(fate=Fate.FILED, reason="an answer to a challenge, but not of the agent who was asked")
    return None


# --------------------------------------------------------------------- letters that start nothing


def _own_letter(message: Message, policy: Policy) -> str:
    """Why this is a letter of ours that came back, or "". Two desks must not talk for ever."""
    if message_id_token(policy, message.message_id):
        return "a letter of ours came back: its Message-ID is one we signed"
    sender = fold(message.sender.email) if message.sender else ""
    marks = [value.split(";")[0].strip().lower() for value in message.headers.get(LOOP_HEADER, ())]
    if policy.domain.lower() in marks and sender in {a.email for a in policy.addresses}:
        return "a letter of ours came back: it carries our own loop mark and address"
    return ""


def _answers_something(message: Message) -> bool:
    """Whether an automatic letter is an answer (a vacation notice) rather than news (a monitoring alarm)."""
    keyword = message.header("auto-submitted").split(";")[0].strip().lower()
    return keyword == "auto-replied" or bool(message.in_reply_to)


def _on_report(got: Received) -> Outcome:
    """A delivery report: the words go to the ticket they are about, and its agents learn of it."""
    message, facts = got.message, got.facts
    sent = next(iter(facts.sent.values()), None)
    ticket = facts.tickets.get(sent.ticket) if sent else None
    if sent is None or ticket is None:
        return Outcome(fate=Fate.FILED, reason=f"a report about no letter of ours: {message.kind_reason}")
    if message.kind == Kind.REPORT:
        return Outcome(fate=Fate.FILED, reason=f"a report about a letter of ticket {ticket.number}")
    permanent = message.bounce is None or message.bounce.permanent is not False
    draft = Draft(ticket, got.policy, got.now)
    reason = not_delivered(draft, sent, _diagnostic(message), permanent=permanent, mail_id=facts.mail_id)
    return draft.finish(Fate.BOUNCE, reason)


def _diagnostic(message: Message) -> str:
    if message.bounce and message.bounce.recipients:
        first = message.bounce.recipients[0]
        return " ".join(filter(None, (first.status, first.diagnostic or first.action)))[:500]
    return " ".join(message.text.split())[:500]


def not_delivered(
    draft: Draft, sent: SentLetter, diagnostic: str, *, permanent: bool, mail_id: int | None = None
) -> str:
    """A letter of ours did not arrive: an entry, and an alert unless it was an alert itself.

    An answer that never arrived is no answer: the first-response clock runs on. Answers with
    the reason in words.
    """
    ticket = draft.ticket
    failed = "could not be delivered" if permanent else "is delayed"
    text = f"The letter to {sent.to} ({sent.template}) {failed}: {diagnostic or 'no reason was given'}"
    draft.add(Entry(kind=EntryKind.NOTE, at=draft.now, author="courier", text=text, mail_id=mail_id))
    if permanent and fold(sent.to) == fold(ticket.requester.email):
        if sent.template in ("response", "closure") and ticket.status not in (Status.RESOLVED, Status.CLOSED):
            draft.keep(responded_at=None)
        context = {"to": sent.to, "what": sent.template, "diagnostic": diagnostic}
        tell.agents(draft, tell.responsible(ticket, draft.policy), "undelivered", context=context)
    return f"the letter to {sent.to} on ticket {ticket.number} {failed}"


def undelivered(ticket: Ticket, sent: SentLetter, diagnostic: str, policy: Policy, now: datetime) -> Outcome:
    """The courier gave up on a letter."""
    draft = Draft(ticket, policy, now)
    return draft.finish(None, not_delivered(draft, sent, diagnostic, permanent=True))


def _copy_of(got: Received) -> Known | None:
    """The letter this one is a second copy of: the same bytes at another of our addresses, or one id, author and
    date, and the same words (a mailing list may have put a footer below them)."""
    origin, content, _ = (*got.facts.key.split(":"), "", "")[:3]
    for known in got.facts.same_id:
        theirs = known.key.split(":")
        if len(theirs) < 3 or theirs[0] != origin:  # a different letter under a known id is a new letter
            continue
        if theirs[1] == content or _same_words(known.text, got.message.new_text, got.message.text):
            return known
    return None


def _same_words(earlier: str, *now: str) -> bool:
    first = " ".join(earlier.split())  # "" of a second copy, which has no words of its own in the thread
    return bool(first) and any(" ".join(text.split()).startswith(first) for text in now)


def _on_second_copy(got: Received, copy: Known) -> Outcome:
    """The same letter at a second of our addresses: one ticket, and the second team knows."""
    ticket, policy = got.facts.tickets.get(copy.ticket), got.policy
    if ticket is None:
        return Outcome(fate=Fate.DUPLICATE, reason="the same letter was received before")
    draft = Draft(ticket, policy, got.now)
    teams = tell.teams_of(our_addresses(got.envelope, policy), policy) - {ticket.team}
    names = ", ".join(policy.teams[team].name for team in sorted(teams)) or "nobody new"
    draft.event("copy", "desk", f"The same letter also came to {', '.join(got.envelope.rcpts)}; told: {names}")
    for team in sorted(teams):
        context = {"by": "", "to_team": True}
        tell.agents(draft, policy.teams[team].members, "assigned", context=context)
    return draft.finish(
        Fate.DUPLICATE, f"the letter of ticket {ticket.number} at another address of ours; told: {names}"
    )


def _unproven(got: Received, who: Author, ticket: Ticket | None) -> Outcome:
    """An agent's name without an agent's proof. Nothing is done; the real agent hears of it."""
    reason = (
        f"it claims to be from an agent ({who.email or 'no address'}) but did not come to that agent's reply address"
    )
    reference = f"{got.policy.tag}-{ticket.number}" if ticket else ""
    letters = []
    for agent, theirs in ((who.named, False), (who.agent, True)):
        if agent is not None and not (theirs and who.named == agent):
            context = {"sender": who.email, "reference": reference, "theirs": theirs}
            letters.append(SendLetter(tell.alert(got.policy, agent, "unproven", purpose=None, context=context)))
    # About no ticket: the letter may be worked again when the admin knows better, and must have left no trace.
    return Outcome(changes=tuple(letters), fate=Fate.QUARANTINED, reason=reason)


# --------------------------------------------------------------------- letters on a ticket


def _challenge(got: Received, agent: Agent, ticket: Ticket | None) -> Outcome:
    """The agent's reply address, the agent's name, and a domain that does not vouch: ask at the registered address."""
    reference = f"{got.policy.tag}-{ticket.number}" if ticket else ""
    words = got.message.new_text.strip().splitlines()
    context = {"reference": reference, "first": words[0][:200] if words else "", "mail_id": got.facts.mail_id}
    letter = tell.alert(got.policy, agent, "challenge", purpose=Purpose.CONFIRM, lane=Lane.ANSWER, context=context)
    reason = f"held until {agent.name} confirms it: the domain of {agent.email} does not vouch for it"
    return Outcome(changes=(SendLetter(letter),), fate=Fate.QUARANTINED, reason=reason)


def _from_agent(got: Received, found: Match, ticket: Ticket, agent: Agent) -> Outcome:
    return on_command(
        ticket,
        got.message.new_text,
        agent,
        got.policy,
        got.now,
        mail_id=got.facts.mail_id,
        message_id=got.message.message_id,
        files=any(not a.inline for a in got.message.attachments),
        note=found.token is not None and found.token.purpose == Purpose.AGENT_NOTE,
    )


def _file_automatic(got: Received, ticket: Ticket, who: Author) -> Outcome:
    """A machine answered us: kept in the thread, nobody is told, nothing reopens, no clock moves."""
    draft = Draft(ticket, got.policy, got.now)
    draft.add(replace(got.entry(who, got.message.new_text, public=False), kind=EntryKind.NOTE))
    return draft.finish(Fate.FILED, f"an automatic letter on ticket {ticket.number}: {got.message.kind_reason}")


def _file_courtesy(got: Received, ticket: Ticket, who: Author) -> Outcome:
    """A thank-you for something solved opens nothing again; its agents read it and know better if need be."""
    draft = Draft(ticket, got.policy, got.now)
    draft.add(got.entry(who, shown(got.message.new_text, got.message.text), public=True))
    tell.requester_wrote(draft, got.facts.mail_id)
    what = f"{got.message.courtesy}, nothing more: it stays {ticket.status} (#reopen if that is wrong)"
    return draft.finish(Fate.FILED, f"a letter of the requester on ticket {ticket.number}: {what}")


def _reply(got: Received, ticket: Ticket, who: Author, evidence: str, *, moves: bool) -> Outcome:
    """A person answers. Only the requester, vouched for, moves the ticket; others are heard inside."""
    message, policy = got.message, got.policy
    draft = Draft(ticket, policy, got.now)
    draft.add(got.entry(who, shown(message.new_text, message.text), public=moves))
    reopened = moves and ticket.status == Status.RESOLVED
    if moves:
        if ticket.status in STOPPED or reopened:
            draft.set_status(Status.OPEN, "requester")
        if message.message_id:
            draft.keep(last_message_id=message.message_id, references=message.references[-20:])
        others = (a for a in copied_people(message, policy) if a != who.email)
        draft.keep(copied=tuple(dict.fromkeys([*ticket.copied, *others]))[:MOST_COPIED])
    third = "" if moves else who.email or "an unknown sender"
    told = tell.requester_wrote(draft, got.facts.mail_id, third=third, reopened=reopened)
    draft.trace.append("told: " + (", ".join(policy.agents[key].name for key in told) or "nobody"))
    unsure = "not the requester" if who.sender != Sender.SAME else "the domain does not vouch for it"
    by = "the requester" if moves else f"{third} ({unsure}: kept inside)"
    again = ", which opened it again" if reopened else ""
    return draft.finish(Fate.REPLY, f"a reply of {by} on ticket {ticket.number}{again}, by {evidence}")
