"""How a letter finds its ticket when its thread is torn, and what a leaked or guessed token is worth."""

from __future__ import annotations

import smtplib
from collections.abc import Callable

from stories_rig import KAREN, SUPPORT, fates, forged, reply_address, words

from maild.config import drop_key, rotate_keys
from maild.core.model import Outcome, SamePerson
from maild.core.tokens import agent_principal
from maild.demo.people import Mail, Person, phone
from maild.demo.stage import Stage
from maild.demo.stories import number_of

VENDOR = "<origin.77@vendor.example>"


def opened(stage: Stage, **headers: str) -> tuple[Person, Person, Mail, int]:
    """Karen has written: Karen, John, his alert, the number."""
    karen, john = stage.person("Karen Black", KAREN, phone), stage.agent("john")
    karen.writes(SUPPORT, "The app is down", "It says code 23.", **headers)
    alert = john.got("code 23")
    stage.settle()
    return karen, john, alert, number_of(alert)


# --------------------------------------------------------------------- torn threads


def test_two_letters_about_a_thread_we_never_saw_are_one_ticket(stage: Stage) -> None:
    """Karen asks a vendor, then brings us in; her next letter to all refers to the vendor's letters only."""
    lena = stage.person("Lena", "lena@customer.example")
    karen, john, _, number = opened(stage, Cc=lena.email, References=f"{VENDOR} <two@vendor.example>")
    karen.writes(
        SUPPORT, "Fwd: what they say", "They blame you.", In_Reply_To="<three@vendor.example>", References=VENDOR
    )
    assert number_of(john.got("They blame you.")) == number
    lena.writes(SUPPORT, "Re: The app is down", "For me too.", **{"In-Reply-To": "<two@vendor.example>"})
    assert number_of(john.got("For me too.")) == number
    eve = stage.person("Eve", "eve@elsewhere.example")
    eve.writes(SUPPORT, "Re: The app is down", "Tell me more.", References=VENDOR)
    assert number_of(john.got("Tell me more.")) != number
    karen.writes(SUPPORT, "News", "Monthly.", References=VENDOR, **{"List-Id": "<news.customer.example>"})
    assert number_of(john.got("Monthly.")) != number


def test_an_answer_may_overtake_the_letter_it_answers(stage: Stage) -> None:
    """Greylisting kept Karen's letter; her colleague answers to all, and that comes first."""
    lena, karen, john = stage.person("Lena", "lena@customer.example"), stage.person("Karen", KAREN), stage.agent("john")
    first = "<slow.1@customer.example>"
    lena.writes(SUPPORT, "Re: Printer", "The same here.", Cc=KAREN, **{"In-Reply-To": first})
    number = number_of(john.got("The same here."))
    karen.writes(SUPPORT, "Printer paper", "There is none left.")
    assert number_of(john.got("none left")) != number
    message = f"From: {KAREN}\r\nTo: {SUPPORT}\r\nSubject: Printer\r\nMessage-ID: {first}\r\n\r\nThe letter that was late.\r\n"
    with smtplib.SMTP(*stage.app.door.addresses[0], timeout=10) as session:
        session.sendmail(KAREN, [SUPPORT], message)
    assert number_of(john.got("that was late")) == number


def test_another_ticket_system_keeps_its_own_number(stage_with: Callable[..., Stage]) -> None:
    stage = stage_with(
        (
            "[topic.report-a-problem]",
            '[[correspondent]]\ndomain = "snow.example"\nreference = "INC[0-9]{7}"\n\n[topic.report-a-problem]',
        )
    )
    john = stage.agent("john")
    robot, other = (stage.person("Supplier", f"{name}@snow.example") for name in ("robot1", "robot2"))
    robot.writes(SUPPORT, "INC0012345: your certificate expires", "Please renew it.")
    number = number_of(john.got("Please renew it."))
    other.writes(SUPPORT, "Update of inc0012345", "Still not renewed.", **{"Auto-Submitted": "auto-generated"})
    assert number_of(john.got("Still not renewed.")) == number
    other.writes(SUPPORT, "Update of INC0012346", "Another one.")
    assert number_of(john.got("Another one.")) != number
    eve = stage.person("Eve", "eve@elsewhere.example")
    eve.writes(SUPPORT, "INC0012345", "I know its number.")
    assert number_of(john.got("I know its number.")) != number
    stage.app.desk.command(number, "#close silent", "john")
    robot.writes(SUPPORT, "INC0012345 opened again", "It is back.")
    again = john.got("It is back.")
    assert number_of(again) != number
    assert stage.entries(number_of(again))[0].data["linked"] == [number]


