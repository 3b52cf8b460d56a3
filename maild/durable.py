"""Files that are there after a crash: one text put in place of another, a directory whose names are on the disk.

It refuses to know what is written. Whoever keeps secrets calls `replace`; whoever delivers into a
Maildir calls `sync`.
"""

from __future__ import annotations

import os
import secrets
from pathlib import Path


def replace(file: Path, text: str, mode: int = 0o600) -> None:
    """Put `text` in place of the file's, or make the file; whoever reads it meanwhile, or after a crash, finds the
    one or the other. A link stays a link; the owner stays the same where root writes. OSError."""
    real = file.resolve()
    aside = real.with_name(f".{real.name}.{os.getpid()}.{secrets.token_hex(4)}")
    descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as new:
            if os.geteuid() == 0 and real.exists():  # else what root changed would lock the desk's own user out
                owner = real.stat()
                os.fchown(new.fileno(), owner.st_uid, owner.st_gid)
            os.fchmod(new.fileno(), mode)
            new.write(text)
            new.flush()
            os.fsync(new.fileno())
        aside.replace(real)
    except BaseException:
        aside.unlink(missing_ok=True)
        raise
    sync(real.parent)


def sync(directory: Path) -> None:
    """What was renamed or made in this directory stays so after a power cut. OSError."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
