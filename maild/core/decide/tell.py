"""Who is told what: the letters a decision sends.

One function per occasion; it adds letters to a draft and refuses to know why the occasion
arose or how a letter will look (templates/).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from maild.core.decide.draft import Draft
from maild.core.identity import fold
from maild.core.model import Address, Lane, Letter, Purpose, Ticket
from maild.core.policy import Agent, OurAddress, Policy
from maild.core.tokens import agent_principal


def responsible(ticket: Ticket, policy: Policy) -> list[str]:
    """The agents who must act: the assigned one, else the team, else the default team, else everybody."""
    if ticket.agent in policy.agents:
        return [ticket.agent]
    for team in (ticket.team, policy.default_team):
        if team in policy.teams and policy.teams[team].members:
            return list(policy.teams[team].members)
    return list(policy.agents)


def teams_of(addressed: Iterable[OurAddress], policy: Policy) -> set[str]:
    """The teams that own these addresses of ours."""
    teams = set()
    for ours in addressed:
        topic = policy.topics.get(ours.topic)
        teams.add(ours.team or (topic.team if topic else ""))
    return {team for team in teams if team in policy.teams}


def agents(
    draft: Draft, keys: Iterable[str], template: str, *, actor: str = "", lane: Lane = Lane.ALERT, **letter: Any
) -> list[str]:
    """One alert to each of these agents but the one who acted; answers with who is told."""
    told = [key for key in dict.fromkeys(keys) if key != actor and key in draft.policy.agents]
    for key in told:
        draft.send(alert(draft.policy, draft.policy.agents[key], template, lane=lane, **letter))
    return told


def alert(policy: Policy, agent: Agent, template: str, *, lane: Lane = Lane.ALERT, **letter: Any) -> Letter:
    """An automatic letter to an agent, whose answer speaks with that agent's power."""
    return Letter(
        template=template,
        to=Address(agent.email, agent.name),
        lane=lane,
        purpose=letter.pop("purpose", Purpose.AGENT_REPLY),
        principal=agent_principal(agent.key),
        automatic="auto-generated",
        **letter,
    )


def requester(draft: Draft, template: str, *, lane: Lane, automatic: str = "", **letter: Any) -> bool:
    """A letter to the requester in their own thread; False when nobody can be written to."""
    ticket = draft.ticket
    if "@" not in ticket.requester.email or fold(ticket.requester.email) in {a.email for a in draft.policy.addresses}:
        return False
    draft.send(
        Letter(
            template=template,
            to=Address(ticket.requester.email, ticket.requester.name),
            lane=lane,
            purpose=Purpose.REQUESTER_REPLY,
            automatic=automatic,
            in_reply_to=ticket.last_message_id,
            references=(*ticket.references, ticket.last_message_id) if ticket.last_message_id else ticket.references,
            **letter,
        )
    )
    return True


def ticket_opened(draft: Draft, mail_id: int, linked: str, extra_teams: Iterable[str] = ()) -> list[str]:
    """Alert those who must act on a new ticket, and the teams of other addresses it was sent to."""
    also = [key for team in extra_teams if team in draft.policy.teams for key in draft.policy.teams[team].members]
    keys = [*responsible(draft.ticket, draft.policy), *also]
    return agents(draft, keys, "new-ticket", about_entry=True, attachments_of=mail_id, context={"linked": linked})


def requester_wrote(draft: Draft, mail_id: int, *, third: str = "", reopened: bool = False) -> list[str]:
    keys = [*responsible(draft.ticket, draft.policy), *draft.ticket.watchers]
    template = "reopened" if reopened else "requester-reply"
    return agents(draft, keys, template, about_entry=True, attachments_of=mail_id, context={"third_party": third})


def note_added(draft: Draft, actor: Agent, mail_id: int | None) -> list[str]:
    """Those who work on the ticket or watch it read an internal note; an answer stays inside."""
    keys = (
        [*responsible(draft.ticket, draft.policy), *draft.ticket.watchers]
        if draft.ticket.agent
        else (draft.ticket.watchers)
    )
    return agents(
        draft,
        keys,
        "note-added",
        actor=actor.key,
        purpose=Purpose.AGENT_NOTE,
        about_entry=True,
        attachments_of=mail_id,
        context={"author": actor.name},
    )


def activity(draft: Draft, actor: Agent, what: str, *, with_entry: bool) -> list[str]:
    """Watchers and the assigned agent learn what a colleague did."""
    keys = [*([draft.ticket.agent] if draft.ticket.agent else []), *draft.ticket.watchers]
    return agents(
        draft, keys, "activity", actor=actor.key, about_entry=with_entry, context={"author": actor.name, "what": what}
    )


def handed_over(draft: Draft, actor: str, by_name: str) -> list[str]:
    """The new agent, or the members of the new team, get the ticket with its story so far."""
    context = {"by": by_name, "to_team": not draft.ticket.agent}
    return agents(draft, responsible(draft.ticket, draft.policy), "assigned", actor=actor, context=context)
