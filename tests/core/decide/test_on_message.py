"""What becomes of a letter: every row of the table of who wrote, with which proof, about what."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from maild.core import tokens
from maild.core.model import (
    AddEntry,
    EntryKind,
    Facts,
    Fate,
    Kind,
    Known,
    OpenTicket,
    Purpose,
    SendLetter,
    SentLetter,
    SetField,
    Status,
)

KAREN, EVE = "karen@customer.example", "eve@elsewhere.example"
JOHN, JANE = "john@bank.example", "jane@bank.example"


def entries(outcome):
    return [change.entry for change in outcome.changes if isinstance(change, AddEntry)]


def fields(outcome):
    return {change.name: change.new for change in outcome.changes if isinstance(change, SetField)}


# --------------------------------------------------------------------- new tickets


def test_a_letter_from_a_stranger_opens_a_ticket_and_is_acknowledged(judge, sent):
    outcome = judge.letter(None, KAREN, "My card is blocked.", subject="Fwd: AW: Card is blocked")
    assert outcome.fate == Fate.TICKET
    assert outcome.before is None
    assert isinstance(outcome.changes[0], OpenTicket)
    ticket = outcome.after
    assert (ticket.subject, ticket.requester.email, ticket.status) == ("Card is blocked", KAREN, Status.NEW)
    assert (ticket.priority, ticket.team, ticket.sla) == ("normal", "support", "default")
    assert ticket.next_due == judge.now + timedelta(hours=8)
    assert sent(outcome) == [("acknowledgement", KAREN), ("new-ticket", JOHN)]


def test_the_address_brings_its_topic_and_the_topic_its_team_and_priority(judge, sent):
    outcome = judge.letter(None, KAREN, "It does not work", to="problem@bank.example")
    assert (outcome.after.topic, outcome.after.team, outcome.after.priority) == ("problem", "online", "high")
    assert ("new-ticket", JANE) in sent(outcome)


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"kind": Kind.LIST, "kind_reason": "List-Id"}, "List-Id"),
        ({"answerable": False, "kind_reason": "X-Auto-Response-Suppress"}, "X-Auto-Response-Suppress"),
        ({"kind": Kind.AUTOMATIC, "kind_reason": "Auto-Submitted: auto-generated"}, "auto-generated"),
    ],
)
def test_machines_and_nobody_get_a_ticket_but_no_acknowledgement(judge, sent, changed, why):
    outcome = judge.letter(None, KAREN, "Disk is full", **changed)
    assert outcome.fate == Fate.TICKET
    assert "acknowledgement" not in [template for template, _ in sent(outcome)]
    assert any(why in line for line in outcome.trace)


def test_a_letter_without_an_author_is_kept_and_nobody_is_written_to(judge, sent):
    outcome = judge.letter(None, None, "Disk is full")
    assert outcome.fate == Fate.TICKET
    assert [to for _, to in sent(outcome)] == [JOHN]


def test_a_sender_is_acknowledged_once_a_day(judge, sent):
    outcome = judge.letter(None, KAREN, "Once more", facts=Facts(mail_id=5, told={KAREN: {"acknowledgement": 1}}))
    assert "acknowledgement" not in [template for template, _ in sent(outcome)]


def test_a_vacation_notice_to_nothing_we_know_is_only_filed(judge):
    outcome = judge.letter(None, KAREN, "I am away", kind=Kind.AUTOMATIC, headers={"auto-submitted": ("auto-replied",)})
    assert (outcome.fate, outcome.changes) == (Fate.FILED, ())


# --------------------------------------------------------------------- replies


def by_reply_address(judge):
    return {"to": judge.address(Purpose.REQUESTER_REPLY, 7)}


def by_our_message_id(judge):
    return {"in_reply_to": (tokens.message_id(judge.policy, 1042, 7, 3),)}


def by_subject_token(judge):
    return {"subject": f"Re: invoice #123 {tokens.subject_token(judge.policy.keys, 'BANK', 1042)} Card"}


def by_stored_id(judge):
    ticket = judge.ticket()
    known = {"first@customer.example": (Known(ticket=1042, mail_id=2),)}
    return {
        "references": ("first@customer.example",),
        "facts": Facts(mail_id=5, known=known, tickets={1042: ticket}),
    }


EVIDENCE = [by_reply_address, by_our_message_id, by_subject_token, by_stored_id]


@pytest.mark.parametrize("evidence", EVIDENCE)
def test_the_requester_s_reply_joins_the_ticket(judge, sent, evidence):
    outcome = judge.letter(judge.ticket(), KAREN, "Code 23", **evidence(judge))
    assert (outcome.fate, outcome.before.number) == (Fate.REPLY, 1042)
    assert [(e.kind, e.public, e.text) for e in entries(outcome)] == [(EntryKind.MESSAGE, True, "Code 23")]
    assert sent(outcome) == [("requester-reply", JOHN)]
    assert outcome.after.last_message_id == "new@somewhere.example"


@pytest.mark.parametrize("evidence", [by_reply_address, by_our_message_id, by_stored_id])
def test_a_third_party_is_heard_inside_and_moves_nothing(judge, sent, evidence):
    ticket = judge.ticket(status=Status.RESOLVED, resolved_at=judge.now)
    extra = evidence(judge)
    if "facts" in extra:
        extra["facts"] = replace(extra["facts"], tickets={1042: ticket})
    outcome = judge.letter(ticket, EVE, "Close it, says Eve", **extra)
    assert outcome.fate == Fate.REPLY
    assert [e.public for e in entries(outcome)] == [False]
    assert outcome.after.status == Status.RESOLVED
    assert outcome.after.requester == ticket.requester
    assert outcome.after.last_message_id == ticket.last_message_id
    assert EVE not in [to for _, to in sent(outcome)]


def test_a_stranger_with_the_subject_token_gets_an_own_linked_ticket(judge, sent):
    outcome = judge.letter(judge.ticket(), EVE, "me too", **by_subject_token(judge))
    assert (outcome.fate, outcome.before) == (Fate.TICKET, None)
    assert outcome.after.requester.email == EVE
    opened = next(e for e in entries(outcome) if e.data.get("field") == "opened")
    assert opened.data["linked"] == [1042]


@pytest.mark.parametrize("wrong", ["[BANK-1042-AAAA]", "[BANK-1042]", "#1042", "[TANK-1042-K7QD]"])
def test_a_number_without_a_valid_check_means_nothing(judge, wrong):
    outcome = judge.letter(judge.ticket(), KAREN, "hello", subject=f"Re: {wrong} Card")
    assert outcome.fate == Fate.TICKET


@pytest.mark.parametrize("cut", [1, 4, -1])
def test_a_damaged_reply_address_is_no_proof(judge, cut):
    local, _, domain = judge.address(Purpose.REQUESTER_REPLY, 7).partition("@")
    outcome = judge.letter(judge.ticket(), KAREN, "hello", to=f"{local[:-cut] if cut > 0 else local + 'a'}@{domain}")
    assert outcome.fate == Fate.TICKET


def test_an_expired_reply_address_does_not_lead_to_the_ticket(judge):
    old = judge.address(Purpose.REQUESTER_REPLY, 7, days=-30)
    assert judge.letter(judge.ticket(), KAREN, "hello", to=old).fate == Fate.TICKET


@pytest.mark.parametrize(
    ("status", "after"),
    [
        (Status.NEW, Status.NEW),
        (Status.OPEN, Status.OPEN),
        (Status.WAITING, Status.OPEN),
        (Status.SNOOZED, Status.OPEN),
        (Status.RESOLVED, Status.OPEN),
    ],
)
def test_the_requester_s_reply_moves_the_status(judge, sent, status, after):
    paused = judge.now - timedelta(minutes=5) if status in (Status.WAITING, Status.SNOOZED) else None
    ticket = judge.ticket(status=status, waiting_since=paused)
    outcome = judge.letter(ticket, KAREN, "It is still blocked", **by_reply_address(judge))
    assert outcome.after.status == after
    assert outcome.after.waiting_since is None
    assert (sent(outcome)[0][0] == "reopened") == (status == Status.RESOLVED)


@pytest.mark.parametrize("status", [Status.RESOLVED, Status.CLOSED])
@pytest.mark.parametrize("evidence", [by_reply_address, by_our_message_id])
def test_thanks_reopens_nothing_and_the_agents_read_it(judge, sent, status, evidence):
    ticket = judge.ticket(status=status, resolved_at=judge.now, closed_at=judge.now, agent="jane")
    outcome = judge.letter(ticket, KAREN, "Thank you!", courtesy="thanks", **evidence(judge))
    assert (outcome.fate, outcome.after.status, fields(outcome)) == (Fate.FILED, status, {})
    assert sent(outcome) == [("requester-reply", JANE)]


def test_thanks_on_an_open_ticket_is_a_reply_like_any_other(judge):
    outcome = judge.letter(
        judge.ticket(status=Status.WAITING), KAREN, "Thank you!", courtesy="thanks", **by_reply_address(judge)
    )
    assert (outcome.fate, outcome.after.status) == (Fate.REPLY, Status.OPEN)


def test_reopening_starts_the_clocks_anew(judge):
    ticket = judge.ticket(
        status=Status.RESOLVED, resolved_at=judge.now, responded_at=judge.now, marks=("breach:response",)
    )
    after = judge.letter(ticket, KAREN, "It is still blocked", **by_reply_address(judge)).after
    assert (after.clock_from, after.responded_at, after.resolved_at, after.marks) == (judge.now, None, None, ())
    assert after.next_due == judge.now + timedelta(hours=8)


def test_a_reply_to_a_closed_ticket_begins_a_linked_one(judge):
    ticket = judge.ticket(status=Status.CLOSED, closed_at=judge.now)
    outcome = judge.letter(ticket, KAREN, "Again!", **by_reply_address(judge))
    assert (outcome.fate, outcome.before) == (Fate.TICKET, None)
    assert "continuing the closed ticket 1042" in outcome.reason


@pytest.mark.parametrize("status", [Status.RESOLVED, Status.CLOSED, Status.WAITING])
def test_an_automatic_reply_is_filed_and_moves_nothing(judge, sent, status):
    outcome = judge.letter(
        judge.ticket(status=status), KAREN, "I am away", kind=Kind.AUTOMATIC, **by_reply_address(judge)
    )
    assert (outcome.fate, outcome.after.status, sent(outcome)) == (Fate.FILED, status, [])


# --------------------------------------------------------------------- agents and those who claim to be


def test_only_the_agent_s_own_reply_address_gives_an_agent_s_power(judge, sent):
    outcome = judge.letter(judge.ticket(), JOHN, "#priority high", to=judge.agent_address("john"))
    assert (outcome.fate, outcome.after.priority) == (Fate.COMMAND, "high")


def no_token(judge):
    return {**by_our_message_id(judge)}


def requester_s_token(judge):
    return by_reply_address(judge)


def colleague_s_token(judge):
    return {"to": judge.agent_address("jane")}


def expired_token(judge):
    return {"to": judge.agent_address("john", days=-30)}


def bounce_token(judge):
    return {"to": tokens.bounce_address(judge.policy, "support@bank.example", 1042, 9)}


@pytest.mark.parametrize("proof", [no_token, requester_s_token, colleague_s_token, expired_token, by_subject_token])
def test_an_agent_s_name_without_the_proof_does_nothing(judge, sent, proof):
    outcome = judge.letter(judge.ticket(), JOHN, "#close", **proof(judge))
    assert outcome.fate == Fate.QUARANTINED
    assert fields(outcome) == {}
    assert entries(outcome) == []
    assert all(template == "unproven" for template, _ in sent(outcome))


def test_an_agent_s_token_in_a_stranger_s_hands_does_nothing_and_the_agent_hears_of_it(judge, sent):
    outcome = judge.letter(judge.ticket(), EVE, "#close", to=judge.agent_address("john"))
    assert outcome.fate == Fate.QUARANTINED
    assert fields(outcome) == {}
    assert sent(outcome) == [("unproven", JOHN)]


def test_an_agent_without_any_token_is_a_requester_like_anybody(judge):
    outcome = judge.letter(None, JOHN, "My chair is broken", subject="Chair")
    assert (outcome.fate, outcome.after.requester.email) == (Fate.TICKET, JOHN)


def test_two_authors_are_no_author(judge):
    outcome = judge.letter(judge.ticket(), None, "#close", to=judge.agent_address("john"))
    assert outcome.fate == Fate.QUARANTINED


def test_the_requester_cannot_command(judge):
    outcome = judge.letter(judge.ticket(), KAREN, "#close\n#priority emergency", **by_reply_address(judge))
    assert outcome.fate == Fate.REPLY
    assert fields(outcome) == {}


def test_an_agent_s_vacation_notice_runs_no_command(judge):
    outcome = judge.letter(
        judge.ticket(), JOHN, "#close", to=judge.agent_address("john"), kind=Kind.AUTOMATIC, kind_reason="x"
    )
    assert (outcome.fate, outcome.changes) == (Fate.FILED, ())


def test_the_note_address_keeps_everything_inside(judge, sent):
    outcome = judge.letter(
        judge.ticket(watchers=("sam",)), JOHN, "Psst", to=judge.agent_address("john", Purpose.AGENT_NOTE)
    )
    assert outcome.fate == Fate.NOTE
    assert [(e.kind, e.public) for e in entries(outcome)] == [(EntryKind.NOTE, False)]
    assert KAREN not in [to for _, to in sent(outcome)]


# --------------------------------------------------------------------- loops, copies, bounces


def test_our_own_letter_coming_back_is_ignored(judge):
    own = tokens.message_id(judge.policy, 1042, 7, 3)
    assert judge.letter(judge.ticket(), KAREN, "x", message_id=own).fate == Fate.IGNORED
    marked = {"x-maild-loop": ("bank.example; hop=1",)}
    assert judge.letter(None, "support@bank.example", "x", headers=marked).fate == Fate.IGNORED


def test_the_same_letter_at_a_second_address_tells_the_second_team(judge, sent):
    facts = Facts(
        mail_id=6, key="o:same:two", same_id=(Known(ticket=1042, mail_id=5, key="o:same:one"),),
        tickets={1042: judge.ticket()},
    )  # fmt: skip
    outcome = judge.letter(None, KAREN, "x", to="problem@bank.example", facts=facts)
    assert (outcome.fate, outcome.before.number) == (Fate.DUPLICATE, 1042)
    assert sent(outcome) == [("assigned", JANE)]


def test_of_a_merged_ticket_the_one_that_took_it_up_hears_of_the_copy(judge):
    merged, into = judge.ticket(status=Status.CLOSED, merged_into=1043), replace(judge.ticket(), number=1043)
    known = Known(ticket=1042, mail_id=4, key="o:c:one")
    facts = Facts(mail_id=5, key="o:c:two", same_id=(known,), tickets={1042: merged, 1043: into})
    outcome = judge.letter(merged, KAREN, "It does not work.", "problem@bank.example", facts=facts)
    assert (outcome.fate, outcome.after.number) == (Fate.DUPLICATE, 1043)


def test_another_letter_under_a_known_id_is_a_new_letter(judge):
    facts = Facts(
        mail_id=6, key="p:other:two", same_id=(Known(ticket=1042, mail_id=5, key="o:same:one"),),
        tickets={1042: judge.ticket()},
    )  # fmt: skip
    assert judge.letter(None, EVE, "genuine", facts=facts).fate == Fate.TICKET


@pytest.mark.parametrize(
    ("earlier", "text", "fate"),
    [
        ("It does not work.", "It does not work.\n____\nour mailing list", Fate.DUPLICATE),
        ("It does not work.", "It does  not\nwork.", Fate.DUPLICATE),
        ("It does not work.", "Something else entirely.", Fate.TICKET),
    ],
)
def test_one_id_author_and_date_is_a_copy_only_with_the_same_words(judge, earlier, text, fate):
    known = Known(ticket=1042, mail_id=5, key="o:first:x", text=earlier)
    facts = Facts(mail_id=6, key="o:second:x", same_id=(known,), tickets={1042: judge.ticket()})
    assert judge.letter(None, KAREN, text, facts=facts).fate == fate


# --------------------------------------------------------------------- mailboxes without sub-addresses


@pytest.mark.parametrize(
    ("purpose", "fate"),
    [
        (Purpose.AGENT_REPLY, Fate.COMMAND),
        (Purpose.REQUESTER_REPLY, Fate.QUARANTINED),
        (None, Fate.QUARANTINED),
    ],
)
def test_without_sub_addresses_the_id_of_our_letter_is_the_proof(judge, purpose, fate):
    judge.policy = replace(judge.policy, separator="")
    letter = SentLetter(outbox_id=9, ticket=1042, template="new-ticket", to=JOHN, purpose=purpose)
    facts = Facts(mail_id=5, tickets={1042: judge.ticket()}, sent={9: letter})
    ours = tokens.message_id(judge.policy, 1042, tokens.agent_principal("john"), 9)
    outcome = judge.letter(None, JOHN, "#priority high", facts=facts, in_reply_to=(ours,))
    assert outcome.fate == fate


def test_without_sub_addresses_a_colleague_s_letter_proves_nothing(judge):
    judge.policy = replace(judge.policy, separator="")
    letter = SentLetter(outbox_id=9, ticket=1042, template="new-ticket", to=JANE, purpose=Purpose.AGENT_REPLY)
    facts = Facts(mail_id=5, tickets={1042: judge.ticket()}, sent={9: letter})
    ours = tokens.message_id(judge.policy, 1042, tokens.agent_principal("jane"), 9)
    assert judge.letter(None, JOHN, "#close", facts=facts, in_reply_to=(ours,)).fate == Fate.QUARANTINED


def test_a_continued_ticket_keeps_team_and_agent_and_says_what_it_continues(judge):
    closed = judge.ticket(status=Status.CLOSED, closed_at=judge.now, team="online", agent="jane", topic="outage")
    outcome = judge.letter(closed, KAREN, "Again!", **by_reply_address(judge))
    assert (outcome.after.team, outcome.after.agent, outcome.after.topic) == ("online", "jane", "outage")
    alerts = [c.letter for c in outcome.changes if isinstance(c, SendLetter) and c.letter.template == "new-ticket"]
    assert [(a.to.email, a.context["linked"]) for a in alerts] == [(JANE, "BANK-1042")]


def test_a_colleague_s_reply_address_used_by_an_agent_tells_both(judge, sent):
    outcome = judge.letter(judge.ticket(), JANE, "#close", to=judge.agent_address("john"))
    assert sorted(sent(outcome)) == [("unproven", JANE), ("unproven", JOHN)]
    assert outcome.before is None  # it may be requeued
