"""Two machines that answer each other must come to rest: few letters, few tickets, all in the ledger."""

from __future__ import annotations

import hashlib
import re
import shutil
from collections.abc import Callable, Iterator
from email.message import EmailMessage
from pathlib import Path

import pytest
from stories_rig import KAREN, SUPPORT, automatic, bounce_address, fates, hand_in, header, ids, reply_address

from maild.config import load
from maild.core.model import Envelope
from maild.demo.people import Mail, Person
from maild.demo.stage import Stage

ROUNDS = 30  # letters to and fro after which nobody believes in rest any more
TOPICS = ("card", "login", "loan", "phone", "branch", "cheque", "fee", "limit", "transfer", "pin")
COLOURS = ("red", "green", "blue")


def rest(stage: Stage, answer: Callable[[Mail], object], peer: Person) -> None:
    """The peer answers every letter it gets until none comes any more."""
    for _ in range(ROUNDS):
        stage.settle()
        unseen = [mail for mail in peer.inbox if not mail.seen]
        if not unseen:
            return
        for mail in unseen:
            mail.seen = True
            answer(mail)
    pytest.fail(f"{len(peer.inbox)} letters to {peer.email} and no end")


def in_bounds(stage: Stage, to: list[Mail], received: int, tickets: int = 2) -> None:
    """What holds for every pair, whatever the other side does (all of it happens within an hour)."""
    assert len([mail for mail in to if "arrived safely" in mail.message.text]) <= 1
    assert len(to) <= 3
    assert len(stage.app.store.tickets(limit=100)) <= tickets
    assert len(fates(stage)) == received


def both_rest(stage: Stage, *machines: tuple[Person, Callable[[Mail], object]]) -> None:
    """Several machines answer every letter they get until none comes any more."""
    for _ in range(ROUNDS):
        stage.settle()
        came = [(person, answer, mail) for person, answer in machines for mail in person.inbox if not mail.seen]
        if not came:
            return
        for _, answer, mail in came:
            mail.seen = True
            answer(mail)
    pytest.fail(", ".join(f"{len(person.inbox)} letters to {person.email}" for person, _ in machines) + " and no end")


def robot(stage: Stage) -> Person:
    return stage.person("Shop", "orders@machine.example")


# --------------------------------------------------------------------- robots


def test_a_robot_that_answers_with_fresh_letters(stage: Stage) -> None:
    """No header, no reference, another subject every time, and another of our addresses: nothing to know it by."""
    peer, john = robot(stage), stage.agent("john")
    turns = iter(range(1000))

    def answer(_: Mail) -> None:
        turn = next(turns)
        to = (SUPPORT, "access@bank.example")[turn % 2]
        peer.writes(to, f"The {COLOURS[turn // 10]} {TOPICS[turn % 10]}", f"We care about your {TOPICS[turn % 10]}.")

    peer.writes(SUPPORT, "An order", "Please confirm.")
    rest(stage, answer, peer)
    in_bounds(stage, peer.inbox, peer._written)
    john.answers(john.got("We care"), "What do you mean?")
    rest(stage, answer, peer)
    in_bounds(stage, peer.inbox, peer._written + 1, tickets=3)  # a person wrote to it, it opened one more


def test_a_customer_with_three_matters_gets_three_tickets(stage: Stage) -> None:
    karen, john = stage.person("Karen", KAREN), stage.agent("john")
    for subject in ("My card is lost", "Question about a loan", "The app is slow"):
        karen.writes(SUPPORT, subject, f"{subject}.")
        john.got(subject)
    stage.settle()
    assert fates(stage) == ["ticket"] * 3
    assert len({row.ticket for row in stage.app.store.ledger(limit=10)}) == 3


# --------------------------------------------------------------------- answering machines


def test_an_autoresponder_without_any_header(stage: Stage) -> None:
    """It keeps the subject and nothing else; nothing says that it is a machine."""
    peer, john = robot(stage), stage.agent("john")
    words = "Thank you for your letter. We shall look into it."

    def by_sender(mail: Mail) -> None:
        peer.writes(SUPPORT, f"Re: {mail.subject}", words)

    peer.writes(SUPPORT, "An order", "Please confirm.")
    rest(stage, by_sender, peer)
    john.answers(john.got("look into it"), "Which order?")
    rest(stage, lambda mail: peer.answers(mail, words), peer)
    in_bounds(stage, peer.inbox, peer._written + 1, tickets=1)
    assert len(peer.inbox) == 2


