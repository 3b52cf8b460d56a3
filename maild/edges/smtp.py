"""The SMTP door: takes the protocol off a letter and says yes when it is kept.

A transaction becomes an `Envelope`, `accept` promises a `Receipt`, and the receipt is
told to the peer as one constant line: 250 only after the commit, 4xx whenever the peer
must keep the letter. LMTP and submission are doors of the same make with another session.

It refuses to know what a letter says, who may write and what a ticket is. `doors` builds
it, `app` runs it in its own event loop. Here is what listens and counts; the dialogue with
one peer is `smtp_session`.
"""

from __future__ import annotations

import asyncio
import logging
import socket
import ssl
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path

from maild.core.model import Envelope, Receipt
from maild.edges import smtp_replies as replies
from maild.edges.smtp_connection import LINGER, Connection
from maild.edges.smtp_entrance import Entrance
from maild.edges.smtp_limits import Crowd, Rate, Room, is_among
from maild.edges.smtp_session import Session
from maild.edges.smtp_sockets import bound_unix

log = logging.getLogger("maild.smtp")

LETTERS_IN_MEMORY = 8  # of the largest size, all sessions together
BACKLOG = 256  # connections the kernel keeps until we look

Networks = Sequence[IPv4Network | IPv6Network]


@dataclass(frozen=True, slots=True, kw_only=True)
class SmtpSettings:
    """Sizes are in octets, times in seconds.

    `listen_tls` speaks TLS from the first octet; `listen` offers it. `command_timeout` is how long a peer may
    be silent, `data_timeout` how long one letter may take in all, and `slowest` how many octets of it must come
    in a second, `session_timeout` when a peer must call again, `accept_timeout` how long the store may take to
    say yes. `proxies` are balancers that begin with a PROXY header, `announcers` servers that may say for whom
    they speak, and what comes from `known` is not counted by the minute.
    """

    hostname: str
    listen: Sequence[tuple[str, int]] = (("127.0.0.1", 8025),)
    listen_tls: Sequence[tuple[str, int]] = ()
    listen_unix: Sequence[Path] = ()
    socket_mode: int = 0o660
    max_size: int = 25_000_000
    max_recipients: int = 100
    max_connections: int = 200
    max_connections_per_peer: int = 50
    connections_per_minute: int = 0
    letters_per_minute: int = 0
    command_timeout: float = 300.0
    data_timeout: float = 600.0
    session_timeout: float = 3600.0
    accept_timeout: float = 10.0
    slowest: int = 500
    proxies: Networks = ()
    announcers: Networks = ()
    known: Networks = ()


