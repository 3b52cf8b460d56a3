"""What becomes of news of our letters: failures, delays, receipts, complaints, and answers to dead addresses."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest

from maild.core import decide, matching, tokens
from maild.core.model import (
    AddEntry,
    Bounce,
    BouncedRecipient,
    EntryKind,
    Envelope,
    Facts,
    Fate,
    Kind,
    Message,
    Nature,
    Purpose,
    Remember,
    Reported,
    Revive,
    SendLetter,
    SentLetter,
    SetField,
    Status,
    Suppress,
    Suppressed,
    Ticket,
)

KAREN, LENA, HOME = "karen@customer.example", "lena@customer.example", "karen@home.example"
JOHN, JANE, SAM, ADMIN = "john@bank.example", "jane@bank.example", "sam@bank.example", "admin@bank.example"
NO_USER = "smtp; 550 5.1.1 no such user"


@dataclass
class Desk:
    """One letter of ours, number 9, and what is said of it."""

    judge: object
    ticket: Ticket
    letter: SentLetter
    earlier: tuple[SentLetter, ...] = ()
    more: dict = field(default_factory=dict)

    def facts(self):
        tickets = {self.ticket.number: self.ticket}
        letters = {self.letter.ticket: (*self.earlier, self.letter)}
        return Facts(mail_id=5, tickets=tickets, sent={9: self.letter}, letters=letters, **self.more)

    def hears(self, nature=Nature.PERMANENT, status="5.1.1", said=NO_USER, kind=Kind.BOUNCE, to="", **message):
        report = Bounce(recipients=(BouncedRecipient(address=KAREN, status=status, diagnostic=said),))
        to = to or tokens.bounce_address(self.judge.policy, "support@bank.example", 1042, 9)
        fields = {"kind": kind, "nature": nature, "bounce": report} | message
        return self.judge.letter(self.ticket, "mailer-daemon@relay.example", "failed", to, facts=self.facts(), **fields)


@pytest.fixture
def answered(judge):
    """Jane has answered Karen on a ticket of John's team."""

    def made(template="response", to=KAREN, *, reported=None, author="jane", at=judge.now, **ticket):
        mine = {"author": author, "written_at": at, "words": "Sign in again."} if author else {}
        letter = SentLetter(outbox_id=9, ticket=1042, template=template, to=to, reported=reported, **mine)
        return Desk(judge, judge.ticket(**{"agent": "jane", "responded_at": at} | ticket), letter)

    return made


def of(outcome, kind):
    return [change for change in outcome.changes if isinstance(change, kind)]


def notes(outcome):
    return [c.entry.text for c in of(outcome, AddEntry) if c.entry.kind == EntryKind.NOTE]


def context(outcome):
    (change,) = of(outcome, SendLetter)
    return change.letter.context


# --------------------------------------------------------------------- it failed


def test_the_author_of_an_answer_that_did_not_arrive_hears_why_and_reads_it_again(answered, sent):
    desk = answered()
    outcome = desk.hears()
    assert outcome.fate == Fate.BOUNCE
    assert sent(outcome) == [("undelivered", JANE)]
    told = context(outcome)
    assert (told["reason"], told["diagnostic"], told["words"]) == (
        "there is no such mailbox",
        NO_USER,
        "Sign in again.",
    )
    assert (told["dead"], told["reopened"], told["others"], told["reached"]) == (True, False, [], [])
    (note,) = notes(outcome)
    assert note.startswith(f"The answer to {KAREN} could not be delivered: there is no such mailbox")
    assert NO_USER in note
    assert of(outcome, Remember) == [Remember(9, Reported.FAILED)]
    assert of(outcome, Suppress) == [Suppress(KAREN, "there is no such mailbox", 9)]
    assert outcome.after.responded_at is None
    assert outcome.after.next_due == desk.ticket.created_at + timedelta(hours=8)


def test_an_author_who_has_left_is_stood_in_for(answered, sent):
    assert sent(answered(author="gone").hears()) == [("undelivered", JANE)]  # whose ticket it is
    assert sent(answered(author="gone", agent="").hears()) == [("undelivered", JOHN)]


