"""Tokens: what we made verifies in one spelling, and nothing else does, ever."""

from __future__ import annotations

import hmac
import random
import re
from base64 import b32decode, b32encode
from datetime import UTC, datetime, timedelta
from time import process_time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from maild.core import tokens
from maild.core.model import Purpose
from maild.core.policy import Closing, Keys, OurAddress, Policy
from maild.core.tokens import Token

NOW = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
OLD = Keys(current=1, secrets={1: b"first" * 8})
KEYS = Keys(current=2, secrets={1: b"first" * 8, 2: b"second" * 8})
STRANGE = Keys(current=2, secrets={1: b"other" * 8, 2: b"another" * 8})
ALPHABET = "abcdefghijklmnopqrstuvwxyz234567"

numbers = st.one_of(st.integers(0, 300), st.integers(0, 2**63 - 1))
expiries = st.none() | st.datetimes(datetime(1970, 1, 1), datetime(3225, 1, 1), timezones=st.just(UTC))


def policy(separator: str = "+", keys: Keys = KEYS, *emails: str) -> Policy:
    emails = emails or ("support@desk.example", "Sales@Desk.example")
    return Policy(
        name="Desk",
        tag="BANK",
        domain="desk.example",
        separator=separator,
        admin="admin@desk.example",
        addresses=tuple(OurAddress(email=email, name="Desk") for email in emails),
        agents={},
        teams={},
        topics={},
        priorities=("normal",),
        default_priority="normal",
        plans={},
        default_plan="",
        calendars={},
        closing=Closing(confirm=timedelta(days=3), calendar="24x7"),
        keys=keys,
    )


def signed(body: bytes) -> str:
    """A token with a right MAC over whatever body, as another version of the program might make it."""
    mac = hmac.digest(KEYS.secrets[2], b"maild/1" + body, "sha256")[:10]
    return b32encode(body + mac).decode().rstrip("=").lower()


# --------------------------------------------------------------------- mint and verify


@given(st.sampled_from(Purpose), numbers, numbers, expiries, numbers)
def test_what_is_minted_verifies(
    purpose: Purpose, ticket: int, principal: int, expires: datetime | None, serial: int
) -> None:
    text = tokens.mint(KEYS, purpose, ticket, principal, expires, serial)
    assert set(text) <= set(ALPHABET)
    for spelling in (text, text.upper(), text.title()):
        token = tokens.verify(KEYS, spelling, NOW)
        assert token is not None
        assert (token.purpose, token.ticket, token.principal, token.serial) == (purpose, ticket, principal, serial)
        if expires is None:
            assert token.expires is None
            assert not token.expired
        else:
            assert token.expires is not None
            assert timedelta(0) <= token.expires - expires <= timedelta(weeks=1)
            assert token.expired == (token.expires <= NOW)


def test_an_expired_token_verifies_and_says_so() -> None:
    text = tokens.mint(KEYS, Purpose.AGENT_REPLY, 7, 3, NOW + tokens.AGENT_REPLY_LIFE)
    fresh = tokens.verify(KEYS, text, NOW)
    assert fresh is not None
    assert fresh.expires is not None
    assert fresh.expires >= NOW + timedelta(days=90)
    for at, expired in ((fresh.expires - timedelta(microseconds=1), False), (fresh.expires, True)):
        assert tokens.verify(KEYS, text, at) == Token(Purpose.AGENT_REPLY, 7, 3, fresh.expires, 0, expired)


def test_the_layout_is_fixed() -> None:
    """Tokens live for a year in other people's mail: a change of layout needs a new version number."""
    text = tokens.mint(KEYS, Purpose.REQUESTER_REPLY, 1042, 300, NOW, 5)
    body = bytes((0x12, ord("r"), 0x92, 0x08, 0xAC, 0x02, 0x0B, 0x73, 0x05))
    assert text == signed(body)
    assert len(text) == 31


