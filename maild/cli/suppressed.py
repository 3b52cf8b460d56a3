"""The verb about addresses that get no automatic letters: suppressed."""

from __future__ import annotations

import argparse

from maild.cli import opening
from maild.cli.exits import Complaint, Exit
from maild.cli.output import as_json, plain, table, when


def suppressed(args: argparse.Namespace) -> int:
    if args.release:
        return _release(args)
    with opening.opened_store(args) as store:
        rows = store.suppressed()
    if args.json:
        as_json(
            [
                {"email": r.email, "kind": _kind(r.complaint), "since": r.since, "why": r.reason, "letter": r.outbox_id}
                for r in rows
            ]
        )
    elif not rows:
        print("Every address gets the letters meant for it.")
    else:
        lines = [(r.email, _kind(r.complaint), when(r.since), r.outbox_id, r.reason) for r in rows]
        table(("address", "kind", "since", "letter", "why"), lines)
    return Exit.OK


def _kind(complaint: bool) -> str:
    return "complaint" if complaint else "dead"


def _release(args: argparse.Namespace) -> int:
    email = args.release.strip().strip("<>")
    with opening.opened_store(args) as store:
        if not store.release_address(email):
            raise Complaint(
                f"nothing is held back from {plain(email)}; `maild suppressed` lists from whom something is", Exit.DATA
            )
    print(f"{plain(email)} gets automatic letters again. What was not sent meanwhile stays unsent.")
    return Exit.OK
