"""Conditions: what each word of a `when` table means. One rule, one letter, hit or not."""

from __future__ import annotations

import tomllib
from datetime import UTC, datetime
from typing import Any

import pytest

from maild.core.model import Address, Attachment, Envelope, Message
from maild.core.rules import Case, Names, RawRule, compile_rules, evaluate

KAREN = Address("Karen.Smith@Customer.example", "Karen")


def attachment(filename: str, inline: bool = False) -> Attachment:
    return Attachment(index=1, filename=filename, content_type="", sniffed_type="", size=1, sha256="", inline=inline)


LETTER: dict[str, Any] = {
    "from_": (KAREN,),
    "to": (Address("Support@bank.example"),),
    "cc": (Address("boss@customer.example"),),
    "subject": "Re:  Online Banking\tis DOWN",
    "text": "Dear all,\nthe payment of 12.50 € is\n  gone.\nStraße",
    "headers": {"x-mailer": ("Mutt",), "received": ("from a", "from b"), "x-empty": ("",)},
    "attachments": (attachment("Invoice 12.PDF"), attachment("logo.png", inline=True)),
}


def case(**changes: Any) -> Case:
    envelope = Envelope(
        raw=b"", mail_from="karen@bounces.example", rcpts=("problem@bank.example",), received_at=datetime(2026, 1, 1, tzinfo=UTC), door="smtp",
    )  # fmt: skip
    return Case(message=Message(**{**LETTER, **changes}), envelope=envelope)


def hits(when: str, **changes: Any) -> bool:
    rules, problems = compile_rules(
        [RawRule(file="r.toml", number=0, table={"name": "r", "stop": True, **tomllib.loads(when)})], Names()
    )
    assert problems == []
    return evaluate(rules, case(**changes)).matched == ("r",)


