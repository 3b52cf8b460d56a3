"""An outcome becomes rows, whole or not at all."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
from store_values import (
    LEASE,
    NOW,
    accept,
    acknowledgement,
    arrival,
    changing,
    claim,
    ignoring,
    message,
    new_ticket,
    opened,
    opening,
    stored,
)

from maild.core.model import (
    AddEntry,
    Address,
    Clues,
    EntryKind,
    Fate,
    Lane,
    Letter,
    OpenTicket,
    Outcome,
    Person,
    Purpose,
    SendLetter,
    SetField,
    Status,
    Ticket,
)
from maild.store import Stale, Store, open_store


def test_a_ticket_comes_back_as_it_was_decided(store: Store) -> None:
    later = NOW + timedelta(microseconds=1)
    wanted = new_ticket(
        subject="Größe 🖨",
        requester=Person(0, "Karen@Customer.example", "Karen"),
        status=Status.SNOOZED,
        topic="hardware",
        priority="high",
        team="printers",
        agent="joe",
        sla="gold",
        tags=("fire", "ünïcode"),
        watchers=("ann",),
        clock_from=NOW,
        responded_at=later,
        waiting_since=NOW,
        waited=12.5,
        resolved_at=NOW,
        closed_at=NOW,
        closing="silent",
        last_message_id="a@b",
        references=("x@y", "z@y"),
        marks=("breach:response",),
        since={"status": NOW, "answer": later},
        next_due=later,
    )
    (number,) = store.record([(stored(store, "one"), opening(ticket=wanted))], NOW)
    assert number == 1001
    got = store.ticket(1001)
    assert got is not None
    assert got.requester.id > 0
    assert replace(got, requester=wanted.requester, number=0, version=0) == wanted
    assert got.requester.email == "Karen@Customer.example"
    assert got.version == 1


def test_numbers_have_no_gaps_even_after_failures(store: Store) -> None:
    first = opened(store)
    with pytest.raises(Stale):
        store.record([(None, opening(fate=None)), (None, changing(replace(first, version=9), subject="x"))], NOW)
    assert opened(store).number == first.number + 1


def test_a_batch_is_recorded_in_order_and_numbers_belong_to_it(store: Store) -> None:
    names = [f"n{i}" for i in range(30)]
    accept(store, *names)
    claimed = claim(store)
    worked = [
        (c.mail_id, ignoring() if i % 3 == 2 else opening(ticket=new_ticket(subject=names[i])))
        for i, c in enumerate(claimed)
    ]
    numbers = store.record(worked, NOW)
    for i, number in enumerate(numbers):
        row = store.letter(claimed[i].mail_id)
        assert row is not None
        assert row.ticket == number
        if i % 3 == 2:
            assert (number, row.fate) == (None, Fate.IGNORED)
        else:
            ticket = store.ticket(number)
            assert ticket is not None
            assert ticket.subject == names[i]
            assert row.reason == "a new request"
            assert row.trace == ("rule one: hit",)


def test_requesters_are_met_once(store: Store) -> None:
    people = [Person(0, "KAREN@customer.example"), Person(0, "karen@customer.example", "Karen"), Person(0, "bob@x.y")]
    numbers = store.record([(None, opening(ticket=new_ticket(requester=one), fate=None)) for one in people], NOW)
    first, second, third = (store.ticket(number).requester for number in numbers)
    assert first.id == second.id != third.id
    assert first.name == "Karen"
    # Somebody who had no name gets one, somebody who has one keeps it.
    again = [Person(0, "bob@x.y", "Bob"), Person(0, "karen@customer.example", "Mallory")]
    store.record([(None, opening(ticket=new_ticket(requester=one), fate=None)) for one in again], NOW)
    assert store.ticket(numbers[2]).requester.name == "Bob"
    assert store.ticket(numbers[0]).requester.name == "Karen"
    assert opened(store, requester=first).requester == first


def test_a_changed_ticket_gets_a_new_version_and_an_unchanged_one_does_not(store: Store) -> None:
    before = opened(store)
    store.record([(None, changing(before, status=Status.OPEN, tags=("a",), requester=Person(0, "new@x.y")))], NOW)
    after = store.ticket(before.number)
    assert after is not None
    assert (after.status, after.tags, after.version, after.requester.email) == (Status.OPEN, ("a",), 2, "new@x.y")
    store.record([(None, Outcome(before=after, after=after, changes=(AddEntry(message("more")),)))], NOW)
    assert store.ticket(before.number) == after


def test_a_ticket_that_changed_meanwhile_stops_the_whole_batch(store: Store) -> None:
    before, other = opened(store), opened(store)
    store.record([(None, changing(before, agent="joe"))], NOW)
    mail_id = stored(store, "one")
    thread = store.entries(before.number)
    with pytest.raises(Stale, match=str(before.number)):
        store.record(
            [
                (mail_id, opening(SendLetter(acknowledgement()))),
                (None, changing(other, agent="ann")),
                (None, changing(before, AddEntry(message("lost?")), agent="ann")),
            ],
            NOW,
        )
    assert store.ticket(other.number) == other
    assert store.ticket(before.number).agent == "joe"
    assert store.entries(before.number) == thread
    assert store.outbox() == []
    assert store.letter(mail_id).fate is None


def test_two_changes_of_one_ticket_in_a_batch_are_stale(store: Store) -> None:
    before = opened(store)
    with pytest.raises(Stale):
        store.record([(None, changing(before, agent="joe")), (None, changing(before, team="t"))], NOW)
    assert store.ticket(before.number) == before


def test_the_thread_says_who_changed_what(store: Store) -> None:
    before = opened(store)
    changes = (
        SetField("status", Status.NEW, Status.OPEN, "joe"),
        SetField("tags", (), ("a", "nul\0"), "rule:fire"),
        SetField("next_due", None, NOW, "clock"),
        AddEntry(message("text \ud800\0", kind=EntryKind.NOTE, public=False, data={"k": [1, {"deep": "\0"}]})),
    )
    store.record([(None, changing(before, *changes, status=Status.OPEN))], NOW + timedelta(hours=1))
    status, tags, due, note = store.entries(before.number)[1:]
    assert status.kind is EntryKind.EVENT
    assert status.data == {"field": "status", "old": "new", "new": "open"}
    assert (status.author, status.at, status.public) == ("joe", NOW + timedelta(hours=1), False)
    assert tags.data == {"field": "tags", "old": [], "new": ["a", "nul\ufffd"]}
    assert due.data["new"] == NOW.isoformat()
    assert (note.kind, note.public, note.text) == (EntryKind.NOTE, False, "text \ufffd\ufffd")
    assert note.data == {"k": [1, {"deep": "\ufffd"}]}


def test_letters_wait_in_the_outbox_with_all_they_need(store: Store) -> None:
    letter = Letter(
        template="reply",
        to=Address("Karen@customer.example", "Karen"),
        lane=Lane.ANSWER,
        purpose=Purpose.REQUESTER_REPLY,
        from_name="Joe",
        from_address="other@desk.example",
        in_reply_to="a@b",
        references=("x@y", "a@b"),
        about_entry=True,
        attachments_of=7,
        context={"who": "Joe", "nested": {"n": [1, 2]}},
    )
    alert = Letter(template="alert", to=Address("joe@desk.example"), lane=Lane.ALERT, principal=77)
    event = SetField("status", "new", "open", "joe")
    number = store.record([(None, opening(SendLetter(letter), event, SendLetter(alert), fate=None))], NOW)[0]
    ticket = store.ticket(number)
    second, first = store.outbox()
    assert first.letter == replace(letter, principal=ticket.requester.id)
    assert second.letter == alert
    assert (first.number, first.state, first.attempts, first.next_try) == (number, "queued", 0, NOW)
    assert first.entry_id == store.entries(number)[0].id
    assert second.entry_id is None


def test_a_letter_may_belong_to_no_ticket(store: Store) -> None:
    letter = Letter(template="trouble", to=Address("admin@desk.example"), lane=Lane.ALERT)
    store.record([(None, Outcome(changes=(SendLetter(letter),)))], NOW)
    (row,) = store.outbox()
    assert (row.number, row.letter) == (None, letter)


def test_only_letters_of_a_ticket_are_known_by_their_id(store: Store) -> None:
    kept, dropped = stored(store, "kept"), stored(store, "dropped")
    entry = AddEntry(message(mail_id=kept, message_id="as-parsed@x"))
    number = store.record([(kept, opening(entry)), (dropped, ignoring())], NOW)[0]
    clues = Clues(referenced=("kept@customer.example", "dropped@customer.example", "as-parsed@x"))
    (facts,) = store.recall([(0, clues)], NOW)
    assert {one: (k.ticket, k.mail_id) for one, (k,) in facts.known.items()} == {
        "kept@customer.example": (number, kept),
        "as-parsed@x": (number, kept),
    }


def test_a_letter_has_one_fate_whoever_comes_second(store: Store) -> None:
    """A frozen worker wakes up after its lease ended and another has done the work."""
    mail_id = stored(store, "one")
    other = stored(store, "two")
    assert [claim(store, now=NOW + LEASE)[0].mail_id for _ in range(2)] == [mail_id, other]
    (number,) = store.record([(mail_id, opening())], NOW)
    late = store.record([(mail_id, opening(SendLetter(acknowledgement()))), (other, ignoring())], NOW)
    assert late == [number, None]
    assert store.outbox() == []
    assert len(store.tickets()) == 1
    assert store.letter(other).fate is Fate.IGNORED
    assert store.ledger_sums()["ticket"] == 1


@pytest.mark.parametrize(
    ("mail", "outcome", "complaint"),
    [
        (True, Outcome(), "without a fate"),
        (False, Outcome(changes=(OpenTicket(),)), "needs an after"),
        (False, Outcome(after=new_ticket()), "no OpenTicket"),
        (False, Outcome(after=new_ticket(number=5)), "without its before"),
        (False, Outcome(before=new_ticket(number=4), after=new_ticket(number=5)), "cannot become"),
        (False, Outcome(changes=(AddEntry(message()),)), "entry without a ticket"),
        (False, Outcome(changes=(SendLetter(acknowledgement(about_entry=True)),)), "no AddEntry"),
    ],
)
def test_an_outcome_that_contradicts_itself_is_refused(
    store: Store, mail: bool, outcome: Outcome, complaint: str
) -> None:
    mail_id = stored(store, "one") if mail else None
    with pytest.raises(ValueError, match=complaint):
        store.record([(None, opening(fate=None)), (mail_id, outcome)], NOW)
    assert store.tickets() == []


def test_a_letter_that_was_never_stored_has_no_fate(store: Store) -> None:
    with pytest.raises(ValueError, match="never stored"):
        store.record([(4711, ignoring())], NOW)


def test_nothing_at_all_is_recorded_quickly(store: Store) -> None:
    assert store.record([], NOW) == []


def test_a_change_is_made_once_however_many_try(url: str) -> None:
    """Every notice fires once over any number of nodes: the ticket's version decides."""
    stores = [open_store(url) for _ in range(4)]
    try:
        tickets = [opened(stores[0], next_due=NOW) for _ in range(10)]

        def fire(store: Store) -> int:
            won = 0
            for ticket in tickets:
                marked = changing(ticket, SendLetter(acknowledgement()), marks=("breach",), next_due=None)
                try:
                    store.record([(None, marked)], NOW)
                    won += 1
                except Stale:
                    pass
            return won

        with ThreadPoolExecutor(4) as pool:
            assert sum(pool.map(fire, stores)) == len(tickets)
        assert len(stores[0].outbox()) == len(tickets)
        assert stores[0].due(NOW, 100) == []
    finally:
        for store in stores:
            store.close()


