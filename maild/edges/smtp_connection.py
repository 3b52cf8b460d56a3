"""One connection to a door: who is at its other end, how long it may last, what is under it.

It is aiosmtpd's reader and writer of lines with our own clocks, last words and way into TLS. It
refuses to know what commands mean and what becomes of a letter; `smtp_session` and the dialects
built on it do.
"""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from collections.abc import Mapping
from typing import TYPE_CHECKING, cast

from aiosmtpd.smtp import SMTP
from aiosmtpd.smtp import Envelope as Transaction
from aiosmtpd.smtp import Session as Greeting

from maild.edges import smtp_replies as replies

if TYPE_CHECKING:
    from maild.edges.smtp import SmtpDoor

log = logging.getLogger("maild.smtp")

MAX_COMMAND = 2048  # octets of a command line; RFC 5321 says 512, which SRS, VERP and SMTPUTF8 paths outgrow
READ_AHEAD = 1 << 16  # octets; a session outside DATA never buffers more than a few times this
MAX_ERRORS = 20  # 5xx replies since the last letter taken
LINGER = 5.0  # seconds a peer gets to read our last reply
HANDSHAKE = 30.0  # seconds until TLS must stand
MAX_CALLS: Mapping[str, int] = {"*": 20, "NOOP": 100} | dict.fromkeys(
    ("MAIL", "RCPT", "DATA", "RSET", "XCLIENT", "XFORWARD"), 1 << 62
)  # per session