TABLE = [
    # a plain text is contained; case, runs of blanks and line breaks do not matter
    ("when.subject = 'banking is down'", True),
    ("when.subject = 'BANKING  IS'", True),
    ("when.subject = 'bank*'", False),
    ("when.body = '12.50 € is gone'", True),
    ("when.body = 'STRASSE'", True),
    ("when.body = 'lost'", False),
    ("when.subject = ['lost', 'down']", True),
    ("when.subject = ['lost', 'gone']", False),
    # operators
    ("when.subject = { equals = 're: online banking is down' }", True),
    ("when.subject = { equals = 'online banking is down' }", False),
    ("when.subject = { starts = ['aw:', 're:'] }", True),
    ("when.subject = { starts = 'online' }", False),
    ("when.subject = { ends = 'down' }", True),
    ("when.subject = { ends = 'online' }", False),
    ("when.subject = { contains = 'online' }", True),
    ("when.subject = { glob = 're:*banking*' }", True),
    ("when.subject = { glob = 'banking' }", False),
    ("when.subject = { glob = 're: online banking is dow?' }", True),
    ("when.subject = { regex = '^re:.*\\bdown$' }", True),
    ("when.subject = { regex = '^online' }", False),
    ("when.subject = { regex = ['^online', 'Down'] }", True),
    ("when.subject = { regex = '(?-i:Down)' }", False),
    ("when.body = { regex = 'is\\s+gone' }", True),
    # several tests in one table must all hold
    ("when.subject = { starts = 're:', ends = 'down' }", True),
    ("when.subject = { starts = 're:', ends = 'up' }", False),
    # sender and recipient are addresses, with * and ?
    ("when.sender = 'karen.smith@customer.example'", True),
    ("when.sender = 'KAREN.*@customer.example'", True),
    ("when.sender = '*@customer.example'", True),
    ("when.sender = '*@*.example'", True),
    ("when.sender = '*@customerXexample'", False),
    ("when.sender = '*@customer.exampl'", False),
    ("when.sender = 'smith@customer.example'", False),
    ("when.sender = 'karen@bounces.example'", False),
    ("when.sender = { contains = 'customer' }", True),
    ("when.sender = { regex = 'karen[.]s' }", True),
    ("when.recipient = 'support@bank.example'", True),
    ("when.recipient = 'boss@*'", True),
    ("when.recipient = 'problem@bank.example'", True),
    ("when.recipient = 'access@bank.example'", False),
    # header fields: any of their values
    ("when.header.X-Mailer = 'mutt'", True),
    ("when.header.Received = { equals = 'from b' }", True),
    ("when.header.Received = { equals = 'from c' }", False),
    ("when.header.X-Empty = { equals = '' }", True),
    ("when.header.X-None = { equals = '' }", False),
    ("when.header.X-None = { glob = '*' }", False),
    ("when.header = { X-Mailer = 'mutt', Received = 'from a' }", True),
    ("when.header = { X-Mailer = 'mutt', Received = 'from c' }", False),
    # attachments
    ("when.attachment = true", True),
    ("when.attachment = false", False),
    ("when.attachment = '*.pdf'", True),
    ("when.attachment = 'invoice'", False),
    ("when.attachment = ['*.exe', 'invoice ??.pdf']", True),
    ("when.attachment = { starts = 'invoice' }", True),
    # groups
    ("when.any = [{ subject = 'lost' }, { body = 'gone' }]", True),
    ("when.any = [{ subject = 'lost' }, { body = 'lost' }]", False),
    ("when.any = [{ subject = 'down', body = 'lost' }, { body = 'nothing' }]", False),
    ("when.all = [{ subject = 'down' }, { body = 'gone' }]", True),
    ("when.all = [{ subject = 'down' }, { body = 'lost' }]", False),
    ("when.not = { subject = 'lost' }", True),
    ("when.not = { subject = 'down' }", False),
    ("when.not = { subject = 'down', body = 'lost' }", True),
    ("when.not = [{ subject = 'lost' }, { body = 'gone' }]", False),
    ("when.not = [{ subject = 'lost' }, { body = 'lost' }]", True),
    ("when.not.not.subject = 'down'", True),
    ("when.any = [{ not = { subject = 'down' } }, { all = [{ subject = 'down' }, { any = [{ body = 'gone' }] }] }]", True),
    # several conditions must all hold; none holds always
    ("when = { subject = 'down', body = 'gone' }", True),
    ("when = { subject = 'down', body = 'lost' }", False),
    ("when = {}", True),
    ("", True),
]  # fmt: skip


@pytest.mark.parametrize(("when", "expected"), TABLE, ids=[row[0] for row in TABLE])
def test_a_condition(when: str, expected: bool) -> None:
    assert hits(when) is expected


def test_pictures_inside_the_text_are_no_attachments() -> None:
    only_logo = {"attachments": (attachment("logo.png", inline=True),)}
    assert not hits("when.attachment = true", **only_logo)
    assert hits("when.attachment = false", **only_logo)
    assert hits("when.attachment = '*.png'", **only_logo)


def test_without_a_from_field_the_envelope_says_who_sent() -> None:
    assert hits("when.sender = 'karen@bounces.example'", from_=())


def test_a_letter_with_two_authors_is_from_both() -> None:
    assert hits("when.sender = 'b@x.example'", from_=(Address("a@x.example"), Address("b@x.example")))


def test_what_a_sender_writes_is_never_a_pattern() -> None:
    assert not hits("when.subject = { equals = 'abc' }", subject="a.c")
    assert not hits("when.sender = 'abc@x.example'", from_=(Address("*@x.example"),))
    assert hits("when.sender = '?@x.example'", from_=(Address("*@x.example"),))
    assert not hits("when.subject = { glob = 'a[bc]' }", subject="ab")
    assert hits("when.subject = { glob = 'a[bc]' }", subject="a[bc]")


def test_only_the_first_64_k_of_a_text_are_looked_at() -> None:
    assert hits("when.body = 'end'", text="x" * (64 * 1024 - 3) + "end")
    assert not hits("when.body = 'end'", text="x" * (64 * 1024 - 2) + "end")
    assert not hits("when.body = { regex = 'end' }", text="x" * (64 * 1024 - 2) + "end")