@pytest.mark.parametrize(
    ("status", "said", "nature", "dead"),
    [
        ("5.1.1", NO_USER, Nature.PERMANENT, True),
        ("5.0.0", "550 user unknown", Nature.PERMANENT, True),
        ("5.2.2", "mailbox full", Nature.PERMANENT, False),
        ("5.7.1", "looks like spam", Nature.PERMANENT, False),
        ("5.4.4", "host not found", Nature.PERMANENT, False),
        ("4.4.7", "message expired", Nature.TEMPORARY, False),
        ("4.1.1", "user unknown", Nature.TEMPORARY, False),
    ],
)
def test_every_failure_counts_and_only_a_dead_address_is_suppressed(answered, sent, status, said, nature, dead):
    outcome = answered().hears(nature, status, said)
    assert sent(outcome) == [("undelivered", JANE)]
    assert outcome.after.responded_at is None
    assert bool(of(outcome, Suppress)) == dead
    assert context(outcome)["dead"] == dead


def test_a_report_that_only_names_our_letter_cuts_nobody_off(answered, judge, sent):
    """Its id stands in the References of every answer to all; its envelope sender does not."""
    outcome = answered().hears(to="support@bank.example")
    assert of(outcome, Suppress) == []
    assert sent(outcome) == [("undelivered", JANE)]
    judge.policy = replace(judge.policy, separator="")
    assert len(of(answered().hears(to="support@bank.example"), Suppress)) == 1


def test_the_same_failure_is_said_once_however_often_it_comes(answered, sent):
    desk = answered(reported=Reported.FAILED)
    for outcome in (desk.hears(), desk.hears(Nature.DELAYED, "4.4.1", "later")):
        assert (outcome.fate, outcome.changes) == (Fate.BOUNCE, ())
        assert outcome.after.responded_at == desk.ticket.responded_at
    assert desk.hears().reason.endswith("which was known")


@pytest.mark.parametrize("template", ["undelivered", "delayed", "dead-address"])
def test_a_bounce_of_a_bounce_is_only_recorded(answered, template):
    outcome = answered(template, JANE, author="").hears()
    assert outcome.fate == Fate.BOUNCE
    assert outcome.changes == (Remember(9, Reported.FAILED),)


@pytest.mark.parametrize("to", [JOHN, JANE, ADMIN, "Support@bank.example"])
def test_one_of_us_is_never_cut_off(answered, to):
    outcome = answered("new-ticket", to, author="").hears()
    assert [type(change) for change in outcome.changes] == [Remember, AddEntry]


def test_what_the_desk_said_of_itself_is_told_once_for_each_address(answered, sent):
    desk = answered("acknowledgement", author="", agent="")
    assert sent(desk.hears()) == [("undelivered", JOHN)]
    assert context(desk.hears())["words"] == ""
    assert desk.hears().after.responded_at == desk.ticket.responded_at  # no answer, so none was lost
    desk.earlier = (
        SentLetter(outbox_id=3, ticket=1042, template="acknowledgement", to=KAREN, reported=Reported.FAILED),
    )
    outcome = desk.hears()
    assert sent(outcome) == []
    assert notes(outcome)


def test_a_letter_of_the_desk_to_somebody_else_is_only_noted(answered):
    outcome = answered("stopped", LENA, author="").hears()
    assert [type(change) for change in outcome.changes] == [Remember, Suppress, AddEntry]


def test_a_letter_about_no_ticket_suppresses_and_says_nothing(judge, answered):
    desk = answered("refused", author="")
    desk.letter = replace(desk.letter, ticket=0)
    outcome = desk.hears()
    assert (outcome.before, outcome.fate) == (None, Fate.BOUNCE)
    assert [type(change) for change in outcome.changes] == [Remember, Suppress]


def test_the_courier_walks_the_same_way(answered, judge, sent):
    desk = answered()
    outcome = decide.undelivered(desk.facts(), "550 5.1.1 no such user", judge.policy, judge.now)
    assert (outcome.fate, sent(outcome)) == (None, [("undelivered", JANE)])
    assert outcome.after == desk.hears().after
    assert of(outcome, Suppress) == of(desk.hears(), Suppress)
    late = decide.undelivered(desk.facts(), "given up after 5 days: no answer", judge.policy, judge.now)
    assert sent(late) == [("undelivered", JANE)]
    assert of(late, Suppress) == []
    assert decide.undelivered(Facts(), "550", judge.policy, judge.now).changes == ()


