"""Sockets a door listens on: bound here, or handed over by whoever started us.

It refuses to know what is spoken over them; the SMTP door uses it.
"""

from __future__ import annotations

import errno
import os
import socket
import stat
from pathlib import Path


def bound_unix(path: Path, mode: int) -> socket.socket:
    """A socket file of this mode. One that a dead process has left is replaced; OSError if somebody listens there."""
    _clear(path)
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        # Bound under another name, so that nobody finds it before it has its mode.
        aside = path.with_name(f".{path.name}.{os.getpid()}")
        aside.unlink(missing_ok=True)
        listening.bind(str(aside))
        aside.chmod(mode)
        listening.listen()
        aside.rename(path)
    except BaseException:
        listening.close()
        raise
    return listening


def _clear(path: Path) -> None:
    try:
        if not stat.S_ISSOCK(path.stat().st_mode):
            raise FileExistsError(errno.EEXIST, "there is a file that is no socket", str(path))
    except FileNotFoundError:
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as caller:
        caller.settimeout(1)
        try:
            caller.connect(str(path))
        except (ConnectionRefusedError, FileNotFoundError):
            return
    raise OSError(errno.EADDRINUSE, "somebody listens there", str(path))
