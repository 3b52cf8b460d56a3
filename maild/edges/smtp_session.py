"""The dialogue with one peer, from the greeting to the last word.

It is aiosmtpd's, with our own limits, replies and reader of letters; the methods say where
and why. It refuses to know sockets and who else is connected; the SMTP door makes one for
each connection.
"""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from collections.abc import Sequence
from typing import TYPE_CHECKING, cast

from aiosmtpd.smtp import SMTP
from aiosmtpd.smtp import Envelope as Transaction
from aiosmtpd.smtp import Session as Greeting

from maild.core.model import Envelope, Receipt
from maild.edges import smtp_replies as replies
from maild.edges.smtp_address import NULL, path
from maild.edges.smtp_data import Incoming, hops, tidied, trace
from maild.edges.smtp_limits import Share

if TYPE_CHECKING:
    from concurrent.futures import Future

    from maild.edges.smtp import SmtpDoor

log = logging.getLogger("maild.smtp")

MAX_COMMAND = 2048  # octets of a command line; RFC 5321 says 512, which SRS, VERP and SMTPUTF8 paths outgrow
READ_AHEAD = 1 << 16  # octets; a session outside DATA never buffers more than a few times this
ALL = 1 << 24  # octets; "read all there is"
MAX_ERRORS = 20  # 5xx replies since the last letter taken
MAX_HOPS = 50  # Received fields; a desk is the end of a letter's way, not half of it
LINGER = 5.0  # seconds a peer gets to read our last reply
MAX_CALLS = {"*": 20, "NOOP": 100} | dict.fromkeys(("MAIL", "RCPT", "DATA", "RSET"), 1 << 62)  # per session


