"""What goes wrong between people: copies, lost headers, forgers, machines, bounces, typing errors, other clients."""

from __future__ import annotations

from collections.abc import Callable
from email.header import decode_header, make_header
from email.message import EmailMessage

import pytest
from stories_rig import (
    KAREN,
    SUPPORT,
    bounce_address,
    fates,
    files,
    forged,
    hand_in,
    header,
    ids,
    parsed,
    reply_address,
    words,
    written,
)

from maild.core.model import Status
from maild.demo.people import File, Mail, NotArrived, Person, outlook, phone
from maild.demo.stage import Stage
from maild.demo.stories import number_of


def opened(stage: Stage, subject: str = "The app is down") -> tuple[Person, Person, Mail, int]:
    """Karen has written: Karen, John, his alert, the number."""
    karen, john = stage.person("Karen Black", KAREN, phone), stage.agent("john")
    karen.writes(SUPPORT, subject, "It says code 23.")
    number = number_of(karen.got("arrived safely"))
    alert = john.got("code 23")
    stage.settle()
    return karen, john, alert, number


def nothing_new(stage: Stage, person: Person) -> bool:
    stage.settle()
    return all(mail.seen for mail in person.inbox)


# --------------------------------------------------------------------- which ticket


def test_the_same_letter_to_two_of_our_addresses_is_one_ticket(stage_with: Callable[..., Stage]) -> None:
    stage = stage_with(('address = "access@bank.example"', 'address = "access@bank.example"\nteam = "online-banking"'))
    karen, john, jane = stage.person("Karen", KAREN), stage.agent("john"), stage.agent("jane")
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = KAREN, f"{SUPPORT}, access@bank.example", "Locked out"
    message["Message-ID"] = "<twice@customer.example>"
    message.set_content("I cannot get in.")
    hand_in(stage, message.as_bytes(), SUPPORT, mail_from=KAREN)
    number = number_of(karen.got("arrived safely"))
    john.got("cannot get in")
    hand_in(stage, message.as_bytes(), "access@bank.example", mail_from=KAREN)
    jane.got("cannot get in")
    assert nothing_new(stage, karen)
    assert nothing_new(stage, john)
    assert fates(stage) == ["ticket", "duplicate"]
    assert [t.number for t in stage.app.store.tickets()] == [number]
    # Other words under the same id are a letter of its own, also after a copy that has no words in the thread.
    message.set_content("Now I can.")
    hand_in(stage, message.as_bytes(), SUPPORT, mail_from=KAREN)
    john.got("Now I can.")
    stage.settle()
    assert fates(stage)[2] != "duplicate"


def test_one_transaction_to_two_addresses_tells_both_teams(stage_with: Callable[..., Stage]) -> None:
    stage = stage_with(('address = "access@bank.example"', 'address = "access@bank.example"\nteam = "online-banking"'))
    karen, john, jane = stage.person("Karen", KAREN), stage.agent("john"), stage.agent("jane")
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = KAREN, f"{SUPPORT}, access@bank.example", "Hello"
    message.set_content("Good morning, both of you.")
    hand_in(stage, message.as_bytes(), SUPPORT, "access@bank.example", mail_from=KAREN)
    number_of(karen.got("arrived safely"))
    john.got("Good morning")
    jane.got("Good morning")
    stage.settle()
    assert fates(stage) == ["ticket"]


def test_the_token_in_the_subject_is_enough_for_the_requester(stage: Stage) -> None:
    karen, john, _, number = opened(stage)
    token = f"[{karen.inbox[0].subject.split('[')[1]}"
    karen.writes(SUPPORT, f"AW: something else entirely {token.lower()}", "Still broken.")
    assert number_of(john.got("Still broken.")) == number
    stranger = stage.person("Eve", "eve@elsewhere.example")
    stranger.writes(SUPPORT, f"Re: {token}", "Tell me all about it.")
    assert number_of(stranger.got("arrived safely")) != number  # a token names a ticket, it opens nothing
    stage.settle()
    assert fates(stage) == ["ticket", "reply", "ticket"]
    wrong = token.replace(token[-2], "A" if token[-2] != "A" else "B")
    karen.writes(SUPPORT, f"Re: {wrong}", "A mistyped token.")
    assert number_of(john.got("A mistyped token.")) != number


