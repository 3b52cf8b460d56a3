"""Verbs about tickets: tickets, show, do."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from textwrap import indent
from typing import Any

from maild.cli import opening
from maild.cli.exits import Complaint, Exit
from maild.cli.output import as_json, paragraph, plain, table, when
from maild.core import trail, why
from maild.core.decide import refused
from maild.core.model import Entry, SetField, Status, Ticket
from maild.core.policy import Policy
from maild.store import Store


def tickets(args: argparse.Namespace) -> int:
    wrong = [status for status in args.status or () if status not in set(Status)]
    if wrong:
        raise Complaint(f"no status is called {wrong[0]!r}; there are: {', '.join(Status)}", Exit.USAGE)
    with opening.built_app(args) as app:
        found = app.store.tickets(statuses=args.status or (), team=args.team, agent=args.agent, limit=args.limit)
        policy = app.policy
    if args.json:
        as_json([ticket_json(ticket, policy) for ticket in found])
    elif not found:
        print("No tickets.")
    else:
        table(
            ("ticket", "status", "priority", "team", "agent", "requester", "subject", "due"),
            [
                (
                    t.number,
                    t.status,
                    t.priority,
                    t.team or "-",
                    t.agent or "-",
                    t.requester.email,
                    t.subject,
                    when(t.next_due),
                )
                for t in found
            ],
        )
    return Exit.OK


def ticket_json(ticket: Ticket, policy: Policy) -> dict[str, Any]:
    from maild.core.tokens import subject_token

    return {
        "number": ticket.number,
        "token": subject_token(policy.keys, policy.tag, ticket.number),
        "subject": ticket.subject,
        "status": ticket.status,
        "requester": {"email": ticket.requester.email, "name": ticket.requester.name},
        "address": ticket.address,
        "topic": ticket.topic,
        "priority": ticket.priority,
        "team": ticket.team,
        "agent": ticket.agent,
        "sla": ticket.sla,
        "tags": list(ticket.tags),
        "watchers": list(ticket.watchers),
        "organisation": ticket.organisation,
        "collaborators": list(ticket.collaborators),
        "copied": list(ticket.copied),
        "linked": list(ticket.linked),
        "merged_into": ticket.merged_into,
        "created_at": ticket.created_at,
        "responded_at": ticket.responded_at,
        "resolved_at": ticket.resolved_at,
        "closed_at": ticket.closed_at,
        "closing": ticket.closing,
        "next_due": ticket.next_due,
    }


def show(args: argparse.Namespace) -> int:
    from maild.core import sla

    with opening.built_app(args) as app:
        ticket = app.store.ticket(args.number)
        if ticket is None:
            raise Complaint(f"there is no ticket {args.number}", Exit.DATA)
        entries = app.store.entries(args.number)
        policy = app.policy
        steps = _steps(entries, app.store, policy) if args.why else ()
    if args.why and args.json:
        as_json({**ticket_json(ticket, policy), "why": steps})
        return Exit.OK
    if args.json:
        as_json({**ticket_json(ticket, policy), "entries": entries, "clocks": sla.describe(ticket, policy)})
        return Exit.OK
    for name, value in trail.card(ticket, policy):
        print(f"{name + ':':12} {plain(value)}")
    for line in sla.describe(ticket, policy):
        print(f"{'':12} {line}")
    for step in steps:
        print(f"\n{when(step.at)}  {plain(step.head)}")
        for line in step.lines:
            print(f"    {plain(line)}")
    for entry in () if args.why else entries:
        print(f"\n{when(entry.at)}  {plain(trail.headline(entry, policy))}")
        for warning in entry.data.get("warnings", ()):
            print(f"    Careful: {plain(str(warning))}")
        if entry.text and not trail.is_event(entry):
            print(indent(paragraph(entry.text).strip("\n"), "    "))
    return Exit.OK


def _steps(entries: Sequence[Entry], store: Store, policy: Policy) -> tuple[why.Step, ...]:
    rows = store.letters(why.mails(entries))
    return why.story(entries, {key: why.Account(row.reason, row.trace) for key, row in rows.items()}, policy)


def do(args: argparse.Namespace) -> int:
    with opening.built_app(args) as app:
        try:
            outcome = app.desk.command(args.number, args.text, args.agent)
        except LookupError as error:
            raise Complaint(str(error.args[0]), Exit.DATA) from None
        policy = app.policy
    mistakes = refused(outcome)
    changes = [change for change in outcome.changes if isinstance(change, SetField)]
    if args.json:
        as_json(
            {
                "done": not mistakes,
                "mistakes": mistakes,
                "changes": changes,
                "ticket": ticket_json(outcome.after, policy) if outcome.after else None,
            }
        )
        return Exit.DATA if mistakes else Exit.OK
    if mistakes:
        lines = [
            ": ".join(filter(None, (m["line"], m["why"]))) + (f" (did you mean {m['meant']}?)" if m["meant"] else "")
            for m in mistakes
        ]
        raise Complaint("nothing was done\n" + "\n".join(lines), Exit.DATA)
    for change in changes:
        old, new = (plain(trail.shown(change.name, value, policy)) for value in (change.old, change.new))
        print(f"{change.name}: {old} -> {new}")
    print(outcome.reason)
    return Exit.OK
