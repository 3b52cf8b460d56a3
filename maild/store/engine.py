"""The two databases we speak to: how a connection is made, and what their errors mean.

It refuses to know tables. `memory` opens both engines of a store here, the writer's and
the readers'; `migrate` runs Alembic over a connection of its own.

SQLite: WAL with `synchronous=FULL` (NORMAL lost acknowledged commits in power cuts), every
write transaction begins with BEGIN IMMEDIATE (a deferred one that reads and then writes is
refused at once when another writer came between, whatever the busy timeout), and only the
writer's connection ever checkpoints (two at once can corrupt the file before SQLite 3.51.3),
of several writing processes that of one: the others ask for a writer without checkpoints.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import DBAPIError, PendingRollbackError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.pool import NullPool, QueuePool

BUSY_SECONDS = 4
"""How long a write waits for a foreign process that holds the database, in seconds."""

CONNECT_SECONDS = 5
"""How long to wait for PostgreSQL to answer a new connection, in seconds."""

_WRITER_PRAGMAS = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",
    "PRAGMA wal_autocheckpoint=2000",
    "PRAGMA journal_size_limit=67108864",
    "PRAGMA cache_size=-16384",
    "PRAGMA temp_store=MEMORY",
)
_NO_CHECKPOINT = "PRAGMA wal_autocheckpoint=0"
_READER_PRAGMAS = ("PRAGMA query_only=ON", _NO_CHECKPOINT, "PRAGMA temp_store=MEMORY")

_MIGRATION_LOCK = 0x6D61696C64
"""PostgreSQL advisory lock of migrations: "maild" in ASCII."""


class Unavailable(Exception):
    """The database is locked, away, full or broken: nothing was done, try again later."""

    def __init__(self, why: str, *, no_space: bool = False) -> None:
        super().__init__(why)
        self.no_space = no_space


def unavailable(error: BaseException) -> Unavailable | None:
    """What this error says about the database; None where the fault is in what it was given."""
    if isinstance(error, Unavailable):
        return error
    if isinstance(error, OSError | sqlite3.OperationalError):
        return _told(error)
    if isinstance(error, DBAPIError):
        if error.connection_invalidated or _speaks_of_the_database(error.orig):
            return _told(error.orig or error)
    elif isinstance(error, PoolTimeout | PendingRollbackError):
        return Unavailable(f"database: {error}")
    return None


def _speaks_of_the_database(origin: BaseException | None) -> bool:
    kind = type(origin).__name__
    if isinstance(origin, sqlite3.Error):
        # DatabaseError itself is a damaged file; InterfaceError is a value SQLite cannot take.
        return kind in {"OperationalError", "DatabaseError", "InternalError"}
    state = str(getattr(origin, "sqlstate", None) or "")
    if state in {"42P01", "42703"}:  # no such table or column: the schema is not ours (yet)
        return True
    return not state or state[:2] not in {"21", "22", "23", "42"}  # what is left speaks of our data or statements


def _told(error: BaseException) -> Unavailable:
    full = getattr(error, "sqlite_errorname", "") == "SQLITE_FULL" or getattr(error, "sqlstate", "") == "53100"
    text = " ".join(str(error).split())
    return Unavailable(f"database: {text or type(error).__name__}", no_space=full)


def disk_error(error: BaseException) -> bool:
    """Whether SQLite met an input/output error, after which a commit's durability is unknown."""
    origin = error.orig if isinstance(error, DBAPIError) else error
    return str(getattr(origin, "sqlite_errorname", "")).startswith("SQLITE_IOERR")


def sqlite_path(url: str) -> Path | None:
    """The file of an SQLite URL, None for PostgreSQL; ValueError for what we do not speak."""
    parsed = make_url(url)
    name = parsed.get_backend_name()
    if name == "postgresql":
        return None
    if name != "sqlite":
        raise ValueError(f"store url: {name!r} is neither sqlite nor postgresql+psycopg")
    if not parsed.database or parsed.database == ":memory:":
        raise ValueError("store url: SQLite needs a file: sqlite:///path/to/maild.db")
    return Path(parsed.database).absolute()


