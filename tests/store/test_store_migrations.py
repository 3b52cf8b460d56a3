"""The schema's history leads exactly to the schema the program uses."""

from __future__ import annotations

import stat
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, text

from maild.store import migrate, open_store
from maild.store.schema import FIRST_TICKET, HEAD, REVISIONS, metadata


def revisions() -> list[str]:
    config = Config()
    config.set_main_option("script_location", "maild.store:migrations")
    return [one.revision for one in ScriptDirectory.from_config(config).walk_revisions()][::-1]


def test_the_program_knows_every_revision() -> None:
    assert tuple(revisions()) == REVISIONS
    assert revisions()[-1] == HEAD


def shape(url: str) -> set[tuple[object, ...]]:
    """Everything a database says about its tables and indexes, but for the order of columns."""
    engine = create_engine(url)
    with engine.connect() as connection:
        if connection.dialect.name == "sqlite":
            names = connection.scalars(text("SELECT name FROM sqlite_master WHERE type = 'table'")).all()
            found = {
                (name, *column[1:])
                for name in names
                for column in connection.exec_driver_sql(f"PRAGMA table_info({name})")
            }
            query = "SELECT type, name, tbl_name, CASE type WHEN 'index' THEN sql END FROM sqlite_master"
            found |= {tuple(row) for row in connection.execute(text(query))}
            found |= {
                tuple(row) for row in connection.exec_driver_sql("SELECT name, wr, strict FROM pragma_table_list")
            }
        else:
            query = (
                "SELECT table_name, column_name, data_type, is_nullable, column_default FROM information_schema.columns"
                " WHERE table_schema = 'public'"
            )
            found = {tuple(row) for row in connection.execute(text(query))}
            query = "SELECT tablename, indexdef FROM pg_indexes WHERE schemaname = 'public'"
            found |= {tuple(row) for row in connection.execute(text(query))}
    engine.dispose()
    return {row for row in found if "alembic_version" not in row}


def test_migrations_make_exactly_the_schema_on_sqlite(tmp_path: Path) -> None:
    plain = f"sqlite:///{tmp_path}/plain.db"
    engine = create_engine(plain)
    metadata.create_all(engine)
    engine.dispose()
    migrated = f"sqlite:///{tmp_path}/migrated.db"
    migrate(migrated)
    assert shape(migrated) == shape(plain)
    assert len(shape(plain)) > 100


def test_migrations_make_exactly_the_schema_on_postgresql(postgres_bare: str, postgres_url: str) -> None:
    engine = create_engine(postgres_bare)
    metadata.create_all(engine)
    engine.dispose()
    assert shape(postgres_url) == shape(postgres_bare)
    assert len(shape(postgres_url)) > 80


def test_migrating_again_changes_nothing(url: str) -> None:
    before = shape(url)
    migrate(url)
    assert shape(url) == before


def test_nodes_that_start_at_once_migrate_once(postgres_bare: str) -> None:
    program = f"from maild.store import migrate; migrate({postgres_bare!r})"
    processes = [subprocess.Popen([sys.executable, "-c", program]) for _ in range(3)]
    assert [process.wait(30) for process in processes] == [0, 0, 0]
    store = open_store(postgres_bare)
    assert store.schema_state() == "current"
    store.close()


def test_the_file_is_its_owners_alone(tmp_path: Path) -> None:
    path = tmp_path / "a b#.db"
    migrate(f"sqlite:///{path}")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    store = open_store(f"sqlite:///{path}")
    assert store.schema_state() == "current"
    store.push(1, datetime.now(UTC))
    assert {stat.S_IMODE(one.stat().st_mode) for one in tmp_path.iterdir()} == {0o600}
    store.close()


def test_the_state_of_a_schema_is_told_without_alembic(url: str, tmp_path: Path) -> None:
    program = (
        "import sys; from maild.store import open_store\n"
        f"store = open_store({url!r}); state = store.schema_state(); store.close()\n"
        "print(state, *sorted({'alembic', 'sqlalchemy.orm', 'mako'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["current"]


@pytest.mark.parametrize(
    ("statement", "state"),
    [
        ("UPDATE alembic_version SET version_num = 'from the future'", "unknown"),
        ("DELETE FROM alembic_version", "unknown"),
        ("DROP TABLE alembic_version", "unknown"),
    ],
)
def test_a_schema_that_is_not_ours_is_unknown(new_url: str, statement: str, state: str) -> None:
    engine = create_engine(new_url)
    with engine.begin() as connection:
        connection.execute(text(statement))
    engine.dispose()
    store = open_store(new_url)
    assert store.schema_state() == state
    store.close()


def test_an_older_schema_is_old(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("maild.store.queries.HEAD", "9999")
    store = open_store(url)
    assert store.schema_state() == "old"
    store.close()


def test_an_empty_database_is_empty(bare_url: str) -> None:
    store = open_store(bare_url)
    assert store.schema_state() == "empty"
    store.close()


def test_looking_for_a_database_makes_none(tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path}/none.db")
    assert store.schema_state() == "empty"
    store.close()
    assert list(tmp_path.iterdir()) == []


def test_the_first_ticket_has_the_first_number(url: str) -> None:
    engine = create_engine(url)
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT value FROM counter WHERE name = 'ticket'")) == FIRST_TICKET - 1
    engine.dispose()


@pytest.mark.parametrize("url", ["mysql://x/y", "sqlite://", "sqlite:///:memory:"])
def test_other_databases_are_refused(url: str) -> None:
    with pytest.raises(ValueError, match="store url"):
        open_store(url)
