"""The doors that listen: SMTP, LMTP and submission, built from the configuration, with what they share.

One certificate, and one room for the letters under way, so that no door can take another's memory.
`app` starts and stops them together. It refuses to know any protocol.
"""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from datetime import datetime
from functools import partial
from pathlib import Path
from socket import socket

from maild import passwords
from maild.config import Config
from maild.core.identity import fold
from maild.core.matching import is_ours
from maild.core.model import Envelope, Receipt
from maild.core.policy import Policy
from maild.core.submission import objection
from maild.edges.smtp import LETTERS_IN_MEMORY, SmtpDoor, SmtpSettings
from maild.edges.smtp_limits import Room
from maild.edges.smtp_lmtp import LmtpSession
from maild.edges.smtp_submission import Gate, SubmissionSession
from maild.edges.smtp_tls import BadCertificate, Certificate

log = logging.getLogger("maild.doors")

KEEPING = 10.0  # seconds the store may take to keep a letter
SOCKETS = ("smtp", "smtps", "lmtp", "submission")  # names of sockets that may be handed over


class Doors:
    """`smtp`, `lmtp` and `submission`. `looking` is how many seconds more a letter may take at the SMTP door."""

    def __init__(
        self,
        config: Config,
        accept: Callable[[Envelope], Future[Receipt]],
        policy: Callable[[], Policy],
        clock: Callable[[], datetime],
        looking: float = 0.0,
    ) -> None:
        self._tls = config.tls
        self._certificate: Certificate | None = None
        self._gate = Gate(
            Proof(config.submission.passwords_file, policy).agent,
            lambda agent, raw: objection(raw, agent, policy()),
            config.submission.failures_per_minute,
        )
        build = partial(
            SmtpDoor,
            accept=accept,
            is_ours=lambda rcpt: is_ours(rcpt, policy()),
            clock=clock,
            tls=self._context,
            room=Room(LETTERS_IN_MEMORY * config.smtp.max_size),
        )
        smtp = config.smtp
        unix = [place for place in config.lmtp.listen if isinstance(place, Path)]
        tcp = [place for place in config.lmtp.listen if not isinstance(place, Path)]
        self.smtp = build(_settings(config, looking, listen=smtp.listen, listen_tls=smtp.listen_tls))
        self.lmtp = build(
            _settings(
                config,
                listen=tcp,
                listen_unix=unix,
                socket_mode=config.lmtp.socket_mode,
                # The peer is a mail server of ours, which brings the letters of everybody.
                connections_per_minute=0,
                letters_per_minute=0,
                max_connections_per_peer=smtp.max_connections,
            ),
            session=LmtpSession,
        )
        self.submission = build(
            _settings(config, listen=(), listen_tls=config.submission.listen),
            session=lambda door, host: SubmissionSession(door, host, self._gate),
        )

    def __iter__(self) -> Iterator[SmtpDoor]:
        return iter((self.smtp, self.lmtp, self.submission))

    def named(self) -> Iterator[tuple[str, SmtpDoor]]:
        """The doors with what they are called."""
        return zip(("smtp", "lmtp", "submission"), self, strict=True)

    def wanted(self) -> tuple[str, ...]:
        """The names of those the configuration wants to listen."""
        return tuple(name for name, door in self.named() if _places(door.settings))

    @property
    def certificate_trouble(self) -> str:
        """Why the certificate's files cannot be used as they are now, "" where all is well."""
        return self._certificate.trouble if self._certificate else ""

    def load_certificate(self) -> None:
        """Once, before `start`. BadCertificate."""
        if self._tls.certificate is not None and self._tls.key is not None:
            self._certificate = Certificate(self._tls.certificate, self._tls.key)

    def reload_certificate(self, *, changed_only: bool = False) -> str:
        """Read the certificate's files again; why the old one stays in force, "" where all is well."""
        if self._certificate is None:
            return ""
        self._certificate.reload(changed_only=changed_only)
        return self.certificate_trouble

    async def start(self, sockets: Mapping[str, Sequence[socket]]) -> None:
        """Bind what the configuration says, or take the sockets of a door that were handed over. BadCertificate,
        OSError."""
        given = {name: sockets.get(name, ()) for name in SOCKETS}
        if self._certificate is None and (given["smtps"] or given["submission"]):
            raise BadCertificate("sockets for TLS were handed over, and [tls] names no certificate")
        try:
            await self.smtp.start(given["smtp"], given["smtps"])
            await self.lmtp.start(given["lmtp"])
            await self.submission.start((), given["submission"])
        except OSError:
            await self.stop(0)
            raise

    async def stop(self, grace: float) -> None:
        await asyncio.gather(*(door.stop(grace) for door in self))
        self._gate.close()

    def _context(self) -> ssl.SSLContext | None:
        return None if self._certificate is None else self._certificate.context()


class Proof:
    """Names and passwords to agents."""

    def __init__(self, file: Path, policy: Callable[[], Policy]) -> None:
        self._file = file
        self._policy = policy

    def agent(self, name: str, password: str) -> str:
        """The key of the agent of this name, an address of theirs or the key itself, and this password; else "".

        Names of nobody take as long as those of agents.
        """
        policy = self._policy()
        key = policy.by_email.get(fold(name), fold(name))
        try:
            known = passwords.read(self._file)
        except (OSError, ValueError) as error:
            log.error("nobody can log in: %s", error)
            known = {}
        found = known.get(key) if key in policy.agents else None
        return key if (found or passwords.NOBODY).fits(password) and found is not None else ""


def _places(settings: SmtpSettings) -> int:
    return len(settings.listen) + len(settings.listen_tls) + len(settings.listen_unix)


def _settings(config: Config, looking: float = 0.0, **own: object) -> SmtpSettings:
    """What all doors have in common, and what one has for itself."""
    smtp = config.smtp
    shared: dict[str, object] = {
        "hostname": smtp.hostname,
        "max_size": smtp.max_size,
        "max_recipients": smtp.max_recipients,
        "max_connections": smtp.max_connections,
        "max_connections_per_peer": smtp.max_connections_per_peer,
        "connections_per_minute": smtp.connections_per_minute,
        "letters_per_minute": smtp.letters_per_minute,
        "command_timeout": smtp.command_timeout.total_seconds(),
        "data_timeout": smtp.data_timeout.total_seconds(),
        "session_timeout": smtp.session_timeout.total_seconds(),
        "accept_timeout": KEEPING + looking,
        "slowest": smtp.slowest,
        "proxies": smtp.proxies,
        "announcers": smtp.xclient,
        "known": config.authentication.relays,
    }
    return SmtpSettings(**{**shared, **own})  # type: ignore[arg-type]