def test_a_vacation_program_that_keeps_the_token(stage: Stage) -> None:
    peer, john = robot(stage), stage.agent("john")
    answered = []

    def away(mail: Mail) -> None:
        notice = EmailMessage()
        notice["From"], notice["To"], notice["Subject"] = peer.email, reply_address(mail), f"Away: {mail.subject}"
        notice["Auto-Submitted"], notice["Precedence"] = "auto-replied", "bulk"
        notice["Message-ID"] = f"<away{len(answered)}@machine.example>"
        notice.set_content("I am away.")
        hand_in(stage, notice.as_bytes(), bounce_address(mail), SUPPORT, mail_from="")
        answered.append(mail)

    peer.writes(SUPPORT, "An order", "Please confirm.")
    rest(stage, away, peer)
    john.answers(john.got("Please confirm"), "Which order?")
    rest(stage, away, peer)
    assert len(peer.inbox) == len(answered) == 2
    assert len(john.inbox) == 1
    in_bounds(stage, peer.inbox, 2 + len(answered), tickets=1)


def test_an_address_that_bounces_everything(stage: Stage) -> None:
    peer, john = robot(stage), stage.agent("john")
    count = 0

    def bounces(mail: Mail) -> None:
        nonlocal count
        count += 1
        report = (
            "From: Mail Delivery System <mailer-daemon@machine.example>\r\n"
            f"To: {bounce_address(mail)}\r\nSubject: Undelivered Mail Returned to Sender\r\n"
            f"Message-ID: <dsn{count}@machine.example>\r\n"
            'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\r\n\r\n'
            "--b\r\nContent-Type: text/plain\r\n\r\nThe mailbox does not exist.\r\n"
            "--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.machine.example\r\n\r\n"
            f"Final-Recipient: rfc822; {peer.email}\r\nAction: failed\r\nStatus: 5.1.1\r\n\r\n--b--\r\n"
        )
        hand_in(stage, report.encode(), bounce_address(mail), mail_from="")

    peer.writes(SUPPORT, "An order", "Please confirm.")
    rest(stage, bounces, peer)
    john.answers(john.got("Please confirm"), "Which order?")
    rest(stage, bounces, peer)
    assert len(peer.inbox) == count == 2
    assert len([mail for mail in john.inbox if "does not exist" in mail.text or "5.1.1" in mail.text]) <= 2
    in_bounds(stage, peer.inbox, 2 + count, tickets=1)


def vary(kind: str) -> Callable[[], str]:
    """What a machine says: always the same, the same with a counter, or other words every time."""
    turns = iter(range(1000))

    def words() -> str:
        turn = next(turns)
        return {
            "same": "Thank you for your letter. We shall look into it.",
            "counter": f"Thank you for letter {turn}. Your number is {turn * 7}, {turn}-Nov-2026.",
            "other": f"We care about the {COLOURS[turn // 10]} {TOPICS[turn % 10]}.",
        }[kind]

    return words


@pytest.mark.parametrize("kind", ["same", "counter", "other"])
def test_an_agent_and_a_requester_who_both_answer_everything(stage: Stage, kind: str) -> None:
    """Neither says that it is a machine, and both answer to valid reply addresses."""
    peer, john = robot(stage), stage.agent("john")
    says, johns = vary(kind), vary(kind)
    peer.writes(SUPPORT, "An order", "Please confirm.")
    both_rest(stage, (peer, lambda mail: peer.answers(mail, says())), (john, lambda mail: john.answers(mail, johns())))
    assert len(stage.app.store.tickets(limit=100)) == 1
    assert len(fates(stage)) == peer._written + john._written
    # An agent's words are never held against them while they differ: then only the other machine is one.
    assert len(peer.inbox) <= (6 if kind == "other" else 3)
    ticket = stage.app.store.tickets(limit=2)[0]
    told = [entry.text.split()[0] for entry in stage.entries(ticket.number) if entry.data.get("field") == "automatic"]
    assert told == [peer.email]
    notices = [mail for mail in john.inbox if "the requester did not get it" in mail.text]
    assert len(notices) == (0 if kind == "other" else 1)
    letters = len(peer.inbox)
    stage.forward(minutes=50)  # and nothing wakes them up again
    both_rest(stage, (peer, lambda mail: peer.answers(mail, says())), (john, lambda mail: john.answers(mail, johns())))
    assert len(peer.inbox) == letters


