"""The letter itself: where it ends, what of it is kept, how much of it, and what is written in front."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import pytest
from smtp_rig import Line, OpenDoor, WritingDesk, wait_for

Opened = Callable[..., OpenDoor]

# Behind each of these, were it the end of data, stands a second letter.
FALSE_ENDS = {
    "LF . LF": b"\n.\n",
    "LF . CR LF": b"\n.\r\n",
    "LF . CR": b"\n.\r",
    "CR . CR": b"\r.\r",
    "CR . CR LF": b"\r.\r\n",
    "CR . LF": b"\r.\n",
    "CR LF . LF": b"\r\n.\n",
    "CR LF . CR": b"\r\n.\r",
    "CR LF . CR CR LF": b"\r\n.\r\r\n",
    "CR LF NUL . CR LF": b"\r\n\0.\r\n",
    "CR LF . NUL CR LF": b"\r\n.\0\r\n",
    "CR LF . blank CR LF": b"\r\n. \r\n",
}
SECOND = b"MAIL FROM:<boss@bank.example>\r\nRCPT TO:<support@desk.example>\r\nDATA\r\nSubject: smuggled\r\n\r\nx"


@pytest.mark.parametrize("end", FALSE_ENDS.values(), ids=FALSE_ENDS.keys())
def test_only_one_spelling_ends_a_letter(line: Line, writing_desk: WritingDesk, end: bytes) -> None:
    """This is the loopback, where other servers have been more trusting."""
    line.at_data()
    assert line.letter(b"Subject: first\r\n\r\nhello" + end + SECOND) == "250 2.0.0 kept"
    assert line.ask("NOOP") == "250 2.0.0 OK"
    assert b"Subject: smuggled" in writing_desk.letter.raw
    assert writing_desk.letter.mail_from == "karen@bank.example"


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        (b"Subject: x\r\n\r\nhello", b"Subject: x\r\n\r\nhello\r\n"),
        (b"a\r\n..\r\n...b\r\n.c\r\nd.", b"a\r\n.\r\n..b\r\nc\r\nd.\r\n"),
        (b"..first", b".first\r\n"),
        (b"\r\n", b"\r\n\r\n"),
        (b"a\nb\n.\nc", b"a\r\nb\r\n.\r\nc\r\n"),
        (b"a\n..b", b"a\r\n..b\r\n"),  # a dot behind a bare LF was not doubled by who sent it
        (b"a\r\r\nb\r\r\r\nc", b"a\r\nb\r\nc\r\n"),
        (b"a\rb\r\nc\r", b"a?b\r\nc\r\n"),
        (b"Authentication-\rResults: mx.desk.example; dmarc=pass", b"Authentication-?Results: mx.desk.example; dmarc=pass\r\n"),
        (b"X: a\rAuthentication-Results: forged", b"X: a?Authentication-Results: forged\r\n"),
        (b"Authentication-Results\r: forged", b"Authentication-Results?: forged\r\n"),
        (b"Authentication\0-Results: forged", b"Authentication?-Results: forged\r\n"),
        (b"Subject: \xff\xfe\xe4", b"Subject: \xff\xfe\xe4\r\n"),
        (b"x" * 70_000 + b"\r\n" + b"y" * 300_000, b"x" * 70_000 + b"\r\n" + b"y" * 300_000 + b"\r\n"),
    ],
)  # fmt: skip
def test_what_is_kept(line: Line, writing_desk: WritingDesk, sent: bytes, kept: bytes) -> None:
    assert line.at_data().letter(sent) == "250 2.0.0 kept"
    assert writing_desk.content == kept


def test_an_empty_letter_is_a_letter(line: Line, writing_desk: WritingDesk) -> None:
    line.at_data().send(b".\r\n")
    assert line.reply() == "250 2.0.0 kept"
    assert writing_desk.content == b""


def test_the_size_limit_is_exact(open_door: Opened, writing_desk: WritingDesk) -> None:
    with Line(open_door(max_size=1000).address) as line:
        line.greeted()
        assert line.at_data().letter(b"x" * 998) == "250 2.0.0 kept"
        assert line.at_data().letter(b"x" * 999) == "552 5.3.4 letter is larger than we take"
        # A bare LF becomes two octets and counts as two.
        assert line.at_data().letter(b"x" * 997 + b"\n") == "552 5.3.4 letter is larger than we take"
        # Doubled dots are not the letter's.
        assert line.at_data().letter(b"..\r\n" * 300 + b"..." + b"x" * 96) == "250 2.0.0 kept"
    assert [len(letter.raw.partition(b"+0000\r\n")[2]) for letter in writing_desk.kept] == [1000, 1000]


def test_after_a_letter_too_large_the_dialogue_goes_on(open_door: Opened, writing_desk: WritingDesk) -> None:
    with Line(open_door(max_size=100_000).address) as line:
        line.greeted().at_data()
        line.send(b"x" * 150_000 + b"\r\nMAIL FROM:<a@b.example>\r\n.\r\nNOOP\r\n")
        assert line.reply() == "552 5.3.4 letter is larger than we take"
        assert line.reply() == "250 2.0.0 OK"
        assert line.at_data().letter(b"small") == "250 2.0.0 kept"
    assert writing_desk.content == b"small\r\n"


def test_who_does_not_stop_sending_is_stopped(open_door: Opened, writing_desk: WritingDesk) -> None:
    door = open_door(max_size=100_000)
    with Line(door.address) as line:
        line.greeted().at_data()
        with pytest.raises(ConnectionError):  # long before the end, whatever the kernel's buffers take along
            line.flood(b"x" * 50_000 + b"\r\n", times=2000)
    assert writing_desk.kept == []
    assert door.door.room.held == 0


def test_the_verdict_on_endless_data_comes_first(open_door: Opened) -> None:
    with Line(open_door(max_size=1000).address) as line:
        line.greeted().at_data().send(b"x" * 2001)
        assert line.reply() == "552 5.3.4 letter is larger than we take"
        assert line.reply() == "421 4.3.4 closing"
        assert line.is_cut()


def test_memory_for_letters_is_shared(open_door: Opened, writing_desk: WritingDesk) -> None:
    door = open_door(max_size=10_000)  # room for eight of the largest
    with ExitStack() as stack:
        lines = [stack.enter_context(Line(door.address)).greeted().at_data() for _ in range(10)]
        for number, line in enumerate(lines, 1):
            line.send(b"x" * 9_000)
            wait_for(lambda: door.door.room.held >= min(number, 8) * 9_000)  # noqa: B023 - called at once
        assert [line.letter(b"")[:9] for line in lines[8:]] == ["452 4.3.1"] * 2
        assert [line.letter(b"")[:9] for line in lines[:8]] == ["250 2.0.0"] * 8
        assert lines[9].at_data().letter(b"again") == "250 2.0.0 kept"
    assert door.door.room.held == 0


@pytest.mark.parametrize(("fields", "reply"), [(50, "250 2.0.0"), (51, "554 5.4.6")])
@pytest.mark.parametrize("end", [b"\r\n", b"\n"])
def test_a_letter_that_runs_in_circles(line: Line, fields: int, end: bytes, reply: str) -> None:
    hops = b"ReCeived: from a by b; Tue, 01 Jan 2030 12:00:00 +0000" + end
    assert line.at_data().letter(hops * fields + b"Subject: x" + end + end + hops * 60).startswith(reply)


def test_nothing_of_the_envelope_gets_into_the_header(open_door: Opened, writing_desk: WritingDesk) -> None:
    with Line(open_door().address) as line:
        line.reply()
        line.ask('EHLO x"\x1b[2J')
        line.ask("EHLO x\x0bBcc:y")
        line.ask("EHLO evil\u2028name")
        line.ask('MAIL FROM:<"a\\\r\nBcc: b"@c.example>')
        line.reply()  # to the second half of that, which is a command of its own
        line.ask('MAIL FROM:<"a> SMTP; \\"b"@c.example> SIZE=1')
        line.ask("RCPT TO:<support@desk.example>")
        line.ask("DATA")
        assert line.letter(b"Subject: x") == "250 2.0.0 kept"
    assert writing_desk.letter.raw.split(b"\r\n") == [
        b'Return-Path: <"a> SMTP; \\"b"@c.example>',
        b"Received: from unknown ([127.0.0.1])",
        b"\tby mx.desk.example with ESMTP;",
        b"\tTue, 01 Jan 2030 12:00:00 +0000",
        b"Subject: x",
        b"",
    ]


def test_utf8_mail_says_so_in_its_trace(line: Line, writing_desk: WritingDesk) -> None:
    line.ask("MAIL FROM:<jürgen@bücher.example> SMTPUTF8")
    line.ask("RCPT TO:<support@desk.example>")
    line.ask("DATA")
    assert line.letter("Subject: Grüße".encode()) == "250 2.0.0 kept"
    assert b" with UTF8SMTP;" in writing_desk.letter.raw


def test_a_real_mail_system_gets_on_with_us(
    open_door: Opened, writing_desk: WritingDesk, program: Callable[[str], Path]
) -> None:
    host, port = open_door().address
    command = [program("smtp-source"), "-c", "-m", "200", "-s", "10", "-l", "30000", "-f", "a@bank.example"]
    subprocess.run(
        [*command, "-t", "support@desk.example", f"{host}:{port}"], check=True, timeout=50, capture_output=True
    )
    assert len(writing_desk.kept) == 200


BOMBS = {
    "CR LF": b"\r\n" * (8 << 20),
    "dots": b"\r\n.." * (4 << 20),
    "one line": b"x" * (16 << 20),
    "bare LF": b"\n" * (8 << 20),
    "bare CR": b"\r" * (16 << 20),
    "NUL": b"\0" * (16 << 20),
    "Received": b"Received:\r\n" * ((16 << 20) // 11),
}
BOMBED = """
    import asyncio, re, sys
    from concurrent.futures import Future
    from datetime import UTC, datetime
    from pathlib import Path
    from maild.core.model import Receipt
    from maild.edges.smtp import SmtpDoor, SmtpSettings

    def accept(envelope):
        future = Future()
        future.set_result(Receipt.ACCEPTED)
        return future

    async def main():
        settings = SmtpSettings(hostname="mx.desk.example", listen=(("127.0.0.1", 0),), max_size=17 << 20)
        door = SmtpDoor(settings, accept, lambda address: True, lambda: datetime(2030, 1, 1, tzinfo=UTC))
        await door.start()
        print(door.addresses[0][1], flush=True)
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.readline)
        await door.stop(1)
        print(re.search(r"VmHWM:\\s+(\\d+) kB", Path("/proc/self/status").read_text())[1])

    asyncio.run(main())
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="measures memory where Linux shows it")
@pytest.mark.parametrize("bomb", BOMBS.values(), ids=BOMBS.keys())
def test_memory_bombs_cost_no_more_than_other_letters(bomb: bytes) -> None:
    """At most twice the letter and 50 MB, the whole process counted."""
    process = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(BOMBED)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    with process:
        assert process.stdin is not None
        assert process.stdout is not None
        with Line(("127.0.0.1", int(process.stdout.readline())), 50) as line:
            line.greeted().at_data()
            assert line.letter(bomb)[:3] in {"250", "554"}
        process.stdin.write("\n")
        process.stdin.flush()
        peak = int(process.stdout.readline()) * 1024
    assert process.returncode == 0
    assert peak < 2 * (16 << 20) + 50_000_000