def test_another_address_of_the_person_is_offered_and_who_got_it_is_named(answered):
    desk = answered(collaborators=(LENA,))
    desk.earlier = (replace(desk.letter, outbox_id=8, to=LENA),)
    desk.more = {"others": {KAREN: frozenset({KAREN, HOME, "karen@old.example", LENA})}}
    desk.more["dead"] = {"karen@old.example": suppressed(desk.judge, "karen@old.example")}
    told = context(desk.hears())
    assert (told["others"], told["reached"]) == ([HOME], [LENA])


def suppressed(judge, email, complaint=False):
    since = judge.now - timedelta(days=1)
    return Suppressed(email=email, since=since, reason="there is no such mailbox", outbox_id=2, complaint=complaint)


# --------------------------------------------------------------------- undelivered means unanswered


def test_the_clock_is_given_back_what_it_had(judge, answered):
    """Of several answers that one counts which was given first and of which nothing bad was heard."""
    first, second, third = (judge.now - timedelta(minutes=minutes) for minutes in (60, 40, 20))
    desk = answered(at=first)

    def other(outbox_id, at, **more):
        return replace(desk.letter, outbox_id=outbox_id, written_at=at, **more)

    desk.earlier = (other(10, second), other(11, third))
    assert desk.hears().after.responded_at == second
    desk.earlier = (other(10, second, reported=Reported.FAILED), other(11, third))
    assert desk.hears().after.responded_at == third
    desk.earlier = (other(10, second, to=LENA), other(12, judge.now - timedelta(days=9)))
    assert desk.hears().after.responded_at is None  # a copy is no answer, nor is one before the clocks began
    desk.letter = replace(desk.letter, written_at=second)
    assert desk.hears().after.responded_at == first  # it was not this answer that met the promise


def test_a_copy_that_fails_moves_no_clock(answered, sent):
    desk = answered(to=LENA, collaborators=(LENA,))
    outcome = desk.hears()
    assert sent(outcome) == [("undelivered", JANE)]
    assert outcome.after.responded_at == desk.ticket.responded_at


@pytest.mark.parametrize(
    ("status", "at_once"), [(Status.RESOLVED, True), (Status.CLOSED, True), (Status.CLOSED, False)]
)
def test_a_ticket_opens_again_whose_solution_nobody_has_read(judge, answered, sent, status, at_once):
    said = judge.now if at_once else judge.now - timedelta(days=4)
    begun = said - timedelta(hours=3)
    closed = None if status == Status.RESOLVED else judge.now
    desk = answered(
        "closure", at=said, status=status, resolved_at=said, closed_at=closed, clock_from=begun,
        waited=60.0, marks=("breach:response",), agent="sam",
    )  # fmt: skip
    outcome = desk.hears()
    assert of(outcome, SetField) == [SetField("status", status, Status.OPEN, "courier")]
    after = outcome.after
    assert (after.resolved_at, after.closed_at, after.responded_at) == (None, None, None)
    assert (after.clock_from, after.waited, after.marks) == (begun, 60.0, ("breach:response",))
    assert sent(outcome) == [("undelivered", JANE), ("undelivered", SAM)]
    assert of(outcome, SendLetter)[0].letter.context["reopened"]


@pytest.mark.parametrize("changed", [{"resolved_at": timedelta(hours=1)}, {"closing": "duplicate"}])
def test_a_ticket_that_ended_otherwise_stays_ended(judge, answered, changed):
    more = {k: judge.now + v if isinstance(v, timedelta) else v for k, v in changed.items()}
    desk = answered("closure", status=Status.CLOSED, **{"resolved_at": judge.now, "closed_at": judge.now} | more)
    outcome = desk.hears()
    assert outcome.after.status == Status.CLOSED
    assert of(outcome, SendLetter)


def test_nobody_waits_for_an_answer_to_a_question_that_did_not_arrive(judge, answered):
    asked = judge.now - timedelta(hours=5)
    desk = answered(at=asked, status=Status.WAITING, waiting_since=asked, clock_from=asked - timedelta(hours=1))
    after = desk.hears().after
    assert (after.status, after.waiting_since, after.waited) == (Status.OPEN, None, 0.0)
    assert after.next_due == asked + timedelta(hours=7)  # the eight hours ran all the time
    later = answered(at=asked, status=Status.WAITING, waiting_since=judge.now)
    assert later.hears().after.status == Status.WAITING


