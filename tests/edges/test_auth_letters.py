"""What our own look at a sender comes to: signed, unsigned and forged letters, against a table of names."""

from __future__ import annotations

import time

import pytest
from auth_rig import AWAY, LETTER, PEER, TRACE, Names, field, judged, policy, published, signed, spf

from maild.core.authentication import Vouched
from maild.core.mail import read
from maild.edges import auth_dkim
from maild.edges.auth_dns import Questions

ALL = Names(policy(), published(), spf())


def names(*tables: dict[tuple[str, str], object]) -> Names:
    return Names(*tables)


@pytest.mark.parametrize(
    ("letter", "answers", "how", "verdict"),
    [
        # the signature counts, in every canonical form
        *((signed(canonicalize=(head, body)), (policy(), published()), {}, Vouched.PASS)
          for head in (b"simple", b"relaxed") for body in (b"simple", b"relaxed")),
        (signed(domain=b"mail.customer.com"), (policy(), published("mail.customer.com")), {}, Vouched.PASS),
        (signed(domain=b"mail.customer.com"), (policy("v=DMARC1; p=reject; adkim=s"), published("mail.customer.com")), {}, Vouched.REJECT),
        (signed(domain=b"evil.net"), (policy(), published("evil.net")), {}, Vouched.REJECT),
        (signed(domain=b"evil.net"), (policy("v=DMARC1; p=quarantine"), published("evil.net")), {}, Vouched.FAIL),
        (signed(domain=b"evil.net"), (published("evil.net"),), {}, Vouched.NONE),
        (signed(), (published(),), {}, Vouched.PASS),  # signed by the domain itself, which asks for nothing
        (signed(domain=b"com"), (published("com"),), {}, Vouched.NONE),
        # something was changed after signing
        (signed().replace(b"Nothing", b"Everything"), (policy(), published()), {}, Vouched.REJECT),
        (signed().replace(b"Help", b"Kelp"), (policy(), published()), {}, Vouched.REJECT),
        (signed() + b"PS: and send money.\r\n", (policy(), published()), {}, Vouched.REJECT),
        (signed(length=True), (policy(), published()), {}, Vouched.REJECT),
        (signed(length=True) + b"appended\r\n", (policy(), published()), {}, Vouched.REJECT),
        (b"Subject: Another\r\n" + signed(), (policy(), published()), {}, Vouched.PASS),  # not oversigned: theirs to do
        (b"From: Mallory <m@customer.com>\r\n" + signed(), (policy(), published()), {}, Vouched.NONE),
        # keys
        (signed(bits=1024), (policy(), published(bits=2048)), {}, Vouched.REJECT),
        (signed(), (policy(), {("s1._domainkey.customer.com", "TXT"): b"v=DKIM1; p="}), {}, Vouched.REJECT),
        (signed(), (policy(), {("s1._domainkey.customer.com", "TXT"): b"p=!!!"}), {}, Vouched.REJECT),
        (signed(), (policy(), {("s1._domainkey.customer.com", "TXT"): b"\xff\xfe"}), {}, Vouched.REJECT),
        (signed(), (policy(),), {}, Vouched.REJECT),
        (signed(), (policy(), {("s1._domainkey.customer.com", "TXT"): AWAY}), {}, Vouched.NONE),
        (signed(), ({("_dmarc.customer.com", "TXT"): AWAY}, published()), {}, Vouched.PASS),
        # nothing signed: the peer
        (LETTER, (policy(), spf()), {"mail_from": "bounce@customer.com"}, Vouched.PASS),
        (LETTER, (policy(), spf(domain="mail.customer.com")), {"mail_from": "b@mail.customer.com"}, Vouched.PASS),
        (LETTER, (policy("v=DMARC1; p=reject; aspf=s"), spf(domain="mail.customer.com")), {"mail_from": "b@mail.customer.com"}, Vouched.REJECT),
        (LETTER, (policy(), spf()), {"mail_from": "b@customer.com", "peer": "192.0.2.11"}, Vouched.REJECT),
        (LETTER, (policy(), spf(domain="evil.net")), {"mail_from": "m@evil.net"}, Vouched.REJECT),
        (LETTER, (policy(), spf()), {"mail_from": "", "helo": "customer.com"}, Vouched.PASS),
        (LETTER, (policy(), spf()), {"mail_from": "", "helo": "[192.0.2.10]"}, Vouched.REJECT),
        (LETTER, (policy(), {("customer.com", "TXT"): AWAY}), {"mail_from": "b@customer.com"}, Vouched.NONE),
        (LETTER, (policy(), spf("v=spf1 ip4:192.0.2.10 ip4:nonsense -all")), {"mail_from": "b@customer.com"}, Vouched.REJECT),
        (LETTER, (policy("v=DMARC1; p=reject; pct=0"),), {}, Vouched.REJECT),
        (LETTER, (policy("v=DMARC1; p=none"),), {}, Vouched.FAIL),
        (LETTER, (policy("v=DMARC1; p=nonsense"),), {}, Vouched.FAIL),
        (LETTER, ({("_dmarc.customer.com", "TXT"): (b"v=DMARC1; p=none", b"v=DMARC1; p=reject")},), {}, Vouched.NONE),
        (LETTER, (policy("v=DMARC11; p=reject"),), {}, Vouched.NONE),
        (LETTER, (), {}, Vouched.NONE),
        # the organisation's record speaks for its parts, by sp where it says so
        (LETTER.replace(b"@customer", b"@eu.customer"), (policy("v=DMARC1; p=none; sp=reject"),), {}, Vouched.REJECT),
        (LETTER.replace(b"@customer", b"@eu.customer"), (policy("v=DMARC1; p=reject"),), {}, Vouched.REJECT),
        (LETTER.replace(b"@customer.com", b"@a.co.uk"), (policy("v=DMARC1; p=none; sp=reject", "co.uk"), spf(domain="b.co.uk")), {"mail_from": "x@b.co.uk"}, Vouched.NONE),
        (LETTER.replace(b"@customer.com", b"@co.uk"), (policy(domain="co.uk"), spf(domain="org.uk")), {"mail_from": "x@org.uk"}, Vouched.REJECT),
        # domains beyond ASCII
        ("From: <k@bücher.example>\r\n\r\nx\r\n".encode(), (policy(domain="xn--bcher-kva.example"), spf(domain="xn--bcher-kva.example")), {"mail_from": "k@bücher.example"}, Vouched.PASS),
    ],
)  # fmt: skip
def test_the_matrix(letter: bytes, answers: tuple, how: dict[str, str], verdict: Vouched) -> None:
    assert judged(letter, names(*answers), **how) == verdict, field(letter, names(*answers), **how)


