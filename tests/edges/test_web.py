"""The pages over real sockets: one GET, one answer, and nobody can keep others waiting."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Iterator

import pytest

from maild.edges import web
from maild.edges.web import Page, WebDoor

Place = tuple[str, int]


class Served:
    """A door in a loop of its own thread; `gate` holds up the page /slow."""

    def __init__(self) -> None:
        self.gate = threading.Event()
        pages = {"/healthz": self.health, "/slow": self.slow, "/broken": self.broken}
        self.door = WebDoor("127.0.0.1", 0, pages)
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.thread.start()
        asyncio.run_coroutine_threadsafe(self.door.start(), self.loop).result(5)
        self.place: Place = self.door.addresses[0]

    def health(self) -> Page:
        return Page(503, "application/json", '{"ok": "nä"}')

    def slow(self) -> Page:
        self.gate.wait(5)
        return Page(200, "text/plain", "late")

    def broken(self) -> Page:
        raise ZeroDivisionError

    def close(self) -> None:
        self.gate.set()

        async def end() -> None:
            self.door.stop()
            others = asyncio.all_tasks() - {asyncio.current_task()}
            await asyncio.wait_for(asyncio.gather(*others, return_exceptions=True), 5)
            await asyncio.sleep(0)  # connections close behind their tasks

        asyncio.run_coroutine_threadsafe(end(), self.loop).result(10)
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(5)
        self.loop.close()


@pytest.fixture
def served() -> Iterator[Served]:
    one = Served()
    yield one
    one.close()


def ask(place: Place, request: bytes, timeout: float = 5) -> bytes:
    """Everything that is answered until the line is closed."""
    answer = b""
    with socket.create_connection(place, timeout=timeout) as line:
        line.sendall(request)
        try:
            while more := line.recv(65536):
                answer += more
        except ConnectionResetError:  # what we said last was not read any more
            pass
    return answer


def status(answer: bytes) -> int:
    return int(answer.split()[1])


def test_a_page(served: Served) -> None:
    head, _, body = ask(served.place, b"GET /healthz?x=1 HTTP/1.1\r\nHost: localhost\r\n\r\n").partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 503 Service Unavailable\r\n")
    assert b"\r\nContent-Type: application/json\r\n" in head
    assert b"\r\nConnection: close" in head
    assert body.decode() == '{"ok": "nä"}'
    assert f"\r\nContent-Length: {len(body)}\r\n".encode() in head


@pytest.mark.parametrize(
    ("request_", "said"),
    [
        (b"GET / HTTP/1.1\r\n\r\n", 404),
        (b"GET /healthz/../etc/passwd HTTP/1.0\r\n\r\n", 404),
        (b"GET /\xff\x00 HTTP/1.1\r\n\r\n", 404),
        (b"POST /healthz HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}", 405),
        (b"HEAD /healthz HTTP/1.1\r\n\r\n", 405),
        (b"GET /healthz\r\n\r\n", 400),
        (b"GET /healthz SMTP/1.1\r\n\r\n", 400),
        (b"\x16\x03\x01\x02\x00 hello\r\n\r\n", 400),
        (b"GET /" + b"a" * 20_000 + b" HTTP/1.1\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 5_000 + b"\r\n", 400),
    ],
)
def test_anything_else(served: Served, request_: bytes, said: int) -> None:
    assert status(ask(served.place, request_)) == said


def test_two_requests_in_one_breath_get_one_answer(served: Served) -> None:
    assert ask(served.place, b"GET /healthz HTTP/1.1\r\n\r\n" * 2).count(b"HTTP/1.1 503") == 1


def test_who_says_nothing_is_hung_up_on(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web, "ASKING", 0.1)
    began = time.monotonic()
    assert ask(served.place, b"GET /healthz HTTP/1.1\r\n") == b""
    assert time.monotonic() - began < 3


def test_a_page_that_takes_too_long(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web, "ANSWERING", 0.1)
    assert status(ask(served.place, b"GET /slow HTTP/1.1\r\n\r\n")) == 503


def test_silent_callers_take_no_place_for_long(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web, "ASKING", 0.3)
    silent = [socket.create_connection(served.place) for _ in range(web.MOST_CONNECTIONS + 5)]
    try:
        end = time.monotonic() + 5
        while not ask(served.place, b"GET /healthz HTTP/1.1\r\n\r\n"):
            assert time.monotonic() < end
            time.sleep(0.05)
    finally:
        for line in silent:
            line.close()


def test_a_page_that_breaks_breaks_nothing_else(served: Served) -> None:
    assert status(ask(served.place, b"GET /broken HTTP/1.1\r\n\r\n")) == 503
    assert status(ask(served.place, b"GET /healthz HTTP/1.1\r\n\r\n")) == 503
