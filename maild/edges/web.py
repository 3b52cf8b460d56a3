"""A few read-only pages by HTTP, for programs that watch over the desk.

It knows GET and nothing else: one short request a connection, one answer, closed. Pages are made in
a thread of their own, one after the other, so that a slow one holds up nothing but the next. It
refuses to know what stands on them; `health.pages` gives them.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass

log = logging.getLogger("maild.web")

LONGEST_REQUEST = 8192  # octets of request line and header
MOST_CONNECTIONS = 20  # at the same time; others are hung up on
ASKING = 5.0  # seconds in which a request must be complete
ANSWERING = 10.0  # seconds in which a page must be made, and again for sending it

_WORDS = {200: "OK", 400: "Bad Request", 404: "Not Found", 405: "Method Not Allowed", 503: "Service Unavailable"}


@dataclass(frozen=True, slots=True)
class Page:
    """What is answered: HTTP's number, the Content-Type, the text."""

    status: int
    kind: str
    text: str


def _said(status: int) -> Page:
    return Page(status, "text/plain; charset=utf-8", f"{_WORDS[status]}\n")


class WebDoor:
    """`pages` by their paths; each is called for every request, in a thread."""

    def __init__(self, host: str, port: int, pages: Mapping[str, Callable[[], Page]]) -> None:
        self._place = (host, port)
        self._pages = pages
        self._open = 0
        self._server: asyncio.Server | None = None
        self._maker = ThreadPoolExecutor(1, "web")

    async def start(self) -> None:
        """OSError where it cannot listen."""
        self._server = await asyncio.start_server(self._meet, *self._place, limit=LONGEST_REQUEST)

    @property
    def addresses(self) -> tuple[tuple[str, int], ...]:
        """Hosts and ports it listens on."""
        sockets = self._server.sockets if self._server else ()
        return tuple(bound.getsockname()[:2] for bound in sockets)

    def stop(self) -> None:
        """Nothing here is worth waiting for."""
        if self._server is not None:
            self._server.close()
        self._maker.shutdown(wait=False, cancel_futures=True)

    async def _meet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open += 1
        try:
            if self._open <= MOST_CONNECTIONS:
                writer.write(_wire(await self._answer(reader)))
                async with asyncio.timeout(ANSWERING):
                    await writer.drain()
        except (OSError, TimeoutError, asyncio.IncompleteReadError):
            pass  # whoever asked has gone, or never asked
        finally:
            self._open -= 1
            with suppress(OSError):
                writer.close()

    async def _answer(self, reader: asyncio.StreamReader) -> Page:
        try:
            async with asyncio.timeout(ASKING):
                head = await reader.readuntil(b"\r\n\r\n")
        except asyncio.LimitOverrunError:
            return _said(400)
        words = head.split(b"\r\n", 1)[0].split(b" ")
        if len(words) != 3 or not words[2].startswith(b"HTTP/1."):
            return _said(400)
        if words[0] != b"GET":
            return _said(405)
        page = self._pages.get(words[1].split(b"?", 1)[0].decode("latin-1"))
        if page is None:
            return _said(404)
        try:
            async with asyncio.timeout(ANSWERING):
                return await asyncio.get_running_loop().run_in_executor(self._maker, page)
        except TimeoutError:
            return _said(503)
        except Exception:
            log.exception("a page could not be made")
            return _said(503)


def _wire(page: Page) -> bytes:
    """One buffer: two small writes would wait for each other (Nagle and delayed acknowledgement)."""
    body = page.text.encode()
    allowed = "Allow: GET\r\n" if page.status == 405 else ""
    head = (
        f"HTTP/1.1 {page.status} {_WORDS[page.status]}\r\nContent-Type: {page.kind}\r\n{allowed}"
        f"Content-Length: {len(body)}\r\nCache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n"
        "Connection: close\r\n\r\n"
    )
    return head.encode("ascii") + body
