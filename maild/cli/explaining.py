"""The verb about one letter's whole judgement: explain. Nothing is recorded, nothing is sent."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from textwrap import indent
from typing import TYPE_CHECKING, Any

from maild.cli import opening
from maild.cli.exits import Complaint, Exit
from maild.cli.output import as_json, paragraph, plain
from maild.cli.reading import file_bytes, show
from maild.core import trail, why
from maild.core.evidence import Evidence, gather
from maild.core.findings import findings
from maild.core.matching import match
from maild.core.model import (
    AddEntry,
    Clues,
    Entry,
    Envelope,
    Facts,
    Letter,
    Message,
    OpenTicket,
    Outcome,
    Publish,
    SamePerson,
    SendLetter,
    SetField,
    Ticket,
)
from maild.core.policy import Policy
from maild.store import MailRow

if TYPE_CHECKING:
    from maild.app import App


@dataclass(frozen=True, slots=True)
class _Walk:
    """A letter's way, with all that was seen on it."""

    envelope: Envelope
    message: Message
    evidence: Evidence
    clues: Clues
    facts: Facts
    outcome: Outcome
    policy: Policy
    stored: MailRow | None
    rendered: list[dict[str, str]] = field(default_factory=list)


def explain(args: argparse.Namespace) -> int:
    if (args.file is None) == (args.mail is None):
        raise Complaint("name a FILE, or a letter of the ledger with --mail ID", Exit.USAGE)
    with opening.built_app(args) as app:
        walk = _walked(args, app)
        if args.letters:
            walk.rendered.extend(_written(letter, ticket, entry, walk, app) for letter, ticket, entry in _letters(walk))
    if args.json:
        as_json(_as_data(walk))
    else:
        _print(walk)
    return Exit.OK


def _walked(args: argparse.Namespace, app: App) -> _Walk:
    from maild.app import utc_now
    from maild.desk import explain as walk

    now, stored = utc_now(), None
    if args.mail is not None:
        stored = app.store.letter(args.mail)
        envelope = app.store.envelope(args.mail)
        if stored is None or envelope is None:
            gone = "its bytes are gone" if stored else "there is no such letter"
            raise Complaint(f"letter {args.mail}: {gone}", Exit.DATA)
        now = stored.received_at
    else:
        to = tuple(args.to or [app.policy.addresses[0].email])
        raw = file_bytes(args.file)
        envelope = Envelope(raw=raw, mail_from=args.sender, rcpts=to, received_at=now, door="explain")
    if stored is not None and (args.to or args.sender):
        envelope = replace(
            envelope, rcpts=tuple(args.to or envelope.rcpts), mail_from=args.sender or envelope.mail_from
        )
    message, clues, facts, outcome = walk(
        envelope.raw, envelope, app.store, app.policy, now, mail_id=stored.mail_id if stored else 0
    )
    evidence = gather(message, envelope, app.policy, now)
    return _Walk(envelope, message, evidence, clues, facts, outcome, app.policy, stored)


# --------------------------------------------------------------------- what was decided


def _opened(outcome: Outcome) -> Mapping[str, Any]:
    """What the first event of a new ticket would remember; {} where none begins."""
    for change in outcome.changes:
        if isinstance(change, AddEntry) and change.entry.data.get("field") == "opened":
            return change.entry.data
    return {}


def _values(walk: _Walk) -> Iterator[tuple[str, Any, str]]:
    """Each value of a new ticket, and what set it."""
    data, ticket = _opened(walk.outcome), walk.outcome.after
    if not data or ticket is None:
        return
    by = data.get("by", {})
    for name in ("topic", "priority", "team", "agent", "sla"):
        value = getattr(ticket, name)
        yield name, value, why.origin(str(by[name])) if name in by else "nothing sets it" if not value else "default"
    for tag, rule in data.get("tagged", {}).items():
        yield "tag", tag, why.origin(f"rule:{rule}")


def _letters(walk: _Walk) -> Iterator[tuple[Letter, Ticket | None, Entry | None]]:
    """The letters that would go out, with the ticket and the words they are about."""
    for outcome in (walk.outcome, *walk.outcome.also):
        entries = [change.entry for change in outcome.changes if isinstance(change, AddEntry)]
        for change in outcome.changes:
            if isinstance(change, SendLetter):
                letter = change.letter
                yield letter, outcome.after or outcome.before, entries[-1] if letter.about_entry and entries else None


def _written(letter: Letter, ticket: Ticket | None, entry: Entry | None, walk: _Walk, app: App) -> dict[str, str]:
    """A letter as the courier would write it now."""
    from maild.core.mail import read
    from maild.letters import CATALOGUE, NotRenderable, Outgoing, Unsendable

    form = CATALOGUE.get(letter.template)
    thread: tuple[Entry, ...] = ()
    if form and form.thread and ticket and ticket.number:
        thread = (*app.store.entries(ticket.number), *([entry] if entry else []))
    raw = walk.envelope.raw if letter.attachments_of is not None else None
    try:
        written = app.templates.render(
            Outgoing(0, ticket, letter, entry, raw, thread), walk.policy, walk.envelope.received_at
        )
    except (NotRenderable, Unsendable) as error:
        return {"template": letter.template, "to": letter.to.email, "error": str(error)}
    seen = read(written.raw)
    return {"template": letter.template, "to": written.rcpt, "subject": seen.subject, "text": seen.text}


def _because(letter: Letter, outcome: Outcome, policy: Policy) -> str:
    """Why somebody gets a letter, as far as who they are says it."""
    from maild.letters import CATALOGUE

    form = CATALOGUE.get(letter.template)
    if letter.to.email == policy.admin:
        return "the admin"
    return form.use if form else ""


# --------------------------------------------------------------------- for programs


