"""The courier on a real store (SQLite): what is decided arrives, once, with its files and its story."""

from __future__ import annotations

import mailbox
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from email import message_from_bytes
from email import policy as email_policy
from email.message import EmailMessage
from pathlib import Path
from typing import cast

import pytest
from courier_fakes import ANSWER, NOW, POLICY, TICKET, Clock, Said, answer_to

from maild import letters
from maild.core.model import (
    AddEntry,
    Address,
    Envelope,
    Fate,
    Lane,
    Letter,
    OpenTicket,
    Outcome,
    SendLetter,
)
from maild.core.tokens import message_id_token
from maild.edges.courier import Courier
from maild.edges.outbound import Permanent, Relay, Temporary
from maild.edges.outbound_maildir import MaildirRelay
from maild.paths import TEMPLATES
from maild.store import Arrival, OutboxRow, Store, migrate, open_store


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    url = f"sqlite:///{tmp_path / 'desk.db'}"
    migrate(url)
    one = open_store(url)
    yield one
    one.close()


class Desk:
    """A courier on the store, and tickets to write about."""

    def __init__(self, store: Store, relay: Relay) -> None:
        self.store = store
        self.clock = Clock()
        self.dead: list[tuple[OutboxRow, str]] = []
        templates = letters.load([TEMPLATES])
        self.courier = Courier(
            store,
            templates=lambda: templates,
            policy=lambda: POLICY,
            relays=(relay,),
            clock=self.clock,
            jitter=lambda: 0.5,
            on_dead=lambda row, why: self.dead.append((row, why)),
        )

    def opens(self, *said: Letter, mail_id: int | None = None) -> int:
        changes = (OpenTicket(), AddEntry(ANSWER), *map(SendLetter, said))
        met = replace(TICKET.requester, id=0)
        outcome = Outcome(after=replace(TICKET, number=0, requester=met), changes=changes, fate=Fate.TICKET)
        (number,) = self.store.record([(mail_id, outcome)], NOW)
        assert number is not None
        return number


def test_a_letter_leaves_the_store_once_and_is_written_down(store: Store) -> None:
    relay = Said()
    desk = Desk(store, relay)
    number = desk.opens(answer_to_entry())
    assert desk.courier.deliver_round()
    assert not desk.courier.deliver_round()
    ((_, rcpt, raw),) = relay.letters
    assert rcpt == "karen@customer.example"
    (row,) = store.outbox()
    assert (row.state, row.relay_reply, row.attempts) == ("sent", "250 ok", 1)
    token = message_id_token(POLICY, row.message_id)
    assert token is not None
    assert (token.ticket, token.serial) == (number, row.outbox_id)
    assert store.outbox_raw(row.outbox_id) == raw


def answer_to_entry() -> Letter:
    return Letter(
        template="response", to=Address("karen@customer.example", "Karen"), lane=Lane.ANSWER, about_entry=True
    )  # fmt: skip


def test_a_later_attempt_is_the_same_letter_whatever_has_changed(store: Store) -> None:
    relay = Said(Temporary("451 later"))
    desk = Desk(store, relay)
    desk.opens(answer_to_entry())
    desk.courier.deliver_round()
    desk.clock.forward(days=1)  # the Date of a new rendering would be another one
    desk.courier.deliver_round()
    assert relay.letters[0] == relay.letters[1]
    assert store.outbox()[0].state == "sent"


def test_a_refused_letter_is_dead_and_told(store: Store) -> None:
    desk = Desk(store, Said(Permanent("550 5.1.1 no such user")))
    desk.opens(answer_to_entry())
    desk.courier.deliver_round()
    ((row, why),) = desk.dead
    assert (row.letter.to.email, why) == ("karen@customer.example", "550 5.1.1 no such user")
    assert [row.state for row in store.outbox()] == ["dead"]


def test_the_files_of_the_stored_letter_go_along(store: Store) -> None:
    message = EmailMessage()
    message["From"] = "karen@customer.example"
    message.set_content("See the file.")
    message.add_attachment(b"\x89PNG" + bytes(5000), maintype="image", subtype="png", filename="Fehler ä.png")
    raw = message.as_bytes(policy=email_policy.SMTP)
    envelope = Envelope(raw=raw, mail_from="k@x.example", rcpts=("support@bank.example",), received_at=NOW, door="smtp")
    assert store.accept(Arrival("key", "", envelope)).result(10)
    (claimed,) = store.claim(1, NOW, timedelta(minutes=5), "test")
    relay = Said()
    desk = Desk(store, relay)
    desk.opens(
        Letter(template="new-ticket", to=Address("jane@bank.example"), lane=Lane.ALERT, about_entry=True, attachments_of=claimed.mail_id, context={"linked": ""}),
        mail_id=claimed.mail_id,
    )  # fmt: skip
    desk.courier.deliver_round()
    got = cast(EmailMessage, message_from_bytes(relay.letters[0][2], policy=email_policy.default))
    (file,) = got.iter_attachments()
    assert (file.get_filename(), file.get_content()) == ("Fehler ä.png", b"\x89PNG" + bytes(5000))


def test_a_log_has_the_whole_thread(store: Store) -> None:
    relay = Said()
    desk = Desk(store, relay)
    desk.opens(Letter(template="log", to=Address("jane@bank.example"), lane=Lane.ANSWER))
    desk.courier.deliver_round()
    assert b"Try again." in relay.letters[0][2]


def test_lanes_overtake(store: Store) -> None:
    relay = Said()
    desk = Desk(store, relay)
    for name, lane in (("alert", Lane.ALERT), ("answer", Lane.ANSWER), ("notice", Lane.NOTICE)):
        desk.opens(answer_to(f"{name}@x.example", lane, "show"))
    desk.courier.deliver_round()
    assert [rcpt.partition("@")[0] for _, rcpt, _ in relay.letters] == ["answer", "notice", "alert"]


def test_many_letters_over_four_threads_all_arrive_once(store: Store, tmp_path: Path) -> None:
    desk = Desk(store, MaildirRelay(tmp_path / "out", connections=4))
    for number in range(120):
        desk.opens(answer_to(f"k{number}@x.example", template="show"))
    while desk.courier.deliver_round():
        pass
    delivered = [message["Delivered-To"] for message in mailbox.Maildir(tmp_path / "out", create=False)]
    assert sorted(delivered) == sorted(f"k{number}@x.example" for number in range(120))
    assert {row.state for row in store.outbox(limit=200)} == {"sent"}
