"""A desk's memory, opened by one process among several: is it there, is it ours, who may tidy it up.

It refuses to know what is done with it. `app` opens it for the daemon, the command line for a verb; here it
costs neither of them the other's imports.
"""

from __future__ import annotations

import fcntl
import os
import time
from pathlib import Path
from typing import IO

from maild.config import Config
from maild.store import Store, open_store

PATIENCE = 5.0  # seconds a daemon's start waits for commands of the shell to end


class NotReady(Exception):
    """maild cannot start, for a reason an admin can act on."""


def open_ready_store(config: Config, *, checkpoint: bool = True) -> Store:
    """The store of this configuration; NotReady when its schema is not the one this program knows.

    `checkpoint`: see DeskLock.
    """
    store = open_store(config.store.url, checkpoint=checkpoint)
    state = store.schema_state()
    if state == "current":
        return store
    store.close()
    where = config.store.url
    raise NotReady(
        {
            "empty": f"{where} holds no desk yet; `maild migrate` makes one",
            "old": f"{where} has an older schema; `maild migrate` brings it up to date (keep a backup)",
            "unknown": f"{where} has a schema this version does not know; it was made by a newer maild",
        }[state]
    )


class DeskLock:
    """The desk's lock file: who holds it may write SQLite's log back into the database.

    Two processes that do so at once can damage the file (SQLite before 3.51.3). The daemon holds it
    as long as it runs, a command of the shell while it works; a command that comes too late opens its
    store with checkpoint=False. PostgreSQL needs no lock: there everybody gets it.
    """

    def __init__(self, config: Config) -> None:
        self.path = Path(config.desk.data) / "maild.lock"
        self._needed = config.store.url.startswith("sqlite")
        self._file: IO[str] | None = None

    def take(self) -> bool:
        """Take it if it is free. OSError where the file cannot be opened."""
        if not self._needed:
            return True
        file = self.path.open("a+")
        try:
            if os.geteuid() == 0:  # else a command typed as root would lock the desk's own user out
                owner = self.path.parent.stat()
                os.fchown(file.fileno(), owner.st_uid, owner.st_gid)
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.close()
            return False
        except BaseException:
            file.close()
            raise
        self._file = file
        return True

    def wait(self) -> None:
        """Take it as soon as commands in flight have ended; NotReady where its holder stays, as a daemon does."""
        end = time.monotonic() + PATIENCE
        try:
            while not self.take():
                if time.monotonic() > end:
                    raise NotReady(f"another maild is running on {self.path.parent} (it holds {self.path.name})")
                time.sleep(0.02)
        except OSError as error:
            raise NotReady(f"{self.path}: {error.strerror}") from None

    def free(self) -> None:
        """Give it back; the end of the process does so, too."""
        if self._file is not None:
            self._file.close()
            self._file = None
