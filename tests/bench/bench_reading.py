"""How long one letter takes to read, and what the worst ones cost at the largest size a desk takes.

Ordinary letters: medians of many readings. Hostile ones (`tests/core/mail/bombs.py`): CPU
seconds and the peak of memory, each in a process of its own, because a peak never falls.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import time
from base64 import encodebytes

from maild.core.mail import read
from tests.bench import machine
from tests.core.mail.bombs import BOMBS

LIMITS_MS = {"plain 2 kB": 1.0, "alternative 30 kB": 3.0, "attachment 2 MB": 40.0}
HOSTILE_SECONDS, HOSTILE_MB = 2.0, 300.0
SIZE = 35_000_000  # bytes of a hostile letter

_HEAD = (
    b"Return-Path: <karen@customer.example>\r\nReceived: from a.example by b.example; Mon, 4 Nov 2024 09:15:00 +0100\r\n"
    b"From: Karen Example <karen@customer.example>\r\nTo: Support <support@desk.example>\r\nSubject: Printer on floor 3\r\n"
    b"Date: Mon, 4 Nov 2024 09:15:00 +0100\r\nMessage-ID: <1@customer.example>\r\nMIME-Version: 1.0\r\n"
)
_WORDS = "The printer on floor 3 does not work since yesterday.\r\nCould you have a look at it, please?\r\n\r\n"
_QUOTE = "Regards\r\nKaren\r\n\r\nOn 04/11/2024 09:00, Support <support@desk.example> wrote:\r\n> Restart it.\r\n"


def ordinary() -> dict[str, bytes]:
    """The three letters the figures are given for."""
    html = "<html><body>" + "".join(f"<p>{line}</p>" for line in (_WORDS * 90).split("\r\n")) + "</body></html>"
    return {
        "plain 2 kB": _HEAD + b"Content-Type: text/plain; charset=utf-8\r\n\r\n" + (_WORDS * 15 + _QUOTE).encode(),
        "alternative 30 kB": _HEAD
        + b"Content-Type: multipart/alternative; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n"
        + (_WORDS * 130 + _QUOTE).encode()
        + b"\r\n--b\r\nContent-Type: text/html; charset=utf-8\r\n\r\n"
        + html.encode()
        + b"\r\n--b--\r\n",
        "attachment 2 MB": _HEAD
        + b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nSee the plan.\r\n"
        + b"--b\r\nContent-Type: application/pdf; name=plan.pdf\r\nContent-Transfer-Encoding: base64\r\n\r\n"
        + encodebytes(os.urandom(1_500_000)).replace(b"\n", b"\r\n")
        + b"--b--\r\n",
    }


def median_ms(raw: bytes, seconds: float) -> float:
    """Of as many readings as fit into `seconds`, at least five."""
    times: list[float] = []
    end = time.perf_counter() + seconds
    while time.perf_counter() < end or len(times) < 5:
        begun = time.perf_counter()
        read(raw)
        times.append(time.perf_counter() - begun)
    return statistics.median(times) * 1_000


def one(name: str, size: int) -> dict[str, float]:
    """One hostile letter, read in this process."""
    raw = BOMBS[name](size)
    begun = time.process_time()
    message = read(raw)
    seconds = time.process_time() - begun
    assert not any(defect.startswith("not understood") for defect in message.defects), message.defects
    return {"seconds": round(seconds, 3), "mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1_000, 1)}


def hostile(size: int) -> dict[str, dict[str, float]]:
    """Every one of them, the dearest first."""
    figures: dict[str, dict[str, float]] = {}
    for name in BOMBS:
        command = [sys.executable, "-m", "tests.bench.bench_reading", "--one", name, "--size", str(size)]
        figures[name] = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    return dict(sorted(figures.items(), key=lambda item: -item[1]["seconds"]))


def main() -> int:
    """Print the figures as one JSON object; 1 if a limit is not held."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=int, default=SIZE, help="bytes of a hostile letter")
    parser.add_argument("--seconds", type=float, default=2.0, help="how long each ordinary letter is read")
    parser.add_argument("--one", help="read this hostile letter only")
    asked = parser.parse_args()
    if asked.one:
        print(json.dumps(one(asked.one, asked.size)))
        return 0
    medians = {name: round(median_ms(raw, asked.seconds), 3) for name, raw in ordinary().items()}
    bombs = hostile(asked.size)
    held = all(medians[name] <= limit for name, limit in LIMITS_MS.items()) and all(
        figures["seconds"] <= HOSTILE_SECONDS and figures["mb"] <= HOSTILE_MB for figures in bombs.values()
    )
    print(
        json.dumps(
            {
                "benchmark": "reading",
                "machine": machine.facts(),
                "median_ms": medians,
                "limits_ms": LIMITS_MS,
                "hostile_bytes": asked.size,
                "hostile_worst_seconds": dict(list(bombs.items())[:5]),
                "hostile_most_mb": dict(sorted(bombs.items(), key=lambda item: -item[1]["mb"])[:5]),
                "hostile_letters": len(bombs),
                "limits_hostile": {"seconds": HOSTILE_SECONDS, "mb": HOSTILE_MB},
                "held": held,
            }
        )
    )
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main())
