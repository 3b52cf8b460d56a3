"""The relay that is a mail server: one letter a transaction, over kept connections.

It refuses to know what a letter is about and when one is tried again; `outbound_choice`
makes it, the courier calls it through `outbound.Relay`.
"""

from __future__ import annotations

import contextlib
import smtplib
import socket
import ssl
import time
from collections.abc import Callable
from pathlib import Path

from maild.edges.outbound import NO_WISHES, Accepted, Answer, Permanent, Temporary, Wishes
from maild.edges.outbound_session import OutOfStep, Session, TlsSession

CONNECT_TIMEOUT = 30.0  # seconds, to connect and for the greetings
COMMAND_TIMEOUT = 300.0  # RFC 5321 section 4.5.3.2: MAIL and RCPT
DOT_TIMEOUT = 600.0  # the same: after the final dot, where giving up early means a second copy
MOST_LETTERS = 100  # over one connection; relays tire of longer ones
IDLE = 60.0  # seconds after which a kept connection is not used again
FRESH = 2.0  # seconds in which it need not be asked whether it lives

# Replies that speak of the relay and not of the letter: it shuts down, or wants a login or TLS we did not give.
_RELAY_CODES = (421, 530, 534, 535, 538)


class _Unused(Exception):
    """A kept connection was lost before anything was said about the letter."""


