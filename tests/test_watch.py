"""The watch over a real store, with a clock turned by hand: said once, kept, written to the admin, taken back."""

from __future__ import annotations

import email.policy
import logging
from collections.abc import Iterator
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from email.parser import BytesParser
from pathlib import Path

import pytest

from maild import config as configuration
from maild import desk_directory, letters
from maild.core.model import Receipt
from maild.core.policy import Policy
from maild.health import watch
from maild.health.troubles import Troubles
from maild.health.watch import Watch, room
from maild.letters import Outgoing
from maild.paths import TEMPLATES
from maild.store import OutboxRow, Store, open_store

RELAY = "relay mail.bank.example:25"


@dataclass
class World:
    """A desk's watch, and everything it looks at."""

    store: Store
    policy: Policy
    now: datetime = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)
    parts: dict[str, str] = field(default_factory=lambda: {"certificate": "", "maildir /var/mail": ""})
    disk: str = ""

    def __post_init__(self) -> None:
        self.begin()

    def begin(self) -> None:
        """As a daemon that starts."""
        self.watch = Watch(
            self.store,
            Troubles(timedelta(minutes=15)),
            clock=lambda: self.now,
            policy=lambda: self.policy,
            found=lambda: list(self.parts.items()),
            room=lambda: self.disk,
            relays=[RELAY.removeprefix("relay ")],
        )

    def forward(self, **span: float) -> None:
        self.now += timedelta(**span)
        self.watch.look()

    def kept(self) -> dict[str, str]:
        """What the store says is wrong."""
        return {one.name: one.what for one in self.store.troubles()}

    def told(self) -> list[OutboxRow]:
        return [row for row in reversed(self.store.outbox()) if row.letter.template == "trouble"]

    def text(self, row: OutboxRow) -> str:
        rendered = letters.load([TEMPLATES]).render(Outgoing(row.outbox_id, None, row.letter), self.policy, self.now)
        message = BytesParser(policy=email.policy.default).parsebytes(rendered.raw)
        body = message.get_body(("plain",))
        return f"{message['Subject']}\n{body.get_content() if body else ''}"


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    config = configuration.load(desk_directory.make(tmp_path / "desk"))
    store = open_store(config.store.url)
    yield World(store, configuration.policy(config))
    store.close()


def test_all_is_well(world: World) -> None:
    world.forward(seconds=15)
    assert (world.kept(), world.told(), world.watch.troubles.present()) == ({}, [], ())


def test_what_a_part_says_is_kept_until_it_is_over(world: World) -> None:
    world.parts["certificate"] = "cert.pem: cannot be read"
    world.forward(seconds=15)
    assert world.kept() == {"certificate": "cert.pem: cannot be read"}
    (since,) = [one.since for one in world.store.troubles()]
    world.forward(minutes=5)
    assert [one.since for one in world.store.troubles()] == [since]
    world.parts["certificate"] = ""
    world.forward(seconds=15)
    assert (world.kept(), world.told()) == ({}, [])


def test_the_admin_reads_of_it_when_it_lasts_and_when_it_is_over(world: World) -> None:
    world.watch.mailbox("support at imap.bank.example", "the login is refused; check the password")
    world.forward(minutes=14)
    assert world.told() == []
    world.forward(minutes=2)
    (row,) = world.told()
    assert row.letter.to.email == world.policy.admin
    first = world.text(row)
    assert first.startswith("Example Bank Support: mailbox support at imap.bank.example is in trouble\n")
    assert "mailbox support at imap.bank.example, for 16 min: the login is refused; check the" in " ".join(
        first.split()
    )
    world.forward(hours=3)
    assert len(world.told()) == 1
    world.watch.mailbox("support at imap.bank.example", None)
    world.forward(minutes=1)
    second = world.text(world.told()[1])
    assert "mailbox support at imap.bank.example is well again" in second
    assert "after 3 h 16 min" in second


def test_at_most_one_letter_an_hour_though_daemons_come_and_go(world: World) -> None:
    world.parts["maildir /var/mail"] = "/var/mail/new: No such file or directory"
    for _ in range(3):
        world.begin()
        world.forward(seconds=15)
        world.forward(minutes=16)
        assert len(world.told()) == 1
    world.forward(minutes=30)
    assert len(world.told()) == 2


