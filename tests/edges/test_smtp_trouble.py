"""When things go wrong: a desk that fails, peers that are slow, deaf, gone or too many, and the door's own end."""

from __future__ import annotations

import logging
import socket
import struct
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import ExitStack

import pytest
from smtp_rig import Line, OpenDoor, WritingDesk, done, wait_for

from maild.core.model import Envelope, Receipt

Opened = Callable[..., OpenDoor]
LATER = "451 4.3.0 not now, please try again later"
CLOSING = "421 4.3.2 going down, please try again later"


# --------------------------------------------------------------------- the desk


@pytest.mark.parametrize(
    ("receipt", "reply"),
    [
        (Receipt.ACCEPTED, "250 2.0.0 kept"),
        (Receipt.DUPLICATE, "250 2.0.0 kept"),
        (Receipt.TRY_LATER, LATER),
        (Receipt.NO_SPACE, "452 4.3.1 no room now, please try again later"),
    ],
)
def test_every_receipt_has_its_reply(line: Line, writing_desk: WritingDesk, receipt: Receipt, reply: str) -> None:
    writing_desk.answer = lambda envelope: done(receipt)
    assert line.at_data().letter(b"x") == reply


def raises(envelope: Envelope) -> Future[Receipt]:
    raise RuntimeError("secret")


def raises_timeout(envelope: Envelope) -> Future[Receipt]:
    raise TimeoutError("secret")


def fails(envelope: Envelope) -> Future[Receipt]:
    future: Future[Receipt] = Future()
    future.set_exception(RuntimeError("secret"))
    return future


def fails_later(envelope: Envelope) -> Future[Receipt]:
    future: Future[Receipt] = Future()
    threading.Timer(0.05, future.set_exception, [OSError(28, "secret")]).start()
    return future


def is_cancelled(envelope: Envelope) -> Future[Receipt]:
    future: Future[Receipt] = Future()
    threading.Timer(0.05, future.cancel).start()
    return future


def never_ends(envelope: Envelope) -> Future[Receipt]:
    return Future()


@pytest.mark.parametrize("trouble", [raises, raises_timeout, fails, fails_later, is_cancelled, never_ends])
def test_a_desk_that_fails_leaves_the_letter_with_the_sender(
    open_door: Opened,
    writing_desk: WritingDesk,
    trouble: Callable[[Envelope], Future[Receipt]],
    caplog: pytest.LogCaptureFixture,
) -> None:
    writing_desk.answer = trouble
    with Line(open_door(accept_timeout=0.3).address) as line:
        assert line.greeted().at_data().letter(b"x") == LATER
        writing_desk.answer = lambda envelope: done(Receipt.ACCEPTED)
        assert line.at_data().letter(b"x") == "250 2.0.0 kept"  # the same session goes on
    assert [record.levelno for record in caplog.records if record.name == "maild.smtp"] == [logging.ERROR]


def test_no_250_before_the_promise_is_kept(line: Line, writing_desk: WritingDesk) -> None:
    promise: Future[Receipt] = Future()
    writing_desk.answer = lambda envelope: promise
    line.at_data().send(b"x\r\n.\r\n")
    assert writing_desk.called.wait(10)
    line.socket.settimeout(0.2)
    with pytest.raises(TimeoutError):
        line.socket.recv(1)
    line.socket.settimeout(20)
    promise.set_result(Receipt.ACCEPTED)
    assert line.socket.recv(100) == b"250 2.0.0 kept\r\n"


def test_a_store_slower_than_the_peer_may_be_is_waited_for(open_door: Opened, writing_desk: WritingDesk) -> None:
    def slow(envelope: Envelope) -> Future[Receipt]:
        future: Future[Receipt] = Future()
        threading.Timer(0.6, future.set_result, [Receipt.ACCEPTED]).start()
        return future

    writing_desk.answer = slow
    with Line(open_door(command_timeout=0.3, data_timeout=0.4).address) as line:
        assert line.greeted().at_data().letter(b"x") == "250 2.0.0 kept"


