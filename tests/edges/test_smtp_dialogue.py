"""What is said before the letter: greetings, senders, recipients, and words the door does not know."""

from __future__ import annotations

import re
import smtplib
import socket
from collections.abc import Callable

import pytest
from smtp_rig import Line, OpenDoor, WritingDesk

from maild.edges.smtp_connection import MAX_ERRORS

Opened = Callable[..., OpenDoor]


def test_a_letter_by_the_book(open_door: Opened, writing_desk: WritingDesk) -> None:
    door = open_door()
    with smtplib.SMTP(*door.address, timeout=20) as client:
        assert (
            client.sendmail("karen@bank.example", ["support@desk.example", "sales@desk.example"], "Subject: x\n\nhello")
            == {}
        )
    letter = writing_desk.letter
    assert letter.raw == (
        b"Return-Path: <karen@bank.example>\r\n"
        b"Received: from " + letter.helo.encode() + b" ([127.0.0.1])\r\n"
        b"\tby mx.desk.example with ESMTP;\r\n"
        b"\tTue, 01 Jan 2030 12:00:00 +0000\r\n"
        b"Subject: x\r\n\r\nhello\r\n"
    )
    assert letter.mail_from == "karen@bank.example"
    assert letter.rcpts == ("support@desk.example", "sales@desk.example")
    assert (letter.door, letter.peer, letter.received_at.year) == ("smtp", "127.0.0.1", 2030)
    assert door.door.counters["replied_250"] == 1


def test_what_is_offered_is_what_is_done(line: Line) -> None:
    offered = line.ask("EHLO again.example").split("|")
    assert offered == [
        "250-mx.desk.example",
        "250-PIPELINING",
        "250-SIZE 25000000",
        "250-ENHANCEDSTATUSCODES",
        "250-8BITMIME",
        "250 SMTPUTF8",
    ]


def test_the_letters_of_one_session_stay_apart(line: Line, writing_desk: WritingDesk) -> None:
    for number in range(3):
        assert line.at_data().letter(b"Subject: %d\r\n\r\nbody" % number) == "250 2.0.0 kept"
    assert [b"Subject: %d\r\n\r\nbody\r\n" % n in letter.raw for n, letter in enumerate(writing_desk.kept)] == [
        True
    ] * 3
    assert line.ask("QUIT") == "221 2.0.0 Bye"
    assert line.is_cut()


def test_pipelined_letters_and_an_end_in_pieces(line: Line, writing_desk: WritingDesk) -> None:
    group = b"MAIL FROM:<a@b.example>\r\nRCPT TO:<support@desk.example>\r\nDATA\r\n"
    line.send(group)
    assert [line.reply()[:3] for _ in range(3)] == ["250", "250", "354"]
    line.send(b"Subject: one\r\n\r\nx\r\n.\r\n" + group)  # the second group rides behind the first letter
    assert [line.reply()[:3] for _ in range(4)] == ["250", "250", "250", "354"]
    for octet in b"Subject: two\r\n\r\ny\r\n.\r\nNOOP\r\n":
        line.send(bytes([octet]))
    assert [line.reply() for _ in range(2)] == ["250 2.0.0 kept", "250 2.0.0 OK"]
    assert [letter.raw.split(b"\r\n")[4] for letter in writing_desk.kept] == [b"Subject: one", b"Subject: two"]


