"""SIGTERM and SIGINT under load: every transaction ends in 250-and-kept or in no 250; one desk has one daemon."""

from __future__ import annotations

import contextlib
import signal
import smtplib
import socket
import threading
import time

import pytest
from daemon_rig import SUPPORT, Desk, Letter, hand_in, letter, until
from daemon_rig import maild as command

import maild.app

CLIENTS = 6
LAST = 12.0  # seconds from the signal to the exit, whatever peers do
IMPATIENT = """
import sys
import maild.app

maild.app.GRACE = 2.0

from maild.cli import main
sys.exit(main())
"""


class Client(threading.Thread):
    """Sends letters as fast as it is answered, and notes what each one's end was, until nobody listens."""

    def __init__(self, name: str, port: int) -> None:
        super().__init__(name=name, daemon=True)
        self.ends: list[tuple[Letter, int]] = []
        self._port = port

    def run(self) -> None:
        for number in range(100_000):
            one = letter(f"{self.name}-{number}", "All is lost.\r\n" * 500)
            code = hand_in(self._port, one)
            self.ends.append((one, code))
            if code == 0:
                return


class OpenLetter:
    """A letter whose data has begun and not ended."""

    def __init__(self, port: int, key: str) -> None:
        self.letter = letter(key)
        self._client = smtplib.SMTP("127.0.0.1", port, timeout=20)
        self._client.ehlo("people.example")
        self._client.mail(self.letter.sender)
        self._client.rcpt(SUPPORT)
        assert self._client.docmd("DATA")[0] == 354
        self._client.send(self.letter.raw[:40])

    def finish(self) -> int:
        self._client.send(self.letter.raw[40:].rstrip(b"\r\n") + b"\r\n.\r\n")
        return int(self._client.getreply()[0])

    def is_cut(self) -> bool:
        """Whether the line was closed without a word."""
        try:
            self._client.getreply()
        except (smtplib.SMTPServerDisconnected, ConnectionError):
            return True
        return False

    def close(self) -> None:
        self._client.close()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_under_load_breaks_no_promise(desk: Desk, number: signal.Signals) -> None:
    desk.start()
    clients = [Client(f"c{i}", desk.port) for i in range(CLIENTS)]
    for client in clients:
        client.start()
    with contextlib.closing(OpenLetter(desk.port, "open")) as opened:
        until(lambda: all(len(client.ends) > 5 for client in clients), "load")
        desk.signal(number)
        signalled = time.monotonic()
        until(lambda: _refused(desk.port), "new connections are refused", within=2)
        assert opened.finish() == 250  # its transaction was open: it may end as it began
    assert desk.ended(LAST) == 0
    assert time.monotonic() - signalled < LAST / 2
    for client in clients:
        client.join(20)
        assert not client.is_alive()
    ends = [(opened.letter, 250), *(end for client in clients for end in client.ends)]
    assert {code for _, code in ends} <= {0, 250, 421, 451}
    _check_kept(desk, [one for one, code in ends if code == 250], [one for one, code in ends if code != 250])
    assert "Traceback" not in desk.said()
    desk.start()  # what was accepted and not yet worked is worked now
    desk.settle()
    assert desk.fates() == desk.counted() == {"ticket": len(desk.kept())}
    desk.stop()


def test_a_peer_that_never_ends_its_letter_does_not_hold_the_daemon(desk: Desk) -> None:
    assert maild.app.GRACE <= LAST - 2
    desk.wrapped(IMPATIENT)  # the same with less waiting
    desk.start()
    with (
        contextlib.closing(OpenLetter(desk.port, "never")) as stuck,
        socket.create_connection(("127.0.0.1", desk.port), timeout=20) as idle,
    ):
        assert idle.recv(100).startswith(b"220")
        began = time.monotonic()
        desk.signal(signal.SIGTERM)
        assert idle.recv(100).startswith(b"421 ")
        assert desk.ended(LAST) == 0
        assert 1.9 < time.monotonic() - began < 4
        assert stuck.is_cut()
    assert desk.kept() == {}


def test_a_second_daemon_on_the_same_desk_says_why_it_does_not_start(desk: Desk) -> None:
    desk.start()
    before = desk.said()
    second = command("run", "-c", str(desk.config))
    assert second.returncode == 75
    assert "another maild is running" in second.stderr
    assert "Traceback" not in second.stderr
    assert second.stdout == ""
    assert hand_in(desk.port, letter("first")) == 250  # the first one has not noticed
    desk.stop()
    assert desk.said() == before
    desk.start()  # a lock that outlived its daemon would refuse this


def test_a_port_that_is_taken_is_named(desk: Desk) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", desk.port))
        taken.listen()
        refused = command("run", "-c", str(desk.config))
    assert refused.returncode == 69
    assert str(desk.port) in refused.stderr
    assert "Traceback" not in refused.stderr


def _refused(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=5).close()
    except OSError:
        return True
    return False


def _check_kept(desk: Desk, yes: list[Letter], no: list[Letter]) -> None:
    """Every 250 is in the store; what got none may be there once (its 250 was lost), never twice."""
    stored = desk.kept()
    for one in yes:
        (raw,) = stored[f"{one.key}@people.example"]
        assert raw.endswith(one.raw), one.key
    assert set(stored) <= {f"{one.key}@people.example" for one in (*yes, *no)}
    assert all(len(copies) == 1 for copies in stored.values())
