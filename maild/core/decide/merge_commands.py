"""Commands that bring two tickets together: #merge, #link.

Merging closes the letter's ticket; who took part in it is heard on the other one from then on.
Which ticket a letter to a merged one leads to, core.matching knows.
"""

from __future__ import annotations

from maild.core.commands import Command, ticket_number
from maild.core.decide import tell
from maild.core.decide.draft import Draft
from maild.core.decide.work import Work
from maild.core.identity import fold
from maild.core.matching import merged_end
from maild.core.model import Status, Ticket
from maild.core.participants import MOST_COLLABORATORS, participants


def merge(work: Work, command: Command) -> None:
    ticket = work.draft.ticket
    other = _other(work, command)
    if other is None:
        return
    if ticket.merged_into:
        work.mistake(command, f"it is merged into {_name(work, ticket.merged_into)} already")
        return
    into = merged_end(other, work.around.tickets)
    if into.number == ticket.number:
        work.mistake(command, f"{_name(work, other.number)} is merged into this one: that would be a circle")
        return
    if work.speaks and not work.note:
        work.mistake(command, "#merge tells the requester nothing, but your mail has words for them", "#note")
        return
    heard = [one for one in participants(ticket) if "@" in one and one not in participants(into)]
    if len(into.collaborators) + len(heard) > MOST_COLLABORATORS:
        work.mistake(command, f"more than {MOST_COLLABORATORS} would take part in {_name(work, into.number)}")
        return
    if heard:
        names = {"ticket": _name(work, ticket.number), "into": _name(work, into.number)}
        work.risk("merge", **names, requester=fold(into.requester.email), who=", ".join(heard))
    _take_up(work, into, heard)
    work.draft.set_status(Status.CLOSED, work.agent.key)
    work.draft.set("closing", "merged", work.agent.key)
    work.draft.set("merged_into", into.number, work.agent.key)


def _take_up(work: Work, into: Ticket, heard: list[str]) -> None:
    """What happens to the ticket that stays: who is heard there, and its agents know."""
    ticket, by = work.draft.ticket, work.agent
    other = Draft(into, work.policy, work.draft.now)
    reference = _name(work, ticket.number)
    other.event("merged", by.key, f"{by.name} merged {reference} into this ticket", {"merged": ticket.number})
    if heard:
        other.set("collaborators", (*into.collaborators, *heard), by.key)
    copied = dict.fromkeys([*into.copied, *ticket.copied])
    other.keep(
        linked=tuple(dict.fromkeys([*into.linked, ticket.number])),
        copied=tuple(one for one in copied if one not in participants(other.ticket)),
        departed=tuple(one for one in into.departed if one not in heard),
    )
    keys = [*tell.responsible(into, work.policy), *into.watchers, *filter(None, (ticket.agent,)), *ticket.watchers]
    context = {"author": by.name, "other": reference, "subject": ticket.subject, "from_": ticket.requester.email}
    tell.agents(other, keys, "merged", actor=by.key, context=context)
    work.also.append(other.finish(None, f"{reference} was merged into it"))


def link(work: Work, command: Command) -> None:
    """Two tickets that have to do with each other; nothing else changes."""
    other = _other(work, command)
    if other is None:
        return
    number = work.draft.ticket.number
    work.draft.set("linked", tuple(dict.fromkeys([*work.draft.ticket.linked, other.number])), work.agent.key)
    if number not in other.linked:
        there = Draft(other, work.policy, work.draft.now)
        there.set("linked", (*other.linked, number), work.agent.key)
        work.also.append(there.finish(None, f"linked to {_name(work, number)}"))


def _other(work: Work, command: Command) -> Ticket | None:
    """The ticket a command names, None with the mistake noted. One letter brings it together with one other."""
    number = ticket_number(command.value, work.policy)
    ticket = work.around.tickets.get(number or 0)
    if number is None:
        work.mistake(command, f"“{command.value}” is no ticket", f"#{command.word} {work.policy.tag}-1001")
    elif ticket is None:
        work.mistake(command, f"there is no ticket {_name(work, number)}")
    elif number == work.draft.ticket.number:
        work.mistake(command, f"{_name(work, number)} is this ticket")
    elif any(outcome.before and outcome.before.number == number for outcome in work.also):
        work.mistake(command, f"{_name(work, number)} is named twice in this mail")
    else:
        return ticket
    return None


def _name(work: Work, number: int) -> str:
    return f"{work.policy.tag}-{number}"
