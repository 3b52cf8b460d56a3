"""The relay's trouble is the relay's: rests, one probe, the next relay meanwhile, and no letter that pays for it."""

from __future__ import annotations

import logging
from collections.abc import Callable

import pytest
from courier_fakes import NOW, Office, Said, answer_to

from maild.edges.courier_relays import FIRST_REST, SHAKES
from maild.edges.outbound import NO_WISHES, Accepted, Answer, Permanent, Temporary, Wishes

AWAY = Temporary("connection refused", relay_trouble=True, reached=False)


class Switched(Said):
    """A relay that is there or not, and counts how often somebody tried."""

    def __init__(self, name: str, there: bool = True) -> None:
        super().__init__(name=name)
        self.there = there
        self.tries = 0

    def send(
        self, mail_from: str, rcpt: str, raw: bytes, before_dot: Callable[[], None], wishes: Wishes = NO_WISHES
    ) -> Answer:
        self.tries += 1
        if not self.there:
            return AWAY
        return super().send(mail_from, rcpt, raw, before_dot, wishes)


def until_nothing_waits(office: Office) -> None:
    while office.courier.deliver_round():
        pass


# --------------------------------------------------------------------- one relay


def test_its_trouble_is_said_once_and_kept_where_it_can_be_seen(caplog: pytest.LogCaptureFixture) -> None:
    relay = Switched("mail.example:25", there=False)
    office = Office(relay)
    office.outbox.add(answer_to())
    with caplog.at_level(logging.INFO):
        for _ in range(5):
            office.courier.deliver_round()
            office.clock.forward(minutes=6)
        assert office.outbox.troubles == {"relay mail.example:25": (NOW, "connection refused")}
        relay.there = True
        office.courier.deliver_round()
    assert office.outbox.troubles == {}
    said = [record.getMessage() for record in caplog.records if "mail.example" in record.getMessage()]
    assert said == ["mail.example:25 is away: connection refused", "mail.example:25 is back after 0:30:00"]


def test_what_an_earlier_run_noted_is_taken_back_by_the_first_letter() -> None:
    office = Office(Said(name="mail.example:25"))
    office.outbox.trouble("relay mail.example:25", "refused", NOW)
    office.outbox.add(answer_to())
    office.courier.deliver_round()
    assert office.outbox.troubles == {}


def test_a_relay_that_is_away_costs_no_attempt() -> None:
    relay = Switched("a", there=False)
    office = Office(relay)
    for _ in range(10):
        office.outbox.add(answer_to())
    for _ in range(20):
        office.courier.deliver_round()
        office.clock.forward(minutes=6)
    assert {row.attempts for row in office.outbox.rows.values()} == {0}


@pytest.mark.parametrize("answer", [Temporary("line lost", shaky=True), Temporary("451 4.3.0 busy", shaky=True)])
def test_several_letters_that_stumble_are_the_relays_trouble(answer: Temporary) -> None:
    office = Office(Said(*[answer] * SHAKES))
    for _ in range(SHAKES + 5):
        office.outbox.add(answer_to())
    office.courier.deliver_round()
    assert isinstance(office.relay, Said)
    assert len(office.relay.letters) == SHAKES
    assert list(office.outbox.troubles) == ["relay relay.example:25"]
    office.clock.forward(minutes=1, seconds=30)
    until_nothing_waits(office)
    assert {row.state for row in office.outbox.rows.values()} == {"sent"}


def test_one_letter_that_stumbles_is_not() -> None:
    shaky = Temporary("line lost", shaky=True)
    office = Office(Said(shaky, shaky, Accepted("250 ok"), shaky, shaky, Permanent("550 no"), shaky, Accepted("250")))
    for _ in range(8):
        office.outbox.add(answer_to())
    assert office.courier.deliver_round()
    assert office.outbox.troubles == {}


def test_trouble_that_cannot_be_noted_stops_no_letter() -> None:
    relay = Switched("a", there=False)
    office = Office(relay)

    def broken(name: str, what: str, now: object) -> None:
        raise RuntimeError("no such table")

    office.outbox.trouble = broken  # type: ignore[method-assign,assignment]
    office.outbox.add(answer_to())
    office.courier.deliver_round()
    relay.there = True
    office.clock.forward(seconds=6)
    office.courier.deliver_round()
    assert office.outbox.state(1) == "sent"


# --------------------------------------------------------------------- several relays


def test_the_second_relay_carries_while_the_first_is_away_and_then_the_first_again() -> None:
    first, second = Switched("first"), Switched("second")
    office = Office((first, second))
    for there, expected in ((True, (5, 0)), (False, (5, 5)), (True, (10, 5))):
        first.there = there
        office.clock.forward(minutes=6)
        for _ in range(5):
            office.outbox.add(answer_to())
        until_nothing_waits(office)
        assert (len(first.letters), len(second.letters)) == expected
    assert {row.state for row in office.outbox.rows.values()} == {"sent"}
    assert {row.attempts for row in office.outbox.rows.values()} == {1}, "going on to the next is the same attempt"


def test_one_letter_probes_the_first_relay_and_the_others_do_not_wait() -> None:
    first, second = Switched("first", there=False), Switched("second")
    office = Office((first, second))
    for _ in range(20):
        office.outbox.add(answer_to())
    until_nothing_waits(office)
    assert (first.tries, len(second.letters)) == (1, 20)
    office.clock.forward(seconds=6)
    for _ in range(20):
        office.outbox.add(answer_to())
    until_nothing_waits(office)
    assert (first.tries, len(second.letters)) == (2, 40)


def test_where_all_are_away_everything_waits_for_the_one_that_may_be_back_first() -> None:
    first, second = Switched("first", there=False), Switched("second", there=False)
    office = Office((first, second))
    office.outbox.add(answer_to())
    assert not office.courier.deliver_round()
    assert sorted(office.outbox.troubles) == ["relay first", "relay second"]
    assert office.outbox.rows[1].next_try == NOW + FIRST_REST
    second.there = True
    office.clock.forward(seconds=6)
    office.courier.deliver_round()
    assert office.outbox.state(1) == "sent"


def test_a_refusal_is_not_taken_to_another_relay() -> None:
    first, second = Said(Permanent("550 5.1.1 no such user"), name="first"), Said(name="second")
    office = Office((first, second))
    office.outbox.add(answer_to())
    office.courier.deliver_round()
    assert office.outbox.state(1) == "dead"
    assert second.letters == []


def test_a_letter_that_may_have_left_is_not_taken_to_another_relay_at_once() -> None:
    doubtful = Temporary("no answer to the final dot", shaky=True, doubt=True)
    first, second = Said(doubtful, name="first"), Said(name="second")
    office = Office((first, second))
    office.outbox.add(answer_to())
    office.courier.deliver_round()
    assert second.letters == []
    assert office.outbox.rows[1].dot_at == NOW
    office.clock.forward(minutes=2)
    office.courier.deliver_round()
    assert office.twice == [1], "sent once more, and a person's words: its ticket is told"


def test_nobody_is_told_that_an_automatic_letter_went_twice() -> None:
    doubtful = Temporary("no answer to the final dot", shaky=True, doubt=True)
    office = Office(Said(doubtful))
    office.outbox.add(answer_to(automatic="auto-generated"))
    office.courier.deliver_round()
    office.clock.forward(minutes=2)
    office.courier.deliver_round()
    assert (office.outbox.state(1), office.twice) == ("sent", [])
