"""Refused with courtesy, held, released: what strangers, pests and spammers meet, and what the admin does."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from email.message import EmailMessage

import pytest
from stories_rig import KAREN, SUPPORT, fates, forged, hand_in, header, reply_address, words

from maild.demo.people import Mail, Person
from maild.demo.stage import Stage

ADMIN = "postmaster@bank.example"
StageWith = Callable[..., Stage]


def intake(key: str, value: str) -> tuple[str, str]:
    """A change in [intake] of the example configuration."""
    lines = {
        "registration": 'registration = "open"',
        "banned": "banned = []",
        "accepted": "accepted = []",
        "open_tickets_per_sender": "open_tickets_per_sender = 0",
        "forbidden_attachments": "forbidden_attachments = []",
        "tell": "tell = true",
        "spam": 'spam = "quarantine"',
    }
    return lines[key], f"{key} = {value}"


def trusting() -> tuple[str, str]:
    return "trusted = []", 'trusted = ["mx.bank.example"]'


def last(stage: Stage) -> tuple[str, str]:
    """Fate and reason of the latest letter."""
    stage.settle()
    row = max(stage.app.store.ledger(limit=100), key=lambda row: row.mail_id)
    return str(row.fate), row.reason


def unseen(person: Person) -> list[Mail]:
    return [mail for mail in person.inbox if not mail.seen]


# --------------------------------------------------------------------- refused


def test_a_banned_sender_is_told_once_a_day_and_nothing_of_their_words(stage_with: StageWith) -> None:
    stage = stage_with(intake("banned", '["*@bad.example", "*.worse.example"]'))
    pest, john = stage.person("Pest", "pest@bad.example"), stage.agent("john")
    pest.writes(SUPPORT, "Cheap pills", "Buy my pills at pills.example!")
    told = pest.got("not accepted")
    assert not any(word in words(told).lower() for word in ("pill", "banned"))
    assert header(told, "Auto-Submitted") == "auto-replied"
    pest.writes(SUPPORT, "More pills", "Again.")
    assert last(stage) == ("refused", "pest@bad.example is banned, by *@bad.example in the configuration")
    stage.person("Other", "x@mail.worse.example").writes(SUPPORT, "Hello", "Hello.")
    assert last(stage)[0] == "refused"
    stage.settle()
    assert (len(pest.inbox), len(john.inbox)) == (1, 0)
    stage.forward(hours=25)
    pest.writes(SUPPORT, "Third", "And again.")
    pest.got("not accepted")
    assert stage.app.store.tickets() == []


def test_accepted_beats_banned(stage_with: StageWith) -> None:
    stage = stage_with(intake("banned", '["*@bad.example"]'), intake("accepted", '["good@bad.example"]'))
    good = stage.person("Good", "good@bad.example")
    stage.agent("john")
    good.writes(SUPPORT, "A question", "Where is my card?")
    good.got("arrived safely")
    assert last(stage)[0] == "ticket"


def test_accepted_is_no_use_to_who_only_claims_to_be(stage_with: StageWith) -> None:
    edits = (intake("banned", '["*@bad.example"]'), intake("accepted", '["good@bad.example"]'), trusting())
    stage = stage_with(*edits)
    good = stage.person("Good", "good@bad.example")
    failed = {"Authentication_Results": "mx.bank.example; dmarc=fail header.from=bad.example"}
    forged(stage, "good@bad.example", SUPPORT, "Hello", "It is me.", **failed)
    assert last(stage)[0] == "refused"
    assert good.inbox == []  # and whoever is forged hears nothing of it


@pytest.mark.parametrize("sign", ["Auto-Submitted", "List-Id", "X-Auto-Response-Suppress"])
def test_machines_are_never_told(stage_with: StageWith, sign: str) -> None:
    stage = stage_with(intake("banned", '["*@bad.example"]'))
    pest = stage.person("Pest", "pest@bad.example")
    value = {"Auto-Submitted": "auto-generated", "List-Id": "<l.bad.example>", "X-Auto-Response-Suppress": "All"}[sign]
    forged(stage, "pest@bad.example", SUPPORT, "News", "News.", **{sign.replace("-", "_"): value})
    assert last(stage)[0] == "refused"
    assert pest.inbox == []


def test_closed_registration_knows_who_has_a_ticket(stage_with: StageWith) -> None:
    stage = stage_with(intake("registration", '"known"'), intake("accepted", '["karen@customer.example"]'))
    karen, lena = stage.person("Karen", KAREN), stage.person("Lena", "lena@customer.example")
    stage.agent("john")
    karen.writes(SUPPORT, "My card", "It is gone.")
    karen.got("arrived safely")
    lena.writes(SUPPORT, "My card", "Mine, too.")
    assert "registered with us" in lena.got("not accepted").text
    assert "registration is 'known'" in last(stage)[1]


def test_an_admin_releases_what_was_refused(stage_with: StageWith) -> None:
    stage = stage_with(intake("registration", '"known"'))
    lena, john = stage.person("Lena", "lena@customer.example"), stage.agent("john")
    lena.writes(SUPPORT, "My card", "It is gone.")
    lena.got("not accepted")
    row = stage.app.store.ledger(limit=1)[0]
    assert stage.app.store.requeue(row.mail_id, confirmed=True)
    stage.app.work.wake()
    john.got("It is gone")
    assert fates(stage) == ["ticket"]
    lena.writes(SUPPORT, "And my key", "It is gone, too.")  # met before
    assert last(stage)[0] == "ticket"


def test_over_the_limit_of_open_tickets(stage_with: StageWith) -> None:
    stage = stage_with(intake("open_tickets_per_sender", "2"))
    karen, john = stage.person("Karen", KAREN), stage.agent("john")
    for subject in ("My card", "A loan", "The app"):
        karen.writes(SUPPORT, subject, f"{subject}.")
        stage.settle()
    assert fates(stage) == ["ticket", "ticket", "refused"]
    assert len(karen.inbox) == 1  # the acknowledgement: one automatic answer a day, whatever it says
    john.answers(john.got("A loan"), "#resolved\nNo.")
    karen.got("No.")
    karen.writes(SUPPORT, "The app", "Again.")
    assert last(stage)[0] == "ticket"


def with_file(stage: Stage, to: str, name: str, data: bytes, subject: str = "A file") -> None:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = KAREN, to, subject
    message["Message-ID"] = f"<{name.encode().hex()}{len(data)}@customer.example>"
    message.set_content("Look.")
    message.add_attachment(data, maintype="application", subtype="octet-stream", filename=name)
    hand_in(stage, message.as_bytes(), to, mail_from=KAREN)


def test_forbidden_files_by_name_and_by_what_they_are(stage_with: StageWith) -> None:
    kinds = '["*.js", "application/vnd.microsoft.portable-executable"]'
    stage = stage_with(intake("forbidden_attachments", kinds))
    karen, john = stage.person("Karen", KAREN), stage.agent("john")
    karen.writes(SUPPORT, "My card", "It is gone.")
    answer = reply_address(karen.got("arrived safely"))
    for name, data in (("Report.JS", b"x"), ("report.pdf", b"MZ\x90\x00"), ("a.js. ", b"y")):
        with_file(stage, SUPPORT, name, data)
        assert last(stage)[0] == "refused", name
    with_file(stage, answer, "again.js", b"z", "Re: My card")  # on an old ticket, too
    assert last(stage)[0] == "refused"
    with_file(stage, answer, "report.json", b"%PDF-1.7", "Re: My card")
    assert last(stage)[0] == "reply"
    stage.settle()
    assert [len(karen.inbox), len(john.inbox)] == [1, 2]


def test_a_ban_holds_on_old_tickets_and_agents_are_never_refused(stage_with: StageWith) -> None:
    edits = (intake("banned", '["*@bank.example", "*.example"]'), intake("registration", '"organisations"'))
    stage = stage_with(*edits)
    john = stage.agent("john")
    john.writes(SUPPORT, "The printer", "It is on fire.")
    assert last(stage)[0] == "ticket"
    karen = stage.person("Karen", KAREN)
    number = stage.app.store.tickets()[0].number
    karen.writes(SUPPORT, stage.app.store.tickets()[0].subject, f"About {number}.")
    assert last(stage)[0] == "refused"


# --------------------------------------------------------------------- spam


SPAM = {"X_Spam_Flag": "YES", "X_Spam_Score": "12.5"}


def test_spam_is_held_and_never_acknowledged(stage: Stage) -> None:
    karen, john = stage.person("Karen", KAREN), stage.agent("john")
    forged(stage, KAREN, SUPPORT, "Win", "You have won.", **SPAM)
    assert last(stage) == ("quarantined", "a spam filter on its way calls it spam, with a score of 12.5")
    assert (karen.inbox, john.inbox) == ([], [])


def test_spam_may_open_tickets_and_is_still_not_acknowledged(stage_with: StageWith) -> None:
    stage = stage_with(intake("spam", '"ticket"'))
    karen, john = stage.person("Karen", KAREN), stage.agent("john")
    forged(stage, KAREN, SUPPORT, "Win", "You have won.", **SPAM)
    john.got("You have won")
    stage.settle()
    assert karen.inbox == []


def test_an_answer_with_a_token_is_never_held_for_spam(stage: Stage) -> None:
    karen, john = stage.person("Karen", KAREN), stage.agent("john")
    karen.writes(SUPPORT, "My card", "It is gone.")
    answer = reply_address(karen.got("arrived safely"))
    forged(stage, KAREN, answer, "Re: My card", "Here it is, found again.", **SPAM)
    john.got("found again")
    assert last(stage)[0] == "reply"


# --------------------------------------------------------------------- the daily list


def morning(stage: Stage) -> None:
    """The clock goes on to shortly after the next 08:00."""
    now = stage.clock()
    then = now.replace(hour=8, minute=0, second=30)
    stage.forward(seconds=((then if then > now else then + timedelta(days=1)) - now).total_seconds())


def test_the_admin_answers_the_list(stage: Stage) -> None:
    admin, john = stage.person("Admin", ADMIN), stage.agent("john")
    morning(stage)
    assert admin.inbox == []
    for name in ("one", "two", "three"):
        sender = f"{name}@spam.example"
        stage.person(name, sender)
        forged(stage, sender, SUPPORT, f"Offer {name}", f"Words of {name}.", **SPAM)
        stage.settle()
    one, two, three = sorted(row.mail_id for row in stage.app.store.ledger(limit=10))
    morning(stage)
    listed = admin.got("3 letters are held back")
    for text in ("one@spam.example", "Offer two", "with a score of 12.5", f"{three}  "):
        assert text in listed.text
    admin.answers(listed, f"release {one}\nBan {two}\nalways accept #{three}.\nrelaese 5\nrelease 999")
    done = admin.got("Done")
    for text in (
        f"Letter {one} is worked now",
        "Letters of two@spam.example are refused",
        "three@spam.example always accepted",
    ):
        assert text in done.text
    assert "Did you mean “release 3”?" in done.text
    assert "Letter 999 is not in the ledger" in done.text
    john.got("Words of one")
    john.got("Words of three")
    forged(stage, "two@spam.example", SUPPORT, "Offer again", "Again.")
    assert last(stage) == ("refused", "two@spam.example is banned, by two@spam.example, as an admin said")
    forged(stage, "three@spam.example", SUPPORT, "Offer again", "And again.", **SPAM)
    assert last(stage)[0] == "ticket"
    morning(stage)
    stage.settle()
    assert unseen(admin) == []  # letter two is still held, but that is not news


def test_a_subject_in_the_list_is_no_answer_to_it(stage: Stage) -> None:
    """Some clients quote without any sign, and wrap as they like."""
    admin = stage.person("Admin", ADMIN)
    sender = '"always accept 1" <one@spam.example>'
    forged(stage, sender, SUPPORT, "Hello and more words than fit a line. always accept 1", "Words.", **SPAM)
    stage.settle()
    morning(stage)
    listed = admin.got("1 letter is held back")
    bare = "\n".join(line.strip() for line in listed.text.splitlines())
    for quoted in (bare, bare.partition("Nobody has read")[2], bare.replace(". ", ".\n").replace("   ", "\n")):
        forged(stage, ADMIN, reply_address(listed), f"Re: {listed.subject}", f"What is this?\n\n{quoted}")
        assert "nothing in it was understood" in last(stage)[1]
    assert fates(stage)[0] == "quarantined"


def test_the_list_comes_once_a_day(stage: Stage) -> None:
    admin = stage.person("Admin", ADMIN)
    forged(stage, "x@spam.example", SUPPORT, "Offer", "Offer.", **SPAM)
    stage.settle()
    morning(stage)
    admin.got("1 letter is held back")
    for _ in range(5):
        stage.forward(hours=1)
    assert len(admin.inbox) == 1


@pytest.mark.parametrize("who", ["one@spam.example", "john@bank.example"])
def test_nobody_else_may_answer_the_list(stage: Stage, who: str) -> None:
    admin = stage.person("Admin", ADMIN)
    forged(stage, "one@spam.example", SUPPORT, "Offer", "Offer.", **SPAM)
    stage.settle()
    morning(stage)
    address = reply_address(admin.got("held back"))
    forged(stage, who, address, "Re: held back", "release 1")
    fate, reason = last(stage)
    assert (fate, "an answer to a list" in reason) == ("quarantined", True)
    assert fates(stage) == ["quarantined", "quarantined"]


def test_a_forged_admin_is_held_where_domains_vouch(stage_with: StageWith) -> None:
    stage = stage_with(trusting())
    admin = stage.person("Admin", ADMIN)
    forged(stage, "one@spam.example", SUPPORT, "Offer", "Offer.", **SPAM)
    stage.settle()
    morning(stage)
    address = reply_address(admin.got("held back"))
    forged(stage, ADMIN, address, "Re: held back", "release 1")
    assert last(stage)[0] == "quarantined"
    passed = {"Authentication_Results": "mx.bank.example; dmarc=pass header.from=bank.example"}
    forged(stage, ADMIN, address, "Re: held back", "release 1", **passed)
    admin.got("Done", "Letter 1 is worked now")


def test_a_machine_at_the_admins_mailbox_comes_to_rest(stage: Stage) -> None:
    admin = stage.person("Admin", ADMIN)
    forged(stage, "one@spam.example", SUPPORT, "Offer", "Offer.", **SPAM)
    stage.settle()
    morning(stage)
    admin.answers(admin.got("1 letter is held back"), "I have moved to another office.")
    stage.settle()
    for _ in range(20):
        for mail in unseen(admin):
            mail.seen = True
            admin.answers(mail, "I have moved to another office.")
        stage.settle()
    assert len(admin.inbox) == 1 + 3
    assert fates(stage).count("filed") == 1
    assert "quarantined" in fates(stage)


# --------------------------------------------------------------------- floods


def bomb(stage: Stage, letters: int, text: str = "Letter {n}: your service is bad.") -> None:
    for n in range(letters):
        forged(stage, "bomber@bad.example", SUPPORT, f"Complaint {n}", text.format(n=n))
    stage.settle()


def test_a_mail_bomb_is_two_tickets_one_receipt_and_one_alert_in_five_minutes(stage: Stage) -> None:
    bomber, john = stage.person("Bomber", "bomber@bad.example"), stage.agent("john")
    bomb(stage, 40)
    assert fates(stage) == ["ticket"] * 2 + ["filed"] * 38
    assert (len(bomber.inbox), len(john.inbox)) == (1, 2)
    first, second = sorted(ticket.number for ticket in stage.app.store.tickets())
    entries = stage.entries(first)
    assert len([entry for entry in entries if entry.kind == "message"]) == 39
    assert [e.data["linked"] for e in entries if e.data.get("field") == "flood"] == [[second]]
    stage.forward(minutes=6)
    assert "38 more letters" in john.inbox[-1].subject
    assert len(john.inbox) == 3
    bomb(stage, 1)
    stage.forward(minutes=6)
    assert "1 more letter:" in john.inbox[-1].subject
    assert len(john.inbox) == 4
    stage.forward(minutes=20)
    assert len(john.inbox) == 4


def test_very_many_letters_with_other_words_are_a_flood_too(stage_with: StageWith) -> None:
    stage = stage_with(("tickets_per_hour = 60", "tickets_per_hour = 5"))
    stage.person("Bomber", "bomber@bad.example")
    stage.agent("john")
    for name in ("card", "login", "loan", "phone", "branch", "cheque", "fee"):
        forged(stage, "bomber@bad.example", SUPPORT, f"My {name}", f"It is about the {name}.")
    stage.settle()
    assert fates(stage) == ["ticket"] * 5 + ["filed"] * 2


def test_exempt_senders_may_say_the_same_all_day(stage_with: StageWith) -> None:
    stage = stage_with(("exempt = []", 'exempt = ["*@bad.example"]'))
    stage.person("Monitor", "bomber@bad.example")
    stage.agent("john")
    bomb(stage, 6)
    assert fates(stage) == ["ticket"] * 6


def test_a_flood_of_answers_is_told_once(stage: Stage) -> None:
    karen, john = stage.person("Karen", KAREN), stage.agent("john")
    karen.writes(SUPPORT, "My card", "It is gone.")
    answer = reply_address(karen.got("arrived safely"))
    for letter in "abcdefghijklmnopqrstuvwxyz":
        forged(stage, KAREN, answer, "Re: My card", f"Word {letter * 5}.")
        stage.clock.forward(seconds=40)
        stage.settle()
    before = len(john.inbox)
    assert before <= 1 + 21
    stage.forward(minutes=6)
    assert len(john.inbox) == before + 1
    assert "more letters" in john.inbox[-1].subject
    assert len([entry for entry in stage.entries(1001) if entry.kind == "message"]) == 27


# --------------------------------------------------------------------- the ticket trick


CODE = "Your verification code is 493817. Enter this code to confirm your account."


def test_a_verification_letter_is_read_by_agents_only(stage: Stage) -> None:
    """Somebody signs up elsewhere with our address, or with that of their own ticket, and waits for the code."""
    karen, john = stage.person("Karen", KAREN), stage.agent("john")
    karen.writes(SUPPORT, "My card", "It is gone.", Cc="lena@customer.example")
    lena = stage.person("Lena", "lena@customer.example")
    own = reply_address(karen.got("arrived safely"))
    for to in (SUPPORT, own):
        forged(stage, "no-reply@chat.example", to, "Confirm your account", CODE)
        stage.settle()
    alert = john.got("It is gone")
    john.answers(alert, "#note see the code")
    john.answers(alert, "Here is your card.\n#resolved")
    karen.got("Here is your card")
    karen.answers(karen.inbox[-1], "Not yet. Please send me everything you have.")
    john.got("everything you have")
    stage.settle()
    told = [mail for person in (karen, lena) for mail in person.inbox] + [
        Mail(envelope.raw, john.inbox[0].message) for envelope in stage.lost
    ]
    assert told
    assert not [mail for mail in told if "493817" in words(mail)]
    assert "493817" in words(john.got("Confirm your account"))
    for ticket in stage.app.store.tickets():
        inside = [entry for entry in stage.entries(ticket.number) if "493817" in entry.text]
        assert inside
        assert not any(entry.public for entry in inside)
        assert any(entry.data.get("field") == "verification" for entry in stage.entries(ticket.number))
