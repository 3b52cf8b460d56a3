"""A day without a relay, in virtual time, on a real store: ten thousand letters wait, none pays for it, new ones go first."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from courier_fakes import NOW, POLICY, Clock, Said

from maild.core.model import Address, Lane, Letter, Outcome, SendLetter
from maild.core.policy import Policy
from maild.edges.courier import Courier
from maild.edges.outbound import NO_WISHES, Answer, Temporary, Wishes
from maild.letters import Outgoing, Rendered, Templates
from maild.store import Store, migrate, open_store

LETTERS = 10_000
DAY = timedelta(hours=24)


class Short(Templates):
    """Writes the shortest letter there is: ten thousand real ones would take most of this test's time."""

    def __init__(self) -> None:
        pass

    def render(self, outgoing: Outgoing, policy: Policy, now: datetime) -> Rendered:
        return Rendered(f"{outgoing.outbox_id}@desk", "b@bank.example", outgoing.letter.to.email, b"Subject: x\r\n\r\n")


class Switched(Said):
    """A relay that is there or not; remembers when somebody tried."""

    connections = 4

    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self.there = False
        self.clock = clock
        self.tries: list[datetime] = []

    def send(
        self, mail_from: str, rcpt: str, raw: bytes, before_dot: Callable[[], None], wishes: Wishes = NO_WISHES
    ) -> Answer:
        self.tries.append(self.clock.now)
        if not self.there:
            return Temporary("connection refused", relay_trouble=True, reached=False)
        return super().send(mail_from, rcpt, raw, before_dot, wishes)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    url = f"sqlite:///{tmp_path / 'desk.db'}"
    migrate(url)
    one = open_store(url)
    yield one
    one.close()


def test_ten_thousand_letters_wait_a_day(store: Store) -> None:
    clock = Clock()
    relay = Switched(clock)
    dead: list[int] = []
    courier = Courier(
        store,
        templates=Short,
        policy=lambda: POLICY,
        relays=(relay,),
        clock=clock,
        jitter=lambda: 0.5,
        on_dead=lambda row, why: dead.append(row.outbox_id),
    )

    def queue(*letters: Letter) -> None:
        store.record([(None, Outcome(changes=tuple(map(SendLetter, letters))))], clock.now)

    queue(*(letter(f"k{n}@x{n % 50}.example", Lane(n % 3)) for n in range(LETTERS)))
    while clock.now < NOW + DAY:
        courier.deliver_round()
        clock.forward(seconds=5)
    assert len(relay.tries) == len(set(relay.tries)) <= 24 * 60 / 5 + 10, "one probe after each rest"
    assert (dead, store.outbox("dead")) == ([], [])
    assert [one.since for one in store.troubles()] == [NOW]

    relay.there = True
    clock.forward(minutes=6)
    assert courier.deliver_round(), "one letter finds out"
    assert (len(relay.letters), store.troubles()) == (1, [])
    for lane in Lane:
        queue(letter(f"new{lane.value}@x.example", lane))
    rounds = 0
    while courier.deliver_round():
        rounds += 1
        if rounds == 1:
            first = {rcpt.partition("@")[0] for _, rcpt, _ in relay.letters}
            assert {f"new{lane.value}" for lane in Lane} <= first, "new letters do not wait behind the backlog"
    assert len({rcpt for _, rcpt, _ in relay.letters}) == len(relay.letters) == LETTERS + len(Lane)
    assert rounds <= LETTERS / 100 + 2
    assert store.outbox("queued") == []


def letter(to: str, lane: Lane) -> Letter:
    return Letter(template="show", to=Address(to), lane=lane)
