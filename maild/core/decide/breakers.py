"""Loops and floods are broken by what letters do, whatever their headers say.

Asked last about every letter: one that would open the sender's third ticket with the same words
joins the first; an author who answers like a machine is one, on that ticket and for a day; an
agent who says the same thrice is told that it did not go; and agents are told of a flood once in
five minutes. Where domains are asked, letters nobody vouches for count by themselves. Nothing is
lost: every letter is in a thread. It refuses to know how any of this is recognised (core.flood).
"""

from __future__ import annotations

from dataclasses import replace

from maild.core import flood, senders, sla
from maild.core.authentication import Vouched
from maild.core.commands import parse
from maild.core.decide import tell
from maild.core.decide.admission import accepted_by, is_opening
from maild.core.decide.draft import Draft
from maild.core.decide.received import Received
from maild.core.identity import Author, fold
from maild.core.mail import shown
from maild.core.matching import standing_for
from maild.core.model import EntryKind, Fate, Kind, Lane, Outcome, SendLetter, Status, Ticket
from maild.core.policy import Agent

SURE = (Vouched.PASS, Vouched.UNKNOWN)


def broken(got: Received, who: Author, vouched: Vouched, outcome: Outcome) -> Outcome:
    """What was decided, with the ticket's pulse; or in its place what keeps the peace."""
    if outcome.after is None:
        return outcome
    if is_opening(outcome):
        return _opening(got, who, vouched, outcome)
    if got.message.kind == Kind.AUTOMATIC or outcome.before is None or not who.email:
        return outcome  # known machines are answered by nobody, and never counted
    if who.named is not None:
        return _of_agent(got, who, who.named, outcome, outcome.before, outcome.after)
    return _on_ticket(got, who, outcome, outcome.before, outcome.after)


# --------------------------------------------------------------------- letters that open tickets


def _opening(got: Received, who: Author, vouched: Vouched, outcome: Outcome) -> Outcome:
    """A ticket that begins remembers its words; one of a flood does not begin at all."""
    message, after = got.message, outcome.after
    if after is None:
        return outcome
    words = flood.digest(message.subject, message.text, files=message.attachments)
    words = words if got.vouched in SURE else flood.unsure(words)
    if not got.envelope.confirmed and not accepted_by(got, who, vouched) and who.named is None:
        joined = _joined(got, who, words)
        if joined is not None:
            return joined
    pulse = flood.Pulse((), got.now)
    if message.kind != Kind.AUTOMATIC:
        pulse.came(_known_as(got, who), _words_of(got), got.envelope.received_at)
    pulse.wrote(_written_to(outcome))
    return replace(outcome, after=replace(after, digest=words, pulse=pulse.closed()))


def _known_as(got: Received, who: Author) -> str:
    """What a pulse calls the author."""
    return who.email if got.vouched in SURE else flood.unsure(who.email)


def _joined(got: Received, who: Author, words: str) -> Outcome | None:
    """The letter as one more of a flood; None where it is none."""
    most = got.policy.flood.tickets_per_hour
    exempt = senders.among(who.email, got.policy.flood.exempt)
    recent = [one for one in got.facts.recent if not exempt and one.unsure == (got.vouched not in SURE)]
    same = [one.number for one in recent if one.digest == words]
    if len(same) >= flood.ALIKE - 1:
        numbers, why = same, "letters with the same words"
    elif most and len(recent) >= most:
        numbers, why = [one.number for one in recent], f"more than {most} letters in an hour"
    else:
        return None
    parent = standing_for(numbers[0], got.facts)
    if parent is None:
        return None
    draft = Draft(parent, got.policy, got.now)
    draft.add(got.entry(who, got.message.text, public=False))
    _merge(draft, who, f"A flood: {why} from {who.email}; further ones are kept here", numbers)
    return draft.finish(Fate.FILED, f"one of a flood ({why} from {who.email}), kept on ticket {parent.number}")


def _merge(draft: Draft, who: Author, event: str, linked: list[int]) -> None:
    """One more letter that its agents hear of later, with all others of the same flood."""
    if draft.ticket.status == Status.CLOSED:
        return  # somebody has seen it and wants no more of it
    pulse = flood.Pulse(draft.ticket.pulse, draft.now)
    if draft.ticket.quiet_until is None:
        others = [number for number in linked if number != draft.ticket.number]
        draft.event("flood", "desk", event, {"linked": others[:50]})
        draft.keep(quiet_until=draft.now + flood.QUIET)
    pulse.merge(who.email)
    draft.keep(pulse=pulse.closed())


# --------------------------------------------------------------------- letters on a ticket