def test_an_answer_from_another_address_is_kept_inside(stage: Stage) -> None:
    karen, john, alert, number = opened(stage)
    john.answers(alert, "Which phone do you have?")
    answer = karen.got("Which phone")
    private = stage.person("Karen at home", "karen@home.example")
    private.answers(answer, "Writing from home: an old one.")
    told = john.got("Writing from home")
    assert "not the requester" in words(told)
    assert "karen@home.example" in words(told)
    assert nothing_new(stage, karen)
    assert private.inbox == []
    entry = stage.entries(number)[-1]
    assert (entry.text, entry.public) == ("Writing from home: an old one.", False)
    john.answers(told, "Thank you.")  # goes to the requester, not to whoever wrote last
    assert karen.got("Thank you.")
    assert private.inbox == []
    assert fates(stage) == ["ticket", "reply", "reply", "reply"]


# --------------------------------------------------------------------- who may


def test_forged_mail_of_an_agent_does_nothing_and_the_agent_hears_of_it(stage: Stage) -> None:
    karen, john, alert, number = opened(stage)
    jane = stage.agent("jane")
    token, root = karen.inbox[0].subject.split("safely")[-1], ids(header(alert, "Message-ID"))[0]
    before, entries = stage.ticket(number), stage.entries(number)
    john_s = "John Miller <john@bank.example>"
    forged(stage, john_s, SUPPORT, f"Re: {token}", "#close\n\nYour account is closed.")
    forged(stage, john_s, SUPPORT, "Re: x", "#close spam", In_Reply_To=root, References=root)
    forged(stage, john_s, reply_address(karen.inbox[0]), "Re: x", "Send your PIN to evil@evil.example")
    forged(stage, "Jane <jane@bank.example>", reply_address(alert), "Re: x", "#close")  # another agent's address
    forged(stage, "Eve <evil@evil.example>", reply_address(alert), "Re: x", "#close")
    stage.settle()
    assert fates(stage) == ["ticket", *["quarantined"] * 5]
    assert stage.ticket(number) == before
    assert stage.entries(number) == entries
    assert nothing_new(stage, karen)
    warnings = [mail for person in (john, jane) for mail in person.inbox if "nobody got it" in words(mail)]
    assert {header(mail, "To") for mail in warnings} == {
        "John Miller <john@bank.example>",
        "Jane Doe <jane@bank.example>",
    }
    assert not any("PIN" in words(mail) for person in (karen, john, jane) for mail in person.inbox)
    john.answers(alert, "#take")  # and the true John works on
    stage.settle()
    assert stage.ticket(number).agent == "john"


def test_commands_of_a_requester_are_only_words(stage: Stage) -> None:
    karen, john, _, number = opened(stage)
    karen.answers(karen.inbox[0], "#close\n#priority emergency\n\nPlease hurry.")
    assert "#priority emergency" in words(john.got("Please hurry."))
    assert stage.ticket(number).status == Status.NEW
    assert stage.ticket(number).priority == "high"  # the rule's, not hers


@pytest.mark.parametrize("typo", ["#ntoe", "#noet", "#notes", "#Note:x", "#intern"])
def test_a_typing_error_in_note_sends_nothing_to_karen(stage: Stage, typo: str) -> None:
    karen, john, alert, number = opened(stage)
    john.answers(alert, f"{typo}\nShe has no idea, as usual.")
    if typo == "#Note:x":  # no error: a colon may stand there
        stage.settle()
        assert [e.kind for e in stage.entries(number)][-1] == "note"
    else:
        assert "no idea" in words(john.got("Nothing was done", typo))  # his words are not lost
        assert not any("no idea" in e.text for e in stage.entries(number))
    assert nothing_new(stage, karen)
    assert not any("no idea" in words(mail) for mail in karen.inbox)


# --------------------------------------------------------------------- time


