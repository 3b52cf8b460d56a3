"""One thread writes; what waits shares a commit, what is wrong fails alone."""

from __future__ import annotations

import asyncio
import os
import threading
import time
from concurrent.futures import Future
from typing import Self

import pytest
from sqlalchemy import event, text
from store_values import NOW, accept, arrival, claim, ignoring, opened, opening, stored

from maild.store import Store, Unavailable, open_store


class Gate:
    """Holds the writer inside a job, so that what comes meanwhile is one group."""

    def __init__(self, store: Store) -> None:
        self.open = threading.Event()
        self.reached = threading.Event()
        self.store = store
        self.commits = 0
        event.listen(store._engine, "commit", self._count)

    def _count(self, _: object) -> None:
        self.commits += 1

    def __enter__(self) -> Self:
        self.future: Future[None] = self.store._writer.submit(self._wait)
        assert self.reached.wait(10)
        return self

    def _wait(self, _: object) -> None:
        self.reached.set()
        assert self.open.wait(10)

    def __exit__(self, *_: object) -> None:
        self.open.set()
        self.future.result(10)


def test_letters_that_come_together_share_a_commit(store: Store) -> None:
    with Gate(store) as gate:
        futures = [store.accept(arrival(f"n{i}")) for i in range(100)]
        time.sleep(0.05)
        assert not any(future.done() for future in futures), "nothing is promised before the commit"
    assert sorted(future.result(10) for future in futures) == sorted({row.mail_id for row in store.ledger(limit=200)})
    assert gate.commits == 2


def people(store: Store) -> list[str]:
    return [folded for (folded,) in store._read(lambda c: c.execute(text("SELECT folded FROM person")).all())]


def test_a_job_that_fails_fails_alone(store: Store) -> None:
    mail_id = stored(store, "one")
    with Gate(store) as gate:
        first = store.accept(arrival("two"))
        broken = store._writer.submit(lambda c: c.execute(text("INSERT INTO person (folded) VALUES ('x')")) and 1 // 0)
        doubled = store._writer.submit(lambda c: c.execute(text("INSERT INTO counter VALUES ('ticket', 5)")))
        later = store._writer.submit(lambda c: c.execute(text("INSERT INTO person (folded) VALUES ('y')")).rowcount)
        second = store.accept(arrival("three"))
    assert first.result(10) != second.result(10)
    assert later.result(10) == 1
    with pytest.raises(ZeroDivisionError):
        broken.result(10)
    with pytest.raises(Exception, match=r"(?i)unique"):
        doubled.result(10)
    assert gate.commits == 2
    assert people(store) == ["y"]
    store.record([(mail_id, ignoring())], NOW)


def test_one_bad_letter_does_not_stop_its_neighbours(store: Store) -> None:
    with Gate(store):
        good = store.accept(arrival("good"))
        bad = store.accept(arrival("bad", received_at=None))
        another = store.accept(arrival("another"))
        again = store.accept(arrival("good"))
    assert (good.result(10) > 0, another.result(10) > 0, again.result(10)) == (True, True, 0)
    with pytest.raises(Exception, match="received_at"):
        bad.result(10)
    assert store.ledger_sums()["received"] == 3


def test_a_lonely_job_that_fails_leaves_nothing(store: Store) -> None:
    with pytest.raises(ZeroDivisionError):
        store._write(lambda c: c.execute(text("INSERT INTO person (folded) VALUES ('x')")) and 1 // 0)
    assert people(store) == []
    assert accept(store, "one") == [True]


def test_a_commit_that_fails_promises_nothing_and_the_store_recovers(store: Store) -> None:
    ticket = opened(store)
    commits = iter([True, False])  # the gate's own, then that of the group behind it

    def on_commit(_: object) -> None:
        if not next(commits, True):
            raise OSError("the disk is on fire")

    with Gate(store):
        event.listen(store._engine, "commit", on_commit)
        futures = [store.accept(arrival(f"n{i}")) for i in range(3)]
        futures.append(store._writer.submit(lambda c: c.execute(text("DELETE FROM ticket"))))
        wrong = store._writer.submit(lambda c: 1 // 0)
    for future in futures:
        with pytest.raises(Unavailable, match="on fire"):
            future.result(10)
    with pytest.raises(ZeroDivisionError):
        wrong.result(10)
    assert store.ledger_sums()["received"] == 0
    assert store.ticket(ticket.number) == ticket
    assert accept(store, "after") == [True]


def test_what_was_handed_in_is_done_before_the_store_closes(url: str) -> None:
    store = open_store(url)
    futures = [store.accept(arrival(f"n{i}")) for i in range(600)]
    store.close()
    assert all(future.done() and future.result() for future in futures)
    with pytest.raises(Unavailable, match="closed"):
        store.accept(arrival("late")).result(1)
    with pytest.raises(Unavailable, match="closed"):
        store.push(1, NOW)
    store = open_store(url)
    assert store.ledger_sums()["received"] == 600
    store.close()
    store.close()


def test_an_unused_store_has_no_thread_and_closes(url: str) -> None:
    before = threading.active_count()
    store = open_store(url)
    assert store.tickets() == []
    assert threading.active_count() == before
    store.close()


def test_a_forked_child_is_told_not_to_share_the_store(store: Store) -> None:
    accept(store, "one")
    child = os.fork()
    if child == 0:
        try:
            store.accept(arrival("two"))
        except RuntimeError:
            os._exit(7)
        os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7


def test_a_door_that_gave_up_is_not_waited_for(store: Store) -> None:
    with Gate(store):
        given_up, kept = store.accept(arrival("one")), store.accept(arrival("two"))
        assert given_up.cancel()
    assert kept.result(10)
    assert [c.envelope.raw.split()[1] for c in claim(store)] == [b"two"]


def test_an_event_loop_can_wait_for_a_letter(store: Store) -> None:
    async def door() -> list[int]:
        return await asyncio.gather(*(asyncio.wrap_future(store.accept(arrival(f"n{i}"))) for i in range(20)))

    assert len(set(asyncio.run(door()))) == 20


def test_a_call_after_a_commit_that_fails_stops_nothing(store: Store, caplog: pytest.LogCaptureFixture) -> None:
    store.notify = lambda: 1 // 0  # type: ignore[assignment, return-value]
    assert accept(store, "one") == [True]
    store.record([(claim(store)[0].mail_id, opening())], NOW)
    assert "ZeroDivisionError" in caplog.text


def test_any_thread_may_read_while_another_writes(store: Store) -> None:
    accept(store, "one")
    seen: list[int] = []
    errors: list[BaseException] = []

    def look() -> None:
        try:
            seen.extend(store.ledger_sums()["received"] for _ in range(20))
        except BaseException as error:  # noqa: BLE001 - reported below
            errors.append(error)

    threads = [threading.Thread(target=look) for _ in range(8)]
    for thread in threads:
        thread.start()
    accept(store, *(f"n{i}" for i in range(200)))
    for thread in threads:
        thread.join()
    assert not errors
    assert len(seen) == 160
    assert store.ledger_sums()["received"] == 201
