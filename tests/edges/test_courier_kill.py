"""kill -9 around the final dot, a few times; tests/bench/bench_kills.py does it five hundred times."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
KILLS = 8


@pytest.mark.parametrize("connections", [1, 4])
def test_no_letter_is_lost_and_a_second_copy_is_the_same_letter(connections: int) -> None:
    """In a process of its own: it forks, which one with threads must not."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench.bench_kills", "--kills", str(KILLS), "--connections", str(connections)],
        cwd=ROOT,
        check=False,
        capture_output=True,
        text=True,
        timeout=55,
    )
    assert done.returncode == 0, done.stderr
    figures = json.loads(done.stdout)
    assert figures["kills"] == KILLS
    assert (figures["lost"], figures["not_sent"], figures["other_bytes"]) == (0, 0, 0)
    assert figures["second_copies"] <= KILLS * connections
