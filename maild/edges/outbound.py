"""Relays: the ways a finished letter leaves the house, and nothing else.

A relay takes one letter for one recipient and says what became of it. It refuses to know
what a letter is about, which go first and when one is tried again: that is the courier's
(edges.courier), the only caller. `relay` chooses one by the configuration.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import smtplib
import socket
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

CONNECT_TIMEOUT = 30.0  # seconds, to connect and for the greetings
COMMAND_TIMEOUT = 300.0  # RFC 5321 section 4.5.3.2: MAIL and RCPT
DOT_TIMEOUT = 600.0  # the same: after the final dot, where giving up early means a second copy
MOST_LETTERS = 100  # over one connection; relays tire of longer ones
IDLE = 60.0  # seconds after which a kept connection is not used again

# Replies that speak of the relay and not of the letter: it shuts down, or wants a login or TLS we did not give.
_RELAY_CODES = (421, 530, 534, 535, 538)


@dataclass(frozen=True, slots=True)
class Accepted:
    """The relay has the letter and is responsible for it now. `reply` is what it said."""

    reply: str


@dataclass(frozen=True, slots=True)
class Temporary:
    """Not now. `relay_trouble`: nothing could be sent there at present, so the others need not try."""

    reply: str
    relay_trouble: bool = False
    reached: bool = True  # the relay may have said so because of this very letter


@dataclass(frozen=True, slots=True)
class Permanent:
    """Never: the relay refuses this letter for good."""

    reply: str


Answer = Accepted | Temporary | Permanent


class Relay(Protocol):
    """Takes letters; safe to use from `connections` threads at once."""

    connections: int

    def send(self, mail_from: str, rcpt: str, raw: bytes, before_dot: Callable[[], None]) -> Answer:
        """Hand over one letter (CR LF, dots not doubled) for one recipient.

        `before_dot` is called at the last moment at which nothing has been handed over yet;
        if it raises, nothing is. Errors of the network are answers, not exceptions.
        """
        ...

    def close(self) -> None:
        """Let go of everything that is kept open."""
        ...


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
    def relay(self) -> Target: ...
    @property
    def hostname(self) -> str: ...
    @property
    def ca_file(self) -> Path | None: ...
    @property
    def connections(self) -> int: ...


def relay(settings: Settings, password: Callable[[], str]) -> Relay:
    """The relay of this configuration. Nothing is opened before the first letter.

    `password` is asked at each login, so that a renewed one is seen; it raises OSError where it cannot tell.
    """
    target = settings.relay
    if target.scheme == "maildir":
        return MaildirRelay(target.path, connections=settings.connections)
    return SmtpRelay(
        target.host,
        target.port,
        tls={"smtp": "", "smtps": "at once", "smtp+starttls": "starttls"}[target.scheme],
        hostname=settings.hostname,
        user=target.user,
        password=password,
        ca_file=settings.ca_file,
        connections=settings.connections,
    )


# --------------------------------------------------------------------- Maildir


class MaildirRelay:
    """Puts letters into a Maildir, for a test, a first look or another program to carry on.

    Each file begins with Return-Path and Delivered-To, as a local delivery would write them,
    and has the line ends of the machine. The names sort in the order of delivery.
    """

    def __init__(self, directory: Path, *, connections: int = 4) -> None:
        self.connections = connections
        self._directory = directory
        self._counter = itertools.count(1)
        self._host = socket.gethostname().replace("/", "_").replace(":", "_")

    def send(self, mail_from: str, rcpt: str, raw: bytes, before_dot: Callable[[], None]) -> Answer:
        head = f"Return-Path: <{mail_from}>\nDelivered-To: {rcpt}\n".encode()
        name = self._name()
        try:
            self._write_down(name, head + raw.replace(b"\r\n", b"\n"))
        except OSError as error:
            return Temporary(f"{self._directory}: {error}", relay_trouble=True, reached=False)
        try:
            before_dot()
            (self._directory / "tmp" / name).rename(self._directory / "new" / name)
            _sync_directory(self._directory / "new")
        except OSError as error:
            return Temporary(f"{self._directory}: {error}", relay_trouble=True)
        finally:
            (self._directory / "tmp" / name).unlink(missing_ok=True)
        return Accepted(f"written to new/{name}")

    def close(self) -> None:
        """Nothing is kept open."""

    def _write_down(self, name: str, content: bytes) -> None:
        """Write a file below tmp that survives a power cut; the Maildir is made where there is none."""
        path = self._directory / "tmp" / name
        try:
            file = path.open("xb")
        except FileNotFoundError:
            for part in ("tmp", "new", "cur"):
                (self._directory / part).mkdir(parents=True, exist_ok=True)
            file = path.open("xb")
        with file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())

    def _name(self) -> str:
        at = time.time_ns() // 1000
        return f"{at // 1_000_000}.M{at % 1_000_000:06d}P{os.getpid()}Q{next(self._counter):08d}.{self._host}"


def _sync_directory(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


# --------------------------------------------------------------------- SMTP


class _Connection:
    """An SMTP session that is kept for the next letter."""

    def __init__(self, client: smtplib.SMTP) -> None:
        self.client = client
        self.letters = 0
        self.used_at = time.monotonic()

    def lives(self) -> bool:
        """Whether another letter may go this way."""
        rested = time.monotonic() - self.used_at
        if self.letters >= MOST_LETTERS or rested >= IDLE:
            return False
        try:
            self._timeout(CONNECT_TIMEOUT)
            return self.client.noop()[0] == 250
        except (OSError, smtplib.SMTPException):
            return False

    def transact(self, mail_from: str, rcpt: str, raw: bytes, before_dot: Callable[[], None]) -> Answer:
        """One mail transaction; OSError or SMTPException where the line is lost."""
        self._timeout(COMMAND_TIMEOUT)
        options = self._options(mail_from, rcpt, raw)
        if options is None:
            return Permanent(f"{rcpt}: the relay cannot carry addresses beyond ASCII (it offers no SMTPUTF8)")
        for command in (f"MAIL FROM:<{mail_from}>{options}", f"RCPT TO:<{rcpt}>", "DATA"):
            code, text = self.client.docmd(command)
            if code not in ((354,) if command == "DATA" else (250, 251)):
                answer = _refusal(code, text)
                self._reset()
                return answer
        self.client.send(_transparent(raw))
        before_dot()
        self._timeout(DOT_TIMEOUT)
        self.client.send(b".\r\n")
        code, text = self.client.getreply()
        self.letters += 1
        self.used_at = time.monotonic()
        return Accepted(_words(code, text)) if 200 <= code < 300 else _refusal(code, text)

    def quit(self) -> None:
        with contextlib.suppress(OSError, smtplib.SMTPException):
            self._timeout(5.0)
            self.client.quit()
        self.client.close()

    def _options(self, mail_from: str, rcpt: str, raw: bytes) -> str | None:
        """Parameters of MAIL; None where the letter needs an extension the relay does not have."""
        options = f" SIZE={len(raw)}" if self.client.has_extn("size") else ""
        if self.client.has_extn("dsn"):
            options += " RET=HDRS"  # a bounce need not bring our attachments back
        self.client.command_encoding = "ascii"
        if f"{mail_from}{rcpt}".isascii():
            return options
        if not self.client.has_extn("smtputf8"):
            return None
        self.client.command_encoding = "utf-8"
        return f"{options} BODY=8BITMIME SMTPUTF8"

    def _reset(self) -> None:
        self.used_at = time.monotonic()
        with contextlib.suppress(OSError, smtplib.SMTPException):
            self.client.rset()

    def _timeout(self, seconds: float) -> None:
        if self.client.sock is not None:
            self.client.sock.settimeout(seconds)


class SmtpRelay:
    """Hands letters to a mail server over kept connections, one recipient a transaction."""

    def __init__(
        self,
        host: str,
        port: int,
        *,
        tls: str = "",  # "", "at once" or "starttls"
        hostname: str = "localhost",  # said in EHLO; smtplib would ask the DNS, which may hang
        user: str = "",  # "": no login
        password: Callable[[], str] = str,
        ca_file: Path | None = None,
        connections: int = 4,
    ) -> None:
        self.connections = connections
        self._host, self._port, self._tls, self._hostname = host, port, tls, hostname or "localhost"
        self._user, self._password, self._ca_file = user, password, ca_file
        self._kept: list[_Connection] = []  # append and pop are atomic, so threads need no lock

    def send(self, mail_from: str, rcpt: str, raw: bytes, before_dot: Callable[[], None]) -> Answer:
        try:
            connection = self._connection()
        except (OSError, smtplib.SMTPException) as error:
            return Temporary(f"{self._host}:{self._port}: {_trouble(error)}", relay_trouble=True, reached=False)
        try:
            answer = connection.transact(mail_from, rcpt, raw, before_dot)
        except (OSError, smtplib.SMTPException) as error:
            connection.client.close()
            return Temporary(f"{self._host}:{self._port}: {_trouble(error)}")
        except BaseException:
            connection.client.close()  # without the final dot the relay forgets the letter
            raise
        if isinstance(answer, Temporary) and answer.relay_trouble:
            connection.quit()
        else:
            self._kept.append(connection)
        return answer

    def close(self) -> None:
        """Say goodbye on every kept connection."""
        while self._kept:
            self._kept.pop().quit()

    def _connection(self) -> _Connection:
        while True:
            try:
                connection = self._kept.pop()
            except IndexError:
                return _Connection(self._connect())
            if connection.lives():
                return connection
            connection.quit()

    def _connect(self) -> smtplib.SMTP:
        # Made for every connection: certificates and password may be renewed while we run.
        context = ssl.create_default_context(cafile=self._ca_file) if self._tls else None
        client: smtplib.SMTP
        if self._tls == "at once":
            client = smtplib.SMTP_SSL(self._host, self._port, self._hostname, timeout=CONNECT_TIMEOUT, context=context)
        else:
            client = smtplib.SMTP(self._host, self._port, self._hostname, timeout=CONNECT_TIMEOUT)
        try:
            # The final dot is a small packet of its own; Nagle's algorithm would hold it back for 40 ms.
            client.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # type: ignore[union-attr]
            if self._tls == "starttls":
                client.ehlo_or_helo_if_needed()
                client.starttls(context=context)
            client.ehlo_or_helo_if_needed()
            if self._user:
                client.login(self._user, self._password())
        except BaseException:
            client.close()
            raise
        return client


def _transparent(raw: bytes) -> bytes:
    """The letter with dots doubled at the beginning of lines (RFC 5321 section 4.5.2), ending with a line end."""
    doubled = (b"\r\n" + raw).replace(b"\r\n.", b"\r\n..")[2:]
    return doubled if doubled.endswith(b"\r\n") else doubled + b"\r\n"


def _refusal(code: int, text: bytes) -> Answer:
    """What a reply other than yes means (RFC 5321 section 4.2.1)."""
    said = _words(code, text)
    if code in _RELAY_CODES:
        return Temporary(said, relay_trouble=True, reached=code == 421)
    # 503 says that we and the relay lost step: that is nothing about the letter.
    return Permanent(said) if 500 <= code < 600 and code != 503 else Temporary(said)


def _words(code: int, text: bytes) -> str:
    return f"{code} {' '.join(text.decode('utf-8', 'replace').split())}"[:1000]


def _trouble(error: Exception) -> str:
    if isinstance(error, smtplib.SMTPResponseException):
        said = error.smtp_error
        return _words(error.smtp_code, said if isinstance(said, bytes) else str(said).encode())
    return f"{type(error).__name__}: {error}"[:1000]
