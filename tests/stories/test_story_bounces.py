"""Letters of ours that come back: whoever wrote them hears of it, the clocks run on, dead addresses have peace."""

from __future__ import annotations

import json
from email.message import EmailMessage

import pytest
from stories_rig import KAREN, SUPPORT, bounce_address, fates, hand_in, header, parsed, words

from maild import cli
from maild.core.model import Status
from maild.demo.people import Mail, Person, phone
from maild.demo.stage import Stage
from maild.demo.stories import number_of

HOME = "karen@home.example"
GONE = "550 5.1.1 <karen@customer.example>: Recipient address rejected: User unknown"


def report(mail: Mail, *, status: str = "5.1.1", action: str = "failed", said: str = GONE) -> bytes:
    """A delivery report about a letter that somebody got, as Postfix writes one (RFC 3464)."""
    to, original = bounce_address(mail), parsed(mail)
    failed = action == "failed"
    head = "\n".join(f"{name}: {original[name]}" for name in ("From", "To", "Subject", "Message-ID") if original[name])
    return f"""\
Return-Path: <>
Received: by mx.customer.example (Postfix) id {hash((to, action, status)) & 0xFFFFFF:06X}; Fri, 20 Nov 2026 12:00:00 +0000 (UTC)
Date: Fri, 20 Nov 2026 12:00:00 +0000 (UTC)
From: MAILER-DAEMON@mx.customer.example (Mail Delivery System)
Subject: {"Undelivered Mail Returned to Sender" if failed else "Delayed Mail (still being retried)"}
To: {to}
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="4Bnc/mx.customer.example"
Message-Id: <{action}.{abs(hash((to, action, status)))}@mx.customer.example>

This is a MIME-encapsulated message.

--4Bnc/mx.customer.example
Content-Description: Notification
Content-Type: text/plain; charset=us-ascii

This is the mail system at host mx.customer.example.

I'm sorry to have to inform you that your message could not
be delivered to one or more recipients.

<karen@customer.example>: host mx.customer.example said: {said}

--4Bnc/mx.customer.example
Content-Description: Delivery report
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.customer.example
X-Postfix-Sender: rfc822; {to}
Arrival-Date: Fri, 20 Nov 2026 11:59:59 +0000 (UTC)

Final-Recipient: rfc822; karen@customer.example
Original-Recipient: rfc822;karen@customer.example
Action: {action}
Status: {status}
Diagnostic-Code: smtp; {said}

--4Bnc/mx.customer.example
Content-Description: Undelivered Message Headers
Content-Type: text/rfc822-headers

{head}

--4Bnc/mx.customer.example--
""".replace("\n", "\r\n").encode()


def comes_home(stage: Stage, mail: Mail, **how: str) -> None:
    hand_in(stage, report(mail, **how), bounce_address(mail), mail_from="")


def complaint(mail: Mail) -> bytes:
    """What a mail provider sends when somebody presses the button (RFC 5965); who did is taken out."""
    original = parsed(mail)
    return f"""\
From: <abuse@provider.example>
Date: Fri, 20 Nov 2026 12:00:00 +0000
Subject: FW: {original["Subject"]}
To: <{SUPPORT}>
Message-ID: <arf.{hash(mail.raw) & 0xFFFFFF}@provider.example>
MIME-Version: 1.0
Content-Type: multipart/report; report-type=feedback-report; boundary="arf"

--arf
Content-Type: text/plain; charset="US-ASCII"
Content-Transfer-Encoding: 7bit

This is an email abuse report for an email message received on Fri, 20 Nov 2026.

--arf
Content-Type: message/feedback-report

Feedback-Type: abuse
User-Agent: SomeGenerator/1.0
Version: 1

--arf
Content-Type: message/rfc822
Content-Disposition: inline

From: {original["From"]}
To: <redacted>
Subject: {original["Subject"]}
Message-ID: {original["Message-ID"]}

Redacted.
--arf--
""".replace("\n", "\r\n").encode()


def quiet(stage: Stage, *people: Person) -> bool:
    """Whether nobody has got anything that was not looked at."""
    stage.settle()
    return all(mail.seen for person in people for mail in person.inbox)


def suppressed(stage: Stage, capsys: pytest.CaptureFixture[str], *more: str) -> str:
    """What `maild suppressed` says."""
    capsys.readouterr()
    assert cli.main(["suppressed", "-c", str(stage.app.config.path), *more]) == 0
    return capsys.readouterr().out


@pytest.fixture
def desk(stage: Stage) -> tuple[Person, Person, Person, Mail, int]:
    """Karen has written, John has handed it to Jane: Karen, Jane, John, Jane's alert, the number."""
    karen, jane, john = stage.person("Karen Black", KAREN, phone), stage.agent("jane"), stage.agent("john")
    karen.writes(SUPPORT, "The app is down", "It says code 23.")
    number = number_of(karen.got("arrived safely"))
    john.answers(john.got("code 23"), "#assign jane\n#unwatch")
    alert = jane.got("code 23")
    john.got("Done")
    assert quiet(stage, karen, jane, john)
    return karen, jane, john, alert, number


