"""LMTP (RFC 2033): SMTP between neighbours, with an answer for each recipient at the end of a letter.

One letter is kept for all its recipients, in one transaction: it is one letter, which makes one
ticket and informs the teams of all its addresses. So the answers behind the dot are all alike, and
recipients are told apart where they are named. What matters is their number: one for each RCPT
that was taken, those that repeat an address included, or the peer takes the next reply for another.
It refuses to know what the SMTP dialogue knows; the door makes one for each connection.
"""

from __future__ import annotations

from typing import cast

from aiosmtpd.smtp import SMTP
from aiosmtpd.smtp import Envelope as Transaction
from aiosmtpd.smtp import Session as Greeting

from maild.edges import smtp_replies as replies
from maild.edges.smtp_session import Session


class _Counting(Transaction):
    """A transaction that knows how many RCPT commands were taken."""

    taken = 0


class LmtpSession(Session):
    """One connection of a mail server that delivers to us."""

    name = "lmtp"
    ident = "LMTP"
    most_errors = 10_000  # it brings the letters of everybody, and their wrong recipients with them

    def _create_envelope(self) -> Transaction:
        return _Counting()

    async def smtp_LHLO(self, arg: str | None) -> None:
        """What EHLO is in SMTP."""
        await super().smtp_EHLO(arg or "")

    async def smtp_HELO(self, _arg: str) -> None:
        await self.push(replies.UNKNOWN_COMMAND)

    async def smtp_EHLO(self, _arg: str) -> None:
        await self.push(replies.UNKNOWN_COMMAND)

    def _offers_tls(self) -> bool:
        return False

    async def handle_RCPT(
        self, server: SMTP, greeting: Greeting, transaction: Transaction, address: str, options: list[str]
    ) -> str:
        reply = await super().handle_RCPT(server, greeting, transaction, address, options)
        cast("_Counting", transaction).taken += reply == replies.RECIPIENT_OK
        return reply

    def _answer(self, reply: str) -> str:
        return "\r\n".join([reply] * cast("_Counting", self._transaction).taken)

    def _protocol(self) -> str:
        return "UTF8LMTP" if self._transaction.smtp_utf8 else "LMTP"