# --------------------------------------------------------------------- several addresses


def test_karen_at_home_is_karen_once_we_know_it(stage: Stage) -> None:
    karen, john, alert, number = opened(stage)
    home = stage.person("Karen at home", "karen@home.example")
    john.answers(alert, "Which phone do you have?")
    answer = karen.got("Which phone")
    same = SamePerson(home.email, stage.ticket(number).requester)
    stage.app.store.record([(None, Outcome(changes=(same,)))], stage.clock())
    home.answers(answer, "An old one.")
    assert "not the requester" not in words(john.got("An old one."))
    assert stage.entries(number)[-1].public
    home.writes(SUPPORT, "Something new", "From home.")
    assert number_of(john.got("From home.")) != number
    assert karen.got("arrived safely")  # the main address is the one we write to
    assert home.inbox == []


def test_johns_other_address_is_john(stage_with: Callable[..., Stage]) -> None:
    stage = stage_with(
        ('email = "john@bank.example"\nteams', 'email = "john@bank.example"\nalso = ["john@private.example"]\nteams')
    )
    _, _, alert, number = opened(stage)
    private = stage.person("John", "john@private.example")
    private.answers(alert, "#take")
    stage.settle()
    assert stage.ticket(number).agent == "john"
    assert private.inbox == []  # answers to him go to his first address


# --------------------------------------------------------------------- leaked, rotated, guessed


def test_a_leaked_reply_address_is_revoked_and_the_next_letter_brings_another(stage: Stage) -> None:
    karen, john, alert, number = opened(stage)
    stage.app.store.revoke("agent", [agent_principal("john")], stage.clock())
    john.answers(alert, "#close")
    stage.settle()
    assert fates(stage)[-1] == "quarantined"
    assert "revoked" in str(stage.app.store.ledger(limit=1)[0].trace)
    karen.answers(karen.inbox[0], "Any news?")
    john.answers(john.got("Any news?"), "#take")
    stage.settle()
    assert stage.ticket(number).agent == "john"


def test_old_letters_stay_known_while_their_key_is_there(stage: Stage) -> None:
    karen, john, alert, number = opened(stage)
    secret = stage.app.config.desk.secret_file
    rotate_keys(secret, stage.clock())
    assert stage.app.reload()
    john.answers(alert, "#take")
    stage.settle()
    assert stage.ticket(number).agent == "john"
    karen.answers(karen.inbox[0], "Any news?")
    newer = john.got("Any news?")
    drop_key(secret, 0)
    assert stage.app.reload()
    john.answers(alert, "#release")  # the old alert's address is nobody's now
    stage.settle()
    assert stage.ticket(number).agent == "john"
    john.answers(newer, "#note all is well")
    stage.settle()
    assert stage.entries(number)[-1].text == "all is well"


def test_guessing_tells_a_stranger_nothing_and_the_admin_hears_of_it(stage: Stage) -> None:
    _, _, alert, _ = opened(stage)
    admin = stage.person("The admin", stage.app.policy.admin)
    right = reply_address(alert)
    local, _, domain = right.partition("@")
    wrong = f"{local[:-4]}aaaa@{domain}"
    said = []
    with smtplib.SMTP(*stage.app.door.addresses[0], timeout=10) as session:
        for rcpt in (right, wrong, "support+x@bank.example", SUPPORT):
            session.ehlo()
            session.mail("eve@evil.example")
            said.append(session.rcpt(rcpt))
            session.rset()
    assert len(set(said)) == 1
    marks = " ".join(f"[BANK-1001-{letter * 4}]" for letter in "ABCDEFGH")
    for number in range(3):
        bare = "<m." + "abcdefghij"[number] * 40 + "@bank.example>"
        forged(stage, "eve@evil.example", wrong, f"{marks} {number}", f"Letter {number}", In_Reply_To=bare)
    told = admin.got("wrong tokens")
    assert "eve@evil.example" in words(told)
    assert "127.0.0.1" in words(told)
    forged(stage, "eve@evil.example", wrong, f"{marks} more", "More", In_Reply_To="<x@y>")
    stage.settle()
    assert sum("wrong tokens" in mail.subject for mail in admin.inbox) == 1  # once an hour
    assert stage.app.store.wrong_tokens() >= 30
