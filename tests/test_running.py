"""The note of a running daemon: believed while its writer lives, and never afterwards."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from maild.running import NAME, Note, Running, running

KEEPER = """
import sys, time
from pathlib import Path
from maild.running import Running
note = Running(Path(sys.argv[1]))
assert note.announce()
note.reloaded(taken=False)
print("there", flush=True)
time.sleep(60)
"""


def test_a_daemon_is_known_as_long_as_it_lives(tmp_path: Path) -> None:
    assert running(tmp_path) is None
    with subprocess.Popen([sys.executable, "-c", KEEPER, str(tmp_path)], stdout=subprocess.PIPE) as keeper:
        assert keeper.stdout is not None
        keeper.stdout.readline()
        assert running(tmp_path) == Note(keeper.pid, reloads=1, taken=False)
        assert not Running(tmp_path).announce(), "a second daemon of the directory says nothing of itself"
        keeper.kill()
    assert (tmp_path / NAME).exists()
    assert running(tmp_path) is None, "the number of a dead process may be somebody else's by now"
    mine = Running(tmp_path)
    assert mine.announce()
    mine.gone()
    assert not (tmp_path / NAME).exists()


def test_a_directory_that_cannot_be_written_is_no_obstacle(tmp_path: Path) -> None:
    note = Running(tmp_path / "missing")
    assert not note.announce()
    note.reloaded(taken=True)
    note.gone()


def test_a_shorter_note_leaves_nothing_of_a_longer_one(tmp_path: Path) -> None:
    (tmp_path / NAME).write_text("x" * 500)
    mine = Running(tmp_path)
    assert mine.announce()
    assert json.loads((tmp_path / NAME).read_text())["pid"] == os.getpid()
    mine.gone()
