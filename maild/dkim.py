"""DKIM signatures (RFC 6376) for letters of ours, where the relay does not sign them.

`signer` reads a key; `Signer.sign` puts one field before finished bytes, which must not change
any more. It refuses to read files, to look anything up and to judge signatures of others;
`config` makes a signer from [dkim] and the courier signs each letter once, when it is fixed.
"""

from __future__ import annotations

import hashlib
import re
from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

SIGNED = (
    *("from", "to", "cc", "subject", "date", "message-id", "in-reply-to", "references", "reply-to"),
    *("auto-submitted", "mime-version", "content-type", "content-transfer-encoding"),
)
"""Fields whose content is vouched for, where the letter has them."""

OVERSIGNED = ("from", "subject", "reply-to", "auto-submitted", "references")
"""Signed once more than they are there, so that nobody can add another one on the way (RFC 6376 section 8.15)."""

LEAST_RSA = 1024  # bits; RFC 8301 section 3.2 forbids less and asks for 2048

_BLANKS = re.compile(rb"[ \t]+")


class BadKey(ValueError):
    """The key cannot sign; the text says why."""


@dataclass(frozen=True, slots=True)
class Signer:
    """Signs for one domain. `_seal` makes the signature of the canonical header."""

    domain: str
    selector: str
    algorithm: str  # rsa-sha256, ed25519-sha256 (RFC 8463)
    public: bytes  # the other half of the key, as "p=" of the DNS has it
    _seal: Callable[[bytes], bytes]

    def sign(self, raw: bytes, now: datetime) -> bytes:
        """The letter (every line end CR LF) with a DKIM-Signature before its header."""
        head, _, body = raw.partition(b"\r\n\r\n")
        fields = _fields(head + b"\r\n")
        names = [*(name for name in SIGNED for _ in fields.get(name, ())), *OVERSIGNED]
        # Of several fields of a name the last one is signed first (section 5.4.2).
        left = {name: list(values) for name, values in fields.items()}
        signed = b"".join(left[name].pop() for name in names if left.get(name))
        digest = b64encode(hashlib.sha256(_body(body)).digest()).decode("ascii")
        field = (
            f"DKIM-Signature: v=1; a={self.algorithm}; c=relaxed/relaxed;\r\n"
            f" d={self.domain}; s={self.selector}; t={int(now.timestamp())};\r\n"
            f" h={_folded(names)};\r\n"
            f" bh={digest};\r\n b="
        ).encode("ascii")
        seal = b64encode(self._seal(signed + _relaxed(field)[1])).decode("ascii")
        lines = "\r\n ".join(seal[at : at + 72] for at in range(0, len(seal), 72))
        return field + lines.encode("ascii") + b"\r\n" + raw


def signer(domain: str, selector: str, pem: bytes) -> Signer:
    """A signer with this private key (PEM, RSA or Ed25519, no passphrase).

    Raises BadKey, and ImportError where `cryptography` is not installed.
    """
    from cryptography.exceptions import UnsupportedAlgorithm  # noqa: PLC0415 - an extra: most desks let the relay sign
    from cryptography.hazmat.primitives import hashes, serialization  # noqa: PLC0415
    from cryptography.hazmat.primitives.asymmetric import ed25519, padding, rsa  # noqa: PLC0415

    try:
        key = serialization.load_pem_private_key(pem, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise BadKey("is no private key in PEM, without a passphrase") from None
    if isinstance(key, rsa.RSAPrivateKey):
        if key.key_size < LEAST_RSA:
            raise BadKey(f"an RSA key of {key.key_size} bits is too short; 2048 are usual")
        rsa_key = key
        spki = rsa_key.public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        return Signer(
            domain, selector, "rsa-sha256", spki, lambda data: rsa_key.sign(data, padding.PKCS1v15(), hashes.SHA256())
        )
    if isinstance(key, ed25519.Ed25519PrivateKey):
        ed_key = key
        bare = ed_key.public_key().public_bytes_raw()
        return Signer(domain, selector, "ed25519-sha256", bare, lambda data: ed_key.sign(hashlib.sha256(data).digest()))
    raise BadKey("is neither an RSA nor an Ed25519 key")


def _fields(head: bytes) -> dict[str, list[bytes]]:
    """Canonical fields by name, top to bottom."""
    found: dict[str, list[bytes]] = {}
    for field in re.split(rb"\r\n(?![ \t])", head)[:-1]:
        name, value = _relaxed(field)
        found.setdefault(name, []).append(value + b"\r\n")
    return found


def _relaxed(field: bytes) -> tuple[str, bytes]:
    """Section 3.4.2, without the line end: the name, and the whole field."""
    name, _, value = field.partition(b":")
    name = name.strip(b" \t").lower()
    value = _BLANKS.sub(b" ", value.replace(b"\r\n", b"")).strip(b" ")
    return name.decode("ascii", "replace"), name + b":" + value


def _body(body: bytes) -> bytes:
    """Section 3.4.4. Runs of blanks first: a line of blanks costs no more than any other."""
    plain = _BLANKS.sub(b" ", body).replace(b" \r\n", b"\r\n")
    plain = plain[: -1 if plain.endswith(b" ") else None].rstrip(b"\r\n")
    return plain + b"\r\n" if plain else b""


def _folded(names: list[str]) -> str:
    lines = [""]
    for name in names:
        if len(lines[-1]) + len(name) > 70:
            lines.append("")
        lines[-1] += f"{name}:"
    return "\r\n  ".join(lines)[:-1]
