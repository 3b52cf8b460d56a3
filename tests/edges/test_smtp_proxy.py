"""Who a letter is from where somebody stands between: PROXY headers, XCLIENT and XFORWARD, and only from those listed."""

from __future__ import annotations

import socket
import struct
from collections.abc import Callable
from ipaddress import ip_network
from pathlib import Path

import pytest
import tls_rig
from hypothesis import given
from hypothesis import strategies as st
from smtp_rig import Line, OpenDoor, WritingDesk, wait_for

from maild.edges import smtp_entrance
from maild.edges.smtp_proxy import SIGNATURE, BadHeader, source, wanted
from maild.edges.smtp_tls import Certificate
from maild.edges.smtp_xclient import XCLIENT, XFORWARD, Announced, announced

Opened = Callable[..., OpenDoor]
HERE = (ip_network("127.0.0.0/8"),)


def second(address: str, *, command: int = 1, more: bytes = b"") -> bytes:
    """A header of version 2."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    packed = socket.inet_pton(family, address)
    body = packed + packed + struct.pack("!HH", 4711, 25) + more
    return SIGNATURE + bytes([0x20 | command, 0x21 if ":" in address else 0x11]) + struct.pack("!H", len(body)) + body


HEADERS = [
    (b"PROXY TCP4 192.0.2.7 192.0.2.1 4711 25\r\n", "192.0.2.7"),
    (b"PROXY TCP6 2001:db8::7 2001:db8::1 4711 25\r\n", "2001:db8::7"),
    (b"PROXY UNKNOWN\r\n", None),
    (b"PROXY UNKNOWN ff:f:f:f ff:f:f:f 65535 65535\r\n", None),
    (second("192.0.2.7"), "192.0.2.7"),
    (second("2001:db8::7", more=b"\x03\x00\x04abcd"), "2001:db8::7"),
    (second("192.0.2.7", command=0), None),
    (SIGNATURE + b"\x21\x00\x00\x00", None),
]
BAD = [
    b"PROXY TCP4 192.0.2.7 192.0.2.1 4711\r\n",
    b"PROXY TCP4 2001:db8::7 2001:db8::1 4711 25\r\n",
    b"PROXY TCP6 fe80::1%eth0 2001:db8::1 4711 25\r\n",
    b"PROXY TCP4 nowhere 192.0.2.1 4711 25\r\n",
    b"PROXY UDP4 192.0.2.7 192.0.2.1 4711 25\r\n",
    b"EHLO client.example\r\n",
    b"PROXY TCP4 " + b"1" * 200,
    SIGNATURE + b"\x31\x11\x00\x0c" + bytes(12),
    SIGNATURE + b"\x22\x11\x00\x0c" + bytes(12),
    SIGNATURE + b"\x21\x11\x00\x04" + bytes(4),
    SIGNATURE + b"\x21\x11\xff\xff",
]


def read(stream: bytes) -> tuple[str | None, bytes]:
    """What a header says, and what of the stream it leaves untouched."""
    header = b""
    while more := wanted(header):
        assert len(stream) >= len(header) + more
        header = stream[: len(header) + more]
    return source(header), stream[len(header) :]


@pytest.mark.parametrize(("header", "who"), HEADERS)
def test_a_header_is_read_to_its_last_octet(header: bytes, who: str | None) -> None:
    assert read(header + b"EHLO behind\r\n") == (who, b"EHLO behind\r\n")


@pytest.mark.parametrize("header", BAD)
def test_what_is_no_header_is_refused(header: bytes) -> None:
    with pytest.raises(BadHeader):
        read(header + b" " * 70_000)


@given(st.binary(max_size=300), st.sampled_from([b"", b"PROXY ", b"PROXY TCP4 ", SIGNATURE]))
def test_nothing_but_a_bad_header_comes_of_noise(noise: bytes, begin: bytes) -> None:
    stream, header = begin + noise, b""
    try:
        while (more := wanted(header)) and len(header) + more <= len(stream):
            assert more > 0
            header = stream[: len(header) + more]
        if not more:
            source(header)
    except BadHeader:
        pass


@pytest.mark.parametrize("header", [HEADERS[0][0], second("192.0.2.7")])
def test_the_peer_is_whom_the_balancer_names(open_door: Opened, writing_desk: WritingDesk, header: bytes) -> None:
    with Line(open_door(proxies=HERE, max_connections_per_peer=1).address) as line:
        for octet in header:
            line.send(bytes([octet]))
        line.greeted().at_data()
        assert line.letter(b"Subject: x\r\n\r\ny").startswith("250 ")
    assert writing_desk.letter.peer == "192.0.2.7"
    assert b"([192.0.2.7])" in writing_desk.letter.raw


def test_limits_are_the_peers_and_not_the_balancers(open_door: Opened) -> None:
    door = open_door(proxies=HERE, max_connections_per_peer=1)
    with Line(door.address) as one, Line(door.address) as two, Line(door.address) as again:
        for line, who in ((one, b"192.0.2.7"), (two, b"198.51.100.1"), (again, b"192.0.2.7")):
            line.send(b"PROXY TCP4 " + who + b" 127.0.0.1 4711 25\r\n")
            assert line.reply()[:3] == ("421" if line is again else "220")


def test_behind_the_header_comes_tls(open_door: Opened, writing_desk: WritingDesk, tmp_path: Path) -> None:
    context = Certificate(*tls_rig.make(tmp_path)).context
    door = open_door(listen=(), listen_tls=(("127.0.0.1", 0),), proxies=HERE, tls=context)
    with Line(door.address) as line:
        line.send(b"PROXY TCP4 192.0.2.7 127.0.0.1 4711 465\r\n")
        line.secured(tls_rig.client(tmp_path / "cert.pem")).greeted().at_data()
        assert line.letter(b"Subject: x\r\n\r\ny").startswith("250 ")
    assert writing_desk.letter.peer == "192.0.2.7"


def test_a_balancer_that_says_nothing_is_let_go(open_door: Opened, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(smtp_entrance, "PATIENCE", 0.2)
    door = open_door(proxies=HERE)
    with Line(door.address) as line:
        assert line.is_cut()
    with Line(door.address) as line:
        line.send(b"EHLO client.example\r\n")
        assert line.is_cut()
    wait_for(lambda: door.door.counters["turned_away"] == 1)


def test_a_header_from_anybody_else_is_a_wrong_command(open_door: Opened, writing_desk: WritingDesk) -> None:
    with Line(open_door(proxies=(ip_network("192.0.2.0/24"),)).address) as line:
        line.send(b"PROXY TCP4 192.0.2.7 192.0.2.1 4711 25\r\n")
        assert line.reply().startswith("220 ")
        assert line.reply().startswith("500 ")
        line.ask("EHLO x")
        line.at_data()
        line.letter(b"Subject: x\r\n\r\ny")
    assert writing_desk.letter.peer == "127.0.0.1"


# --------------------------------------------------------------------- XCLIENT and XFORWARD


@pytest.mark.parametrize(
    ("arg", "said"),
    [
        ("ADDR=192.0.2.7 HELO=outside.example", Announced("192.0.2.7", "outside.example")),
        ("addr=IPV6:2001:db8::7 port=4711", Announced("2001:db8::7", None)),
        ("NAME=spike.example ADDR=[UNAVAILABLE] HELO=[TEMPUNAVAIL]", Announced("", "")),
        ("HELO=a+20b+2B", Announced(None, "a b+")),
        ("ADDR=nowhere", None),
        ("ADDR", None),
        ("", None),
        ("SOURCE=LOCAL", None),
        ("HELO=a+0D+0AMAIL", None),
        ("HELO=a+0", None),
        ("HELO=" + "x" * 256, None),
    ],
)
def test_attributes(arg: str, said: Announced | None) -> None:
    assert announced(arg, XCLIENT) == said


def test_forwarded_attributes_have_more_names() -> None:
    assert announced("SOURCE=LOCAL IDENT=4711", XFORWARD) == Announced()


def test_xclient_puts_the_client_in_the_servers_place(open_door: Opened, writing_desk: WritingDesk) -> None:
    with Line(open_door(announcers=HERE).address) as line:
        line.greeted()
        assert "|250-XCLIENT NAME ADDR PORT PROTO HELO|" in line.ask("EHLO proxy.example")
        assert line.ask("XCLIENT ADDR=192.0.2.7 HELO=outside.example") == "220 mx.desk.example ESMTP"
        assert line.ask("MAIL FROM:<karen@bank.example>").startswith("503 "), "it begins anew"
        line.ask("EHLO proxy.example")
        line.at_data()
        line.letter(b"Subject: x\r\n\r\ny")
    assert (writing_desk.letter.peer, writing_desk.letter.helo) == ("192.0.2.7", "outside.example")


def test_xforward_speaks_of_the_next_letter_only(open_door: Opened, writing_desk: WritingDesk) -> None:
    with Line(open_door(announcers=HERE).address) as line:
        line.greeted()
        assert line.ask("XFORWARD NAME=outside.example ADDR=192.0.2.7").startswith("250 ")
        assert line.ask("XFORWARD HELO=outside.example PROTO=ESMTP").startswith("250 ")
        line.at_data()
        line.letter(b"Subject: x\r\n\r\ny")
        line.at_data()
        line.letter(b"Subject: z\r\n\r\ny")
    first, second_letter = writing_desk.kept
    assert (first.peer, first.helo) == ("192.0.2.7", "outside.example")
    assert (second_letter.peer, second_letter.helo) == ("127.0.0.1", "client.example")
    assert b"from client.example ([127.0.0.1])" in first.raw, "the trace tells who was connected"


def test_not_amid_a_transaction_and_not_malformed(open_door: Opened) -> None:
    with Line(open_door(announcers=HERE).address) as line:
        line.greeted()
        assert line.ask("XCLIENT ADDR=nonsense").startswith("501 ")
        line.ask("MAIL FROM:<karen@bank.example>")
        assert line.ask("XCLIENT ADDR=192.0.2.7").startswith("503 ")
        assert line.ask("XFORWARD ADDR=192.0.2.7").startswith("503 ")


def test_strangers_are_not_listened_to(line: Line, writing_desk: WritingDesk) -> None:
    assert "XCLIENT" not in line.ask("EHLO client.example")
    assert line.ask("XCLIENT ADDR=192.0.2.7").startswith("550 5.7.0")
    assert line.ask("XFORWARD ADDR=192.0.2.7").startswith("550 5.7.0")
    line.at_data()
    line.letter(b"Subject: x\r\n\r\ny")
    assert writing_desk.letter.peer == "127.0.0.1"
