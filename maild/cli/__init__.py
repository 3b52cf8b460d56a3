"""The command line: one function per verb, exit codes of sysexits.h.

`main` parses, calls the verb and translates what went wrong into an exit code. Verbs import
what they need when they are called, so that `maild --help` is quick.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from maild.cli.exits import Complaint, Exit
from maild.cli.parser import build


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; the return value is the process's exit code."""
    args = build().parse_args(argv)
    try:
        code = int(args.verb(args))
        sys.stdout.flush()
    except Complaint as complaint:
        print(f"maild {args.name}: {complaint}", file=sys.stderr)
        return complaint.code
    except KeyboardInterrupt:
        return Exit.INTERRUPTED
    except BrokenPipeError:  # `maild ledger | head`
        # Python flushes once more when it ends; what is left goes nowhere then, without a complaint.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return Exit.OK
    return code
