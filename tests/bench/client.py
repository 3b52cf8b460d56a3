"""An SMTP client that only makes load: N kept sessions, one recipient, no pipelining.

That is how an ordinary mail server hands letters over. It runs in a process of its own, so
that it never waits for the interpreter lock of what it measures: `deliver` starts
`python -m tests.bench.client`, gives it the letters on stdin and reads JSON lines. All sessions
share one thread and one selector and take the next letter from a common queue.
"""

from __future__ import annotations

import json
import pickle
import selectors
import socket
import subprocess
import sys
import time
from collections.abc import Generator, Iterator, Sequence
from contextlib import ExitStack, closing, suppress
from dataclasses import asdict, dataclass

from tests.bench.corpus import SUPPORT, Sample

_SILENCE = 60.0  # seconds without any answer after which the run has failed


@dataclass(frozen=True, slots=True)
class Delivery:
    """What happened to one letter. Instants are seconds of the wall clock, common to all processes."""

    index: int
    data_at: float  # the DATA command leaves
    done_at: float  # the reply to the final dot is here
    code: int

    @property
    def seconds(self) -> float:
        """From DATA to the reply after the final dot."""
        return self.done_at - self.data_at


def deliver(port: int, samples: Sequence[Sample], *, sessions: int) -> list[Delivery]:
    """Send all letters to 127.0.0.1:port and come back when the last one is answered.

    RuntimeError if the client process failed or any letter was not answered with 250.
    """
    letters = [(sample.sender, sample.raw) for sample in samples]
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench.client", str(port), str(sessions)],
        input=pickle.dumps(letters),
        stdout=subprocess.PIPE,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"the load client ended with {done.returncode}")
    deliveries = [Delivery(**json.loads(line)) for line in done.stdout.splitlines()]
    refused = [delivery for delivery in deliveries if delivery.code != 250]
    if refused or len(deliveries) != len(samples):
        raise RuntimeError(f"{len(samples)} letters, {len(deliveries)} answered, refused: {refused[:3]}")
    return deliveries


def span(deliveries: Sequence[Delivery]) -> float:
    """Seconds from the first DATA to the last reply."""
    return max(delivery.done_at for delivery in deliveries) - min(delivery.data_at for delivery in deliveries)


Talk = Generator[bytes, int, None]
Letters = Iterator[tuple[int, str, bytes]]  # number, sender, the letter ready for DATA


def _talk(letters: Letters, results: list[Delivery]) -> Talk:
    """One session: yields what to send, is sent the code that came back."""
    code = yield b""
    code = yield b"EHLO load.example\r\n"
    for index, sender, dotted in letters:
        code = yield b"MAIL FROM:<%b> SIZE=%d\r\n" % (sender.encode(), len(dotted))
        if code == 250:
            code = yield b"RCPT TO:<%b>\r\n" % SUPPORT.encode()
        data_at = time.time()
        if code == 250:
            code = yield b"DATA\r\n"
        if code == 354:
            code = yield dotted
        results.append(Delivery(index, data_at, time.time(), code))
        if code != 250:
            code = yield b"RSET\r\n"
    yield b"QUIT\r\n"


class _Session:
    """A non-blocking socket and the conversation on it."""

    def __init__(self, port: int, talk: Talk, selector: selectors.BaseSelector) -> None:
        self._talk = talk
        self._selector = selector
        self._unsent = memoryview(next(talk))
        self._answer = b""
        self._socket = socket.create_connection(("127.0.0.1", port))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket.setblocking(False)
        selector.register(self._socket, selectors.EVENT_READ, self)

    def close(self) -> None:
        self._socket.close()

    def ready(self, events: int) -> None:
        """Go on as far as the socket allows; leaves the selector when the conversation is over."""
        if events & selectors.EVENT_WRITE:
            self._write()
        if not events & selectors.EVENT_READ:
            return
        chunk = self._socket.recv(65536)
        self._answer += chunk
        line = self._answer.rpartition(b"\r\n")[0].rpartition(b"\r\n")[2]
        if chunk and (not self._answer.endswith(b"\r\n") or line[3:4] == b"-"):
            return  # a reply of several lines is not complete yet
        self._answer = b""
        try:
            if not chunk:
                raise ConnectionError("the server hung up")
            self._unsent = memoryview(self._talk.send(int(line[:3])))
        except StopIteration:
            self._selector.unregister(self._socket)
        else:
            self._write()

    def _write(self) -> None:
        with suppress(BlockingIOError):
            self._unsent = self._unsent[self._socket.send(self._unsent) :]
        wanted = selectors.EVENT_READ | (selectors.EVENT_WRITE if self._unsent else 0)
        if self._selector.get_key(self._socket).events != wanted:
            self._selector.modify(self._socket, wanted, self)


def run(port: int, letters: Sequence[tuple[str, bytes]], sessions: int) -> list[Delivery]:
    """Send them all in this process."""
    ready = [(number, sender, _dotted(raw)) for number, (sender, raw) in enumerate(letters)]
    queue = iter(ready)
    results: list[Delivery] = []
    with ExitStack() as held:
        selector = held.enter_context(selectors.DefaultSelector())
        for _ in range(sessions):
            held.enter_context(closing(_Session(port, _talk(queue, results), selector)))
        while selector.get_map():
            events = selector.select(_SILENCE)
            if not events:
                raise TimeoutError(f"no answer for {_SILENCE:.0f} s, {len(results)} of {len(letters)} letters done")
            for key, mask in events:
                session: _Session = key.data
                session.ready(mask)
    return results


def _dotted(raw: bytes) -> bytes:
    """The letter as DATA wants it (RFC 5321 section 4.5.2)."""
    stuffed = raw.replace(b"\r\n.", b"\r\n..")
    return (b"." if stuffed.startswith(b".") else b"") + stuffed + b".\r\n"


if __name__ == "__main__":
    for delivery in run(int(sys.argv[1]), pickle.load(sys.stdin.buffer), int(sys.argv[2])):
        print(json.dumps(asdict(delivery)))