def test_an_answer_comes_back_and_karen_is_found_again(
    stage: Stage, desk: tuple[Person, Person, Person, Mail, int], capsys: pytest.CaptureFixture[str]
) -> None:
    karen, jane, john, alert, number = desk
    begun = stage.ticket(number).clock_from
    jane.answers(alert, "Please sign in again, that was it.\n#resolved")
    solution = karen.got("sign in again")
    jane.got("Done")
    assert quiet(stage, karen, jane, john)
    assert stage.ticket(number).status == Status.RESOLVED
    assert stage.ticket(number).responded_at

    # The solution comes home: Jane, who wrote it, is told in words and reads it again; nobody else is bothered.
    comes_home(stage, solution)
    told = jane.got("could not be delivered: there is no such mailbox", "sign in again, that was it", "open again")
    assert number_of(told) == number
    assert "User unknown" in words(told)
    ticket = stage.ticket(number)
    assert (ticket.status, ticket.responded_at, ticket.resolved_at) == (Status.OPEN, None, None)
    assert ticket.clock_from == begun  # the promise is the old one: nobody has read what met it
    assert ticket.next_due is not None
    assert suppressed(stage, capsys).splitlines()[1].split()[:2] == [KAREN, "dead"]

    # A hundred more reports about it say nothing new, and neither does one about an alert.
    for number_of_report in range(100):
        raw = report(solution).replace(b"<failed.", b"<failed.%d." % number_of_report)
        hand_in(stage, raw, bounce_address(solution), mail_from="")
    comes_home(stage, told)
    assert quiet(stage, karen, jane, john)
    stage.settle()
    assert [entry.author for entry in stage.entries(number)].count("courier") == 2  # the note, and the status

    # Nothing automatic goes there: the closing without words stays unsent. Jane's own words are tried.
    john.answers(john.inbox[0], "#close")
    john.got("Done")
    jane.got("closed")
    stage.settle()
    assert quiet(stage, karen)
    (unsent,) = stage.app.store.outbox(state="suppressed")
    assert (unsent.letter.template, unsent.letter.to.email) == ("closure", KAREN)
    jane.answers(told, "#reopen\nIs anybody there?")
    karen.got("Is anybody there?")
    assert "there is no such mailbox" in words(jane.got("mail to this address has been coming back"))
    jane.got("Done")

    # Karen writes from that address: it lives, and everything flows again.
    stage.forward(days=2)  # one receipt a day is enough for anybody
    karen.writes(SUPPORT, "Something new", "My mailbox is back.")
    karen.got("arrived safely")
    john.got("mailbox is back")
    assert suppressed(stage, capsys) == "Every address gets the letters meant for it.\n"
    assert quiet(stage, karen)
    assert set(fates(stage)) == {"ticket", "command", "reply", "bounce"}


def test_mail_goes_to_the_other_address_of_a_person(
    stage: Stage, desk: tuple[Person, Person, Person, Mail, int], capsys: pytest.CaptureFixture[str]
) -> None:
    karen, jane, _, alert, number = desk
    jane.answers(alert, "Which phone is it?")
    asked = karen.got("Which phone")
    home = stage.person("Karen Black", HOME, phone)
    home.answers(asked, "Writing from home.")
    jane.got("Writing from home")
    stage.app.desk.command(number, "#accept same", "jane")
    jane.got("Done")
    comes_home(stage, asked)
    told = jane.got("could not be delivered", f"also known as {HOME}")
    jane.answers(told, f"#cc {HOME}\n\nWhich phone is it?")
    jane.answers(jane.got("takes part"), "Yes.")  # that somebody else reads a ticket is asked about first
    home.got("Which phone is it?")
    stage.settle()
    assert json.loads(suppressed(stage, capsys, "--json"))[0]["email"] == KAREN
    assert "again" in suppressed(stage, capsys, "--release", f"<{KAREN}>")
    assert json.loads(suppressed(stage, capsys, "--json")) == []
    assert cli.main(["suppressed", "-c", str(stage.app.config.path), "--release", KAREN]) == 65


