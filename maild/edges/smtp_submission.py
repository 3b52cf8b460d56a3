"""Submission (RFC 6409): an agent hands in a letter with a password, which proves who writes.

Always over TLS from the first octet (RFC 8314). AUTH is PLAIN or LOGIN; whether a password is
right and whether the agent may write in the name that stands in From is asked of the two functions
the door was given. It is nobody's relay either: recipients are ours. It refuses to know how
passwords are kept, and what an agent may do.
"""

from __future__ import annotations

import binascii
import logging
import re
from base64 import b64decode, b64encode
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING

from maild.core.model import Envelope
from maild.edges import smtp_replies as replies
from maild.edges.smtp_limits import Rate
from maild.edges.smtp_session import Session

if TYPE_CHECKING:
    from maild.edges.smtp import SmtpDoor

log = logging.getLogger("maild.smtp")

MOST_FAILURES = 3  # wrong passwords in one session
MOST_CHECKS = 20  # passwords waiting to be checked; each takes a moment of a processor, which is what strangers want
CHECKERS = 2  # at a time
LONGEST = 1_000  # characters of a name or password, encoded
_AUTH = re.compile(r"(>.*?) AUTH=[!-~]*", re.IGNORECASE)


class _BadAnswer(Exception):
    """What a client said during AUTH is no answer; the reply stands in it."""


class Gate:
    """Who may come in. One for a door, handed to all its sessions.

    `prove` gives the key of the agent whose name and password these are, "" where they are not; it takes its
    time and is called in a thread. `objection` says why an agent may not send these bytes, "" where they may.
    A network that had `failures_per_minute` wrong passwords has to wait.
    """

    def __init__(
        self, prove: Callable[[str, str], str], objection: Callable[[str, bytes], str], failures_per_minute: int
    ) -> None:
        self.prove = prove
        self.objection = objection
        self.failures = Rate(failures_per_minute)
        self.waiting = 0  # passwords to be checked
        self.threads = ThreadPoolExecutor(CHECKERS, thread_name_prefix="submission")

    def close(self) -> None:
        self.threads.shutdown(wait=False, cancel_futures=True)


class SubmissionSession(Session):
    """One connection of an agent's mail client."""

    name = "submission"

    def __init__(self, door: SmtpDoor, host: str, gate: Gate) -> None:
        super().__init__(door, host)
        self._gate = gate
        self._agent = ""
        self._failures = 0

    def _offers(self) -> list[str]:
        return [*super()._offers(), "AUTH PLAIN LOGIN"]

    def _offers_tls(self) -> bool:
        return False  # it is there already

    async def check_auth_needed(self, caller_method: str) -> bool:
        del caller_method
        if self._agent:
            return False
        await self.push(replies.NOT_PROVEN)
        return True

    async def smtp_MAIL(self, arg: str | None) -> None:
        """A client may repeat who it is (RFC 4954 section 5); we know, and the library does not know the word."""
        await super().smtp_MAIL(_AUTH.sub(r"\1", arg or "", count=1))

    def _begin_anew(self) -> None:
        super()._begin_anew()
        self._agent = ""

    # ------------------------------------------------------------- AUTH

    async def smtp_AUTH(self, arg: str | None) -> None:
        """RFC 4954, PLAIN (RFC 4616) and LOGIN. A name that nobody has gets the answer of a wrong password, and as
        late."""
        if await self.check_helo_needed("EHLO"):
            return
        if self._agent or self._transaction.mail_from is not None:
            await self.push(replies.NOT_NOW)
            return
        words = (arg or "").split()
        kind = words[0].upper() if words else ""
        if kind not in ("PLAIN", "LOGIN") or len(words) > 2:
            await self.push(replies.UNKNOWN_MECHANISM)
            return
        first = words[1] if len(words) == 2 else None
        try:
            name, password = await (self._plain(first) if kind == "PLAIN" else self._login(first))
        except _BadAnswer as bad:
            await self.push(str(bad))
            return
        await self.push(await self._tried(name, password))

    async def _plain(self, first: str | None) -> tuple[str, str]:
        answer = await self._asked("") if first is None else _decoded(first)
        whose, _, rest = answer.partition("\0")
        name, between, password = rest.partition("\0")
        if not between or whose not in ("", name):
            raise _BadAnswer(replies.BAD_AUTH)
        return name, password

    async def _login(self, first: str | None) -> tuple[str, str]:
        name = await self._asked("Username:") if first is None else _decoded(first)
        return name, await self._asked("Password:")

    async def _asked(self, question: str) -> str:
        await super().push(b"334 " + b64encode(question.encode()))
        line = await self._reader.readuntil(b"\n")
        self._reset_timeout()
        if line.strip() == b"*":
            raise _BadAnswer(replies.AUTH_GIVEN_UP)
        return _decoded(line.strip().decode("ascii", "replace"))

    async def _tried(self, name: str, password: str) -> str:
        """The reply to a name and a password."""
        counters, now = self._door.counters, self.loop.time()
        if not self._gate.failures.take(self.peer, now, only_look=True) or self._gate.waiting >= MOST_CHECKS:
            counters["logins_put_off"] += 1
            return replies.AUTH_LATER
        self._gate.waiting += 1
        try:
            agent = await self.loop.run_in_executor(self._gate.threads, self._gate.prove, name, password)
        finally:
            self._gate.waiting -= 1
        if agent:
            counters["logins"] += 1
            self._agent = agent
            return replies.PROVEN
        self._gate.failures.take(self.peer, now)
        self._failures += 1
        counters["logins_failed"] += 1
        log.warning("%s: a login as %r failed", self.peer, name[:80])
        return replies.MANY_ERRORS if self._failures >= MOST_FAILURES else replies.AUTH_WRONG

    # ------------------------------------------------------------- the letter

    def _protocol(self) -> str:
        return f"{super()._protocol()}A"

    async def _judge(self, envelope: Envelope) -> str:
        objection = await self.loop.run_in_executor(self._gate.threads, self._gate.objection, self._agent, envelope.raw)
        if objection:
            self._door.counters["names_refused"] += 1
            return f"550 5.7.1 {objection}"
        return await super()._judge(replace(envelope, agent=self._agent))


def _decoded(text: str) -> str:
    if len(text) > LONGEST:
        raise _BadAnswer(replies.BAD_AUTH)
    try:
        return "" if text == "=" else b64decode(text, validate=True).decode()
    except (binascii.Error, ValueError):
        raise _BadAnswer(replies.BAD_AUTH) from None
