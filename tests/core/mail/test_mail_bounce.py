"""Delivery reports by the book and home-made."""

import pytest

from maild.core.mail import read
from maild.core.model import Bounce, Kind, Nature

DSN = """\
From: Mail Delivery System <MAILER-DAEMON@mx.example>
To: desk@d.example
Subject: Undelivered Mail Returned to Sender
Content-Type: multipart/report; report-type=delivery-status; boundary=b

--b

It did not work.
--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example

Final-Recipient: rfc822; ann@x.example
Original-Recipient: rfc822;ann@alias.example
Action: failed
Status: 5.1.1
Diagnostic-Code: smtp; 550 5.1.1
    unknown user

Final-Recipient: rfc822; bob@x.example
Action: delayed
Status: 4.4.1 (no answer)
--b
Content-Type: message/rfc822

Message-ID: <m.token@d.example>
To: ann@x.example

hello
--b--
"""


def bounce(raw: str) -> Bounce:
    message = read(raw.encode())
    assert message.kind is Kind.BOUNCE, message.kind_reason
    assert message.bounce is not None
    assert not message.answerable
    return message.bounce


def test_a_report_by_the_book() -> None:
    found = bounce(DSN)
    assert [(r.address, r.status, r.action) for r in found.recipients] == [
        ("ann@alias.example", "5.1.1", "failed"),
        ("bob@x.example", "4.4.1", "delayed"),
    ]
    assert found.recipients[0].diagnostic == "smtp; 550 5.1.1 unknown user"
    assert found.original_message_id == "m.token@d.example"
    assert found.permanent is True


def test_a_delay_is_not_permanent() -> None:
    assert bounce(DSN.replace("failed", "delayed").replace("5.1.1", "4.4.7")).permanent is False


def test_blocks_without_the_empty_line_between() -> None:
    glued = DSN.replace("unknown user\n\n", "unknown user\n").replace("mx.example\n\nFinal", "mx.example\nFinal")
    assert [r.address for r in bounce(glued).recipients] == ["ann@alias.example", "bob@x.example"]


HOME_MADE = {
    "qmail": ("MAILER-DAEMON@mx.example", "failure notice", "Hi. I wasn't able to deliver your message.\nThis is a permanent error.\n\n"
              "<ann@x.example>:\nSorry, no mailbox here by that name. (#5.1.1)\n\n--- Below this line is a copy of the message.\n\n"
              "Message-ID: <m.token@d.example>\nTo: other@x.example\n", "5.1.1", True),
    "exim": ("Mailer-Daemon@mx.example", "Mail delivery failed: returning message to sender", "A message that you sent could not be delivered.\n"
             "The following address(es) failed:\n\n  ann@x.example\n    550 unknown user\n\n------ This is a copy of the message ------\n\n"
             "Message-Id: <m.token@d.example>\n", "5.0.0", True),
    "words only": ("postmaster@mx.example", "Undeliverable: Lamp", "Your message to ann@x.example could not be delivered: mailbox full.\n\n"
                   "Original message follows.\n\nMessage-ID: <m.token@d.example>\n", "", True),
    "a warning": ("MAILER-DAEMON@mx.example", "Warning: message delayed", "Your message to\n  ann@x.example\nis delayed and will be retried.\n\n"
                  "--- The header of the original message is following. ---\nMessage-ID: <m.token@d.example>\n", "", False),
}  # fmt: skip


@pytest.mark.parametrize(("sender", "subject", "text", "status", "permanent"), HOME_MADE.values(), ids=HOME_MADE.keys())
def test_home_made_reports(sender: str, subject: str, text: str, status: str, permanent: bool) -> None:
    found = bounce(f"From: {sender}\nTo: desk@d.example\nSubject: {subject}\n\n{text}")
    assert [(r.address, r.status) for r in found.recipients] == [("ann@x.example", status)]
    assert found.original_message_id == "m.token@d.example"
    assert found.permanent is permanent


def test_x_failed_recipients() -> None:
    found = bounce("From: daemon@mx.example\nX-Failed-Recipients: ann@x.example, bob@x.example\n\nIt failed.\n")
    assert [r.address for r in found.recipients] == ["ann@x.example", "bob@x.example"]


@pytest.mark.parametrize(
    ("subject", "text"),
    [
        ("Delivery of the lamp failed", "The parcel service could not find ann@x.example's house."),
        ("Re: Undeliverable: Lamp", "My colleague bob@x.example got this. What now?"),
        ("Fwd: failure notice", "What does this mean?"),
    ],
)
def test_people_who_write_about_deliveries(subject: str, text: str) -> None:
    assert read(f"From: Ann <ann@x.example>\nSubject: {subject}\n\n{text}".encode()).kind is Kind.HUMAN


COMPLAINT = """\
From: abuse@provider.example
Subject: FW: Your message
Content-Type: multipart/report; report-type=feedback-report; boundary=b

--b

This is an abuse report.
--b
Content-Type: message/feedback-report

Feedback-Type: abuse
Version: 1
Original-Mail-From: <desk+token@d.example>
Original-Rcpt-To: <redacted>
--b
Content-Type: message/rfc822

Message-ID: <m.token@d.example>
To: redacted@provider.example

hello
--b--
"""


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (COMPLAINT, Bounce(original_message_id="m.token@d.example", original_mail_from="desk+token@d.example")),
        (COMPLAINT.replace("Message-ID", "X-Nothing"), Bounce(original_mail_from="desk+token@d.example")),
        (COMPLAINT.replace("Original-Mail-From", "X-Nothing"), Bounce(original_message_id="m.token@d.example")),
        (COMPLAINT.partition("--b\nContent-Type: message/feedback")[0], Bounce()),
    ],
)
def test_a_complaint_names_the_letter_it_is_about(raw: str, expected: Bounce) -> None:
    message = read(raw.encode())
    assert (message.kind, message.nature) == (Kind.REPORT, Nature.COMPLAINT)
    assert message.bounce == expected
