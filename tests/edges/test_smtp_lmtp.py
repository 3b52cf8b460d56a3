"""LMTP: as many answers as recipients were taken, whatever the letter, and never one more or less."""

from __future__ import annotations

import socket
import stat
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from smtp_rig import Line, OpenDoor, WritingDesk, done, wait_for

from maild.core.model import Receipt
from maild.edges.smtp_lmtp import LmtpSession
from maild.edges.smtp_sockets import bound_unix

Opened = Callable[..., OpenDoor]
TAKEN = "250 2.1.5 recipient ok"


@pytest.fixture
def lmtp(open_door: Opened) -> Callable[..., OpenDoor]:
    return partial(open_door, session=LmtpSession)


def greeted(line: Line) -> Line:
    assert line.reply() == "220 mx.desk.example LMTP"
    assert line.ask("LHLO mta.example").startswith("250-mx.desk.example|250-PIPELINING|")
    return line


def asked(line: Line, rcpts: list[str]) -> list[str]:
    """MAIL and RCPTs; the replies to the RCPTs."""
    assert line.ask("MAIL FROM:<karen@bank.example>").startswith("250 ")
    return [line.ask(f"RCPT TO:<{rcpt}>") for rcpt in rcpts]


def test_only_lhlo_greets(lmtp: Opened) -> None:
    with Line(lmtp().address) as line:
        assert line.reply() == "220 mx.desk.example LMTP"
        for word in ("HELO", "EHLO"):
            assert line.ask(f"{word} mta.example").startswith("500 5.5.1")
        assert line.ask("MAIL FROM:<karen@bank.example>").startswith("503 ")
        assert line.ask("LHLO").startswith("501 ")
        assert line.ask("LHLO mta.example").startswith("250-")


def test_smtp_knows_no_lhlo(line: Line) -> None:
    assert line.ask("LHLO mta.example").startswith("500 ")


def test_one_letter_for_all_and_an_answer_for_each(lmtp: Opened, writing_desk: WritingDesk) -> None:
    rcpts = ["support@desk.example", "nobody@desk.example", "sales@desk.example", "x@elsewhere.example"]
    with Line(lmtp().address) as line:
        replies = asked(greeted(line), rcpts)
        assert [reply[:9] for reply in replies] == ["250 2.1.5", "550 5.1.1", "250 2.1.5", "550 5.7.1"]
        assert line.ask("DATA").startswith("354 ")
        line.send(b"Subject: x\r\n\r\ny\r\n.\r\n")
        assert [line.reply(), line.reply()] == ["250 2.0.0 kept"] * 2
        assert line.ask("NOOP").startswith("250 2.0.0 OK")
    assert writing_desk.letter.rcpts == ("support@desk.example", "sales@desk.example")
    assert writing_desk.letter.door == "lmtp"
    assert b"with LMTP;" in writing_desk.letter.raw


def test_a_recipient_named_twice_is_answered_twice(lmtp: Opened, writing_desk: WritingDesk) -> None:
    with Line(lmtp().address) as line:
        assert asked(greeted(line), ["support@desk.example"] * 3) == [TAKEN] * 3
        line.ask("DATA")
        line.send(b"Subject: x\r\n\r\ny\r\n.\r\n")
        assert [line.reply() for _ in range(3)] == ["250 2.0.0 kept"] * 3
        assert line.ask("NOOP").startswith("250 2.0.0 OK")
    assert writing_desk.letter.rcpts == ("support@desk.example",)


def test_without_recipients_there_is_one_answer_and_no_letter(lmtp: Opened) -> None:
    with Line(lmtp().address) as line:
        asked(greeted(line), ["nobody@desk.example"])
        assert line.ask("DATA").startswith("503 ")
        assert line.ask("NOOP").startswith("250 2.0.0 OK")


def test_a_letter_too_large_is_refused_for_each_and_its_rest_is_no_command(
    lmtp: Opened, writing_desk: WritingDesk
) -> None:
    with Line(lmtp(max_size=100).address) as line:
        asked(greeted(line), ["support@desk.example", "sales@desk.example"])
        line.ask("DATA")
        line.send(b"QUIT\r\nRSET\r\n" * 15 + b".\r\n")
        assert [line.reply(), line.reply()] == ["552 5.3.4 letter is larger than we take"] * 2
        assert asked(line, ["support@desk.example"]) == [TAKEN]
    assert not writing_desk.kept


