"""Who takes part, what was kept inside, and tickets merged into others: kept, found again, made public."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

from store_values import NOW, opened

from maild.core.model import AddEntry, Address, Clues, Entry, EntryKind, Lane, Letter, Outcome, Publish, SendLetter
from maild.store import Store


def said(text: str, *, public: bool, kind: EntryKind = EntryKind.MESSAGE) -> AddEntry:
    return AddEntry(Entry(kind=kind, at=NOW, author="eve@elsewhere.example", text=text, public=public))


def test_who_takes_part_is_kept(store: Store) -> None:
    ticket = opened(store)
    after = replace(
        ticket,
        collaborators=("carl@customer.example",),
        departed=("eve@elsewhere.example", "ü@ö.example"),
        organisation="customer",
        linked=(1001, 1002),
        merged_into=1002,
    )
    store.record([(None, Outcome(before=ticket, after=after))], NOW)
    assert store.ticket(ticket.number) == replace(after, version=ticket.version + 1)


def test_a_letter_keeps_whom_it_shows(store: Store) -> None:
    letter = Letter(
        template="response",
        to=Address("carl@customer.example"),
        lane=Lane.ANSWER,
        shown_to=("a@b.example", "c@d.example"),
    )
    ticket = opened(store)
    store.record([(None, Outcome(before=ticket, after=ticket, changes=(SendLetter(letter),)))], NOW)
    assert store.outbox(limit=1)[0].letter.shown_to == letter.shown_to


def test_what_was_kept_inside_is_found_and_made_public(store: Store) -> None:
    ticket, other = opened(store), opened(store)
    added = (said("one", public=False), said("two", public=True), said("three", public=False))
    note = said("a note", public=False, kind=EntryKind.NOTE)
    store.record([(None, Outcome(before=ticket, after=ticket, changes=(*added, note)))], NOW)
    clues = Clues(numbers=(ticket.number, other.number), accepts=True)
    facts, unasked = store.recall([(0, clues), (0, replace(clues, accepts=False))], NOW)
    assert [entry.text for entry in facts.inside[ticket.number]] == ["three", "one"]
    assert (facts.inside[other.number], unasked.inside) == ((), {})
    publish = Publish(facts.inside[ticket.number][0].id)
    store.record([(None, Outcome(before=ticket, after=ticket, changes=(publish,)))], NOW)
    assert [e.text for e in store.entries(ticket.number) if e.public and e.text in ("one", "three")] == ["three"]


def test_merged_tickets_lead_to_the_end_of_the_chain(store: Store) -> None:
    chain = [opened(store) for _ in range(12)]
    for one, into in pairwise(chain):
        store.record([(None, Outcome(before=one, after=replace(one, merged_into=into.number)))], NOW)
    lone = opened(store)
    (first, near, alone) = store.recall([(0, Clues(numbers=(one.number,))) for one in (chain[0], chain[-2], lone)], NOW)
    assert sorted(first.tickets) == [one.number for one in chain]  # what is asked about together is found together
    assert sorted(near.tickets) == [one.number for one in chain[-2:]]
    assert list(alone.tickets) == [lone.number]
    (far,) = store.recall([(0, Clues(numbers=(chain[0].number,)))], NOW)
    assert sorted(far.tickets) == [one.number for one in chain[:11]]  # ten steps, and no further


def test_a_circle_ends(store: Store) -> None:
    one, two = opened(store), opened(store)
    store.record([(None, Outcome(before=one, after=replace(one, merged_into=two.number)))], NOW)
    store.record([(None, Outcome(before=two, after=replace(two, merged_into=one.number)))], NOW)
    (facts,) = store.recall([(0, Clues(numbers=(two.number,)))], NOW)
    assert sorted(facts.tickets) == [one.number, two.number]
