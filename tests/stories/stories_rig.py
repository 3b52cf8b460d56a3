"""Mail clients the demo does not have, and readers of letters that share no code with maild."""

from __future__ import annotations

import email.policy
import re
import smtplib
from email.message import EmailMessage
from email.parser import BytesParser
from typing import Any, cast

from maild.demo.people import Mail
from maild.demo.stage import Stage

SUPPORT = "support@bank.example"
KAREN = "karen@customer.example"


def parsed(mail: Mail) -> EmailMessage:
    """A letter as the standard library reads it."""
    return cast("EmailMessage", BytesParser(policy=email.policy.default).parsebytes(mail.raw))


def words(mail: Mail) -> str:
    """Everything a person could read of a letter: headers, every text part decoded, soft line breaks out."""
    message = parsed(mail)
    parts = [f"{name}: {value}" for name, value in message.items()]
    for part in message.walk():
        if part.get_content_maintype() == "text":
            parts.append(str(part.get_content()).replace(" \n", " "))
        elif part.get_filename():
            parts.append(str(part.get_filename()))
    return "\n".join(parts)


def files(mail: Mail) -> dict[str, bytes]:
    """What is attached, by name."""
    return {str(p.get_filename()): cast("bytes", p.get_payload(decode=True)) for p in parsed(mail).iter_attachments()}


def ids(value: Any) -> list[str]:
    """The Message-IDs of a header field."""
    return re.findall(r"<[^<>\s]+>", str(value or ""))


def header(mail: Mail, name: str) -> str:
    return str(parsed(mail)[name] or "")


def automatic(mail: Mail) -> bool:
    return header(mail, "Auto-Submitted") not in ("", "no")


def reply_address(mail: Mail) -> str:
    target = mail.message.reply_to[0] if mail.message.reply_to else mail.message.sender
    assert target is not None
    return target.email


def bounce_address(mail: Mail) -> str:
    """The envelope sender, as the post office noted it."""
    return ids(header(mail, "Return-Path"))[0].strip("<>")


def hand_in(stage: Stage, raw: bytes, *rcpts: str, mail_from: str = "somebody@customer.example") -> None:
    """Bytes as they are, in one transaction."""
    with smtplib.SMTP(*stage.app.door.addresses[0], local_hostname="customer.example", timeout=10) as session:
        session.sendmail(mail_from, list(rcpts), raw)


def forged(stage: Stage, from_: str, to: str, subject: str, text: str, **headers: str) -> None:
    """A letter somebody writes in another's name."""
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = from_, to, subject
    message["Message-ID"] = f"<forged{len(stage.app.store.ledger(limit=1000))}@evil.example>"
    for name, value in headers.items():
        message[name.replace("_", "-")] = value
    message.set_content(text)
    hand_in(stage, message.as_bytes(), to, mail_from="evil@evil.example")


def fates(stage: Stage) -> list[str]:
    """The fate of every letter received, oldest first. Each has one, and the sums meet."""
    rows = stage.app.store.ledger(limit=1000)
    assert all(row.fate for row in rows)
    sums = stage.app.store.ledger_sums()
    assert sums.pop("received") == len(rows) == sum(sums.values())
    return [str(row.fate) for row in sorted(rows, key=lambda row: row.mail_id)]


def written(stage: Stage) -> int:
    """How many letters people on the stage have handed in."""
    return sum(person._written for person in stage.people.values())
