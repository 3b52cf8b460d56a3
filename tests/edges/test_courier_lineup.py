"""No domain takes all connections, none gets more letters a minute than it may."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable
from datetime import timedelta

import pytest
from courier_fakes import NOW, Office, Outbox, Said, answer_to
from hypothesis import given
from hypothesis import strategies as st

from maild.edges import courier_lineup
from maild.edges.courier import Manners
from maild.edges.courier_lineup import Lineup, Rates, Ready
from maild.edges.outbound import NO_WISHES, Accepted, Answer, Temporary, Wishes
from maild.letters import Rendered


class Slow(Said):
    """A relay with four connections to which one domain is slow."""

    connections = 4

    def __init__(self, slow: str, answer: Answer) -> None:
        super().__init__()
        self.slow, self.answer = slow, answer
        self.at_once: Counter[str] = Counter()
        self.most: Counter[str] = Counter()
        self.order: list[str] = []
        self.lock = threading.Lock()

    def send(
        self, mail_from: str, rcpt: str, raw: bytes, before_dot: Callable[[], None], wishes: Wishes = NO_WISHES
    ) -> Answer:
        domain = rcpt.partition("@")[2]
        with self.lock:
            self.at_once[domain] += 1
            self.most[domain] = max(self.most[domain], self.at_once[domain])
        time.sleep(0.02 if domain == self.slow else 0.0)
        with self.lock:
            self.at_once[domain] -= 1
            self.order.append(domain)
        return self.answer if domain == self.slow else Accepted("250 ok")


def test_a_slow_domain_leaves_connections_to_the_others() -> None:
    relay = Slow("slow.example", Temporary("450 4.2.0 later"))
    office = Office(relay, manners=Manners(per_domain_connections=2))
    for number in range(20):
        office.outbox.add(answer_to(f"k{number}@slow.example"))
    for number in range(40):
        office.outbox.add(answer_to(f"k{number}@fast{number % 4}.example"))
    office.courier.deliver_round()
    assert relay.most["slow.example"] == 2
    assert relay.order[:40].count("slow.example") <= 8, "the fast ones did not wait behind it"
    assert [office.outbox.state(number) for number in range(21, 61)] == ["sent"] * 40
    assert {office.outbox.state(number) for number in range(1, 21)} == {"queued"}


def test_a_domain_gets_so_many_letters_a_minute_and_the_others_wait_for_the_next() -> None:
    relay = Said()
    office = Office(relay, manners=Manners(per_domain_per_minute=10))
    for number in range(30):
        office.outbox.add(answer_to(f"k{number}@Limited.example"))
    office.outbox.add(answer_to("karen@free.example"))
    sent: list[int] = []
    for _ in range(6):
        while office.courier.deliver_round():
            pass
        sent.append(sum("imited" in rcpt for _, rcpt, _ in relay.letters))
        office.clock.forward(minutes=1)
    assert sent[:4] == [10, 20, 30, 30]
    assert office.outbox.state(31) == "sent"
    assert {row.attempts for row in office.outbox.rows.values()} == {1}, "waiting is no attempt"


@given(st.integers(1, 600), st.lists(st.floats(0, 20), max_size=200))
def test_never_more_than_twice_a_minutes_worth_in_any_minute(limit: int, gaps: list[float]) -> None:
    rates, now, gone = Rates(limit), NOW, []
    for gap in gaps:
        now += timedelta(seconds=gap)
        at = rates.put_off("x.example", now)
        if at is None:
            gone.append(now)
        else:
            assert at > now
    for first in gone:
        assert sum(first <= one < first + timedelta(minutes=1) for one in gone) <= 2 * limit


def test_domains_that_are_done_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(courier_lineup, "MOST_DOMAINS", 100)
    rates = Rates(60)
    for number in range(1000):
        rates.put_off(f"{number}.example", NOW + timedelta(minutes=number))
    assert len(rates._next) <= 101


def ready(number: int, size: int = 10, domain: str = "x.example") -> Ready:
    outbox = Outbox()
    row = outbox.rows[outbox.add(answer_to())]
    return Ready(row, Rendered(str(number), "a@b", f"k@{domain}", bytes(size)), domain, fresh=True)


def test_letters_are_not_piled_up_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(courier_lineup, "MOST_BYTES", 100)
    lineup = Lineup(together=9)
    added = [0]

    def fill() -> None:
        while lineup.add(ready(added[0], size=60)):
            added[0] += 1

    thread = threading.Thread(target=fill)
    thread.start()
    time.sleep(0.1)
    assert added[0] == 2
    assert lineup.take() is not None
    time.sleep(0.1)
    assert added[0] == 3
    lineup.give_up()
    thread.join(5)
    assert not thread.is_alive()
    assert lineup.take() is None


def test_an_order_is_kept_but_for_a_domain_that_is_full() -> None:
    lineup = Lineup(together=1)
    for number, domain in enumerate(("a", "a", "b", "a")):
        assert lineup.add(ready(number, domain=domain))
    lineup.end()
    first, second = lineup.take(), lineup.take()
    assert first is not None
    assert second is not None
    assert (first.letter.message_id, second.letter.message_id) == ("0", "2")
    lineup.done(first)
    third = lineup.take()
    assert third is not None
    assert third.letter.message_id == "1"
    lineup.done(third)
    assert [one.letter.message_id for one in lineup.drain()] == ["3"]
    assert lineup.take() is None