def test_of_a_merged_ticket_the_one_that_took_it_up_is_told_of(judge, answered):
    desk = answered("closure", status=Status.CLOSED, merged_into=1050, closing="merged", resolved_at=judge.now)
    end = judge.ticket(number=1050, agent="sam", responded_at=judge.now)
    facts = replace(desk.facts(), tickets={1042: desk.ticket, 1050: end})
    outcome = decide.undelivered(facts, "550 5.1.1", judge.policy, judge.now)
    assert outcome.before == end
    assert outcome.after.responded_at == judge.now
    assert notes(outcome)


# --------------------------------------------------------------------- late, received, read


def test_a_delay_is_noted_once_and_only_an_author_hears_of_it(answered, sent):
    desk = answered()
    outcome = desk.hears(Nature.DELAYED, "4.4.1", "connection timed out")
    assert (outcome.fate, sent(outcome)) == (Fate.BOUNCE, [("delayed", JANE)])
    assert context(outcome)["reason"] == "their mail server does not answer"
    assert len(notes(outcome)) == 1
    assert of(outcome, Remember) == [Remember(9, Reported.DELAYED)]
    assert outcome.after.responded_at == desk.ticket.responded_at
    assert of(outcome, Suppress) == []
    assert answered(reported=Reported.DELAYED).hears(Nature.DELAYED, "4.4.1", "later").changes == ()
    assert sent(answered("acknowledgement", author="").hears(Nature.DELAYED, "4.4.1", "later")) == []
    assert sent(answered(reported=Reported.DELAYED).hears()) == [("undelivered", JANE)]  # and then it fails


@pytest.mark.parametrize("nature", [Nature.DELIVERED, Nature.READ])
def test_receipts_are_filed(answered, nature):
    outcome = answered().hears(nature, kind=Kind.REPORT)
    assert (outcome.fate, outcome.changes) == (Fate.FILED, ())
    assert outcome.after.number == 1042


# --------------------------------------------------------------------- complaints


def test_a_complaint_stops_what_nobody_wrote_and_the_admin_hears_of_it_once(answered, sent):
    desk = answered("acknowledgement", author="")
    outcome = desk.hears(Nature.COMPLAINT, kind=Kind.REPORT)
    assert (outcome.fate, sent(outcome)) == (Fate.FILED, [("complaint", ADMIN)])
    assert of(outcome, Suppress) == [Suppress(KAREN, "a letter of ours was called spam", 9, complaint=True)]
    assert "was called spam" in notes(outcome)[0]
    desk.more = {"complained": frozenset({KAREN})}
    again = desk.hears(Nature.COMPLAINT, kind=Kind.REPORT)  # about another letter
    assert [type(change) for change in again.changes] == [AddEntry, Remember]
    desk.letter = replace(desk.letter, reported=Reported.COMPLAINT)
    assert desk.hears(Nature.COMPLAINT, kind=Kind.REPORT).changes == ()


def test_a_complaint_of_one_of_us_stops_nothing(answered, sent):
    outcome = answered("new-ticket", JOHN, author="").hears(Nature.COMPLAINT, kind=Kind.REPORT)
    assert sent(outcome) == [("complaint", ADMIN)]
    assert of(outcome, Suppress) == []


def test_a_complaint_about_a_letter_without_a_ticket(answered, sent):
    desk = answered("refused", author="")
    desk.letter = replace(desk.letter, ticket=0)
    outcome = desk.hears(Nature.COMPLAINT, kind=Kind.REPORT)
    assert sent(outcome) == [("complaint", ADMIN)]
    assert of(outcome, Suppress)


@pytest.mark.parametrize(("purpose", "ids"), [(Purpose.BOUNCE, (9,)), (Purpose.REQUESTER_REPLY, ()), (None, ())])
def test_a_complaint_is_about_the_letter_whose_envelope_sender_it_names(judge, purpose, ids):
    base, policy = "support@bank.example", judge.policy
    sender = base
    if purpose == Purpose.BOUNCE:
        sender = tokens.bounce_address(policy, base, 1042, 9)
    elif purpose:
        sender = tokens.reply_address(policy, base, purpose, 1042, 7, None, serial=9)
    envelope = Envelope(raw=b"", mail_from="", rcpts=(base,), received_at=judge.now, door="test")
    message = Message(kind=Kind.REPORT, nature=Nature.COMPLAINT, bounce=Bounce(original_mail_from=sender))
    clues = matching.clues(message, envelope, policy, judge.now)
    assert (clues.outbox_ids, clues.reports) == (ids, True)