@pytest.mark.parametrize("kind", ["same", "counter"])
def test_a_machine_that_answers_to_its_reply_address_is_found_out(stage: Stage, kind: str) -> None:
    """A person answers it again and again; the third time its agents learn what it is, once."""
    peer, john = robot(stage), stage.agent("john")
    says = vary(kind)
    peer.writes(SUPPORT, "An order", "Please confirm.")
    rest(stage, lambda mail: peer.answers(mail, says()), peer)
    for question in ("Which order?", "I do not understand.", "Are you a person?", "Hello?"):
        stage.forward(minutes=5)
        john.answers(john.inbox[-1], question)
        rest(stage, lambda mail: peer.answers(mail, says()), peer)
    notices = [mail for mail in john.inbox if "looks like a machine" in mail.text]
    assert len(notices) == 1
    assert "same words" in notices[0].text
    number = stage.app.store.tickets(limit=2)[0].number
    before = len(john.inbox)
    peer.answers(peer.inbox[-1], says())
    stage.settle()
    assert len(john.inbox) == before
    assert fates(stage)[-1] == "filed"
    john.answers(notices[0], "#person")
    assert f"{peer.email} → none" in john.got("Done", "Machines").text
    before = len(john.inbox)
    peer.answers(peer.inbox[-1], "I am a person after all.")
    stage.settle()
    assert len(john.inbox) == before + 1
    assert "I am a person" in john.inbox[-1].text
    assert stage.ticket(number).status == "open"


def test_another_help_desk_that_confirms_every_letter(stage: Stage) -> None:
    """With its own number in the subject, a new one every time, and no header that says what it is."""
    peer, john = robot(stage), stage.agent("john")
    numbers = iter(range(100, 1000))

    def confirms(mail: Mail) -> None:
        number = next(numbers)
        text = f"This is request {number}. Please keep [shop #{number}] in the subject."
        peer.writes(SUPPORT, f"[shop #{number}] AutoReply: {mail.subject}", text)

    peer.writes(SUPPORT, "An order", "Please confirm.")
    rest(stage, confirms, peer)
    john.answers(john.got("Please confirm"), "Which order?")
    rest(stage, confirms, peer)
    in_bounds(stage, peer.inbox, peer._written + 1)


# --------------------------------------------------------------------- our own address


def test_our_own_address_on_copy_and_a_reply_to_all(stage: Stage) -> None:
    karen, john = stage.person("Karen", KAREN), stage.agent("john")
    karen.writes(SUPPORT, "My card", "It is gone.", Cc=f"{SUPPORT}, access@bank.example")
    acknowledgement = karen.got("arrived safely")
    message = EmailMessage()
    message["From"], message["To"], message["Cc"] = KAREN, reply_address(acknowledgement), SUPPORT
    message["Subject"], message["Message-ID"] = f"Re: {acknowledgement.subject}", "<all@customer.example>"
    message["In-Reply-To"] = ids(header(acknowledgement, "Message-ID"))[0]
    message.set_content("And thank you all.")
    hand_in(stage, message.as_bytes(), reply_address(acknowledgement), mail_from=KAREN)
    hand_in(stage, message.as_bytes(), SUPPORT, mail_from=KAREN)  # its copy, in a transaction of its own
    stage.settle()
    assert len(karen.inbox) == 1
    assert len([mail for mail in john.inbox if "thank you all" in mail.text]) == 1
    in_bounds(stage, karen.inbox, 3, tickets=1)


