"""Commands about who takes part and about two tickets: what they change, and when an agent is asked first."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest

from maild.core import commands, decide, tokens
from maild.core.decide import Surroundings
from maild.core.model import (
    AddEntry,
    Entry,
    EntryKind,
    Facts,
    Fate,
    Person,
    Publish,
    Purpose,
    SamePerson,
    SendLetter,
    SetField,
    Status,
)
from maild.core.policy import Authentication

LENA, EVE = "lena@customer.example", "eve@elsewhere.example"
JOHN = "john@bank.example"


def said(entry_id, author, mail_id=None):
    return Entry(
        kind=EntryKind.MESSAGE, at=None, author=author, text="I saw it, too.", id=entry_id, mail_id=mail_id or entry_id
    )


def do(judge, ticket, text, *others, inside=()):
    around = Surroundings({one.number: one for one in (ticket, *others)}, tuple(inside))
    return decide.on_command(ticket, text, judge.policy.agents["john"], judge.policy, judge.now, around=around)


def fields(outcome):
    return {c.name: c.new for c in outcome.changes if isinstance(c, SetField)}


def why(outcome):
    return [mistake["why"] for mistake in decide.refused(outcome)]


def told(outcome):
    return [(c.letter.template, c.letter.to.email) for c in outcome.changes if isinstance(c, SendLetter)]


# --------------------------------------------------------------------- who takes part


def test_accepting_means_the_one_who_was_kept_inside(judge):
    outcome = do(judge, judge.ticket(copied=(EVE,)), "#accept", inside=[said(9, EVE), said(8, EVE)])
    assert fields(outcome) == {"collaborators": (EVE,)}
    assert [c for c in outcome.changes if isinstance(c, Publish)] == [Publish(9)]
    assert outcome.after.copied == ()


@pytest.mark.parametrize("text", ["#accept", "#accept same"])
def test_where_several_wrote_the_one_who_is_meant_is_named(judge, text):
    """Somebody may have written while the agent did, and whoever is proven is not asked."""
    outcome = do(judge, judge.ticket(copied=(EVE,)), text, inside=[said(9, EVE), said(8, LENA)])
    assert why(outcome) == [f"several wrote here: {EVE}, {LENA}"]
    assert decide.refused(outcome)[0]["meant"] == f"{text} {EVE}"


def test_accepting_by_address(judge):
    outcome = do(judge, judge.ticket(), f"#accept Lena <{LENA.upper()}>", inside=[said(9, EVE), said(8, LENA)])
    assert (outcome.after.collaborators, outcome.changes[1]) == ((LENA,), Publish(8))
    silent = do(judge, judge.ticket(), f"#accept {LENA}")
    assert silent.after.collaborators == (LENA,)


def test_accepting_nobody(judge):
    assert why(do(judge, judge.ticket(), "#accept")) == [
        "nobody who does not take part has written here; name an address"
    ]


def test_an_unvouched_letter_of_the_requester_can_be_made_public(judge):
    outcome = do(judge, judge.ticket(), "#accept", inside=[said(9, "karen@customer.example")])
    assert outcome.changes[0] == Publish(9)
    assert outcome.after.collaborators == ()


def test_the_other_address_of_the_requester(judge):
    ticket = judge.ticket(copied=(LENA,))
    outcome = do(judge, ticket, "#accept same", inside=[said(9, LENA)])
    assert SamePerson(LENA, ticket.requester) in outcome.changes
    assert Publish(9) in outcome.changes
    assert (outcome.after.collaborators, outcome.after.copied) == ((), ())


@pytest.mark.parametrize(
    ("value", "mistake"),
    [
        ("nobody", "“nobody” is no address"),
        ("a b@c.example", "“a b@c.example” is no address"),
        ("evil@x.example,y@z.example", "is no address"),
        ("support+x@bank.example", "is an address of this desk"),
        ("jane@bank.example", "Jane Doe is an agent"),
    ],
)
@pytest.mark.parametrize("word", ["cc", "accept", "accept same", "requester"])
def test_who_cannot_take_part(judge, word, value, mistake):
    outcome = do(judge, judge.ticket(), f"#{word} {value}\n#priority high")
    assert [mistake in one for one in why(outcome)] == [True]
    assert outcome.after.priority == "normal"


def test_no_more_than_twenty(judge):
    full = judge.ticket(collaborators=tuple(f"n{n}@x.example" for n in range(20)))
    assert why(do(judge, full, f"#cc {LENA}")) == ["more than 20 cannot take part; #drop somebody first"]


def test_dropping(judge):
    outcome = do(judge, judge.ticket(collaborators=(LENA,), copied=(EVE,)), f"#drop {LENA}\n#drop {EVE}")
    assert (outcome.after.collaborators, outcome.after.copied) == ((), ())
    assert outcome.after.departed == (LENA, EVE)
    assert why(do(judge, judge.ticket(), f"#drop {LENA}")) == [f"“{LENA}” does not take part"]
    assert why(do(judge, judge.ticket(), "#drop karen@customer.example")) == ["karen@customer.example is the requester"]


def test_an_answer_goes_to_everybody_who_takes_part_each_by_their_own_address(judge):
    outcome = do(judge, judge.ticket(collaborators=(LENA, EVE)), "#drop eve@elsewhere.example\n\nHello")
    letters = [c.letter for c in outcome.changes if isinstance(c, SendLetter) and c.letter.template == "response"]
    assert [one.to.email for one in letters] == ["karen@customer.example", LENA]
    assert [one.shown_to for one in letters] == [("karen@customer.example", LENA)] * 2
    assert [one.principal for one in letters] == [0, tokens.collaborator_principal(LENA)]
    assert tokens.is_collaborator(letters[1].principal)
    assert all(one.purpose == Purpose.REQUESTER_REPLY for one in letters)


def test_another_requester(judge):
    ticket = judge.ticket(collaborators=(LENA,), references=("a@b",))
    outcome = do(judge, ticket, f"#requester {LENA}\n\nHello Lena")
    after = outcome.after
    assert (after.requester, after.collaborators, after.departed) == (Person(0, LENA), (), ("karen@customer.example",))
    assert (after.last_message_id, after.references) == ("", ())
    assert ("response", LENA) in told(outcome)
    assert "karen@customer.example" not in [to for _, to in told(outcome)]


# --------------------------------------------------------------------- two tickets


def pair(judge, **other):
    return judge.ticket(), judge.ticket(**({"number": 1050, "requester": Person(9, EVE), "agent": "jane"} | other))


@pytest.mark.parametrize("written", ["1050", "#1050", "BANK-1050", "bank-1050", "TOKEN", "token", "[TOKEN]"])
def test_a_ticket_may_be_written_in_any_form(judge, written):
    mark = tokens.subject_token(judge.policy.keys, "BANK", 1050)
    text = written.replace("[TOKEN]", mark).replace("TOKEN", mark.strip("[]")).replace("token", mark.lower())
    assert commands.ticket_number(text, judge.policy) == 1050
    assert commands.named_tickets(f"#merge {text}\n#note hello", judge.policy) == (1050,)


@pytest.mark.parametrize("written", ["", "0", "HELP-1050", "BANK-1050-AAAA", "1050 1051", "1e3", "9" * 13, "١٢"])
def test_what_is_no_ticket(judge, written):
    assert commands.ticket_number(written, judge.policy) is None
    assert commands.named_tickets(f"#merge {written}", judge.policy) == ()


def test_numbers_in_prose_and_quotations_are_no_clues(judge):
    for text in ("see 1050", "> #merge 1050", "#tag 1050", "see #merge 1050", "#merge 1050 and more"):
        assert commands.named_tickets(text, judge.policy) == ()


def test_naming_thousands_of_tickets_costs_one_pass_and_names_ten(judge):
    text = "".join(f"#abcdefgh\n#merge {n}\n" for n in range(1, 50_000))
    assert commands.named_tickets(text, judge.policy) == tuple(range(1, 11))
    started = time.perf_counter()
    commands.named_tickets("\n" * 500_000 + "#merge" + " " * 500_000 + "#link " * 50_000, judge.policy)
    assert time.perf_counter() - started < 1


def test_merging_closes_one_and_is_heard_on_the_other(judge):
    ticket, into = pair(judge)
    outcome = do(judge, replace(ticket, collaborators=(LENA,), watchers=("sam",)), "#merge 1050", into)
    after = outcome.after
    assert (after.status, after.closing, after.merged_into) == (Status.CLOSED, "merged", 1050)
    assert after.next_due is None
    (other,) = outcome.also
    assert (other.before, other.fate) == (into, None)
    assert other.after.collaborators == ("karen@customer.example", LENA)
    assert other.after.linked == (1042,)
    assert told(other) == [("merged", "jane@bank.example"), ("merged", "sam@bank.example")]
    assert {to for _, to in told(outcome)} == {JOHN}
    events = [c.entry for c in other.changes if isinstance(c, AddEntry)]
    assert events[0].text == "John Miller merged BANK-1042 into this ticket"


def test_merging_follows_what_was_merged_before(judge):
    ticket, middle = pair(judge, merged_into=1060, status=Status.CLOSED)
    _, end = pair(judge, number=1060)
    outcome = do(judge, ticket, "#merge 1050", middle, end)
    assert (outcome.after.merged_into, outcome.also[0].before.number) == (1060, 1060)


@pytest.mark.parametrize(
    ("text", "other", "mistake"),
    [
        ("#merge 1050", {"merged_into": 1042}, "BANK-1050 is merged into this one: that would be a circle"),
        ("#merge 1042", {}, "BANK-1042 is this ticket"),
        ("#merge 7", {}, "there is no ticket BANK-7"),
        ("#merge seven", {}, "“seven” is no ticket"),
        ("#merge 1050\n#link 1050", {}, "BANK-1050 is named twice in this mail"),
        ("#merge 1050\n\nGood news", {}, "#merge tells the requester nothing, but your mail has words for them"),
        ("#link", {}, "#link wants a ticket"),
        ("#cc", {}, "#cc wants an address"),
    ],
)
def test_what_cannot_be_merged(judge, text, other, mistake):
    ticket, into = pair(judge, **other)
    outcome = do(judge, ticket, text, into)
    assert (why(outcome), outcome.also) == ([mistake], ())


def test_what_was_merged_is_a_ticket_of_its_own_again_once_it_is_opened(judge):
    closed = judge.ticket(status=Status.CLOSED, closing="merged", merged_into=1050)
    outcome = do(judge, closed, "#reopen")
    assert (outcome.after.merged_into, outcome.after.closing) == (None, "")


def test_letters_follow_and_circles_end(judge):
    ticket, into = pair(judge)
    tickets = {1042: replace(ticket, merged_into=1050), 1050: into}
    facts = Facts(mail_id=5, tickets=tickets)
    outcome = judge.letter(None, EVE, "Hello", to=judge.address(Purpose.REQUESTER_REPLY, 7), facts=facts)
    assert outcome.before == into
    tickets[1050] = replace(into, merged_into=1042)
    outcome = judge.letter(None, EVE, "Hello", to=judge.address(Purpose.REQUESTER_REPLY, 7), facts=facts)
    assert outcome.before.number in (1042, 1050)


def test_linking_is_seen_on_both(judge):
    ticket, other = pair(judge)
    outcome = do(judge, ticket, "#link BANK-1050", other)
    assert (outcome.after.linked, outcome.also[0].after.linked) == ((1050,), (1042,))
    assert fields(outcome.also[0]) == {"linked": (1042,)}
    again = do(judge, outcome.after, "#link 1050", outcome.also[0].after)
    assert (fields(again), again.also) == ({}, ())


# --------------------------------------------------------------------- what is asked about first


RISKY = ["#accept", f"#accept {LENA}", "#accept same", f"#cc {LENA}", f"#requester {LENA}", "#merge 1050"]


def by_mail(judge, text, *, told=None, **more):
    ticket, into = pair(judge)
    facts = Facts(
        mail_id=20,
        tickets={1042: ticket, 1050: into},
        inside={1042: (said(30, "late@evil.example"), said(10, EVE))},
        told=told or {},
    )
    return judge.letter(ticket, JOHN, text, to=judge.agent_address("john"), facts=facts, **more)


@pytest.mark.parametrize("text", RISKY)
def test_an_ordinary_letter_is_asked_about(judge, text):
    outcome = by_mail(judge, f"{text}\n#priority high")
    assert (outcome.fate, outcome.after) == (Fate.QUARANTINED, None)
    (change,) = outcome.changes
    assert (change.letter.template, change.letter.to.email, change.letter.purpose) == ("confirm", JOHN, Purpose.CONFIRM)
    assert change.letter.context["mail_id"] == 20
    assert len(change.letter.context["does"]) == 1
    assert "late@evil.example" not in str(change.letter.context)  # it came after the letter


@pytest.mark.parametrize("text", RISKY)
def test_whoever_is_proven_is_not_asked(judge, text):
    assert by_mail(judge, text, confirmed=True).after is not None
    judge.policy = replace(judge.policy, confirm=False)
    assert by_mail(judge, text).after is not None


@pytest.mark.parametrize("text", [f"#drop {LENA}", "#link 1050", "#close silent", "Hello"])
def test_what_lets_nobody_in_is_not_asked_about(judge, text):
    assert all(
        one.template != "confirm" for one in [c.letter for c in by_mail(judge, text).changes if hasattr(c, "letter")]
    )


def test_merging_what_one_person_wrote_is_not_asked_about(judge):
    ticket = judge.ticket()
    facts = Facts(mail_id=20, tickets={1042: ticket, 1050: replace(ticket, number=1050)})
    outcome = judge.letter(ticket, JOHN, "#merge 1050", to=judge.agent_address("john"), facts=facts)
    assert outcome.after.merged_into == 1050


def test_a_letter_nobody_vouches_for_says_what_it_would_do(judge):
    judge.policy = replace(judge.policy, authentication=Authentication(trusted=frozenset({"mx.bank.example"})))
    (change,) = by_mail(judge, f"Hello\n#cc {LENA}").changes
    assert (change.letter.template, change.letter.context["vouched"]) == ("confirm", False)
    assert change.letter.context["does"] == [f"{LENA} takes part in BANK-1042 and gets every later answer."]


def test_questions_and_warnings_come_to_an_end(judge):
    asked = by_mail(judge, "#accept", told={JOHN: {"challenge": 4, "confirm": 5}})
    assert len(asked.changes) == 1
    silent = by_mail(judge, "#accept", told={JOHN: {"challenge": 4, "confirm": 6}})
    assert (silent.fate, silent.changes) == (Fate.QUARANTINED, ())
    assert "nobody was asked" in silent.reason
    for count in (2, 3):
        facts = Facts(mail_id=20, tickets={1042: judge.ticket()}, told={JOHN: {"unproven": count}})
        warned = judge.letter(None, JOHN, "Hello", to=judge.address(Purpose.REQUESTER_REPLY, 7), facts=facts)
        assert (warned.fate, len(warned.changes)) == (Fate.QUARANTINED, 3 - count)
        assert ("not told" in warned.reason) == (count == 3)