@pytest.mark.parametrize(
    ("path", "reply"),
    [
        ("<support@desk.example>", "250 2.1.5 "),
        ("<SUPPORT@Desk.Example>", "250 2.1.5 "),
        ("support@desk.example", "250 2.1.5 "),  # devices forget the brackets
        ("<support+a2b3c4@desk.example>", "250 2.1.5 "),
        ('<"support"@desk.example>', "250 2.1.5 "),
        ("<postmaster>", "250 2.1.5 "),
        ("<PostMaster@desk.example>", "250 2.1.5 "),
        ("<nobody@desk.example>", "550 5.1.1 "),
        ("<root>", "550 5.1.1 "),
        ("<karen@bank.example>", "550 5.7.1 "),
        ("<postmaster@bank.example>", "550 5.7.1 "),
        ("<support@[127.0.0.1]>", "550 5.7.1 "),
        ("<karen%bank.example@desk.example>", "550 5.1.1 "),
        ("<bank.example!karen@desk.example>", "550 5.1.1 "),
        ('<"karen@bank.example"@desk.example>', "550 5.1.1 "),
        ('<"support@desk.example"@bank.example>', "550 5.7.1 "),
        ("<karen@bank.example@desk.example>", "553 5.1.3 "),
        ("<support@desk.example@bank.example>", "553 5.1.3 "),
        ("<@desk.example:karen@bank.example>", "553 5.1.3 "),
        ("<@bank.example,@desk.example:support@desk.example>", "553 5.1.3 "),
        ("<support@desk.example,karen@bank.example>", "553 5.1.3 "),
        ("<support@desk.example\0@bank.example>", "553 5.1.3 "),
        ("<support@desk.example\0>", "553 5.1.3 "),
        ("<sup\tport@desk.example>", "553 5.1.3 "),
        ("<support@desk.example\rX: y>", "553 5.1.3 "),
        ("<support@desk.example\x7f>", "553 5.1.3 "),
        ("<support@desk.ex\udcffample>", "553 5.1.3 "),  # the octet FF, no UTF-8
        ("<support\u2028@desk.example>", "553 5.1.3 "),
        ("<support@desk.example", "553 5.1.3 "),
        ("<support @desk.example>", "553 5.1.3 "),
        ("<support@>", "553 5.1.3 "),
        ("<@desk.example>", "553 5.1.3 "),
        ("<" + "a" * 400 + "@desk.example>", "553 5.1.3 "),
        ("<>", "501 5.1.3 "),
        ("", "501 5.5.4 "),
        ("<support@desk.example> NOTIFY=NEVER", "555 5.5.4 "),
        ("<support@desk.example>NOTIFY=NEVER", "553 5.1.3 "),
    ],
)
def test_recipients(line: Line, writing_desk: WritingDesk, path: str, reply: str) -> None:
    assert line.ask("MAIL FROM:<karen@bank.example>") == "250 2.1.0 sender ok"
    assert line.ask("RCPT TO:" + path).startswith(reply)
    accepted = reply.startswith("250")
    assert line.ask("DATA")[:3] == ("354" if accepted else "503")
    if accepted:
        assert line.letter(b"Subject: x") == "250 2.0.0 kept"
        assert len(writing_desk.letter.rcpts) == 1