@pytest.mark.parametrize("mends", [False, True])
def test_a_list_that_sends_our_acknowledgement_back(stage: Stage, mends: bool) -> None:
    """A list is the requester and we are a member; some lists put themselves into From and give a new id."""
    peer = stage.person("Members", "members@lists.example")
    back = 0

    def distributes(mail: Mail) -> None:
        nonlocal back
        back += 1
        raw = b"List-Id: <members.lists.example>\r\nPrecedence: list\r\n" + mail.raw
        if mends:
            raw = re.sub(rb"(?mi)^From: [^\r\n]*(\r?\n[ \t][^\r\n]*)*", b"From: members@lists.example", raw)
            raw = re.sub(rb"(?mi)^Message-ID:\s*<[^>]*>", b"Message-ID: <%d@lists.example>" % back, raw)
        hand_in(stage, raw, SUPPORT, mail_from="members-bounces@lists.example")

    peer.writes(SUPPORT, "A question", "From all of us.")
    rest(stage, distributes, peer)
    assert back == len(peer.inbox) == 1
    in_bounds(stage, peer.inbox, 1 + back, tickets=1)


# --------------------------------------------------------------------- two desks


@pytest.fixture
def other(made: Path, tmp_path: Path) -> Iterator[Stage]:
    """A desk of the same make at shop.example: the same tag, other secrets."""
    config = Path(shutil.copytree(made, tmp_path / "other")) / "config.toml"
    config.write_text(config.read_text().replace("bank.example", "shop.example"))
    (config.parent / "secret.key").write_text(f"1 {'5a' * 32}\n")
    with Stage(load(config)) as stage:
        yield stage


def carry(here: Stage, there: Stage, strip: bool) -> int:
    """What one desk wrote to the other goes there; `strip`: with every sign of a machine gone, under a new id."""
    sent, here.lost = here.lost, []
    for envelope in sent:
        raw = envelope.raw
        if strip:
            fresh = f"Message-ID: <{hashlib.sha256(raw).hexdigest()}@relay.example>".encode()
            raw = re.sub(rb"(?mi)^Message-ID:\s*<[^>]*>", fresh, raw)
            gone = (
                rb"(?mi)^(?:Auto-Submitted|X-[A-Za-z-]+|In-Reply-To|References|Precedence):[^\n]*\n(?:[ \t][^\n]*\n)*"
            )
            head, blank, body = raw.partition(b"\r\n\r\n")
            raw = re.sub(gone, b"", head + b"\r\n").rstrip(b"\r\n") + blank + body
        hand_in(there, raw, *envelope.rcpts, mail_from=envelope.mail_from)
    return len(sent)


@pytest.mark.parametrize("strip", [False, True])
def test_two_desks_that_know_nothing_of_each_other(stage: Stage, other: Stage, strip: bool) -> None:
    john = stage.agent("john")
    for desk in (stage, other):  # the agents' mailboxes of both desks
        for key in desk.app.policy.agents.keys() - {"john"} if desk is stage else desk.app.policy.agents:
            desk.agent(key)
    forged = EmailMessage()
    forged["From"], forged["To"], forged["Subject"] = "support@shop.example", SUPPORT, "An order"
    forged["Message-ID"] = "<begin@shop.example>"
    forged.set_content("Please confirm.")
    hand_in(stage, forged.as_bytes(), SUPPORT, mail_from="support@shop.example")
    to_us, to_them = 2, 0  # that one and John's answer
    every: list[Envelope] = []
    for turn in range(ROUNDS):
        if turn == 4:
            john.answers(john.got("Please confirm"), "Which order?")
        stage.settle()
        every += stage.lost
        went = carry(stage, other, strip)
        other.settle()
        came = carry(other, stage, strip)
        to_them, to_us = to_them + went, to_us + came
        if turn > 4 and not went and not came:
            break
    else:
        pytest.fail(f"{to_them} letters there, {to_us} back, and no end")
    letters = [Mail(envelope.raw, john.inbox[0].message) for envelope in every]
    assert len([mail for mail in letters if automatic(mail)]) <= 1
    assert to_them <= 3
    assert to_us <= 5
    for desk, received in ((stage, to_us), (other, to_them)):
        assert len(desk.app.store.tickets(limit=100)) <= 2
        assert len(fates(desk)) == received
