"""Our signatures, judged by somebody else's reading of the standard."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from maild.dkim import OVERSIGNED, BadKey, Signer, signer

dkim = pytest.importorskip("dkim")
pytest.importorskip("cryptography")

from cryptography.hazmat.primitives import serialization  # noqa: E402
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa  # noqa: E402

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
LETTER = (
    b"From: Example Bank Support <support@bank.example>\r\n"
    b"To: Karen Black\r\n <karen@customer.example>\r\n"
    b"Reply-To: support+token@bank.example\r\n"
    b"Subject:  We  have received\r\n\tyour message \r\n"
    b"Message-ID: <m.1@bank.example>\r\n"
    b"X-Maild-Letter: acknowledgement\r\n"
    b"Content-Type: text/plain; charset=utf-8\r\n"
    b"\r\n"
    b"Hello  Karen,\t \r\n\r\n..we have it.  \r\n\r\n\r\n"
)


def pem(key: object) -> bytes:
    private = serialization.PrivateFormat.PKCS8
    return key.private_bytes(serialization.Encoding.PEM, private, serialization.NoEncryption())  # type: ignore[attr-defined]


@cache
def made(kind: str) -> tuple[Signer, bytes]:
    """A signer, and the DNS record of its public half."""
    if kind == "rsa":
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        form, name = serialization.PublicFormat.SubjectPublicKeyInfo, b"rsa"
        public = key.public_key().public_bytes(serialization.Encoding.DER, form)
    else:
        key = ed25519.Ed25519PrivateKey.generate()
        public, name = key.public_key().public_bytes_raw(), b"ed25519"
    from base64 import b64encode

    return signer("bank.example", "desk", pem(key)), b"v=DKIM1; k=" + name + b"; p=" + b64encode(public)


def verified(raw: bytes, record: bytes) -> bool:
    asked: list[bytes] = []

    def dns(name: bytes, timeout: int = 5) -> bytes:
        asked.append(name)
        return record

    good = dkim.verify(raw, dnsfunc=dns)
    assert set(asked) <= {b"desk._domainkey.bank.example."}
    return bool(good)


@pytest.mark.parametrize("kind", ["rsa", "ed25519"])
def test_a_letter_is_signed_and_otherwise_untouched(kind: str) -> None:
    ours, record = made(kind)
    signed = ours.sign(LETTER, NOW)
    assert signed.endswith(LETTER)
    assert signed == ours.sign(LETTER, NOW), "same input, same bytes"
    assert verified(signed, record)
    field = signed[: -len(LETTER)]
    assert b"; a=%s-sha256; c=relaxed/relaxed;" % kind.encode() in field.replace(b"\r\n", b"")
    assert max(map(len, field.split(b"\r\n"))) <= 78


@pytest.mark.parametrize("name", OVERSIGNED)
def test_nobody_can_add_another_field_that_people_and_programs_look_at(name: str) -> None:
    ours, record = made("rsa")
    signed = ours.sign(LETTER, NOW)
    assert not verified(name.encode() + b": forged@evil.example\r\n" + signed, record)
    head, body = signed.split(b"\r\n\r\n", 1)
    assert not verified(head + b"\r\n" + name.encode() + b": forged@evil.example\r\n\r\n" + body, record)


@pytest.mark.parametrize(
    ("old", "new"),
    [(b"Karen,", b"Ken,"), (b"We  have", b"We had"), (b"karen@", b"ken@"), (b"we have it.", b"we have it. ok")],
)
def test_a_changed_letter_does_not_verify(old: bytes, new: bytes) -> None:
    ours, record = made("ed25519")
    signed = ours.sign(LETTER, NOW)
    assert signed.count(old) == 1
    assert not verified(signed.replace(old, new), record)


@pytest.mark.parametrize(
    "change",
    [
        lambda raw: re.sub(rb"\r\n\r\n\r\n$", b"\r\n", raw),
        lambda raw: raw + b"\r\n\r\n",
        lambda raw: raw.replace(b"Hello  Karen,\t \r\n", b"Hello Karen,\r\n"),
        lambda raw: raw.replace(b"Subject:  We  have received\r\n\tyour", b"SUBJECT: We have received your"),
        lambda raw: b"Received: from a by b\r\nReturn-Path: <x@y>\r\n" + raw,
    ],
)
def test_what_relays_do_to_letters_does_no_harm(change: Callable[[bytes], bytes]) -> None:
    ours, record = made("rsa")
    assert verified(change(ours.sign(LETTER, NOW)), record)


BODIES = st.lists(st.sampled_from([b"", b" ", b"a", b"a  b", b"\t", b".", b"a ", b"=20"]), max_size=8)


@settings(deadline=None, max_examples=150)
@given(BODIES, st.lists(st.sampled_from(["To", "Cc", "Subject", "References"]), max_size=5))
def test_bodies_and_headers_of_every_shape_verify(lines: list[bytes], names: list[str]) -> None:
    ours, record = made("ed25519")
    head = b"From: a@bank.example\r\n" + b"".join(b"%s: x %d \r\n" % (n.encode(), i) for i, n in enumerate(names))
    assert verified(ours.sign(head + b"\r\n" + b"\r\n".join([*lines, b""]), NOW), record)


def test_a_line_of_blanks_is_signed_in_no_time() -> None:
    ours, _ = made("ed25519")
    begin = datetime.now(UTC)
    ours.sign(b"From: a@bank.example\r\n\r\n" + b" " * 2_000_000 + b"x\r\n", NOW)
    assert (datetime.now(UTC) - begin).total_seconds() < 2


@pytest.mark.parametrize(
    ("key", "why"),
    [
        (b"", "no private key"),
        (b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", "no private key"),
        (lambda: pem(ec.generate_private_key(ec.SECP256R1())), "neither an RSA nor an Ed25519 key"),
        (lambda: pem(rsa.generate_private_key(public_exponent=65537, key_size=1024))[:200], "no private key"),
    ],
)
def test_a_key_that_cannot_sign_says_why(key: bytes | Callable[[], bytes], why: str) -> None:
    with pytest.raises(BadKey, match=why):
        signer("bank.example", "desk", key() if callable(key) else key)


def test_a_key_with_a_passphrase_is_refused() -> None:
    form = serialization.PrivateFormat.PKCS8
    secret = serialization.BestAvailableEncryption(b"x")
    locked = ed25519.Ed25519PrivateKey.generate().private_bytes(serialization.Encoding.PEM, form, secret)
    with pytest.raises(BadKey, match="passphrase"):
        signer("bank.example", "desk", locked)
