"""The SMTP door: takes the protocol off a letter and says yes when it is kept.

A transaction becomes an `Envelope`, `accept` promises a `Receipt`, and the receipt is
told to the peer as one constant line: 250 only after the commit, 4xx whenever the peer
must keep the letter.

It refuses to know what a letter says, who may write and what a ticket is. `app` builds
it and runs it in its own event loop. Here is what listens and counts; the dialogue with
one peer is `smtp_session`.
"""

from __future__ import annotations

import asyncio
import logging
import socket
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import datetime
from typing import cast

from maild.core.model import Envelope, Receipt
from maild.edges import smtp_replies as replies
from maild.edges.smtp_limits import Crowd, Room
from maild.edges.smtp_session import LINGER, Session

log = logging.getLogger("maild.smtp")

LETTERS_IN_MEMORY = 8  # of the largest size, all sessions together
BACKLOG = 256  # connections the kernel keeps until we look


@dataclass(frozen=True, slots=True, kw_only=True)
class SmtpSettings:
    """Sizes are in octets, times in seconds.

    `command_timeout` is how long a peer may be silent, `data_timeout` how long one letter may
    take in all, `accept_timeout` how long the store may take to say yes.
    """

    hostname: str
    listen: Sequence[tuple[str, int]] = (("127.0.0.1", 8025),)
    max_size: int = 25_000_000
    max_recipients: int = 100
    max_connections: int = 200
    max_connections_per_peer: int = 50
    command_timeout: float = 300.0
    data_timeout: float = 600.0
    accept_timeout: float = 10.0


class SmtpDoor:
    """Listens, greets, and stops without breaking a promise.

    `accept` is called in the event loop and must not block; its future may end in any thread.
    `is_ours` says whether mail to an address is ours to take, postmaster of our domains included.
    `counters` are for health: connections, turned_away, timed_out, recipients_refused, and
    replied_250, replied_451, … for what was said at the end of each letter.
    """

    def __init__(
        self,
        settings: SmtpSettings,
        accept: Callable[[Envelope], Future[Receipt]],
        is_ours: Callable[[str], bool],
        clock: Callable[[], datetime],
    ) -> None:
        self.settings = settings
        self.accept = accept
        self.is_ours = is_ours
        self.clock = clock
        self.counters: Counter[str] = Counter()
        self.crowd = Crowd(settings.max_connections, settings.max_connections_per_peer)
        self.room = Room(LETTERS_IN_MEMORY * settings.max_size)
        self.stopping = False
        self._sessions: set[Session] = set()
        self._servers: list[asyncio.Server] = []
        self._empty = asyncio.Event()

    async def start(self, sockets: Sequence[socket.socket] = ()) -> None:
        """Binds `settings.listen`, or takes `sockets` that are bound already. OSError if that fails."""
        # The library logs what strangers send, one line per command.
        logging.getLogger("mail.log").setLevel(logging.ERROR)
        loop = asyncio.get_running_loop()
        try:
            for bound in sockets:
                self._servers.append(await loop.create_server(self._doorkeeper, sock=bound, backlog=BACKLOG))
            for host, port in () if sockets else self.settings.listen:
                self._servers.append(await loop.create_server(self._doorkeeper, host, port, backlog=BACKLOG))
        except OSError:
            self._close()
            raise

    @property
    def addresses(self) -> tuple[tuple[str, int], ...]:
        """What the door is bound to: host and port, the port the system chose where 0 was asked for."""
        return tuple(bound.getsockname()[:2] for server in self._servers for bound in server.sockets)

    @property
    def open_sessions(self) -> int:
        return len(self._sessions)

    async def stop(self, grace: float) -> None:
        """Takes no new connections, dismisses sessions outside a transaction and waits up to `grace`
        seconds for the others to finish theirs. Whoever is left then is cut off without a 250."""
        self.stopping = True
        # A connection asyncio has taken from the kernel and not yet turned into a transport would hang
        # for ever once its server is closed (an assertion in Server._attach). It gets its turn first.
        loop = asyncio.get_running_loop()
        for server in self._servers:
            for bound in server.sockets:
                loop.remove_reader(bound.fileno())
        await asyncio.sleep(0)
        self._close()
        for session in tuple(self._sessions):
            session.dismiss()
        if await self._all_left(grace):
            return
        log.warning("stopping: %d sessions cut off", len(self._sessions))
        for session in tuple(self._sessions):
            session.cut()
        await self._all_left(LINGER)

    def enter(self, session: Session) -> None:
        self._sessions.add(session)
        self.counters["connections"] += 1

    def leave(self, session: Session) -> None:
        self._sessions.discard(session)
        self.crowd.leave(session.peer)
        if not self._sessions:
            self._empty.set()

    def _doorkeeper(self) -> _Doorkeeper:
        return _Doorkeeper(self)

    def _close(self) -> None:
        for server in self._servers:
            server.close()

    async def _all_left(self, seconds: float) -> bool:
        self._empty.clear()
        try:
            async with asyncio.timeout(seconds):
                while self._sessions:
                    await self._empty.wait()
        except TimeoutError:
            return not self._sessions
        return True


class _Doorkeeper(asyncio.Protocol):
    """Turns a connection away or hands it to a session. Cheap, because floods are."""

    def __init__(self, door: SmtpDoor) -> None:
        self._door = door

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        transport = cast("asyncio.Transport", transport)
        name = transport.get_extra_info("peername")
        peer = str(name[0]).partition("%")[0] if name else ""  # without the zone of a link-local address
        if self._door.stopping or not self._door.crowd.enter(peer):
            self._door.counters["turned_away"] += 1
            transport.write(f"{replies.LEAVING if self._door.stopping else replies.CROWDED}\r\n".encode())
            transport.close()
            return
        session = Session(self._door, peer)
        transport.set_protocol(session)
        session.connection_made(transport)
