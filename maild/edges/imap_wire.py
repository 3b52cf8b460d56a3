"""The wire to an IMAP server that may be slow, greedy or hostile.

imapclient and imaplib believe whatever a server announces: a literal of four gigabytes is read
into memory, and an answer may take for ever as long as a byte comes now and then. Here every
command gets an allowance of octets and seconds, and what goes beyond ends the connection. It
refuses to know what is said. `imap_session` speaks through it; one thread owns one client.
"""

from __future__ import annotations

import imaplib
import logging
import socket
import ssl
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Literal

from imapclient import IMAPClient, SocketTimeout

CHUNK = 1 << 16
SMALL_TALK = 1_000_000  # octets an ordinary command's answer may have
SLOWEST = 50_000  # octets a second below which a server is as good as dead
LASTING = frozenset({"READ-ONLY", "READ-WRITE", "BYE", "CAPABILITY", "PREAUTH"})  # answers of more than one command


class Excess(OSError):
    """The server sends what nobody asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wire:
    """Where a server is and how it is reached. Times in seconds."""

    host: str
    port: int
    tls: ssl.SSLContext | None  # None: in the clear
    at_once: bool  # TLS from the first octet; else after STARTTLS, where `tls` is given
    connect_timeout: float
    read_timeout: float


class Line(imaplib.IMAP4):
    """imaplib's protocol over a socket that is read within bounds; imaplib's own `file` stays unused."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._waiting = bytearray()  # received, not yet read
        self.untagged_responses = {}
        self.news = False  # whether the server has told of letters since this was last set
        self.allow()
        super().__init__(wire.host, wire.port)

    def allow(self, octets: int = SMALL_TALK) -> None:
        """What the next command may cost, all its answers together. What the last one left is forgotten."""
        self._octets = octets
        self._until = time.monotonic() + self._wire.read_timeout + octets / SLOWEST
        for kind in self.untagged_responses.keys() - LASTING:
            del self.untagged_responses[kind]

    def _create_socket(self, timeout: float | None = None) -> socket.socket:
        wire = self._wire
        opened = socket.create_connection((wire.host, wire.port), wire.connect_timeout)
        try:
            if wire.tls is not None and wire.at_once:
                opened = wire.tls.wrap_socket(opened, server_hostname=wire.host)
            opened.settimeout(wire.read_timeout)
        except BaseException:
            opened.close()
            raise
        return opened

    def starttls(self, ssl_context: ssl.SSLContext | None = None) -> tuple[Literal["OK"], list[None]]:
        """Nothing that was said before the handshake counts after it (RFC 9051 section 6.2.1)."""
        assert ssl_context is not None
        kind, _ = self._simple_command("STARTTLS")
        if kind != "OK":
            raise self.error("STARTTLS is refused")
        if self._waiting:
            raise Excess("octets in the clear behind the answer to STARTTLS")
        self.sock = ssl_context.wrap_socket(self.sock, server_hostname=self._wire.host)
        self.untagged_responses.clear()
        return "OK", [None]

    def _append_untagged(self, typ: str, dat: Any) -> None:
        """An announcement may come with the answer to any command, and comes once (RFC 9051 section 5.2)."""
        self.news = self.news or typ == "EXISTS"
        super()._append_untagged(typ, dat)  # type: ignore[misc]

    def begin_idle(self) -> bytes:
        """Send IDLE and wait until it has begun; its tag."""
        tag: bytes = self._command("IDLE")
        while self._get_response() is not None:
            if self.tagged_commands[tag]:
                raise self.error("IDLE is refused")
        return tag

    def readline(self) -> bytes:
        start = 0
        while (end := self._waiting.find(b"\n", start)) < 0:
            start = len(self._waiting)
            if not self._receive():
                return self._taken(start)
        return self._taken(end + 1)

    def read(self, size: int) -> bytes:
        if size > self._octets + len(self._waiting):
            raise Excess("a literal larger than anything asked for")
        while len(self._waiting) < size:
            if not self._receive():
                raise self.abort("socket error: EOF")
        return self._taken(size)

    @property
    def heard(self) -> bool:
        """Whether octets wait here or in the TLS layer; those that wait in the kernel `poll` tells."""
        return bool(self._waiting) or (isinstance(self.sock, ssl.SSLSocket) and self.sock.pending() > 0)

    def _receive(self) -> bool:
        """One more piece; False when the server has hung up."""
        if time.monotonic() > self._until:
            raise TimeoutError("the answer takes too long")
        piece = self.sock.recv(CHUNK)
        self._octets -= len(piece)
        if self._octets < 0:
            raise Excess("an answer longer than anything asked for")
        self._waiting += piece
        return bool(piece)

    def _taken(self, size: int) -> bytes:
        taken = bytes(self._waiting[:size])
        del self._waiting[:size]
        return taken


class Client(IMAPClient):
    """imapclient over a `Line`. Not safe for threads, but `cut` may be called by any."""

    def __init__(self, wire: Wire) -> None:
        # The library would log every line of the conversation, tokens too, for whoever turns logging up.
        logging.getLogger("imapclient").setLevel(logging.WARNING)
        self._wire = wire
        times = SocketTimeout(wire.connect_timeout, wire.read_timeout)
        super().__init__(wire.host, wire.port, ssl=wire.at_once, ssl_context=wire.tls, timeout=times)  # type: ignore[arg-type]
        self._imap.debug = 0

    def _create_IMAP4(self) -> Line:  # noqa: N802 - the library's name
        return Line(self._wire)

    def allow(self, octets: int = SMALL_TALK) -> None:
        """See Line."""
        self._imap.allow(octets)

    @property
    def encrypted(self) -> bool:
        return isinstance(self._imap.sock, ssl.SSLSocket)

    @property
    def preauthenticated(self) -> bool:
        return "PREAUTH" in self._imap.untagged_responses

    @property
    def heard(self) -> bool:
        """See Line."""
        return bool(self._imap.heard)

    def has_news(self) -> bool:
        """Whether letters were announced after `forget_news`."""
        return bool(self._imap.news)

    def forget_news(self) -> None:
        self._imap.news = False

    def idle(self) -> None:
        """As the library's, but other answers may come before the one that begins IDLE (RFC 9051 section 7)."""
        self._idle_tag = self._imap.begin_idle()

    def rights(self, folder: str) -> str:
        """Our rights on a folder, one letter each (RFC 4314 section 3.5)."""
        _, answers = self._imap.myrights(self._normalise_folder(folder))
        words = (answers[0] or b"").split() if answers else []
        return words[-1].decode("ascii", "replace").strip('"') if words else ""

    def quotas(self, folder: str) -> list[tuple[str, int, int]]:
        """Resource, what is used of it, and its limit, for each quota on a folder (RFC 9208)."""
        _, found = self.get_quota_root(self._normalise_folder(folder))
        return [(str(quota.resource), int(quota.usage), int(quota.limit)) for quota in found]

    def cut(self) -> None:
        """End the connection under whoever is waiting for an answer."""
        with suppress(OSError):  # it may have ended already
            self._imap.sock.shutdown(socket.SHUT_RDWR)
