"""An SMTP door that stands open on a loopback port, a desk behind it that only writes down, and a raw line to it."""

from __future__ import annotations

import asyncio
import socket
import ssl
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from datetime import UTC, datetime
from typing import Any, Self

from maild.core.model import Envelope, Receipt
from maild.edges.smtp import SmtpDoor, SmtpSettings
from maild.edges.smtp_session import Session

NOON = datetime(2030, 1, 1, 12, 0, tzinfo=UTC)
OURS = frozenset({"support@desk.example", "sales@desk.example", "postmaster@desk.example"})


def is_ours(address: str) -> bool:
    local, _, domain = address.casefold().rpartition("@")
    return f"{local.partition('+')[0]}@{domain}" in OURS


class WritingDesk:
    """Keeps every envelope; answers what `answer` makes of it, at once unless told otherwise."""

    def __init__(self) -> None:
        self.kept: list[Envelope] = []
        self.answer: Callable[[Envelope], Future[Receipt]] = lambda envelope: done(Receipt.ACCEPTED)
        self.called = threading.Event()

    def accept(self, envelope: Envelope) -> Future[Receipt]:
        self.called.set()
        future = self.answer(envelope)
        self.kept.append(envelope)
        return future

    @property
    def letter(self) -> Envelope:
        (only,) = self.kept
        return only

    @property
    def content(self) -> bytes:
        """The one letter without the Return-Path and Received fields the door has put in front."""
        lines = self.letter.raw.split(b"\r\n")
        assert lines[0].startswith(b"Return-Path: ")
        assert lines[1].startswith(b"Received: ")
        return b"\r\n".join(lines[4:])


def done(receipt: Receipt) -> Future[Receipt]:
    future: Future[Receipt] = Future()
    future.set_result(receipt)
    return future


def wait_for(condition: Callable[[], bool]) -> None:
    until = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.005)


class OpenDoor:
    """A door in an event loop of its own, in a thread of its own."""

    def __init__(
        self,
        desk: WritingDesk,
        sockets: tuple[socket.socket, ...] = (),
        *,
        tls: Callable[[], ssl.SSLContext | None] = lambda: None,
        session: Callable[[SmtpDoor, str], Session] = Session,
        **settings: Any,
    ) -> None:
        self.desk = desk
        self._made = {"tls": tls, "session": session}
        wanted = {"hostname": "mx.desk.example", "listen": (("127.0.0.1", 0),)} | settings
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self.loop.run_forever, name="door")
        self._thread.start()
        try:
            self.door = self.run(self._opened(SmtpSettings(**wanted), sockets))
        except BaseException:
            self._end()
            raise
        self.address = (*self.door.addresses, ("", 0))[0]

    async def _opened(self, settings: SmtpSettings, sockets: tuple[socket.socket, ...]) -> SmtpDoor:
        door = SmtpDoor(settings, self.desk.accept, is_ours, lambda: NOON, **self._made)
        await door.start(sockets)
        return door

    def run(self, coroutine: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result(30)

    def stop(self, grace: float) -> Future[None]:
        return asyncio.run_coroutine_threadsafe(self.door.stop(grace), self.loop)

    def close(self) -> None:
        if not self.loop.is_closed():
            self.stop(0).result(30)
            self._end()

    def _end(self) -> None:
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join()
        self.loop.close()


class Line:
    """A raw connection: bytes out, replies in."""

    def __init__(self, address: tuple[str, int], timeout: float = 20.0) -> None:
        self.socket = socket.create_connection(address, timeout)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._file = self.socket.makefile("rb")

    def secured(self, context: ssl.SSLContext) -> Self:
        """TLS from here on."""
        self._file.close()
        self.socket = context.wrap_socket(self.socket, server_hostname="mx.desk.example")
        self._file = self.socket.makefile("rb")
        return self

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()
        self.socket.close()

    def send(self, data: bytes | str) -> None:
        self.socket.sendall(data.encode("utf-8", "surrogateescape") if isinstance(data, str) else data)

    def reply(self) -> str:
        """One reply, its lines joined by "|"; "" when the line is cut."""
        lines = []
        while True:
            try:
                line = self._file.readline()
            except ConnectionError:  # cut without waiting for what we still sent
                line = b""
            lines.append(line.decode().removesuffix("\r\n"))
            if line[3:4] != b"-":
                return "|".join(lines)

    def ask(self, command: bytes | str) -> str:
        self.send((command.encode("utf-8", "surrogateescape") if isinstance(command, str) else command) + b"\r\n")
        return self.reply()

    def greeted(self) -> Line:
        assert self.reply() == "220 mx.desk.example ESMTP"
        assert self.ask("EHLO client.example").startswith("250-mx.desk.example|")
        return self

    def at_data(self, *rcpts: str) -> Line:
        assert self.ask("MAIL FROM:<karen@bank.example>").startswith("250 ")
        for rcpt in rcpts or ("support@desk.example",):
            assert self.ask(f"RCPT TO:<{rcpt}>").startswith("250 ")
        assert self.ask("DATA").startswith("354 ")
        return self

    def letter(self, data: bytes) -> str:
        """`data` as it is, and the end of data; the reply."""
        self.send(data + b"\r\n.\r\n")
        return self.reply()

    def flood(self, data: bytes, times: int, pause: float = 0) -> None:
        """Sends `data` again and again, until the line breaks."""
        for _ in range(times):
            self.send(data)
            time.sleep(pause)

    def is_cut(self) -> bool:
        return self.reply() == ""
