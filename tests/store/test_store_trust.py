"""Names of conversations, several addresses of one person, revocations, and the sum of wrong tokens."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from store_values import NOW, acknowledgement, changing, opened, opening, stored

from maild.core.model import Clues, Fate, Outcome, Person, SamePerson, SendLetter
from maild.store import Store
from maild.store.known import SAME_ID

KAREN, PRIVATE = "karen@customer.example", "Karen@private.example"
OLD = "k@old.example"


def named(store: Store, *names: str) -> dict[str, tuple[int, ...]]:
    (facts,) = store.recall([(0, Clues(names=names))], NOW)
    for numbers in facts.named.values():
        assert set(numbers) <= set(facts.tickets)
    return dict(facts.named)


def begun(store: Store, mail: str, *names: str) -> int:
    """A ticket that a letter begins, known under these names."""
    (number,) = store.record([(stored(store, mail), replace(opening(), known_as=names))], NOW)
    assert number is not None
    return number


def test_a_ticket_is_found_by_the_names_it_was_given(store: Store) -> None:
    first = begun(store, "one", "ancestor a@x", "ancestor b@x")
    second = begun(store, "two", "ancestor b@x", "ref market.example 7")
    assert named(store, "ancestor a@x", "ancestor b@x", "ref market.example 7", "ancestor c@x") == {
        "ancestor a@x": (first,),
        "ancestor b@x": (second, first),
        "ref market.example 7": (second,),
    }
    (facts,) = store.recall([(0, Clues(referenced=("a@x", "b@x")))], NOW)
    assert (facts.known, facts.tickets) == ({}, {})


def test_a_name_leads_to_its_latest_tickets_however_many_there_were(store: Store) -> None:
    numbers = [begun(store, f"m{n}", "ref who 1") for n in range(SAME_ID + 3)]
    assert named(store, "ref who 1") == {"ref who 1": tuple(reversed(numbers[-SAME_ID:]))}


def test_the_same_letter_worked_twice_is_named_once(store: Store) -> None:
    outcome = Outcome(fate=Fate.REPLY, known_as=("ref who 1",))
    ticket = opened(store)
    mail_id = stored(store, "one")
    store.record([(mail_id, replace(outcome, before=ticket, after=ticket))], NOW)
    store.record([(mail_id, replace(outcome, before=ticket, after=ticket))], NOW)
    assert named(store, "ref who 1") == {"ref who 1": (ticket.number,)}


def test_a_persons_other_addresses_are_the_person(store: Store) -> None:
    karen = opened(store).requester
    ticket = opened(store, SendLetter(acknowledgement(KAREN)))
    store.record([(None, changing(ticket, SamePerson(PRIVATE, karen)))], NOW)
    private, main, stranger = store.recall(
        [(1, Clues(sender=PRIVATE.lower())), (2, Clues(sender=KAREN)), (3, Clues(sender="eve@x.example"))], NOW
    )
    assert private.person == main.person == karen
    assert private.same == main.same == frozenset({KAREN, PRIVATE.lower()})
    assert (stranger.person, stranger.same) == (None, frozenset())
    # What the main address was told counts for all of them.
    assert private.told[KAREN] == {"acknowledgement": 1}


def test_somebody_met_before_may_turn_out_to_be_another(store: Store) -> None:
    karen = opened(store).requester
    other = opened(store, requester=Person(0, PRIVATE)).requester
    assert other.id != karen.id
    store.record([(None, changing(opened(store), SamePerson(PRIVATE, karen)))], NOW)
    (facts,) = store.recall([(1, Clues(sender=PRIVATE.lower()))], NOW)
    assert facts.person == karen
    assert store.person_ids(PRIVATE) == store.person_ids(KAREN) == sorted((karen.id, other.id))
    assert store.address_of(karen.id) == KAREN
    assert (store.person_ids("eve@x.example"), store.address_of(999)) == ([], "")


def test_every_person_has_one_main_address_whatever_was_said_of_whom(store: Store) -> None:
    karen, private, old = (opened(store, requester=Person(0, email)).requester for email in (KAREN, PRIVATE, OLD))
    store.record([(None, changing(opened(store), SamePerson(OLD, private)))], NOW)
    store.record([(None, changing(opened(store), SamePerson(PRIVATE, karen)))], NOW)  # with the old one
    for again in (SamePerson(KAREN, private), SamePerson(KAREN, old), SamePerson(OLD, private)):  # no circles
        store.record([(None, changing(opened(store), again))], NOW)
    for fact in store.recall([(n, Clues(sender=one)) for n, one in enumerate((KAREN, PRIVATE.lower(), OLD))], NOW):
        assert fact.person is not None
        assert (fact.person.id, fact.person.email) == (karen.id, KAREN)
        assert fact.same == frozenset({KAREN, PRIVATE.lower(), OLD})


def test_revocations_count_from_the_last_letter_on(store: Store) -> None:
    clues = Clues(principals=(7, 8))
    assert store.recall([(1, clues)], NOW)[0].revoked == {}
    assert store.revoke("person", [7], NOW) == 0
    opened(store, SendLetter(acknowledgement()), SendLetter(acknowledgement()))
    through = store.revoke("agent", [8, 9], NOW)
    facts, others = store.recall([(1, clues), (2, Clues(principals=(10,)))], NOW)
    assert facts.revoked == {("person", 7): 0, ("agent", 8): through}
    assert through == store.outbox(limit=1)[0].outbox_id
    assert others.revoked == {}
    opened(store, SendLetter(acknowledgement()))
    assert store.revoke("agent", [8], NOW + timedelta(days=1)) == through + 1
    assert store.revoked([8, 9]) == {("agent", 8): through + 1, ("agent", 9): through}


def test_wrong_tokens_are_summed_and_the_ledger_stays_in_balance(store: Store) -> None:
    assert store.wrong_tokens() == 0
    store.record([(stored(store, "one"), Outcome(fate=Fate.IGNORED, wrong=3)), (None, Outcome())], NOW)
    store.record([(stored(store, "two"), Outcome(fate=Fate.IGNORED, wrong=2))], NOW)
    assert store.wrong_tokens() == 5
    sums = store.ledger_sums()
    assert sums.pop("received") == sum(sums.values()) == 2
