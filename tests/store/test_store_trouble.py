"""A database that is full, locked, gone or broken: nothing is promised, nothing is lost, and it heals by itself."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import event, make_url, text
from sqlalchemy.exc import OperationalError
from store_values import NOW, accept, acknowledgement, arrival, claim, opened, opening, stored

from maild.core.model import Envelope, SendLetter
from maild.store import Arrival, Store, Unavailable, engine, open_store


@pytest.fixture
def lite(sqlite_url: str) -> Iterator[Store]:
    store = open_store(sqlite_url)
    yield store
    store.close()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    where = tmp_path / "small"
    where.mkdir()
    mounted = os.getuid() == 0 and subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(where)], check=False, capture_output=True
    )
    if not mounted or mounted.returncode:
        pytest.skip("only root can mount a small disk; test_a_full_database covers the rest")
    yield where
    subprocess.run(["umount", str(where)], check=True)


def fill(store: Store, size: int = 40_000) -> tuple[list[str], Unavailable]:
    """Give letters until the store refuses; those it took."""
    taken = []
    for i in range(1000):
        name = f"fill{i}"
        try:
            store.accept(arrival(name, raw=os.urandom(size))).result(10)
        except Unavailable as error:
            return taken, error
        taken.append(name)
    raise AssertionError("the disk is never full")


def test_a_full_disk_is_told_and_the_store_recovers_when_there_is_space(
    small_disk: Path, sqlite_template: Path
) -> None:
    path = small_disk / "maild.db"
    ballast = small_disk / "ballast"
    shutil.copyfile(sqlite_template, path)
    store = open_store(f"sqlite:///{path}")
    try:
        ticket = opened(store, SendLetter(acknowledgement()))
        ballast.write_bytes(b"x" * 400_000)
        taken, error = fill(store)
        assert error.no_space
        assert taken
        for _ in range(3):
            with pytest.raises(Unavailable):
                store.accept(arrival("more", raw=os.urandom(40_000))).result(10)
        # What is there can still be read.
        assert store.ticket(ticket.number) == ticket
        assert store.ledger_sums()["received"] == len(taken)
        ballast.unlink()
        assert store.accept(arrival("more", raw=os.urandom(40_000))).result(10)
        assert store.ledger_sums()["received"] == len(taken) + 1
        assert all(store.raw(row.mail_id) for row in store.ledger())
    finally:
        store.close()
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


def test_a_full_database_is_told_and_the_store_recovers(lite: Store) -> None:
    """The same without a disk: the writer may make no more pages."""
    accept(lite, "one")
    raw = lite._writer._connection.connection.dbapi_connection
    pages = raw.execute("PRAGMA page_count").fetchone()[0]

    def limit(connection: sqlite3.Connection, _: object) -> None:
        connection.execute(f"PRAGMA max_page_count={pages + 30}")

    event.listen(lite._engine, "connect", limit)
    raw.execute(f"PRAGMA max_page_count={pages + 30}")
    taken, error = fill(lite)
    assert error.no_space
    with pytest.raises(Unavailable) as again:
        lite.record([(None, opening(fate=None))] * 300, NOW)
    assert again.value.no_space
    event.remove(lite._engine, "connect", limit)
    assert accept(lite, "more") == [True]
    assert lite.ledger_sums()["received"] == len(taken) + 2


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "BUSY_SECONDS", 0.3)


def test_waiting_for_a_foreign_lock_is_short() -> None:
    assert 1 <= engine.BUSY_SECONDS <= 5


@pytest.mark.usefixtures("impatient")
def test_a_foreign_lock_is_waited_for_a_moment_only(sqlite_url: str) -> None:
    store = open_store(sqlite_url)
    accept(store, "one")
    foreign = sqlite3.connect(sqlite_url.removeprefix("sqlite:///"), isolation_level=None)
    try:
        foreign.execute("BEGIN IMMEDIATE")
        began = time.monotonic()
        with pytest.raises(Unavailable, match="locked") as refused:
            store.accept(arrival("two")).result(10)
        assert 0.2 < time.monotonic() - began < 3
        assert not refused.value.no_space
        assert store.ledger_sums()["received"] == 1, "reading goes on"
        foreign.execute("ROLLBACK")
        assert accept(store, "two") == [True]
    finally:
        foreign.close()
        store.close()


def test_a_database_that_went_away_is_not_replaced_by_an_empty_one(lite: Store, sqlite_url: str) -> None:
    path = Path(sqlite_url.removeprefix("sqlite:///"))
    hidden = path.with_name("hidden")
    path.rename(hidden)
    with pytest.raises(Unavailable):
        accept(lite, "one")
    with pytest.raises(Unavailable):
        lite.tickets()
    assert not path.exists()
    hidden.rename(path)
    assert accept(lite, "one") == [True]
    assert len(lite.ledger()) == 1


def test_a_damaged_file_is_unavailable(tmp_path: Path) -> None:
    path = tmp_path / "maild.db"
    path.write_bytes(b"this is not a database" * 1000)
    store = open_store(f"sqlite:///{path}")
    for work in (store.schema_state, store.tickets, lambda: accept(store, "one")):
        with pytest.raises(Unavailable):
            work()
    store.close()


def test_a_database_without_tables_is_unavailable(bare_url: str) -> None:
    store = open_store(bare_url)
    for work in (store.tickets, lambda: accept(store, "one")):
        with pytest.raises(Unavailable):
            work()
    store.close()


def disk_fails(statement: str) -> Callable[..., None]:
    def fail(_: object, __: object, executed: str, *___: object) -> None:
        if executed.startswith(statement):
            error = sqlite3.OperationalError("disk I/O error")
            error.sqlite_errorname = "SQLITE_IOERR_FSYNC"
            raise OperationalError(executed, {}, error)

    return fail


@pytest.mark.usefixtures("impatient")
def test_after_a_disk_error_the_log_is_written_anew_before_anything_is_promised(sqlite_url: str) -> None:
    """A commit whose fsync failed may come back when the log is recovered; only a checkpoint makes it durable."""
    store = open_store(sqlite_url)
    accept(store, "one")
    fail = disk_fails("INSERT INTO mail_raw")
    event.listen(store._engine, "before_cursor_execute", fail)
    with closing(sqlite3.connect(sqlite_url.removeprefix("sqlite:///"), isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT * FROM mail").fetchall()
        store._write(lambda c: c.execute(text("INSERT INTO person (folded) VALUES ('newer than what it sees')")))
        with pytest.raises(Unavailable, match="disk I/O"):
            accept(store, "two")
        event.remove(store._engine, "before_cursor_execute", fail)
        with pytest.raises(Unavailable, match="written back"):
            accept(store, "two")
    assert accept(store, "two") == [True]
    assert store.ledger_sums()["received"] == 2
    store.close()


def test_a_store_that_may_not_checkpoint_never_does(sqlite_url: str) -> None:
    path = Path(sqlite_url.removeprefix("sqlite:///"))
    letter = Envelope(raw=b"x" * 3_000_000, mail_from="", rcpts=("a@b",), received_at=NOW, door="pipe")
    guest, owner = open_store(sqlite_url, checkpoint=False), open_store(sqlite_url)
    try:
        assert owner.tickets() == []  # while somebody looks, closing a connection checkpoints nothing
        before = path.stat()
        for n in range(5):  # the log is written back after 2000 pages of 4096 bytes
            assert guest.accept(Arrival(f"guest {n}", "", letter)).result(10)
        after = path.stat()
        assert (after.st_size, after.st_mtime_ns) == (before.st_size, before.st_mtime_ns)
        assert owner.accept(Arrival("owner", "", letter)).result(10)
        assert path.stat().st_size > before.st_size + 15_000_000
    finally:
        guest.close()
        owner.close()


def test_after_a_disk_error_a_store_that_may_not_checkpoint_promises_nothing_more(sqlite_url: str) -> None:
    store = open_store(sqlite_url, checkpoint=False)
    fail = disk_fails("INSERT INTO mail_raw")
    event.listen(store._engine, "before_cursor_execute", fail)
    with pytest.raises(Unavailable, match="disk I/O"):
        accept(store, "one")
    event.remove(store._engine, "before_cursor_execute", fail)
    with pytest.raises(Unavailable, match="only the daemon"):
        accept(store, "one")
    store.close()


def test_postgresql_that_drops_us_is_found_again(postgres_url: str, cluster) -> None:
    store = open_store(postgres_url)
    try:
        accept(store, "one")
        assert len(store.ledger()) == 1
        drop = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'maild'"
        cluster.sql(drop)
        refused = 0
        for work in (lambda: accept(store, "two"), store.ledger):
            try:
                work()
            except Unavailable:
                refused += 1
        assert refused, "the connections were alive?"
        assert accept(store, "two", "three") in ([True, True], [False, True])
        assert len([row for row in store.ledger() if row.fate is None]) == 3
    finally:
        store.close()


def test_postgresql_that_is_not_there_is_unavailable(tmp_path: Path) -> None:
    pytest.importorskip("psycopg")
    store = open_store(f"postgresql://maild@/desk?host={tmp_path}")
    for work in (store.schema_state, store.tickets, lambda: accept(store, "one"), lambda: claim(store)):
        with pytest.raises(Unavailable):
            work()
    store.close()


@pytest.mark.usefixtures("impatient")
def test_a_lock_on_postgresql_is_waited_for_a_moment_only(postgres_url: str, cluster) -> None:
    import psycopg

    store = open_store(postgres_url)
    name = make_url(postgres_url).database
    try:
        mail_id = stored(store, "one")
        with psycopg.connect(host=str(cluster.home), user="maild", dbname=name) as foreign:
            foreign.execute("LOCK TABLE mail")
            with pytest.raises(Unavailable, match="lock timeout"):
                store.record([(mail_id, opening())], NOW)
        assert store.record([(mail_id, opening())], NOW) == [1001]
    finally:
        store.close()


def test_commits_on_postgresql_are_durable_whatever_its_default(postgres_new: str, cluster) -> None:
    name = make_url(postgres_new).database
    cluster.sql(f"ALTER DATABASE {name} SET synchronous_commit = off")
    store = open_store(postgres_new)
    try:
        assert store._write(lambda c: c.execute(text("SHOW synchronous_commit")).scalar()) == "on"
    finally:
        store.close()


PROMISING = """
import sys
sys.path.insert(0, sys.argv[2])
from store_values import arrival
from maild.store import open_store
store = open_store(sys.argv[1])
for n in range(100_000):
    batch = [f"{n}-{i}" for i in range(5)]
    for name, future in [(name, store.accept(arrival(name))) for name in batch]:
        future.result(10)
        print(name, flush=True)
"""


def test_what_was_promised_survives_a_killed_process(url: str) -> None:
    command = [sys.executable, "-c", PROMISING, url, str(Path(__file__).parent)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
        promised = [child.stdout.readline().strip() for _ in range(300)]
        child.kill()
        promised += [line.strip() for line in child.stdout.read().splitlines(keepends=True) if line.endswith("\n")]
    store = open_store(url)
    try:
        kept = {row.message_id.partition("@")[0] for row in store.ledger(limit=100_000)}
        assert set(promised) <= kept
        sums = store.ledger_sums()
        assert sums["received"] == sums["waiting"] == len(kept)
        assert len(claim(store, limit=5)) == 5
    finally:
        store.close()


def test_sqlite_keeps_its_promises(lite: Store) -> None:
    def pragmas(connection: object) -> list[object]:
        names = ("journal_mode", "synchronous", "wal_autocheckpoint")
        return [connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in names]

    assert lite._write(pragmas) == ["wal", 2, 2000], "2 is FULL"
    assert lite._read(pragmas)[2] == 0, "readers never checkpoint"
    with pytest.raises(Unavailable, match="readonly"):
        lite._read(lambda c: c.execute(text("DELETE FROM ticket")))
