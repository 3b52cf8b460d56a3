"""Which domains have signed this letter? (RFC 6376 and 8463.)

Stricter than the standard where leniency helps forgers: a signature over part of the body
(l=), SHA-1 and short keys count for nothing. Written here because the libraries take quadratic
time on long runs of blanks, and cryptography checks a signature without holding up other
threads. It refuses to know who stands in From.
"""

from __future__ import annotations

import hashlib
import re
from binascii import Error as Base64Error
from binascii import a2b_base64
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key

from maild.edges.auth_dns import NAME, Questions, Unanswered

MOST_SIGNATURES = 5  # looked at; lists and forwarders add one each
MOST_HEADER = 500_000  # octets of a header that is looked at
SHORTEST_KEY, LONGEST_KEY = 1024, 8192  # bits of an RSA modulus; RFC 8301 section 3.2
LARGEST_EXPONENT = 33  # bits: 65537 and its like; larger ones only cost time

_FIELD = re.compile(rb"([!-9;-~]+)[ \t]*:(?:[^\r\n]|\r\n[ \t])*+\r\n")
_TAG = re.compile(r"\s*([A-Za-z][A-Za-z0-9_]*)\s*=\s*([^;]*)\Z")
_SIGNED_BY = re.compile(rb"((?:\A[^:]*:|;)(?:[ \t\r\n])*b(?:[ \t\r\n])*=)[^;]*")
_BLANKS = re.compile(rb"[ \t]+")
_NEEDED = ("v", "a", "b", "bh", "d", "h", "s")


class Signature(NamedTuple):
    """One signature: what it came to, whose it is ("" where it does not say) and by which selector."""

    result: str  # pass, fail, policy (ours: it may be right and counts for nothing), temperror, permerror
    domain: str = ""
    selector: str = ""


class _Unfit(Exception):
    """Why a signature counts for nothing: the result's name."""


def check(raw: bytes, ask: Questions, now: float) -> list[Signature]:
    """Every signature up to MOST_SIGNATURES, topmost first. `now`: seconds since 1970. Never raises."""
    try:
        letter = _Letter(raw)
    except _Unfit:
        return []
    signed = [field for name, field in letter.fields if name == b"dkim-signature"][:MOST_SIGNATURES]
    return [_one(letter, field, ask, now) for field in signed]


def _one(letter: _Letter, field: bytes, ask: Questions, now: float) -> Signature:
    domain = selector = ""
    try:
        tags = _tags(field.partition(b":")[2])
        domain, selector = tags.get("d", "").lower(), tags.get("s", "").lower()
        if not NAME.match(domain) or not NAME.match(f"{selector}._domainkey.{domain}"):
            domain = selector = ""
            raise _Unfit("permerror")
        _refuse(tags, now)
        key = _key(ask, tags, f"{selector}._domainkey.{domain}")
        heads, _, bodies = tags.get("c", "simple/simple").lower().partition("/")
        if letter.body_hash(bodies or "simple") != _octets(tags["bh"]):
            raise _Unfit("fail")
        _verify(key, _octets(tags["b"]), letter.signed(field, tags["h"].lower().split(":"), heads))
    except _Unfit as unfit:
        return Signature(str(unfit), domain, selector)
    except Unanswered:
        return Signature("temperror", domain, selector)
    except Exception:  # noqa: BLE001 - hostile keys break the library in ways of their own
        return Signature("permerror", domain, selector)
    return Signature("pass", domain, selector)


def _tags(value: bytes | str) -> dict[str, str]:
    """A tag list (RFC 6376 section 3.2); one tag twice or a piece that is none spoils it."""
    text = value if isinstance(value, str) else value.decode("ascii", "replace")
    tags: dict[str, str] = {}
    for piece in text.strip().rstrip(";").split(";")[:100]:
        found = _TAG.match(piece)
        if found is None or found[1] in tags:
            raise _Unfit("permerror")
        tags[found[1]] = "".join(found[2].split())
    return tags


def _refuse(tags: Mapping[str, str], now: float) -> None:
    """_Unfit where the signature cannot count, whatever its mathematics say."""
    if any(not tags.get(name) for name in _NEEDED) or tags["v"] != "1":
        raise _Unfit("permerror")
    if "l" in tags or tags["a"].lower() not in ("rsa-sha256", "ed25519-sha256"):
        raise _Unfit("policy")
    if "from" not in tags["h"].lower().split(":") or "dns/txt" not in tags.get("q", "dns/txt").split(":"):
        raise _Unfit("permerror")
    identity = tags.get("i", "@" + tags["d"]).rpartition("@")[2].lower()
    if identity != tags["d"].lower() and not identity.endswith("." + tags["d"].lower()):
        raise _Unfit("permerror")
    if "x" in tags and not (tags["x"].isdecimal() and len(tags["x"]) <= 12 and int(tags["x"]) >= now):
        raise _Unfit("fail")


