"""Our letters: the urgent first, one worker each, bytes that never change, an end for every one."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from store_values import LEASE, NOW, acknowledgement, opened, queue

from maild.core.model import Address, Clues, Lane, Letter, SendLetter
from maild.store import OutboxRow, Store, open_store

MINUTE = timedelta(minutes=1)


def claim(store: Store, limit: int = 50, **more: object) -> list[OutboxRow]:
    return store.outbox_claim(limit, more.get("now", NOW), LEASE, "c1")


def one(store: Store) -> OutboxRow:
    (row,) = store.outbox()
    return row


def test_urgent_letters_go_first_and_old_ones_before_new_ones(store: Store) -> None:
    lanes = [Lane.ALERT, Lane.NOTICE, Lane.ANSWER, Lane.ALERT, Lane.ANSWER]
    queue(store, *(acknowledgement(f"{i}@x.y", lane=lane) for i, lane in enumerate(lanes)))
    first, rest = claim(store, limit=3), claim(store)
    assert [row.letter.to.email for row in first] == ["2@x.y", "4@x.y", "1@x.y"]
    assert [row.letter.to.email for row in rest] == ["0@x.y", "3@x.y"]
    assert claim(store) == []


def test_a_claimed_letter_brings_its_ticket_and_its_entry(store: Store) -> None:
    ticket = opened(store, SendLetter(acknowledgement(about_entry=True)))
    (row,) = claim(store)
    assert row.ticket == ticket
    assert row.entry == store.entries(ticket.number)[0]
    assert (row.attempts, row.number) == (1, ticket.number)
    queue(store, acknowledgement())
    (row,) = claim(store)
    assert (row.ticket, row.entry, row.number) == (None, None, None)


def test_a_lease_ends(store: Store) -> None:
    queue(store, acknowledgement())
    claim(store)
    assert claim(store, now=NOW + LEASE - MINUTE) == []
    assert [row.attempts for row in claim(store, now=NOW + LEASE)] == [2]


def test_a_courier_that_starts_again_gets_back_what_it_held(store: Store) -> None:
    queue(store, acknowledgement("a@x.y"), acknowledgement("b@x.y"))
    held, resting = claim(store)
    store.outbox_dot(held.outbox_id, NOW)
    store.outbox_retry(resting.outbox_id, NOW + MINUTE, "450 later")
    store.release("c2")
    assert claim(store) == []
    store.release("c1")
    (again,) = claim(store)
    assert (again.outbox_id, again.dot_at) == (held.outbox_id, NOW)


def test_fixed_bytes_never_change(store: Store) -> None:
    queue(store, acknowledgement())
    outbox_id = one(store).outbox_id
    assert store.outbox_raw(outbox_id) is None
    store.outbox_fix([(outbox_id, "m.1@x", b"first")])
    store.outbox_fix([(outbox_id, "m.2@x", b"second")])
    assert store.outbox_raw(outbox_id) == b"first"
    assert one(store).message_id == "m.1@x"


def test_a_letter_that_was_sent_is_done(store: Store) -> None:
    queue(store, acknowledgement())
    (row,) = claim(store)
    store.outbox_dot(row.outbox_id, NOW)
    assert one(store).dot_at == NOW
    store.outbox_sent(row.outbox_id, NOW + MINUTE, "250 2.0.0 queued as 4F\0\ud800").result()
    done = one(store)
    assert (done.state, done.sent_at, done.relay_reply) == ("sent", NOW + MINUTE, "250 2.0.0 queued as 4F\ufffd\ufffd")
    assert done.next_try is None
    assert claim(store, now=NOW + timedelta(days=9)) == []
    # What comes too late, from a worker that was frozen, changes nothing.
    store.outbox_retry(row.outbox_id, NOW, "late")
    store.outbox_dead(row.outbox_id, "late")
    store.outbox_dot(row.outbox_id, NOW + 9 * MINUTE)
    store.outbox_sent(row.outbox_id, NOW + 9 * MINUTE, "late").result()
    assert one(store) == done


def test_a_crash_after_the_dot_can_be_seen_and_a_known_failure_wipes_it_out(store: Store) -> None:
    queue(store, acknowledgement())
    (row,) = claim(store)
    store.outbox_dot(row.outbox_id, NOW)
    (again,) = claim(store, now=NOW + LEASE)
    assert again.dot_at == NOW
    store.outbox_retry(row.outbox_id, NOW + 30 * MINUTE, "450 later")
    assert claim(store, now=NOW + 29 * MINUTE) == []
    (third,) = claim(store, now=NOW + 30 * MINUTE)
    assert (third.dot_at, third.error, third.attempts) == (None, "450 later", 3)


def test_a_dead_letter_is_listed_and_counted(store: Store) -> None:
    queue(store, acknowledgement("a@x.y"), acknowledgement("b@x.y"), acknowledgement("c@x.y"))
    first, second, third = claim(store)
    store.outbox_dead(first.outbox_id, "550 no such user")
    store.outbox_sent(second.outbox_id, NOW, "250 ok").result()
    assert [row.letter.to.email for row in store.outbox("dead")] == ["a@x.y"]
    assert [row.letter.to.email for row in store.outbox("sent")] == ["b@x.y"]
    assert [row.outbox_id for row in store.outbox("queued")] == [third.outbox_id]
    assert len(store.outbox(limit=2)) == 2
    # It was delivered after all, says the worker that carried it.
    store.outbox_sent(first.outbox_id, NOW, "250 ok").result()
    assert store.outbox("dead") == []


def test_notify_is_called_when_there_is_something_to_send(store: Store) -> None:
    calls: list[int] = []
    store.notify = lambda: calls.append(len(store.outbox()))
    opened(store)
    assert calls == []
    queue(store, acknowledgement())
    store.push(1, NOW)  # goes through the same thread, so the call has ended
    assert calls == [1]


def test_couriers_never_share_a_letter(url: str) -> None:
    stores = [open_store(url) for _ in range(4)]
    try:
        letters = [Letter(template="t", to=Address(f"{i}@x.y"), lane=Lane(i % 3)) for i in range(100)]
        queue(stores[0], *letters)

        def carry(store: Store) -> list[int]:
            mine: list[int] = []
            while rows := claim(store, limit=7):
                for row in rows:
                    store.outbox_fix([(row.outbox_id, f"{row.outbox_id}@x", b"bytes")])
                    store.outbox_sent(row.outbox_id, NOW, "250 ok").result()
                mine += [row.outbox_id for row in rows]
            return mine

        with ThreadPoolExecutor(4) as pool:
            carried = [one for share in pool.map(carry, stores) for one in share]
        assert len(carried) == len(set(carried)) == 100
        assert len(stores[0].outbox("sent")) == 100
    finally:
        for store in stores:
            store.close()


# --------------------------------------------------------------------- fairness


def test_no_lane_starves_behind_an_urgent_one(store: Store) -> None:
    queue(store, *(acknowledgement(f"{n}@x.y", lane=Lane.ANSWER) for n in range(60)))
    queue(store, *(acknowledgement(f"alert{n}@x.y", lane=Lane.ALERT) for n in range(60)))
    lanes = [row.letter.lane for row in claim(store, limit=40)]
    assert lanes == [Lane.ANSWER] * 36 + [Lane.ALERT] * 4


def test_a_backlog_of_retries_takes_half_and_a_new_letter_never_waits_behind_it(store: Store) -> None:
    queue(store, *(acknowledgement(f"old{n}@x.y") for n in range(60)))
    for row in claim(store, limit=60):
        store.outbox_retry(row.outbox_id, NOW + MINUTE, "450 later")
    later = NOW + 2 * MINUTE
    queue(store, *(acknowledgement(f"new{n}@x.y") for n in range(60)))
    taken = [row.letter.to.email for row in claim(store, limit=20, now=later)]
    assert sum(one.startswith("new") for one in taken) >= 10
    everything = taken + [row.letter.to.email for _ in range(5) for row in claim(store, limit=20, now=later)]
    assert len(set(everything)) == len(everything) == 120


def test_a_new_letter_overtakes_what_an_outage_has_piled_up(store: Store) -> None:
    queue(store, *(acknowledgement(f"old{n}@x.y") for n in range(200)))
    queue(store, acknowledgement("new@x.y"))
    assert "new@x.y" in [row.letter.to.email for row in claim(store, limit=20)]


# --------------------------------------------------------------------- attempts that were none, and doubts


def test_what_was_not_tried_is_no_attempt(store: Store) -> None:
    queue(store, acknowledgement("a@x.y"), acknowledgement("b@x.y"))
    first, second = claim(store)
    store.outbox_postpone({first.outbox_id: NOW + MINUTE, second.outbox_id: NOW + 3 * MINUTE}, "the relay is away")
    (again,) = claim(store, now=NOW + MINUTE)
    assert (again.outbox_id, again.attempts, again.error) == (first.outbox_id, 1, "the relay is away")
    (again,) = claim(store, now=NOW + 3 * MINUTE)
    assert (again.outbox_id, again.attempts) == (second.outbox_id, 1)
    store.outbox_sent(again.outbox_id, NOW, "250 ok").result()
    store.outbox_postpone({again.outbox_id: NOW}, "late")
    assert [row.state for row in store.outbox("sent")] == ["sent"]


def test_a_dot_without_an_answer_is_remembered(store: Store) -> None:
    queue(store, acknowledgement())
    (row,) = claim(store)
    store.outbox_dot(row.outbox_id, NOW)
    store.outbox_retry(row.outbox_id, NOW + MINUTE, "timed out", doubt=True)
    (again,) = claim(store, now=NOW + MINUTE)
    assert again.dot_at == NOW


# --------------------------------------------------------------------- names a relay gives


def test_an_answer_to_the_name_a_relay_gave_finds_the_ticket(store: Store) -> None:
    ticket = opened(store, SendLetter(acknowledgement(about_entry=True)))
    (row,) = claim(store)
    store.outbox_fix([(row.outbox_id, "ours@desk.example", b"bytes")])
    store.outbox_sent(row.outbox_id, NOW, "250 Ok theirs", ["theirs@relay.example", "ours@desk.example"]).result()
    (facts,) = store.recall([(0, Clues(referenced=("theirs@relay.example",)))], NOW)
    (known,) = facts.known["theirs@relay.example"]
    assert (known.ticket, known.mail_id) == (ticket.number, None)
    queue(store, acknowledgement())
    (row,) = claim(store)
    store.outbox_sent(row.outbox_id, NOW, "250", ["of-no-ticket@relay.example"]).result()
    (facts,) = store.recall([(0, Clues(referenced=("of-no-ticket@relay.example",)))], NOW)
    assert facts.known == {}


# --------------------------------------------------------------------- what is forgotten


def test_bytes_of_automatic_letters_go_when_they_are_old_and_nothing_else(store: Store) -> None:
    lanes = [Lane.ALERT, Lane.NOTICE, Lane.ANSWER, Lane.ALERT, Lane.ALERT]
    queue(store, *(acknowledgement(f"{n}@x.y", lane=lane) for n, lane in enumerate(lanes)))
    ids = {row.letter.to.email[0]: row.outbox_id for row in claim(store)}
    store.outbox_fix([(outbox_id, "", b"bytes") for outbox_id in ids.values()])
    for name in "0123":
        store.outbox_sent(ids[name], NOW + (timedelta(days=9) if name == "3" else MINUTE), "250 ok").result()
    dropped, after = 0, 0
    while after is not None:
        after, some = store.outbox_forget(after, NOW + timedelta(days=2), 2)
        dropped += some
    kept = {name for name, outbox_id in ids.items() if store.outbox_raw(outbox_id) is not None}
    assert (dropped, kept) == (2, {"2", "3", "4"}), "an agent's words, a fresh alert, one that has not left"
    assert len(store.outbox()) == 5


# --------------------------------------------------------------------- trouble that lasts


def test_trouble_is_since_its_beginning_until_it_is_over(store: Store) -> None:
    assert store.troubles() == []
    store.trouble("relay b", "refused", NOW + MINUTE)
    store.trouble("relay a", "refused", NOW)
    store.trouble("relay a", "timed out", NOW + 2 * MINUTE)
    assert [(one.name, one.since, one.what) for one in store.troubles()] == [
        ("relay a", NOW, "timed out"),
        ("relay b", NOW + MINUTE, "refused"),
    ]
    store.trouble("relay a", "", NOW + 3 * MINUTE)
    store.trouble("never wrong", "", NOW)
    assert [one.name for one in store.troubles()] == ["relay b"]
