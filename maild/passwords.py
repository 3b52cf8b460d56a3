"""Agents' passwords: hashes in a file of their own, made by `maild passwd`, checked by the submission door.

One line for each agent, `KEY:scrypt:N:R:P:SALT:HASH`, so that hashes made with other costs still count
when ours grow. The file is replaced in one step and read at every login: a new password counts at once.
It refuses to know who the agents are and what a proven one may do.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from base64 import b64decode, b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from maild import durable

COST, BLOCK, PARALLEL = 1 << 15, 8, 1  # 32 MB and some 80 ms of one core, for whoever guesses too
MEMORY = 256 << 20  # octets scrypt may take, whatever a line says
SHORTEST = 10  # characters of a password
LONGEST = 500


class BadPassword(ValueError):
    """A password that is not taken, with words for whoever chose it."""


@dataclass(frozen=True, slots=True)
class Hash:
    """What is kept of a password."""

    cost: int
    block: int
    parallel: int
    salt: bytes
    digest: bytes

    def fits(self, password: str) -> bool:
        """Whether it is the hash of this password; takes as long for any."""
        made = _scrypt(password, self.salt, self.cost, self.block, self.parallel)
        return hmac.compare_digest(made, self.digest)

    def __str__(self) -> str:
        text = (b64encode(self.salt).decode(), b64encode(self.digest).decode())
        return f"scrypt:{self.cost}:{self.block}:{self.parallel}:{text[0]}:{text[1]}"


def hashed(password: str) -> Hash:
    """A new hash. BadPassword says what is wrong with the password."""
    if not SHORTEST <= len(password) <= LONGEST:
        raise BadPassword(f"a password has {SHORTEST} to {LONGEST} characters")
    if not password.isprintable():
        raise BadPassword("a password is one line of printable characters")
    salt = secrets.token_bytes(16)
    return Hash(COST, BLOCK, PARALLEL, salt, _scrypt(password, salt, COST, BLOCK, PARALLEL))


# Checked where there is no such agent, so that a stranger cannot tell by the time it takes.
NOBODY = Hash(COST, BLOCK, PARALLEL, b"nobody's salt...", bytes(32))


def read(file: Path) -> dict[str, Hash]:
    """The hash of every agent who has a password; none where there is no file. OSError, ValueError for other text."""
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return {}
    found = {}
    for number, line in enumerate(lines, 1):
        if line.strip() and not line.startswith("#"):
            try:
                key, kind, cost, block, parallel, *texts = line.split(":")
                salt, digest = (b64decode(text, validate=True) for text in texts)
                if kind != "scrypt":
                    raise ValueError
                found[key] = Hash(int(cost), int(block), int(parallel), salt, digest)
            except ValueError:
                raise ValueError(f"{file}, line {number}: is no line that maild passwd wrote") from None
    return found


def write(file: Path, hashes: Mapping[str, Hash]) -> None:
    """Replace the file; whoever reads it meanwhile, or after a crash, finds the old one or the new one. OSError."""
    text = "# Written by maild passwd.\n" + "".join(f"{key}:{one}\n" for key, one in sorted(hashes.items()))
    durable.replace(file, text)


def _scrypt(password: str, salt: bytes, cost: int, block: int, parallel: int) -> bytes:
    return hashlib.scrypt(password.encode(), salt=salt, n=cost, r=block, p=parallel, maxmem=MEMORY, dklen=32)
