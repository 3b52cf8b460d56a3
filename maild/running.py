"""The note a running daemon leaves for `maild reload`: its process, and how its last reload ended.

The note is believed only while its writer holds a lock on it: after a crash the number in it may be
another program's, which a signal would kill. It refuses to know what a reload does. `app` writes,
the shell reads.
"""

from __future__ import annotations

import fcntl
import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

NAME = "maild.pid"


@dataclass(frozen=True, slots=True)
class Note:
    """`reloads` counts those that have ended; `taken` is whether the last one took everything over."""

    pid: int
    reloads: int = 0
    taken: bool = True


class Running:
    """A daemon's own note. Where it cannot be written the daemon runs on: it can still be signalled by hand."""

    def __init__(self, directory: Path) -> None:
        self.path = directory / NAME
        self._file = -1
        self._note = Note(os.getpid())

    def announce(self) -> bool:
        """Say that we run; False where another daemon of this directory has, or nothing can be written there."""
        try:
            file = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        except OSError:
            return False
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(file)
            return False
        self._file = file
        return self._write()

    def reloaded(self, *, taken: bool) -> None:
        """Say how a reload ended."""
        self._note = Note(self._note.pid, self._note.reloads + 1, taken)
        if self._file >= 0:
            self._write()

    def gone(self) -> None:
        """Take the note away."""
        if self._file >= 0:
            self.path.unlink(missing_ok=True)
            os.close(self._file)
            self._file = -1

    def _write(self) -> bool:
        said = json.dumps(asdict(self._note)).encode()
        try:
            os.pwrite(self._file, said, 0)
            os.ftruncate(self._file, len(said))
        except OSError:  # a full disk, say
            return False
        return True


def running(directory: Path) -> Note | None:
    """The daemon that runs on this directory; None where none does, or its note cannot be read just now."""
    try:
        with (directory / NAME).open("rb") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                note = Note(**json.loads(file.read()))
                return note if note.pid > 1 else None
    except (OSError, ValueError, TypeError):
        return None
    return None  # nobody holds it: its writer is dead
