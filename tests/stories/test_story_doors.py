"""Agents with passwords, and letters by LMTP: what becomes of them in a whole desk."""

from __future__ import annotations

import smtplib
import socket
import ssl
from collections.abc import Callable
from pathlib import Path

import pytest

from maild import passwords
from maild.core.model import EntryKind, Status
from maild.demo.stage import Stage

WORD = "correct horse battery"


@pytest.fixture
def desk(made: Path, stage_with: Callable[..., Stage], monkeypatch: pytest.MonkeyPatch) -> Stage:
    """A desk with a submission port, and a password for John."""
    from datetime import UTC, datetime, timedelta

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    monkeypatch.setattr(passwords, "COST", 16)
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "bank.example")])
    now = datetime.now(UTC)
    certificate = x509.CertificateBuilder(name, name, key.public_key(), 1, now, now + timedelta(hours=1))
    signed = certificate.sign(key, hashes.SHA256())
    pem = serialization.Encoding.PEM
    secret = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (made.parent / "desk.pem").write_bytes(signed.public_bytes(pem))
    (made.parent / "desk.key").write_bytes(secret)
    passwords.write(made.parent / "passwords", {"john": passwords.hashed(WORD)})
    return stage_with(
        ('#certificate = "cert.pem"  ', f'certificate = "{made.parent}/desk.pem"  '),
        ('#key = "key.pem"  ', f'key = "{made.parent}/desk.key"  '),
        ('listen = []                      # such as ["0.0.0.0:465"]', 'listen = ["127.0.0.1:0"]'),
        (
            'listen = []                      # such as ["127.0.0.1:8024"',
            'listen = ["127.0.0.1:0"]  # such as ["127.0.0.1:8024"',
        ),
        ('passwords_file = "passwords"', f'passwords_file = "{made.parent}/passwords"'),
    )


def submit(stage: Stage, text: str, sender: str = "john@bank.example") -> None:
    context = ssl._create_unverified_context()
    host, port = stage.app.doors.submission.addresses[0]
    with smtplib.SMTP_SSL(host, port, context=context, timeout=20) as client:
        client.login("john@bank.example", WORD)
        client.sendmail(sender, ["support@bank.example"], f"From: John Miller <{sender}>\r\n{text}".encode())
    stage.settle()


def test_john_answers_with_a_password_from_any_letter_of_the_ticket(desk: Stage) -> None:
    karen = desk.person("Karen Black", "karen@example.net")
    desk.agent("john")
    karen.writes("support@bank.example", "Card is blocked", "Please help.")
    desk.settle()
    (ticket,) = desk.app.store.tickets()
    entry = desk.entries(ticket.number)[1]
    submit(
        desk,
        f"To: support@bank.example\r\nSubject: Re: Card is blocked\r\nMessage-ID: <j1@bank.example>\r\n"
        f"In-Reply-To: <{entry.message_id}>\r\n\r\nIt is open again.\r\n\r\n#resolved\r\n",
    )
    answered = desk.ticket(ticket.number)
    assert answered.status == Status.RESOLVED
    assert [e.author for e in desk.entries(ticket.number) if e.kind == EntryKind.RESPONSE] == ["john"]
    letter = desk.app.store.ledger()[0]
    assert (letter.door, letter.fate, letter.ticket) == ("submission", letter.fate, ticket.number)
    assert desk.app.store.envelope(letter.mail_id).agent == "john"  # type: ignore[union-attr]


def test_a_letter_that_names_no_ticket_opens_one(desk: Stage) -> None:
    desk.agent("john")
    submit(desk, "Subject: My own printer\r\nMessage-ID: <j2@bank.example>\r\n\r\nIt burns.\r\n")
    (ticket,) = desk.app.store.tickets()
    assert ticket.requester.email == "john@bank.example"


def test_john_cannot_write_as_jane(desk: Stage) -> None:
    with pytest.raises(smtplib.SMTPDataError, match=r"logged in as john and may write as john@bank\.example only"):
        submit(desk, "Subject: x\r\n\r\ny", sender="jane@bank.example")
    assert desk.app.store.tickets() == []


def test_one_letter_to_two_addresses_by_lmtp_is_one_ticket(desk: Stage) -> None:
    desk.person("Karen Black", "karen@example.net")
    for key in ("john", "jane", "sam"):
        desk.agent(key)
    host, port = desk.app.doors.lmtp.addresses[0]
    with socket.create_connection((host, port), 20) as line, line.makefile("rb") as replies:
        line.sendall(
            b"LHLO mta\r\nMAIL FROM:<karen@example.net>\r\nRCPT TO:<support@bank.example>\r\n"
            b"RCPT TO:<problem@bank.example>\r\nDATA\r\n"
        )
        while not replies.readline().startswith(b"354"):
            pass
        line.sendall(b"From: karen@example.net\r\nSubject: x\r\nMessage-ID: <k1@example.net>\r\n\r\ny\r\n.\r\nQUIT\r\n")
        assert [replies.readline() for _ in range(2)] == [b"250 2.0.0 kept\r\n"] * 2
    desk.settle()
    assert len(desk.app.store.tickets()) == 1
    assert [row.door for row in desk.app.store.ledger()] == ["lmtp"]
