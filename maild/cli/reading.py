"""Verbs about single letters: read, explain, pipe."""

from __future__ import annotations

import argparse
import base64
import json
import os
import sys
from pathlib import Path
from typing import Any

from maild.cli import opening
from maild.cli.exits import Complaint, Exit
from maild.cli.output import as_json, paragraph, plain
from maild.core.model import Envelope, Message
from maild.core.policy import Policy

NOT_NOW = "not now, please try again later"
MOST = 200 * 1024 * 1024  # bytes of a letter the shell will read; doors have their own, lower limit


def _letter(name: str) -> bytes:
    try:
        if name == "-":
            return sys.stdin.buffer.read(MOST)
        with Path(name).open("rb") as file:
            return file.read(MOST)
    except OSError as error:
        raise Complaint(f"{name}: {error.strerror}", Exit.NO_INPUT) from None


def read(args: argparse.Namespace) -> int:
    from maild.core.mail import corpus_answer
    from maild.core.mail import read as read_letter

    if args.persistent or os.environ.get("CORPUS_PERSISTENT"):
        return _read_many()
    raw = _letter(args.file)
    if args.json:
        as_json(corpus_answer(raw, _context(os.environ.get("CASE_CONTEXT", ""))))
    else:
        _show(read_letter(raw))
    return Exit.OK


def _context(text: str) -> dict[str, Any]:
    try:
        value = json.loads(text or "{}")
    except ValueError:
        raise Complaint("CASE_CONTEXT is not JSON", Exit.DATA) from None
    return value if isinstance(value, dict) else {}


def _read_many() -> int:
    """One JSON line in, one out, for as long as there are any."""
    from maild.core.mail import corpus_answer

    for line in sys.stdin.buffer:
        try:
            request = json.loads(line)
            raw = base64.b64decode(request["eml_b64"])
            context = request.get("context") or {}
        except (ValueError, KeyError, TypeError) as error:
            answer: dict[str, Any] = {"error": f"not a request: {error}"}
        else:
            answer = corpus_answer(raw, context)
        print(json.dumps(answer, ensure_ascii=True, default=str), flush=True)
    return Exit.OK


def _show(message: Message) -> None:
    """A letter as we understand it, for a person."""
    lines = [
        ("From", ", ".join(map(str, message.from_)) + ("" if message.sender else "   (not exactly one author)")),
        ("To", ", ".join(map(str, message.to))),
        ("Cc", ", ".join(map(str, message.cc))),
        ("Subject", message.subject),
        ("Date", message.date.isoformat() if message.date else ""),
        ("Message-ID", message.message_id),
        ("Answers", " ".join([*message.in_reply_to, *message.references])),
        ("Kind", message.kind + (f" ({message.kind_reason})" if message.kind_reason else "")),
        ("Answer it?", "" if message.answerable else "no, send nothing automatic"),
        ("Defects", "; ".join(message.defects)),
    ]
    for name, value in lines:
        if value:
            print(f"{name + ':':12} {plain(value)}")
    for item in message.attachments:
        inline = ", inline" if item.inline else ""
        print(f"{'Attached:':12} {plain(item.filename)} ({plain(item.content_type)}, {item.size} bytes{inline})")
    print(f"\n--- what this person wrote ---\n{paragraph(message.new_text)}")
    if message.text.strip() != message.new_text.strip():
        print(f"\n--- all of it ---\n{paragraph(message.text)}")


def explain(args: argparse.Namespace) -> int:
    from maild.app import utc_now
    from maild.desk import explain as walk

    raw = _letter(args.file)
    with opening.built_app(args) as app:
        now = utc_now()
        to = tuple(args.to or [app.policy.addresses[0].email])
        envelope = Envelope(raw=raw, mail_from=args.sender, rcpts=to, received_at=now, door="explain")
        policy = app.policy
        message, clues, facts, outcome = walk(raw, envelope, app.store, policy, now)
    if args.json:
        as_json(
            {
                "message": {
                    "from": [str(a) for a in message.from_],
                    "subject": message.subject,
                    "message_id": message.message_id,
                    "kind": message.kind,
                    "defects": message.defects,
                },
                "clues": clues,
                "candidates": sorted(facts.tickets),
                "fate": outcome.fate,
                "reason": outcome.reason,
                "ticket": outcome.after,
                "changes": [{"change": type(c).__name__, "value": c} for c in outcome.changes],
                "trace": outcome.trace,
            }
        )
        return Exit.OK
    print(f"From {plain(message.sender or 'nobody in particular')}: {plain(message.subject)} ({message.kind})")
    print(f"Fate: {outcome.fate} - {plain(outcome.reason)}")
    for line in outcome.trace:
        print(f"  {plain(line)}")
    for change in outcome.changes:
        print(f"would {_would(change, policy)}")
    return Exit.OK


def _would(change: object, policy: Policy) -> str:
    from maild.core import trail
    from maild.core.model import AddEntry, OpenTicket, SendLetter, SetField

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
        case SendLetter(letter):
            return f"send “{letter.template}” to {plain(letter.to.email)}"
        case _:
            return repr(change)


def pipe(args: argparse.Namespace) -> int:
    """Whatever goes wrong on our side, the mail system must keep the letter: 75.

    It may send a stranger what we print, so that only somebody at a terminal is told what is wrong.
    """
    from maild.app import utc_now
    from maild.core.matching import is_ours
    from maild.edges import pipe as door

    try:
        with opening.built_app(args) as app:
            return door.main(
                sys.stdin.buffer,
                app.desk.accept,
                recipients=args.recipient,
                sender=args.sender,
                environ=os.environ,
                is_ours=lambda address: is_ours(address, app.policy),
                clock=utc_now,
                max_size=app.config.smtp.max_size,
            )
    except Exception as error:  # noqa: BLE001 - a traceback would end with 1, and then the letter is sent back
        said = str(error) if isinstance(error, Complaint) else f"{type(error).__name__}: {error}"
        raise Complaint(said if sys.stderr.isatty() else NOT_NOW, Exit.TEMPORARY) from None
