"""Tokens: proof that an address, a Message-ID or a subject was made by this desk for one ticket.

A token says which ticket is meant and whom we wrote to; it does not say who is writing now, nor what
they may do. It refuses to know how keys are kept, and never falls back to numbers that do not verify.
`letters` mints, `core.matching` and `core.identity` verify and look at `Token.purpose`.

A token is lower-case base32 (RFC 4648 section 6, no padding; survives gateways that change case) of

    version and key id (4 + 4 bits) · purpose (1 byte) · ticket (varint) · principal (varint)
    · week of expiry (2 bytes, 0 is never) · serial (varint) · MAC (10 bytes)

where the MAC is HMAC-SHA256 over a label and every byte before it, cut to 80 bits: the least that
RFC 2104 section 5 advises, and enough for a thing that can only be tried by sending a letter.
"""

from __future__ import annotations

import binascii
import hashlib
import hmac
import re
import unicodedata
from base64 import b32decode, b32encode
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from maild.core.model import Purpose
from maild.core.policy import Keys, Policy

AGENT_REPLY_LIFE = timedelta(days=90)
REQUESTER_REPLY_LIFE = timedelta(days=365)
CHALLENGE_LIFE = timedelta(hours=24)

LOCAL_PART_LIMIT = 64  # octets, RFC 5321 section 4.5.3.1.1

_VERSION = 1
_LABEL = b"maild/1"  # keeps these MACs apart from those of subjects, which share the keys
_SUBJECT_LABEL = b"subject"
_AGENT_LABEL = b"maild/agent/"
_COLLABORATOR_LABEL = b"maild/collaborator/"
_MAC_BYTES = 10
_MAX_NUMBER = 2**63 - 1  # what a database keeps as an integer
_MAX_CHARS = 66  # base32 of the longest token: three varints of nine bytes, fourteen bytes around them
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_HOUR = timedelta(hours=1)
_WEEK = timedelta(weeks=1)
_MAX_WEEK = 0xFFFF

_LEAST_CHARS = 28  # base32 of the shortest: seven bytes and the MAC
_SHAPE = re.compile(rf"[a-z2-7]{{{_LEAST_CHARS},{_MAX_CHARS}}}", re.IGNORECASE)

# Text between two brackets; bounded, so that a subject full of brackets stays linear.
_BRACKETS = re.compile(r"\[([^\[\]]{1,80}+)\]")
# What mail programs and people make of a hyphen, and marks that are not seen.
_DASHES = {ord(dash): "-" for dash in "\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe58\ufe63\uff0d"}
_UNSEEN = dict.fromkeys(map(ord, "\u00ad\u200b\u200c\u200d\u200e\u200f\u2060\ufeff"))


@dataclass(frozen=True, slots=True)
class Token:
    """What a verified token says. `expired` is true where it was genuine but its time is over.

    `serial` is the outbox id of the letter that carried it, but the letter held back in a CONFIRM token.
    """

    purpose: Purpose
    ticket: int
    principal: int
    expires: datetime | None
    serial: int
    expired: bool = False
    key: int = field(default=0, compare=False)  # id of the key that made it


@dataclass(frozen=True, slots=True)
class Mark:
    """Something in a subject that looks like a token of ours. `key` made it; None: none of our keys did."""

    number: int
    key: int | None


# --------------------------------------------------------------------- tokens


def mint(keys: Keys, purpose: Purpose, ticket: int, principal: int, expires: datetime | None, serial: int = 0) -> str:
    """Make a token with the current key; same input, same token.

    `expires` is rounded up to a whole week, None is never. ValueError for numbers outside 0…2⁶³−1
    and for expiries after the year 3225.
    """
    body = _body(keys.current, purpose, ticket, principal, _week(expires), serial)
    return _spell(body + _mac(keys.secrets[keys.current], body))


