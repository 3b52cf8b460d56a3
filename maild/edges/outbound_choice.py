"""From the configuration to relays: which kind each URL means.

It refuses to know how a relay works and reads no file; `app` and `maild doctor` call it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

from maild.edges.outbound_maildir import MaildirRelay
from maild.edges.outbound_smtp import SmtpRelay


class Target(Protocol):
    """A parsed outbound URL."""

    @property
    def scheme(self) -> str: ...
    @property
    def host(self) -> str: ...
    @property
    def port(self) -> int: ...
    @property
    def user(self) -> str: ...
    @property
    def path(self) -> Path: ...


class Settings(Protocol):
    """What the configuration says of outgoing mail."""

    @property
    def relays(self) -> Sequence[Target]: ...
    @property
    def hostname(self) -> str: ...
    @property
    def ca_file(self) -> Path | None: ...
    @property
    def connections(self) -> int: ...


def relays(settings: Settings, password: Callable[[int], str]) -> tuple[SmtpRelay | MaildirRelay, ...]:
    """The relays of this configuration in their order. Nothing is opened before the first letter.

    `password` of the relay at this place is asked at each login, so that a renewed one is seen; it raises
    OSError where it cannot tell.
    """

    def one(place: int, target: Target) -> SmtpRelay | MaildirRelay:
        if target.scheme == "maildir":
            return MaildirRelay(target.path, connections=settings.connections)
        return SmtpRelay(
            target.host,
            target.port,
            tls={"smtp": "", "smtps": "at once", "smtp+starttls": "starttls"}[target.scheme],
            hostname=settings.hostname,
            user=target.user,
            password=lambda: password(place),
            ca_file=settings.ca_file,
            connections=settings.connections,
        )

    return tuple(one(place, target) for place, target in enumerate(settings.relays))