@pytest.mark.parametrize("receipt", list(Receipt))
def test_every_receipt_is_told_to_each(lmtp: Opened, writing_desk: WritingDesk, receipt: Receipt) -> None:
    writing_desk.answer = lambda envelope: done(receipt)
    with Line(lmtp().address) as line:
        asked(greeted(line), ["support@desk.example", "sales@desk.example"])
        line.ask("DATA")
        line.send(b"Subject: x\r\n\r\ny\r\n.\r\n")
        first, second = line.reply(), line.reply()
        assert first == second
        assert first[0] == ("2" if receipt in (Receipt.ACCEPTED, Receipt.DUPLICATE) else "4")
        assert line.ask("NOOP").startswith("250 2.0.0 OK")


STEPS = st.lists(
    st.tuples(
        st.lists(st.sampled_from(["support", "sales", "nobody", "support+x", "other"]), max_size=8),
        st.sampled_from(["keep", "later", "large", "reset"]),
    ),
    min_size=1,
    max_size=6,
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_pipelined_dialogues_are_never_out_of_step(lmtp: Opened, writing_desk: WritingDesk, steps: Any) -> None:
    """Everything is sent ahead, as RFC 2920 lets peers do up to DATA; each reply is what its command deserves."""
    door = lmtp(max_size=2_000, max_recipients=5)
    with Line(door.address) as line:
        greeted(line)
        for rcpts, fate in steps:
            expected = _expected(rcpts)
            writing_desk.answer = lambda envelope, fate=fate: done(  # type: ignore[misc]
                Receipt.TRY_LATER if fate == "later" else Receipt.ACCEPTED
            )
            line.send("MAIL FROM:<karen@bank.example>\r\n")
            line.send("".join(f"RCPT TO:<{rcpt}@desk.example>\r\n" for rcpt in rcpts))
            line.send("RSET\r\n" if fate == "reset" else "DATA\r\n")
            assert line.reply().startswith("250 2.1.0")
            assert [line.reply()[:3] for _ in rcpts] == expected
            taken = expected.count("250")
            if fate == "reset":
                assert line.reply().startswith("250 2.0.0")
            elif not taken:
                assert line.reply().startswith("503 ")
                assert line.ask("RSET").startswith("250 ")
            else:
                assert line.reply().startswith("354 ")
                line.send(b"x" * (3_000 if fate == "large" else 10) + b"\r\n.\r\n")
                code = {"keep": "250", "later": "451", "large": "552"}[fate]
                assert [line.reply()[:3] for _ in range(taken)] == [code] * taken
            if expected.count("550") > 8:
                break  # too many errors end a session
        line.send("RSET\r\nNOOP\r\n")
        assert [line.reply()[:3], line.reply()[:3]] == ["250", "250"]
    door.close()


def _expected(rcpts: list[str]) -> list[str]:
    codes: list[str] = []
    seen: set[str] = set()
    for rcpt in rcpts:
        if len(seen) >= 5:
            codes.append("452")
        elif rcpt in ("nobody", "other"):
            codes.append("550")
        else:
            seen.add(rcpt)
            codes.append("250")
    return codes


# --------------------------------------------------------------------- UNIX sockets


def test_a_unix_socket_has_its_mode_and_goes_with_the_door(
    lmtp: Opened, writing_desk: WritingDesk, tmp_path: Path
) -> None:
    path = tmp_path / "lmtp.sock"
    door = lmtp(listen=(), listen_unix=(path,), socket_mode=0o600)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert door.door.bound == (str(path),)
    peer = socket.socket(socket.AF_UNIX)
    peer.settimeout(20)
    peer.connect(str(path))
    with peer, peer.makefile("rb") as replies:
        assert replies.readline() == b"220 mx.desk.example LMTP\r\n"
        peer.sendall(
            b"LHLO mta.example\r\nXFORWARD ADDR=192.0.2.9 HELO=outside.example\r\nMAIL FROM:<karen@bank.example>\r\n"
            b"RCPT TO:<support@desk.example>\r\nDATA\r\n"
        )
        while not replies.readline().startswith(b"354 "):
            pass
        peer.sendall(b"Subject: x\r\n\r\ny\r\n.\r\nQUIT\r\n")
        assert replies.readline() == b"250 2.0.0 kept\r\n"
    wait_for(lambda: door.door.open_sessions == 0)
    door.close()
    assert not path.exists()
    assert (writing_desk.letter.peer, writing_desk.letter.helo) == ("192.0.2.9", "outside.example")


def test_a_socket_file_left_by_a_dead_process_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "lmtp.sock"
    bound_unix(path, 0o660).close()
    assert path.exists()
    with bound_unix(path, 0o660), pytest.raises(OSError, match="somebody listens there"):
        bound_unix(path, 0o660)


def test_a_file_that_is_no_socket_is_not_touched(tmp_path: Path) -> None:
    path = tmp_path / "precious"
    path.write_text("data")
    with pytest.raises(FileExistsError):
        bound_unix(path, 0o660)
    assert path.read_text() == "data"
