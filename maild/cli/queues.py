"""Verbs about letters on their way: queue, ledger, requeue, tick, deliver."""

from __future__ import annotations

import argparse
import sys
from datetime import datetime
from textwrap import indent
from typing import Any

from maild.cli import opening
from maild.cli.exits import Complaint, Exit
from maild.cli.output import as_json, paragraph, plain, table, when
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
    if args.id is not None:
        return _one_letter(args)
    if args.raw:
        raise Complaint("--raw needs the ID of a letter", Exit.USAGE)
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


def _one_letter(args: argparse.Namespace) -> int:
    """The ledger's line of one letter in full, or its bytes."""
    if args.fate or args.sums or (args.raw and args.json):
        raise Complaint("an ID goes with --json or with --raw, and with nothing else", Exit.USAGE)
    with opening.opened_store(args) as store:
        row, raw = store.letter(args.id), store.raw(args.id)
    if row is None:
        raise Complaint(f"there is no letter {args.id}", Exit.DATA)
    if args.raw:
        if raw is None:
            raise Complaint(f"letter {args.id} is an exact duplicate: its bytes are kept once", Exit.DATA)
        sys.stdout.buffer.write(raw)
        return Exit.OK
    told = {**_ledger_row(row), **{name: getattr(row, name) for name in _REST}}
    if args.json:
        as_json({**told, "reads": _reads(raw)})
        return Exit.OK
    told.update(fate=row.fate or "waiting", trace="\n".join(row.trace), to=", ".join(row.rcpts))
    for name, value in told.items():
        if isinstance(value, datetime):
            value = when(value)
        if name in ("trace", "error") and value:
            print(f"{name.capitalize()}:\n{indent(paragraph(str(value)), '  ')}")
        elif value not in ("", None, False):
            _line(name, value)
    sys.stdout.flush()  # a letter that breaks the program shows this much
    for name, value in _reads(raw).items():
        _line(name, value)
    return Exit.OK


_REST = ("peer", "helo", "key", "times", "ready_at", "worker", "confirmed", "trace", "error")
"""Of a MailRow, what is told only where one letter is asked for."""


def _line(name: str, value: object) -> None:
    print(f"{name.replace('_', ' ').capitalize() + ':':12} {plain(value)}".rstrip())


def _reads(raw: bytes | None) -> dict[str, str]:
    """How a letter reads; nothing where its bytes are not kept."""
    from maild.core.mail import read

    if raw is None:
        return {}
    try:
        message = read(raw)
    except Exception as error:  # noqa: BLE001 - it may be here because reading it fails
        return {"unreadable": f"{type(error).__name__}: {error}"}
    return {"sender": ", ".join(map(str, message.from_)), "subject": message.subject, "kind": str(message.kind)}


def requeue(args: argparse.Namespace) -> int:
    with opening.opened_store(args) as store:
        if not store.requeue(args.id):
            raise Complaint(
                f"letter {args.id} was not set aside, or is part of a ticket; `maild ledger {args.id}` tells its fate",
                Exit.DATA,
            )
    print(f"Letter {args.id} will be worked again by the daemon, or now by `maild tick`.")
    return Exit.OK


def release(args: argparse.Namespace) -> int:
    with opening.opened_store(args) as store:
        if not store.requeue(args.id, confirmed=True):
            raise Complaint(
                f"letter {args.id} is not held back; `maild ledger --fate quarantined` lists those that are", Exit.DATA
            )
    print(f"Letter {args.id} will be worked as what it claims to be by the daemon, or now by `maild tick`.")
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
