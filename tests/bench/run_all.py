"""`make bench`: every benchmark after the other, one JSON object a line. Takes a few minutes.

Nothing here is part of the test suite. Each benchmark is also a program of its own, with options:
`python -m tests.bench.bench_intake --help`. They leave nothing behind.
"""

from __future__ import annotations

import subprocess
import sys

BENCHMARKS = (
    "ceilings",
    "bench_reading",
    "bench_rules",
    "bench_intake",
    "bench_doors",
    "bench_size",
    "bench_matching",
    "bench_courier",
    "bench_rules_try",
    "bench_kills",
)


def main() -> int:
    """Run them all even if one fails; 1 if any did."""
    failed = 0
    for name in BENCHMARKS:
        print(f"== {name}", file=sys.stderr, flush=True)
        failed |= subprocess.run([sys.executable, "-m", f"tests.bench.{name}"], check=False).returncode != 0
    return failed


if __name__ == "__main__":
    sys.exit(main())