def test_a_reply_within_the_confirm_window_reopens_and_one_after_it_continues(stage: Stage) -> None:
    karen, john, alert, number = opened(stage)
    john.answers(alert, "Restarted.\n#resolved")
    closure = karen.got("Restarted.")
    stage.forward(days=2)
    assert stage.ticket(number).status == Status.RESOLVED
    karen.answers(closure, "It is down again.")
    again = john.got("open again", "down again")
    stage.settle()
    assert stage.ticket(number).status == Status.OPEN
    stage.forward(days=2)  # the old window must not close it
    assert stage.ticket(number).status == Status.OPEN
    john.answers(again, "Replaced.\n#resolved")
    closure = karen.got("Replaced.")
    stage.forward(days=3, hours=1)
    assert stage.ticket(number).status == Status.CLOSED
    assert nothing_new(stage, karen)  # the closing itself is silent
    karen.answers(closure, "And now the other phone.")
    new = john.got("other phone")
    assert number_of(new) != number
    linked = stage.entries(number_of(new))[0]
    assert linked.data["linked"] == [number]
    assert stage.ticket(number).status == Status.CLOSED


def test_each_broken_promise_is_told_once(stage: Stage) -> None:
    karen, john, alert, number = opened(stage)
    john.answers(alert, "#sla sev-a")
    stage.settle()

    def overdue(what: str) -> int:
        return sum(f"The {what} on" in words(mail) for mail in john.inbox)

    stage.forward(minutes=50)
    assert (overdue("first response"), overdue("resolution")) == (0, 0)
    stage.forward(minutes=20)
    stage.forward(minutes=20)
    assert (overdue("first response"), overdue("resolution")) == (1, 0)
    stage.forward(hours=3)
    stage.forward(hours=30)
    assert (overdue("first response"), overdue("resolution")) == (1, 1)
    assert stage.ticket(number).marks == ("breach:response", "breach:resolution")
    assert nothing_new(stage, karen) or all("overdue" not in words(mail) for mail in karen.inbox)


# --------------------------------------------------------------------- machines


def bounce(to: str, recipient: str) -> bytes:
    """A delivery report (RFC 3464) as a mail server writes it."""
    return (
        f"From: Mail Delivery System <MAILER-DAEMON@customer.example>\r\nTo: {to}\r\n"
        "Subject: Undelivered Mail Returned to Sender\r\nMessage-ID: <dsn@customer.example>\r\n"
        "Auto-Submitted: auto-replied\r\nMIME-Version: 1.0\r\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\r\n\r\n'
        "--b\r\nContent-Type: text/plain\r\n\r\nI am sorry.\r\n"
        "--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.customer.example\r\n\r\n"
        f"Final-Recipient: rfc822; {recipient}\r\nAction: failed\r\nStatus: 5.1.1\r\n"
        "Diagnostic-Code: smtp; 550 5.1.1 mailbox unknown\r\n\r\n--b--\r\n"
    ).encode()


def test_a_bounce_of_an_answer_reaches_the_agent(stage: Stage) -> None:
    karen, john, alert, number = opened(stage)
    john.answers(alert, "Please try again.")
    answer = karen.got("Please try again.")
    stage.settle()
    assert stage.ticket(number).responded_at
    to = bounce_address(answer)
    assert to != SUPPORT
    hand_in(stage, bounce(to, KAREN), to, mail_from="")
    told = john.got("could not be delivered", "mailbox unknown")
    assert number_of(told) == number
    stage.settle()
    assert stage.ticket(number).responded_at is None  # what did not arrive was no answer
    assert nothing_new(stage, karen)
    hand_in(stage, bounce(to, KAREN), to, mail_from="")  # the very same report again
    stage.settle()
    assert nothing_new(stage, john)
    assert fates(stage) == ["ticket", "reply", "bounce", "duplicate"]


def test_a_bounce_of_an_alert_starts_no_avalanche(stage: Stage) -> None:
    karen, john, alert, _ = opened(stage)
    for to in (bounce_address(alert), bounce_address(karen.inbox[0]), SUPPORT):
        hand_in(stage, bounce(to, john.email).replace(b"<dsn@", f"<{to}".encode()), to, mail_from="")
    stage.settle()
    assert len(john.inbox) <= 2
    assert len(karen.inbox) == 1
    assert len(stage.app.store.tickets()) == 1


