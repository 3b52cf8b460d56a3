"""The past is read in handfuls: letters that began tickets, and which rules hit."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import delete
from store_values import NOW, arrival, changing, claim, ignoring, opening

from maild.core.model import AddEntry, Entry, EntryKind, SetField
from maild.store import Store, looking_back
from maild.store.schema import mail_raw

HOUR = timedelta(hours=1)


def began(store: Store, letters: int) -> list[int]:
    """Letters an hour apart, each with a ticket of its own but every third; the numbers of the tickets."""
    for at in range(letters):
        store.accept(arrival(f"n{at}", received_at=NOW + at * HOUR)).result(10)
    numbers = []
    while claimed := claim(store, now=NOW + letters * HOUR):
        for one in claimed:
            first = one.mail_id % 3 == 0
            rules = ["outage", "vip"] if one.mail_id % 2 else []
            event = Entry(kind=EntryKind.EVENT, at=NOW, author="desk", data={"field": "opened", "rules": rules})
            change = SetField("team", "a", "b", "john")
            outcome = ignoring() if first else opening(AddEntry(event), change)
            (number,) = store.record([(one.mail_id, outcome)], NOW)
            numbers += [number] if number else []
    return numbers


def test_they_come_newest_first_however_many_a_handful_holds(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    numbers = began(store, 20)
    monkeypatch.setattr(looking_back, "LETTERS", 4)
    found = list(store.began(None, 1000))
    assert [one.ticket.number for one in found] == numbers[::-1]
    assert [one.mail_id for one in store.began(None, 6)] == [one.mail_id for one in found[:6]]
    late = list(store.began(NOW + 15 * HOUR, 1000))
    assert [one.mail_id for one in late] == [one.mail_id for one in found if one.received_at >= NOW + 15 * HOUR]
    assert found[0].envelope is not None
    assert found[0].envelope.raw.startswith(b"Subject: n")
    assert [event.data["field"] for event in found[0].events] == ["opened", "team"]
    assert list(store.began(NOW + 90 * HOUR, 1000)) == []


def test_large_letters_come_alone(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    began(store, 6)
    monkeypatch.setattr(looking_back, "OCTETS", 1)
    assert len(list(store.began(None, 1000))) == 4


def test_a_letter_without_bytes_is_told_so(store: Store) -> None:
    began(store, 2)
    gone = next(store.began(None, 10)).mail_id
    store._write(lambda connection: connection.execute(delete(mail_raw).where(mail_raw.c.mail_id == gone)))
    first = next(store.began(None, 10))
    assert (first.mail_id, first.envelope) == (gone, None)


def test_every_hit_of_a_rule_is_found(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    numbers = began(store, 20)
    monkeypatch.setattr(looking_back, "ENTRIES", 7)
    found = list(store.rule_hits())
    odd = [one.ticket.number for one in store.began(None, 100) if one.mail_id % 2][::-1]
    assert [(hit.rule, hit.ticket, hit.at) for hit in found] == [(r, n, NOW) for n in odd for r in ("outage", "vip")]
    assert set(odd) < set(numbers)


def test_a_rule_that_changes_two_fields_later_hits_once(store: Store) -> None:
    (number,) = began(store, 2)[:1]
    before = store.ticket(number)
    assert before is not None
    changes = (SetField("team", "b", "c", "rule:late"), SetField("sla", "", "x", "rule:late"))
    store.record([(None, changing(before, *changes, team="c", sla="x"))], NOW + HOUR)
    assert [(hit.rule, hit.at) for hit in store.rule_hits() if hit.rule == "late"] == [("late", NOW + HOUR)]


def test_the_ledger_of_some_letters(store: Store) -> None:
    began(store, 4)
    rows = store.ledger()
    assert store.letters([row.mail_id for row in rows[1:3]] + [10**9]) == {row.mail_id: row for row in rows[1:3]}
    assert store.letters([]) == {}
