"""What follows from a letter.

Read it from the top: our own letters coming back, reports about our letters, a second copy,
machines, agents, people. Every branch ends in exactly one fate with its reason in words.
It refuses to know where anything is stored or how a letter will look.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from maild.core import authentication, files
from maild.core.authentication import Vouched
from maild.core.decide import holding, ruling, taking_part, tell
from maild.core.decide.admission import DISOWNED, admitted
from maild.core.decide.breakers import broken
from maild.core.decide.draft import STOPPED, Draft
from maild.core.decide.new_ticket import new_ticket
from maild.core.decide.on_command import on_command, risks
from maild.core.decide.on_import import IMPORT, on_import
from maild.core.decide.on_list import on_list
from maild.core.decide.on_report import on_report, revived
from maild.core.decide.received import Received
from maild.core.decide.table import TABLE, Action
from maild.core.decide.work import Surroundings
from maild.core.evidence import ANCESTOR, Evidence, gather
from maild.core.identity import Author, Sender, author, fold
from maild.core.mail import shown
from maild.core.matching import Claim, Match, copied_people, is_open, match, our_addresses, standing_for
from maild.core.model import (
    OVER,
    EntryKind,
    Envelope,
    Facts,
    Fate,
    Kind,
    Known,
    Message,
    Nature,
    Outcome,
    Purpose,
    Release,
    Status,
    Ticket,
)
from maild.core.policy import Agent, Policy
from maild.core.tokens import address_token, message_id_token

SURE = (Sender.SAME, Sender.COLLABORATOR)  # they would be heard outside if their domain vouched for them
LOOP_HEADER = "x-maild-loop"  # our mark on everything we send


def on_message(
    message: Message, envelope: Envelope, facts: Facts, policy: Policy, now: datetime, evidence: Evidence | None = None
) -> Outcome:
    """The judgement of one letter: which ticket, what happens to it, who is told, and why.

    `evidence`: of `core.evidence.gather`, where that has been done.
    """
    read = evidence or gather(message, envelope, policy, now)
    outcome = _outcome(message, envelope, facts, policy, now, read)
    if outcome.fate == Fate.TICKET and not _is_forged(message, envelope, policy):
        names = (name for name in read.born_as if name.removeprefix(ANCESTOR) not in facts.known)
        outcome = replace(outcome, known_as=(*outcome.known_as, *names))
    outcome = files.remembered(outcome, facts.mail_id, message.attachments)
    return replace(outcome, wrong=read.wrong) if read.wrong else outcome


def _is_forged(message: Message, envelope: Envelope, policy: Policy) -> bool:
    """Whether the letter says nothing about whose conversations are whose: its domain denies having sent it."""
    return not envelope.confirmed and authentication.vouched(message, policy.authentication) in DISOWNED


def _outcome(
    message: Message, envelope: Envelope, facts: Facts, policy: Policy, now: datetime, evidence: Evidence
) -> Outcome:
    got = Received(message, envelope, facts, policy, now)
    if why := _own_letter(message, policy):
        return Outcome(fate=Fate.IGNORED, reason=why)
    if envelope.door == IMPORT:
        return on_import(got, match(message, envelope, facts, policy, now, evidence), _copy_of(got))
    if message.kind in (Kind.BOUNCE, Kind.REPORT):
        return on_report(got, evidence)
    if copy := _copy_of(got):
        return _on_second_copy(got, copy)
    if released := _released_by(got):
        return released
    if answered := on_list(got, evidence.addressed):
        return answered
    found = match(message, envelope, facts, policy, now, evidence)
    outcome = _judge(got, found)
    return replace(outcome, trace=(f"ticket: {found.evidence}", *outcome.trace))


def _judge(got: Received, found: Match) -> Outcome:
    message, ticket = got.message, found.ticket
    who = author(message, ticket, found.token, got.policy, got.facts.same, got.envelope.agent)
    if found.corresponds and who.sender == Sender.OTHER:  # such systems write from many addresses
        who = replace(who, sender=Sender.SAME)
    # A password proves more of From than any domain could say.
    sure = got.envelope.confirmed or (who.named is not None and who.named.key == got.envelope.agent)
    vouched = Vouched.PASS if sure else authentication.vouched(message, got.policy.authentication)
    got = replace(got, vouched=vouched)
    action = TABLE[found.claim, who.sender][vouched]
    outcome = admitted(got, who, vouched, _carry_out(action, got, found, who))
    outcome = revived(got, who, vouched, broken(got, who, vouched, outcome))
    why = f"claim: {found.claim}, sender: {who.sender}, domain: {vouched}, so: {action}"
    return replace(outcome, trace=(why, *outcome.trace))


def _carry_out(action: Action, got: Received, found: Match, who: Author) -> Outcome:
    message, ticket = got.message, found.ticket
    if message.kind == Kind.AUTOMATIC:
        return _from_machine(got, found, who)
    if left := taking_part.leaves(got, ticket, who, action):
        return left
    match action:
        case Action.UNPROVEN:
            return holding.unproven(got, who, ticket)
        case Action.HOLD:
            return Outcome(
                fate=Fate.QUARANTINED, reason=f"{who.email or 'no sender'}: the domain does not vouch for it"
            )
        case Action.CHALLENGE if who.agent is not None:
            return holding.challenge(got, who.agent, ticket, _risks(got, ticket, who.agent) if ticket else ())
        case Action.OBEY if who.agent is not None and ticket is not None:
            return _from_agent(got, found, ticket, who.agent)
        case Action.APPEND | Action.TAKE_PART if ticket is not None and message.courtesy and ticket.status in OVER:
            return _file_courtesy(got, ticket, who)
        case Action.APPEND | Action.TAKE_PART | Action.INSIDE if ticket is not None and is_open(ticket):
            return _reply(got, ticket, who, found.evidence, action)
        case Action.INSIDE:  # of a closed ticket: whoever it is, they get a ticket of their own
            return new_ticket(got, who, continues=None, mentions=found.mentions, silent=True)
        case _:
            continues = ticket if action in (Action.APPEND, Action.TAKE_PART) else None
            silent = action == Action.OPEN_SILENT
            return new_ticket(got, who, continues=continues, mentions=found.mentions, silent=silent)


def _from_machine(got: Received, found: Match, who: Author) -> Outcome:
    """Machines never command, reopen or are answered; their words are kept where they belong."""
    message = got.message
    if found.claim == Claim.AGENT:
        name = who.agent.name if who.agent else "somebody"
        return Outcome(fate=Fate.FILED, reason=f"an automatic answer to a letter for {name}: {message.kind_reason}")
    if found.ticket is not None:
        return _file_automatic(got, found.ticket, who, heard=found.corresponds)
    if about := _told_of_our_letter(got):
        return _file_automatic(got, about, who)
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


def _told_of_our_letter(got: Received) -> Ticket | None:
    """The ticket of a letter of ours to whose envelope sender a machine writes: an absence, a report we cannot read."""
    sent = next(iter(got.facts.sent.values()), None)
    to_sender = any(
        token is not None and token.purpose == Purpose.BOUNCE
        for token in (address_token(got.policy, rcpt, got.now) for rcpt in got.envelope.rcpts)
    )
    return standing_for(sent.ticket, got.facts) if sent and to_sender else None


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
    ticket, policy = standing_for(copy.ticket, got.facts), got.policy
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


# --------------------------------------------------------------------- letters on a ticket


def _risks(got: Received, ticket: Ticket, agent: Agent) -> tuple[str, ...]:
    """What the letter would do that an ordinary letter may not, in words."""
    if not got.policy.confirm:
        return ()
    return risks(ticket, got.message.new_text, agent, got.policy, got.now, _around(got, ticket))


def _around(got: Received, ticket: Ticket) -> Surroundings:
    # Of what was kept inside, what was there when the letter came: a confirmation must not accept somebody else.
    before = (one for one in got.facts.inside.get(ticket.number, ()) if (one.mail_id or 0) < got.facts.mail_id)
    return Surroundings(got.facts.tickets, tuple(before), got.facts.dead, got.facts.others)


def _from_agent(got: Received, found: Match, ticket: Ticket, agent: Agent) -> Outcome:
    proven = got.envelope.confirmed or got.envelope.agent == agent.key
    if not proven and (asks := _risks(got, ticket, agent)):
        return holding.confirm(got, agent, ticket, asks)
    return on_command(
        ticket,
        got.message.new_text,
        agent,
        got.policy,
        got.now,
        mail_id=got.facts.mail_id,
        message_id=got.message.message_id,
        files=got.message.attachments,
        note=found.token is not None and found.token.purpose == Purpose.AGENT_NOTE,
        around=_around(got, ticket),
    )


def _file_automatic(got: Received, ticket: Ticket, who: Author, *, heard: bool = False) -> Outcome:
    """A machine answered us: kept in the thread, nothing reopens, no clock moves.

    Nobody is told, unless it is to be `heard`: another ticket system has only automatic letters.
    """
    draft = Draft(ticket, got.policy, got.now)
    if got.message.nature == Nature.VERIFICATION:
        tell.of_verification(draft)
    draft.add(replace(got.entry(who, got.message.new_text, public=False), kind=EntryKind.NOTE))
    if heard:
        tell.requester_wrote(draft, got.facts.mail_id, third=who.email)
    return draft.finish(Fate.FILED, f"an automatic letter on ticket {ticket.number}: {got.message.kind_reason}")


def _file_courtesy(got: Received, ticket: Ticket, who: Author) -> Outcome:
    """A thank-you for something solved opens nothing again; its agents read it and know better if need be."""
    draft = Draft(ticket, got.policy, got.now)
    draft.add(got.entry(who, shown(got.message.new_text, got.message.text), public=True))
    by = "the requester" if who.sender == Sender.SAME else who.email
    tell.requester_wrote(draft, got.facts.mail_id, collaborator="" if who.sender == Sender.SAME else who.email)
    what = f"{got.message.courtesy}, nothing more: it stays {ticket.status} (#reopen if that is wrong)"
    return draft.finish(Fate.FILED, f"a letter of {by} on ticket {ticket.number}: {what}")


def _reply(got: Received, ticket: Ticket, who: Author, evidence: str, action: Action) -> Outcome:
    """A person answers. The requester and collaborators, vouched for, move the ticket; others are heard inside."""
    message, moves, own = got.message, action != Action.INSIDE, action == Action.APPEND
    draft = Draft(ticket, got.policy, got.now)
    draft.add(got.entry(who, shown(message.new_text, message.text), public=moves))
    reopened = moves and ticket.status == Status.RESOLVED
    if moves and (ticket.status in STOPPED or reopened):
        draft.set_status(Status.OPEN, "requester" if own else who.email)
    if own and message.message_id:
        draft.keep(last_message_id=message.message_id, references=message.references[-20:])
    if own and taking_part.is_own(got, ticket, who):
        taking_part.take_in(draft, copied_people(message, got.policy), got.vouched)
    if moves:
        ruling.replied(draft, got, who)
    third = "" if moves else who.email or "an unknown sender"
    collaborator = who.email if moves and not own else ""
    told = tell.requester_wrote(draft, got.facts.mail_id, third=third, collaborator=collaborator, reopened=reopened)
    draft.trace.append("told: " + (", ".join(got.policy.agents[key].name for key in told) or "nobody"))
    unsure = "the domain does not vouch for it" if who.sender in SURE else "not the requester"
    by = f"{third} ({unsure}: kept inside)" if third else collaborator or "the requester"
    again = ", which opened it again" if reopened else ""
    return draft.finish(Fate.REPLY, f"a reply of {by} on ticket {ticket.number}{again}, by {evidence}")