@pytest.mark.parametrize(
    ("arg", "reply", "kept"),
    [
        ("FROM:<karen@bank.example>", "250 2.1.0 ", "karen@bank.example"),
        ("FROM: <karen@bank.example>", "250 2.1.0 ", "karen@bank.example"),
        ("from:karen@bank.example", "250 2.1.0 ", "karen@bank.example"),
        ("FROM:<>", "250 2.1.0 ", ""),
        ("FROM:<> SIZE=100 BODY=8BITMIME", "250 2.1.0 ", ""),
        ("FROM:<scanner>", "250 2.1.0 ", "scanner"),
        ("FROM:<two..dots.@docomo.example>", "250 2.1.0 ", "two..dots.@docomo.example"),
        ("FROM:<" + "v" * 200 + "@list.example>", "250 2.1.0 ", "v" * 200 + "@list.example"),
        ("FROM:<jürgen@bücher.example> SMTPUTF8 BODY=8BITMIME", "250 2.1.0 ", "jürgen@bücher.example"),
        ("FROM:<jürgen@bücher.example>", "250 2.1.0 ", "jürgen@bücher.example"),
        ('FROM:<"a > b"@bank.example>', "250 2.1.0 ", '"a > b"@bank.example'),
        ("FROM:<a@b.example> SIZE=25000001", "552 5.3.4 ", None),
        ("FROM:<a@b.example> SIZE=" + "9" * 1000, "552 5.3.4 ", None),
        ("FROM:<a@b.example> SIZE=x", "501 5.5.4 ", None),
        ("FROM:<a@b.example> SIZE=²", "553 5.1.3 ", None),
        ("FROM:<a@b.example> BODY=BINARYMIME", "501 5.5.4 ", None),
        ("FROM:<a@b.example> RET=HDRS", "555 5.5.4 ", None),
        ("FROM:<a@b.example> AUTH=<>", "555 5.5.4 ", None),
        ("FROM:<a@b.example\rBcc: c@d.example>", "553 5.1.3 ", None),
        ("FROM:<a@b.example\udcff>", "553 5.1.3 ", None),
        ("FROM:<a@b@c.example>", "553 5.1.3 ", None),
        ("FROM:" + "<" * 1900, "553 5.1.3 ", None),
        ("FROM:", "501 5.5.4 ", None),
        ("TO:<a@b.example>", "501 5.5.4 ", None),
        ("", "501 5.5.4 ", None),
    ],
)
def test_senders(line: Line, writing_desk: WritingDesk, arg: str, reply: str, kept: str | None) -> None:
    assert line.ask("MAIL " + arg).startswith(reply)
    assert line.ask("RCPT TO:<support@desk.example>")[:3] == ("503" if kept is None else "250")
    if kept is not None:
        assert line.ask("DATA")[:3] == "354"
        assert line.letter(b"x") == "250 2.0.0 kept"
        assert writing_desk.letter.mail_from == kept
        assert writing_desk.letter.raw.startswith(f"Return-Path: <{kept}>\r\nReceived: ".encode())


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("client.example", b"client.example"),
        ("[192.0.2.1]", b"[192.0.2.1]"),
        ("my_pc", b"my_pc"),
        ("PC in the hall", b"unknown"),
        ("x) (by evil; Authentication-Results:", b"unknown"),
        ("büro", b"unknown"),
        ("\udcff\udcfe", b"unknown"),
    ],
)
def test_whatever_it_calls_itself_the_trace_is_clean(
    open_door: Opened, writing_desk: WritingDesk, name: str, written: bytes
) -> None:
    with Line(open_door().address) as line:
        line.reply()
        assert line.ask("HELO " + name) == "250 mx.desk.example"
        assert line.at_data().letter(b"Subject: x") == "250 2.0.0 kept"
    assert writing_desk.letter.raw.split(b"\r\n")[1] == b"Received: from " + written + b" ([127.0.0.1])"
    assert writing_desk.letter.raw.split(b"\r\n")[2] == b"\tby mx.desk.example with SMTP;"
    assert writing_desk.letter.helo.isascii()


@pytest.mark.parametrize("name", ["a\rb", "a\0b", "a\x1bb", "x" * 256, ""])
@pytest.mark.parametrize("word", ["HELO", "EHLO"])
def test_a_name_that_could_break_a_line_is_refused(open_door: Opened, word: str, name: str) -> None:
    with Line(open_door().address) as line:
        line.reply()
        assert line.ask(f"{word} {name}").startswith("501 5.5.4 ")
        assert line.ask("MAIL FROM:<a@b.example>").startswith("503 5.5.1 ")