# --------------------------------------------------------------------- forgers, people, machines


def test_a_report_with_a_wrong_token_touches_nothing(judge, answered):
    desk = answered()
    forged = tokens.bounce_address(replace(judge.policy, keys=replace(judge.policy.keys, secrets={1: b"x" * 32})),
                                   "support@bank.example", 1042, 9)  # fmt: skip
    bounce = Bounce(recipients=(BouncedRecipient(address=KAREN, status="5.1.1"),))
    outcome = judge.letter(None, "", "failed", forged, facts=desk.facts(), kind=Kind.BOUNCE, bounce=bounce)
    assert (outcome.fate, outcome.changes) == (Fate.FILED, ())
    assert "not ours" in outcome.reason


def test_a_report_about_nothing_we_sent_is_filed(judge):
    assert judge.letter(None, "", "failed", kind=Kind.BOUNCE).fate == Fate.FILED


def test_a_person_who_answers_to_the_envelope_sender_is_heard(judge, answered, sent):
    desk = answered(to=KAREN, agent="john")
    to = tokens.bounce_address(judge.policy, "support@bank.example", 1042, 9)
    ours = tokens.message_id(judge.policy, 1042, 7, 9)
    outcome = judge.letter(
        desk.ticket, KAREN, "It works now, and thank you.", to, facts=desk.facts(), in_reply_to=(ours,)
    )
    assert (outcome.fate, outcome.before.number) == (Fate.REPLY, 1042)
    assert sent(outcome) == [("requester-reply", JOHN)]
    new = judge.letter(None, KAREN, "Something else.", to, facts=desk.facts(), subject="Another matter")
    assert new.fate == Fate.TICKET


def test_a_machine_that_writes_to_the_envelope_sender_opens_nothing(judge, answered):
    desk = answered()
    to = tokens.bounce_address(judge.policy, "support@bank.example", 1042, 9)
    more = {"kind": Kind.AUTOMATIC, "kind_reason": "Precedence: bulk", "subject": "I am away"}
    outcome = judge.letter(None, KAREN, "until Monday", to, facts=desk.facts(), **more)
    assert (outcome.fate, outcome.before.number) == (Fate.FILED, 1042)
    assert judge.letter(None, KAREN, "Disk is full", facts=Facts(), **more).fate == Fate.TICKET


# --------------------------------------------------------------------- dead addresses


def test_an_answer_to_a_dead_address_is_tried_and_its_author_warned(judge, sent):
    dead = {KAREN: suppressed(judge, KAREN)}
    around = decide.Surroundings(dead=dead, others={KAREN: frozenset({KAREN, HOME})})
    ticket = judge.ticket(agent="john")
    outcome = decide.on_command(
        ticket, "Sign in again.", judge.policy.agents["john"], judge.policy, judge.now, around=around
    )
    assert sent(outcome) == [("response", KAREN), ("dead-address", JOHN)]
    told = of(outcome, SendLetter)[1].letter.context
    assert (told["to"], told["reason"], told["others"]) == (KAREN, "there is no such mailbox", [HOME])
    note = decide.on_command(ticket, "#note\nHm.", judge.policy.agents["john"], judge.policy, judge.now, around=around)
    assert sent(note) == []


@pytest.mark.parametrize(
    ("changed", "lives"),
    [
        ({}, True),
        ({"kind": Kind.AUTOMATIC}, False),
        ({"kind": Kind.LIST}, False),
    ],
)
def test_a_letter_of_a_person_shows_that_the_address_lives(judge, changed, lives):
    ticket = judge.ticket()
    facts = Facts(mail_id=5, tickets={1042: ticket}, dead={KAREN: suppressed(judge, KAREN)})
    to = judge.address(Purpose.REQUESTER_REPLY, 7)
    outcome = judge.letter(ticket, KAREN, "I am back.", to, facts=facts, **changed)
    assert of(outcome, Revive) == ([Revive(KAREN)] if lives else [])
    assert any("lives" in line for line in outcome.trace) == lives
