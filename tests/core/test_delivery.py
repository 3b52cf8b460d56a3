"""Who a letter from a mailbox was sent by and to: read from what deliveries write into its header."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maild.core.delivery import MOST_RECIPIENTS, envelope
from maild.core.policy import Closing, Keys, OurAddress, Policy

POLICY = Policy(
    name="Desk",
    tag="DESK",
    domain="desk.example",
    separator="+",
    admin="admin@desk.example",
    addresses=(
        OurAddress(email="support@desk.example", name="Desk"),
        OurAddress(email="sales@desk.example", name="Desk"),
    ),
    agents={},
    teams={},
    topics={},
    priorities=("normal",),
    default_priority="normal",
    plans={},
    default_plan="",
    calendars={},
    closing=Closing(confirm=timedelta(days=3), calendar="24x7"),
    keys=Keys(current=0, secrets={0: b"x" * 32}),
)
MAILBOX = "support@desk.example"


def rcpts(*fields: str) -> tuple[str, ...]:
    return envelope("\r\n".join([*fields, "", "Hello"]).encode(), POLICY, MAILBOX)[1]


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        (["To: sales@desk.example"], ["sales@desk.example"]),
        (["To: x@else.example", "Cc: Sales <SALES@desk.example>"], ["SALES@desk.example"]),
        (["To: support@desk.example, sales@desk.example"], ["support@desk.example", "sales@desk.example"]),
        (["Delivered-To: sales@desk.example", "To: support@desk.example"], ["sales@desk.example"]),
        (["X-Original-To: sales@desk.example", "Delivered-To: box@host.example"], ["sales@desk.example"]),
        (["Envelope-To: sales@desk.example", "To: x@else.example"], ["sales@desk.example"]),
        # the token of a reply lives in a sub-address, which a delivery may cut off
        (["Delivered-To: support@desk.example", "To: support+tok@desk.example"], ["support+tok@desk.example"]),
        (
            ["X-Original-To: support+tok@desk.example", "Delivered-To: support@desk.example"],
            ["support+tok@desk.example"],
        ),
        (
            ["Delivered-To: support@desk.example", "To: sales+tok@desk.example"],
            ["support@desk.example", "sales+tok@desk.example"],
        ),
        (["To: support@desk.example", "Cc: support+tok@desk.example"], ["support+tok@desk.example"]),
        # where nothing names us: a list, a blind copy, an alias
        (["To: list@else.example"], [MAILBOX]),
        (["Delivered-To: account@gmail.example", "To: undisclosed-recipients:;"], [MAILBOX]),
        ([], [MAILBOX]),
        (["To: support@desk.example.evil.example, =?utf-8?q?support=40desk=2Eexample?= <x@y.example>"], [MAILBOX]),
    ],
)
def test_recipients(fields: list[str], expected: list[str]) -> None:
    assert rcpts(*fields) == tuple(expected)


@pytest.mark.parametrize(
    ("fields", "sender"),
    [
        (["Return-Path: <karen@people.example>", "From: Karen <k@other.example>"], "karen@people.example"),
        (["Return-Path: <>", "From: MAILER-DAEMON@people.example"], ""),
        (["Return-Path: <first@people.example>", "Return-Path: <forged@people.example>"], "first@people.example"),
        (["From: Karen <karen@people.example>"], "karen@people.example"),
        (["Subject: nothing"], ""),
    ],
)
def test_senders(fields: list[str], sender: str) -> None:
    assert envelope("\r\n".join([*fields, "", ""]).encode(), POLICY, MAILBOX)[0] == sender


def test_the_body_is_not_asked() -> None:
    assert rcpts("Subject: x", "", "To: sales@desk.example") == (MAILBOX,)


def test_recipients_are_bounded() -> None:
    many = ", ".join(f"support+{number}@desk.example" for number in range(150))
    assert 0 < len(rcpts(f"To: {many}", f"Cc: {many}")) <= MOST_RECIPIENTS


@given(st.binary(max_size=400), st.sampled_from([b"To: ", b"Delivered-To: ", b"Return-Path: ", b""]))
def test_any_bytes_give_an_envelope(junk: bytes, field: bytes) -> None:
    sender, to = envelope(field + junk, POLICY, MAILBOX)
    assert to
    assert isinstance(sender, str)
