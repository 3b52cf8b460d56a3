"""The verb pipe: one letter on standard input, from a mail system that waits.

It loads as little as it can: a mail system starts one process for each letter.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from maild.cli.exits import Complaint, Exit
from maild.core.model import Envelope, Receipt

if TYPE_CHECKING:
    from maild.config import Config
    from maild.store import Store

NOT_NOW = "not now, please try again later"


def pipe(args: argparse.Namespace) -> int:
    """Whatever goes wrong on our side, the mail system must keep the letter: 75.

    It may send a stranger what we print, so that only somebody at a terminal is told what is wrong.
    """
    config: Config | None = None
    code: int | None = None
    aside: list[Envelope] = []
    directory = Path(args.emergency) if args.emergency else None
    try:
        config = _load(args.config)
        directory = directory or config.pipe.emergency
        with _opened(config) as store:
            code = _take(args, _accept(config, store), config, _emergency(directory, aside))
            if directory is not None and code == Exit.OK and not aside:
                _bring_in(directory, config, store)
    except Exception as error:  # noqa: BLE001 - a traceback would end with 1, and then the letter is sent back
        if code is None and directory is not None:
            return _take(args, _refuse, config, _emergency(directory, aside))
        if code != Exit.OK:
            said = str(error) if isinstance(error, Complaint) else f"{type(error).__name__}: {error}"
            raise Complaint(said if sys.stderr.isatty() else NOT_NOW, Exit.TEMPORARY) from None
    return code


def _take(
    args: argparse.Namespace,
    accept: Callable[[Envelope], Future[Receipt]],
    config: Config | None,
    emergency: Callable[[Envelope], None] | None,
) -> int:
    from maild.edges import pipe as door

    return door.main(
        sys.stdin.buffer,
        accept,
        recipients=args.recipient,
        sender=args.sender,
        environ=os.environ,
        is_ours=_whose(config),
        clock=lambda: datetime.now(UTC),
        max_size=config.smtp.max_size if config else sys.maxsize,
        emergency=emergency,
    )


def _emergency(directory: Path | None, aside: list[Envelope]) -> Callable[[Envelope], None] | None:
    """What keeps a letter in `directory`, and notes that it did."""
    if directory is None:
        return None
    from maild.edges.emergency import keep

    def keep_aside(envelope: Envelope) -> None:
        keep(directory, envelope)
        aside.append(envelope)

    return keep_aside


def _load(file: str) -> Config:
    from maild.config import ConfigErrors, load

    try:
        return load(file)
    except ConfigErrors as errors:
        raise Complaint(f"the configuration cannot be used\n{errors}", Exit.TEMPORARY) from None


@contextmanager
def _opened(config: Config) -> Iterator[Store]:
    """The desk's memory. The desk's lock is held if it is free, as by every verb that writes."""
    from maild.ready import DeskLock, open_ready_store

    lock, alone = DeskLock(config), False
    with suppress(OSError):
        alone = lock.take()
    try:
        with closing(open_ready_store(config, checkpoint=alone)) as store:
            yield store
    finally:
        lock.free()


def _accept(config: Config, store: Store) -> Callable[[Envelope], Future[Receipt]]:
    from maild.keeping import keep

    own = config.smtp.hostname.lower() if config.authentication.check else ""
    return lambda envelope: keep(store, envelope, own)


def _refuse(_envelope: Envelope) -> Future[Receipt]:
    """There is nothing to keep it in."""
    later: Future[Receipt] = Future()
    later.set_result(Receipt.TRY_LATER)
    return later


def _whose(config: Config | None) -> Callable[[str], bool]:
    """Which addresses are ours. Without a configuration nobody knows, and whoever brings the letter in looks again."""
    from maild.core.ours import Ours

    if config is None:
        return lambda _address: True
    desk = config.desk
    return Ours(tuple(one.address.lower() for one in config.address), desk.separator, desk.domain).has


def _bring_in(directory: Path, config: Config, store: Store) -> None:
    """What was kept in an emergency. The letter at hand is safe; trouble here is nobody's who waits for it."""
    from maild.edges.emergency import EmergencyDoor

    main = config.address[0].address.lower()
    with suppress(Exception):
        EmergencyDoor(directory, _accept(config, store), _whose(config), lambda: main).round()
