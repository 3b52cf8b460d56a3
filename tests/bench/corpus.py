"""A thousand letters as a help desk gets them: 600 plain, 200 with HTML, 100 with a file, 100 replies.

The same arguments give the same bytes, on every machine. Letters end their lines with CR LF and
are complete as they would travel in DATA, without dot-stuffing. Replies need what the desk
answered, so they are made one by one afterwards, see `reply`. It knows nothing of maild.
"""

from __future__ import annotations

import base64
import quopri
import random
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from enum import StrEnum

SUPPORT = "support@bank.example"  # an address of the example configuration
PLAIN, HTML, FILE, REPLY = 600, 200, 100, 100
FIRST = PLAIN + HTML + FILE

_START = datetime(2026, 1, 5, 8, 0, tzinfo=UTC)
_NAMES = ("Ada", "Bela", "Chidi", "Dunja", "Emre", "Fatima", "Goran", "Hanna", "Ivo", "Jana", "Kofi", "Lena", "Mirko")
_FAMILIES = (
    "Okafor",
    "Brandt",
    "Yilmaz",
    "Novak",
    "Silva",
    "Murphy",
    "Kowalski",
    "Haddad",
    "Larsen",
    "Moreau",
    "Costa",
)
_NOUNS = (
    "invoice scanner login mailbox certificate warehouse roster badge ledger tablet projector subscription parcel "
    "voucher backup timetable meter lease payroll licence router antenna spreadsheet turnstile"
).split()
_VERBS = (
    "vanished jammed expired bounced doubled froze overheated reverted lagged blinked misprinted arrived stalled"
).split()
_ASIDES = (
    "since this morning",
    "for the third time",
    "after the move to the new floor",
    "although we restarted it twice",
    "while everybody else is fine",
    "and the deadline is on Friday",
    "as described on your page",
    "in the Lisbon office only",
    "whenever two people use it",
    "and nobody touched it",
)


class Sort(StrEnum):
    """What a letter of the mix is made of."""

    PLAIN = "plain"
    HTML = "html"
    FILE = "file"
    REPLY = "reply"


@dataclass(frozen=True, slots=True)
class Sample:
    """One letter of the corpus, with the facts a reply to it needs."""

    sort: Sort
    sender: str
    subject: str
    message_id: str  # with its angle brackets
    raw: bytes


def first_letters(
    *, senders: int = FIRST, seed: int = 1, sorts: tuple[int, int, int] = (PLAIN, HTML, FILE)
) -> list[Sample]:
    """New letters in a shuffled order; `sorts` says how many plain, HTML and file letters.

    `senders` is how many people write them: as many as letters by default, 30 for a small house
    where everybody writes often. Letters and people of different seeds have nothing in common.
    """
    plain, html, file = sorts
    order = [Sort.PLAIN] * plain + [Sort.HTML] * html + [Sort.FILE] * file
    random.Random(f"order {seed}").shuffle(order)
    return [_letter(number, sort, senders, seed) for number, sort in enumerate(order)]


def reply(number: int, original: Sample, *, answer_id: str, answer_subject: str, seed: int = 1) -> Sample:
    """The writer of `original` answers what the desk sent them about it.

    `answer_id` (with brackets) and `answer_subject` are those of the desk's letter. Three programs
    take turns: one names the desk's letter, one only its own first letter, one forgets the thread
    and keeps the subject.
    """
    rng = random.Random(f"reply {seed} {number}")
    head, message_id = _head(rng, original.sender, "Re: " + answer_subject, 5000 + number)
    program = number % 3
    if program == 0:
        head += [f"In-Reply-To: {answer_id}", f"References: {original.message_id}\r\n {answer_id}"]
    elif program == 1:
        head += [f"In-Reply-To: {original.message_id}", f"References: {original.message_id}"]
    quoted = "".join(f"> {line}\r\n" for line in _prose(rng, 700).splitlines())
    text = f"{_prose(rng, 800)}\r\nOn Mon, 5 Jan 2026 at 09:00, Desk <{SUPPORT}> wrote:\r\n{quoted}"
    raw = _join(head, "text/plain; charset=utf-8", "7bit", text.encode())
    return Sample(Sort.REPLY, original.sender, answer_subject, message_id, raw)


def _letter(number: int, sort: Sort, senders: int, seed: int) -> Sample:
    rng = random.Random(f"letter {seed} {number}")
    sender = f"writer{number % senders}.{seed}@client{number % senders % 40}.example"
    subject = f"The {rng.choice(_NOUNS)} {rng.choice(_VERBS)} {rng.choice(_ASIDES)}"
    head, message_id = _head(rng, sender, subject, number)
    text = _prose(rng, 3000 if sort is Sort.HTML else 1500)
    match sort:
        case Sort.HTML:
            raw = _alternative(rng, head, text)
        case Sort.FILE:
            raw = _with_file(rng, head, text)
        case _:
            raw = _join(head, "text/plain; charset=utf-8", "7bit", text.encode())
    return Sample(sort, sender, subject, message_id, raw)


