"""What memory knows of senders: what was said of them, how much they sent; and things done once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
from store_values import NOW, accept, acknowledgement, claim, ignoring, opened, stored

from maild.core.model import (
    Clues,
    Fate,
    Held,
    Once,
    Outcome,
    Person,
    Recent,
    Release,
    SendLetter,
    Stand,
    Standing,
    Status,
)
from maild.store import Store, open_store

KAREN = "karen@customer.example"
LENA = Person(0, "lena@customer.example")


def said(store: Store, *stands: Stand) -> None:
    store.record([(None, Outcome(changes=stands))], NOW)


def test_what_was_said_of_a_sender_and_the_latest_word_holds(store: Store) -> None:
    said(store, Stand("@bad.example", Standing.BAN, "admin"), Stand(KAREN, Standing.BAN, "admin"))
    said(store, Stand(KAREN, Standing.ACCEPT, "root"))
    clues = Clues(sender=KAREN, patterns=(KAREN, "@customer.example", "@*.example"))
    other = Clues(sender="x@bad.example", patterns=("x@bad.example", "@bad.example"))
    facts = store.recall([(1, clues), (2, other), (3, Clues())], NOW)
    assert [one.standing for one in facts] == [{KAREN: Standing.ACCEPT}, {"@bad.example": Standing.BAN}, {}]
    assert [(one, verdict, by) for one, verdict, _, by in store.standings()] == [
        ("@bad.example", Standing.BAN, "admin"),
        (KAREN, Standing.ACCEPT, "root"),
    ]
    assert store.forget_standing("@Bad.Example")
    assert not store.forget_standing("@bad.example")
    assert len(store.standings()) == 1


def test_the_latest_tickets_of_a_sender_and_the_first_of_each_flood(store: Store) -> None:
    ages = (90, 50, 40, 30, 20)
    digests = ("aa", "bb", "aa", "cc", "aa")
    old, first, one, _, two = (
        opened(store, created_at=NOW - timedelta(minutes=minutes), digest=digest)
        for minutes, digest in zip(ages, digests, strict=True)
    )
    opened(store, requester=LENA, created_at=NOW, digest="aa")
    clues = Clues(sender=KAREN, floods=True)
    (facts,) = store.recall([(1, clues)], NOW)
    assert [recent.digest for recent in facts.recent] == ["bb", "aa", "cc", "aa"]
    assert facts.recent[0] == Recent(first.number, "bb")
    assert set(facts.tickets) == {first.number, one.number}  # on these a flood would be gathered
    assert old.number not in facts.tickets
    assert two.number in {recent.number for recent in facts.recent}
    assert store.recall([(1, replace(clues, floods=False))], NOW)[0].recent == ()


def test_of_accepted_senders_no_tickets_are_looked_up(store: Store) -> None:
    opened(store, digest="aa")
    said(store, Stand("@customer.example", Standing.ACCEPT, "admin"))
    clues = Clues(sender=KAREN, floods=True, patterns=(KAREN, "@customer.example"))
    assert store.recall([(1, clues)], NOW)[0].recent == ()


def test_how_many_tickets_are_open(store: Store) -> None:
    for status in (Status.NEW, Status.WAITING, Status.RESOLVED, Status.CLOSED):
        opened(store, status=status)
    opened(store, requester=LENA)
    (facts, other, stranger) = store.recall(
        [
            (1, Clues(sender=KAREN, limited=True)),
            (2, Clues(sender=KAREN)),
            (3, Clues(sender="new@customer.example", limited=True)),
        ],
        NOW,
    )
    assert (facts.open_tickets, other.open_tickets, stranger.open_tickets) == (2, 0, 0)


def test_letters_an_admin_speaks_of(store: Store) -> None:
    mail_id = stored(store, "one")
    store.record([(mail_id, replace(ignoring(), fate=Fate.QUARANTINED))], NOW)
    accept(store, "two")
    (waiting,) = claim(store)
    (facts,) = store.recall([(9, Clues(held=(mail_id, waiting.mail_id, 999)))], NOW)
    raw = b"Subject: one\r\n\r\nHello"
    assert facts.held[mail_id] == Held(Fate.QUARANTINED, None, raw)
    assert facts.held[waiting.mail_id].fate is None
    assert 999 not in facts.held
    store.record([(None, Outcome(changes=(Release(mail_id),)))], NOW)
    (again,) = claim(store)
    assert (again.mail_id, again.envelope.confirmed) == (mail_id, True)


# --------------------------------------------------------------------- once

DAILY = "quarantine-list"


def daily(day: int) -> Outcome:
    return Outcome(changes=(Once(DAILY, day * 100 + 8, below=day * 100), SendLetter(acknowledgement())))


def test_once_a_day(store: Store) -> None:
    assert store.done_last(DAILY) == 0
    for day in (1, 1, 2, 1, 2):
        store.record([(None, daily(day))], NOW)
    assert store.done_last(DAILY) == 208
    assert len(store.outbox()) == 2


def test_of_many_processes_one_is_first(store: Store, url: str) -> None:
    others = [open_store(url) for _ in range(3)]
    try:
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda n: [store, *others][n % 4].record([(None, daily(5))], NOW), range(24)))
    finally:
        for other in others:
            other.close()
    assert len(store.outbox()) == 1


def test_what_fails_has_not_been_done(store: Store) -> None:
    broken = Outcome(changes=(Once(DAILY, 5, below=5), SendLetter(replace(acknowledgement(), about_entry=True))))
    with pytest.raises(ValueError, match="no AddEntry"):
        store.record([(None, broken)], NOW)
    assert store.done_last(DAILY) == 0
    with pytest.raises(ValueError, match="its fate must not hang on a counter"):
        store.record([(stored(store, "one"), replace(daily(1), fate=Fate.IGNORED))], NOW)
