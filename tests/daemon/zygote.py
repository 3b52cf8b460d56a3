"""A process that has imported maild and forks a child for every command it is told: a shell without the half
second each start of Python costs. Tests that are about starting (daemons, a broken configuration) do not use it.

One JSON object a line on standard input {argv, environment, files: [stdin, stdout, stderr]}, one exit code a line out.
"""

from __future__ import annotations

import io
import json
import os
import sys
from typing import Any

import maild.app
import maild.edges.pipe
import maild.letters  # noqa: F401 - all of this is here to be loaded
from maild.cli import main


def run(request: dict[str, Any]) -> None:
    """In the child: become the command."""
    for number, (path, flags) in enumerate(zip(request["files"], (os.O_RDONLY, os.O_WRONLY, os.O_WRONLY), strict=True)):
        os.dup2(os.open(path, flags), number)
    sys.stdin, sys.stdout, sys.stderr = (
        io.TextIOWrapper(os.fdopen(n, mode), encoding="utf-8", write_through=False)  # type: ignore[arg-type]
        for n, mode in ((0, "rb"), (1, "wb"), (2, "wb"))
    )
    os.environ.update(request["environment"])
    sys.argv = ["maild", *request["argv"]]
    sys.exit(main(request["argv"]))


for line in sys.stdin:
    child = os.fork()
    if child == 0:
        run(json.loads(line))
    sys.stdout.write(f"{os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])}\n")
    sys.stdout.flush()
