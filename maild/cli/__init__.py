"""The command line: one function per verb, exit codes of sysexits.h.

`main` parses, calls the verb and translates what went wrong into an exit code. Verbs import
what they need when they are called, so that `maild --help` is quick.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

from maild.cli.exits import Complaint, Exit
from maild.cli.parser import build


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; the return value is the process's exit code."""
    args = build().parse_args(argv)
    try:
        return int(args.verb(args))
    except Complaint as complaint:
        print(f"maild {args.name}: {complaint}", file=sys.stderr)
        return complaint.code
    except KeyboardInterrupt:
        return Exit.INTERRUPTED
    except BrokenPipeError:  # `maild ledger | head`
        sys.stderr.close()
        return Exit.OK
