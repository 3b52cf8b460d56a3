"""Between a connection and its session: who it is, whether there is room, and TLS where that comes first.

Cheap, because floods are. It refuses to know what is said inside; a door makes one for each
connection, and it makes the session.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, cast

from maild.edges import smtp_proxy
from maild.edges.smtp_connection import HANDSHAKE

if TYPE_CHECKING:
    from maild.edges.smtp import SmtpDoor

log = logging.getLogger("maild.smtp")

PATIENCE = 10.0  # seconds in which a balancer must have said whom it brings


class Entrance(asyncio.BufferedProtocol):
    """Reads a PROXY header where one is due, turns the connection away or hands it to a session."""

    def __init__(self, door: SmtpDoor, *, tls: bool) -> None:
        self._door = door
        self._tls = tls
        self._header = bytearray()
        self._buffer = bytearray()
        self._timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        name = transport.get_extra_info("peername")
        # Without the zone of a link-local address. A UNIX socket has no name.
        self._host = str(name[0]).partition("%")[0] if isinstance(name, tuple) else ""
        if self._door.expects_proxy(self._host):
            self._timer = asyncio.get_running_loop().call_later(PATIENCE, self._transport.abort)
        else:
            self._admit(self._host)

    def connection_lost(self, _error: Exception | None) -> None:
        if self._timer is not None:
            self._timer.cancel()

    # ------------------------------------------------------------- the PROXY header

    def get_buffer(self, _sizehint: int) -> bytearray:
        self._buffer = bytearray(smtp_proxy.wanted(self._header) or 1)
        return self._buffer

    def buffer_updated(self, octets: int) -> None:
        self._header += self._buffer[:octets]
        try:
            if smtp_proxy.wanted(self._header):
                return
            source = smtp_proxy.source(bytes(self._header))
        except smtp_proxy.BadHeader as error:
            self._door.counters["turned_away"] += 1
            log.error("%s: no PROXY header, though it is listed in proxies: %s", self._host, error)
            self._transport.abort()
            return
        if self._timer is not None:
            self._timer.cancel()
        self._admit(self._host if source is None else source)

    # ------------------------------------------------------------- inside

    def _admit(self, host: str) -> None:
        refusal = self._door.refusal(host)
        if refusal:
            self._door.counters["turned_away"] += 1
            if not self._tls:
                self._transport.write(f"{refusal}\r\n".encode())
            self._transport.close()
        elif self._tls:
            self._door.keep(asyncio.get_running_loop().create_task(self._secure(host)))
        else:
            session = self._door.session(self._door, host)
            self._transport.set_protocol(session)
            session.connection_made(self._transport)

    async def _secure(self, host: str) -> None:
        """TLS, then the session."""
        context, early = self._door.tls(), _Early()
        secured = None
        try:
            if context is not None:
                secured = await asyncio.get_running_loop().start_tls(
                    self._transport, early, context, server_side=True, ssl_handshake_timeout=HANDSHAKE
                )
        except OSError as error:
            self._door.counters["tls_failed"] += 1
            log.info("%s: no TLS: %s", host, error)
        finally:
            if secured is None or early.over:
                self._door.crowd.leave(host)
                self._transport.abort()
        if secured is None or early.over:
            return
        session = self._door.session(self._door, host)
        session.secure = True
        secured.set_protocol(session)
        session.connection_made(secured)
        if early.data:
            session.data_received(bytes(early.data))


class _Early(asyncio.Protocol):
    """Keeps what comes in the moment between the handshake and the session."""

    def __init__(self) -> None:
        self.data = bytearray()
        self.over = False

    def data_received(self, data: bytes) -> None:
        self.data += data

    def eof_received(self) -> None:
        self.over = True

    def connection_lost(self, _error: Exception | None) -> None:
        self.over = True