def test_what_the_courier_notes_of_a_relay_is_told(world: World) -> None:
    world.store.trouble(RELAY, "Connection refused", world.now)
    world.store.trouble("relay other.example:25", "of another desk on this database", world.now)
    world.forward(seconds=1)
    (present,) = world.watch.troubles.present()
    assert (present.name, present.what) == (RELAY, "Connection refused")
    world.forward(minutes=20)
    assert [one["name"] for one in world.told()[0].letter.context["new"]] == [RELAY]
    world.store.trouble(RELAY, "", world.now)
    world.forward(hours=1)
    assert [one["name"] for one in world.told()[1].letter.context["over"]] == [RELAY]
    assert set(world.kept()) == {"relay other.example:25"}, "the courier's notes are the courier's"


def test_of_an_earlier_run_nothing_stays_that_is_over(world: World) -> None:
    world.parts["certificate"] = "cannot be read"
    world.forward(seconds=15)
    world.parts["certificate"] = ""
    world.begin()
    world.forward(seconds=15)
    assert world.kept() == {}


def handed_in(watching: Watch, receipt: Receipt | None) -> None:
    promise: Future[Receipt] = Future()
    if receipt is None:
        promise.set_exception(RuntimeError("broken"))
    else:
        promise.set_result(receipt)
    watching.answered("smtp", promise)


def test_letters_that_are_put_off(world: World, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, "maild.watch"):
        for receipt in (Receipt.ACCEPTED, Receipt.NO_SPACE, Receipt.NO_SPACE, Receipt.TRY_LATER, None):
            handed_in(world.watch, receipt)
        assert [one.name for one in world.watch.troubles.present()] == [watch.KEEPING]
        handed_in(world.watch, Receipt.DUPLICATE)
    assert [record.levelname for record in caplog.records] == ["ERROR", "WARNING"]
    assert world.watch.troubles.present() == ()
    assert world.watch.kept == {
        ("smtp", "accepted"): 1,
        ("smtp", "no_space"): 2,
        ("smtp", "try_later"): 2,
        ("smtp", "duplicate"): 1,
    }


def test_a_full_disk_is_over_when_there_is_room_again(world: World, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, "maild.watch"):
        world.disk = "3 MB are free"
        handed_in(world.watch, Receipt.NO_SPACE)
        for _ in range(5):
            world.forward(seconds=15)
        assert set(world.kept()) == {watch.DISK, watch.KEEPING}, "though a small row found room"
        world.disk = ""
        world.forward(seconds=15)
        world.forward(seconds=15)
    assert world.kept() == {}
    assert len(caplog.records) == 4


def test_a_database_that_is_away_is_said_once(world: World, caplog: pytest.LogCaptureFixture) -> None:
    path = Path(str(world.store._path))
    hidden = path.with_name("hidden")
    path.rename(hidden)
    world.store._readers.dispose()
    with caplog.at_level(logging.WARNING, "maild.watch"):
        for _ in range(80):
            world.forward(seconds=15)
        assert [one.name for one in world.watch.troubles.present()] == [watch.DATABASE]
        hidden.rename(path)
        world.forward(seconds=15)
    assert [record.levelname for record in caplog.records] == ["ERROR", "WARNING"]
    (row,) = world.told()
    assert row.letter.context["over"][0]["name"] == watch.DATABASE, "told when it could be"


def test_of_two_daemons_one_writes(world: World) -> None:
    world.parts["certificate"] = "cannot be read"
    world.forward(seconds=1)
    second = replace(world)
    second.forward(seconds=1)
    world.forward(minutes=20)
    second.now = world.now
    second.forward(seconds=1)
    assert len(world.told()) == 1


def test_room_on_a_disk(tmp_path: Path) -> None:
    assert room(tmp_path, 1_000_000) == ""
    assert "MB are free at" in room(tmp_path, 10**18)
    assert "No such file" in room(tmp_path / "gone", 1)