@pytest.mark.parametrize(
    ("command", "reply"),
    [
        ("VRFY support@desk.example", "252 2.0.0 send mail to find out"),
        ("VRFY nobody@desk.example", "252 2.0.0 send mail to find out"),
        ("EXPN support", "502 5.5.1 not implemented"),
        ("AUTH PLAIN AGEAYg==", "502 5.5.1 not implemented"),
        ("AUTH LOGIN", "502 5.5.1 not implemented"),
        ("STARTTLS", "502 5.5.1 not implemented"),
        ("BDAT 10 LAST", "500 5.5.1 command not recognized"),
        ("GET / HTTP/1.1", "500 5.5.1 command not recognized"),
        ("<script>", "500 5.5.1 command not recognized"),
        ("\udcff\udcfe", "500 5.5.2 Error: bad syntax"),
        ("", "500 5.5.2 Error: bad syntax"),
        ("DATA", "503 5.5.1 no valid recipients"),
        ("DATA now", "501 5.5.4 DATA takes no argument"),
        ("RCPT TO:<support@desk.example>", "503 5.5.1 Error: need MAIL command"),
        ("NOOP", "250 2.0.0 OK"),
        ("NOOP hello", "250 2.0.0 OK"),
        ("RSET", "250 2.0.0 OK"),
        ("HELP", "214 2.0.0 see RFC 5321"),
        ("HELP MAIL", "214 2.0.0 see RFC 5321"),
        ("NOOP " + "x" * 3000, "500 5.5.2 Command line too long"),
        ("NOOP " + "x" * 300_000, "500 5.5.2 Command line too long"),
    ],
)
def test_other_words(line: Line, command: str, reply: str) -> None:
    assert line.ask(command) == reply
    assert line.ask("NOOP") == "250 2.0.0 OK"


def test_every_reply_of_ours_has_an_enhanced_code() -> None:
    from maild.edges import smtp_replies

    said = [value for value in vars(smtp_replies).values() if isinstance(value, str) and value[:3].isdigit()]
    said += smtp_replies.RECEIPTS.values()
    assert len(said) > 20
    for reply in said:
        found = re.fullmatch(r"(\d)\d\d (\d)\.\d\.\d [ -~]+", reply)
        assert reply == smtp_replies.GO_AHEAD or (found is not None and found[1] == found[2]), reply


def test_no_more_than_max_recipients(open_door: Opened, writing_desk: WritingDesk) -> None:
    with Line(open_door(max_recipients=3).address) as line:
        line.greeted().ask("MAIL FROM:<a@b.example>")
        for _ in range(50):  # the same one again counts once
            assert line.ask("RCPT TO:<support@desk.example>")[:3] == "250"
        replies = [line.ask(f"RCPT TO:<support+{n}@desk.example>")[:9] for n in range(100)]
        assert replies == ["250 2.1.5"] * 2 + ["452 4.5.3"] * 98
        assert line.ask("DATA")[:3] == "354"
        assert line.letter(b"x") == "250 2.0.0 kept"
    assert writing_desk.letter.rcpts == ("support@desk.example", "support+0@desk.example", "support+1@desk.example")


def test_guessing_addresses_ends_early(open_door: Opened) -> None:
    door = open_door()
    with Line(door.address) as line:
        line.greeted().ask("MAIL FROM:<a@b.example>")
        replies = [line.ask(f"RCPT TO:<guess{n}@desk.example>")[:9] for n in range(MAX_ERRORS + 1)]
        assert replies == ["550 5.1.1"] * MAX_ERRORS + ["421 4.7.0"]
        assert line.is_cut()
    assert door.door.counters["recipients_refused"] == MAX_ERRORS + 1


def test_errors_are_forgiven_with_every_letter(line: Line) -> None:
    for _ in range(5):
        line.ask("MAIL FROM:<a@b.example>")
        for n in range(MAX_ERRORS - 1):
            assert line.ask(f"RCPT TO:<guess{n}@desk.example>")[:3] == "550"
        line.ask("RSET")
        assert line.at_data().letter(b"x") == "250 2.0.0 kept"


def test_nothing_pipelined_is_worked_after_the_last_word(line: Line, writing_desk: WritingDesk) -> None:
    wrong = b"RCPT TO:<guess@desk.example>\r\n" * (MAX_ERRORS + 1)
    line.send(b"MAIL FROM:<a@b.example>\r\nRCPT TO:<support@desk.example>\r\n" + wrong + b"DATA\r\nx\r\n.\r\n")
    replies = [line.reply()[:3] for _ in range(MAX_ERRORS + 4)]
    assert replies == ["250", "250"] + ["550"] * MAX_ERRORS + ["421", ""]
    assert writing_desk.kept == []


