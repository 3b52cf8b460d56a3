"""What letters do breaks loops and floods; what a forger does in somebody's name breaks nothing for them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from maild.core.model import AddEntry, Facts, Fate, Outcome, Person, Purpose, Recent, SendLetter, Ticket
from maild.core.policy import Authentication

KAREN, JOHN = "karen@customer.example", "john@bank.example"
STRICT = Authentication(trusted=frozenset({"mx.bank.example"}))

Sent = Callable[[Outcome], list[tuple[str, str]]]


class Talk:
    """One ticket on which letters come one after the other, each some seconds after our last one."""

    def __init__(self, judge: Any, **ticket: Any) -> None:
        self.judge = judge
        self.ticket: Ticket = judge.ticket(**ticket)
        self.count = 0

    def comes(self, sender: str, text: str, *, after: float = 60, says: str = "", **how: Any) -> Outcome:
        self.judge.now += timedelta(seconds=after)
        self.count += 1
        results = (f"mx.bank.example; dmarc={says} header.from={sender.partition('@')[2]}",) if says else ()
        outcome: Outcome = self.judge.letter(
            self.ticket,
            sender,
            text,
            headers={"authentication-results": results},
            message_id=f"{self.count}@somewhere.example",
            facts=Facts(mail_id=self.count, key=f"k:{self.count}", tickets={self.ticket.number: self.ticket}),
            **how,
        )
        self.ticket = outcome.after or self.ticket
        return outcome

    def karen(self, text: str, **how: Any) -> Outcome:
        return self.comes(KAREN, text, to=self.judge.address(Purpose.REQUESTER_REPLY, 7), **how)

    def john(self, text: str, **how: Any) -> Outcome:
        return self.comes(JOHN, text, to=self.judge.agent_address("john"), **how)


@pytest.fixture
def talk(judge: Any) -> Talk:
    return Talk(judge)


def was_kept_inside(outcome: Outcome) -> bool:
    (added,) = (change.entry for change in outcome.changes if isinstance(change, AddEntry) if change.entry.mail_id)
    return not added.public


# --------------------------------------------------------------------- agents


def test_an_agent_may_be_as_quick_as_they_like(talk: Talk, sent: Sent) -> None:
    for turn in range(10):
        talk.karen(f"Question {'abcdefghij'[turn]}", after=60)
        outcome = talk.john(f"Answer {'abcdefghij'[turn]}", after=3)
        assert outcome.fate == Fate.REPLY
        assert ("response", KAREN) in sent(outcome)


def test_an_agent_who_says_the_same_thrice_is_told_that_it_did_not_go(talk: Talk, sent: Sent) -> None:
    for _ in range(2):
        assert ("response", KAREN) in sent(talk.john("Please try again."))
    third = talk.john("Please try again.")
    assert (third.fate, sent(third)) == (Fate.FILED, [("repeated", JOHN)])
    assert was_kept_inside(third)
    again = talk.john("Please try again.", after=5)  # what a machine there would say to that
    assert (again.fate, sent(again)) == (Fate.FILED, [])
    assert was_kept_inside(again)
    assert ("response", KAREN) in sent(talk.john("Have you restarted it?"))
    assert ("response", KAREN) in sent(talk.john("Please try again."))  # it is not what was said last
    assert ("response", KAREN) in sent(talk.john("Please try again.", after=3601))


def test_an_agent_who_repeats_a_command_is_obeyed(talk: Talk) -> None:
    for _ in range(5):
        assert talk.john("#take").fate == Fate.COMMAND
    assert talk.john("#priority nothing like it").fate == Fate.COMMAND


def test_an_agent_is_told_again_after_an_hour(talk: Talk, sent: Sent) -> None:
    told = [sent(talk.john("Please try again.", after=1199)) == [("repeated", JOHN)] for _ in range(7)]
    assert told == [False, False, True, False, False, False, True]


# --------------------------------------------------------------------- forgers


def test_forged_letters_make_no_machine_of_the_requester(talk: Talk, sent: Sent) -> None:
    talk.judge.policy = replace(talk.judge.policy, authentication=STRICT)
    told = [sent(talk.karen("Fie.", says="fail")) for _ in range(6)]
    assert told[2] == [("automatic", JOHN)]  # the forger is one
    assert told[3:] == [[], [], []]
    outcome = talk.karen("Fie.", says="pass")
    assert (outcome.fate, sent(outcome)) == (Fate.REPLY, [("requester-reply", JOHN)])
    assert not was_kept_inside(outcome)


def test_forged_letters_delay_no_alert_about_the_requester_s(talk: Talk, sent: Sent) -> None:
    talk.judge.policy = replace(talk.judge.policy, authentication=STRICT)
    for turn in range(30):
        outcome = talk.karen(f"Fie {chr(97 + turn % 26) * (turn + 1)}.", says="none")
    assert sent(outcome) == []
    assert sent(talk.karen("Hello?", says="pass")) == [("requester-reply", JOHN)]


def test_a_person_taken_for_a_machine_is_named_by_the_address(talk: Talk) -> None:
    talk.judge.policy = replace(talk.judge.policy, authentication=STRICT)
    for says in ("none", "pass"):
        for _ in range(3):
            outcome = talk.karen("We shall look into it.", says=says)
        assert outcome.fate == Fate.FILED
    (change,) = (one for one in talk.john("#person", says="pass").changes if getattr(one, "name", "") == "machines")
    assert (change.old, change.new) == ((KAREN,), ())
    assert talk.karen("I am a person.", says="pass").fate == Fate.REPLY


def test_forged_tickets_swallow_none_of_the_victim_s(judge: Any) -> None:
    judge.policy = replace(judge.policy, authentication=STRICT, flood=replace(judge.policy.flood, tickets_per_hour=3))

    def opened(says: str, recent: tuple[Recent, ...]) -> Outcome:
        forged = {recent[0].number: replace(judge.ticket(), number=recent[0].number)} if recent else {}
        facts = Facts(mail_id=9, key="k:9", tickets=forged, recent=recent, person=Person(7, KAREN))
        results = (f"mx.bank.example; dmarc={says} header.from=customer.example",)
        outcome: Outcome = judge.letter(
            None, KAREN, "My card", subject="", facts=facts, headers={"authentication-results": results}
        )
        return outcome

    first = opened("fail", ())
    assert first.after is not None
    recent = tuple(Recent(number, first.after.digest) for number in (1042, 1043, 1044))
    assert opened("fail", recent).fate == Fate.FILED
    assert opened("none", recent).fate == Fate.FILED
    assert opened("pass", recent).fate == Fate.TICKET


def test_quick_is_quick_whoever_vouches(talk: Talk) -> None:
    """Letters nobody vouches for are compared with what we wrote to the address all the same."""
    talk.judge.policy = replace(talk.judge.policy, authentication=STRICT)
    for turn in range(3):
        talk.john(f"Question {'abc'[turn]}", says="pass")
        outcome = talk.karen(f"Answer {'abc'[turn]}", says="none", after=1)
    assert outcome.fate == Fate.FILED


def test_a_forged_letter_gives_its_conversation_no_name(judge: Any) -> None:
    judge.policy = replace(judge.policy, authentication=STRICT)
    for says, names in (("pass", ("ancestor root@x",)), ("none", ("ancestor root@x",)), ("fail", ())):
        results = (f"mx.bank.example; dmarc={says} header.from=customer.example",)
        headers = {"authentication-results": results}
        assert judge.letter(None, KAREN, "Hi", references=("root@x",), headers=headers).known_as == names


# --------------------------------------------------------------------- leaving


@pytest.mark.parametrize(
    ("people", "says", "told"),
    [
        ("collaborators", "pass", [("stopped", "carl@customer.example")]),
        ("collaborators", "none", [("stopped", "carl@customer.example")]),
        ("copied", "pass", [("stopped", "carl@customer.example")]),
        ("copied", "none", []),  # who knows who put them on copy
    ],
)
def test_nobody_is_made_to_get_letters_by_leaving_in_their_name(
    judge: Any, sent: Sent, people: str, says: str, told: list[tuple[str, str]]
) -> None:
    judge.policy = replace(judge.policy, authentication=STRICT)
    talk = Talk(judge, **{people: ("carl@customer.example",)})
    outcome = talk.comes("carl@customer.example", "stop", says=says, to=judge.address(Purpose.REQUESTER_REPLY, 8))
    assert (outcome.fate, sent(outcome)) == (Fate.COMMAND, told)
    assert talk.ticket.departed == ("carl@customer.example",)
    assert not any(isinstance(change, SendLetter) and change.letter.purpose for change in outcome.changes)
