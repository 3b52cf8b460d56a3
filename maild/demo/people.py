"""People with mail clients: they write, they receive, they answer the way their client does.

The demo and the story tests use them over real SMTP. They know nothing of the desk but the
letters they get.
"""

from __future__ import annotations

import hashlib
import smtplib
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.message import Message as Mime
from email.mime.application import MIMEApplication
from email.mime.image import MIMEImage
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from email.utils import format_datetime

from maild.core.mail import read
from maild.core.model import Envelope, Message

PATIENCE = 10.0  # seconds somebody waits for a letter before the play stops


class NotArrived(Exception):
    """Somebody waited for a letter in vain."""


@dataclass(slots=True)
class Mail:
    """A letter somebody got: the bytes, and what a client would show."""

    raw: bytes
    message: Message
    seen: bool = False

    @property
    def subject(self) -> str:
        return self.message.subject

    @property
    def text(self) -> str:
        return self.message.text


@dataclass(slots=True)
class File:
    """Something attached."""

    name: str
    data: bytes


# --------------------------------------------------------------------- how clients quote


def mutt(text: str, to: Mail) -> str:
    """Interleaved by hand, quoted with "> ", the words on top here."""
    quoted = "\n".join(f"> {line}".rstrip() for line in to.text.splitlines())
    return f"{text}\n\nOn {_date(to)}, {_author(to)} wrote:\n{quoted}\n"


def outlook(text: str, to: Mail) -> str:
    """Top-posted over an unquoted copy with a header block."""
    sender = to.message.sender
    head = f"From: {_author(to)} <{sender.email if sender else ''}>\nSent: {_date(to)}\nSubject: {to.subject}"
    return f"{text}\n\nKind regards\n\n________________________________\n{head}\n\n{to.text}\n"


def phone(text: str, to: Mail) -> str:
    """Short, with the footer nobody wrote."""
    quoted = "\n".join(f"> {line}".rstrip() for line in to.text.splitlines())
    return f"{text}\n\nSent from my iPhone\n\n> On {_date(to)}, {_author(to)} wrote:\n> \n{quoted}\n"


def _date(mail: Mail) -> str:
    return mail.message.date.strftime("%a, %d %b %Y at %H:%M") if mail.message.date else "an unknown day"


def _author(mail: Mail) -> str:
    return mail.message.sender.name or mail.message.sender.email if mail.message.sender else "somebody"


# --------------------------------------------------------------------- a person


@dataclass(slots=True)
class Person:
    """Somebody with an address, a client, and a mailbox that fills by SMTP."""

    name: str
    email: str
    door: tuple[str, int]  # where they hand in their mail
    client: Callable[[str, Mail], str] = mutt
    now: Callable[[], datetime] = field(default=lambda: datetime.now(UTC))
    inbox: list[Mail] = field(default_factory=list)
    _written: int = 0

    def receive(self, envelope: Envelope) -> None:
        self.inbox.append(Mail(envelope.raw, read(envelope.raw)))

    def writes(self, to: str, subject: str, text: str, files: Sequence[File] = (), **headers: str) -> str:
        """A new letter; answers with its Message-ID (bare)."""
        return self._send(to, subject, text, files, headers)

    def answers(self, mail: Mail, text: str, files: Sequence[File] = ()) -> str:
        """An answer to a letter, to where it asks answers to go, quoted as the client does."""
        message = mail.message
        target = message.reply_to[0] if message.reply_to else message.sender
        if target is None:
            raise NotArrived(f"{self.name} cannot answer “{mail.subject}”: it has no author")
        subject = mail.subject if mail.subject.lower().startswith("re:") else f"Re: {mail.subject}"
        references = " ".join(f"<{i}>" for i in [*message.references, message.message_id])
        headers = {"In-Reply-To": f"<{message.message_id}>", "References": references}
        return self._send(target.email, subject, self.client(text, mail), files, headers)

    def got(self, *words: str, within: float = PATIENCE) -> Mail:
        """The next unseen letter that contains all these words (in subject or text)."""
        end = time.monotonic() + within
        while True:
            for mail in self.inbox:
                if not mail.seen and all(w.casefold() in (mail.subject + "\n" + mail.text).casefold() for w in words):
                    mail.seen = True
                    return mail
            if time.monotonic() > end:
                have = "; ".join(f"“{m.subject}”" for m in self.inbox if not m.seen) or "nothing unseen"
                raise NotArrived(f"{self.name} waited for a letter with {', '.join(words)} and has {have}")
            time.sleep(0.01)

    def _send(self, to: str, subject: str, text: str, files: Sequence[File], headers: dict[str, str]) -> str:
        self._written += 1
        seed = f"{self.email} {self._written} {subject}".encode()
        domain = self.email.rpartition("@")[2]
        message_id = f"{hashlib.sha256(seed).hexdigest()[:20]}@{domain}"
        letter = _letter(text, files)
        letter["From"] = f'"{self.name}" <{self.email}>'
        letter["To"] = to
        letter["Subject"] = subject
        letter["Date"] = format_datetime(self.now())
        letter["Message-ID"] = f"<{message_id}>"
        for name, value in headers.items():
            letter[name] = value
        with smtplib.SMTP(*self.door, local_hostname=domain, timeout=PATIENCE) as session:
            session.sendmail(self.email, [to], letter.as_bytes())
        return message_id


def _letter(text: str, files: Sequence[File]) -> Mime:
    words = MIMEText(text, "plain", "utf-8")
    if not files:
        return words
    whole = MIMEMultipart("mixed")
    whole.attach(words)
    for file in files:
        part: Mime
        if file.name.endswith(".png"):
            part = MIMEImage(file.data, "png")
        else:
            part = MIMEApplication(file.data)
        part.add_header("Content-Disposition", "attachment", filename=file.name)
        whole.attach(part)
    return whole