class Session(SMTP):
    """One connection. The library calls `smtp_…` for commands, and `handle_…` when it has parsed them."""

    line_length_limit = READ_AHEAD
    command_size_limit = MAX_COMMAND

    def __init__(self, door: SmtpDoor, peer: str) -> None:
        settings = door.settings
        super().__init__(
            self,  # it handles its own commands
            data_size_limit=settings.max_size,
            enable_SMTPUTF8=True,
            hostname=settings.hostname,
            ident="ESMTP",
            timeout=settings.command_timeout,
            command_call_limit=MAX_CALLS,
            loop=asyncio.get_running_loop(),
        )
        # The library shares one table among all sessions, and each new session empties it.
        self.command_size_limits = defaultdict(lambda: MAX_COMMAND)
        self.peer = peer
        self._door = door
        self._errors = 0

    # ------------------------------------------------------------- coming and going

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self._door.enter(self)
        self._dialogue.add_done_callback(_note_end)

    def connection_lost(self, error: Exception | None) -> None:
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

    # ------------------------------------------------------------- replies

    async def push(self, status: str | bytes) -> None:
        """Adds the enhanced code where the library has none (bytes go out as they are), counts errors, and
        ends the session after a 421 or when the door is closing and no transaction is open."""
        if isinstance(status, str):
            status = replies.with_code(status).encode()
        self._errors += status.startswith(b"5")
        if self._errors > MAX_ERRORS:
            status = replies.MANY_ERRORS.encode()
        last = status.startswith(b"421")
        if self._door.stopping and not last and self._transaction.mail_from is None:
            status, last = status + f"\r\n{replies.LEAVING}".encode(), True
        await super().push(status)
        if last:
            self._hang_up()
            await asyncio.sleep(0)  # where the dialogue ends

    async def handle_exception(self, error: Exception) -> str:
        """451, where the library says 500 and why: a bug of ours must not make a sender give up."""
        log.error("%s: session failed", self.peer, exc_info=error)
        return replies.TRY_LATER

    # ------------------------------------------------------------- commands

    async def handle_HELO(self, _server: SMTP, greeting: Greeting, _t: Transaction, name: str) -> str | bytes:
        if not _introduce(greeting, name):
            return replies.BAD_NAME
        return f"250 {self.hostname}".encode()

    async def handle_EHLO(
        self, _server: SMTP, greeting: Greeting, _t: Transaction, name: str, _offered: list[str]
    ) -> Sequence[str | bytes]:
        """PIPELINING is true: replies come in order, and 354 only after a recipient was taken (RFC 2920)."""
        if not _introduce(greeting, name):
            return [replies.BAD_NAME]
        offers = ("PIPELINING", f"SIZE {self.data_size_limit}", "ENHANCEDSTATUSCODES", "8BITMIME")
        lines = [f"250-{line}" for line in (self.hostname, *offers)]
        return ["\r\n".join((*lines, "250 SMTPUTF8")).encode()]

    def _getaddr(self, arg: str) -> tuple[str | None, str | None]:
        """Our parser: the library's lets surrogates and controls pass and is quadratic on crafted input."""
        if not arg:
            return "", ""
        return path(arg) or (None, None)

    async def handle_MAIL(
        self, _server: SMTP, _greeting: Greeting, transaction: Transaction, address: str, _options: list[str]
    ) -> str:
        transaction.mail_from = address
        return replies.SENDER_OK

    async def handle_RCPT(
        self, _server: SMTP, _greeting: Greeting, transaction: Transaction, address: str, _options: list[str]
    ) -> str:
        """Only ours, whoever asks and wherever from: the door is nobody's relay."""
        if address == NULL:
            return replies.NO_RECIPIENT
        if len(transaction.rcpt_tos) >= self._door.settings.max_recipients:
            return replies.MANY_RECIPIENTS
        if address.casefold() != "postmaster" and not self._door.is_ours(address):  # RFC 5321 section 4.5.1
            self._door.counters["recipients_refused"] += 1
            log.info("%s: recipient refused: %r", self.peer, address)
            _, at, domain = address.rpartition("@")
            foreign = at and not self._door.is_ours(f"postmaster@{domain}")
            return replies.NO_RELAY if foreign else replies.NO_MAILBOX
        if address not in transaction.rcpt_tos:
            transaction.rcpt_tos.append(address)
        return replies.RECIPIENT_OK

    async def smtp_VRFY(self, _arg: str) -> None:
        await self.push(replies.NOT_TOLD)

    async def smtp_HELP(self, _arg: str) -> None:
        await self.push(replies.HELP)

    async def smtp_EXPN(self, _arg: str) -> None:
        await self.push(replies.NOT_IMPLEMENTED)

    async def smtp_AUTH(self, _arg: str) -> None:
        await self.push(replies.NOT_IMPLEMENTED)

    async def smtp_STARTTLS(self, _arg: str) -> None:
        await self.push(replies.NOT_IMPLEMENTED)

    # ------------------------------------------------------------- the letter

    async def smtp_DATA(self, arg: str) -> None:
        """Reads chunks, where the library reads lines: several times as fast, and memory is bounded."""
        if await self.check_helo_needed():
            return
        if arg:
            await self.push(replies.BAD_DATA)
            return
        if not self._transaction.rcpt_tos:
            await self.push(replies.NO_RECIPIENTS)
            return
        await self.push(replies.GO_AHEAD)
        reply = await self._take_letter()
        self._door.counters[f"replied_{reply[:3]}"] += 1
        self.envelope = self._create_envelope()
        self._reset_timeout()
        if reply.startswith("2"):
            self._errors = 0
        await self.push(reply)

    async def _take_letter(self) -> str:
        """The reply to the letter. It is a 421 where we may have stopped in the middle of one: what follows
        must never be taken for commands."""
        incoming = Incoming(self._door.settings.max_size)
        share = Share(self._door.room)
        try:
            async with asyncio.timeout(self._door.settings.data_timeout):
                refusal = await self._receive(incoming, share)
            return refusal or await self._hand_over(incoming)
        except TimeoutError:
            return replies.TIMED_OUT
        except Exception as error:  # a bug or no memory; the letter is still the peer's
            log.error("%s: taking a letter failed", self.peer, exc_info=error)
            return replies.FAILED
        finally:
            share.release()

    async def _receive(self, incoming: Incoming, share: Share) -> str | None:
        """Reads up to the end of the letter; None, or why it is refused."""
        refusal: str | None = None
        while True:
            chunk = await self._reader.read(ALL)
            if not chunk:
                raise ConnectionResetError
            self._reset_timeout()  # the library's runs from command to command and cuts steady, slow uploads
            rest = incoming.feed(chunk)
            if refusal is None and incoming.dropped:
                refusal = replies.TOO_BIG
            elif refusal is None and not share.grow(incoming.size):
                refusal = replies.NO_SPACE
                incoming.drop()
            if refusal is not None:
                share.release()
            if rest is not None:
                # `read` has emptied the buffer and nothing was awaited since, so the order holds.
                self._reader.feed_data(rest)
                return refusal
            if refusal is not None and incoming.seen > 2 * self._door.settings.max_size:
                await super().push(refusal)  # for a peer that still listens; more is not worth reading
                return replies.ENOUGH

    async def _hand_over(self, incoming: Incoming) -> str:
        greeting, transaction = cast("Greeting", self.session), self._transaction
        at = self._door.clock()
        mail_from = "" if transaction.mail_from == NULL else str(transaction.mail_from)
        helo = str(greeting.host_name)
        protocol = "UTF8SMTP" if transaction.smtp_utf8 else "ESMTP" if greeting.extended_smtp else "SMTP"
        raw = incoming.take(
            trace(mail_from=mail_from, helo=helo, peer=self.peer, hostname=self.hostname, protocol=protocol, at=at)
        )
        if incoming.odd:
            raw = await _tidied(raw)
        if hops(raw) - 1 > MAX_HOPS:
            return replies.TOO_MANY_HOPS
        return await self._ask(
            Envelope(
                raw=raw,
                mail_from=mail_from,
                rcpts=tuple(transaction.rcpt_tos),
                received_at=at,
                door="smtp",
                peer=self.peer,
                helo=helo,
            )
        )

    async def _ask(self, envelope: Envelope) -> str:
        """The desk's answer, or "later" if it fails, is cancelled or takes longer than `accept_timeout`.

        Should the letter be kept after all, the peer's next attempt is known as a duplicate.
        """
        wait = self._door.settings.accept_timeout
        self._reset_timeout(wait + self._door.settings.command_timeout)  # this is our time, not the peer's
        future: Future[Receipt] | None = None
        try:
            future = self._door.accept(envelope)
            if not future.done():
                async with asyncio.timeout(wait):
                    # Shielded: the future is the store's, and a peer that hangs up must not cancel it.
                    await asyncio.shield(asyncio.wrap_future(future))
            return replies.RECEIPTS[future.result()]
        except asyncio.CancelledError:
            if future is None or not future.cancelled():
                raise
            log.error("%s: accepting was cancelled", self.peer)
        except TimeoutError:
            log.error("%s: accepting took longer than %g s", self.peer, wait)
        except Exception as error:  # whatever it is, the letter is still the peer's
            log.error("%s: accepting failed", self.peer, exc_info=error)
        return replies.TRY_LATER


async def _tidied(raw: bytes) -> bytes:
    pieces = []
    for piece in tidied(raw):
        pieces.append(piece)
        await asyncio.sleep(0)
    del raw
    return b"".join(pieces)


def _introduce(greeting: Greeting, name: str) -> bool:
    """Devices call themselves anything; only what could break a line, or fills a screen, is refused."""
    if len(name) > 255 or not name.encode("ascii", "replace").decode().isprintable():
        return False
    greeting.host_name = name.encode("ascii", "replace").decode()
    return True


def _note_end(task: asyncio.Task[None]) -> None:
    """A session ends cancelled, or by a connection that broke while it wrote. Anything else is a bug."""
    error = None if task.cancelled() else task.exception()
    if error is not None and not isinstance(error, ConnectionError):
        log.error("session ended", exc_info=error)
