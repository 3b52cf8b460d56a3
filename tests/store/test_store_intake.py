"""Letters come in once, are worked one at a time, and every one is accounted for."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from store_values import LEASE, NOW, accept, arrival, claim, ignoring, opening, stored

from maild.core.model import Fate
from maild.store import Store, open_store
from maild.store.intake import LEASE_BYTES


def test_a_letter_comes_back_as_it_was_given(store: Store) -> None:
    given_ = arrival("one", raw=b"\x00\xff\r\nbytes", rcpts=("a@desk.example", "b@desk.example"), mail_from="")
    mail_id = store.accept(given_).result(10)
    (claimed,) = claim(store)
    assert claimed.mail_id == mail_id
    assert claimed.envelope == given_.envelope
    assert claimed.attempts == 1
    assert store.raw(claimed.mail_id) == given_.envelope.raw
    assert store.envelope(claimed.mail_id) == given_.envelope


def test_an_exact_duplicate_is_noted_and_not_kept(store: Store) -> None:
    assert accept(store, "one", "two", "one") == [True, True, False]
    assert accept(store, "one", "one") == [False, False]
    first = claim(store)[0].mail_id
    sums = store.ledger_sums()
    assert (sums["received"], sums["duplicate"], sums["waiting"]) == (5, 3, 2)
    (row,) = [row for row in store.ledger() if row.fate is Fate.DUPLICATE]
    assert row.times == 3
    assert row.reason == f"exact duplicate of letter {first}"
    assert store.raw(row.mail_id) is None


def test_duplicates_never_wait_for_anybody(store: Store) -> None:
    accept(store, "one", "one")
    assert [c.attempts for c in claim(store)] == [1]
    assert claim(store) == []


def test_a_letter_is_claimed_by_one_worker_until_its_lease_ends(store: Store) -> None:
    accept(store, "one", "two", "three")
    first = claim(store, limit=2)
    assert [c.mail_id for c in first] == sorted(c.mail_id for c in first)
    assert len(claim(store, worker="w2")) == 1
    assert claim(store, now=NOW + LEASE - timedelta(seconds=1)) == []
    again = [claim(store, now=NOW + LEASE) for _ in range(3)]
    assert [[c.attempts for c in one] for one in again] == [[2], [2], [2]], "a second try is nobody else's risk"


def test_a_letter_that_may_kill_its_worker_is_claimed_after_and_apart_from_new_ones(store: Store) -> None:
    accept(store, "poison")
    claim(store)
    accept(store, "two", "three")
    later = NOW + LEASE
    assert [[c.attempts for c in claim(store, now=later)] for _ in range(3)] == [[1, 1], [2], []]


def test_a_worker_that_starts_again_gets_back_what_it_held(store: Store) -> None:
    accept(store, "mine", "resting", "done", "other")
    mine, resting, done = claim(store, limit=3)
    claim(store, worker="w2")
    store.failed(resting.mail_id, "boom", NOW, quarantine=False)
    store.record([(done.mail_id, ignoring())], NOW)
    store.release("w1")
    assert [c.mail_id for c in claim(store)] == [mine.mail_id]
    assert claim(store) == []


def test_letters_are_worked_in_the_order_they_came(store: Store) -> None:
    names = [f"n{i}" for i in range(30)]
    accept(store, *names)
    worked = [c for _ in range(3) for c in claim(store, limit=10)]
    assert [c.envelope.raw.split()[1].decode() for c in worked] == names


def test_a_claim_does_not_load_more_than_memory_should_hold(store: Store) -> None:
    half = b"x" * (LEASE_BYTES // 2 + 1)
    for name in ("big1", "big2"):
        store.accept(arrival(name, raw=half + name.encode())).result(30)
    assert len(claim(store)) == 1
    assert len(claim(store)) == 1


def test_a_failed_letter_rests_and_comes_back(store: Store) -> None:
    mail_id = stored(store, "one")
    store.failed(mail_id, "Traceback\nValueError: bad", NOW, quarantine=False)
    assert claim(store) == []
    (again,) = claim(store, now=NOW + timedelta(minutes=1))
    assert again.attempts == 2
    row = store.letter(mail_id)
    assert row is not None
    assert row.error.endswith("ValueError: bad")
    assert row.fate is None


def test_quarantine_ends_a_letter_and_requeue_begins_it_anew(store: Store) -> None:
    mail_id = stored(store, "one")
    store.failed(mail_id, "Traceback\n  x\nValueError: bad\0 \ud800", NOW, quarantine=True)
    row = store.letter(mail_id)
    assert row is not None
    assert row.fate is Fate.QUARANTINED
    assert "1 attempts: ValueError: bad" in row.reason
    assert claim(store, now=NOW + timedelta(days=9)) == []
    assert store.ledger_sums()["quarantined"] == 1

    assert store.requeue(mail_id) is True
    assert store.ledger_sums()["quarantined"] == 0
    assert [c.attempts for c in claim(store)] == [1]
    assert store.requeue(mail_id) is False, "it waits already"


def test_what_left_a_trace_in_a_ticket_is_never_worked_again(store: Store) -> None:
    mail_id = stored(store, "one")
    store.record([(mail_id, opening())], NOW)
    assert store.requeue(mail_id) is False
    assert store.requeue(987654) is False


def test_a_failure_reported_too_late_changes_nothing(store: Store) -> None:
    mail_id = stored(store, "one")
    store.record([(mail_id, ignoring())], NOW)
    before = store.letter(mail_id)
    store.failed(mail_id, "boom", NOW, quarantine=True)
    assert store.letter(mail_id) == before
    assert store.ledger_sums()["quarantined"] == 0


def test_hostile_text_is_cleaned(store: Store) -> None:
    bad = "a\0b\ud800c\U0001f600"
    given_ = arrival("one", mail_from=bad, rcpts=(bad,), peer=bad, helo=bad, door="smtp")
    assert store.accept(given_).result(10)
    envelope = claim(store)[0].envelope
    assert envelope.mail_from == envelope.rcpts[0] == envelope.helo == "a\ufffdb\ufffdc\U0001f600"


def test_notify_is_called_after_letters_are_there(store: Store) -> None:
    seen: list[int] = []
    store.notify = lambda: seen.append(store.ledger_sums()["waiting"])
    accept(store, "one")
    store.push(1, NOW)  # goes through the same thread, so the call has ended
    assert seen == [1]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    steps=st.lists(
        st.one_of(
            st.tuples(st.just("accept"), st.lists(st.integers(0, 8), min_size=1, max_size=6)),
            st.tuples(st.just("claim"), st.integers(1, 4)),
            st.tuples(st.just("record"), st.sampled_from(["ticket", "ignored", "filed"])),
            st.tuples(st.just("fail"), st.booleans()),
            st.tuples(st.just("requeue"), st.just(None)),
        ),
        max_size=20,
    )
)
def test_received_is_always_the_sum_of_fates_and_waiting(store: Store, steps: list[tuple[str, object]]) -> None:
    start = store.ledger_sums()
    tag = start["received"]
    accepted, now, in_hand, ended = 0, NOW, [], []
    for step, value in steps:
        now += timedelta(hours=1)
        if step == "accept":
            futures = [store.accept(arrival(f"{tag}-{n}")) for n in value]
            accepted += len([future.result(10) for future in futures])
        elif step == "claim":
            in_hand = [c.mail_id for c in claim(store, value, now)]
        elif step == "requeue" and ended:
            store.requeue(ended.pop())
        elif step in ("record", "fail") and in_hand:
            mail_id = in_hand.pop()
            if step == "fail":
                store.failed(mail_id, "boom", now, quarantine=value)
            else:
                outcome = opening() if value == "ticket" else ignoring()
                store.record([(mail_id, outcome)], now)
            ended.append(mail_id)
        sums = store.ledger_sums()
        assert sums["received"] == start["received"] + accepted
        assert sums["received"] == sum(n for name, n in sums.items() if name != "received")
        assert counted_by_hand(store) == +Counter({name: n for name, n in sums.items() if name != "received"})


def counted_by_hand(store: Store) -> Counter[str]:
    query = text("SELECT coalesce(fate, 'waiting'), sum(times) FROM mail GROUP BY 1")
    return Counter({fate: int(n) for fate, n in store._read(lambda connection: list(connection.execute(query)))})


@pytest.mark.parametrize("workers", [4])
def test_many_workers_never_share_a_letter(url: str, workers: int) -> None:
    """Every worker has a store of its own, as processes have."""
    stores = [open_store(url) for _ in range(workers)]
    try:
        names = [f"n{i}" for i in range(120)]
        with ThreadPoolExecutor(workers) as pool:
            kept = list(pool.map(lambda i: sum(accept(stores[i % workers], *names)), range(workers)))
            assert sum(kept) == len(names), "the same letters through every door make one each"

            def work(i: int) -> list[int]:
                mine: list[int] = []
                while got := claim(stores[i], limit=7, worker=f"w{i}"):
                    mine += [c.mail_id for c in got]
                return mine

            shares = list(pool.map(work, range(workers)))
        assert sorted(one for share in shares for one in share) == sorted({one for share in shares for one in share})
        assert sum(len(share) for share in shares) == len(names)
        assert stores[0].ledger_sums()["duplicate"] == len(names) * (workers - 1)
    finally:
        for store in stores:
            store.close()