class Responder:
    """Answers every letter it gets, for as long as it is asked to."""

    def __init__(self, stage: Stage, robot: Person, answer: Callable[[Mail], None]) -> None:
        self._stage, self.robot, self._answer = stage, robot, answer

    def rounds(self, most: int = 8) -> int:
        """How many letters it wrote until there was nothing left to answer, or `most` rounds were over."""
        written = 0
        for _ in range(most):
            self._stage.settle()
            fresh = [mail for mail in self.robot.inbox if not mail.seen]
            for mail in fresh:
                mail.seen = True
                self._answer(mail)
                written += 1
            if not fresh:
                break
        return written


@pytest.mark.parametrize("manners", ["good", "none", "worst"])
def test_a_machine_that_answers_everything_gets_one_acknowledgement(stage: Stage, manners: str) -> None:
    """Good: RFC 3834. None: an ordinary reply. Worst: a new letter under a new subject to the plain address."""
    robot, john = stage.person("Shop", "orders@machine.example"), stage.agent("john")
    robot.writes(SUPPORT, "Order 4711", "Where is it?")

    def answer(mail: Mail) -> None:
        if manners == "good":
            headers = {"Auto-Submitted": "auto-replied", "In-Reply-To": header(mail, "Message-ID")}
            robot.writes(reply_address(mail), f"Out of office: {mail.subject}", "I am away.", **headers)
        elif manners == "none":
            robot.answers(mail, "I am away.")
        else:
            robot.writes(SUPPORT, f"Ticket {len(robot.inbox)} was opened", "We have received your message.")

    responder = Responder(stage, robot, answer)
    assert responder.rounds() <= 2
    assert len(robot.inbox) == 1
    john.answers(john.got("Where is it?"), "It is on its way.")  # a person's words still reach it, once
    robot_wrote = responder.rounds()
    assert robot_wrote <= 2
    assert len(robot.inbox) == 2
    assert len(stage.app.store.tickets()) <= 3
    if manners == "good":
        assert fates(stage) == ["ticket", "filed", "reply", "filed"]
        assert len(john.inbox) == 1  # nobody is told that a machine is away


def test_an_agent_who_is_away_changes_nothing(stage: Stage) -> None:
    karen, john, alert, number = opened(stage)
    before = stage.ticket(number)
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = (
        john.email,
        reply_address(alert),
        f"Out of office: {alert.subject}",
    )
    message["Message-ID"], message["Auto-Submitted"] = "<ooo@bank.example>", "auto-replied"
    message.set_content("I am on holiday; in urgent cases call Sam. My locker holds the keys.")
    hand_in(stage, message.as_bytes(), reply_address(alert), mail_from="")
    stage.settle()
    assert fates(stage) == ["ticket", "filed"]
    assert stage.ticket(number).status == before.status
    assert nothing_new(stage, karen)
    assert not any("locker" in words(mail) for mail in karen.inbox)


# --------------------------------------------------------------------- other clients


HTML = """<html><body><div dir="ltr">Nur <b>HTML</b> von mir &amp; &#128512;<br>zweite Zeile</div><br>
<div class="gmail_quote"><div dir="ltr" class="gmail_attr">On Mon, John Miller &lt;{sender}&gt; wrote:<br></div>
<blockquote class="gmail_quote" style="margin:0 0 0 .8ex;border-left:1px solid #ccc">{quoted}</blockquote></div>
<script>alert(1)</script></body></html>"""