@pytest.mark.parametrize("rudely", [False, True])
def test_a_peer_that_hangs_up_does_not_cancel_the_stores_work(
    open_door: Opened, writing_desk: WritingDesk, rudely: bool, caplog: pytest.LogCaptureFixture
) -> None:
    promise: Future[Receipt] = Future()
    writing_desk.answer = lambda envelope: promise
    door = open_door()
    with Line(door.address) as line:
        line.greeted().at_data().send(b"x\r\n.\r\n")
        assert writing_desk.called.wait(10)
        if rudely:
            line.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    wait_for(lambda: door.door.open_sessions == 0)
    assert not promise.cancelled()
    promise.set_result(Receipt.ACCEPTED)  # raises where the future was cancelled
    assert door.door.room.held == 0
    assert caplog.records == []


def test_a_letter_cut_off_is_no_letter(open_door: Opened, writing_desk: WritingDesk) -> None:
    door = open_door()
    for data in (b"", b"Subject: x\r\n", b"Subject: x\r\n\r\nbody\r\n.", b"x\r\n.\r"):
        with Line(door.address) as line:
            line.greeted().at_data().send(data)
            line.socket.shutdown(socket.SHUT_WR)
            assert line.is_cut()
    wait_for(lambda: door.door.open_sessions == 0)
    assert writing_desk.kept == []
    assert door.door.room.held == 0


