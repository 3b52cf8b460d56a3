"""The verb import: letters of the past become tickets, and nobody is answered."""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import Future
from pathlib import Path
from typing import TYPE_CHECKING

from maild.cli import opening
from maild.cli.exits import Complaint, Exit
from maild.cli.output import as_json

if TYPE_CHECKING:
    from maild.app import App
    from maild.core.model import Envelope, Receipt
    from maild.edges.mailfiles import Found

BATCH = 200  # letters kept by one commit, then worked
SHOWN_EVERY = 10_000  # letters between two lines about how far it is


def import_letters(args: argparse.Namespace) -> int:
    """Read letters from files, oldest first, and rebuild their conversations."""
    from maild.ready import DeskLock

    paths = [Path(path) for path in args.path]
    for path in paths:
        if not path.exists():
            raise Complaint(f"{path}: no such file or directory", Exit.NO_INPUT)
    with opening.built_app(args, daemon=True) as app:
        lock = DeskLock(app.config)
        if not lock.take():  # it would work the same letters beside us, and an answer before its question
            raise Complaint("a daemon is running on this desk; stop it while letters are imported", Exit.TEMPORARY)
        try:
            sums, left_out = _import(app, paths, args.address)
        except OSError as error:
            raise Complaint(f"{error.filename or 'reading'}: {error.strerror or error}", Exit.NO_INPUT) from None
        finally:
            lock.free()
    if args.json:
        as_json({"letters": sum(sums.values()), "fates": sums, "left_out": left_out})
        return Exit.OK
    for line in left_out:
        print(f"left out: {line}", file=sys.stderr)
    told = ", ".join(f"{count} {fate}" for fate, count in sums.items()) or "nothing new"
    print(f"{sum(sums.values())} letters: {told}")
    return Exit.OK


def _import(app: App, paths: list[Path], address: str | None) -> tuple[dict[str, int], list[str]]:
    """Hand in and work every letter; fates by number, and which letters were left out and why."""
    from maild.core.mail.headers import date_of
    from maild.edges.mailfiles import letters

    mailbox = (address or app.policy.addresses[0].email).lower()
    if mailbox not in {ours.email for ours in app.policy.addresses}:
        raise Complaint(f"{mailbox} is no address of this desk", Exit.USAGE)
    before = Counter(app.store.ledger_sums())
    left_out: list[str] = []
    waiting: list[Future[Receipt]] = []
    for done, envelope in enumerate(_envelopes(app, letters(paths, date_of), mailbox, left_out), start=1):
        waiting.append(app.desk.accept(envelope))
        if len(waiting) == BATCH:
            _work(app, waiting)
        if done % SHOWN_EVERY == 0:
            print(f"{done} letters so far", file=sys.stderr)
    _work(app, waiting)
    after = Counter(app.store.ledger_sums())
    after.subtract(before)
    return {fate: count for fate, count in after.items() if count and fate != "received"}, left_out


def _envelopes(app: App, found: Iterator[Found], mailbox: str, left_out: list[str]) -> Iterator[Envelope]:
    from maild.app import utc_now
    from maild.core.decide import IMPORT
    from maild.core.delivery import envelope
    from maild.core.model import Envelope

    most = app.config.smtp.max_size
    for one in found:
        if one.length > most:
            left_out.append(f"{one}: {one.length} bytes are more than [smtp] max_size")
            continue
        raw = one.read()
        if not raw.strip():
            left_out.append(f"{one}: empty")
            continue
        sender, rcpts = envelope(raw, app.policy, mailbox)
        yield Envelope(raw=raw, mail_from=sender, rcpts=rcpts, received_at=utc_now(), door=IMPORT)


def _work(app: App, waiting: list[Future[Receipt]]) -> None:
    """See a batch kept, then worked to its end."""
    from maild.core.model import Receipt

    for receipt in waiting:
        if receipt.result() not in (Receipt.ACCEPTED, Receipt.DUPLICATE):
            raise Complaint("the desk keeps no letters now; try it again later, nothing is doubled", Exit.TEMPORARY)
    waiting.clear()
    while app.desk.work():
        pass
