"""The machine: the disk, who may read what, the database's file and clock.

Called by `doctor`.
"""

from __future__ import annotations

import sqlite3
import stat
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

from maild.config import Config
from maild.health.checks import span
from maild.health.doctor.finding import Finding, note, well, wrong
from maild.health.watch import room
from maild.ready import NotReady, open_ready_store
from maild.store import Store, Unavailable, quick_check, sqlite_path

CHECKING = 10.0  # seconds SQLite may look through its file
ASKEW = timedelta(seconds=5)  # between two clocks
MEGABYTE = 1_000_000


def check(config: Config) -> Iterator[Finding]:
    file = sqlite_path(config.store.url)
    yield _room(config, file)
    yield from _modes(config, file)
    try:
        with closing(open_ready_store(config, checkpoint=False)) as store:
            yield well("database", f"{_shown(config)} answers, and its schema is current")
            if file is not None:
                yield _sound(file)
            yield _clock(store, datetime.now(UTC))
    except NotReady as error:
        yield wrong("database", str(error))
    except Unavailable as error:
        yield wrong("database", str(error), "see that it runs, and that store.url and its password are right")


def _shown(config: Config) -> str:
    return "SQLite" if config.store.url.startswith("sqlite") else "PostgreSQL"


def _room(config: Config, file: Path | None) -> Finding:
    directory = file.parent if file else config.desk.data
    if trouble := room(directory, config.smtp.max_size):
        return wrong("disk", trouble, "delete what is not needed, or move the desk to a larger disk")
    size = file.stat().st_size if file and file.exists() else 0
    return well("disk", f"there is room at {directory}" + (f"; the database has {size // MEGABYTE} MB" if file else ""))


def _modes(config: Config, file: Path | None) -> Iterator[Finding]:
    """Letters and secrets are nobody else's business."""
    named = {
        "data": config.desk.data,
        "database file": file,
        "secret file": config.desk.secret_file,
        "passwords file": config.submission.passwords_file,
        "key": config.tls.key,
        "dkim key": config.dkim.key_file,
    }
    secrets = [*(config.outbound.password_file or ()), *(one.password_file for one in config.imap)]
    files = [*named.items(), *(("password file", one) for one in secrets)]
    open_ones = [(name, path) for name, path in files if path is not None and _is_open(path)]
    for name, path in open_ones:
        yield wrong(name, f"{path} can be read by everybody", f"chmod o-rwx {path}")
    if not open_ones:
        yield well("permissions", "data, secrets and keys are not open to everybody")


def _is_open(path: Path) -> bool:
    try:
        mode = path.stat().st_mode
    except OSError:  # that it is not there, or ours, is found elsewhere
        return False
    return bool(mode & (stat.S_IXOTH | stat.S_IROTH if stat.S_ISDIR(mode) else stat.S_IROTH | stat.S_IWOTH))


def _sound(file: Path) -> Finding:
    try:
        damage = quick_check(file, CHECKING)
    except sqlite3.OperationalError as error:
        return wrong("database file", f"{file}: {error}", "restore the latest backup")
    if damage is None:
        return note("database file", f"no damage found in {CHECKING:.0f} s, which was not enough for the whole file")
    if damage:
        return wrong("database file", f"{file} is damaged: {damage}", "stop maild and restore the latest backup")
    return well("database file", "no damage")


def _clock(store: Store, now: datetime) -> Finding:
    theirs, newest = store.clock(), store.numbers().newest
    if theirs is not None and abs(theirs - now) > ASKEW:
        apart = span(abs(theirs - now))
        return wrong("clock", f"this machine's and the database's are {apart} apart", "let both keep time (NTP)")
    if newest is not None and newest - now > ASKEW:
        return wrong("clock", f"the newest letter came {span(newest - now)} from now", "set this machine's clock (NTP)")
    return well("clock", "agrees with the database" if theirs else "is not behind the newest letter")
