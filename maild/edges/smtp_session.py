"""The dialogue with one peer, from the greeting to the last word.

It is aiosmtpd's, with our own limits, replies and reader of letters; the methods say where
and why. It refuses to know sockets and who else is connected; the SMTP door makes one for
each connection. LMTP and submission are dialects of it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING

from aiosmtpd.smtp import SMTP
from aiosmtpd.smtp import Envelope as Transaction
from aiosmtpd.smtp import Session as Greeting

from maild.core.model import Envelope, Receipt
from maild.edges import smtp_replies as replies
from maild.edges import smtp_xclient
from maild.edges.smtp_address import NULL, path
from maild.edges.smtp_connection import Connection
from maild.edges.smtp_data import Incoming, hops, tidied, trace
from maild.edges.smtp_limits import Share
from maild.edges.smtp_xclient import Announced

if TYPE_CHECKING:
    from concurrent.futures import Future

    from maild.edges.smtp import SmtpDoor

log = logging.getLogger("maild.smtp")

ALL = 1 << 24  # octets; "read all there is"
LARGE = 1 << 20  # octets of a letter
MAX_HOPS = 50  # Received fields; a desk is the end of a letter's way, not half of it
SLOW_START = 30.0  # seconds before a letter must come at the least rate


class Session(Connection):
    """One connection. The library calls `smtp_…` for commands, and `handle_…` when it has parsed them."""

    name = "smtp"  # of the door, in envelopes
    ident = "ESMTP"

    def __init__(self, door: SmtpDoor, host: str) -> None:
        super().__init__(door, host, ident=self.ident)
        self._announced = Announced()  # by XCLIENT: good for the session
        self._forwarded = Announced()  # by XFORWARD: good for the next letter

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
        lines = [f"250-{line}" for line in (self.hostname, *self._offers())]
        return ["\r\n".join((*lines, "250 SMTPUTF8")).encode()]

    def _offers(self) -> list[str]:
        offers = ["PIPELINING", f"SIZE {self.data_size_limit}", "ENHANCEDSTATUSCODES", "8BITMIME"]
        if self._offers_tls() and not self.secure and self._door.tls() is not None:
            offers.append("STARTTLS")
        if self._door.listens_to(self.host):
            offers.append(f"XCLIENT {' '.join(smtp_xclient.XCLIENT)}")
            offers.append(f"XFORWARD {' '.join(smtp_xclient.XFORWARD)}")
        return offers

    def _getaddr(self, arg: str) -> tuple[str | None, str | None]:
        """Our parser: the library's lets surrogates and controls pass and is quadratic on crafted input."""
        if not arg:
            return "", ""
        return path(arg) or (None, None)

    async def handle_MAIL(
        self, _server: SMTP, _greeting: Greeting, transaction: Transaction, address: str, _options: list[str]
    ) -> str:
        if not self._door.may_send(self.peer):
            return replies.TOO_FAST
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

    async def smtp_XCLIENT(self, arg: str | None) -> None:
        """A mail server of ours puts itself in its client's place: the dialogue begins anew as the client's."""
        if not await self._hears():
            return
        said = smtp_xclient.announced(arg or "", smtp_xclient.XCLIENT)
        if said is None:
            await self.push(replies.BAD_ANNOUNCEMENT)
            return
        self._announced = said.with_earlier(self._announced)
        if said.peer is not None:
            self.peer = said.peer
        self._begin_anew()
        await self.push(f"220 {self.hostname} {self.ident}".encode())

    async def smtp_XFORWARD(self, arg: str | None) -> None:
        """The same for one letter, without a change of parts."""
        if not await self._hears():
            return
        said = smtp_xclient.announced(arg or "", smtp_xclient.XFORWARD)
        if said is None:
            await self.push(replies.BAD_ANNOUNCEMENT)
            return
        self._forwarded = said.with_earlier(self._forwarded)
        await self.push(replies.HEARD)

    async def _hears(self) -> bool:
        if not self._door.listens_to(self.host):
            await self.push(replies.NOT_HERE)
            return False
        if self._transaction.mail_from is not None:
            await self.push(replies.NOT_NOW)
            return False
        return True

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
        self._taking = True
        try:
            reply = await self._take_letter()
        finally:
            self._taking = False
        self._door.counters[f"replied_{reply[:3]}"] += 1
        answer = self._answer(reply)
        self.envelope = self._create_envelope()
        self._forwarded = Announced()
        self._reset_timeout()
        if reply.startswith("2"):
            self._errors = 0
        await self.push(answer)

    def _answer(self, reply: str) -> str:
        """What is said at the end of a letter."""
        return reply

    async def _take_letter(self) -> str:
        """The reply to the letter. It is a 421 where we may have stopped in the middle of one: what follows
        must never be taken for commands."""
        incoming = Incoming(self._door.settings.max_size)
        share = Share(self._door.room)
        try:
            async with asyncio.timeout(self._time_for(0)) as limit:
                refusal = await self._receive(incoming, share, limit)
            return refusal or await self._hand_over(incoming)
        except TimeoutError:
            return replies.TIMED_OUT
        except Exception as error:  # a bug or no memory; the letter is still the peer's
            log.error("%s: taking a letter failed", self.peer, exc_info=error)
            return replies.FAILED
        finally:
            share.release()

    def _time_for(self, octets: int) -> float:
        """Seconds a letter may have taken when so much of it has come."""
        settings = self._door.settings
        return min(settings.data_timeout, SLOW_START + octets / settings.slowest)

    async def _receive(self, incoming: Incoming, share: Share, limit: asyncio.Timeout) -> str | None:
        """Reads up to the end of the letter; None, or why it is refused."""
        refusal: str | None = None
        began = self.loop.time()
        while True:
            chunk = await self._reader.read(ALL)
            if not chunk:
                raise ConnectionResetError
            self._reset_timeout()  # the library's runs from command to command and cuts steady, slow uploads
            rest = incoming.feed(chunk)
            limit.reschedule(began + self._time_for(incoming.seen))
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
                await super().push(self._answer(refusal))  # for who still listens; more is not worth reading
                return replies.ENOUGH

    async def _hand_over(self, incoming: Incoming) -> str:
        if incoming.size < LARGE:
            return await self._judge(await self._envelope(incoming))
        async with self._door.heavy:
            envelope = await self._envelope(incoming)
        return await self._judge(envelope)

    async def _envelope(self, incoming: Incoming) -> Envelope:
        """The letter, whole and clean, and how it came."""
        transaction = self._transaction
        at = self._door.clock()
        mail_from = "" if transaction.mail_from == NULL else str(transaction.mail_from)
        told = self._forwarded.with_earlier(self._announced)
        greeted = str(self._greeting.host_name)
        raw = incoming.take(
            trace(
                mail_from=mail_from,
                helo=greeted,
                peer=self.peer,
                hostname=self.hostname,
                protocol=self._protocol(),
                at=at,
            )
        )
        if incoming.odd:
            raw = await _tidied(raw)
        return Envelope(
            raw=raw,
            mail_from=mail_from,
            rcpts=tuple(transaction.rcpt_tos),
            received_at=at,
            door=self.name,
            peer=self.peer if told.peer is None else told.peer,
            helo=greeted if told.helo is None else told.helo,
        )

    def _protocol(self) -> str:
        """How the letter came, in the words of RFC 3848 and RFC 6531."""
        kind = "UTF8SMTP" if self._transaction.smtp_utf8 else "ESMTP"
        return f"{kind}{'S' if self.secure else ''}" if self._greeting.extended_smtp else "SMTP"

    async def _judge(self, envelope: Envelope) -> str:
        """The reply to a whole letter."""
        return replies.TOO_MANY_HOPS if hops(envelope.raw) - 1 > MAX_HOPS else await self._ask(envelope)

    async def _ask(self, envelope: Envelope) -> str:
        """The desk's answer, or "later" if it fails, is cancelled or takes longer than `accept_timeout`.

        Should the letter be kept after all, the peer's next attempt is known as a duplicate.
        """
        wait = self._door.settings.accept_timeout
        self._reset_timeout(wait + self._door.settings.command_timeout)  # this is our time, not the peer's
        future: Future[Receipt] | None = None
        try:
            if len(envelope.raw) < LARGE:
                future = self._door.accept(envelope)
            else:  # its bytes are gone through more than once, and everybody else would have to wait
                async with self._door.heavy:
                    future = await self.loop.run_in_executor(None, self._door.accept, envelope)
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