def verify(keys: Keys, text: str, now: datetime) -> Token | None:
    """The token this text spells, if one of our keys made it; None for anything else, never an error.

    Case does not matter; everything else about the spelling does, so one token has one spelling.
    """
    token = _open(keys, text)
    if token is not None and token.expires is not None and now >= token.expires:
        return replace(token, expired=True)
    return token


def _open(keys: Keys, text: str) -> Token | None:
    if not text.isascii() or len(text) > _MAX_CHARS:
        return None
    text = text.lower()
    try:
        raw = b32decode(text.upper() + "=" * (-len(text) % 8))
    except binascii.Error:
        return None
    # The last character has spare bits that decoding ignores, and "=" may be written out.
    if len(raw) <= _MAC_BYTES or _spell(raw) != text:
        return None
    body, mac = raw[:-_MAC_BYTES], raw[-_MAC_BYTES:]
    secret = keys.secrets.get(body[0] & 0x0F)
    if secret is None or not hmac.compare_digest(_mac(secret, body), mac):
        return None
    return _parse(body)


def _mac(secret: bytes, body: bytes) -> bytes:
    return hmac.digest(secret, _LABEL + body, "sha256")[:_MAC_BYTES]


def _spell(raw: bytes) -> str:
    return b32encode(raw).decode("ascii").rstrip("=").lower()


def _body(key_id: int, purpose: Purpose, ticket: int, principal: int, week: int, serial: int) -> bytes:
    head = bytes((_VERSION << 4 | key_id, ord(purpose.value)))
    return head + _varint(ticket) + _varint(principal) + week.to_bytes(2, "big") + _varint(serial)


def _parse(body: bytes) -> Token | None:
    """Read a body whose MAC is right; None where another version of the program wrote it."""
    try:
        purpose = Purpose(chr(body[1]))
        ticket, at = _read_varint(body, 2)
        principal, at = _read_varint(body, at)
        week = int.from_bytes(body[at : at + 2], "big")
        serial, _ = _read_varint(body, at + 2)
    except (ValueError, IndexError):
        return None
    if _body(body[0] & 0x0F, purpose, ticket, principal, week, serial) != body:
        return None
    expires = _EPOCH + week * _WEEK if week else None
    return Token(purpose, ticket, principal, expires, serial, key=body[0] & 0x0F)