@pytest.mark.parametrize(
    ("keys", "verifies"),
    [
        pytest.param(KEYS, True, id="a later current key"),
        pytest.param(OLD, True, id="the key itself"),
        pytest.param(Keys(current=2, secrets={2: KEYS.secrets[2]}), False, id="its key was retired"),
        pytest.param(STRANGE, False, id="the same key id of another desk"),
    ],
)
def test_keys(keys: Keys, verifies: bool) -> None:
    text = tokens.mint(OLD, Purpose.AGENT_REPLY, 1, 1, None)
    assert (tokens.verify(keys, text, NOW) is not None) == verifies


@pytest.mark.parametrize("number", [-1, 2**63])
def test_numbers_out_of_range(number: int) -> None:
    with pytest.raises(ValueError, match="cannot hold the number"):
        tokens.mint(KEYS, Purpose.BOUNCE, number, 0, None)


def test_an_expiry_out_of_range() -> None:
    with pytest.raises(ValueError, match="cannot expire"):
        tokens.mint(KEYS, Purpose.BOUNCE, 1, 0, datetime(3300, 1, 1, tzinfo=UTC))


# --------------------------------------------------------------------- guessing


@given(st.one_of(st.text(), st.text(ALPHABET, max_size=80), st.text(ALPHABET.upper() + "=018+/ \n", max_size=70)))
@example("\udcff" * 32)
@example("a" * 10**6)
@example("=" * 32)
@example("")
def test_any_text_is_refused_without_an_error(text: str) -> None:
    assert tokens.verify(KEYS, text, NOW) is None
    assert tokens.message_id_token(policy(), text) is None
    assert tokens.message_id_token(policy(), f"m.{text}@desk.example") is None
    assert tokens.address_token(policy(), text, NOW) is None
    assert tokens.address_token(policy(), f"support+{text}@desk.example", NOW) is None


@given(st.binary(max_size=40))
@example(b"\x12")
@example(b"\x12m")
@example(b"\x22m\x01\x01\0\0\0")  # version 2
@example(b"\x12z\x01\x01\0\0\0")  # unknown purpose
@example(b"\x12m\x81\x00\x01\0\0\0")  # a number with a needless byte
@example(b"\x12m\x01\x01\0\0\0\0")  # a byte too many
@example(b"\x12m\x01\x01\0\0")  # a byte too few
@example(b"\x12m" + b"\xff" * 9 + b"\x01\x01\0\0\0")  # a number over 2**63
def test_a_right_mac_over_nonsense_is_no_token(body: bytes) -> None:
    token = tokens.verify(KEYS, signed(body), NOW)
    if token is not None:  # the generator hit a genuine body: then there is only this one
        again = tokens.mint(KEYS, token.purpose, token.ticket, token.principal, token.expires, token.serial)
        assert again == signed(body)


GENUINE = tokens.mint(KEYS, Purpose.REQUESTER_REPLY, 1042, 17, NOW + timedelta(days=365), 3)


def test_every_single_change_is_refused() -> None:
    for at in range(len(GENUINE)):
        for letter in ALPHABET:
            if letter != GENUINE[at]:
                assert tokens.verify(KEYS, GENUINE[:at] + letter + GENUINE[at + 1 :], NOW) is None
        for extra in (*ALPHABET, "=", " ", "0", "1", "8"):
            assert tokens.verify(KEYS, GENUINE[:at] + extra + GENUINE[at:], NOW) is None
        assert tokens.verify(KEYS, GENUINE[:at], NOW) is None
        assert tokens.verify(KEYS, GENUINE[at + 1 :], NOW) is None


@pytest.mark.parametrize("tail", ["=", "======", " ", "\n", "a", "aaaaaaaa", "\0"])
def test_nothing_may_follow(tail: str) -> None:
    assert tokens.verify(KEYS, GENUINE + tail, NOW) is None


