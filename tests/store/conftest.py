"""Every test that asks for `url` or `store` runs twice: on SQLite and on a private PostgreSQL.

The cluster is made once per session by an ordinary user, listens on a UNIX socket in a
temporary directory only, does not sync, and is gone afterwards. Where PostgreSQL is
missing its half is skipped, loudly.
"""

from __future__ import annotations

import importlib.util
import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest

from maild.store import Store, migrate, open_store
from maild.store.schema import FIRST_TICKET, metadata

START_SECONDS = 30
EMPTY = "; ".join(
    [f"DELETE FROM {table.name}" for table in metadata.sorted_tables if table.name != "counter"]
    + [
        "DELETE FROM counter WHERE name LIKE 'fate:%' OR name IN ('wrong-tokens', 'quarantine-list')",
        f"UPDATE counter SET value = {FIRST_TICKET - 1} WHERE name = 'ticket'",
    ]
)


class Cluster:
    """A PostgreSQL server of our own."""

    def __init__(self, binaries: Path) -> None:
        # Not pytest's tmp_path: the server runs as another user, and a socket's path is short.
        self.home = Path(tempfile.mkdtemp(prefix="maild-pg-"))
        self.who = ordinary_user()
        if self.who is not None:
            os.chown(self.home, self.who.pw_uid, self.who.pw_gid)
        self.numbers = count(1)
        self.run([binaries / "initdb", "-D", "data", "-U", "maild", "-A", "trust", "-N", "-E", "UTF8", "--locale=C"])
        options = ["-D", "data", "-k", str(self.home), "-F", "-c", "listen_addresses=", "-c", "max_connections=60"]
        self.log = (self.home / "log").open("wb")
        self.server = subprocess.Popen(
            [binaries / "postgres", *options], cwd=self.home, stdout=self.log, stderr=self.log, **self.identity()
        )
        self.wait()

    def identity(self) -> dict:
        return {} if self.who is None else {"user": self.who.pw_uid, "group": self.who.pw_gid, "extra_groups": []}

    def run(self, command: list) -> None:
        done = subprocess.run(command, cwd=self.home, capture_output=True, text=True, check=False, **self.identity())
        assert done.returncode == 0, done.stderr

    def wait(self) -> None:
        import psycopg

        until = time.monotonic() + START_SECONDS
        while True:
            try:
                self.sql("SELECT 1")
                return
            except psycopg.OperationalError:
                assert self.server.poll() is None, (self.home / "log").read_text()
                assert time.monotonic() < until, "PostgreSQL does not start"
                time.sleep(0.02)

    def sql(self, statement: str, database: str = "postgres") -> None:
        import psycopg

        with psycopg.connect(host=str(self.home), user="maild", dbname=database, autocommit=True) as connection:
            connection.execute(statement)

    def url(self, database: str) -> str:
        return f"postgresql+psycopg://maild@/{database}?host={self.home}"

    def new_database(self, template: str = "template0") -> str:
        name = f"desk_{next(self.numbers)}"
        self.sql(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy")
        return name

    def drop(self, name: str) -> None:
        self.sql(f"DROP DATABASE {name} WITH (FORCE)")

    def close(self) -> None:
        self.server.terminate()
        try:
            self.server.wait(10)
        except subprocess.TimeoutExpired:
            self.server.kill()
            self.server.wait()
        self.log.close()
        shutil.rmtree(self.home)


def ordinary_user() -> pwd.struct_passwd | None:
    """Whom the server runs as: PostgreSQL refuses root."""
    if os.getuid() != 0:
        return None
    try:
        return pwd.getpwnam("postgres")
    except KeyError:
        return pwd.getpwnam("nobody")


def binaries() -> Path | None:
    on_path = shutil.which("initdb")
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    return Path(on_path).parent if on_path else found[-1].parent if found else None


@pytest.fixture(scope="session")
def cluster(missing: Callable[[str], None]) -> Iterator[Cluster]:
    if importlib.util.find_spec("psycopg") is None:
        missing("psycopg")
    where = binaries()
    if where is None:
        missing("PostgreSQL")
    cluster = Cluster(where)
    yield cluster
    cluster.close()


@pytest.fixture(scope="session")
def postgres_template(cluster: Cluster) -> str:
    name = cluster.new_database()
    migrate(cluster.url(name))
    return name


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("store") / "template.db"
    migrate(f"sqlite:///{path}")
    return path


@pytest.fixture
def sqlite_url(tmp_path: Path, sqlite_template: Path) -> str:
    path = tmp_path / "maild.db"
    shutil.copyfile(sqlite_template, path)
    return f"sqlite:///{path}"


@pytest.fixture(scope="session")
def postgres_shared(cluster: Cluster, postgres_template: str) -> str:
    return cluster.new_database(postgres_template)


@pytest.fixture
def postgres_url(cluster: Cluster, postgres_shared: str) -> str:
    """A database that other tests have used, emptied: five times as quick as a new one."""
    cluster.sql(EMPTY, postgres_shared)
    return cluster.url(postgres_shared)


@pytest.fixture
def postgres_new(cluster: Cluster, postgres_template: str) -> Iterator[str]:
    """A database whose settings and tables a test may spoil."""
    name = cluster.new_database(postgres_template)
    yield cluster.url(name)
    cluster.drop(name)


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest) -> str:
    """A migrated, empty database."""
    return request.getfixturevalue("sqlite_url" if request.param == "sqlite" else "postgres_url")


@pytest.fixture(params=["sqlite", "postgresql"])
def new_url(request: pytest.FixtureRequest) -> str:
    """The same, for a test that spoils it."""
    return request.getfixturevalue("sqlite_url" if request.param == "sqlite" else "postgres_new")


@pytest.fixture
def postgres_bare(cluster: Cluster) -> Iterator[str]:
    name = cluster.new_database()
    yield cluster.url(name)
    cluster.drop(name)


@pytest.fixture(params=["sqlite", "postgresql"])
def bare_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database without tables."""
    if request.param == "postgresql":
        return request.getfixturevalue("postgres_bare")
    (tmp_path / "bare.db").touch()
    return f"sqlite:///{tmp_path}/bare.db"


@pytest.fixture
def store(url: str) -> Iterator[Store]:
    store = open_store(url)
    yield store
    store.close()