class SmtpDoor:
    """Listens, greets, and stops without breaking a promise.

    `accept` must not wait; it is called in the event loop, for large letters in a thread. Its future may end in any.
    `is_ours` says whether mail to an address is ours to take, postmaster of our domains included.
    `tls` gives what to speak TLS with, None where there is no certificate; `session` makes the dialogue.
    `counters` are for health: connections, turned_away, timed_out, overstayed, tls_failed, injected,
    put_off, recipients_refused, and replied_250, replied_451, … for what was said at the end of each letter.
    """

    def __init__(
        self,
        settings: SmtpSettings,
        accept: Callable[[Envelope], Future[Receipt]],
        is_ours: Callable[[str], bool],
        clock: Callable[[], datetime],
        *,
        tls: Callable[[], ssl.SSLContext | None] = lambda: None,
        session: Callable[[SmtpDoor, str], Session] = Session,
        room: Room | None = None,
    ) -> None:
        self.settings = settings
        self.accept = accept
        self.is_ours = is_ours
        self.clock = clock
        self.tls = tls
        self.session = session
        self.counters: Counter[str] = Counter()
        self.crowd = Crowd(settings.max_connections, settings.max_connections_per_peer)
        self.room = room or Room(LETTERS_IN_MEMORY * settings.max_size)
        self.heavy = asyncio.Lock()  # large letters are worked on one after the other, so that the small ones get by
        self.stopping = False
        self._calls = Rate(settings.connections_per_minute)
        self._letters = Rate(settings.letters_per_minute)
        self._sessions: set[Connection] = set()
        self._handshakes: set[asyncio.Task[None]] = set()
        self._servers: list[asyncio.Server] = []
        self._paths: dict[str, str] = {}  # of UNIX sockets, by the name they were bound under
        self._empty = asyncio.Event()

    async def start(self, sockets: Sequence[socket.socket] = (), tls_sockets: Sequence[socket.socket] = ()) -> None:
        """Binds what the settings say, or takes `sockets` that are bound already. OSError if that fails."""
        # The library logs what strangers send, one line per command.
        logging.getLogger("mail.log").setLevel(logging.ERROR)
        loop, given = asyncio.get_running_loop(), bool(sockets or tls_sockets)
        plain, secured = partial(Entrance, self, tls=False), partial(Entrance, self, tls=True)
        try:
            for entrance, bound in [(plain, one) for one in sockets] + [(secured, one) for one in tls_sockets]:
                self._servers.append(await loop.create_server(entrance, sock=bound, backlog=BACKLOG))
            if given:
                return
            for entrance, places in ((plain, self.settings.listen), (secured, self.settings.listen_tls)):
                for host, port in places:
                    self._servers.append(await loop.create_server(entrance, host, port, backlog=BACKLOG))
            for path in self.settings.listen_unix:
                bound = bound_unix(path, self.settings.socket_mode)
                self._paths[bound.getsockname()] = str(path)
                self._servers.append(await loop.create_unix_server(plain, sock=bound, backlog=BACKLOG))
        except OSError:
            self._close()
            raise

    @property
    def addresses(self) -> tuple[tuple[str, int], ...]:
        """Hosts and ports the door is bound to, the port the system chose where 0 was asked for; no UNIX sockets."""
        names = [bound.getsockname() for server in self._servers for bound in server.sockets]
        return tuple(name[:2] for name in names if isinstance(name, tuple))

    @property
    def bound(self) -> tuple[str, ...]:
        """Every place the door is bound to, in words: "127.0.0.1:25", the path of a UNIX socket."""
        names = [bound.getsockname() for server in self._servers for bound in server.sockets]
        return tuple(
            f"{name[0]}:{name[1]}" if isinstance(name, tuple) else self._paths.get(name, str(name)) for name in names
        )

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
        for handshake in tuple(self._handshakes):
            handshake.cancel()
        for session in tuple(self._sessions):
            session.dismiss()
        if await self._all_left(grace):
            return
        log.warning("stopping: %d sessions cut off", len(self._sessions))
        for session in tuple(self._sessions):
            session.cut()
        await self._all_left(LINGER)

    # ------------------------------------------------------------- asked by entrances and sessions

    def expects_proxy(self, host: str) -> bool:
        """Whether whoever connects from there begins with a PROXY header."""
        return is_among(host, self.settings.proxies)

    def listens_to(self, host: str) -> bool:
        """Whether a peer there may say for whom it speaks. Whoever reaches a UNIX socket is one of us."""
        return not host or is_among(host, self.settings.announcers)

    def refusal(self, host: str) -> str:
        """Why there is no place for a connection from there now; "": there is one, to be given back to the crowd."""
        if self.stopping:
            return replies.LEAVING
        if not is_among(host, self.settings.known) and not self._calls.take(host, self._now()):
            return replies.HURRIED
        return "" if self.crowd.enter(host) else replies.CROWDED

    def may_send(self, peer: str) -> bool:
        """Whether a letter from there may come now; then it is counted."""
        if is_among(peer, self.settings.known) or self._letters.take(peer, self._now()):
            return True
        self.counters["put_off"] += 1
        return False

    def keep(self, handshake: asyncio.Task[None]) -> None:
        self._handshakes.add(handshake)
        handshake.add_done_callback(self._handshakes.discard)

    def enter(self, session: Connection) -> None:
        self._sessions.add(session)
        self.counters["connections"] += 1

    def leave(self, session: Connection) -> None:
        self._sessions.discard(session)
        self.crowd.leave(session.host)
        if not self._sessions:
            self._empty.set()

    def _now(self) -> float:
        return asyncio.get_running_loop().time()

    def _close(self) -> None:
        for server in self._servers:
            server.close()
        for path in self.settings.listen_unix if self._servers else ():
            with suppress(OSError):
                path.unlink()

    async def _all_left(self, seconds: float) -> bool:
        self._empty.clear()
        try:
            async with asyncio.timeout(seconds):
                while self._sessions:
                    await self._empty.wait()
        except TimeoutError:
            return not self._sessions
        return True
