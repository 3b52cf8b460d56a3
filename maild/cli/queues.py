"""Verbs about letters on their way: queue, ledger, requeue, tick, deliver."""

from __future__ import annotations

import argparse
from typing import Any

from maild.cli import opening
from maild.cli.exits import Complaint, Exit
from maild.cli.output import as_json, table, when
from maild.core.model import Fate


def queue(args: argparse.Namespace) -> int:
    with opening.opened_store(args) as store:
        rows = store.outbox(state=None if args.all else "queued", limit=args.limit)
    if args.json:
        as_json([_outbox_row(row) for row in rows])
    elif not rows:
        print("Nothing is waiting to leave.")
    else:
        table(
            ("id", "ticket", "letter", "to", "state", "tries", "next try", "why"),
            [
                (
                    r.outbox_id,
                    r.number or "-",
                    r.letter.template,
                    r.letter.to.email,
                    r.state,
                    r.attempts,
                    when(r.next_try),
                    r.error,
                )
                for r in rows
            ],
        )
    return Exit.OK


def _outbox_row(row: Any) -> dict[str, Any]:
    return {
        "id": row.outbox_id,
        "ticket": row.number,
        "template": row.letter.template,
        "to": row.letter.to.email,
        "state": row.state,
        "attempts": row.attempts,
        "next_try": row.next_try,
        "error": row.error,
        "message_id": row.message_id,
    }


def ledger(args: argparse.Namespace) -> int:
    if args.fate and args.fate != "waiting" and args.fate not in set(Fate):
        raise Complaint(f"no fate is called {args.fate!r}; there are: {', '.join(Fate)}, waiting", Exit.USAGE)
    with opening.opened_store(args) as store:
        sums = store.ledger_sums()
        rows = [] if args.sums else store.ledger(fate=args.fate, limit=args.limit)
    meets = sums["received"] == sum(n for fate, n in sums.items() if fate != "received")
    if args.json:
        as_json({"sums": sums, "meets": meets, "letters": [_ledger_row(row) for row in rows]})
        return Exit.OK if meets else Exit.PROBLEMS
    if rows:
        table(
            ("id", "received", "from", "ticket", "fate", "why"),
            [
                (r.mail_id, when(r.received_at), r.mail_from or "<>", r.ticket or "-", r.fate or "waiting", r.reason)
                for r in rows
            ],
        )
        print()
    parts = [f"{n} {fate}" for fate, n in sums.items() if fate != "received" and n]
    print(f"{sums['received']} received = {' + '.join(parts) or '0'}" + ("" if meets else "   THE SUMS DO NOT MEET"))
    return Exit.OK if meets else Exit.PROBLEMS


def _ledger_row(row: Any) -> dict[str, Any]:
    return {
        "id": row.mail_id,
        "received_at": row.received_at,
        "from": row.mail_from,
        "to": list(row.rcpts),
        "door": row.door,
        "size": row.size,
        "message_id": row.message_id,
        "ticket": row.ticket,
        "fate": row.fate,
        "reason": row.reason,
        "attempts": row.attempts,
    }


def requeue(args: argparse.Namespace) -> int:
    with opening.opened_store(args) as store:
        if not store.requeue(args.id):
            raise Complaint(
                f"letter {args.id} is not in quarantine; `maild ledger --fate quarantined` lists those that are",
                Exit.DATA,
            )
    print(f"Letter {args.id} will be worked again by the daemon, or now by `maild tick`.")
    return Exit.OK


def tick(args: argparse.Namespace) -> int:
    with opening.built_app(args) as app:
        while app.desk.work():
            pass
        while app.desk.tick():
            pass
    return Exit.OK


def deliver(args: argparse.Namespace) -> int:
    with opening.built_app(args) as app:
        while app.courier.deliver_round():
            pass
        waiting = len(app.store.outbox(state="queued", limit=1000))
    print(f"{waiting} letters are waiting." if waiting else "Nothing is waiting to leave.")
    return Exit.OK