def _on_ticket(got: Received, who: Author, outcome: Outcome, before: Ticket, after: Ticket) -> Outcome:
    pulse, author = flood.Pulse(before.pulse, got.now), _known_as(got, who)
    if pulse.is_machine(author):
        return _filed(got, who, before, pulse, "")
    pulse.came(author, _words_of(got), got.envelope.received_at)
    if why := pulse.looks_automatic(author):
        pulse.mark(author)
        return _filed(got, who, before, pulse, why)
    if pulse.letters(author) > flood.MOST_LETTERS:
        outcome, after = _quieted(got, who, outcome, after, pulse)
    pulse.wrote(_written_to(outcome))
    return replace(outcome, after=replace(after, pulse=pulse.closed()))


def _of_agent(got: Received, who: Author, agent: Agent, outcome: Outcome, before: Ticket, after: Ticket) -> Outcome:
    """An agent's letter does what it does, however quick it came, unless it only repeats what has been said twice."""
    pulse = flood.Pulse(after.pulse, got.now)
    if not _commands(got, who):  # nobody sets up a machine that commands a help desk
        pulse.came(who.email, _words_of(got), got.envelope.received_at)
        if pulse.repeats(who.email):
            return _repeated(got, who, agent, before, pulse)
    pulse.wrote(_written_to(outcome))
    return replace(outcome, after=replace(after, pulse=pulse.closed()))


def _commands(got: Received, who: Author) -> bool:
    """Whether the letter is an agent's with commands in it, all of them well written."""
    if who.agent is None:
        return False
    said = parse(got.message.new_text)
    return bool(said.commands) and not said.mistakes


def _repeated(got: Received, who: Author, agent: Agent, ticket: Ticket, pulse: flood.Pulse) -> Outcome:
    """An agent's letter that says what the last two said: kept inside, and the agent knows that it did not go.

    Told once an hour: if a machine sits at the agent's mailbox, it answers that, too.
    """
    draft = Draft(ticket, got.policy, got.now)
    text = shown(got.message.new_text, got.message.text)
    draft.add(replace(got.entry(who, text, public=False), kind=EntryKind.NOTE))
    if not pulse.told_of_repeating(who.email):
        draft.event("repeated", "desk", f"{who.email} says the same again: kept inside, and the agent was told")
        tell.agents(draft, [agent.key], "repeated", lane=Lane.ANSWER)
        pulse.wrote(_written_to(Outcome(changes=tuple(draft.changes))))
    draft.keep(pulse=pulse.closed())
    return draft.finish(Fate.FILED, f"a letter of {agent.name} on ticket {ticket.number} that only repeats the last")


def _words_of(got: Received) -> str:
    return flood.digest(got.message.new_text, files=got.message.attachments)


def _written_to(outcome: Outcome) -> list[str]:
    return [fold(change.letter.to.email) for change in outcome.changes if isinstance(change, SendLetter)]


def _filed(got: Received, who: Author, ticket: Ticket, pulse: flood.Pulse, why: str) -> Outcome:
    """A letter of a machine that does not say so: kept inside, nothing moves. `why`: found out just now."""
    draft = Draft(ticket, got.policy, got.now)
    text = shown(got.message.new_text, got.message.text)
    draft.add(replace(got.entry(who, text, public=False), kind=EntryKind.NOTE))
    if why:
        hours = int(flood.MACHINE_FOR.total_seconds() // 3600)
        said = f"{who.email} looks like a machine ({why}): its letters are kept inside for {hours} hours"
        draft.event("automatic", "desk", said)
        keys = [*tell.responsible(ticket, got.policy), *tell.team_of(ticket, got.policy)]
        told = tell.agents(draft, keys, "automatic", context={"who": who.email, "why": why})
        pulse.wrote(_written_to(Outcome(changes=tuple(draft.changes))))
        draft.trace.append("told: " + (", ".join(got.policy.agents[key].name for key in told) or "nobody"))
    draft.keep(pulse=pulse.closed())
    return draft.finish(Fate.FILED, f"a letter of {who.email} on ticket {ticket.number}, who looks like a machine")


def _quieted(got: Received, who: Author, outcome: Outcome, after: Ticket, pulse: flood.Pulse) -> tuple[Outcome, Ticket]:
    """One of very many letters of one author: it does what it does, but its agents are told later."""
    kept = tuple(c for c in outcome.changes if not (isinstance(c, SendLetter) and c.letter.lane == Lane.ALERT))
    pulse.merge(who.email)
    after = replace(after, quiet_until=after.quiet_until or got.now + flood.QUIET)
    after = replace(after, next_due=sla.next_due(after, got.policy))
    said = f"more than {flood.MOST_LETTERS} letters of {who.email} in an hour: its agents are told of all at once"
    return replace(outcome, changes=kept, trace=(*outcome.trace, said)), after
