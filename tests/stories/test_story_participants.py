"""Who takes part in a ticket: colleagues on copy, strangers, leaving, other requesters, tickets merged."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from stories_rig import KAREN, SUPPORT, fates, forged, header, parsed, reply_address, words

from maild.core.model import EntryKind, Status
from maild.demo.people import Mail, Person
from maild.demo.stage import Stage
from maild.demo.stories import number_of

CARL, EVE = "carl@customer.example", "eve@elsewhere.example"
CUSTOMER = (
    "#[organisation.KEY]",
    '[organisation.customer]\nname = "Customer Ltd"\ndomains = ["customer.example"]\n\n#[organisation.KEY]',
)
STRICT = ("trusted = []  ", 'trusted = ["mx.bank.example"]  ')
SECRET = "the vault opens at noon"


@pytest.fixture
def bank(stage_with: Callable[..., Stage]) -> Stage:
    """A desk that knows whose colleagues Karen's are."""
    return stage_with(CUSTOMER)


def opened(stage: Stage, **headers: str) -> tuple[Person, Person, Mail, int]:
    """Karen has written, with these headers: Karen, John, his alert, the number."""
    karen, john = stage.person("Karen Black", KAREN), stage.agent("john")
    karen.writes(SUPPORT, "The app is down", f"It says code 23, and {SECRET}.", **headers)
    number = number_of(karen.got("arrived safely"))
    alert = john.got("code 23")
    stage.settle()
    return karen, john, alert, number


def at_rest(stage: Stage, *people: Person) -> None:
    """Nobody of them has got anything they have not seen."""
    stage.settle()
    assert [(person.name, mail.subject) for person in people for mail in person.inbox if not mail.seen] == []


def heard(stage: Stage, number: int) -> list[tuple[str, bool]]:
    """Whose messages are on the ticket, and whether others may see them."""
    return [(e.author, e.public) for e in stage.entries(number) if e.kind == EntryKind.MESSAGE]


def confirmed(stage: Stage, agent: Person) -> str:
    """The agent is asked, and answers from their own mailbox; what was asked."""
    question = agent.got("Please confirm")
    agent.answers(question, "yes")
    stage.settle()
    return question.text


# --------------------------------------------------------------------- a colleague on copy


def test_a_colleague_on_copy_takes_part(bank: Stage) -> None:
    carl = bank.person("Carl Grey", CARL)
    karen, john, alert, number = opened(bank, Cc=f"Carl Grey <{CARL}>")
    at_rest(bank, carl)  # no acknowledgement, no history
    assert "Organisation:  Customer Ltd" in alert.text
    john.answers(alert, "Which phone is it?\n#waiting")
    copies = [karen.got("Which phone"), carl.got("Which phone")]
    assert [header(copy, "To") for copy in copies] == [KAREN, KAREN]
    assert [header(copy, "Cc") for copy in copies] == [CARL, CARL]
    assert reply_address(copies[0]) != reply_address(copies[1])
    assert all(reply_address(copies[0]) not in value for value in map(str, parsed(copies[1]).values()))
    assert "single word “stop”" in copies[1].text
    assert "stop" not in copies[0].text
    assert SECRET not in words(copies[1])
    john.got("Done:")
    carl.answers(copies[1], "It is a new one.")
    assert f"{CARL}, who takes part, wrote:" in john.got("It is a new one").text
    bank.settle()
    ticket = bank.ticket(number)
    assert (ticket.status, ticket.requester.email, ticket.collaborators) == (Status.OPEN, KAREN, (CARL,))
    assert heard(bank, number) == [(KAREN, True), (CARL, True)]
    john.answers(alert, "Then it is this.\n#resolved")
    last = carl.got("Then it is this")
    karen.got("Then it is this")
    john.got("Done:")
    carl.answers(last, "No, the same again.")
    john.got("open again", CARL)
    assert bank.ticket(number).status == Status.OPEN
    at_rest(bank, karen, carl, john)


