"""A name service on a table, and letters signed by a library that is not ours."""

from __future__ import annotations

import base64
from datetime import UTC, datetime
from functools import cache

import dkim
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from maild.core.authentication import Vouched, vouched
from maild.core.mail import read
from maild.core.model import Envelope
from maild.core.policy import Authentication
from maild.edges import auth, auth_dmarc
from maild.edges.auth_dns import Answer, Questions, Unanswered

OWN = "desk.bank.example"
NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
FOREVER = float("inf")
TRUSTING = Authentication(trusted=frozenset({OWN}), own=OWN)
ORGANISATION = auth.organisations()
PEER = "192.0.2.10"
LETTER = (
    b"From: Karen Black <karen@customer.com>\r\nTo: support@bank.example\r\nSubject: Help  me\r\n"
    b"Message-ID: <1@customer.com>\r\n\r\nNothing \t works.\r\n  At all. \r\n\r\n\r\n"
)


class Names(dict[tuple[str, str], object]):
    """(name, kind) → answers, or an exception to raise. `asked` are the questions in order."""

    def __init__(self, *tables: dict[tuple[str, str], object]) -> None:
        super().__init__()
        for table in tables:
            self.update(table)
        self.asked: list[tuple[str, str]] = []

    def __call__(self, name: str, kind: str, seconds: float) -> tuple[Answer, ...]:
        self.asked.append((name, kind))
        answer = self.get((name, kind), ())
        if isinstance(answer, Exception):
            raise answer
        return answer if isinstance(answer, tuple) else (answer,)  # type: ignore[return-value]


@cache
def key(bits: int = 1024) -> tuple[bytes, bytes]:
    """A private key as dkimpy wants it, and what is published of it."""
    private = rsa.generate_private_key(65537, bits)
    published = private.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    pem = private.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
    return pem, b"v=DKIM1; k=rsa; p=" + base64.b64encode(published)


def signed(letter: bytes = LETTER, domain: bytes = b"customer.com", bits: int = 1024, **more: object) -> bytes:
    """The letter with a signature of dkimpy's above it."""
    return dkim.sign(letter, b"s1", domain, key(bits)[0], **more) + letter  # type: ignore[arg-type]


def policy(text: str = "v=DMARC1; p=reject", domain: str = "customer.com") -> dict[tuple[str, str], object]:
    return {(f"_dmarc.{domain}", "TXT"): text.encode()}


def published(domain: str = "customer.com", bits: int = 1024, selector: str = "s1") -> dict[tuple[str, str], object]:
    return {(f"{selector}._domainkey.{domain}", "TXT"): key(bits)[1]}


def spf(text: str = "v=spf1 ip4:192.0.2.10 -all", domain: str = "customer.com") -> dict[tuple[str, str], object]:
    return {(domain, "TXT"): text.encode()}


AWAY = Unanswered("away")


TRACE = b"Return-Path: <x@y.example>\r\nReceived: from z.example\r\n\tby desk.bank.example; now\r\n"  # the door's


def field(raw: bytes, names: Names, peer: str = PEER, mail_from: str = "", helo: str = "mx.sender.net") -> str:
    """The field written about this letter, on one line."""
    envelope = Envelope(
        raw=TRACE + raw,
        mail_from=mail_from,
        rcpts=("s@bank.example",),
        received_at=NOW,
        door="smtp",
        peer=peer,
        helo=helo,
    )
    found = auth_dmarc.results(envelope, Questions(names, FOREVER), ORGANISATION, OWN)
    assert found.endswith(b"\r\n")
    assert found.count(b"Authentication-Results") == 1
    return " ".join(found.decode("ascii").split())


def judged(raw: bytes, names: Names, **how: str) -> Vouched:
    """What the desk makes of the letter with that field on top of it."""
    return vouched(read(field(raw, names, **how).encode() + b"\r\n" + TRACE + raw), TRUSTING)