class _Connection:
    """An SMTP session that is kept for the next letter."""

    def __init__(self, client: Session) -> None:
        self.client = client
        self.letters = 0
        self.kept = False  # it has served another letter
        self.used_at = time.monotonic()

    def lives(self) -> bool:
        """Whether another letter may go this way."""
        rested = time.monotonic() - self.used_at
        if self.letters >= MOST_LETTERS or rested >= IDLE:
            return False
        try:
            self.client.nothing_pending()
            self.client.patience = CONNECT_TIMEOUT
            return rested < FRESH or self.client.noop()[0] == 250
        except (OSError, smtplib.SMTPException):
            return False

    def transact(self, mail_from: str, rcpt: str, raw: bytes, before_dot: Callable[[], None], wishes: Wishes) -> Answer:
        """One mail transaction; OSError or SMTPException where the line is lost before the final dot."""
        commands = self._commands(mail_from, rcpt, len(raw), wishes)
        if commands is None:
            return Permanent(f"{rcpt}: the relay cannot carry addresses beyond ASCII (it offers no SMTPUTF8)")
        self.client.patience = COMMAND_TIMEOUT
        refused = self._begin(commands)
        if refused is None:
            self.client.patience = DOT_TIMEOUT
            self.client.send(_transparent(raw))
            before_dot()
            self.client.nothing_pending()  # a yes said before the dot would be taken for the answer to it
            try:
                self.client.send(b".\r\n")
                code, text = self.client.getreply()
            except (OSError, smtplib.SMTPException) as error:
                self.client.close()
                return Temporary(f"no answer to the final dot: {_trouble(error)}", shaky=True, doubt=True)
            self.letters += 1
            if code // 100 == 2:
                self.used_at = time.monotonic()
                return Accepted(_words(code, text))
            refused = self._refused(code, text)
        self._forget()
        return refused

    def quit(self) -> None:
        with contextlib.suppress(OSError, smtplib.SMTPException):
            self.client.patience = 5.0
            self.client.quit()
        self.client.close()

    def _begin(self, commands: tuple[str, str, str]) -> Answer | None:
        """MAIL, RCPT and DATA, all at once where the relay offers that (RFC 2920); None where it wants the letter."""
        refused: Answer | None = None
        together = self.client.has_extn("pipelining")
        for place, command in enumerate(commands):
            try:
                if not together:
                    self.client.putcmd(command)
                elif place == 0:
                    self.client.send("\r\n".join((*commands, "")))
                code, text = self.client.getreply()
            except (OSError, smtplib.SMTPException):
                if refused is not None:  # it said no, and then it went
                    return refused
                if self.kept and place == 0:
                    raise _Unused from None
                raise
            if code // 100 != (3 if command == "DATA" else 2):
                refused = refused or self._refused(code, text, early=place == 0)
                if not together:
                    break
            elif refused is not None and command == "DATA":  # it waits for text that must not come: hang up
                self.client.close()
        return refused

    def _forget(self) -> None:
        """Be ready for another letter."""
        self.used_at = time.monotonic()
        with contextlib.suppress(OSError, smtplib.SMTPException):
            if self.client.sock is not None:
                self.client.rset()

    def _commands(self, mail_from: str, rcpt: str, size: int, wishes: Wishes) -> tuple[str, str, str] | None:
        """MAIL, RCPT and DATA; None where the letter needs an extension the relay does not have."""
        offered = self.client.has_extn
        mail, to = f"MAIL FROM:<{mail_from}>", f"RCPT TO:<{rcpt}>"
        if offered("size"):
            mail += f" SIZE={size}"
        plain = f"{mail_from}{rcpt}".isascii()
        self.client.command_encoding = "ascii" if plain else "utf-8"
        if not plain:
            if not offered("smtputf8"):
                return None
            mail += " BODY=8BITMIME SMTPUTF8" if offered("8bitmime") else " SMTPUTF8"
        if offered("dsn"):
            mail += " RET=HDRS"  # a bounce need not bring our attachments back
            if wishes.envelope_id:
                mail += f" ENVID={_xtext(wishes.envelope_id)}"
            to += " NOTIFY=FAILURE,DELAY" if wishes.delays else " NOTIFY=FAILURE"
            if plain:  # the other form (RFC 6533) is known to few
                to += f" ORCPT=rfc822;{_xtext(rcpt)}"
        return mail, to, "DATA"

    def _refused(self, code: int, text: bytes, *, early: bool = False) -> Answer:
        """What a reply other than yes means (RFC 5321 section 4.2.1). `early`: it came before the recipient."""
        said = _words(code, text)
        if code in _RELAY_CODES:
            return Temporary(said, relay_trouble=True, reached=code == 421)
        if code // 100 not in (4, 5) or code == 503:  # we and the relay lost step: that is nothing about the letter
            self.client.close()
            return Temporary(said, shaky=True)
        if code >= 500:
            return Permanent(said)
        return Temporary(said, shaky=early or text.startswith(b"4.3."))  # RFC 3463 section 3.4: the mail system itself


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
        self.name = f"{host}:{port}"
        self._host, self._port, self._tls, self._hostname = host, port, tls, hostname or "localhost"
        self._user, self._password, self._ca_file = user, password, ca_file
        self._kept: list[_Connection] = []  # append and pop are atomic, so threads need no lock

    def send(
        self, mail_from: str, rcpt: str, raw: bytes, before_dot: Callable[[], None], wishes: Wishes = NO_WISHES
    ) -> Answer:
        while True:
            try:
                connection = self._connection()
            except (OSError, smtplib.SMTPException) as error:
                return Temporary(f"{self.name}: {_trouble(error)}", relay_trouble=True, reached=False)
            try:
                answer = connection.transact(mail_from, rcpt, raw, before_dot, wishes)
            except _Unused:
                connection.client.close()
                continue
            except (OSError, smtplib.SMTPException) as error:
                connection.client.close()
                return Temporary(f"{self.name}: {_trouble(error)}", shaky=True)
            except BaseException:
                connection.client.close()  # without the final dot the relay forgets the letter
                raise
            if isinstance(answer, Temporary) and answer.relay_trouble:
                connection.quit()
            elif connection.client.sock is not None:
                connection.kept = True
                self._kept.append(connection)
            return answer

    def knock(self) -> str:
        """Connect, greet, log in and leave, as for a letter; what is in the way, "" where nothing is."""
        try:
            connection = _Connection(self._connect())
        except (OSError, smtplib.SMTPException) as error:
            return _trouble(error)
        connection.quit()
        return ""

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

    def _connect(self) -> Session:
        # Made for every connection: certificates and password may be renewed while we run.
        context = ssl.create_default_context(cafile=self._ca_file) if self._tls else None
        client: Session
        if self._tls == "at once":
            client = TlsSession(self._host, self._port, self._hostname, CONNECT_TIMEOUT, context=context)
        else:
            client = Session(self._host, self._port, self._hostname, CONNECT_TIMEOUT)
        try:
            # The final dot is a small packet of its own; Nagle's algorithm would hold it back for 40 ms.
            client.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # type: ignore[union-attr]
            if self._tls == "starttls":
                client.ehlo_or_helo_if_needed()
                client.starttls(context=context)
                client.nothing_pending()  # clear text behind the server's yes was put there by somebody else
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


def _xtext(value: str) -> str:
    """RFC 3461 section 4: what is no printable ASCII, "+" and "=" as +HH."""
    return "".join(c if "!" <= c <= "~" and c not in "+=" else f"+{ord(c):02X}" for c in value)


def _words(code: int, text: bytes) -> str:
    return f"{code} {' '.join(text.decode('utf-8', 'replace').split())}"[:1000]


def _trouble(error: Exception) -> str:
    if isinstance(error, OutOfStep):
        return str(error)[:1000]
    if isinstance(error, smtplib.SMTPResponseException):
        said = error.smtp_error
        return _words(error.smtp_code, said if isinstance(said, bytes) else str(said).encode())
    return f"{type(error).__name__}: {error}"[:1000]