def test_a_client_that_writes_html_only_is_understood(stage: Stage) -> None:
    karen, john, alert, number = opened(stage)
    john.answers(alert, "Which phone do you have, please?")
    answer = karen.got("Which phone")
    message = EmailMessage()
    message["From"], message["To"] = f"Karen Black <{KAREN}>", reply_address(answer)
    message["Subject"], message["Message-ID"] = f"Re: {answer.subject}", "<html@customer.example>"
    message["In-Reply-To"] = header(answer, "Message-ID")
    message.set_content(HTML.format(sender=SUPPORT, quoted="Which phone do you have, please?"), subtype="html")
    hand_in(stage, message.as_bytes(), reply_address(answer), mail_from=KAREN)
    told = john.got("zweite Zeile")
    entry = stage.entries(number)[-1]
    assert entry.text == "Nur HTML von mir & 😀\nzweite Zeile"
    assert "<script" not in words(told).replace("&lt;script", "")
    # An agent with such a client: his command counts, the quotation does not.
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = john.email, reply_address(told), f"Re: {told.subject}"
    message["Message-ID"] = "<agent-html@bank.example>"
    quoted = "#close<br>Which phone"
    message.set_content(
        HTML.replace("Nur <b>HTML</b> von mir &amp; &#128512;<br>zweite Zeile", "#priority low").format(
            sender=SUPPORT, quoted=quoted
        ),
        subtype="html",
    )
    hand_in(stage, message.as_bytes(), reply_address(told), mail_from=john.email)
    john.got("Done", "Priority")
    assert stage.ticket(number).priority == "low"
    assert stage.ticket(number).status == Status.OPEN
    assert nothing_new(stage, karen)


@pytest.mark.parametrize("client", [phone, outlook])
def test_long_conversations_grow_by_what_is_new(stage: Stage, client: Callable[[str, Mail], str]) -> None:
    karen, john, alert, number = opened(stage)
    karen.client = john.client = client
    said = ["It says code 23."]
    for turn in range(6):
        text = f"Question {turn}: " + "which of the many phones is it this time? " * 12
        john.answers(alert, text.strip())
        answer = karen.got(f"Question {turn}:")
        assert words(answer).count(f"Question {turn}:") == 2  # text and HTML twin, no history
        assert turn == 0 or f"Question {turn - 1}:" not in words(answer)
        reply = f"Answer {turn}: the black one.\n\nAnd > 5 others."
        karen.answers(answer, reply)
        alert = john.got(f"Answer {turn}:")
        said += [text.strip(), reply]
        stage.forward(minutes=40)  # nobody types the same words again at once: that would be a machine
    stage.settle()
    texts = [" ".join(e.text.split()) for e in stage.entries(number) if e.kind in ("message", "response")]
    signature = " Kind regards" if client is outlook else ""
    assert [text.removesuffix(signature) for text in texts] == [" ".join(text.split()) for text in said]
    assert len(fates(stage)) == written(stage)


def test_names_subjects_and_files_of_all_scripts_survive(stage: Stage) -> None:
    subject, name = "Überweisung über 5 € geht nicht 🙈 – größte Eile", "Jürgen Müßiggang 李明"
    file = File("Übersicht 📎 für Ämter.pdf", "ÄÖÜ".encode() * 1000)
    juergen, john = stage.person(name, "juergen@customer.example"), stage.agent("john")
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = f'"{name}" <juergen@customer.example>', SUPPORT, subject
    message["Message-ID"] = "<u@customer.example>"
    message.set_content("Das Geld ist weg. 😱")
    message.add_attachment(file.data, maintype="application", subtype="pdf", filename=file.name)
    hand_in(stage, message.as_bytes(), SUPPORT, mail_from="juergen@customer.example")
    number = number_of(juergen.got("arrived safely"))
    alert = john.got("Das Geld ist weg. 😱")
    assert subject in header(alert, "Subject")
    assert name in words(alert)
    assert files(alert) == {file.name: file.data}
    assert stage.ticket(number).requester.name == name
    john.answers(alert, "Wird geprüft: 100 %, versprochen. ✔\n#resolved", [file])
    answer = juergen.got("Wird geprüft: 100 %, versprochen. ✔")
    assert subject in header(answer, "Subject")
    assert files(answer) == {file.name: file.data}
    assert str(parsed(answer)["To"].addresses[0].display_name) == name
    head = answer.raw.partition(b"\r\n\r\n")[0]
    assert head.isascii()
    assert str(make_header(decode_header(header(answer, "Subject")))) == header(answer, "Subject")
    assert max(len(line) for line in answer.raw.split(b"\r\n")) <= 998


def test_an_empty_answer_of_an_agent_is_not_sent(stage: Stage) -> None:
    karen, john, alert, _ = opened(stage)
    john.answers(alert, "")
    assert "nobody got it" in words(john.got("Nothing was done"))
    assert nothing_new(stage, karen)
    with pytest.raises(NotArrived):
        karen.got("anything", within=0.1)
