"""Who is refused and who is told: every reason against every kind of sender; and no amplification of forged mail."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from maild.core.model import Attachment, Facts, Fate, Kind, Outcome, Person, Purpose, Recent, SendLetter, Standing
from maild.core.policy import Authentication, Intake

Sent = Callable[[Outcome], list[tuple[str, str]]]
LENA = "lena@customer.example"
MX = "mx.bank.example"


def results(verdict: str, domain: str = "customer.example") -> dict[str, tuple[str, ...]]:
    return {"authentication-results": (f"{MX}; dmarc={verdict} header.from={domain}",)}


def intake(judge: Any, **changed: Any) -> None:
    judge.policy = replace(
        judge.policy, intake=Intake(**changed), authentication=Authentication(trusted=frozenset({MX}))
    )


def exe() -> Attachment:
    return Attachment(index=0, filename="a.EXE", content_type="x/y", sniffed_type="", size=1, sha256="")


REASONS: list[tuple[dict[str, Any], dict[str, Any], bool]] = [
    # the admin's wish, the facts, and whether it holds on old tickets too
    ({"banned": frozenset({"@customer.example"})}, {}, True),
    ({}, {"standing": {"@*.example": Standing.BAN}}, True),
    ({"forbidden_attachments": ("*.exe",)}, {}, True),
    ({"registration": "known"}, {}, False),
    ({"registration": "organisations"}, {"person": Person(9, LENA)}, False),
    ({"open_tickets_per_sender": 3}, {"open_tickets": 3}, False),
]


@pytest.mark.parametrize(("wish", "known", "always"), REASONS)
@pytest.mark.parametrize("dmarc", ["pass", "none", "fail"])
def test_a_reason_to_refuse(
    judge: Any, sent: Sent, wish: dict[str, Any], known: dict[str, Any], always: bool, dmarc: str
) -> None:
    intake(judge, **wish)
    letter: dict[str, Any] = {"attachments": (exe(),), "headers": results(dmarc)}
    facts = Facts(mail_id=5, key="k:1", **known)
    opening = judge.letter(None, LENA, "Hello", facts=facts, **letter)
    assert opening.fate == Fate.REFUSED
    assert opening.reason
    assert (opening.before, opening.after) == (None, None)
    assert sent(opening) == ([] if dmarc == "fail" else [("refused", LENA)])
    ticket = judge.ticket(requester=Person(9, LENA))
    answer = judge.letter(
        None, LENA, "Hello", judge.address(Purpose.REQUESTER_REPLY, 9),
        facts=replace(facts, tickets={ticket.number: ticket}), **letter,
    )  # fmt: skip
    assert (answer.fate == Fate.REFUSED) is always


@pytest.mark.parametrize(("wish", "known", "always"), REASONS)
def test_accepted_senders_agents_and_what_was_released_are_not_refused(
    judge: Any, wish: dict[str, Any], known: dict[str, Any], always: bool
) -> None:
    intake(judge, **wish)
    passed = {"attachments": (exe(),), "headers": results("pass")}
    facts = Facts(mail_id=5, key="k:1", **known)
    accepted = replace(facts, standing={**facts.standing, LENA: Standing.ACCEPT})
    assert judge.letter(None, LENA, "Hello", facts=accepted, **passed).fate == Fate.TICKET
    failed = {**passed, "headers": results("fail")}
    assert judge.letter(None, LENA, "Hello", facts=accepted, **failed).fate == Fate.REFUSED
    assert judge.letter(None, LENA, "Hello", facts=facts, confirmed=True, **failed).fate == Fate.TICKET
    by_john = {**passed, "headers": results("pass", "bank.example")}
    assert judge.letter(None, "john@bank.example", "Hello", facts=facts, **by_john).fate == Fate.TICKET


@pytest.mark.parametrize(
    "letter",
    [{"kind": Kind.LIST, "answerable": False}, {"kind": Kind.AUTOMATIC}, {"answerable": False}, {"spam": "yes"}],
)
def test_nobody_is_told_who_should_not_be(judge: Any, sent: Sent, letter: dict[str, Any]) -> None:
    intake(judge, banned=frozenset({LENA}))
    outcome = judge.letter(None, LENA, "Hello", headers=results("pass"), **letter)
    assert (outcome.fate, sent(outcome)) == (Fate.REFUSED, [])


def test_one_automatic_answer_a_day_whatever_it_says(judge: Any, sent: Sent) -> None:
    intake(judge, banned=frozenset({LENA}))
    for template in ("acknowledgement", "refused"):
        facts = Facts(mail_id=5, key="k:1", told={LENA: {template: 1}})
        assert sent(judge.letter(None, LENA, "Hello", facts=facts, headers=results("pass"))) == []


@pytest.mark.parametrize(("spam", "fate"), [("quarantine", Fate.QUARANTINED), ("ticket", Fate.TICKET)])
def test_spam(judge: Any, sent: Sent, spam: str, fate: Fate) -> None:
    intake(judge, spam=spam)
    outcome = judge.letter(None, LENA, "Win", spam="yes", spam_score=12.5, headers=results("pass"))
    assert outcome.fate == fate
    assert "acknowledgement" not in [template for template, _ in sent(outcome)]


def test_ten_thousand_forged_letters_bring_no_victim_more_than_one_a_day(judge: Any, sent: Sent) -> None:
    """What memory would say is kept here as the store keeps it; half of the letters fail DMARC."""
    intake(judge)
    told: Counter[str] = Counter()
    failed: set[str] = set()
    for n in range(10_000):
        victim = f"victim{n % 1000 if n % 3 else 0}@customer.example"
        verdict = "fail" if n % 1000 < 500 else "none"
        facts = Facts(mail_id=n + 1, key=f"k:{n}", told={victim: {"acknowledgement": told[victim]}})
        outcome = judge.letter(None, victim, f"Word {n}", facts=facts, subject="Pay here", headers=results(verdict))
        to_them = [change.letter for change in outcome.changes if isinstance(change, SendLetter)]
        mine = [letter for letter in to_them if letter.to.email == victim]
        if verdict == "fail":
            failed.add(victim)
            assert mine == []
        told[victim] += len(mine)
        assert all("Pay here" not in str(letter.context) for letter in mine)
    assert max(told.values()) == 1
    assert sum(told.values()) <= 1000


def test_a_flood_joins_its_first_ticket(judge: Any, sent: Sent) -> None:
    opened = judge.letter(None, LENA, "Your service is bad, 1.", subject="Bad 1")
    assert opened.after is not None
    parent = judge.ticket(requester=Person(9, LENA), digest=opened.after.digest)
    two = (Recent(1042, opened.after.digest), Recent(1043, opened.after.digest))
    facts = Facts(mail_id=5, key="k:1", tickets={1042: parent}, recent=two, person=Person(9, LENA))
    joined = judge.letter(None, LENA, "Your service  is bad, 2.", subject="Bad 2", facts=facts)
    assert (joined.fate, sent(joined)) == (Fate.FILED, [])
    assert joined.before is parent
    assert joined.after is not None
    assert joined.after.next_due == joined.after.quiet_until
    other = judge.letter(None, LENA, "My card is gone.", subject="My card", facts=facts)
    assert other.fate == Fate.TICKET
    first = judge.letter(None, LENA, "Your service is bad, 3.", facts=replace(facts, recent=two[:1]))
    assert first.fate == Fate.TICKET
