"""Changing the file of keys that tokens are signed with: a new key, an old one dropped.

The file is replaced as a whole or not at all, and stays its owner's. It refuses to make the first
key (`secrets` does) and to tell a running daemon. `maild keys` calls it.
"""

import os
import re
import secrets
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path

from maild import durable
from maild.config.problems import ConfigErrors, Problem
from maild.config.secrets import IDS, KEY_BYTES, read_keys

_MADE = re.compile(r"# key ([0-9]{1,2}) made ([0-9T:+-]{1,40})")


def made(path: Path) -> Mapping[int, datetime]:
    """When keys were made, as far as the file says: `rotate` notes it."""
    found = {}
    for note in map(_MADE.fullmatch, path.read_text(encoding="utf-8").splitlines()):
        if note:
            try:
                found[int(note[1])] = datetime.fromisoformat(note[2]).astimezone(UTC)
            except ValueError:
                continue  # somebody's own words
    return found


def rotate(path: Path, now: datetime) -> int:
    """Add a new key, which signs from now on; its id. All others go on verifying. ConfigErrors if it cannot be."""

    def added(text: str) -> tuple[str, int]:
        keys = read_keys(path)
        free = ((keys.current + step) % IDS for step in range(1, IDS))
        fresh = next((one for one in free if one not in keys.secrets), None)
        if fresh is None:
            raise _refused(path, f"there are {IDS} keys already, as many as tokens can name: drop one first")
        note = f"# key {fresh} made {now.astimezone(UTC).isoformat(timespec='seconds')}"
        return f"{text.rstrip()}\n{note}\n{fresh} {secrets.token_hex(KEY_BYTES)}\n", fresh

    return _changed(path, added)


def drop(path: Path, key_id: int) -> int:
    """Take an old key away: what it signed is not recognised any more. ConfigErrors if it is current or not there."""

    def dropped(text: str) -> tuple[str, int]:
        keys = read_keys(path)
        if key_id not in keys.secrets:
            known = ", ".join(map(str, keys.secrets))
            raise _refused(path, f"there is no key {key_id}; there are: {known}")
        if key_id == keys.current:
            raise _refused(path, f"key {key_id} signs our letters: rotate first")
        return "".join(line for line in text.splitlines(keepends=True) if not _is_about(line, key_id)), key_id

    return _changed(path, dropped)


def _is_about(line: str, key_id: int) -> bool:
    words, note = line.split(), _MADE.fullmatch(line.strip())
    return (note is not None and int(note[1]) == key_id) or (
        len(words) == 2 and words[0].isdecimal() and int(words[0]) == key_id
    )


def _refused(path: Path, why: str) -> ConfigErrors:
    return ConfigErrors([Problem(str(path), 0, "", why)])


def _changed(path: Path, change: Callable[[str], tuple[str, int]]) -> int:
    """Write the file anew; nobody else changes it meanwhile."""
    real = path.resolve()
    claim = real.with_name(real.name + ".new")
    try:
        os.close(os.open(claim, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    except FileExistsError:
        raise _refused(claim, "is there: the keys are being changed, or that was cut short; then remove it") from None
    except OSError as error:
        raise _refused(claim, f"cannot be written: {error.strerror}") from None
    try:
        text, key_id = change(real.read_text(encoding="utf-8"))
        durable.replace(real, text, real.stat().st_mode & 0o770)
    except (OSError, UnicodeError) as error:
        raise _refused(real, f"cannot be changed: {error}") from None
    finally:
        claim.unlink(missing_ok=True)
    return key_id
