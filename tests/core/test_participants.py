"""Who is let in, who is not: by policy, by vouching, by having left."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maild.core.authentication import Vouched
from maild.core.identity import fold
from maild.core.model import Person, Ticket
from maild.core.participants import (
    MOST_COLLABORATORS,
    departing,
    is_plain,
    organisation_of,
    participants,
    says_stop,
    taking,
    with_copied,
)
from maild.core.policy import Closing, Keys, Organisation, OurAddress, Policy, Welcome

KAREN = "karen@customer.example"
ORGANISATIONS = {
    "customer": Organisation(key="customer", name="Customer Ltd", domains=("customer.example",)),
    "parts": Organisation(key="parts", name="Parts", domains=("*.customer.example", "*.parts.example")),
}


def policy(copied: Welcome = Welcome.ORGANISATION) -> Policy:
    return Policy(
        name="Bank",
        tag="BANK",
        domain="bank.example",
        separator="+",
        admin="admin@bank.example",
        addresses=(OurAddress(email="support@bank.example", name="Bank"),),
        agents={},
        teams={},
        topics={},
        priorities=("normal",),
        default_priority="normal",
        plans={},
        default_plan="",
        calendars={},
        closing=Closing(confirm=datetime(2026, 1, 2) - datetime(2026, 1, 1), calendar=""),
        keys=Keys(current=0, secrets={0: bytes(32)}),
        organisations=ORGANISATIONS,
        copied=copied,
    )


def ticket(**values: object) -> Ticket:
    base = {"number": 1, "subject": "x", "requester": Person(7, "Karen@Customer.example"), "organisation": "customer"}
    rest = {"address": "support@bank.example", "created_at": datetime(2026, 1, 1, tzinfo=UTC)}
    return Ticket(**(base | rest | values))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("email", "key"),
    [
        (KAREN, "customer"),
        ("X@CUSTOMER.EXAMPLE", "customer"),
        ("x@a.customer.example", "parts"),
        ("x@a.b.parts.example", "parts"),
        ("x@parts.example", ""),
        ("x@notcustomer.example", ""),
        ("x@customer.example.evil.example", ""),
        ("customer.example", "customer"),
        ("", ""),
        ("x@", ""),
        ("x@" + "a." * 5000 + "parts.example", "parts"),
    ],
)
def test_organisations_by_domain(email: str, key: str) -> None:
    assert organisation_of(email, policy()) == key


@pytest.mark.parametrize("vouched", Vouched)
@pytest.mark.parametrize("copied", Welcome)
def test_who_is_let_in_by_being_on_copy(vouched: Vouched, copied: Welcome) -> None:
    after = with_copied(ticket(), ["carl@customer.example", "eve@elsewhere.example", KAREN], vouched, policy(copied))
    let_in = {
        (Welcome.ORGANISATION, Vouched.PASS): {"carl@customer.example"},
        (Welcome.ORGANISATION, Vouched.UNKNOWN): {"carl@customer.example"},
        (Welcome.EVERYBODY, Vouched.PASS): {"carl@customer.example", "eve@elsewhere.example"},
        (Welcome.EVERYBODY, Vouched.UNKNOWN): {"carl@customer.example"},
    }.get((copied, vouched), set())
    assert set(after.collaborators) == let_in
    assert set(after.copied) == {"carl@customer.example", "eve@elsewhere.example"} - let_in


def test_without_an_organisation_nobody_is_a_colleague() -> None:
    after = with_copied(ticket(organisation=""), ["eve@elsewhere.example"], Vouched.PASS, policy())
    assert after.collaborators == ()


def test_who_has_left_comes_back_by_an_agent_only() -> None:
    left = departing(ticket(collaborators=("carl@customer.example",)), "carl@customer.example")
    assert participants(left) == (KAREN,)
    assert with_copied(left, ["carl@customer.example"], Vouched.PASS, policy()) == left
    back = taking(left, "carl@customer.example")
    assert (back.collaborators, back.departed) == (("carl@customer.example",), ())


def test_a_long_cc_makes_no_mailer_of_us() -> None:
    many = [f"n{n}@customer.example" for n in range(100)]
    after = with_copied(ticket(), many, Vouched.PASS, policy())
    assert len(after.collaborators) == MOST_COLLABORATORS
    assert len(after.copied) <= 50
    assert set(after.collaborators).isdisjoint(after.copied)


@pytest.mark.parametrize("said", ["stop", "STOP", " Stop. ", "stop!!!", "„Stop“", "stop\n\n", "-stop-"])
def test_one_word_means_leaving(said: str) -> None:
    assert says_stop(said)


@pytest.mark.parametrize("said", ["", "please stop", "stop it", "stopp", "non-stop", "s t o p p", "stop " * 100])
def test_other_words_do_not(said: str) -> None:
    assert not says_stop(said)


@given(st.text(max_size=80))
def test_an_address_that_is_plain_can_stand_in_a_header(text: str) -> None:
    if is_plain(text):
        assert not set(text) & set(' <>()[],:;\\"\r\n\t\0')
        assert text.count("@") == 1


def test_folding_an_address_never_makes_one_mailbox_of_two():
    assert fold(" Karen@Customer.Example ") == "karen@customer.example"
    assert len({fold(f"{name}@x.example") for name in ("gro\u00df", "gross", "\ufb01ne", "fine")}) == 4
