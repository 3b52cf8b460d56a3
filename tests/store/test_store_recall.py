"""Memory supplies everything a letter points at, for a whole batch in a handful of statements."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import event
from store_values import NOW, acknowledgement, arrival, claim, opened, opening, queue, stored

from maild.core.model import Clues, Facts, Fate, Outcome, Person, SendLetter
from maild.store import Store
from maild.store.known import SAME_ID


def test_nothing_known_gives_empty_facts(store: Store) -> None:
    clues = Clues(message_id="a@b", referenced=("c@d",), sender="x@y.z", numbers=(5,), outbox_ids=(6,))
    assert store.recall([(3, clues), (4, Clues())], NOW) == [Facts(mail_id=3), Facts(mail_id=4)]
    assert store.recall([], NOW) == []


def test_every_clue_leads_to_its_ticket(store: Store) -> None:
    by_number, by_reference, by_bounce = (
        opened(store),
        opened(store),
        opened(store, SendLetter(acknowledgement("b@x.y"))),
    )
    mail_id = stored(store, "one")
    store.record([(mail_id, Outcome(before=by_reference, after=by_reference, fate=Fate.REPLY))], NOW)
    (sent,) = store.outbox()
    clues = Clues(
        message_id="new@x",
        referenced=("unknown@x", "one@customer.example"),
        sender="karen@customer.example",
        numbers=(by_number.number, 99),
        outbox_ids=(sent.outbox_id, 99),
    )
    (facts,) = store.recall([(77, clues)], NOW)
    assert facts.tickets == {one.number: one for one in (by_number, by_reference, by_bounce)}
    assert list(facts.known) == ["one@customer.example"]
    assert [one.mail_id for one in facts.known["one@customer.example"]] == [mail_id]
    assert facts.person == by_number.requester
    assert facts.same_id == ()
    letter = facts.sent[sent.outbox_id]
    assert (letter.ticket, letter.template, letter.to) == (by_bounce.number, "acknowledgement", "b@x.y")


def test_a_second_letter_with_the_same_id_finds_the_first(store: Store) -> None:
    first, second = stored(store, "one"), stored(store, "two")
    (number,) = store.record([(first, opening())], NOW)
    clues = Clues(message_id="one@customer.example")
    (facts,) = store.recall([(second, clues)], NOW)
    assert facts.key == arrival("two").key
    assert [(k.ticket, k.mail_id, k.key) for k in facts.same_id] == [(number, first, arrival("one").key)]
    assert set(facts.tickets) == {number}
    (about_itself,) = store.recall([(first, clues)], NOW)
    assert about_itself.same_id == ()


def test_our_own_letters_are_known_once_their_bytes_are_fixed(store: Store) -> None:
    ticket = opened(store, SendLetter(acknowledgement()))
    (row,) = store.outbox()
    clues = [(1, Clues(referenced=("m.token@desk.example",)))]
    assert store.recall(clues, NOW)[0].known == {}
    store.outbox_fix([(row.outbox_id, "m.token@desk.example", b"bytes")])
    (facts,) = store.recall(clues, NOW)
    (known,) = facts.known["m.token@desk.example"]
    assert (known.ticket, known.mail_id, known.key) == (ticket.number, None, "")
    assert facts.tickets == {ticket.number: ticket}


def test_thousands_of_letters_with_one_id_cost_nothing(store: Store) -> None:
    for i in range(SAME_ID + 5):
        store.accept(arrival(f"n{i}", sender=f"p{i}@x.y")).result(10)
    worked = [(c.mail_id, opening()) for c in claim(store)]
    store._write(lambda c: c.exec_driver_sql("UPDATE mail SET message_id = 'same@x'") and None)
    store.record(worked, NOW)
    (facts,) = store.recall([(0, Clues(message_id="same@x"))], NOW)
    assert len(facts.same_id) == SAME_ID


def test_acknowledgements_of_a_day_are_counted(store: Store) -> None:
    queue(store, acknowledgement("Karen@customer.example"), acknowledgement(), acknowledgement("bob@x.y"))
    queue(store, acknowledgement(template="alert"))
    asked = [(1, Clues(sender="karen@customer.example")), (2, Clues(sender="ann@x.y"))]
    hours = timedelta(hours=1)
    assert [sum(n for t in f.told.values() for n in t.values()) for f in store.recall(asked, NOW + 23 * hours)] == [
        2,
        0,
    ]
    assert [f.told for f in store.recall(asked, NOW + 25 * hours)] == [{}, {}]


def test_the_sender_is_met_whatever_the_case(store: Store) -> None:
    opened(store, requester=Person(0, "Karen@Customer.example", "Karen"))
    (facts,) = store.recall([(1, Clues(sender="KAREN@customer.EXAMPLE"))], NOW)
    assert facts.person is not None
    assert facts.person.email == "Karen@Customer.example"


def test_a_batch_costs_as_many_statements_as_one_letter(store: Store) -> None:
    tickets = [opened(store) for _ in range(3)]
    statements: list[str] = []
    event.listen(store._readers, "before_cursor_execute", lambda *about: statements.append(about[2]))
    clue = Clues(message_id="a@b", referenced=("c@d",), sender="x@y.z", numbers=(tickets[0].number,), outbox_ids=(1,))
    store.recall([(1, clue)], NOW)
    alone = len([one for one in statements if one.startswith("SELECT")])
    statements.clear()
    store.recall([(i, clue) for i in range(60)], NOW)
    assert alone == len([one for one in statements if one.startswith("SELECT")]) == 6


def test_a_letter_may_point_at_thousands_of_things(store: Store) -> None:
    ticket = opened(store)
    clues = Clues(
        referenced=("\ud800\0@x", *(f"r{i}@x" for i in range(40_000))),
        numbers=(*range(2, 40_000), ticket.number),
        outbox_ids=tuple(range(40_000)),
    )
    (facts,) = store.recall([(1, clues)], NOW)
    assert set(facts.tickets) == {ticket.number}
