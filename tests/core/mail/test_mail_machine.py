"""Who is speaking: kind, the sign that decided it, and whether an automatic answer may follow."""

import pytest

from maild.core.mail import read
from maild.core.model import Kind

ANN = "From: Ann <ann@x.example>\nTo: desk@d.example\n"


@pytest.mark.parametrize(
    ("head", "kind", "answerable"),
    [
        ("Subject: Lamp", Kind.HUMAN, True),
        ("Subject: Re: Lamp\nAuto-Submitted: no", Kind.HUMAN, True),
        ("Auto-Submitted: auto-replied", Kind.AUTOMATIC, False),
        ("auto-submitted: Auto-Generated (mail merge); owner-email=x", Kind.AUTOMATIC, False),
        ("Auto-Submitted: auto-notified; x", Kind.AUTOMATIC, False),
        ("Auto-Submitted: auto-forwarded", Kind.HUMAN, False),
        ("X-Autoreply: yes", Kind.AUTOMATIC, False),
        ("X-Autorespond: x", Kind.AUTOMATIC, False),
        ("Precedence: auto_reply", Kind.AUTOMATIC, False),
        ("Precedence: bulk\nX-Autoreply: yes", Kind.AUTOMATIC, False),
        ("X-FC-MachineGenerated: true", Kind.AUTOMATIC, False),
        ("Delivered-To: Autoresponder", Kind.AUTOMATIC, False),
        ("Delivered-To: ann@x.example", Kind.HUMAN, True),
        ("X-MS-Exchange-Inbox-Rules-Loop: a@b", Kind.AUTOMATIC, False),
        ("X-Loop: a@b", Kind.AUTOMATIC, False),
        ("X-Maild-Loop: d;hop=1", Kind.AUTOMATIC, False),
        ("Return-Path: <>", Kind.AUTOMATIC, False),
        ("Return-Path: <ann@x.example>", Kind.HUMAN, True),
        ("List-Id: <l.x.example>", Kind.LIST, False),
        ("List-Unsubscribe: <mailto:u@x.example>", Kind.LIST, False),
        ("Precedence: list", Kind.LIST, False),
        ("Precedence: bulk\nList-Id: <plans.list.example>", Kind.LIST, False),
        ("Precedence: bulk", Kind.AUTOMATIC, False),
        ("X-Precedence: junk", Kind.AUTOMATIC, False),
        ("Precedence: first-class", Kind.HUMAN, True),
        ("X-Auto-Response-Suppress: OOF, DR", Kind.HUMAN, False),
        ("X-Auto-Response-Suppress: RN, NRN", Kind.HUMAN, True),
        ("Subject: Automatic reply: Lamp", Kind.HUMAN, False),
        ("Subject: Out of Office: Lamp", Kind.HUMAN, False),
        ("Subject: =?utf-8?q?Abwesenheitsnotiz:_Lampe?=", Kind.HUMAN, False),
        ("Subject: Automatische Antwort: Lampe", Kind.HUMAN, False),
        ("Subject: Réponse automatique : Lampe", Kind.HUMAN, False),
        ("Subject: Respuesta automática: Lámpara", Kind.HUMAN, False),
        ("Subject: 自动回复: 灯", Kind.HUMAN, False),
        ("Subject: Автоответ: лампа", Kind.HUMAN, False),
        ("Subject: My office lamp is out of order", Kind.HUMAN, True),
        ("Content-Type: multipart/report; report-type=feedback-report; boundary=b", Kind.REPORT, False),
        ("Content-Type: multipart/report; report-type=disposition-notification; boundary=b", Kind.REPORT, False),
        ("Content-Type: multipart/report; report-type=delivery-status; boundary=b", Kind.BOUNCE, False),
        ("X-Failed-Recipients: x@y.example", Kind.BOUNCE, False),
        ("X-MS-Embedded-Report:", Kind.BOUNCE, False),
        ("Subject: Undelivered Mail Returned to Sender", Kind.BOUNCE, False),
        ("Subject: Fwd: Undelivered Mail Returned to Sender", Kind.HUMAN, True),
        ("Subject: Undelivered mail, what shall I do?", Kind.HUMAN, True),
        ("Return-Path: <MAILER-DAEMON@mx.example>", Kind.AUTOMATIC, False),
    ],
)
def test_signs_in_the_header(head: str, kind: Kind, answerable: bool) -> None:
    message = read(f"{ANN}{head}\n\nHello.\n".encode())
    assert (message.kind, message.answerable) == (kind, answerable)
    assert bool(message.kind_reason) is not answerable


@pytest.mark.parametrize(
    ("sender", "kind", "answerable"),
    [
        ("noreply@x.example", Kind.AUTOMATIC, False),
        ("no-reply+tag@x.example", Kind.AUTOMATIC, False),
        ("do.not.reply@x.example", Kind.HUMAN, True),
        ("DoNotReply@x.example", Kind.AUTOMATIC, False),
        ("bounces+1@x.example", Kind.AUTOMATIC, False),
        ("MAILER-DAEMON@x.example", Kind.BOUNCE, False),
        ("postmaster@x.example", Kind.HUMAN, False),
        ("list-owner@x.example", Kind.HUMAN, False),
        ("norea.plyer@x.example", Kind.HUMAN, True),
    ],
)
def test_signs_in_the_sender(sender: str, kind: Kind, answerable: bool) -> None:
    message = read(f"From: {sender}\nSubject: Hello\n\nHello.\n".encode())
    assert (message.kind, message.answerable) == (kind, answerable)


def test_a_letter_of_nobody_is_not_answered() -> None:
    assert not read(b"Subject: x\n\nhi").answerable