def test_look_alikes_are_other_letters() -> None:
    """The Kelvin sign and the long s become k and S when their case is changed."""
    text = next(t for n in range(1000) if {"k", "s"} <= set(t := tokens.mint(KEYS, Purpose.BOUNCE, n, 0, None)))
    assert tokens.verify(KEYS, text, NOW) is not None
    for letter, like in (("k", "\u212a"), ("s", "\u017f")):
        assert tokens.verify(KEYS, text.replace(letter, like), NOW) is None


def test_guessing() -> None:
    """Changed, cut, lengthened and random tokens: none is accepted."""
    dice = random.Random(33)
    raw = b32decode(GENUINE.upper() + "=" * (-len(GENUINE) % 8))
    for _ in range(20_000):
        length = dice.choice((len(raw), len(raw), dice.randrange(42)))
        guess = bytearray((raw + dice.randbytes(42))[:length])
        for at in dice.sample(range(length), dice.randint(0, min(3, length))):
            guess[at] = dice.randrange(256)
        if bytes(guess) != raw:
            assert tokens.verify(KEYS, b32encode(guess).decode().rstrip("=").lower(), NOW) is None


def test_the_purpose_and_everything_else_is_under_the_mac() -> None:
    raw = b32decode(GENUINE.upper() + "=" * (-len(GENUINE) % 8))
    for at in range(len(raw)):
        for bit in range(8):
            changed = bytearray(raw)
            changed[at] ^= 1 << bit
            assert tokens.verify(KEYS, b32encode(changed).decode().rstrip("=").lower(), NOW) is None


# --------------------------------------------------------------------- addresses


@pytest.mark.parametrize("separator", ["+", "-", "--", "="])
def test_a_reply_address_comes_back(separator: str) -> None:
    desk = policy(separator, KEYS, "help-desk@desk.example", "help@desk.example")
    for our in desk.addresses:
        address = tokens.reply_address(desk, our.email, Purpose.AGENT_REPLY, 9, 4, NOW + timedelta(days=1))
        assert address.startswith(our.email.split("@")[0] + separator)
        for spelling in (address, address.upper(), address.lower()):
            token = tokens.address_token(desk, spelling, NOW)
            assert token is not None
            assert (token.purpose, token.ticket, token.principal) == (Purpose.AGENT_REPLY, 9, 4)


def test_a_bounce_address_names_the_letter() -> None:
    token = tokens.address_token(policy(), tokens.bounce_address(policy(), "Sales@Desk.example", 9, 77), NOW)
    assert token == Token(Purpose.BOUNCE, 9, 0, None, 77)


@pytest.mark.parametrize(
    "address",
    [
        "support@desk.example",
        "support+@desk.example",
        f"support{GENUINE}@desk.example",
        f"support-{GENUINE}@desk.example",
        f"support++{GENUINE}@desk.example",
        f"support+{GENUINE}+x@desk.example",
        f"other+{GENUINE}@desk.example",
        f"support+{GENUINE}@evil.example",
        f"support+{GENUINE}@desk.example.evil.example",
        f"support+{GENUINE}@evil.example@desk.example",
        f"support+{GENUINE}",
        f"<support+{GENUINE}@desk.example>",
        f"+{GENUINE}@desk.example",
        "@",
    ],
)
def test_addresses_that_are_not_ours(address: str) -> None:
    assert tokens.address_token(policy(), f"support+{GENUINE}@desk.example", NOW) is not None
    assert tokens.address_token(policy(), address, NOW) is None


def test_no_sub_addresses() -> None:
    desk = policy("")
    assert tokens.reply_address(desk, "support@desk.example", Purpose.AGENT_REPLY, 9, 4, None) == "support@desk.example"
    assert tokens.bounce_address(desk, "support@desk.example", 9, 4) == "support@desk.example"
    assert tokens.address_token(desk, f"support{GENUINE}@desk.example", NOW) is None