@pytest.mark.parametrize(("command", "most"), [("NOOP", 100), ("VRFY x", 20), ("EHLO x", 19), ("HELP", 20)])
def test_idle_chatter_ends(line: Line, command: str, most: int) -> None:
    for _ in range(most):
        assert line.ask(command)[0] == "2"
    assert line.ask(command).startswith("421 4.7.0 ")
    assert line.is_cut()


def test_http_is_no_mail(open_door: Opened, writing_desk: WritingDesk) -> None:
    with Line(open_door().address) as line:
        line.reply()
        line.send(
            b"POST / HTTP/1.1\r\nHost: desk.example\r\nUser-Agent: x\r\nAccept: */*\r\nContent-Length: 9\r\nOrigin: x\r\n\r\n"
            b"EHLO x\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<support@desk.example>\r\nDATA\r\nx\r\n.\r\n"
        )
        replies = [line.reply()[:3] for _ in range(6)]
        assert replies == ["500"] * 4 + ["502", ""]
    assert writing_desk.kept == []


def test_one_session_does_not_shorten_the_lines_of_another(open_door: Opened) -> None:
    """The library keeps one table of command sizes for all sessions and empties it at each connection."""
    door = open_door()
    with Line(door.address) as first:
        first.greeted()
        with Line(door.address) as second:
            second.greeted()
            assert first.ask(f"MAIL FROM:<{'v' * 250}@list.example> SIZE=1{' ' * 1000}") == "250 2.1.0 sender ok"


def test_rset_and_ehlo_end_a_transaction(line: Line) -> None:
    for command in ("RSET", "EHLO x"):
        line.ask("MAIL FROM:<a@b.example>")
        line.ask("RCPT TO:<support@desk.example>")
        assert line.ask("MAIL FROM:<a@b.example>") == "503 5.5.1 Error: nested MAIL command"
        line.ask(command)
        assert line.ask("DATA") == "503 5.5.1 no valid recipients"


def test_a_bug_while_asking_whose_address_it_is_reveals_nothing(
    open_door: Opened, caplog: pytest.LogCaptureFixture
) -> None:
    door = open_door()

    def broken(address: str) -> bool:
        raise RuntimeError("secret")

    door.door.is_ours = broken
    with Line(door.address) as line:
        line.greeted().ask("MAIL FROM:<a@b.example>")
        assert line.ask("RCPT TO:<support@desk.example>") == "451 4.3.0 not now, please try again later"
        assert line.ask("NOOP") == "250 2.0.0 OK"
    assert "secret" in caplog.text


def test_the_librarys_own_log_is_quiet(line: Line, caplog: pytest.LogCaptureFixture) -> None:
    line.ask("BOGUS")
    line.ask("MAIL FROM:<secret@bank.example>")
    assert "secret" not in caplog.text
    assert [record for record in caplog.records if record.name == "mail.log"] == []


def test_ipv6_and_sockets_opened_by_others(
    open_door: Opened, writing_desk: WritingDesk, missing: Callable[[str], None]
) -> None:
    with socket.socket(socket.AF_INET6) as bound:
        try:
            bound.bind(("::1", 0))
        except OSError:
            missing("an IPv6 loopback address")
        door = open_door(bound.dup())
        assert door.address == ("::1", bound.getsockname()[1])
        with Line(door.address) as line:
            assert line.greeted().at_data().letter(b"x") == "250 2.0.0 kept"
    assert b"Received: from client.example ([IPv6:::1])" in writing_desk.letter.raw


def test_an_address_in_use_is_an_error_and_leaves_nothing_open(open_door: Opened) -> None:
    taken = open_door().address
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(OSError, match="address already in use"):
        open_door(listen=(("127.0.0.1", port), taken))
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), 5)
