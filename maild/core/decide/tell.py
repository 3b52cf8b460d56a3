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
from maild.core.participants import participants as people_of
from maild.core.policy import Agent, OurAddress, Policy
from maild.core.tokens import agent_principal, collaborator_principal


def responsible(ticket: Ticket, policy: Policy) -> list[str]:
    """The agents who must act: the assigned one, else the team, else the default team, else everybody."""
    if ticket.agent in policy.agents:
        return [ticket.agent]
    for team in (ticket.team, policy.default_team):
        if team in policy.teams and policy.teams[team].members:
            return list(policy.teams[team].members)
    return list(policy.agents)


def team_of(ticket: Ticket, policy: Policy) -> list[str]:
    """Everybody of the ticket's team, or else of the default team, with its lead."""
    team = policy.teams.get(ticket.team) or policy.teams.get(policy.default_team)
    return [*team.members, *filter(None, (team.lead,))] if team else []


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
    to = Address(ticket.requester.email, ticket.requester.name)
    draft.send(_in_thread(draft, template, to, lane, automatic=automatic, **letter))
    return True


def _in_thread(draft: Draft, template: str, to: Address, lane: Lane, **letter: Any) -> Letter:
    """A letter to a participant in the thread the requester began."""
    ticket, email = draft.ticket, fold(to.email)
    return Letter(
        template=template,
        to=to,
        lane=lane,
        purpose=Purpose.REQUESTER_REPLY,
        principal=0 if email == fold(ticket.requester.email) else collaborator_principal(email),
        in_reply_to=ticket.last_message_id,
        references=(*ticket.references, ticket.last_message_id) if ticket.last_message_id else ticket.references,
        **letter,
    )


def participants(draft: Draft, template: str, *, lane: Lane, **letter: Any) -> bool:
    """The same letter to the requester and to every collaborator; False when there was nobody to write to.

    Each gets a copy of their own with a reply address of their own. To and Cc show all of them by the addresses they
    have anyway, as one letter to all would: "reply to all" then reaches the others directly and us by the writer's own
    reply address. That is the only one a copy holds, and it names a ticket, not a person: From must still be theirs.
    """
    ticket = draft.ticket
    shown_to = people_of(ticket) if ticket.collaborators else ()
    told = requester(draft, template, lane=lane, shown_to=shown_to, **letter)
    for email in ticket.collaborators:
        draft.send(_in_thread(draft, template, Address(email), lane, shown_to=shown_to, **letter))
    return told or bool(ticket.collaborators)


def departed(draft: Draft, email: str, template: str, **letter: Any) -> None:
    """An automatic letter to somebody who took part. Answers go to our address, as a stranger's would."""
    draft.send(Letter(template=template, to=Address(email), lane=Lane.NOTICE, automatic="auto-replied", **letter))


def ticket_opened(draft: Draft, mail_id: int, linked: str, extra_teams: Iterable[str] = ()) -> list[str]:
    """Alert those who must act on a new ticket, and the teams of other addresses it was sent to."""
    also = [key for team in extra_teams if team in draft.policy.teams for key in draft.policy.teams[team].members]
    keys = [*responsible(draft.ticket, draft.policy), *also, *draft.ticket.watchers]
    return agents(draft, keys, "new-ticket", about_entry=True, attachments_of=mail_id, context={"linked": linked})


def of_verification(draft: Draft) -> None:
    """Somebody may have signed up elsewhere with an address of ours, to speak for us: only agents may read this."""
    said = "It brings a code or link that proves who reads our mail: kept inside, never to be passed on"
    draft.event("verification", "desk", said)


def requester_wrote(
    draft: Draft, mail_id: int, *, third: str = "", collaborator: str = "", reopened: bool = False
) -> list[str]:
    """Alert those who must act on somebody's words; `third` or `collaborator` is the writer's address where it is
    not the requester."""
    keys = [*responsible(draft.ticket, draft.policy), *draft.ticket.watchers]
    template = "reopened" if reopened else "requester-reply"
    context = {"third_party": third, "collaborator": collaborator}
    return agents(draft, keys, template, about_entry=True, attachments_of=mail_id, context=context)


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
