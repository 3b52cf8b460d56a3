"""What the rules say about what is happening, and their values become changes.

One function for each occasion on a ticket that exists; new_ticket asks for letters that begin
one. Rules are asked once for each occasion: what a rule changes is looked at by rules of
`on = "change"`, what those change by nobody, so that rules cannot chase each other. It refuses
to know how a rule is judged (core.rules).
"""

from __future__ import annotations

from dataclasses import replace

from maild.core.decide import admission, tell
from maild.core.decide.draft import Draft
from maild.core.decide.received import Received
from maild.core.identity import Author
from maild.core.matching import our_addresses
from maild.core.model import OVER, Entry, EntryKind, Fate, Lane, Outcome, SetField, Status, Ticket
from maild.core.participants import organisation_of
from maild.core.rules import ANSWER, CHANGE, ENDINGS, NEW, REPLY, TIME, Case, Deed, Rule, Verdict, evaluate, marked


def by(rule: str) -> str:
    """A rule as the author of what it did."""
    return f"rule:{rule}"


# --------------------------------------------------------------------- letters that begin a ticket


def of_letter(got: Received, who: Author) -> Verdict:
    """What the rules say about a letter that is about to open a ticket."""
    return evaluate(got.policy.rules, _of_letter(got, who, NEW, None))


def _of_letter(got: Received, who: Author, occasion: str, ticket: Ticket | None) -> Case:
    policy, envelope = got.policy, got.envelope
    return Case(
        occasion=occasion,
        message=got.message,
        envelope=envelope,
        ticket=ticket,
        now=got.now,
        calendars=policy.calendars,
        addresses=tuple(ours.email for ours in our_addresses(envelope, policy)),
        subaddresses=_subaddresses(got),
        known=got.facts.person is not None,
        agent=who.named is not None,
        evidence=got.vouched.value,
        organisation=organisation_of(who.email, policy),
        letters=len(got.facts.recent) + 1,
    )


def _subaddresses(got: Received) -> tuple[str, ...]:
    separator = got.policy.separator
    parts = (rcpt.rpartition("@")[0].partition(separator)[2] for rcpt in got.envelope.rcpts if separator)
    return tuple(part for part in parts if part)


def ended(got: Received, who: Author, verdict: Verdict) -> Outcome | None:
    """The letter refused, held or ignored as a rule wants; None: it goes on. What an admin released goes on."""
    deed = next((one for one in reversed(verdict.deeds) if one.kind in ENDINGS), None)
    if deed is None or got.envelope.confirmed:
        return None
    if deed.kind == "refuse":
        refusal = admission.Refusal(admission.Why.RULE, f"the rule “{deed.rule}” refuses it", deed.value)
        outcome = admission.refused(got, who, got.vouched, refusal)
        return replace(outcome, trace=(*verdict.trace, *outcome.trace))
    held = deed.kind == "quarantine"
    fate, does = (Fate.QUARANTINED, "holds") if held else (Fate.IGNORED, "ignores")
    return Outcome(fate=fate, reason=f"the rule “{deed.rule}” {does} it: {deed.value}", trace=verdict.trace)


# --------------------------------------------------------------------- tickets that are there


def replied(draft: Draft, got: Received, who: Author) -> None:
    """The requester or a collaborator has written; rules see the ticket as it was before."""
    verdict = evaluate(draft.policy.rules, _of_letter(got, who, REPLY, draft.before))
    _carry_out(draft, verdict)
    changed(draft, silent=True)


def answered(draft: Draft, words: str) -> None:
    """An agent has answered or noted these words; rules see the ticket as it was before."""
    case = Case(
        occasion=ANSWER,
        ticket=draft.before,
        said=words,
        now=draft.now,
        calendars=draft.policy.calendars,
        organisation=draft.before.organisation,
    )
    if _carry_out(draft, evaluate(draft.policy.rules, case)):
        _tell_requester(draft)


def changed(draft: Draft, *, silent: bool = False) -> None:
    """Fields may have changed. `silent`: a letter has come in, and no other must go out by itself for it."""
    changes = tuple(one for one in draft.changes if isinstance(one, SetField))
    if not changes or not any(CHANGE in rule.on for rule in draft.policy.rules):
        return
    case = Case(
        occasion=CHANGE,
        ticket=draft.ticket,
        changed=changes,
        now=draft.now,
        calendars=draft.policy.calendars,
        organisation=draft.ticket.organisation,
    )
    if _carry_out(draft, evaluate(draft.policy.rules, case)) and not silent:
        _tell_requester(draft)


def waited(draft: Draft, rule: Rule) -> None:
    """The ticket has been as the rule describes it for so long: once for each stay."""
    draft.keep(marks=marked(rule, draft.ticket))
    ticket = draft.ticket
    case = Case(
        occasion=TIME,
        ticket=ticket,
        now=draft.now,
        calendars=draft.policy.calendars,
        organisation=ticket.organisation,
    )
    if _carry_out(draft, evaluate((rule,), case)):
        _tell_requester(draft)


def handed_over(draft: Draft) -> None:
    """Whose ticket it has become by rules of time is told."""
    if (draft.changed("agent") or draft.changed("team")) and draft.ticket.status not in OVER:
        told = tell.handed_over(draft, "", "")
        draft.trace.append("told of the hand-over: " + ", ".join(draft.policy.agents[key].name for key in told))


def _carry_out(draft: Draft, verdict: Verdict) -> bool:
    """Do what the rules say; whether that ended the ticket."""
    open_before = draft.ticket.status not in OVER
    draft.trace.extend(verdict.trace)
    for deed in verdict.deeds:
        note(draft, deed)
    for name in ("topic", "priority", "team", "agent", "sla"):
        if name in verdict.fields:
            draft.set(name, verdict.fields[name], by(verdict.by[name]))
    team = draft.policy.teams.get(verdict.fields.get("team", ""))
    if team and "agent" not in verdict.fields and draft.ticket.agent not in team.members:
        draft.set("agent", "", by(verdict.by["team"]))
    kept = [tag for tag in draft.ticket.tags if tag not in verdict.untag]
    tags = tuple(dict.fromkeys([*kept, *verdict.tags]))
    draft.set("tags", tags, by(next(iter([*verdict.tagged.values(), *verdict.untag.values()]), "")))
    watchers = tuple(dict.fromkeys([*draft.ticket.watchers, *verdict.watchers]))
    draft.set("watchers", watchers, by(next(iter(verdict.watchers.values()), "")))
    status(draft, verdict)
    return open_before and draft.ticket.status in OVER


def note(draft: Draft, deed: Deed) -> None:
    """What a rule notes, inside."""
    if deed.kind == "note":
        draft.slip_in(Entry(kind=EntryKind.NOTE, at=draft.now, author=by(deed.rule), text=deed.value))


def status(draft: Draft, verdict: Verdict) -> None:
    """The status the rules want, with everything that hangs on it."""
    if "status" in verdict.fields:
        draft.set_status(Status(verdict.fields["status"]), by(verdict.by["status"]))


def _tell_requester(draft: Draft) -> None:
    """Whose ticket a rule has just ended is told how to open it again, as when an agent ends it."""
    context = {"solution": False, "closed": draft.ticket.status == Status.CLOSED}
    tell.participants(draft, "closure", lane=Lane.NOTICE, automatic="auto-generated", context=context)
