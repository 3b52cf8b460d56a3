"""Whose word on senders is believed: only our own exchanger's, and only about the one author."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maild.core.authentication import Vouched, vouched
from maild.core.mail import read
from maild.core.model import Address, Message
from maild.core.policy import Authentication

OURS = Authentication(trusted=frozenset({"mx.bank.example"}))


def judged(*fields, sender="karen@customer.example", authentication=OURS):
    message = Message(sender=Address(sender) if sender else None, headers={"authentication-results": tuple(fields)})
    return vouched(message, authentication)


@pytest.mark.parametrize(
    ("field", "verdict"),
    [
        ("mx.bank.example; dmarc=pass header.from=customer.example", Vouched.PASS),
        ("MX.Bank.Example 1; dmarc=pass (p=none dis=none) header.from=Customer.example", Vouched.PASS),
        ("mx.bank.example;\n dkim=pass (2048-bit key) header.d=customer.example header.i=@x", Vouched.PASS),
        ("mx.bank.example; spf=pass smtp.mailfrom=bounce@customer.example", Vouched.PASS),
        ("mx.bank.example; dkim=fail; spf=pass smtp.mailfrom=customer.example", Vouched.PASS),
        ("mx.bank.example; dkim=pass header.d=evil.example; spf=pass smtp.mailfrom=evil.example", Vouched.NONE),
        ("mx.bank.example; dkim=pass header.d=mail.customer.example", Vouched.NONE),
        ("mx.bank.example; dkim=pass header.d=example", Vouched.NONE),
        ("mx.bank.example; dmarc=fail header.from=customer.example; dkim=pass header.d=customer.example", Vouched.FAIL),
        ("mx.bank.example; dmarc=fail (p=reject dis=none) header.from=customer.example", Vouched.REJECT),
        ("mx.bank.example; dmarc=fail action=oreject header.from=customer.example", Vouched.REJECT),
        ("mx.bank.example; dmarc=pass header.from=other.example", Vouched.NONE),
        ("mx.bank.example; none", Vouched.NONE),
        ("mx.bank.example", Vouched.NONE),
        ("evil.example; dmarc=pass header.from=customer.example", Vouched.NONE),
        ("mx.bank.example.evil.example; dmarc=pass header.from=customer.example", Vouched.NONE),
        ("(mx.bank.example) evil.example; dmarc=pass header.from=customer.example", Vouched.NONE),
        ("dmarc=pass header.from=customer.example", Vouched.NONE),
        ("x=mx.bank.example; dmarc=pass header.from=customer.example", Vouched.NONE),
        ('"mx.bank.example"; dmarc=pass header.from=customer.example', Vouched.NONE),
        ("", Vouched.NONE),
    ],
)
def test_what_a_field_says(field, verdict):
    assert judged(field) == verdict


@pytest.mark.parametrize(
    "mail_from",
    [
        "=?utf-8?q?x=3B=20dmarc=3Dpass=20header.from=3Dcustomer.example=3B?=@evil.example",
        '"x; dmarc=pass header.from=customer.example; y"@evil.example',
        r'"x\"; dmarc=pass header.from=customer.example; y"@evil.example',
        '"x; dkim=pass header.d=customer.example"@evil.example',
        '"x (; dkim=pass header.d=customer.example ) y"@evil.example',
        '"customer.example"@evil.example',
        '"x@customer.example"@evil.example',
        '"x smtp.mailfrom=customer.example"@evil.example',
        "smtp.mailfrom=customer.example@evil.example",
    ],
)
@pytest.mark.parametrize("results", ["spf=pass smtp.mailfrom={}", "spf=pass (domain of {} says so) smtp.mailfrom={}"])
def test_an_envelope_sender_cannot_write_a_result(mail_from, results):
    """It is a stranger's to choose, and the exchanger writes it into the field."""
    field = f"mx.bank.example; {results.format(mail_from, mail_from)}"
    letter = f"From: karen@customer.example\r\nAuthentication-Results: {field}\r\n\r\nHello\r\n"
    assert vouched(read(letter.encode()), OURS) == Vouched.NONE


def test_of_two_dmarc_results_in_one_field_the_worse_counts():
    passed, failed = "dmarc=pass header.from=customer.example", "dmarc=fail header.from=customer.example"
    assert judged(f"mx.bank.example; {passed}; {failed}") == Vouched.FAIL
    assert judged(f"mx.bank.example; {failed}; {passed}") == Vouched.FAIL
    assert judged(f"mx.bank.example; {passed}; dmarc=none header.from=customer.example") == Vouched.NONE
    assert judged("mx.bank.example; dkim=fail header.d=customer.example; dkim=pass header.d=customer.example") == (
        Vouched.PASS
    )


def test_a_value_may_stand_in_quotes():
    assert judged('mx.bank.example; dmarc=pass (p="none") header.from="customer.example"') == Vouched.PASS
    assert judged('mx.bank.example; dkim=pass header.d="customer.example') == Vouched.PASS
    assert judged("mx.bank.example; " + '"' * 4000) == Vouched.NONE
    assert judged("mx.bank.example; " + '"\\' * 2000) == Vouched.NONE


def test_nobody_is_believed_where_nobody_is_configured():
    assert judged("mx.bank.example; dmarc=pass", authentication=Authentication()) == Vouched.UNKNOWN


def test_microsoft_s_form_is_an_explicit_choice():
    field = "spf=pass smtp.mailfrom=customer.example; dmarc=pass action=none header.from=customer.example"
    assert judged(field) == Vouched.NONE
    microsoft = Authentication(trusted=frozenset({"mx.bank.example"}), microsoft=True)
    assert judged(field, authentication=microsoft) == Vouched.PASS


def test_a_letter_without_one_author_is_vouched_for_by_nobody():
    assert judged("mx.bank.example; dmarc=pass", sender=None) == Vouched.NONE


def test_of_several_fields_a_failure_outweighs():
    passed = "mx.bank.example; dmarc=pass header.from=customer.example"
    failed = "mx.bank.example; dmarc=fail header.from=customer.example"
    assert judged(passed, failed) == judged(failed, passed) == Vouched.FAIL


@given(st.text(max_size=300))
def test_a_field_of_somebody_else_never_vouches(text):
    assert judged("evil.example; " + text) == Vouched.NONE


@given(st.text(alphabet="mxbank.exple;()= dmarcpsf\"'\\\t", max_size=300))
def test_nothing_in_a_field_raises(text):
    assert judged(text) in set(Vouched)


def test_a_hostile_field_costs_little():
    assert judged("mx.bank.example; " + "(" * 500_000) == Vouched.NONE


def test_a_spelling_that_an_exchanger_may_overlook_is_no_such_field():
    forged = b"Authentication-Results : mx.bank.example; dmarc=pass header.from=customer.example\r\n"
    letter = read(forged + b"From: karen@customer.example\r\n\r\nhello\r\n")
    assert vouched(letter, OURS) == Vouched.NONE
    assert any("may overlook" in defect for defect in letter.defects)
