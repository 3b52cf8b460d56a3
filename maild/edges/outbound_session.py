"""An SMTP client that no server can hold for ever, fill up or lead out of step.

smtplib with its reading replaced: a reply has one time limit for all of it, a bounded
length, and must answer what was asked. Whatever else arrives ends the session as a lost line
does. It refuses to know what is sent; `outbound_smtp` speaks through it.
"""

from __future__ import annotations

import select
import smtplib
import socket
import ssl
import time
from typing import Any

MOST_REPLY = 64 * 1024  # octets of one reply; an EHLO with every extension there is has 2,000
LONGEST_LINE = 8192  # octets; RFC 5321 section 4.5.3.1.5 says 512, smtplib takes as much as this


class OutOfStep(smtplib.SMTPServerDisconnected):
    """The server said something that answers nothing we asked; what it says next cannot be understood."""


class Session(smtplib.SMTP):
    """`patience` is how many seconds a command and its whole reply may take."""

    def __init__(self, host: str, port: int, hostname: str, patience: float, **more: Any) -> None:
        self.patience = patience
        self._read = b""
        super().__init__(host, port, hostname, timeout=patience, **more)

    def getreply(self) -> tuple[int, bytes]:
        """The next reply: its code, and its text with line feeds between the lines."""
        until = time.monotonic() + self.patience
        room = MOST_REPLY
        texts: list[bytes] = []
        code = b""
        while True:
            line = self._line(until)
            room -= len(line)
            if room < 0:
                raise self._lost(OutOfStep("a reply without end"))
            if not line[:3].isdigit() or line[3:4] not in (b" ", b"-", b"\r", b"\n") or line[:3] != (code or line[:3]):
                raise self._lost(OutOfStep(f"no reply: {line[:100]!r}"))
            code = line[:3]
            texts.append(line[4:].strip(b" \t\r\n"))
            if line[3:4] != b"-":
                return int(code), b"\n".join(texts)

    def nothing_pending(self) -> None:
        """OutOfStep where the server has spoken, or hung up, without being asked."""
        heard = self._read or self._overheard()
        if heard is not None:
            raise self._lost(OutOfStep(f"it spoke out of turn: {heard[:100]!r}" if heard else "it has hung up"))

    def send(self, s: Any) -> None:
        self._wait_at_most(self.patience)
        super().send(s)

    def _line(self, until: float) -> bytes:
        rest = self.patience
        while b"\n" not in self._read:
            if self.sock is None or rest <= 0:
                raise self._lost(TimeoutError("timed out"))
            if len(self._read) > LONGEST_LINE:
                raise self._lost(OutOfStep("a line without end"))
            self._wait_at_most(rest)
            try:
                more = self.sock.recv(4096)
            except OSError as error:
                raise self._lost(error) from None
            if not more:
                raise self._lost(smtplib.SMTPServerDisconnected("Connection unexpectedly closed"))
            self._read += more
            rest = until - time.monotonic()
        line, _, self._read = self._read.partition(b"\n")
        return line + b"\n"

    def _wait_at_most(self, seconds: float) -> None:
        if self.sock is not None and self.sock.gettimeout() != seconds:  # setting it is a system call
            self.sock.settimeout(seconds)

    def _overheard(self) -> bytes | None:
        """What has arrived by now, b"" for the end of the line; None: nothing."""
        if self.sock is None:
            return b""
        if not _readable(self.sock):
            return None
        self.sock.settimeout(0)
        try:
            return self.sock.recv(100)
        except (BlockingIOError, ssl.SSLWantReadError):  # of TLS itself, such as a session ticket
            return None
        except OSError:
            return b""

    def _lost(self, error: Exception) -> Exception:
        self.close()
        return error


class TlsSession(Session, smtplib.SMTP_SSL):
    """The same, with TLS from the start."""


def _readable(sock: socket.socket) -> bool:
    poll = select.poll()
    poll.register(sock, select.POLLIN)
    return bool(poll.poll(0))
