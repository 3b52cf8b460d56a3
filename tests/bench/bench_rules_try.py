"""How long does it take to try changed rules on 10,000 stored letters?

A fresh desk works letters of the usual mix (2 kB to 200 kB, 33 kB on average). Then `maild rules try` runs as
a process of its own, with rules that send some of them elsewhere, and its own figures are read.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter

from maild import config
from maild.core.model import Envelope
from maild.desk import Desk
from maild.desk_directory import make
from maild.store import open_store
from tests.bench import corpus, machine

CHANGED = (
    '[[rule]]\nname = "elsewhere {n}"\nwhen.body = {{ regex = "(?:nothing|no) {n} such" }}\nthen.tags = ["x{n}"]\n\n'
)
ELSEWHERE = '[[rule]]\nname = "reports"\nwhen.subject = ["invoice", "printer", "report"]\nthen.team = "sysadmin"\n'


def fill(path: Path, letters: int) -> int:
    """Let a desk work new letters; how many tickets began."""
    settings = config.load(path)
    with closing(open_store(settings.store.url)) as store:
        desk = Desk(store, config.policy(settings), lambda: datetime.now(UTC))
        seed, left = 0, letters
        while left > 0:
            seed += 1
            made = corpus.first_letters(seed=seed)[:left]
            envelopes = (
                Envelope(
                    raw=one.raw,
                    mail_from=one.sender,
                    rcpts=(corpus.SUPPORT,),
                    received_at=datetime.now(UTC),
                    door="bench",
                )
                for one in made
            )
            for kept in [desk.accept(envelope) for envelope in envelopes]:
                kept.result()
            while desk.work():
                pass
            left -= len(made)
        return store.ledger_sums()["ticket"]


def measure(path: Path, rules: Path) -> dict[str, object]:
    """One run against other rules; the process's own figures and its whole time."""
    start = perf_counter()
    command = [sys.executable, "-m", "maild", "rules", "-c", str(path), "try", "--rules", str(rules), "--json"]
    done = subprocess.run(command, check=True, capture_output=True, env={**os.environ, "TZ": "UTC"})
    found = json.loads(done.stdout)
    return {
        "letters": found["letters"],
        "changed": found["changed"],
        "seconds": round(perf_counter() - start, 2),
        "ms_a_letter": round(1000 * found["seconds"] / max(1, found["letters"]), 3),
    }


def main(arguments: Sequence[str]) -> None:
    """Print one JSON object for a handful of rules and one for two hundred."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--letters", type=int, default=10_000, help="default: %(default)s")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="maild-bench-") as directory:
        path = Path(make(Path(directory, "desk")))
        tickets = fill(path, options.letters)
        for count in (10, 200):
            rules = Path(directory, f"rules{count}")
            rules.mkdir()
            many = "".join(CHANGED.format(n=n) for n in range(count - 1))
            (rules / "1.toml").write_text(many + ELSEWHERE)
            figures = measure(path, rules)
            print(json.dumps({"bench": "rules_try", "tickets": tickets, "rules": count, **figures}), flush=True)
    print(json.dumps({"bench": "rules_try", "machine": machine.facts()}))


if __name__ == "__main__":
    main(sys.argv[1:])