def _as_data(walk: _Walk) -> dict[str, Any]:
    outcome, message, facts = walk.outcome, walk.message, walk.facts
    found = match(message, walk.envelope, facts, walk.policy, walk.envelope.received_at, walk.evidence)
    return {
        "message": _said(message),
        "envelope": {
            "mail_from": walk.envelope.mail_from,
            "rcpts": walk.envelope.rcpts,
            "door": walk.envelope.door,
            "received_at": walk.envelope.received_at,
        },
        "recorded": _recorded(walk.stored),
        "evidence": [
            {"where": where, "what": what}
            for where, what in findings(message, walk.envelope, walk.evidence, facts, walk.policy)
        ],
        "clues": walk.clues,
        "candidates": sorted(facts.tickets),
        "match": {"ticket": found.ticket.number if found.ticket else None, "claim": found.claim, "why": found.evidence},
        "fate": outcome.fate,
        "reason": outcome.reason,
        "ticket": outcome.after,
        "values": [{"name": name, "value": value, "by": by} for name, value, by in _values(walk)],
        "rules": list(_opened(outcome).get("rules", ())),
        "letters": [
            {"template": letter.template, "to": letter.to.email, "why": _because(letter, outcome, walk.policy)}
            for letter, _, _ in _letters(walk)
        ],
        "rendered": walk.rendered,
        "changes": [{"change": type(c).__name__, "value": c} for c in outcome.changes],
        "also": [
            {
                "ticket": other.before.number if other.before else None,
                "changes": [{"change": type(c).__name__, "value": c} for c in other.changes],
            }
            for other in outcome.also
        ],
        "trace": outcome.trace,
    }


def _said(message: Message) -> dict[str, Any]:
    return {
        "from": [str(a) for a in message.from_],
        "to": [str(a) for a in message.to],
        "cc": [str(a) for a in message.cc],
        "reply_to": [str(a) for a in message.reply_to],
        "subject": message.subject,
        "date": message.date,
        "message_id": message.message_id,
        "kind": message.kind,
        "nature": message.nature,
        "kind_reason": message.kind_reason,
        "answerable": message.answerable,
        "language": message.header("content-language"),
        "spam": message.spam,
        "spam_score": message.spam_score,
        "defects": message.defects,
        "new_text": message.new_text,
        "text": message.text,
        "attachments": message.attachments,
    }


def _recorded(stored: MailRow | None) -> dict[str, Any] | None:
    if stored is None:
        return None
    names = ("mail_id", "received_at", "fate", "reason", "ticket", "trace", "error")
    return {name: getattr(stored, name) for name in names}


# --------------------------------------------------------------------- for people


def _print(walk: _Walk) -> None:
    outcome, policy = walk.outcome, walk.policy
    if walk.stored is not None:
        stored = walk.stored
        where = f", ticket {stored.ticket}" if stored.ticket else ""
        _head("Recorded when it came")
        _line("Fate", f"{stored.fate or 'waiting'} - {stored.reason}{where}")
        for line in stored.trace:
            print(f"  {plain(line)}")
        print("What follows is today’s judgement: rules and memory have moved on since.")
    _head("What was read")
    if language := walk.message.header("content-language"):
        _line("Language", language)
    show(walk.message)
    _head("Evidence")
    for where, what in findings(walk.message, walk.envelope, walk.evidence, walk.facts, policy):
        _line(where, what)
    _head("Judgement")
    _line("Fate", f"{outcome.fate} - {outcome.reason}")
    for line in outcome.trace:
        print(f"  {plain(line)}")
    _tell_values(walk)
    _head("Would be recorded")
    for change in outcome.changes:
        if not isinstance(change, SendLetter):
            print(f"would {_would(change, policy)}")
    for other in outcome.also:
        number = other.before.number if other.before else 0
        for change in other.changes:
            if not isinstance(change, SendLetter):
                print(f"would, on ticket {number}, {_would(change, policy)}")
    _tell_letters(walk)


def _tell_values(walk: _Walk) -> None:
    values = list(_values(walk))
    if values:
        _head("The new ticket")
    for name, value, by in values:
        _line("SLA plan" if name == "sla" else name.capitalize(), f"{trail.shown(name, value, walk.policy)} ({by})")


def _tell_letters(walk: _Walk) -> None:
    letters = list(_letters(walk))
    _head("Letters")
    if not letters:
        print("none would go out")
    for letter, _, _ in letters:
        said = _because(letter, walk.outcome, walk.policy)
        print(f"would send “{letter.template}” to {plain(letter.to.email)}" + (f" ({plain(said)})" if said else ""))
    for one in walk.rendered:
        print(f"\n--- {one['template']} to {plain(one['to'])} ---")
        if "error" in one:
            print(f"cannot be written: {plain(one['error'])}")
        else:
            print(f"Subject: {plain(one['subject'])}\n\n{indent(paragraph(one['text']), '  ')}")


def _head(text: str) -> None:
    print(f"\n== {text}")


def _line(name: str, value: str) -> None:
    print(f"{name + ':':12} {plain(value)}")


def _would(change: object, policy: Policy) -> str:
    match change:
        case OpenTicket():
            return "open a ticket"
        case SetField(name, old, new, by):
            before, after = (plain(trail.shown(name, value, policy)) for value in (old, new))
            return f"set {name} from {before} to {after} (by {by})"
        case AddEntry(entry):
            seen = "for all to see" if entry.public else "inside"
            article = "an" if entry.kind[0] in "aeiou" else "a"
            return f"add {article} {entry.kind} of {plain(entry.author)}, {seen}"
        case SamePerson(email, person):
            return f"note that {plain(email)} is another address of {plain(person.email)}"
        case Publish(entry_id):
            return f"make line {entry_id} of the thread public"
        case _:
            return plain(repr(change))
