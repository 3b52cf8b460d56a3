"""What mail servers say, and what a person is told of it. The words are those of common servers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maild.core.reasons import FULL, NO_MAILBOX, REFUSED, TOO_LARGE, reason

DEAD = [
    ("550 5.1.1 <karen@customer.example>: Recipient address rejected: User unknown in local recipient table", ""),
    ("smtp; 550-5.1.1 The email account that you tried to reach does not exist.", "5.1.1"),
    ("550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP address lookup", "5.1.10"),
    ("host mx.customer.example said: 550 Unknown user", "5.0.0"),
    ("550 No such user here", ""),
    ("550 Requested action not taken: mailbox unavailable or does not exist", ""),
    ("unrouteable address: 550 unrouteable address", ""),
    ("", "5.1.1"),
    ("5.1.2 Domain unknown", ""),
    ("553 5.1.3 bad address", ""),
]


@pytest.mark.parametrize(("said", "status"), DEAD)
def test_these_say_that_the_address_is_dead(said: str, status: str) -> None:
    found = reason(said, status)
    assert found.words
    assert found.dead


ALIVE = [
    ("552 5.2.2 mailbox full", "5.2.2", FULL),
    ("550 5.1.1 karen: mailbox is full", "5.1.1", FULL),
    ("552 user over quota", "5.0.0", FULL),
    ("552 5.3.4 Message size exceeds fixed maximum message size", "", TOO_LARGE),
    ("552 message too large", "", TOO_LARGE),
    ("550 5.7.1 Message rejected as spam", "5.7.1", REFUSED),
    ("550 5.7.26 this mail is unauthenticated (DMARC)", "", REFUSED),
    ("554 Service unavailable; Client host [192.0.2.1] blocked using zen.blocklist.example", "5.0.0", REFUSED),
    ("550 5.1.1 Recipient rejected: blocked by our spam filter", "5.1.1", REFUSED),
    ("550 5.1.0 Sender address rejected: not on our list", "5.1.0", REFUSED),
    ("550 Access denied", "", REFUSED),
    ("451 4.1.1 user unknown, try later", "4.1.1", NO_MAILBOX),
    ("450 User unknown", "", NO_MAILBOX),
    ("given up after 5 days: 450 4.2.2 mailbox full", "", FULL),
    ("550 5.1.8 sender domain unknown", "", "their mail system does not accept the address it came from"),
    (
        "Host or domain name not found. Name service error for name=x type=A",
        "5.4.4",
        "their mail server could not be found",
    ),
    ("given up after 5 days: no such host", "", "their mail server could not be found"),
    ("4.4.1 connection timed out", "4.4.1", "their mail server does not answer"),
    ("550 5.2.1 mailbox disabled", "", "the mailbox is switched off"),
    ("550 5.5.0 what", "", "the mail servers did not understand each other"),
    ("something else", "5.9.9", ""),
    ("call 555-1234", "", ""),
    ("", "", ""),
]


@pytest.mark.parametrize(("said", "status", "words"), ALIVE)
def test_these_say_why_and_nothing_against_the_address(said: str, status: str, words: str) -> None:
    assert reason(said, status) == (words, False)


def test_a_code_that_says_more_outweighs_the_one_of_the_report() -> None:
    assert reason("smtp; 550 5.1.1 nobody here", "5.0.0").dead
    assert reason("delivered to 10.5.1.1 by 2.0.0", "").words == ""


@given(st.text(max_size=3_000), st.text(max_size=20))
def test_anything_gives_a_reason(said: str, status: str) -> None:
    words, dead = reason(said, status)
    assert words or not dead