def test_a_bug_while_taking_a_letter_never_makes_its_rest_commands(
    open_door: Opened, writing_desk: WritingDesk, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    from maild.edges.smtp_data import Incoming

    def no_memory(self: Incoming, chunk: bytes) -> bytes | None:
        raise MemoryError("secret")

    monkeypatch.setattr(Incoming, "feed", no_memory)
    with Line(open_door().address) as line:
        line.greeted().at_data().send(b"x\r\nNOOP\r\n.\r\nNOOP\r\n")
        assert line.reply() == "421 4.3.0 not now, please try again later"
        assert line.is_cut()
    assert "secret" in caplog.text


# --------------------------------------------------------------------- slow and many


def test_silence_is_ended_with_a_word(open_door: Opened) -> None:
    door = open_door(command_timeout=0.3)
    for prepare in (lambda line: line.reply(), lambda line: line.greeted(), lambda line: line.greeted().at_data()):
        with Line(door.address) as line:
            prepare(line)
            line.send(b"MAIL FR")  # half a command, or half a letter, is silence too
            assert line.reply() == "421 4.4.2 waited too long, closing"
            assert line.is_cut()
    assert door.door.counters["timed_out"] == 3


def test_a_slow_steady_letter_is_taken(open_door: Opened) -> None:
    with Line(open_door(command_timeout=0.4, data_timeout=30).address) as line:
        line.greeted().at_data()
        for _ in range(12):
            time.sleep(0.1)
            line.send(b"slowly\r\n")
        assert line.letter(b"") == "250 2.0.0 kept"


def test_a_letter_that_never_ends_does(open_door: Opened, writing_desk: WritingDesk) -> None:
    door = open_door(command_timeout=5, data_timeout=0.5)
    with Line(door.address) as line:
        line.greeted().at_data()
        with pytest.raises(ConnectionError):
            line.flood(b"x\r\n", times=200, pause=0.02)
    assert writing_desk.kept == []
    assert door.door.room.held == 0


def test_a_peer_that_reads_nothing_is_let_go(open_door: Opened, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("maild.edges.smtp_connection.LINGER", 0.2)
    door = open_door(command_timeout=0.5)
    with Line(door.address) as deaf:
        deaf.socket.settimeout(0.3)
        with pytest.raises((TimeoutError, ConnectionError)):
            deaf.flood(b"RSET\r\n" * 1000, times=10_000)
        wait_for(lambda: door.door.open_sessions == 0)


def test_too_many_from_one_peer(open_door: Opened) -> None:
    door = open_door(max_connections_per_peer=3)
    with ExitStack() as stack:
        lines = [stack.enter_context(Line(door.address)) for _ in range(3)]
        for line in lines:
            line.greeted()
        with Line(door.address) as fourth:
            assert fourth.reply() == "421 4.7.0 too many connections, please try again later"
            assert fourth.is_cut()
        assert lines[0].ask("QUIT")[:3] == "221"
        wait_for(lambda: door.door.open_sessions == 2)
        with Line(door.address) as fifth:
            fifth.greeted()
    assert door.door.counters["turned_away"] == 1


def test_a_flood_of_connections_does_not_drown_who_is_inside(open_door: Opened) -> None:
    door = open_door(max_connections=20)
    with Line(door.address) as inside, ExitStack() as stack:
        inside.greeted()
        flood = [stack.enter_context(Line(door.address)) for _ in range(400)]
        assert inside.at_data().letter(b"x") == "250 2.0.0 kept"
        greetings = [line.reply()[:9] for line in flood]
        assert greetings.count("421 4.7.0") == 381
        assert door.door.open_sessions == 20
    wait_for(lambda: door.door.open_sessions == 0)
    with Line(door.address) as after:
        after.greeted()


# --------------------------------------------------------------------- the end


def test_stopping_dismisses_who_has_nothing_under_way(open_door: Opened) -> None:
    door = open_door()
    with Line(door.address) as silent, Line(door.address) as idle, Line(door.address) as after:
        silent.reply()
        idle.greeted()
        after.greeted().at_data().letter(b"x")
        door.stop(5).result(2)
        for line in (silent, idle, after):
            assert line.reply() == CLOSING
            assert line.is_cut()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(door.address, 5)


def test_stopping_waits_for_a_letter_under_way_and_keeps_it(open_door: Opened, writing_desk: WritingDesk) -> None:
    door = open_door()
    with Line(door.address) as line:
        line.greeted().at_data().send(b"half of ")
        stopped = door.stop(10)
        wait_for(lambda: door.door.stopping)
        line.send(b"it\r\n.\r\nMAIL FROM:<a@b.example>\r\n")
        assert line.reply() == "250 2.0.0 kept"
        assert line.reply() == CLOSING
        assert line.is_cut()
        stopped.result(2)
    assert writing_desk.content == b"half of it\r\n"


@pytest.mark.parametrize("command", ["RSET", "EHLO x", "QUIT"])
def test_a_transaction_given_up_ends_the_session_while_stopping(open_door: Opened, command: str) -> None:
    door = open_door()
    with Line(door.address) as line:
        line.greeted().ask("MAIL FROM:<a@b.example>")
        stopped = door.stop(10)
        wait_for(lambda: door.door.stopping)
        assert line.ask("RCPT TO:<nobody@desk.example>")[:3] == "550"
        assert line.ask(command)[:2] in {"25", "22"}
        if command != "QUIT":
            assert line.reply() == CLOSING
        assert line.is_cut()
        stopped.result(2)


def test_stopping_is_bounded_and_promises_nothing_late(open_door: Opened, writing_desk: WritingDesk) -> None:
    promise: Future[Receipt] = Future()
    writing_desk.answer = lambda envelope: promise
    door = open_door()
    with Line(door.address) as waiting, Line(door.address) as slow:
        waiting.greeted().at_data().send(b"x\r\n.\r\n")
        slow.greeted().at_data().send(b"never ending")
        assert writing_desk.called.wait(10)
        start = time.monotonic()
        door.stop(0.3).result(10)
        assert time.monotonic() - start < 3
        promise.set_result(Receipt.ACCEPTED)
        assert waiting.is_cut()
        assert slow.is_cut()
    assert door.door.open_sessions == 0


def test_stopping_under_load_breaks_no_promise(open_door: Opened, writing_desk: WritingDesk) -> None:
    """Every 250 is a letter kept, and every letter kept for which the line was up to the end had its 250."""

    def commit_later(envelope: Envelope) -> Future[Receipt]:
        future: Future[Receipt] = Future()
        threading.Timer(0.01, future.set_result, [Receipt.ACCEPTED]).start()
        return future

    writing_desk.answer = commit_later
    door = open_door()
    promised: list[bytes] = []

    def peer(name: int) -> None:
        for number in range(1000):
            subject = b"Subject: %d-%d" % (name, number)
            try:
                with Line(door.address) as line:
                    if line.reply()[:3] != "220" or line.ask("EHLO x")[:3] != "250":
                        return
                    for command in ("MAIL FROM:<a@b.example>", "RCPT TO:<support@desk.example>", "DATA"):
                        if line.ask(command)[0] not in "23":
                            return
                    if line.letter(subject) == "250 2.0.0 kept":
                        promised.append(subject)
            except ConnectionError:
                return

    peers = [threading.Thread(target=peer, args=(name,)) for name in range(8)]
    for one in peers:
        one.start()
    wait_for(lambda: len(promised) > 20)
    door.stop(5).result(10)
    for one in peers:
        one.join(5)
        assert not one.is_alive()  # nobody is left hanging
    kept = [letter.raw.split(b"\r\n")[4] for letter in writing_desk.kept]
    assert sorted(kept) == sorted(promised)
