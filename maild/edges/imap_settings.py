"""One mailbox to fetch from, as an admin described it, and what a door needs to remember of it.

It refuses to do anything. `mailboxes` fills it in; the other imap modules read it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal, Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class MailboxSettings:
    """Sizes are in octets, times in seconds.

    `secret` gives the password, or with the two OAuth mechanisms the access token; asked with True it
    must not give the one it gave before. It raises Trouble (`imap_trouble`) in words for an admin.
    `address` is the one of ours this mailbox is for.
    """

    host: str
    port: int
    tls: Literal["at once", "starttls", "none"]
    ca_file: Path | None = None  # None: the system's
    user: str
    auth: Literal["password", "xoauth2", "oauthbearer"]
    secret: Callable[[bool], str] = field(repr=False)
    folder: str
    address: str
    after: Literal["move", "flag", "delete", "keep"]
    move_to: str
    flag: str
    poll: float
    max_size: int
    connect_timeout: float = 15.0
    read_timeout: float = 60.0
    accept_timeout: float = 60.0  # how long the store may take to say yes

    @property
    def name(self) -> str:
        """What the mailbox is called in logs, and what its lease is known by."""
        return f"{self.user} at {self.host}:{self.port}, {self.folder}"


class Ledger(Protocol):
    """What the store does for us; see there."""

    def mailbox_take(self, name: str, worker: str, now: datetime, lease: timedelta) -> tuple[int, int] | None: ...

    def mailbox_seen(self, name: str, worker: str, uidvalidity: int, uid: int) -> None: ...

    def mailbox_leave(self, name: str, worker: str) -> None: ...


@dataclass(frozen=True, slots=True)
class State:
    """How a mailbox is doing: well where `trouble` is "", else since when it is not, and what to do about it."""

    since: datetime
    trouble: str = ""
    note: str = ""  # what is odd but no trouble: another daemon has it