@given(st.text("abcdefghij.é", min_size=1, max_size=64), numbers, numbers)
def test_a_local_part_never_grows_too_long(local: str, ticket: int, principal: int) -> None:
    base = f"{local}@desk.example"
    address = tokens.reply_address(policy("+", KEYS, base), base, Purpose.AGENT_REPLY, ticket, principal, NOW)
    token = tokens.mint(KEYS, Purpose.AGENT_REPLY, ticket, principal, NOW)
    fits = len(local.encode()) + 1 + len(token) <= 64
    assert address == (f"{local}+{token}@desk.example" if fits else base)


def test_an_ordinary_address_fits() -> None:
    """A million tickets and agents' long numbers leave 25 octets for the local part."""
    token = tokens.mint(KEYS, Purpose.AGENT_REPLY, 999_999, 2**28 - 1, NOW)
    assert len(token) + len("+") <= 64 - 25


# --------------------------------------------------------------------- message ids


def test_message_ids() -> None:
    ours = tokens.message_id(policy(), 1042, 17, 5)
    root = tokens.ticket_root_id(policy(), 1042)
    assert re.fullmatch(r"m\.[a-z2-7]+@desk\.example", ours)
    assert re.fullmatch(r"t\.[a-z2-7]+@desk\.example", root)
    assert root == tokens.ticket_root_id(policy(), 1042) != tokens.ticket_root_id(policy(), 1043)
    for spelling in (str, str.upper):
        assert tokens.message_id_token(policy(), spelling(ours)) == Token(Purpose.MESSAGE_ID, 1042, 17, None, 5)
        assert tokens.message_id_token(policy(), spelling(root)) == Token(Purpose.MESSAGE_ID, 1042, 0, None, 0)


def test_message_ids_of_others() -> None:
    ours = tokens.message_id(policy(), 1042, 17, 5)
    token = ours.partition("@")[0][2:]
    for bare in (
        f"<{ours}>",
        f"x.{token}@desk.example",
        f"{token}@desk.example",
        f"m.{token}@evil.example",
        f"m.{token}",
        f"m.{token}@",
        tokens.message_id(policy("+", STRANGE), 1042, 17, 5),
    ):
        assert tokens.message_id_token(policy(), bare) is None


def test_addresses_and_message_ids_do_not_stand_in_for_each_other() -> None:
    """Everybody who saw a letter knows its Message-ID; that must not give them a reply address."""
    token = tokens.message_id(policy(), 1042, 17, 5).partition("@")[0][2:]
    assert tokens.address_token(policy(), f"support+{token}@desk.example", NOW) is None
    for purpose in set(Purpose) - {Purpose.MESSAGE_ID}:
        token = tokens.mint(KEYS, purpose, 1042, 17, None)
        assert tokens.message_id_token(policy(), f"m.{token}@desk.example") is None


# --------------------------------------------------------------------- subjects

MARK = tokens.subject_token(KEYS, "BANK", 1042)
EARLIER = tokens.subject_token(OLD, "BANK", 7)


def wrong(number: int) -> str:
    """A subject token whose check is not ours."""
    return next(
        mark for c in "ABC" if (mark := f"[BANK-{number}-{c * 4}]") != tokens.subject_token(KEYS, "BANK", number)
    )


@given(st.integers(1, 10**18 - 1), st.sampled_from(["A", "BANK", "X9", "ABCDEFGHIJ"]))
def test_subject_tokens(number: int, tag: str) -> None:
    mark = tokens.subject_token(KEYS, tag, number)
    assert re.fullmatch(rf"\[{tag}-{number}-[A-Z2-7]{{4}}\]", mark)
    for spelling in (mark, mark.lower(), f"Re: AW:{mark}Fwd", f"[x] {mark}{mark} [BANK-]"):
        assert tokens.subject_numbers(KEYS, tag, spelling) == (number,)