def test_what_is_late_is_told_to_its_author_once_and_full_mailboxes_are_not_dead(
    stage: Stage, desk: tuple[Person, Person, Person, Mail, int], capsys: pytest.CaptureFixture[str]
) -> None:
    karen, jane, john, alert, number = desk
    jane.answers(alert, "We are on it.")
    answer = karen.got("We are on it.")
    stage.settle()
    responded = stage.ticket(number).responded_at
    for _ in range(2):
        comes_home(stage, answer, action="delayed", status="4.4.1", said="connect to mx: Connection timed out")
    jane.got("has not arrived yet: their mail server does not answer", "nothing for you to do")
    assert quiet(stage, jane, john, karen)
    assert stage.ticket(number).responded_at == responded
    comes_home(stage, answer, status="4.2.2", said="452 4.2.2 Over quota")
    told = jane.got("could not be delivered: the mailbox is full", "We are on it.")
    assert "nothing automatic" not in words(told)
    stage.settle()
    assert stage.ticket(number).responded_at is None
    assert "Every address" in suppressed(stage, capsys)
    # The acknowledgement of the same letter is reported of as well: those responsible have heard enough.
    comes_home(stage, karen.inbox[0])
    assert quiet(stage, jane, john)


def test_a_complaint_ends_what_nobody_wrote(
    stage: Stage, desk: tuple[Person, Person, Person, Mail, int], capsys: pytest.CaptureFixture[str]
) -> None:
    karen, jane, john, alert, number = desk
    admin = stage.person("Admin", stage.app.policy.admin)
    receipt = karen.inbox[0]
    for _ in range(2):
        hand_in(stage, complaint(receipt), SUPPORT, mail_from="abuse@provider.example")
    told = admin.got("called a letter of ours spam", KAREN)
    assert f"maild suppressed --release {KAREN}" in words(told)
    assert quiet(stage, admin, jane, john, karen)
    assert any("was called spam" in entry.text for entry in stage.entries(number))
    assert [line.split()[1] for line in suppressed(stage, capsys).splitlines()[1:]] == ["complaint"]

    karen.writes(SUPPORT, "Once more", "Hello?")  # that she writes takes nothing back
    again = john.got("Hello?")
    assert quiet(stage, karen)
    jane.answers(alert, "An answer of mine.")
    karen.got("An answer of mine.")
    john.answers(again, "#close")
    john.got("Done")
    assert quiet(stage, karen)
    assert [row.letter.template for row in stage.app.store.outbox(state="suppressed")] == ["closure"]

    suppressed(stage, capsys, "--release", KAREN)
    stage.forward(days=2)  # one receipt a day is enough for anybody
    karen.writes(SUPPORT, "And again", "Is it better now?")
    karen.got("arrived safely")


def test_reports_that_nobody_made_and_answers_to_the_envelope_sender(
    stage: Stage, desk: tuple[Person, Person, Person, Mail, int], capsys: pytest.CaptureFixture[str]
) -> None:
    karen, jane, john, alert, number = desk
    jane.answers(alert, "Which phone do you have?")
    answer = karen.got("Which phone")
    stage.settle()
    before, entries = stage.ticket(number), stage.entries(number)
    true = bounce_address(answer)
    local, _, domain = true.partition("@")
    wrong = f"{local[:-2]}{'aa' if local[-2:] != 'aa' else 'bb'}@{domain}"
    hand_in(stage, report(answer).replace(true.encode(), wrong.encode()), wrong, mail_from="")
    stage.settle()
    assert stage.ticket(number) == before
    assert stage.entries(number) == entries
    assert "Every address" in suppressed(stage, capsys)
    assert fates(stage)[-1] == "filed"

    # A client that answers to the envelope sender: it is Karen, and she is heard.
    message = EmailMessage()
    message["From"], message["To"] = f"Karen Black <{KAREN}>", true
    message["Subject"], message["Message-ID"] = f"Re: {answer.subject}", "<odd@customer.example>"
    message["In-Reply-To"] = header(answer, "Message-ID")
    message.set_content("The black one.")
    hand_in(stage, message.as_bytes(), true, mail_from=KAREN)
    assert number_of(jane.got("The black one.")) == number
    assert quiet(stage, jane, john, karen)


def test_the_relay_itself_says_no(stage: Stage) -> None:
    """A refusal at RCPT is the same news as a report: one function, one suppression, one alert."""
    john, karen = stage.agent("john"), stage.person("Karen Black", KAREN)
    stage.gone.add(KAREN)
    karen.writes(SUPPORT, "The app is down", "It says code 23.")
    alert = john.got("code 23")
    number = number_of(alert)
    john.got("acknowledgement", "there is no such mailbox", "nothing automatic")
    stage.settle()
    assert [one.email for one in stage.app.store.suppressed()] == [KAREN]
    assert [entry.text.splitlines()[0] for entry in stage.entries(number) if entry.author == "courier"] == [
        f"The letter (acknowledgement) to {KAREN} could not be delivered: there is no such mailbox"
    ]
    john.answers(alert, "Is anybody there?")
    john.got("mail to this address has been coming back")
    john.got("The answer to", "could not be delivered", "Is anybody there?")
    assert karen.inbox == []
    stage.settle()
    assert stage.ticket(number).responded_at is None
