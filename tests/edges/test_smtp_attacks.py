"""The same attacks on every door that listens: second letters smuggled in, relays, peers slow and greedy."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from ipaddress import ip_network
from itertools import product
from pathlib import Path

import pytest
import tls_rig
from smtp_rig import Line, OpenDoor, WritingDesk, wait_for

from maild.edges import smtp_session
from maild.edges.smtp_limits import Rate, is_among
from maild.edges.smtp_lmtp import LmtpSession
from maild.edges.smtp_submission import Gate, SubmissionSession
from maild.edges.smtp_tls import Certificate

Opened = Callable[..., OpenDoor]
DOORS = ("smtp", "starttls", "smtps", "lmtp", "submission")
ENDS = [
    b"\n.\n", b"\n.\r\n", b"\r\n.\n", b"\r.\r", b"\r\n.\r", b"\n.\r", b"\r.\n", b"\r.\r\n",
    b"\r\n\0.\r\n", b"\r\n.\0\r\n", b"\r\r\n.\r\r\n", b"\r\n. \r\n",
]  # fmt: skip


@pytest.fixture
def at(open_door: Opened, tmp_path: Path) -> Callable[..., tuple[OpenDoor, Line]]:
    """`at("lmtp")`: such a door, and a line to it as far as the first MAIL."""

    def reached(kind: str, **settings: object) -> tuple[OpenDoor, Line]:
        files = tls_rig.make(tmp_path)
        made = {"tls": Certificate(*files).context, **settings}
        if kind in ("smtps", "submission"):
            made |= {"listen": (), "listen_tls": (("127.0.0.1", 0),)}
        if kind == "lmtp":
            made["session"] = LmtpSession
        if kind == "submission":
            gate = Gate(lambda name, password: "john", lambda agent, raw: "", 10)
            made["session"] = lambda door, host: SubmissionSession(door, host, gate)
        door = open_door(**made)
        line = Line(door.address)
        if kind in ("smtps", "submission"):
            line.secured(tls_rig.client(files[0]))
        assert line.reply().startswith("220 ")
        if kind == "starttls":
            line.ask("EHLO x")
            assert line.ask("STARTTLS").startswith("220 ")
            line.secured(tls_rig.client(files[0]))
        assert line.ask(f"{'LHLO' if kind == 'lmtp' else 'EHLO'} client.example").startswith("250-")
        if kind == "submission":
            assert line.ask("AUTH PLAIN AGpvaG4AcGFzc3dvcmQ=").startswith("235 ")
        return door, line

    return reached


@pytest.mark.parametrize(("kind", "end"), list(product(DOORS, ENDS)))
def test_no_second_letter_is_smuggled_in(
    at: Callable[..., tuple[OpenDoor, Line]], writing_desk: WritingDesk, kind: str, end: bytes
) -> None:
    _, line = at(kind)
    with line:
        line.at_data()
        smuggled = b"MAIL FROM:<evil@bad.example>\r\nRCPT TO:<support@desk.example>\r\nDATA\r\nSubject: evil\r\n\r\nz"
        line.send(b"Subject: x\r\n\r\ny" + end + smuggled + b"\r\n.\r\n")
        assert line.reply().startswith("250 ")
        assert line.ask("QUIT").startswith("221 ")
    kept = writing_desk.content
    assert b"Subject: evil" in kept
    assert b"\0" not in kept
    assert b"\r" not in kept.replace(b"\r\n", b"")
    assert b"\n" not in kept.replace(b"\r\n", b"")


RELAYS = [
    "x@elsewhere.example", "x@elsewhere.example.", "support%elsewhere.example@desk.example.elsewhere.example",
    "x%elsewhere.example@desk.example", "x!elsewhere.example@desk.example", "elsewhere.example!x@desk.example",
    "x@elsewhere.example@desk.example", "support@desk.example@elsewhere.example", '"x@elsewhere.example"@desk.example',
    '"support@desk.example"@elsewhere.example', "@desk.example:x@elsewhere.example", "@elsewhere.example:support@desk.example",
    "@desk.example,@b.example:x@elsewhere.example", "x@[127.0.0.1]", "support@[127.0.0.1]", "x@localhost", "x@127.0.0.1",
    "support@desk.example.elsewhere.example", "support@elsewhere.desk.example", "support@desk", "@desk.example",
    "support", "root", "x", '"support"@elsewhere.example', "support@DESK.example.ELSEWHERE.example",
    "x@elsewhere.example%desk.example", "x%40elsewhere.example@desk.example", "support@desk.example%00@elsewhere.example",
    "support@desk.example\0@elsewhere.example", "support@desk.example @elsewhere.example",
    "support@desk.example\t", "<support@desk.example>@elsewhere.example", "support@desk.example,x@elsewhere.example",
    "support@desk.example;x@elsewhere.example", "support@desk.example>, <x@elsewhere.example",
    "x@elsewhere.example> ORCPT=rfc822;support@desk.example", "postmaster@elsewhere.example", "abuse@elsewhere.example",
    "support@d\xe9sk.example",
]  # fmt: skip


@pytest.mark.parametrize("kind", DOORS)
def test_no_door_is_a_relay(at: Callable[..., tuple[OpenDoor, Line]], writing_desk: WritingDesk, kind: str) -> None:
    assert len(RELAYS) == 40
    taken = []
    for start in range(0, len(RELAYS), 10):  # a session ends after too many errors
        _, line = at(kind)
        with line:
            line.ask("MAIL FROM:<karen@bank.example>")
            some = RELAYS[start : start + 10]
            replies = [line.ask(f"RCPT TO:<{rcpt}>".encode("latin-1")) for rcpt in some]
            taken += [rcpt for rcpt, reply in zip(some, replies, strict=True) if not reply.startswith("5")]
    assert taken == []


# --------------------------------------------------------------------- slow and greedy


@pytest.mark.parametrize("kind", DOORS)
def test_a_session_that_has_lasted_long_enough_ends_with_a_word(
    at: Callable[..., tuple[OpenDoor, Line]], kind: str
) -> None:
    door, line = at(kind, session_timeout=0.5)
    with line:
        while (reply := line.ask("NOOP")).startswith("250 ") and "|" not in reply:
            time.sleep(0.05)
        assert "421 4.4.2" in reply
        assert line.is_cut()
    assert door.door.counters["overstayed"] == 1


def test_a_letter_that_is_coming_in_may_finish(
    at: Callable[..., tuple[OpenDoor, Line]], writing_desk: WritingDesk
) -> None:
    door, line = at("smtp", session_timeout=0.5)
    with line:
        line.at_data()
        wait_for(lambda: door.door.counters["overstayed"] == 1)
        assert line.letter(b"Subject: x\r\n\r\ny") == "250 2.0.0 kept"
        assert line.reply().startswith("421 4.4.2")
        assert line.is_cut()
    assert writing_desk.kept


def test_a_letter_that_drips_is_cut_off_long_before_its_time(
    at: Callable[..., tuple[OpenDoor, Line]], writing_desk: WritingDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(smtp_session, "SLOW_START", 0.3)
    _, line = at("smtp", slowest=1000, data_timeout=60.0)
    with line:
        line.at_data()
        began = time.monotonic()
        with contextlib.suppress(OSError):
            line.flood(b"x\r\n", 1000, pause=0.02)
        assert time.monotonic() - began < 5
    assert not writing_desk.kept


def test_a_letter_faster_than_that_is_not(
    at: Callable[..., tuple[OpenDoor, Line]], writing_desk: WritingDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(smtp_session, "SLOW_START", 0.3)
    _, line = at("smtp", slowest=1000, data_timeout=60.0)
    with line:
        line.at_data()
        line.flood(b"x" * 1000 + b"\r\n", 10, pause=0.1)
        assert line.letter(b"y").startswith("250 ")


def test_letters_of_a_network_are_counted_by_the_minute(
    at: Callable[..., tuple[OpenDoor, Line]], writing_desk: WritingDesk
) -> None:
    door, line = at("smtp", letters_per_minute=3)
    with line:
        for _ in range(3):
            line.at_data()
            line.letter(b"Subject: x\r\n\r\ny")
        assert line.ask("MAIL FROM:<karen@bank.example>").startswith("450 4.7.1")
        assert line.ask("RCPT TO:<support@desk.example>").startswith("503 ")
    assert door.door.counters["put_off"] == 1
    assert len(writing_desk.kept) == 3


def test_connections_of_a_network_are_counted_by_the_minute(open_door: Opened) -> None:
    door = open_door(connections_per_minute=2)
    for expected in ("220", "220", "421"):
        with Line(door.address) as line:
            assert line.reply()[:3] == expected


def test_servers_of_ours_are_not_counted(open_door: Opened) -> None:
    door = open_door(connections_per_minute=1, letters_per_minute=1, known=(ip_network("127.0.0.0/8"),))
    for _ in range(3):
        with Line(door.address) as line:
            line.greeted().at_data()
            assert line.letter(b"Subject: x\r\n\r\ny").startswith("250 ")


def test_a_rate_fills_up_again_and_forgets_the_quiet() -> None:
    rate = Rate(60, networks=3)
    assert [rate.take("192.0.2.1", 0.0) for _ in range(61)] == [True] * 60 + [False]
    assert not rate.take("192.0.2.200", 0.5), "the same network"
    assert rate.take("198.51.100.1", 0.5)
    assert [rate.take("192.0.2.9", 2.0) for _ in range(3)] == [True, True, False]
    assert rate.take("2001:db8:1:2::1", 2.0)
    assert rate.take("2001:db8:1:ffff::1", 2.0)
    assert rate.take("203.0.113.1", 2.0)
    assert len(rate._left) == 3
    assert not rate.take("192.0.2.1", 2.0), "who is busy is remembered"
    assert Rate(0).take("192.0.2.1", 0.0)


def test_networks() -> None:
    ours = (ip_network("127.0.0.0/8"), ip_network("2001:db8::/32"))
    assert [is_among(one, ours) for one in ("127.1.2.3", "::ffff:127.0.0.1", "2001:db8::9")] == [True] * 3
    assert [is_among(one, ours) for one in ("192.0.2.1", "", "localhost", "::1")] == [False] * 4