def _week(expires: datetime | None) -> int:
    if expires is None:
        return 0
    week = max(1, -((_EPOCH - expires) // _WEEK))
    if week > _MAX_WEEK:
        raise ValueError(f"a token cannot expire as late as {expires.isoformat()}")
    return week


def _varint(number: int) -> bytes:
    """Seven bits a byte, least first, the top bit says that more follow."""
    if not 0 <= number <= _MAX_NUMBER:
        raise ValueError(f"a token cannot hold the number {number}")
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def _read_varint(body: bytes, at: int) -> tuple[int, int]:
    """The number at this place and the place after it; ValueError or IndexError for anything we never wrote."""
    number = shift = 0
    while body[at] > 0x7F:
        number |= (body[at] & 0x7F) << shift
        shift += 7
        at += 1
    number |= body[at] << shift
    if number > _MAX_NUMBER:
        raise ValueError(number)
    return number, at + 1


# --------------------------------------------------------------------- where tokens live


def reply_address(
    policy: Policy,
    base: str,
    purpose: Purpose,
    ticket: int,
    principal: int,
    expires: datetime | None,
    *,
    serial: int = 0,
) -> str:
    """`base` with a token as its sub-address: support+<token>@desk.example.

    `base` itself where the desk has no sub-addresses, or where the result would not be a legal address
    (local part over 64 octets): answers are then matched by their References and subject. A question to an agent
    is about no ticket: the hour it ends stands in that place, since weeks are too long for it.
    """
    if purpose is Purpose.CONFIRM and expires is not None:
        ticket = -((_EPOCH - expires) // _HOUR)
    return _sub_address(policy, base, mint(policy.keys, purpose, ticket, principal, expires, serial))


def bounce_address(policy: Policy, base: str, ticket: int, serial: int) -> str:
    """The envelope sender of one of our letters; `serial` is its outbox id. Never expires."""
    return _sub_address(policy, base, mint(policy.keys, Purpose.BOUNCE, ticket, 0, None, serial))


def _sub_address(policy: Policy, base: str, token: str) -> str:
    local, _, domain = base.rpartition("@")
    tagged = f"{local}{policy.separator}{token}"
    if not policy.separator or len(tagged.encode()) > LOCAL_PART_LIMIT:
        return base
    return f"{tagged}@{domain}"


def address_token(policy: Policy, address: str, now: datetime) -> Token | None:
    """The token of a recipient that is one of our addresses with a sub-address, else None.

    A Message-ID's token is refused here: whoever saw a letter knows it, so it must not become an address.
    """
    for text in _tagged(policy, address):
        token = verify(policy.keys, text, now)
        if token is not None and token.purpose is Purpose.CONFIRM:
            over = (now - _EPOCH) / _HOUR >= token.ticket
            return replace(token, ticket=0, expired=token.expired or over)
        if token is not None and token.purpose is not Purpose.MESSAGE_ID:
            return token
    return None


def is_wrong_address(policy: Policy, address: str) -> bool:
    """Whether a recipient's sub-address is spelled like a token of ours without `address_token` taking it."""
    for text in _tagged(policy, address):
        if _SHAPE.fullmatch(text):
            token = _open(policy.keys, text)
            return token is None or token.purpose is Purpose.MESSAGE_ID
    return False


def _tagged(policy: Policy, address: str) -> Iterator[str]:
    """What stands behind our separator in a recipient; several where one of our addresses begins another."""
    if not policy.separator:
        return
    local, _, domain = address.rpartition("@")
    for our in policy.addresses:
        base, _, our_domain = our.email.rpartition("@")
        start = base + policy.separator
        if domain.lower() == our_domain.lower() and local[: len(start)].lower() == start.lower():
            yield local[len(start) :]


def message_id(policy: Policy, ticket: int, principal: int, serial: int) -> str:
    """The bare Message-ID of one of our letters; `serial` is its outbox id. Never expires."""
    return f"m.{mint(policy.keys, Purpose.MESSAGE_ID, ticket, principal, None, serial)}@{policy.domain}"


def ticket_root_id(policy: Policy, number: int) -> str:
    """A bare message id that no letter has and every letter of a ticket refers to, so that mail clients
    show one thread and an answer finds its ticket though its In-Reply-To was lost.

    The same for a ticket as long as the current key stays; those made with earlier keys still verify.
    """
    return f"t.{mint(policy.keys, Purpose.MESSAGE_ID, number, 0, None)}@{policy.domain}"


def message_id_token(policy: Policy, bare_id: str) -> Token | None:
    """The token of a message id (of a letter or a ticket's root) that this desk made, else None."""
    token = _open(policy.keys, _signed_part(policy, bare_id))
    return token if token is not None and token.purpose is Purpose.MESSAGE_ID else None


def is_wrong_id(policy: Policy, bare_id: str) -> bool:
    """Whether a message id is spelled like one of ours without being one."""
    return bool(_SHAPE.fullmatch(_signed_part(policy, bare_id))) and message_id_token(policy, bare_id) is None


def _signed_part(policy: Policy, bare_id: str) -> str:
    local, _, domain = bare_id.rpartition("@")
    ours = local[:2].lower() in ("m.", "t.") and domain.lower() == policy.domain.lower()
    return local[2:] if ours else ""


# --------------------------------------------------------------------- subjects and agents


def subject_token(keys: Keys, tag: str, number: int) -> str:
    """The mark of a ticket in subjects, "[TAG-1042-K7QD]", made with the current key.

    Twenty bits only: short enough to be read out on the telephone, so it hints at a ticket and proves nothing.
    """
    return f"[{tag}-{number}-{_check(keys.secrets[keys.current], number)}]"


def subject_numbers(keys: Keys, tag: str, subject: str) -> tuple[int, ...]:
    """The numbers of all subject tokens that verify, each once, in order of appearance. Linear."""
    return tuple(dict.fromkeys(mark.number for mark in subject_marks(keys, tag, subject) if mark.key is not None))


def subject_marks(keys: Keys, tag: str, subject: str) -> tuple[Mark, ...]:
    """Everything in a subject that has the form of our tokens, each once, in order of appearance. Linear.

    White space is ignored inside our brackets, since mail software folds subjects at any place. Others put the
    token into brackets of their own, lose them, or write its characters and dashes in another width.
    """
    if not subject.isascii():
        subject = unicodedata.normalize("NFKC", subject.translate(_UNSEEN)).translate(_DASHES)
    tried: dict[tuple[int, str], Mark] = {}
    for number, check in _subject_shapes(tag, subject):
        if (number, check) not in tried:
            made_by = (key for key, secret in keys.secrets.items() if _is_check(secret, number, check))
            tried[number, check] = Mark(number, next(made_by, None))
    return tuple(tried.values())


def _subject_shapes(tag: str, subject: str) -> list[tuple[int, str]]:
    """Number and check of everything that may be a token, in order of appearance."""
    tag, number, check, flags = re.escape(tag), "([1-9][0-9]{0,17})", "([A-Z2-7]{4})", re.ASCII | re.IGNORECASE
    whole = re.compile(f"{tag}-{number}-{check}", flags)
    # An opening bracket may have been left as %5B or =5B by whoever encoded the subject twice.
    before, gap = r"(?:(?<![A-Z0-9])|(?<=[%=]5B))", r"\s{0,3}-\s{0,3}"
    alone = re.compile(f"{before}{tag}{gap}{number}{gap}{check}(?![A-Z0-9])", flags)
    found = [(hit.start(), hit) for hit in alone.finditer(subject)]
    bracketed = ((one.start(), whole.fullmatch("".join(one[1].split()))) for one in _BRACKETS.finditer(subject))
    found += [(start, hit) for start, hit in bracketed if hit]
    return [(int(hit[1]), hit[2].upper()) for _, hit in sorted(found, key=lambda one: one[0])]


def _is_check(secret: bytes, number: int, check: str) -> bool:
    return hmac.compare_digest(_check(secret, number), check)


def _check(secret: bytes, number: int) -> str:
    digest = hmac.digest(secret, _SUBJECT_LABEL + str(number).encode("ascii"), "sha256")
    return b32encode(digest[:5])[:4].decode("ascii")


_COLLABORATORS = 2**40  # their principals begin here: far above the ids of people


def collaborator_principal(email: str) -> int:
    """The number that stands for a collaborator's folded address in tokens: 2⁴⁰…2⁴¹−1, so that being put on copy
    gives nobody a row in the store, and no letter to them can be mistaken for one to a person."""
    digest = hashlib.sha256(_COLLABORATOR_LABEL + email.encode("utf-8", "surrogatepass")).digest()
    return _COLLABORATORS + int.from_bytes(digest[:5], "big")


def is_collaborator(principal: int) -> bool:
    """Whether this number stands for a collaborator's address."""
    return principal >= _COLLABORATORS


def agent_principal(agent_key: str) -> int:
    """The number that stands for an agent in tokens: 1…2²⁸−1, so that agents need no row in the store.

    Deliberately the same under every key: were it keyed, a new key would make strangers of all agents
    whose reply addresses are still alive. It need not be secret, the token's MAC vouches for it.
    """
    digest = hashlib.sha256(_AGENT_LABEL + agent_key.encode()).digest()
    return int.from_bytes(digest[:4], "big") % (2**28 - 1) + 1
