"""What can be counted of a store, and what SQLite says of its file."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from store_values import NOW, accept, acknowledgement, arrival, claim, ignoring, opened

from maild import config as configuration
from maild import desk_directory
from maild.core.model import SendLetter
from maild.health.doctor import machine, queues
from maild.store import Store, open_store, quick_check
from maild.store import health as store_health

LEASE = timedelta(hours=1)


@pytest.fixture
def lite(sqlite_url: str) -> Iterator[Store]:
    store = open_store(sqlite_url)
    yield store
    store.close()


def test_an_empty_store(store: Store) -> None:
    found = store.numbers()
    assert (found.fates["received"], found.oldest_in, found.queued, found.oldest_out) == (0, None, {}, None)
    assert (found.unsure, found.dead, found.suppressed, found.wrong_tokens, found.newest) == (0, 0, 0, 0, None)


def test_what_waits_is_counted_and_how_long(store: Store) -> None:
    old, new = NOW - timedelta(hours=2), NOW - timedelta(minutes=1)
    for name, at in (("done", old - timedelta(days=1)), ("old", old), ("new", new)):
        store.accept(arrival(name, received_at=at)).result(10)
    store.record([(claim(store, limit=1)[0].mail_id, ignoring())], NOW)
    found = store.numbers()
    assert (found.fates["waiting"], found.fates["ignored"]) == (2, 1)
    assert (found.oldest_in, found.newest) == (old, new)


def test_letters_out_by_what_they_are(store: Store) -> None:
    opened(store, SendLetter(acknowledgement()), SendLetter(acknowledgement()), SendLetter(acknowledgement()))
    first, second, third = store.outbox_claim(10, NOW, LEASE, "w")
    store.outbox_dot(first.outbox_id, NOW)
    store.outbox_dead(second.outbox_id, "550 no")
    store.outbox_sent(third.outbox_id, NOW, "250 yes").result(10)
    found = store.numbers()
    assert (dict(found.queued), found.unsure, found.dead) == ({"acknowledgement": 1}, 1, 1)
    assert found.oldest_out == first.created_at


def test_whose_clock_it_is(store: Store, url: str) -> None:
    theirs = store.clock()
    if url.startswith("sqlite"):
        assert theirs is None
    else:
        assert theirs is not None
        assert abs(theirs - datetime.now(UTC)) < timedelta(seconds=30)


def test_a_sound_file_and_a_damaged_one(lite: Store, sqlite_url: str) -> None:
    path = Path(sqlite_url.removeprefix("sqlite:///"))
    accept(lite, "one")
    assert quick_check(path, 10) == ""
    lite.close()
    with sqlite3.connect(path) as connection:
        (page,) = connection.execute("PRAGMA page_size").fetchone()
        (root,) = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = 'person'").fetchone()
    connection.close()
    raw = bytearray(path.read_bytes())
    raw[(root - 1) * page : root * page] = b"\x5a" * page
    path.write_bytes(raw)
    assert "malformed" in str(quick_check(path, 10))
    path.write_bytes(b"no database at all" * 1000)
    assert "not a database" in str(quick_check(path, 10))
    path.unlink()
    with pytest.raises(sqlite3.OperationalError):
        quick_check(path, 10)


def test_a_check_that_takes_too_long_ends(lite: Store, sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    accept(lite, *(f"n{i}" for i in range(50)))
    monkeypatch.setattr(store_health, "STEPS", 1)
    assert quick_check(Path(sqlite_url.removeprefix("sqlite:///")), 0.0) is None


def test_the_doctor_looks_at_both_databases(url: str, store: Store, tmp_path: Path) -> None:
    accept(store, "one")
    path = desk_directory.make(tmp_path / "desk")
    path.write_text(path.read_text().replace("sqlite:///data/maild.db", url))
    config = configuration.load(path)
    found = {one.name: one for one in (*machine.check(config), *queues.check(config))}
    assert found["database"].what.endswith(" answers, and its schema is current")
    assert found["clock"].state == "ok"
    assert found["letters in"].state == "wrong", "the letter came in the past of a test"
    assert found["letters out"].what == "none waits"
    assert ("database file" in found) == url.startswith("sqlite")


def test_the_doctor_says_that_a_database_is_away(tmp_path: Path) -> None:
    path = desk_directory.make(tmp_path / "desk")
    away = "postgresql+psycopg://nobody@127.0.0.1:1/desk"
    path.write_text(path.read_text().replace("sqlite:///data/maild.db", away))
    config = configuration.load(path)
    found = {one.name: one for one in machine.check(config)}
    assert (found["database"].state, list(queues.check(config))) == ("wrong", [])
    assert "clock" not in found