def writer_engine(url: str, *, checkpoint: bool = True) -> Engine:
    """One connection at a time, for writing; nothing is connected yet.

    `checkpoint`: whether it may write SQLite's log back; of all processes at most one may.
    """
    path = sqlite_path(url)
    if path is not None:
        pragmas = _WRITER_PRAGMAS if checkpoint else (*_WRITER_PRAGMAS, _NO_CHECKPOINT)
        return _sqlite_engine(path, pragmas, "BEGIN IMMEDIATE", poolclass=NullPool)
    engine = _postgres_engine(url, poolclass=NullPool)
    event.listen(engine, "connect", _keep_commits_durable)
    return engine


def reader_engine(url: str) -> Engine:
    """Pooled connections for reading, from any thread."""
    path = sqlite_path(url)
    pool: dict[str, Any] = {"poolclass": QueuePool, "pool_size": 4, "max_overflow": 28, "pool_timeout": BUSY_SECONDS}
    if path is not None:
        return _sqlite_engine(path, _READER_PRAGMAS, "BEGIN", **pool)
    return _postgres_engine(url, isolation_level="AUTOCOMMIT", **pool)


def _sqlite_engine(path: Path, pragmas: tuple[str, ...], begin: str, **options: Any) -> Engine:
    # mode=rw: a database that went away with its disk must not be replaced by a new, empty one.
    uri = f"file:{quote(str(path))}?mode=rw"

    def connect() -> sqlite3.Connection:
        connection = sqlite3.connect(
            uri, uri=True, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False, cached_statements=256
        )
        try:
            for pragma in pragmas:
                connection.execute(pragma)
        except BaseException:
            connection.close()
            raise
        return connection

    engine = create_engine("sqlite://", creator=connect, pool_reset_on_return="rollback", **options)
    event.listen(engine, "begin", _begin_with(begin))
    return engine


def _begin_with(statement: str) -> Callable[[Connection], None]:
    def begin(connection: Connection) -> None:
        connection.exec_driver_sql(statement)

    return begin


def _postgres_engine(url: str, **options: Any) -> Engine:
    parsed = make_url(url)
    if parsed.drivername == "postgresql":
        parsed = parsed.set(drivername="postgresql+psycopg")
    arguments = {
        "connect_timeout": CONNECT_SECONDS,
        "application_name": "maild",
        # A host that vanished without a word is noticed within seconds.
        "keepalives_idle": 5,
        "keepalives_interval": 2,
        "keepalives_count": 2,
        "tcp_user_timeout": 8000,
    }
    arguments = {key: value for key, value in arguments.items() if key not in parsed.query}
    engine = create_engine(parsed, connect_args=arguments, **options)
    event.listen(engine, "connect", _limit_waiting)
    return engine


def _limit_waiting(connection: Any, _record: Any) -> None:
    """A lock or a statement that hangs must end as an error, not as a hanging door."""
    with connection.cursor() as cursor:
        cursor.execute(f"SET lock_timeout = '{BUSY_SECONDS}s'")
        cursor.execute("SET statement_timeout = '30s'")
        cursor.execute("SET idle_in_transaction_session_timeout = '60s'")
    connection.commit()


def _keep_commits_durable(connection: Any, _record: Any) -> None:
    """Where somebody turned synchronous_commit off, a 250 would be no promise."""
    with connection.cursor() as cursor:
        cursor.execute("SHOW synchronous_commit")
        if cursor.fetchone()[0] == "off":
            cursor.execute("SET synchronous_commit = on")
    connection.commit()


def migrate(url: str) -> None:
    """Bring the database to the newest schema, making the SQLite file where there is none.

    All outstanding revisions are one transaction. Raises Unavailable.
    """
    path = sqlite_path(url)
    try:
        if path is not None:
            # Letters are nobody else's business: the file is made for its owner alone.
            os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
        engine = writer_engine(url, checkpoint=False)
        try:
            with engine.begin() as connection:
                if path is None:
                    # Several nodes may be started at once; the second finds nothing left to do.
                    connection.exec_driver_sql("SET LOCAL lock_timeout = 0")
                    connection.exec_driver_sql("SET LOCAL statement_timeout = 0")
                    connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_MIGRATION_LOCK})")
                _upgrade(connection)
        finally:
            engine.dispose()
    except Exception as error:
        said = unavailable(error)
        if said is None:
            raise
        raise said from error


def _upgrade(connection: Connection) -> None:
    from alembic import command  # noqa: PLC0415 - takes 0.8 s to import, and a running desk never needs it
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", "maild.store:migrations")
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