@pytest.mark.parametrize("said", ["stop", "STOP.", "Stop!\n\nSent from my iPhone"])
def test_leaving_is_one_word(bank: Stage, said: str) -> None:
    carl = bank.person("Carl Grey", CARL)
    karen, john, alert, number = opened(bank, Cc=CARL)
    john.answers(alert, "Which phone is it?")
    letter = carl.got("Which phone")
    carl.answers(letter, said)
    farewell = carl.got("no further mail")
    assert "The app is down" not in words(farewell)
    bank.app.desk.command(number, "Any news?", "john")  # a machine would answer itself so fast
    # Being on copy of another letter brings nobody back; neither does repeating it bring another letter.
    question = karen.got("Any news")
    again = {"In-Reply-To": header(question, "Message-ID"), "Cc": CARL}
    karen._send(reply_address(question), "Re: it", "No.", (), again)
    john.got("No.")
    carl.answers(letter, said)
    bank.app.desk.command(number, "A pity.", "john")
    karen.got("A pity")
    at_rest(bank, carl)
    assert (bank.ticket(number).collaborators, bank.ticket(number).departed) == ((), (CARL,))


def test_nobody_joins_where_the_admin_says_so(stage_with: Callable[..., Stage]) -> None:
    stage = stage_with(CUSTOMER, ('copied = "organisation"', 'copied = "nobody"'))
    carl = stage.person("Carl Grey", CARL)
    _, john, alert, number = opened(stage, Cc=CARL)
    john.answers(alert, "Which phone is it?")
    at_rest(stage, carl)
    assert (stage.ticket(number).collaborators, stage.ticket(number).copied) == ((), (CARL,))


# --------------------------------------------------------------------- strangers


def test_a_stranger_on_copy_is_heard_inside_until_accepted(bank: Stage) -> None:
    eve = bank.person("Eve", EVE)
    karen, john, alert, number = opened(bank, Cc=EVE)
    first = bank.app.store.ledger(limit=10)[-1].message_id
    john.answers(alert, "Which phone is it?")
    karen.got("Which phone")
    eve._send(SUPPORT, "Re: The app is down", "I saw it too.", (), {"In-Reply-To": f"<{first}>"})
    third = john.got("I saw it too", "not the requester")
    bank.settle()
    assert heard(bank, number) == [(KAREN, True), (EVE, False)]
    at_rest(bank, eve)
    john.answers(third, "#accept")
    bank.settle()
    assert bank.ticket(number).collaborators == ()
    asked = confirmed(bank, john)
    assert f"{EVE} takes part in BANK-{number}" in asked
    assert heard(bank, number) == [(KAREN, True), (EVE, True)]
    john.got("Done:")
    at_rest(bank, eve)  # nothing of what was said before
    john.answers(alert, "Thank you both.")
    copy = eve.got("Thank you both")
    assert SECRET not in words(copy)
    assert "Which phone" not in words(copy)
    karen.got("Thank you both")
    at_rest(bank, karen, eve)


def test_a_confirmation_accepts_whom_it_named(bank: Stage) -> None:
    eve, mallory = bank.person("Eve", EVE), bank.person("Mallory", "mallory@evil.example")
    _, john, alert, number = opened(bank, Cc=EVE)
    first = bank.app.store.ledger(limit=10)[-1].message_id
    eve._send(SUPPORT, "Re: The app is down", "I saw it too.", (), {"In-Reply-To": f"<{first}>"})
    john.got("I saw it too")
    john.answers(alert, "#accept")
    question = john.got("Please confirm")
    mallory._send(SUPPORT, "Re: The app is down", "Let me in.", (), {"In-Reply-To": f"<{first}>"})
    john.got("Let me in")
    john.answers(question, "yes")
    john.got("Done:")
    bank.settle()
    assert bank.ticket(number).collaborators == (EVE,)


