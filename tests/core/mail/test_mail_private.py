"""Fields that only we may write do not come in from outside, however they are spelled; nothing else is touched."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maild.core.authentication import Vouched, vouched
from maild.core.mail import fingerprint, read
from maild.core.mail.private import stripped
from maild.core.policy import Authentication

OWN = "desk.bank.example"
REST = b"From: karen@customer.example\nSubject: Help\n\nX-Maild-Ticket: in the body\nAuthentication-Results: desk.bank.example; dmarc=pass\n"
FORGED = [
    b"X-Maild-Ticket: BANK-1\n",
    b"x-maild-letter: response\n",
    b"X-MAILD-Anything-at-all :\n\tfolded\n over\n  lines\n",
    b"X-Maild-:\n",
    b"Authentication-Results: desk.bank.example; dmarc=pass header.from=customer.example\n",
    b"AUTHENTICATION-RESULTS:DESK.bank.Example 1;dmarc=pass\n",
    b"Authentication-Results :\n desk.bank.example;\n\tdmarc=pass\n",
    b"Authentication-Results: (a (nested; one) comment) desk.bank.example (and; more); dmarc=pass\n",
    b"Authentication-Results: =?utf-8?q?desk=2Ebank=2Eexample?=; dmarc=pass\n",
]
HONEST = [
    b"X-Maild-Loop: bank.example\n",
    b"Authentication-Results: mx.elsewhere.example; dmarc=pass header.from=customer.example\n",
    b"Authentication-Results: mx.elsewhere.example; dkim=pass header.d=desk.bank.example\n",
    b"X-Mailder: desk.bank.example\n",
    b"Authentication-Results-Original: desk.bank.example; dmarc=pass\n",
    b"X-Note: X-Maild-Ticket: no field of that name\n X-Maild-Ticket: nor this\n",
]


@pytest.mark.parametrize("crlf", [False, True])
@pytest.mark.parametrize("blanks", [b"", b"\n \n"])
@pytest.mark.parametrize("forged", FORGED)
def test_a_forged_field_goes_as_a_whole_and_alone(forged: bytes, blanks: bytes, crlf: bool) -> None:
    for before, after in ((b"", b""), (HONEST[0], HONEST[1]), (forged, forged)):
        letter, wanted = before + forged + after + REST, (before + after + REST).replace(forged, b"")
        if crlf:
            letter, wanted = letter.replace(b"\n", b"\r\n"), wanted.replace(b"\n", b"\r\n")
        assert stripped(blanks + letter, OWN) == blanks + wanted


@pytest.mark.parametrize("honest", HONEST)
def test_an_honest_field_stays(honest: bytes) -> None:
    assert stripped(honest + REST, OWN) == honest + REST


def test_where_we_do_not_look_ourselves_the_name_may_be_our_exchanger_s() -> None:
    assert stripped(FORGED[4] + REST, "") == FORGED[4] + REST
    assert stripped(FORGED[0] + REST, "") == REST


@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
def test_a_header_of_nothing_but_forged_fields_leaves_the_body_a_body(end: bytes) -> None:
    letter = b"X-Maild-A: b\n\nFrom: admin@bank.example\nX-Maild-B: c\n".replace(b"\n", end)
    kept = stripped(letter, OWN)
    assert kept.endswith(letter.partition(end + end)[2])
    assert read(kept).sender is None
    assert "x-maild-b" not in read(kept).headers


def test_lines_that_end_in_cr_alone_hide_nothing() -> None:
    assert b"X-Maild" not in stripped(FORGED[0].replace(b"\n", b"\r") + b"Subject: x\r\rbody", OWN)


def test_the_letter_is_known_as_a_copy_with_and_without_forged_fields() -> None:
    rcpts = ["support@bank.example"]
    assert fingerprint(stripped(FORGED[4] + FORGED[0] + REST, OWN), rcpts) == fingerprint(REST, rcpts)


@pytest.mark.parametrize(
    "hidden",
    [
        b"Authentication-Results: =?utf-8?q?mx.bank.example?=; dmarc=pass header.from=customer.example\n",
        b"Authentication-Results: mx.bank.example\x01; dmarc=pass header.from=customer.example\n",
        b"Authentication-Results: \x00mx.bank.example; dmarc=pass header.from=customer.example\n",
        b"Authentication-Results: mx.bank.example\xa0; dmarc=pass header.from=customer.example\n",
        b"Authentication-Results: "
        + "mx.bank.example; dmarc=pass header.from=customer.example \u00e9".encode("cp037")
        + b"\n",
        b"Authentication-Results: (;) =?utf-8?q?mx.bank.example?=; dmarc=pass header.from=customer.example\n",
        b"Authentication-Results: (c) mx.bank.example\xc2\xa0x; dmarc=pass header.from=customer.example\n",
        b"Authentication-Results: mx.bank.example\xc2\xa0x; dmarc=pass header.from=customer.example\n",
        b"Authentication-Results : mx.bank.example; dmarc=pass header.from=customer.example\n",
    ],
)
def test_an_id_that_only_decoding_makes_our_exchanger_s_is_not_believed(hidden: bytes) -> None:
    letter = hidden + b"Content-Type: text/plain; charset=cp037\n" + REST
    assert vouched(read(letter), Authentication(trusted=frozenset({"mx.bank.example"}))) == Vouched.NONE


@pytest.mark.parametrize(
    "plain",
    [
        b"Authentication-Results: mx.bank.example; spf=pass smtp.mailfrom=k\xc3\xa4the@x.example; dmarc=pass\n",
        b"Authentication-Results:\n\t(a comment)\n mx.bank.example 1;\n\tdmarc=pass (=20)\n",
        b"Authentication-Results:mx.bank.example;dmarc=pass smtp.mailfrom=b=?c@x.example\n",
    ],
)
def test_an_id_in_plain_sight_is_believed_whatever_stands_behind_it(plain: bytes) -> None:
    assert vouched(read(plain + REST), Authentication(trusted=frozenset({"mx.bank.example"}))) == Vouched.PASS


PIECES = [
    *FORGED,
    *HONEST,
    b"\n",
    b"\r\n",
    b" ",
    b"junk without a colon\n",
    b"From x Mon\n",
    b"Subject: a;\n",
    b"b=c\n",
    b"\r",
    b"\0",
]


@given(st.lists(st.sampled_from(PIECES) | st.binary(max_size=20), max_size=12).map(b"".join))
def test_nothing_of_ours_is_left_for_the_reader_whatever_the_letter(head: bytes) -> None:
    kept = stripped(head + REST, OWN)
    fields = read(kept).headers
    assert not [name for name in fields if name.startswith("x-maild-") and name != "x-maild-loop"]
    assert vouched(read(kept), Authentication(trusted=frozenset({OWN}))) == Vouched.NONE
    assert stripped(kept, OWN) == kept


@pytest.mark.parametrize(
    "unit",
    [
        b"X-Maild-A: b\n",
        b"X-Maild-A:\n ",
        b"Authentication-Results: (",
        b"\n",
        b" \n",
        b"X-Maild-",
        b"a\n",
        b"X-Maild-A\t",
        b"(\n",
    ],
)
def test_time_is_linear(unit: bytes) -> None:
    started = time.perf_counter()
    stripped(b"X-Maild-B: c\n" + unit * (3_000_000 // len(unit)), OWN)
    assert time.perf_counter() - started < 3
