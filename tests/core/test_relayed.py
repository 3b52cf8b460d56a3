"""Ids that relays give our letters: read from the reply, known again under every spelling."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maild.core.relayed import assigned_ids, canonical

SES = "0102018f2c3d4e5f-0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9-000000"
LONG = "DB9PR01MB1234A1B2C3D4E5@DB9PR01MB1234.eurprd01.prod.exchangelabs.example"


@pytest.mark.parametrize(
    ("reply", "ids"),
    [
        (f"250 Ok {SES}", (f"{SES}@amazonses.com",)),
        (f"250 2.0.0 Ok {SES}", (f"{SES}@amazonses.com",)),
        (f"250 OK {SES.upper()}", (f"{SES}@amazonses.com",)),
        (f"250 2.6.0 <{LONG}> [InternalId=93574132, Hostname=X.example] 8461 bytes in 0.1 Queued mail", (LONG,)),
        (
            f"250 2.6.0 <{SES}@eu-west-1.amazonses.com> [InternalId=9] Queued mail for delivery",
            (f"{SES}@amazonses.com",),
        ),
        ("250 2.0.0 Ok: queued as 4F1A2B3C4D", ()),
        ("250 2.0.0 OK 1700000000 a1-20020a170906 - gsmtp", ()),
        ("250 2.1.5 <karen@customer.example> accepted", ()),  # an address is no id
        ("250 2.6.0 <karen@customer.example> Queued mail for delivery", ()),
        (f"451 2.6.0 <{LONG}> [InternalId=1]", ()),
        (f"250 Ok {SES[:-1]}", ()),
        ("250 2.6.0 <a b@c> [InternalId=1]", ()),
        (f"250 2.6.0 <{'x' * 5000}@y> [InternalId=1]", ()),
        ("", ()),
    ],
)
def test_what_a_reply_tells(reply: str, ids: tuple[str, ...]) -> None:
    assert assigned_ids(reply) == ids


@pytest.mark.parametrize("host", ["email", "eu-west-1", "us-gov-west-1", ""])
def test_the_same_letter_under_every_host(host: str) -> None:
    assert canonical(f"{SES}@{host}.amazonses.com".replace("@.", "@")) == f"{SES}@amazonses.com"
    assert canonical(f"{SES.upper()}@{host}.AMAZONSES.com".replace("@.", "@")) == f"{SES}@amazonses.com"


@pytest.mark.parametrize(
    "other", ["", "x@y", f"{SES}@amazonses.com.evil.example", f"{SES}@a.b.amazonses.com", f"x{SES}@amazonses.com", SES]
)
def test_every_other_id_stays_as_it_is(other: str) -> None:
    assert canonical(other) == other


@given(st.text(max_size=300))
def test_no_reply_and_no_id_breaks_it(text: str) -> None:
    assert canonical(canonical(text)) == canonical(text)
    for one in assigned_ids(text):
        assert canonical(one) == one
