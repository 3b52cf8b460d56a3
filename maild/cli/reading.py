"""The verb about how a letter is understood: read."""

from __future__ import annotations

import argparse
import base64
import json
import os
import sys
from pathlib import Path
from typing import Any

from maild.cli.exits import Complaint, Exit
from maild.cli.output import as_json, paragraph, plain
from maild.core.model import Message

MOST = 200 * 1024 * 1024  # bytes of a letter the shell will read; doors have their own, lower limit


def file_bytes(name: str) -> bytes:
    """A letter as a file; "-" is standard input. Complaint where it cannot be read."""
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
    raw = file_bytes(args.file)
    if args.json:
        as_json(corpus_answer(raw, _context(os.environ.get("CASE_CONTEXT", ""))))
    else:
        show(read_letter(raw))
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


def show(message: Message) -> None:
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