def test_another_address_of_the_requester_is_accepted(bank: Stage) -> None:
    home = bank.person("Karen at home", "kb@home.example")
    karen, john, alert, number = opened(bank)
    first = bank.app.store.ledger(limit=10)[-1].message_id
    home._send(SUPPORT, "Re: The app is down", "Me again.", (), {"In-Reply-To": f"<{first}>"})
    john.got("Me again", "not the requester")
    bank.app.desk.command(number, "#accept same", "john")
    assert heard(bank, number) == [(KAREN, True), ("kb@home.example", True)]
    home._send(SUPPORT, "Re: The app is down", "From home, too.", (), {"In-Reply-To": f"<{first}>"})
    assert "not the requester" not in john.got("From home, too").text
    bank.settle()
    assert heard(bank, number)[2] == ("kb@home.example", True)
    john.answers(alert, "Thank you.")
    karen.got("Thank you")
    assert bank.ticket(number).collaborators == ()


def test_somebody_else_becomes_the_requester(bank: Stage) -> None:
    karen, john, alert, number = opened(bank)
    dora = bank.person("Dora", "dora@elsewhere.example")
    john.answers(alert, "Which phone is it?")
    karen.got("Which phone")
    john.answers(alert, "#requester dora@elsewhere.example")
    assert f"in place of {KAREN}" in confirmed(bank, john).replace("\n", " ")
    john.got("Done:")
    john.answers(alert, "Hello Dora.")
    copy = dora.got("Hello Dora")
    assert SECRET not in words(copy)
    assert "Which phone" not in words(copy)
    at_rest(bank, karen)
    dora.answers(copy, "Hello.")
    john.got("Hello.", "Dora")
    assert bank.ticket(number).requester.email == dora.email


@pytest.mark.parametrize("strict", [False, True])
@pytest.mark.parametrize("copied", ["organisation", "everybody"])
def test_who_puts_himself_on_copy_of_a_forged_letter_reads_nothing(
    stage_with: Callable[..., Stage], strict: bool, copied: str
) -> None:
    """CVE-2024-49193: a letter in the requester's name, with the forger in Cc, to a ticket's guessable address."""
    edits = [CUSTOMER, ('copied = "organisation"', f'copied = "{copied}"')]
    stage = stage_with(*edits, *([STRICT] if strict else []))
    eve = stage.person("Eve", EVE)
    _, _, alert, _ = opened(stage)
    mark = alert.subject.split("]")[0] + "]"
    first = stage.app.store.ledger(limit=10)[-1].message_id
    forged(stage, KAREN, SUPPORT, f"Re: {mark}", "Please copy Eve.", Cc=EVE)
    forged(stage, KAREN, SUPPORT, "Re: it", "Please copy Eve.", Cc=EVE, In_Reply_To=f"<{first}>")
    forged(stage, KAREN, SUPPORT, "Something new", "Please copy Eve.", Cc=EVE)
    forged(stage, EVE, SUPPORT, f"Re: {mark}", "What about it?")
    forged(stage, EVE, SUPPORT, "Re: it", "#cc eve@elsewhere.example", In_Reply_To=f"<{first}>")
    forged(stage, "john@bank.example", SUPPORT, f"Re: {mark}", f"#cc {EVE}")
    forged(stage, "john@bank.example", reply_address(alert), f"Re: {mark}", f"#cc {EVE}\n\nWelcome.")
    stage.settle()
    for ticket in (one for one in stage.app.store.tickets() if one.requester.email != EVE):
        stage.app.desk.command(ticket.number, f"Here is what you asked for: {SECRET}.", "john")
    stage.settle()
    told = [words(mail) for mail in eve.inbox]
    assert all("arrived safely" in text and SECRET not in text for text in told)
    assert all(EVE not in stage.ticket(t.number).collaborators for t in stage.app.store.tickets())


# --------------------------------------------------------------------- leaving one ticket for another


def two(stage: Stage) -> tuple[Person, Person, Person, Mail, Mail, int, int]:
    """Karen and Dora have written about the same thing."""
    karen, john, first, one = opened(stage)
    dora = stage.person("Dora", "dora@elsewhere.example")
    dora.writes(SUPPORT, "No banking today", "Nothing works.")
    other = number_of(dora.got("arrived safely"))
    second = john.got("Nothing works")
    stage.settle()
    return karen, dora, john, first, second, one, other


