"""What a letter brought along, in words an admin can follow."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from maild.core import tokens
from maild.core.authentication import Vouched
from maild.core.evidence import gather
from maild.core.findings import _PURPOSES, _VOUCHED, findings
from maild.core.model import Address, Envelope, Facts, Known, Message, Purpose
from maild.letters.samples import _POLICY

NOW = datetime(2026, 11, 20, 10, tzinfo=UTC)
SUPPORT = "support@bank.example"


def told(message: Message, *rcpts: str, facts: Facts | None = None) -> list[tuple[str, str]]:
    envelope = Envelope(raw=b"", mail_from="", rcpts=rcpts or (SUPPORT,), received_at=NOW, door="test")
    return list(findings(message, envelope, gather(message, envelope, _POLICY, NOW), facts or Facts(), _POLICY))


def test_a_bare_letter_has_nothing_but_its_sender() -> None:
    assert told(Message(sender=Address("a@b.example"))) == [
        ("Vouched for", "nobody we believe has looked (relaxed mode)")
    ]


def test_each_piece_of_evidence_is_named_with_what_it_leads_to() -> None:
    address = tokens.reply_address(_POLICY, SUPPORT, Purpose.REQUESTER_REPLY, 1042, 7, NOW + timedelta(days=3))
    expired = tokens.reply_address(
        _POLICY, SUPPORT, Purpose.AGENT_REPLY, 1042, tokens.agent_principal("john"), NOW - timedelta(days=90)
    )
    ours = tokens.message_id(_POLICY, 1042, 7, 9)
    message = Message(
        sender=Address("a@b.example"),
        subject=f"Re: {tokens.subject_token(_POLICY.keys, _POLICY.tag, 1042)} Help",
        in_reply_to=(ours,),
        references=("stored@b.example", "odd@c.example"),
    )
    facts = Facts(known={"stored@b.example": (Known(ticket=1041),)}, named={"ref vendor": (1040,)})
    guess = "support+aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa@bank.example"
    lines = told(message, address, expired, guess, facts=facts)
    assert ("Recipient", "the reply address of a requester or collaborator, ticket 1042") in lines
    assert ("Recipient", "the reply address of an agent, ticket 1042, expired") in lines
    assert ("References", f"{ours}: ours, of ticket 1042") in lines
    assert ("References", "stored@b.example: a letter of ticket 1041") in lines
    assert ("References", "1 that lead nowhere") in lines
    assert ("Subject", "the mark of ticket 1042, and it is valid") in lines
    assert ("Descent", "ref vendor leads to ticket 1040") in lines
    assert ("Wrong", "1 that look like tokens of ours and are none") in lines


@pytest.mark.parametrize(("table", "words"), [(_PURPOSES, Purpose), (_VOUCHED, Vouched)])
def test_every_word_is_known(table: dict[str, str], words: type[Purpose | Vouched]) -> None:
    assert set(table) == set(words)