def _octets(text: str) -> bytes:
    try:
        return a2b_base64(text)
    except Base64Error:
        raise _Unfit("permerror") from None


# --------------------------------------------------------------------- the key


def _verify(key: RSAPublicKey | Ed25519PublicKey, signature: bytes, signed: bytes) -> None:
    """_Unfit where the signature was not made by this key over these octets."""
    try:
        if isinstance(key, Ed25519PublicKey):
            key.verify(signature, hashlib.sha256(signed).digest())  # RFC 8463 section 3
        else:
            key.verify(signature, signed, PKCS1v15(), SHA256())
    except InvalidSignature:
        raise _Unfit("fail") from None


def _key(ask: Questions, tags: Mapping[str, str], name: str) -> RSAPublicKey | Ed25519PublicKey:
    """The one key published under this name, where it is fit for this signature (RFC 6376 section 3.6.1)."""
    records = [text for text in ask.texts(name) if "p=" in "".join(text.split())]
    if len(records) != 1:  # none, or several of which nobody knows which is meant
        raise _Unfit("permerror")
    record = _tags(records[0])
    ed25519 = tags["a"].lower() == "ed25519-sha256"
    identity = tags.get("i", "@" + tags["d"]).rpartition("@")[2].lower()
    if (
        record.get("v", "DKIM1") != "DKIM1"
        or record.get("k", "rsa").lower() != ("ed25519" if ed25519 else "rsa")
        or "sha256" not in record.get("h", "sha256").lower().split(":")
        or not {"*", "email"} & set(record.get("s", "*").lower().split(":"))
        or ("s" in record.get("t", "").lower().split(":") and identity != tags["d"].lower())
        or not record.get("p")  # revoked
    ):
        raise _Unfit("permerror")
    octets = _octets(record["p"])
    return Ed25519PublicKey.from_public_bytes(octets) if ed25519 else _rsa(octets)


def _rsa(octets: bytes) -> RSAPublicKey:
    public = load_der_public_key(octets)
    if not isinstance(public, RSAPublicKey):
        raise _Unfit("permerror")
    exponent = public.public_numbers().e.bit_length()
    if not SHORTEST_KEY <= public.key_size <= LONGEST_KEY or exponent > LARGEST_EXPONENT:
        raise _Unfit("policy")
    return public


# --------------------------------------------------------------------- what was signed


class _Letter:
    """A letter as signers see it: its fields as written, and hashes of its body. Linear in its length."""

    def __init__(self, raw: bytes) -> None:
        self.fields: list[tuple[bytes, bytes]] = []
        position, limit = 0, min(len(raw), MOST_HEADER)
        while position < limit and not raw.startswith(b"\r\n", position):
            found = _FIELD.match(raw, position)
            if found is None:  # what one reader passes over another takes for the body's beginning
                raise _Unfit("permerror")
            self.fields.append((found[1].lower(), found[0]))
            position = found.end()
        self._body = raw[position + 2 :]
        self._hashes: dict[str, bytes] = {}

    def body_hash(self, form: str) -> bytes:
        """SHA-256 of the body in this canonical form (RFC 6376 section 3.4)."""
        if form not in ("simple", "relaxed"):
            raise _Unfit("permerror")
        if form not in self._hashes:
            body = self._body
            if form == "relaxed":
                body = _BLANKS.sub(b" ", body).replace(b" \r\n", b"\r\n").rstrip(b" ")
            body = body.rstrip(b"\r\n")
            ended = body + b"\r\n" if body or form == "simple" else b""
            self._hashes[form] = hashlib.sha256(ended).digest()
        return self._hashes[form]

    def signed(self, signature: bytes, names: Sequence[str], form: str) -> bytes:
        """The fields a signature covers: of repeated ones the last not yet taken (RFC 6376 section 5.4.2)."""
        if form not in ("simple", "relaxed"):
            raise _Unfit("permerror")
        left: dict[str, list[bytes]] = {}
        for field_name, field in self.fields:
            left.setdefault(field_name.decode("ascii"), []).append(field)
        fields = (left[name.strip()].pop() for name in names[:500] if left.get(name.strip()))
        taken = [_canonical(field, form) for field in fields]
        unsigned = _SIGNED_BY.sub(rb"\1", signature, count=1)
        return b"".join(taken) + _canonical(unsigned, form).removesuffix(b"\r\n")


def _canonical(field: bytes, form: str) -> bytes:
    if form == "simple":
        return field
    name, _, value = field.partition(b":")
    return name.rstrip(b" \t").lower() + b":" + _BLANKS.sub(b" ", value.replace(b"\r\n", b"")).strip(b" ") + b"\r\n"