class Connection(SMTP):
    """`host` is who connected, and is counted; `peer` whom the letters are from, as far as we may know."""

    line_length_limit = READ_AHEAD
    command_size_limit = MAX_COMMAND
    most_errors = MAX_ERRORS

    def __init__(self, door: SmtpDoor, host: str, *, ident: str) -> None:
        settings = door.settings
        super().__init__(
            self,  # it handles its own commands
            data_size_limit=settings.max_size,
            enable_SMTPUTF8=True,
            hostname=settings.hostname,
            ident=ident,
            timeout=settings.command_timeout,
            command_call_limit=dict(MAX_CALLS),
            loop=asyncio.get_running_loop(),
        )
        # The library shares one table among all sessions, and each new session empties it.
        self.command_size_limits = defaultdict(lambda: MAX_COMMAND)
        self.host = self.peer = host
        self.secure = False  # TLS is under it
        self._door = door
        self._errors = 0
        self._taking = False  # a letter is coming in
        self._overdue = False  # its time is up, and it may only finish its letter
        self._gone = False
        self._lifetime: asyncio.TimerHandle | None = None

    # ------------------------------------------------------------- coming and going

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self._door.enter(self)
        self._lifetime = self.loop.call_later(self._door.settings.session_timeout, self._time_is_up)
        self._dialogue.add_done_callback(_note_end)

    def connection_lost(self, error: Exception | None) -> None:
        if self._gone:
            return
        self._gone = True
        if self._lifetime is not None:
            self._lifetime.cancel()
        super().connection_lost(error)
        self._door.leave(self)

    def dismiss(self) -> None:
        """Ends the session unless a transaction is open; then it ends with that."""
        if self._transaction.mail_from is None:
            self._last_word(replies.LEAVING)

    def cut(self) -> None:
        """Ends the session here and now, without a word."""
        self._dialogue.cancel()
        if self.transport is not None:
            cast("asyncio.Transport", self.transport).abort()

    def _timeout_cb(self) -> None:
        """Says why before it closes, which RFC 5321 section 3.8 asks for and the library does not."""
        self._door.counters["timed_out"] += 1
        self._last_word(replies.TIMED_OUT)

    def _time_is_up(self) -> None:
        """Nobody keeps a place for ever; a letter that is coming in has a limit of its own and may finish."""
        self._door.counters["overstayed"] += 1
        self._overdue = True
        if not self._taking:
            self._last_word(replies.OVERSTAYED)

    def _last_word(self, reply: str) -> None:
        if self.transport is not None and not self.transport.is_closing():
            cast("asyncio.Transport", self.transport).write(f"{reply}\r\n".encode())
        self._hang_up()

    def _hang_up(self) -> None:
        """Closes behind what was written. Nothing pipelined is worked any more, and a peer that never
        reads cannot hold the connection."""
        self._dialogue.cancel()
        if self.transport is not None:
            transport = cast("asyncio.Transport", self.transport)
            transport.close()
            self.loop.call_later(LINGER, transport.abort)

    @property
    def _dialogue(self) -> asyncio.Task[None]:
        return cast("asyncio.Task[None]", self._handler_coroutine)

    @property
    def _transaction(self) -> Transaction:
        return cast("Transaction", self.envelope)

    @property
    def _greeting(self) -> Greeting:
        return cast("Greeting", self.session)

    # ------------------------------------------------------------- replies

    async def push(self, status: str | bytes) -> None:
        """Adds the enhanced code where the library has none (bytes go out as they are), counts errors, and
        ends the session after a 421 or, when no transaction is open, where it is to end."""
        if isinstance(status, str):
            status = replies.with_code(status).encode()
        self._errors += status.startswith(b"5")
        if self._errors > self.most_errors:
            status = replies.MANY_ERRORS.encode()
        last = status.startswith(b"421")
        if not last and self._transaction.mail_from is None and (self._door.stopping or self._overdue):
            parting = replies.LEAVING if self._door.stopping else replies.OVERSTAYED
            status, last = status + f"\r\n{parting}".encode(), True
        await super().push(status)
        if last:
            self._hang_up()
            await asyncio.sleep(0)  # where the dialogue ends

    async def handle_exception(self, error: Exception) -> str:
        """451, where the library says 500 and why: a bug of ours must not make a sender give up."""
        log.error("%s: session failed", self.peer, exc_info=error)
        return replies.TRY_LATER

    # ------------------------------------------------------------- TLS

    async def smtp_STARTTLS(self, arg: str | None) -> None:
        """RFC 3207. Whoever has sent more behind the command is no client of ours: what came in clear would be
        obeyed as if it had come under TLS (CVE-2011-0411, CVE-2024-34083)."""
        context = self._door.tls()
        if context is None or not self._offers_tls():
            await self.push(replies.NOT_IMPLEMENTED)
            return
        if arg:
            await self.push(replies.BAD_STARTTLS)
            return
        if self.secure or self._transaction.mail_from is not None:
            await self.push(replies.NOT_NOW)
            return
        transport = cast("asyncio.Transport", self.transport)
        transport.pause_reading()  # from here on what the peer sends is TLS, and not ours to read
        if self._reader._buffer:  # type: ignore[attr-defined]  # noqa: SLF001
            self._door.counters["injected"] += 1
            await self.push(replies.INJECTED)
            return
        await super().push(replies.GO_SECURE)
        try:
            secured = await self.loop.start_tls(
                transport, self, context, server_side=True, ssl_handshake_timeout=HANDSHAKE
            )
        except OSError as error:
            self._door.counters["tls_failed"] += 1
            log.info("%s: no TLS: %s", self.host, error)
            secured = None
        finally:
            if transport.is_closing():  # then nobody else tells us that the connection is lost
                self.connection_lost(None)
        if secured is not None and not self._gone:
            self._now_secure(secured)

    def _offers_tls(self) -> bool:
        return True

    def _now_secure(self, transport: asyncio.BaseTransport) -> None:
        """The dialogue begins anew over TLS, and nothing said before counts (RFC 3207 section 4.2)."""
        self.transport = transport
        # The library itself puts a new transport under its streams like this.
        self._reader._transport = transport  # type: ignore[attr-defined]  # noqa: SLF001
        self._writer._transport = transport  # type: ignore[attr-defined]  # noqa: SLF001
        self._over_ssl = True
        self.secure = True
        self._begin_anew()
        self._reset_timeout()

    def _begin_anew(self) -> None:
        """As after the greeting of a new connection."""
        self.envelope = self._create_envelope()
        greeting = self._create_session()
        greeting.peer = self._greeting.peer
        greeting.ssl = {} if self.secure else None  # only whether it is None counts, at the end of the connection
        self.session = greeting


def _note_end(task: asyncio.Task[None]) -> None:
    """A session ends cancelled, or by a connection that broke while it wrote. Anything else is a bug."""
    error = None if task.cancelled() else task.exception()
    if error is not None and not isinstance(error, ConnectionError):
        log.error("session ended", exc_info=error)
