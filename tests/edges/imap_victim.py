"""A door that fetches into a real store, and is killed -9 again and again; a program of its own.

    python imap_victim.py PORT USER PASSWORD DATABASE KILLS SEED

Each life is a fork of a process that has everything imported, so that it is at work after a few
milliseconds and the kill strikes between fetch, commit and move.
"""

from __future__ import annotations

import os
import random
import signal
import sys
import time
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

from imap_rig import settings

from maild.desk import Desk
from maild.edges import imap_mailbox
from maild.edges.imap import ImapDoor
from maild.store import open_store

BATCH = 3  # many commits and moves: many places to die at
LONGEST_LIFE = 0.15  # seconds


def door_into(database: str, *arguments: Any) -> tuple[ImapDoor, Any]:
    """A door between a mailbox and a store, and the store."""
    store = open_store(f"sqlite:///{database}")
    policy: Any = SimpleNamespace(authentication=SimpleNamespace(own=""))  # all that accepting asks
    desk = Desk(store, policy, lambda: datetime.now(UTC))
    box = settings(*arguments)
    door = ImapDoor(
        [box],
        desk.accept,
        lambda raw, mailbox: ("", (mailbox,)),
        store,
        clock=lambda: datetime.now(UTC),
        jitter=random.random,
        worker="victim",
    )
    return door, store


def main() -> None:
    port, user, password, database, kills, seed = sys.argv[1:]
    chance = random.Random(int(seed))
    imap_mailbox.BATCH = BATCH
    for _ in range(int(kills)):
        child = os.fork()
        if not child:
            door, _ = door_into(database, int(port), user, password)
            door.start()
            time.sleep(60)
            os._exit(1)
        time.sleep(chance.uniform(0.02, LONGEST_LIFE))
        os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        assert os.WTERMSIG(status) == signal.SIGKILL, "the door died of something else"


if __name__ == "__main__":
    main()
