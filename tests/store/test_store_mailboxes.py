"""Mailboxes elsewhere: one worker has one at a time, and what was seen is remembered."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

from maild.store import Store

NOON = datetime(2030, 1, 1, 12, 0, tzinfo=UTC)
LEASE = timedelta(minutes=3)
BOX = "support@imap.example:993/INBOX"


def test_a_mailbox_is_had_by_one_worker_until_its_lease_ends(store: Store) -> None:
    assert store.mailbox_take(BOX, "one", NOON, LEASE) == (0, 0)
    assert store.mailbox_take(BOX, "two", NOON, LEASE) is None
    assert store.mailbox_take("other", "two", NOON, LEASE) == (0, 0)
    assert store.mailbox_take(BOX, "one", NOON + timedelta(minutes=2), LEASE) == (0, 0)  # leased on
    assert store.mailbox_take(BOX, "two", NOON + timedelta(minutes=4), LEASE) is None
    assert store.mailbox_take(BOX, "two", NOON + timedelta(minutes=5), LEASE) == (0, 0)
    assert store.mailbox_take(BOX, "one", NOON + timedelta(minutes=5), LEASE) is None


def test_who_leaves_makes_room_at_once(store: Store) -> None:
    store.mailbox_take(BOX, "one", NOON, LEASE)
    store.mailbox_leave(BOX, "two")  # nothing of theirs to leave
    assert store.mailbox_take(BOX, "two", NOON, LEASE) is None
    store.mailbox_leave(BOX, "one")
    assert store.mailbox_take(BOX, "two", NOON, LEASE) == (0, 0)


def test_what_was_seen_is_told_to_whoever_comes_next(store: Store) -> None:
    store.mailbox_take(BOX, "one", NOON, LEASE)
    store.mailbox_seen(BOX, "one", 4_294_967_295, 4_294_967_294)  # the largest of RFC 9051 section 2.3.1.1
    store.mailbox_seen(BOX, "two", 1, 1)  # it is not theirs
    store.mailbox_leave(BOX, "one")
    assert store.mailbox_take(BOX, "two", NOON, LEASE) == (4_294_967_295, 4_294_967_294)


def test_of_many_who_want_it_one_gets_it(store: Store) -> None:
    got: list[str] = []

    def want(worker: str) -> None:
        if store.mailbox_take(BOX, worker, NOON, LEASE) is not None:
            got.append(worker)

    threads = [threading.Thread(target=want, args=(f"w{n}",)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(got) == 1
