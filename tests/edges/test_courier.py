"""What the courier does with a relay's answers, whatever the relay is."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from datetime import timedelta

import pytest
from courier_fakes import ANSWER, NOW, Office, Said, answer_to

from maild.core.model import Address, Lane, Letter
from maild.edges.courier import BATCH
from maild.edges.courier_relays import LONGEST_REST
from maild.edges.outbound import NO_WISHES, Accepted, Answer, Permanent, Temporary, Wishes
from maild.letters import Templates
from maild.store import OutboxRow, Unavailable


def test_the_steps_come_in_the_order_that_loses_nothing() -> None:
    office = Office(Said())
    number = office.outbox.add(answer_to())
    assert office.courier.deliver_round()
    assert [call for call, _ in office.outbox.said if call != "entries"] == ["claim", "fix", "dot", "sent"]
    assert office.outbox.state(number) == "sent"
    assert not office.courier.deliver_round()


def test_the_envelope_and_the_bytes_are_those_of_the_letter() -> None:
    relay = Said()
    office = Office(relay)
    office.outbox.add(answer_to("karen@müller.example"))
    office.courier.deliver_round()
    ((mail_from, rcpt, raw),) = relay.letters
    assert mail_from.startswith("support+")
    assert rcpt == "karen@xn--mller-kva.example"
    assert raw == office.outbox.raws[1]
    assert b"Message-ID: <%s>" % office.outbox.rows[1].message_id.encode() in raw


def test_lanes_go_in_their_order() -> None:
    relay = Said()
    office = Office(relay)
    for lane in (Lane.ALERT, Lane.ANSWER, Lane.NOTICE):
        office.outbox.add(answer_to(f"{lane.name.lower()}@x.example", lane))
    office.courier.deliver_round()
    assert [rcpt.partition("@")[0] for _, rcpt, _ in relay.letters] == ["answer", "notice", "alert"]


def test_a_later_attempt_sends_the_very_same_bytes() -> None:
    relay = Said(Temporary("451 later"))
    office = Office(relay)
    office.outbox.add(answer_to())
    office.courier.deliver_round()
    office.clock.forward(minutes=2)
    office.courier.deliver_round()
    first, second = relay.letters
    assert first == second
    assert office.outbox.state(1) == "sent"


def test_attempts_are_doubly_far_apart_for_five_days_and_then_it_is_given_up() -> None:
    relay = Said(*[Temporary("451 4.2.2 mailbox full")] * 200)
    office = Office(relay)
    office.outbox.add(answer_to())
    waits = []
    while office.outbox.state(1) == "queued":
        office.courier.deliver_round()
        upcoming = office.outbox.rows[1].next_try
        if upcoming is not None:
            waits.append(upcoming - office.clock.now)
            office.clock.now = upcoming
    assert waits[:9] == [timedelta(minutes=minutes) for minutes in (1, 2, 4, 8, 16, 32, 64, 128, 240)]
    assert set(waits[9:]) == {timedelta(hours=4)}
    assert timedelta(days=5) <= office.clock.now - NOW < timedelta(days=5, hours=4)
    assert office.dead == [(1, "given up after 5 days: 451 4.2.2 mailbox full")]


@pytest.mark.parametrize("jitter", [0.0, 1.0])
def test_jitter_moves_an_attempt_by_a_fifth(jitter: float) -> None:
    office = Office(Said(Temporary("451 later")))
    office.courier._jitter = lambda: jitter
    office.outbox.add(answer_to())
    office.courier.deliver_round()
    assert office.outbox.rows[1].next_try == NOW + timedelta(seconds=48 if jitter == 0 else 72)


def test_a_refusal_is_final_and_told() -> None:
    office = Office(Said(Permanent("550 5.1.1 no such user")))
    office.outbox.add(answer_to())
    office.courier.deliver_round()
    assert office.outbox.state(1) == "dead"
    assert office.dead == [(1, "550 5.1.1 no such user")]
    assert office.outbox.rows[1].error == "550 5.1.1 no such user"


def test_an_impossible_address_is_final_and_told() -> None:
    relay = Said()
    office = Office(relay)
    office.outbox.add(answer_to("karen@x\r\nRCPT TO:<evil@x>"))
    office.outbox.add(answer_to())
    office.courier.deliver_round()
    assert [office.outbox.state(number) for number in (1, 2)] == ["dead", "sent"]
    assert office.dead[0][0] == 1
    assert len(relay.letters) == 1


# --------------------------------------------------------------------- trouble with one letter


def test_a_template_that_fails_delays_its_letter_alone() -> None:
    office = Office(Said())
    bad = Letter(template="no-such", to=Address("a@x.example"), lane=Lane.ANSWER)
    office.outbox.add(bad)
    office.outbox.add(answer_to())
    office.courier.deliver_round()
    assert [office.outbox.state(number) for number in (1, 2)] == ["queued", "sent"]
    assert "no-such" in office.outbox.rows[1].error
    assert office.outbox.rows[1].next_try == NOW + timedelta(minutes=1)


def test_a_mended_template_lets_the_letter_go() -> None:
    office = Office(Said())
    good = office.templates

    class Broken(Templates):
        def __init__(self) -> None:
            pass

        def render(self, *_: object) -> object:  # type: ignore[override]
            raise RuntimeError("bug")

    office.templates = Broken()
    office.outbox.add(answer_to())
    office.courier.deliver_round()
    assert office.outbox.rows[1].error == "RuntimeError: bug"
    office.templates = good
    office.clock.forward(minutes=2)
    office.courier.deliver_round()
    assert office.outbox.state(1) == "sent"


def test_a_bug_in_a_relay_stops_nobody_else() -> None:
    office = Office(Said(ZeroDivisionError("oops")))
    office.outbox.add(answer_to())
    office.outbox.add(answer_to())
    office.courier.deliver_round()
    assert [office.outbox.state(number) for number in (1, 2)] == ["queued", "sent"]


def test_nobody_to_tell_does_not_keep_a_dead_letter_alive() -> None:
    office = Office(Said(Permanent("550 no")))

    def fails(row: OutboxRow, why: str) -> None:
        raise LookupError(why)

    office.courier._on_dead = fails
    office.outbox.add(answer_to())
    office.courier.deliver_round()
    assert office.outbox.state(1) == "dead"


# --------------------------------------------------------------------- trouble with the relay


def test_a_relay_that_is_away_rests_and_no_letter_pays_for_it() -> None:
    away = Temporary("connection refused", relay_trouble=True, reached=False)
    relay = Said(*[away] * 12)
    office = Office(relay)
    for _ in range(5):
        office.outbox.add(answer_to())
    assert not office.courier.deliver_round()
    assert len(relay.letters) == 1, "the others did not try"
    assert not office.courier.deliver_round()
    assert len(relay.letters) == 1, "it rests"
    rests = []
    while len(relay.letters) < 12:
        before = office.clock.now
        away = office.courier._relays.away()
        assert away is not None
        office.clock.now = away.until
        rests.append((office.clock.now - before).total_seconds())
        office.courier.deliver_round()
    assert rests[:7] == [5, 10, 20, 40, 80, 160, 300]
    assert set(rests[7:]) == {LONGEST_REST.total_seconds()}


def test_after_a_rest_one_letter_tries_and_then_all_go() -> None:
    relay = Said(Temporary("connection refused", relay_trouble=True, reached=False))
    office = Office(relay)
    for _ in range(5):
        office.outbox.add(answer_to())
    office.courier.deliver_round()
    office.clock.forward(seconds=6)
    assert office.courier.deliver_round()
    assert len(relay.letters) == 2
    assert office.courier.deliver_round()
    assert {row.state for row in office.outbox.rows.values()} == {"sent"}


def test_a_relay_away_for_weeks_kills_no_letter() -> None:
    relay = Said(Temporary("refused", relay_trouble=True, reached=False))
    office = Office(relay)
    office.outbox.add(answer_to())
    office.clock.forward(days=30)
    office.courier.deliver_round()
    assert office.outbox.state(1) == "queued"
    office.clock.forward(seconds=6)
    office.courier.deliver_round()
    assert office.outbox.state(1) == "sent"


def test_a_letter_that_makes_the_relay_hang_up_lets_others_pass() -> None:
    """421 after a letter may be its own fault: it moves back in the queue, or it would block it for ever."""

    class Touchy(Said):
        def send(
            self, mail_from: str, rcpt: str, raw: bytes, before_dot: Callable[[], None], wishes: Wishes = NO_WISHES
        ) -> Answer:
            if rcpt == "poison@x.example":
                return Temporary("421 good bye", relay_trouble=True)
            return super().send(mail_from, rcpt, raw, before_dot)

    office = Office(Touchy())
    office.outbox.add(answer_to("poison@x.example"))
    office.outbox.add(answer_to())
    office.courier.deliver_round()
    office.clock.forward(seconds=6)
    office.courier.deliver_round()
    assert [office.outbox.state(number) for number in (1, 2)] == ["queued", "sent"]


# --------------------------------------------------------------------- trouble with the store


def test_an_accepted_letter_is_not_sent_again_when_the_store_was_away_for_its_answer() -> None:
    relay = Said()
    office = Office(relay)
    office.outbox.add(answer_to())
    office.outbox.away = lambda call: call == "sent"
    with pytest.raises(Unavailable):
        office.courier.deliver_round()
    office.clock.forward(hours=2)  # the lease is over
    with pytest.raises(Unavailable):
        office.courier.deliver_round()
    office.outbox.away = lambda call: False
    office.courier.deliver_round()
    assert len(relay.letters) == 1
    assert office.outbox.state(1) == "sent"


@pytest.mark.parametrize("call", ["claim", "fix", "dot"])
def test_nothing_is_handed_over_that_the_store_does_not_know_of(call: str) -> None:
    relay = Said()
    office = Office(relay)
    office.outbox.add(answer_to())
    office.outbox.away = lambda it: it == call
    with pytest.raises(Unavailable):
        office.courier.deliver_round()
    assert relay.letters == []
    office.outbox.away = lambda it: False
    office.clock.forward(hours=2)
    office.courier.deliver_round()
    assert len(relay.letters) == 1


def test_a_death_that_cannot_be_told_yet_is_told_later() -> None:
    office = Office(Said(Permanent("550 no"), Permanent("550 no")))
    told = []

    def tell(row: OutboxRow, why: str) -> None:
        told.append(why)
        if len(told) == 1:
            raise Unavailable("away")

    office.courier._on_dead = tell
    office.outbox.add(answer_to())
    with pytest.raises(Unavailable):
        office.courier.deliver_round()
    assert office.outbox.state(1) == "queued"
    office.clock.forward(hours=2)
    office.courier.deliver_round()
    assert office.outbox.state(1) == "dead"
    assert len(told) == 2


def test_a_crash_after_the_dot_gives_one_more_copy_byte_for_byte() -> None:
    class Crash(BaseException):
        pass

    relay = Said()
    office = Office(relay)
    office.outbox.add(answer_to())

    def die(outbox_id: int, now: object, reply: str, ids: object = ()) -> Future[None]:
        raise Crash

    office.outbox.outbox_sent = die  # type: ignore[method-assign]
    with pytest.raises(Crash):
        office.courier.deliver_round()
    assert office.outbox.rows[1].dot_at == NOW
    del office.outbox.outbox_sent  # type: ignore[method-assign]
    again = Office(relay, office.outbox, office.clock)
    again.clock.forward(hours=2)
    again.courier.deliver_round()
    assert relay.letters[0] == relay.letters[1]
    assert office.outbox.state(1) == "sent"


# --------------------------------------------------------------------- rounds


def test_a_round_takes_no_more_than_its_batch_and_says_that_there_is_more() -> None:
    relay = Said()
    office = Office(relay)
    for _ in range(BATCH + 1):
        office.outbox.add(answer_to())
    assert office.courier.deliver_round()
    assert len(relay.letters) == BATCH
    assert office.courier.deliver_round()
    assert not office.courier.deliver_round()
    assert len(relay.letters) == BATCH + 1


def test_letters_go_over_several_connections_at_once() -> None:
    class Wide(Said):
        connections = 3
        meeting = threading.Barrier(3, timeout=10)

        def send(
            self, mail_from: str, rcpt: str, raw: bytes, before_dot: Callable[[], None], wishes: Wishes = NO_WISHES
        ) -> Answer:
            self.meeting.wait()
            return Accepted("250 ok")

    office = Office(Wide())
    for _ in range(3):
        office.outbox.add(answer_to())
    office.courier.deliver_round()
    assert {row.state for row in office.outbox.rows.values()} == {"sent"}


def test_letters_that_tell_the_story_get_it() -> None:
    relay = Said()
    office = Office(relay)
    office.outbox.add(Letter(template="log", to=Address("a@x.example"), lane=Lane.ALERT), entry=None)
    office.courier.deliver_round()
    assert ANSWER.text.splitlines()[0].encode() in relay.letters[0][2]
