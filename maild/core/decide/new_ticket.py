"""A letter that no ticket claims begins one: its fields, its acknowledgement, its alerts.

Where a value comes from, weakest first: the desk's defaults, the address it was sent to, the
help topic, the closed ticket it continues, the rules. The topic itself is a rule's, or else the
closed ticket's, or else the address's. It refuses to know
how rules are evaluated (core.rules).
"""

from __future__ import annotations

from maild.core.decide import limits, ruling, tell
from maild.core.decide.draft import Draft
from maild.core.decide.provenance import VALUES, provenance
from maild.core.decide.received import Received
from maild.core.decide.taking_part import take_in
from maild.core.identity import Author, fold
from maild.core.matching import copied_people, our_addresses, plain_subject
from maild.core.model import Fate, Kind, Lane, Nature, Outcome, Person, Ticket
from maild.core.participants import organisation_of
from maild.core.policy import OurAddress, Policy
from maild.core.rules import Verdict

NO_SUBJECT = "(no subject)"
MOST_SUBJECT = 250  # characters; a longer one is no name for anything


def new_ticket(
    got: Received, who: Author, *, continues: Ticket | None, mentions: tuple[int, ...], silent: bool
) -> Outcome:
    """Open a ticket; `silent`: without acknowledging it.

    `continues` is the closed ticket the letter answers, `mentions` those it only names.
    """
    policy = got.policy
    addressed = our_addresses(got.envelope, policy) or policy.addresses[:1]  # postmaster is nobody's: the first's
    ours = addressed[0]
    verdict = ruling.of_letter(got, who)
    if ended := ruling.ended(got, who, verdict):
        return ended
    ticket = filled(got, who, ours, verdict, continues)
    draft = Draft(ticket, policy, got.now)
    draft.trace.extend(verdict.trace)
    linked = list(dict.fromkeys([*([continues.number] if continues else []), *mentions]))
    draft.keep(linked=tuple(number for number in linked if number in got.facts.tickets))
    data = {
        "rules": list(verdict.matched),
        "linked": linked,
        "by": provenance(ticket, ours, verdict, continues, policy),
        "values": {name: getattr(ticket, name) for name in VALUES},
        "tagged": dict(verdict.tagged),
    }
    draft.event("opened", "desk", _opened_because(ours, verdict, linked, policy), data)
    # The first letter is kept whole: there is no history of ours to cut from it.
    proves = got.message.nature == Nature.VERIFICATION
    if proves:
        tell.of_verification(draft)
    for deed in verdict.deeds:
        ruling.note(draft, deed)
    draft.add(got.entry(who, got.message.text, public=not proves))
    ruling.status(draft, verdict)
    take_in(draft, ticket.copied, got.vouched)
    if silent:
        draft.trace.append("no acknowledgement: the sender may be somebody else")
    else:
        _acknowledge(draft, got, verdict)
    references = ", ".join(f"{policy.tag}-{number}" for number in linked)
    told = tell.ticket_opened(draft, got.facts.mail_id, references, tell.teams_of(addressed, policy) - {ticket.team})
    draft.trace.append("told: " + (", ".join(policy.agents[key].name for key in told) or "nobody"))
    reason = "a new ticket" + (f", continuing the closed ticket {continues.number}" if continues else "")
    return draft.finish(Fate.TICKET, reason)


def filled(got: Received, who: Author, ours: OurAddress, verdict: Verdict, continues: Ticket | None) -> Ticket:
    message, policy = got.message, got.policy
    topic = policy.topics.get(verdict.fields.get("topic", "") or (continues.topic if continues else "") or ours.topic)

    def value(name: str, from_address: str, default: str) -> str:
        earlier = getattr(continues, name) if continues else ""
        from_topic = getattr(topic, name) if topic else ""
        return verdict.fields.get(name) or earlier or from_topic or from_address or default

    return Ticket(
        number=0,
        subject=plain_subject(message.subject, policy)[:MOST_SUBJECT] or NO_SUBJECT,
        requester=_requester(who, got.facts.person),
        address=ours.email,
        created_at=got.now,
        clock_from=got.now,
        topic=topic.key if topic else "",
        priority=value("priority", "", policy.default_priority),
        team=value("team", ours.team, policy.default_team),
        agent=value("agent", "", ""),
        sla=value("sla", "", policy.default_plan),
        tags=verdict.tags,
        watchers=tuple(verdict.watchers),
        copied=tuple(a for a in copied_people(message, policy) if a != who.email),
        organisation=organisation_of(who.email, policy),
        last_message_id=message.message_id,
        references=message.references[-20:],
    )


def _requester(who: Author, known: Person | None) -> Person:
    """Whom the answers go to: whoever has several addresses is written to at the main one."""
    if known is None:
        return Person(0, who.email, who.name)
    email = who.email if fold(known.email) == who.email else known.email
    return Person(known.id, email, who.name or known.name)


def _opened_because(ours: OurAddress, verdict: Verdict, linked: list[int], policy: Policy) -> str:
    parts = [f"Opened by a letter to {ours.email}"]
    if verdict.matched:
        parts.append("rules: " + ", ".join(verdict.matched))
    if linked:
        parts.append("linked to " + ", ".join(f"{policy.tag}-{number}" for number in linked))
    return "; ".join(parts)


def _acknowledge(draft: Draft, got: Received, verdict: Verdict) -> None:
    """Say that the letter arrived: once, to people only, and never so often that two machines could play."""
    message = got.message
    topic = draft.policy.topics.get(draft.ticket.topic)
    wanted = verdict.acknowledge if verdict.acknowledge is not None else topic is None or topic.acknowledge
    if not wanted:
        why = "switched off by a rule or the help topic"
    elif message.kind != Kind.HUMAN or not message.answerable:
        why = message.kind_reason or "the letter asks for no answer"
    elif message.spam == "yes":
        why = "a spam filter on its way calls it spam"
    elif exhausted := limits.exhausted(
        got.facts, fold(draft.ticket.requester.email), draft.policy, template="acknowledgement"
    ):
        why = exhausted
    elif tell.requester(draft, "acknowledgement", lane=Lane.NOTICE, automatic="auto-replied"):
        return
    else:
        why = "there is nobody to write to"
    draft.trace.append(f"no acknowledgement: {why}")