def test_nodes_that_record_at_once_never_hang_each_other(url: str) -> None:
    """Overlapping persons, tickets and counters in every order: locks are taken in one order everywhere."""
    stores = [open_store(url) for _ in range(4)]

    def work(i: int) -> list[int | None]:
        numbers: list[int | None] = []
        for turn in range(8):
            people = [Person(0, f"p{(i * 3 + turn + n * (1 if i % 2 else -1)) % 12}@x.y", "P") for n in range(6)]
            worked = [
                (None, opening(SendLetter(acknowledgement()), ticket=new_ticket(requester=p), fate=None))
                for p in people
            ]
            numbers += stores[i].record(worked, NOW)
            for future in [stores[i].accept(arrival(f"{turn}-{n}")) for n in range(4)]:
                future.result(20)
        return numbers

    try:
        with ThreadPoolExecutor(4) as pool:
            numbers = [number for share in pool.map(work, range(4)) for number in share]
        assert sorted(numbers) == list(range(1001, 1001 + 4 * 8 * 6))
        assert stores[0].ledger_sums()["received"] == 4 * 8 * 4
    finally:
        for store in stores:
            store.close()


def test_an_absurdly_long_message_id_is_still_found(store: Store) -> None:
    long_id = "x" * 100_000
    given_ = replace(arrival("one"), message_id=long_id)
    store.accept(given_).result(10)
    mail_id = claim(store)[0].mail_id
    ticket: Ticket = new_ticket(requester=Person(0, "y" * 5000 + "@x.y"))
    store.record([(mail_id, opening(ticket=ticket))], NOW)
    (facts,) = store.recall([(0, Clues(message_id=long_id, referenced=(long_id, long_id + "x")))], NOW)
    assert [k.mail_id for k in facts.same_id] == [mail_id]
    assert set(facts.known) == {long_id}
