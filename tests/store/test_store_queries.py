"""What people ask is answered, and answered by an index however much there is."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event
from store_values import LEASE, NOW, accept, acknowledgement, arrival, changing, claim, ignoring, opened, opening, queue

from maild.core.model import Clues, SendLetter, Status
from maild.store import Store, upkeep

HOUR = timedelta(hours=1)


def test_what_is_not_there_is_none(store: Store) -> None:
    assert store.ticket(1) is None
    assert store.raw(1) is None
    assert store.envelope(1) is None
    assert store.letter(1) is None
    assert store.outbox_raw(1) is None
    assert store.entries(1) == store.tickets() == store.ledger() == store.outbox() == []


def test_tickets_are_found_by_what_they_are(store: Store) -> None:
    one = opened(store, team="a", agent="joe", status=Status.OPEN)
    two = opened(store, team="a", agent="ann", status=Status.CLOSED)
    three = opened(store, team="b", agent="joe", status=Status.OPEN)
    numbers = [t.number for t in (one, two, three)]
    assert [t.number for t in store.tickets()] == numbers[::-1]
    assert [t.number for t in store.tickets(limit=1)] == [three.number]
    assert store.tickets(["open"]) == [three, one]
    assert store.tickets(team="a") == [two, one]
    assert store.tickets(team="a", limit=1) == [two]
    assert store.tickets(statuses=["open", "new"], agent="joe") == [three, one]
    assert store.tickets(agent="joe", team="b") == [three]
    assert store.tickets(team="c") == []


def test_due_tickets_come_longest_due_first(store: Store) -> None:
    late, later = opened(store, next_due=NOW - 2 * HOUR), opened(store, next_due=NOW - HOUR)
    at_once = opened(store, next_due=NOW)
    opened(store, next_due=NOW + HOUR)
    opened(store)
    assert store.due(NOW, 10) == [late, later, at_once]
    assert store.due(NOW, 1) == [late]
    store.push(late.number, NOW + HOUR)
    assert store.due(NOW, 10) == [later, at_once]
    assert store.ticket(late.number) == replace(late, next_due=NOW + HOUR), "pushing is no change of the ticket"


def test_the_ledger_tells_the_latest_first(store: Store) -> None:
    for hour in range(3):
        store.accept(arrival(f"n{hour}", received_at=NOW + hour * HOUR)).result(10)
    assert [row.message_id for row in store.ledger(limit=2)] == ["n2@customer.example", "n1@customer.example"]
    assert [row.message_id for row in store.ledger(since=NOW + 2 * HOUR)] == ["n2@customer.example"]
    row = store.ledger()[-1]
    assert (row.door, row.peer, row.helo, row.rcpts) == (
        "smtp",
        "192.0.2.7",
        "mx.customer.example",
        ("support@desk.example",),
    )
    assert store.letter(row.mail_id) == row
    first = claim(store, limit=1)[0].mail_id
    store.record([(first, ignoring())], NOW)
    assert [row.mail_id for row in store.ledger(fate="ignored")] == [first]
    assert [row.message_id[:2] for row in store.ledger(fate="waiting")] == ["n2", "n1"]
    assert store.ledger(fate="ignored", since=NOW + HOUR) == store.ledger(fate="refused") == []


def test_one_letter_is_told_in_full(store: Store) -> None:
    accept(store, "one")
    (row,) = store.ledger()
    assert (row.ready_at, row.worker, row.confirmed) == (row.received_at, "", False)
    assert row.key == arrival("one").key
    claim(store)
    (row,) = store.ledger()
    assert (row.ready_at, row.worker) == (NOW + LEASE, "w1")
    store.record([(row.mail_id, ignoring())], NOW)
    (row,) = store.ledger()
    assert row.ready_at is None
    assert store.requeue(row.mail_id, confirmed=True)
    (row,) = store.ledger()
    assert (row.ready_at, row.worker, row.confirmed) == (row.received_at, "", True)


def test_a_changed_policy_moves_the_schedule_of_every_ticket_that_lives(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upkeep, "PAGE", 3)
    living = [opened(store, next_due=NOW + n * HOUR) for n in range(8)]
    closed = opened(store, status=Status.CLOSED)
    wanted = {one.number: NOW if one.number % 2 else one.next_due for one in living}
    moved = store.reset_due(lambda one: wanted[one.number])
    assert moved == sum(wanted[one.number] != one.next_due for one in living)
    after = [store.ticket(one.number) for one in living]
    assert [one.next_due for one in after] == [wanted[one.number] for one in living]
    assert [a.version - b.version for a, b in zip(after, living, strict=True)] == [
        int(a.next_due != b.next_due) for a, b in zip(after, living, strict=True)
    ]
    assert store.ticket(closed.number) == closed


# ------------------------------------------------------------------------------ plans


@pytest.fixture
def plans(store: Store) -> Callable[[Callable[[], Any]], list[str]]:
    """`plans(work)`: the plan of every SELECT and UPDATE that `work` runs."""
    seen: list[str] = []
    sqlite = store._readers.dialect.name == "sqlite"

    def explain(connection: Any, cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        if not statement.startswith(("SELECT", "UPDATE")) or connection.info.get("explaining"):
            return
        one = parameters[0] if isinstance(parameters, list) else parameters
        if not sqlite and re.search(r"FROM (alembic_version|pg_)", statement):
            return
        another = connection.connection.cursor()
        if not sqlite:
            # So few rows are quickest read one by one; what we ask is whether an index could lead.
            another.execute("SET enable_seqscan = off")
            another.execute("SET enable_bitmapscan = off")
        another.execute(("EXPLAIN QUERY PLAN " if sqlite else "EXPLAIN ") + statement, one)
        seen.append(statement + "\n  " + "\n  ".join(str(row[-1]) for row in another.fetchall()))
        another.close()

    for engine in (store._readers, store._engine):
        event.listen(engine, "before_cursor_execute", explain)

    def run(work: Callable[[], Any]) -> list[str]:
        seen.clear()
        work()
        assert seen
        return list(seen)

    return run


def worst(store: Store, plan: str) -> bool:
    """Whether a plan walks through a whole table."""
    if store._readers.dialect.name == "sqlite":
        return bool(
            re.search(r"\n  SCAN (?!outbox USING (COVERING )?INDEX outbox_dead|.* mail_ready|.* outbox_ready)", plan)
        )
    return "Seq Scan" in plan


QUESTIONS: list[Callable[[Store], Any]] = [
    lambda s: s.claim(10, NOW, HOUR, "w"),
    lambda s: s.outbox_claim(10, NOW, HOUR, "w"),
    lambda s: s.due(NOW, 10),
    lambda s: s.ledger_sums(),
    lambda s: s.ledger(NOW, None, 10),
    lambda s: s.ledger(None, "refused", 10),
    lambda s: s.ledger(None, "waiting", 10),
    lambda s: s.letter(1),
    lambda s: s.entries(1001),
    lambda s: s.tickets(["open", "new"]),
    lambda s: s.tickets(team="a"),
    lambda s: s.tickets(agent="joe"),
    lambda s: s.ticket(1001),
    lambda s: s.outbox("dead"),
    lambda s: s.outbox("queued"),
    lambda s: s.raw(1),
    lambda s: s.requeue(1),
    lambda s: s.recall(
        [(1, Clues(message_id="a", referenced=("b",), sender="c@d", numbers=(1,), outbox_ids=(1,)))], NOW
    ),
    lambda s: s.outbox_claim(1, NOW, LEASE, "c"),
    lambda s: s.outbox_sent(1, NOW, "250 ok", ["new@relay"]).result(),
    lambda s: s.outbox_forget(0, NOW, 10),
    lambda s: s.record([(None, changing(s.ticket(1001), SendLetter(acknowledgement()), team="x"))], NOW),
]


@pytest.mark.parametrize("question", QUESTIONS, ids=range(len(QUESTIONS)))
def test_every_question_is_led_by_an_index(store: Store, plans: Callable[..., list[str]], question: Any) -> None:
    accept(store, "one", "two")
    store.record([(claim(store, limit=1)[0].mail_id, opening())], NOW)
    queue(store, acknowledgement())
    bad = [plan for plan in plans(lambda: question(store)) if worst(store, plan)]
    assert not bad, "\n".join(bad)
