"""A fresh desk for every test; what can be done with it is in `daemon_rig`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from daemon_rig import Desk, Shell, copy_of, maild


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `maild init` makes; nobody changes it."""
    target = tmp_path_factory.mktemp("made") / "desk"
    done = maild("init", str(target))
    assert done.returncode == 0, done.stderr
    return target


@pytest.fixture
def desk(made: Path, tmp_path: Path) -> Iterator[Desk]:
    """A desk that does not run yet. Whatever runs on it ends with the test."""
    one = copy_of(made, tmp_path / "desk")
    yield one
    one.clean_up()


@pytest.fixture(scope="session")
def shell(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shell]:
    """The command line, quick enough for many commands."""
    one = Shell(tmp_path_factory.mktemp("shell"))
    yield one
    one.close()
