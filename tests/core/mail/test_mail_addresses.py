"""Mailboxes: name and address of everything a person or a program writes into From and To."""

import pytest

from maild.core.mail import addresses
from maild.core.mail.addresses import parse


@pytest.mark.parametrize(
    ("written", "found"),
    [
        ("a@b.example", [("a@b.example", "")]),
        ("<a@b.example>", [("a@b.example", "")]),
        ("Ann <a@b.example>", [("a@b.example", "Ann")]),
        ('"Lee, Ann" <a@b.example>', [("a@b.example", "Lee, Ann")]),
        (r'"Ann \"A\" Lee" <a@b.example>', [("a@b.example", 'Ann "A" Lee')]),
        ("a@b.example (Ann Lee)", [("a@b.example", "Ann Lee")]),
        ("Ann (work (old)) <a@b.example>", [("a@b.example", "Ann")]),
        ("=?utf-8?q?M=C3=BCller?= <m@b.example>", [("m@b.example", "Müller")]),
        ("=?utf-8?q?Lee,_Ann?= <a@b.example>, c@d.example", [("a@b.example", "Lee, Ann"), ("c@d.example", "")]),
        ('"=?utf-8?q?M=C3=BCller?=" <m@b.example>', [("m@b.example", "Müller")]),
        (
            "a@b.example, Bob <c@d.example>; e@f.example",
            [("a@b.example", ""), ("c@d.example", "Bob"), ("e@f.example", "")],
        ),
        ("Friends: a@b.example, Bob <c@d.example>;", [("a@b.example", ""), ("c@d.example", "Bob")]),
        ("undisclosed-recipients:;", []),
        ("", []),
        ("root", []),
        ("<@relay.example,@other.example:a@b.example>", [("a@b.example", "")]),
        ('"odd name"@b.example', [('"odd name"@b.example', "")]),
        ("a@[192.0.2.1]", [("a@[192.0.2.1]", "")]),
        ("Ann a@b.example", [("a@b.example", "Ann")]),
        ("Ann [mailto:a@b.example]", [("a@b.example", "")]),
        ("mailto:a@b.example", [("a@b.example", "")]),
        ("a @ b.example", [("a@b.example", "")]),
        ('"never closed <a@b.example>', [("a@b.example", "never closed")]),
        ("Ann <a@b.example", [("a@b.example", "Ann")]),
        ("Ann (never closed <a@b.example>", [("a@b.example", "Ann never closed")]),
        ("a@müller.example", [("a@müller.example", "")]),
        # a decoded name can never become an address
        ("=?utf-8?q?boss=40bank.example_=3C?= <a@b.example>", [("a@b.example", "boss@bank.example <")]),
        ("=?utf-8?q?x=0D=0ABcc:_e@x?= <a@b.example>", [("a@b.example", "x Bcc: e@x")]),
    ],
)
def test_mailboxes(written: str, found: list[tuple[str, str]]) -> None:
    assert [(address.email, address.name) for address in parse(written)] == found


def test_there_is_a_cap() -> None:
    assert len(parse("a@b.example," * 600)) == addresses.MAX_ADDRESSES
