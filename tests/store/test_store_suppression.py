"""Addresses that get no automatic letters, and what memory knows of letters that are reported of."""

from __future__ import annotations

from datetime import timedelta

from store_values import NOW, acknowledgement, changing, message, opened, queue

from maild.core.model import (
    AddEntry,
    Clues,
    EntryKind,
    Lane,
    Outcome,
    Remember,
    Reported,
    Revive,
    SamePerson,
    SendLetter,
    Suppress,
)
from maild.store import Store

KAREN, HOME, LENA = "karen@customer.example", "karen@home.example", "lena@customer.example"
LEASE = timedelta(minutes=5)


def decided(store: Store, *changes) -> None:
    store.record([(None, Outcome(changes=changes))], NOW)


def dead(email: str = KAREN, outbox_id: int = 3) -> Suppress:
    return Suppress(email, "there is no such mailbox", outbox_id)


def complaint(email: str = KAREN) -> Suppress:
    return Suppress(email, "a letter of ours was called spam", 4, complaint=True)


def kinds(store: Store) -> list[tuple[str, bool]]:
    return [(one.email, one.complaint) for one in store.suppressed()]


def test_an_address_is_kept_until_it_writes_and_a_complaint_until_it_is_taken_back(store: Store) -> None:
    decided(store, dead("Karen@Customer.example"), complaint(), dead(LENA))
    store.record([(None, Outcome(changes=(dead(outbox_id=9),)))], NOW + timedelta(days=1))
    assert kinds(store) == [(KAREN, False), (KAREN, True), (LENA, False)]
    first = store.suppressed()[0]
    assert (first.since, first.reason, first.outbox_id) == (NOW, "there is no such mailbox", 3)  # the first one is kept
    decided(store, Revive("KAREN@customer.example"))
    assert kinds(store) == [(KAREN, True), (LENA, False)]
    decided(store, dead())
    assert store.release_address("Karen@customer.EXAMPLE")
    assert not store.release_address(KAREN)
    assert kinds(store) == [(LENA, False)]


def test_notices_stop_at_the_door_and_answers_and_alerts_go(store: Store) -> None:
    decided(store, dead())
    queue(
        store,
        acknowledgement(),
        acknowledgement(KAREN.upper()),
        acknowledgement(lane=Lane.ANSWER, template="response", automatic=""),
        acknowledgement(lane=Lane.ALERT, template="new-ticket"),
        acknowledgement(template="further-files"),
        acknowledgement(LENA),
    )
    rows = store.outbox_claim(10, NOW, LEASE, "w")
    assert [(row.letter.template, row.letter.to.email) for row in rows] == [
        ("response", KAREN),
        ("further-files", KAREN),
        ("acknowledgement", LENA),
        ("new-ticket", KAREN),
    ]
    stopped = store.outbox(state="suppressed")
    assert [(row.attempts, row.next_try, row.error) for row in stopped] == [
        (0, None, "suppressed: there is no such mailbox")
    ] * 2
    assert len(store.outbox(state="queued")) == 4
    store.release_address(KAREN)
    assert store.outbox_claim(10, NOW, LEASE, "w") == []  # what was stopped stays so
    queue(store, acknowledgement())
    assert len(store.outbox_claim(10, NOW, LEASE, "w")) == 1


def test_a_claim_goes_on_where_all_of_it_was_stopped(store: Store) -> None:
    decided(store, dead())
    to = [KAREN] * 3 + [LENA] + [KAREN] * 4
    queue(store, *(acknowledgement(email) for email in to))
    assert [row.letter.to.email for row in store.outbox_claim(2, NOW, LEASE, "w")] == [LENA]
    assert len(store.outbox(state="suppressed")) == 7


def test_what_is_reported_of_a_letter_is_remembered_whatever_the_courier_writes(store: Store) -> None:
    queue(store, acknowledgement(), acknowledgement())
    one, other = (row.outbox_id for row in store.outbox_claim(2, NOW, LEASE, "w"))
    decided(store, Remember(one, Reported.DELAYED), Remember(other, Reported.DELAYED), Remember(one, Reported.FAILED))
    store.outbox_sent(one, NOW, "250 ok").result(10)
    sent = store.recall([(0, Clues(outbox_ids=(one, other)))], NOW)[0].sent
    assert [sent[one].reported, sent[other].reported] == [Reported.FAILED, Reported.DELAYED]


def test_a_report_brings_the_answers_of_its_ticket_and_what_is_known_of_the_address(store: Store) -> None:
    ticket = opened(store)
    answer = message("Sign in again.", kind=EntryKind.RESPONSE, author="jane", at=NOW)

    def letter(to: str, lane: Lane = Lane.ANSWER, template: str = "response") -> SendLetter:
        return SendLetter(acknowledgement(to, lane=lane, template=template, about_entry=True))

    change = (AddEntry(answer), letter(KAREN), letter(LENA), letter("sam@bank.example", Lane.ALERT, "activity"))
    store.record([(None, changing(ticket, *change))], NOW)
    queue(store, acknowledgement())
    ticket = store.ticket(ticket.number)
    assert ticket is not None
    decided(store, SamePerson(HOME, ticket.requester), SamePerson("k@old.example", ticket.requester))
    decided(store, dead("k@old.example"), complaint(), dead("stranger@elsewhere.example"))
    karen, lena, sam, other = sorted(row.outbox_id for row in store.outbox())
    decided(store, Remember(lena, Reported.FAILED))

    facts, plain = store.recall(
        [(1, Clues(outbox_ids=(karen,), reports=True)), (2, Clues(outbox_ids=(sam, other)))], NOW
    )
    letter_of = facts.sent[karen]
    assert (letter_of.author, letter_of.written_at, letter_of.words) == ("jane", NOW, "Sign in again.")
    assert [(one.outbox_id, one.author, one.reported, one.words) for one in facts.letters[ticket.number]] == [
        (karen, "jane", None, ""),
        (lena, "jane", Reported.FAILED, ""),
    ]
    assert facts.others == {KAREN: frozenset({KAREN, HOME, "k@old.example"})}
    assert set(facts.dead) == {"k@old.example"}
    assert facts.complained == {KAREN}
    assert [(one.author, one.words) for one in plain.sent.values()] == [("", ""), ("", "")]
    assert plain.letters == {}


def test_who_writes_and_who_takes_part_is_known_to_be_dead(store: Store) -> None:
    ticket = opened(store, collaborators=(LENA,))
    decided(store, dead(), dead(LENA), dead(HOME))
    by_ticket, by_sender, neither = store.recall(
        [(1, Clues(numbers=(ticket.number,))), (2, Clues(sender=HOME)), (3, Clues(sender="x@y.example"))], NOW
    )
    assert set(by_ticket.dead) == {KAREN, LENA}
    assert set(by_sender.dead) == {HOME}
    assert (neither.dead, neither.others, neither.complained) == ({}, {}, frozenset())
