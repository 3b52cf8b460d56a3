"""A stage for every story; people with other mail clients are in `stories_rig`."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from maild.config import load
from maild.demo.stage import Stage
from maild.desk_directory import make


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `maild init` makes; nobody changes it."""
    return make(tmp_path_factory.mktemp("made") / "desk").parent


@pytest.fixture
def stage_with(made: Path, tmp_path: Path) -> Iterator[Callable[..., Stage]]:
    """`stage_with(('old', 'new'), …)`: a desk with these changes in its configuration, on a stage."""
    with ExitStack() as running:

        def opened(*edits: tuple[str, str]) -> Stage:
            config = Path(shutil.copytree(made, tmp_path / "desk")) / "config.toml"
            text = config.read_text()
            for old, new in edits:
                assert text.count(old) == 1, old
                text = text.replace(old, new)
            config.write_text(text)
            return running.enter_context(Stage(load(config)))

        yield opened


@pytest.fixture
def stage(stage_with: Callable[..., Stage]) -> Stage:
    """A desk as it is shipped. In the end every letter it sent was for somebody on the stage."""
    return stage_with()