def test_a_field_says_what_was_found_and_of_whom() -> None:
    assert field(signed(), ALL, mail_from="b@customer.com") == (
        "Authentication-Results: desk.bank.example; spf=pass smtp.mailfrom=customer.com;"
        " dkim=pass header.d=customer.com header.s=s1; dmarc=pass (p=reject) header.from=customer.com"
    )
    assert field(LETTER, names(), helo="mx.sender.net") == (
        "Authentication-Results: desk.bank.example; spf=none smtp.helo=mx.sender.net; dmarc=none header.from=customer.com"
    )


@pytest.mark.parametrize("bits", [512, 768, 1023])
def test_short_keys_count_for_nothing(bits: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(auth_dkim, "SHORTEST_KEY", 1025)  # the library itself makes none below 1024
    assert "dkim=policy" in field(signed(), ALL)


@pytest.mark.parametrize(
    ("before", "after", "result"),
    [
        (b"a=rsa-sha256", b"a=rsa-sha1", "policy"),
        (b"v=1;", b"v=1; l=10;", "policy"),
        (b"v=1;", b"v=1; x=1000;", "fail"),
        (b"v=1;", b"v=1; x=99999999999999999999;", "fail"),
        (b"v=1;", b"v=2;", "permerror"),
        (b"v=1;", b"v=1; v=1;", "permerror"),
        (b"v=1;", b"v=1; i=k@other.com;", "permerror"),
        (b"v=1;", b"v=1; q=carrier/pigeon;", "permerror"),
        (b" h=", b" h=subject; hh=", "permerror"),
        (b" d=customer.com", b" d=customer.com/x", "permerror"),
        (b" s=s1", b" s=../s1", "permerror"),
        (b" c=relaxed/simple", b" c=relaxed/lax", "permerror"),
        (b" bh=", b" bh=A", "fail"),
        (b" b=", b" b=A", "fail"),
        (b" b=", b" b=;", "permerror"),
    ],
)
def test_a_signature_that_breaks_the_rules(before: bytes, after: bytes, result: str) -> None:
    letter = signed()
    assert before in letter
    told = field(letter.replace(before, after, 1), ALL)
    assert f"dkim={result}" in told
    assert "dmarc=fail (p=reject)" in told


def test_only_so_many_signatures_are_looked_at() -> None:
    asked = Names(published())
    letter = b"".join(
        b"DKIM-Signature: v=1; a=rsa-sha256; d=d%d.net; s=s; h=from; bh=AAAA; b=AAAA\r\n" % n for n in range(500)
    )
    found = auth_dkim.check(letter + LETTER, Questions(asked, float("inf")), 0.0)
    assert len(found) == len(asked.asked) == auth_dkim.MOST_SIGNATURES


# Ways to show one author and be judged by another, after the study "Composition Kills" (USENIX Security 2020).
# Mallory owns evil.net and passes everything there is for it; admin@customer.com is whom the reader should see.
TRICKS = {
    "two fields": b"From: <admin@customer.com>\r\nFrom: <m@evil.net>\r\n",
    "two fields, the other way": b"From: <m@evil.net>\r\nFrom: <admin@customer.com>\r\n",
    "a blank before the colon": b"From : <admin@customer.com>\r\nFrom: <m@evil.net>\r\n",
    "a blank in front": b" From: <admin@customer.com>\r\nFrom: <m@evil.net>\r\n",
    "two addresses": b"From: <admin@customer.com>, <m@evil.net>\r\n",
    "two addresses without brackets": b"From: admin@customer.com, m@evil.net\r\n",
    "a group": b"From: staff: admin@customer.com, m@evil.net;\r\n",
    "an empty first address": b"From: <>, <admin@customer.com>, <m@evil.net>\r\n",
    "a route": b"From: <@evil.net,@any.net:admin@customer.com>\r\n",
    "brackets twice": b"From: <admin@customer.com><m@evil.net>\r\n",
    "NUL": b"From: admin@customer.com\x00, <m@evil.net>\r\n",
    "NUL in the address": b"From: <admin@customer.com\x00@evil.net>\r\n",
    "another control": b"From: <admin@customer.com\x0b,m@evil.net>\r\n",
    "a parenthesis": b"From: admin@customer.com(<m@evil.net>\r\n",
    "a comment": b"From: admin@customer.com(m@evil.net)\r\n",
    "a quoted address": b'From: "admin@customer.com"@evil.net\r\n',
    "encoded": b"From: =?utf-8?B?PGFkbWluQGN1c3RvbWVyLmNvbT4=?= <m@evil.net>\r\n",
    "encoded address": b"From: =?utf-8?Q?=3Cadmin=40customer=2Ecom=3E?=\r\n",
    "folded inside": b"From: <admin@customer.com\r\n ,m@evil.net>\r\n",
    "a backslash": b"From: admin@customer.com\\, <m@evil.net>\r\n",
    "no From, a Sender": b"Sender: <admin@customer.com>\r\n",
    "From after the body begins": b"Subject: x\r\n\r\nFrom: <admin@customer.com>\r\n",
    "no at": b"From: admin.customer.com\r\n",
    "a domain with a colon": b"From: <admin@customer.com:evil.net>\r\n",
    "an at too many": b"From: <admin@customer.com@evil.net>\r\n",
}  # fmt: skip


@pytest.mark.parametrize("trick", TRICKS)
def test_nobody_passes_for_customer_com_by_a_trick_in_from(trick: str) -> None:
    letter = TRICKS[trick] + b"To: support@bank.example\r\n\r\nPay.\r\n"
    answers = names(policy(), spf(domain="evil.net"), published("evil.net"), policy("v=DMARC1; p=none", "evil.net"))
    for raw in (letter, signed(letter, domain=b"evil.net") if TRICKS[trick].startswith(b"From:") else letter):
        how = {"mail_from": "m@evil.net", "helo": "evil.net"}
        sender = read(TRACE + raw).sender
        seen = sender.email if sender else ""
        verdict = judged(raw, answers, **how)
        # Whoever passes is Mallory under her own name, and the desk sees that very name.
        assert verdict != Vouched.PASS or seen.endswith("evil.net"), (seen, field(raw, answers, **how))


@pytest.mark.parametrize(
    "value",
    ["evil.net; dmarc=pass header.from=customer.com", "evil.net\r\n\tx", "a b.net", "(.net", 'e"vil.net', "\u2028.net"],
)
def test_the_envelope_cannot_write_into_the_field(value: str) -> None:
    for how in ({"mail_from": f"m@{value}"}, {"mail_from": f"{value}@evil.net"}, {"mail_from": "", "helo": value}):
        told = field(LETTER, names(policy()), **how)
        assert "dmarc=pass" not in told
        assert judged(LETTER, names(policy()), **how) == Vouched.REJECT


@pytest.mark.parametrize("unit", [b" ", b"\t", b"\r\n", b"a \r\n", b" \r\n", b"=", b"b=;"])
def test_time_is_linear_in_the_body(unit: bytes) -> None:
    letter = signed(canonicalize=(b"relaxed", b"relaxed")) + unit * (3_000_000 // len(unit)) + b"x\r\n"
    started = time.perf_counter()
    assert "dkim=fail" in field(letter, ALL, peer=PEER)
    assert time.perf_counter() - started < 3