def _head(rng: random.Random, sender: str, subject: str, number: int) -> tuple[list[str], str]:
    """Header lines without the MIME ones, and the Message-ID."""
    host = sender.partition("@")[2]
    date = format_datetime(_START + timedelta(seconds=41 * number))
    message_id = f"<{rng.getrandbits(64):016x}.{number}@{host}>"
    return [
        f"Received: from out.{host} (out.{host} [192.0.2.{number % 250 + 1}])\r\n"
        f" by mx.bank.example with ESMTPS id {rng.getrandbits(40):010X}\r\n for <{SUPPORT}>; {date}",
        f"From: {rng.choice(_NAMES)} {rng.choice(_FAMILIES)} <{sender}>",
        f"To: Desk <{SUPPORT}>",
        f"Subject: {subject}",
        f"Date: {date}",
        f"Message-ID: {message_id}",
        "X-Mailer: Loadmail 2",
        "MIME-Version: 1.0",
    ], message_id


def _prose(rng: random.Random, size: int) -> str:
    """About `size` characters in lines of at most 76, with a blank line here and there."""
    lines: list[str] = []
    line = ""
    done = 0
    while done < size:
        sentence = f"The {rng.choice(_NOUNS)} {rng.choice(_VERBS)} {rng.choice(_ASIDES)}."
        if len(line) + len(sentence) >= 76:
            lines.append(line)
            done += len(line)
            line = ""
            if rng.random() < 0.1:
                lines.append("")
        line = f"{line} {sentence}" if line else sentence
    return "\r\n".join([*lines, line]) + "\r\n"


def _html(rng: random.Random, size: int) -> str:
    """Mark-up as office programs write it: much style, few words."""
    out = ["<html><head><style>p.MsoNormal {margin:0; font-family:Calibri} .sig {color:#777}</style></head><body>"]
    done = 0
    while done < size:
        words = _prose(rng, 180).replace("\r\n", " ").strip()
        block = (
            f'<p class="MsoNormal" style="margin:0cm;line-height:115%"><span lang="EN-GB" style="color:#1F3864">{words}'
        )
        block += f' <a href="https://intranet.client.example/case/{rng.randrange(10**6)}?from=mail">here</a></span></p>'
        if rng.random() < 0.12:
            cells = "".join(f"<td>{rng.choice(_NOUNS)}</td><td><b>{rng.randrange(900)}</b></td>" for _ in range(3))
            block += f'<table border="0" cellspacing="2"><tr>{cells}</tr></table>'
        out.append(block)
        done += len(block)
    return "\r\n".join([*out, "</body></html>\r\n"])


def _join(head: list[str], content_type: str, encoding: str, body: bytes) -> bytes:
    fields = [*head, f"Content-Type: {content_type}", f"Content-Transfer-Encoding: {encoding}"]
    return "\r\n".join(fields).encode() + b"\r\n\r\n" + body


def _part(content_type: str, encoding: str, body: bytes, *more: str) -> bytes:
    fields = [f"Content-Type: {content_type}", f"Content-Transfer-Encoding: {encoding}", *more]
    return "\r\n".join(fields).encode() + b"\r\n\r\n" + body


def _multipart(rng: random.Random, head: list[str], subtype: str, parts: list[bytes]) -> bytes:
    boundary = f"=_{rng.getrandbits(96):024x}"
    body = b"".join(b"--%b\r\n%b\r\n" % (boundary.encode(), part) for part in parts)
    return _join(head, f'multipart/{subtype}; boundary="{boundary}"', "7bit", body + b"--%b--\r\n" % boundary.encode())


def _alternative(rng: random.Random, head: list[str], text: str) -> bytes:
    plain = _part("text/plain; charset=utf-8", "quoted-printable", _quoted_printable(text))
    html = _part("text/html; charset=utf-8", "quoted-printable", _quoted_printable(_html(rng, 14_500)))
    return _multipart(rng, head, "alternative", [plain, html])


def _with_file(rng: random.Random, head: list[str], text: str) -> bytes:
    plain = _part("text/plain; charset=utf-8", "7bit", text.encode())
    data = b"%PDF-1.7\n" + rng.randbytes(200_000)
    coded = base64.encodebytes(data).replace(b"\n", b"\r\n")
    name = f"scan-{rng.randrange(10**6)}.pdf"
    disposition = f'Content-Disposition: attachment; filename="{name}"'
    return _multipart(
        rng, head, "mixed", [plain, _part(f'application/pdf; name="{name}"', "base64", coded, disposition)]
    )


def _quoted_printable(text: str) -> bytes:
    return quopri.encodestring(text.replace("\r\n", "\n").encode()).replace(b"\n", b"\r\n")