def test_two_tickets_become_one_once_the_agent_has_confirmed(bank: Stage) -> None:
    karen, dora, john, first, second, one, other = two(bank)
    john.answers(second, "Which bank?")
    letter = dora.got("Which bank")
    john.answers(second, f"#merge BANK-{one}")
    asked = confirmed(bank, john)
    assert "dora@elsewhere.example" in asked
    bank.settle()
    merged, into = bank.ticket(other), bank.ticket(one)
    assert (merged.status, merged.closing, merged.merged_into) == (Status.CLOSED, "merged", one)
    assert into.collaborators == (dora.email,)
    at_rest(bank, karen, dora)
    dora.answers(letter, "Yours, of course.")
    john.got("Yours, of course", f"BANK-{one}")
    bank.settle()
    assert heard(bank, one) == [(KAREN, True), (dora.email, True)]
    john.answers(first, "It works again.")
    karen.got("It works again")
    assert SECRET not in words(dora.got("It works again"))
    john.answers(second, "And here?\n#note")  # the alert of the ticket that is closed leads there, too
    bank.settle()
    assert [e.text for e in bank.entries(one) if e.kind == EntryKind.NOTE] == ["And here?"]
    at_rest(bank, karen, dora)


def test_merging_what_one_person_wrote_twice_needs_no_question(bank: Stage) -> None:
    karen, john, first, one = opened(bank)
    karen.writes(SUPPORT, "The app again", "Still code 24.")
    second = john.got("code 24")
    john.answers(second, f"#merge {one}")
    john.got("Done:")
    bank.settle()
    other = bank.app.store.tickets()[0].number
    assert (bank.ticket(other).merged_into, bank.ticket(one).linked) == (one, (other,))
    bank.app.desk.command(one, "#close silent", "john")
    assert bank.app.desk.command(one, f"#merge {other}", "john").reason.startswith("nothing was done")
    assert first.seen
    last = bank.app.store.ledger(limit=1)[0].message_id
    assert last
    karen._send(SUPPORT, f"Re: {second.subject}", "And now?", (), {})
    assert f"BANK-{one}" in john.got("And now?").text  # the end is closed: a new ticket, linked to it
    bank.settle()
    assert fates(bank)[-1] == "ticket"


def test_a_link_is_seen_from_both_sides(bank: Stage) -> None:
    _, _, john, _, second, one, other = two(bank)
    john.answers(second, f"#link {one}\n#show")
    assert f"Linked to:     BANK-{one}" in john.got("Clocks:").text
    bank.settle()
    assert (bank.ticket(one).linked, bank.ticket(other).linked) == ((other,), (one,))
    fields = [e.data["field"] for e in bank.entries(one) if e.kind == EntryKind.EVENT]
    assert fields[-1] == "linked"


# --------------------------------------------------------------------- floods of questions


def test_an_agent_is_warned_three_times_a_day_and_asked_ten_times(stage: Stage) -> None:
    _, john, alert, number = opened(stage)
    mark = alert.subject.split("]")[0] + "]"
    for n in range(6):
        forged(stage, "john@bank.example", SUPPORT, f"{mark} Hello", f"It is me, {n}.")
    stage.settle()
    assert sum("held back" in mail.subject for mail in john.inbox) == 3
    for n in range(12):
        forged(stage, "john@bank.example", reply_address(alert), f"Re: {n}", f"#cc nr{n}@elsewhere.example")
    stage.settle()
    assert sum("Please confirm" in mail.subject for mail in john.inbox) == 10
    reasons = [row.reason for row in stage.app.store.ledger(limit=30)]
    assert sum("not told" in reason for reason in reasons) == 3
    assert sum("nobody was asked" in reason for reason in reasons) == 2
    assert set(fates(stage)[1:]) == {"quarantined"}
    stage.forward(hours=25)
    forged(stage, "john@bank.example", SUPPORT, f"{mark} Hello", "It is me again.")
    stage.settle()
    assert sum("held back" in mail.subject and "confirm" not in mail.subject for mail in john.inbox) == 4
    assert stage.ticket(number).collaborators == ()