@pytest.mark.parametrize(
    ("subject", "found"),
    [
        ("", ()),
        ("Printer on fire", ()),
        (f"Re: {MARK} Printer", (1042,)),
        (f"Re: {MARK.lower()} Printer", (1042,)),
        (f"Re: {EARLIER} of an earlier key", (7,)),
        (f"{wrong(5)} {MARK} {wrong(1042)} {EARLIER} {MARK}", (1042, 7)),
        ("Re: " + MARK.replace("-", " -\r\n\t") + " folded", (1042,)),
        (f"Re: {MARK[:3]}\r\n {MARK[3:-3]}\n\t {MARK[-3:]} folded anywhere", (1042,)),
        (f"[ {MARK[1:-1]} ]", (1042,)),
        (f"[EXTERN] [[{MARK}]] [OTHER-1042-{MARK[-5:-1]}]", (1042,)),
        (f"[OTHER-1042-{MARK[-5:-1]}]", ()),
        (f"[XBANK-1042-{MARK[-5:-1]}]", ()),
        (f"[BANK-01042-{MARK[-5:-1]}]", ()),
        (f"[BANK-1043-{MARK[-5:-1]}]", ()),
        (f"[BANK--1042-{MARK[-5:-1]}]", ()),
        (f"[BANK-\u0661042-{MARK[-5:-1]}]", ()),
        (f"[BANK-1042-{MARK[-5:-1]}A]", ()),
        (f"[BANK-1042-{MARK[-5:-2]}]", ()),
        (f"[BAN\u212a-1042-{MARK[-5:-1]}]", (1042,)),
        (MARK[:-1], (1042,)),
        (MARK[1:], (1042,)),
        (f"({MARK[1:-1]})", (1042,)),
        (f"\u3010{MARK[1:-1]}\u3011 \u201c{EARLIER[1:-1].lower()}\u201d", (1042, 7)),
        (f"invoice #123 {MARK[1:-1]}, please", (1042,)),
        ("Re: %5B" + MARK[1:-1] + "%5D =5B" + EARLIER[1:-1] + "=5D", (1042, 7)),
        (f"&#91;{MARK[1:-1]}&#93;", (1042,)),
        (MARK[1:-1].replace("-", "\u2011"), (1042,)),
        (MARK.replace("-", " \u2013 "), (1042,)),
        ("".join(chr(ord(c) + 0xFEE0) for c in MARK), (1042,)),
        (MARK.replace("-", "-\u200b"), (1042,)),
        (f"x{MARK[1:-1]}", ()),
        (f"{MARK[1:-1]}7", ()),
        (f"\u00e9{MARK[1:-1]}", (1042,)),
    ],
)
def test_subjects(subject: str, found: tuple[int, ...]) -> None:
    assert tokens.subject_numbers(KEYS, "BANK", subject) == found


@given(st.text())
def test_any_subject_is_read_without_an_error(subject: str) -> None:
    assert 1042 in tokens.subject_numbers(KEYS, "BANK", f"{subject}{MARK}{subject}")


@pytest.mark.parametrize(
    "piece", ["[", "[BANK-", "[BANK-1-", "[ ", "[BANK-1-AAAA", "]", "[" + " " * 78, "[" + "B" * 80, "[BANK-1042-AAAA]"]
)
def test_a_megabyte_of_hostile_subject(piece: str) -> None:
    subject = (piece * 1_000_000)[:1_000_000] + MARK
    start = process_time()
    assert tokens.subject_numbers(KEYS, "BANK", subject) == (1042,)
    assert process_time() - start < 3  # measured: 0.5 s for decoys, 0.01 s for all else; a quadratic scan takes hours


# --------------------------------------------------------------------- agents


def test_agents_have_stable_numbers() -> None:
    assert tokens.agent_principal("karen") == 197594951
    found = {tokens.agent_principal(f"agent{n}") for n in range(1000)}
    assert len(found) > 995
    assert all(0 < number < 2**28 for number in found)
