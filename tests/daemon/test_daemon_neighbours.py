"""Several processes on one desk, and several desks on one host: none takes or breaks what is another's."""

from __future__ import annotations

import contextlib
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from daemon_rig import ENVIRONMENT, SUPPORT, Desk, Shell, hand_in, letter, until
from daemon_rig import maild as command

from maild import config
from maild.app import App
from maild.core.model import Envelope
from maild.ready import DeskLock

HOLDER = """
import sys
from maild.ready import DeskLock
from maild.config import load
lock = DeskLock(load(sys.argv[1]))
print(lock.take(), flush=True)
sys.stdin.read(1)
"""
BIG = 12_000_000  # bytes: more than the 2000 pages of 4096 after which SQLite's log is written back


@contextlib.contextmanager
def lock_held(desk: Desk) -> Iterator[None]:
    """Another process holds the desk's lock."""
    arguments = [sys.executable, "-c", HOLDER, str(desk.config)]
    with subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=ENVIRONMENT) as holder:
        assert holder.stdout is not None
        assert holder.stdin is not None
        assert holder.stdout.readline() == b"True\n"
        yield
        holder.stdin.close()


@contextlib.contextmanager
def somebody_looks(desk: Desk) -> Iterator[None]:
    """While a connection is open, another one's end does not write the log back."""
    with contextlib.closing(sqlite3.connect(desk.database)) as connection:
        connection.execute("SELECT count(*) FROM mail").fetchall()
        yield


def test_a_command_beside_the_holder_of_the_lock_leaves_the_log_alone(desk: Desk, shell: Shell) -> None:
    def pipe(key: str) -> None:
        raw = letter(key, "All is lost.\r\n" * (BIG // 14)).raw
        assert shell("pipe", "-c", str(desk.config), SUPPORT, stdin=raw).returncode == 0

    with somebody_looks(desk):
        before = desk.database.stat()
        with lock_held(desk):
            pipe("guest")
            after = desk.database.stat()
            assert (after.st_size, after.st_mtime_ns) == (before.st_size, before.st_mtime_ns)
        pipe("alone")
        assert desk.database.stat().st_size > before.st_size + BIG
    assert set(desk.kept()) == {"guest@people.example", "alone@people.example"}


def test_a_start_waits_for_a_command_in_flight(desk: Desk) -> None:
    with lock_held(desk):
        desk.spawn()
        time.sleep(1.5)
        assert hand_in(desk.port, letter("early")) == 0, "it waits"
        assert desk.said() == ""
    until(desk._answers, "it listens")
    assert not DeskLock(config.load(desk.config)).take(), "the daemon holds it"
    assert hand_in(desk.port, letter("one")) == 250
    desk.stop()


def test_commands_and_the_daemon_write_side_by_side(desk: Desk, shell: Shell) -> None:
    desk.start()
    for n in range(5):
        assert shell("pipe", "-c", str(desk.config), SUPPORT, stdin=letter(f"p{n}").raw).returncode == 0
        assert hand_in(desk.port, letter(f"s{n}")) == 250
    assert shell("tick", "-c", str(desk.config)).returncode == 0
    desk.settle()
    assert desk.fates() == {"ticket": 10}
    assert desk.look("PRAGMA integrity_check") == [("ok",)]
    desk.stop()


def test_the_lock_is_everybodys_with_postgresql(desk: Desk) -> None:
    desk.edit('url = "sqlite:///data/maild.db"', 'url = "postgresql+psycopg://maild@db.bank.example/maild"')
    loaded = config.load(desk.config)
    assert DeskLock(loaded).take()
    assert DeskLock(loaded).take()
    assert not (desk.directory / "data" / "maild.lock").exists()


def test_desks_that_share_a_database_give_back_only_what_is_theirs(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.edit("sqlite:///data/maild.db", f"sqlite:///{desk.database}")
    other = desk.config.with_name("other.toml")
    other.write_bytes(desk.config.read_bytes())
    now = datetime.now(UTC)
    monkeypatch.chdir(desk.directory)
    one, same, two = (App(config.load(path)) for path in (desk.config, "config.toml", other))
    try:
        raw = letter("karen").raw
        one.desk.accept(Envelope(raw=raw, mail_from="k@x", rcpts=(SUPPORT,), received_at=now, door="test")).result(10)
        (claimed,) = one.store.claim(1, now, timedelta(minutes=5), one._workers[0])
        for worker in two._workers:
            two.store.release(worker)
        assert two.store.claim(1, now, timedelta(minutes=5), two._workers[0]) == []
        for worker in same._workers:
            same.store.release(worker)
        (again,) = same.store.claim(1, now, timedelta(minutes=5), same._workers[0])
        assert again.mail_id == claimed.mail_id
    finally:
        for app in (one, same, two):
            app.close()


# --------------------------------------------------------------------- starting


def test_a_desk_that_listens_nowhere_works_what_is_piped(desk: Desk, shell: Shell) -> None:
    desk.edit(f'listen = ["127.0.0.1:{desk.port}"]', "listen = []")
    with subprocess.Popen(
        [sys.executable, "-m", "maild", "run", "-c", str(desk.config)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=ENVIRONMENT,
    ) as process:
        assert process.stdout is not None
        try:
            greeting = [process.stdout.readline().decode() for _ in range(3)]
            assert "takes no letters by SMTP" in greeting[0]
            assert "Letters also come by" not in greeting[1]
            assert greeting[2] == f"  maild pipe -c {desk.config} {SUPPORT} < letter.eml\n"
            assert shell("pipe", "-c", str(desk.config), SUPPORT, stdin=letter("piped").raw).returncode == 0
            until(lambda: desk.fates() == {"ticket": 1}, "the letter is worked")
            process.terminate()
            assert process.wait(15) == 0
        finally:
            process.kill()


def test_the_greeting_names_every_door(desk: Desk) -> None:
    (desk.directory / "in" / "new").mkdir(parents=True)
    (desk.directory / "in" / "cur").mkdir()
    with desk.config.open("a") as file:
        file.write(f'\n[[maildir]]\npath = "in"\naddress = "{SUPPORT}"\n')
    desk.edit("[lmtp]\nlisten = []", '[lmtp]\nlisten = ["unix:lmtp.sock"]')
    with subprocess.Popen(
        [sys.executable, "-m", "maild", "run", "-c", str(desk.config)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=ENVIRONMENT,
    ) as process:
        assert process.stdout is not None
        try:
            greeting = [process.stdout.readline().decode() for _ in range(2)]
        finally:
            process.kill()
    place = desk.config.parent
    assert greeting[1] == f"Letters also come by lmtp {place}/lmtp.sock, maildir {place}/in.\n"


def test_a_login_without_a_password_starts_nothing(desk: Desk) -> None:
    desk.edit('url = "maildir:data/outgoing"', 'url = "smtps://desk@mail.bank.example"')
    for verb in ("check", "run"):
        refused = command(verb, "-c", str(desk.config), environment={"MAILD_OUTBOUND_PASSWORD": ""})
        assert refused.returncode == 78
        assert 'outbound.url: "desk" has no password' in refused.stderr
        assert "Traceback" not in refused.stderr
    well = command("check", "-c", str(desk.config), environment={"MAILD_OUTBOUND_PASSWORD": "s3cret"})
    assert (well.returncode, well.stderr) == (0, "")
    shown = command("tickets", "-c", str(desk.config), environment={"MAILD_OUTBOUND_PASSWORD": ""})
    assert shown.returncode == 0, "only who sends letters needs it"
