"""Relays that misbehave, each in its own way: every letter ends in the right state, and comes in one piece.

A relay is rude once, on its first connection, and polite ever after. So each line of the table says what
became of the letter at first, and what in the end, and how often it was taken.
"""

from __future__ import annotations

import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest
from courier_fakes import Office, answer_to

from maild.edges import outbound_smtp
from maild.edges.courier_scribe import sound
from maild.edges.outbound_smtp import SmtpRelay

Act = str | Callable[[socket.socket], None]
CUT = "CUT"
SILENT = "SILENT"


def slowly(text: str, every: float = 0.1) -> Callable[[socket.socket], None]:
    """One octet after the other: each in time, the whole never."""

    def drip(line: socket.socket) -> None:
        for octet in text.encode():
            line.sendall(bytes([octet]))
            time.sleep(every)

    return drip


def without_end(piece: str) -> Callable[[socket.socket], None]:
    def flood(line: socket.socket) -> None:
        while True:
            line.sendall(piece.encode() * 500)

    return flood


@dataclass
class Rude:
    """An SMTP server. `acts`: what it does once, on the first connection, instead of the usual, by verb; DOT is
    after the letter, TEXT after its first line, EARLY comes with the 354."""

    acts: dict[str, Act]
    features: tuple[str, ...]
    port: int = 0
    taken: list[bytes] = field(default_factory=list)
    heard: list[bytes] = field(default_factory=list)
    connections: int = 0

    def serve(self, listener: socket.socket) -> None:
        while True:
            try:
                line, _ = listener.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self.talk, args=(line, self.connections == 1), daemon=True).start()

    def talk(self, line: socket.socket, rude: bool) -> None:
        line.settimeout(5)
        acts = dict(self.acts) if rude else {}
        try:
            with line, line.makefile("rb") as file:
                self.dialogue(line, file, acts)
        except (OSError, ValueError):
            pass  # it has been hung up on, or has hung up

    def dialogue(self, line: socket.socket, file: Iterator[bytes], acts: dict[str, Act]) -> None:
        self.act(line, acts.get("GREETING", "220 sink"))
        for words in file:
            self.heard.append(words)
            verb = words[:4].upper().decode("latin-1")
            usual = {
                "EHLO": "\r\n".join(f"250-{one}" for one in ("sink", *self.features)) + "\r\n250 ok",
                "DATA": "354 go",
            }
            reply = acts.pop(verb, usual.get(verb, "250 ok"))
            if verb == "DATA" and "EARLY" in acts:
                reply = f"{reply}\r\n{acts.pop('EARLY')}"
            self.act(line, reply)
            if verb == "QUIT":
                return
            if verb == "DATA" and isinstance(reply, str) and reply.startswith("354"):
                self.data(line, file, acts)

    def data(self, line: socket.socket, file: Iterator[bytes], acts: dict[str, Act]) -> None:
        text = b""
        for words in file:
            self.heard.append(words)
            if words == b".\r\n":
                break
            text += words.removeprefix(b".")
            if "TEXT" in acts:
                self.act(line, acts.pop("TEXT"))
        else:
            return
        reply = acts.pop("DOT", "250 taken")
        if not (isinstance(reply, str) and reply[:1] in "345"):
            self.taken.append(text)
        self.act(line, reply)

    def act(self, line: socket.socket, what: Act) -> None:
        if what == CUT:
            line.shutdown(socket.SHUT_RDWR)
            raise OSError
        if what == SILENT:
            time.sleep(3)
            raise OSError
        if callable(what):
            what(line)
        else:
            line.sendall(f"{what}\r\n".encode())


@contextmanager
def rude(acts: dict[str, Act], *features: str) -> Iterator[Rude]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = Rude(acts, features, listener.getsockname()[1])
        threading.Thread(target=server.serve, args=(listener,), daemon=True).start()
        yield server
        listener.shutdown(socket.SHUT_RDWR)


@dataclass(frozen=True)
class Case:
    """What the relay does, what became of the letter at first and in the end, how often the relay took it."""

    name: str
    acts: dict[str, Act]
    first: str  # sent, dead, later (an attempt), away (none)
    last: str = "sent"
    copies: int = 1
    said: str = ""  # in the error


CASES = [
    Case("greets 421", {"GREETING": "421 too busy"}, "away", said="421 too busy"),
    Case("greets 554", {"GREETING": "554 go away"}, "away", said="554"),
    Case("greets with garbage", {"GREETING": "hello?"}, "away", said="no reply"),
    Case("greets in HTTP", {"GREETING": "HTTP/1.1 400 Bad Request\r\n\r\n"}, "away", said="no reply"),
    Case("never greets", {"GREETING": SILENT}, "away", said="timed out"),
    Case("drips its greeting", {"GREETING": slowly("220 sink is here for you\r\n")}, "away", said="timed out"),
    Case("hangs up at once", {"GREETING": CUT}, "away", said="closed"),
    Case("knows no EHLO", {"EHLO": "502 what?"}, "sent"),
    Case("knows neither EHLO nor HELO", {"EHLO": "502 what?", "HELO": "502 what?"}, "away", said="502"),
    Case("never ends its EHLO", {"EHLO": without_end("250-X\r\n")}, "away", said="without end"),
    Case("one line without end", {"EHLO": without_end("2")}, "away", said="without end"),
    Case("an over-long line", {"EHLO": "250 " + "x" * 20_000}, "away", said="without end"),
    Case("MAIL 451", {"MAIL": "451 4.3.0 later"}, "later", said="451"),
    Case("MAIL 550", {"MAIL": "550 5.7.1 not you"}, "dead", "dead", 0, "550 5.7.1"),
    Case("MAIL 421", {"MAIL": "421 4.3.2 closing"}, "later", said="421"),
    Case("MAIL 530", {"MAIL": "530 5.7.0 log in"}, "away", said="530"),
    Case("MAIL cut", {"MAIL": CUT}, "later", said="closed"),
    Case("MAIL answered twice", {"MAIL": "250 ok\r\n250 ok"}, "later", said=""),
    Case("MAIL in changing codes", {"MAIL": "250-ok\r\n550 no"}, "later", said="no reply"),
    Case("RCPT 450", {"RCPT": "450 4.2.1 mailbox busy"}, "later", said="450"),
    Case("RCPT 550", {"RCPT": "550 5.1.1 no such user"}, "dead", "dead", 0, "550 5.1.1"),
    Case("RCPT 553 in two lines", {"RCPT": "553-5.1.3 no\r\n553 5.1.3 never"}, "dead", "dead", 0, "never"),
    Case("RCPT 251", {"RCPT": "251 will forward"}, "sent"),
    Case("RCPT 354", {"RCPT": "354 go on"}, "later", said="354"),
    Case("RCPT 503", {"RCPT": "503 5.5.1 wrong sequence"}, "later", said="503"),
    Case("RCPT garbage", {"RCPT": "\x00\xff?"}, "later", said="no reply"),
    Case("RCPT cut", {"RCPT": CUT}, "later", said="closed"),
    Case("RCPT silent", {"RCPT": SILENT}, "later", said="timed out"),
    Case("DATA 452", {"DATA": "452 4.3.1 full"}, "later", said="452"),
    Case("DATA 554", {"DATA": "554 5.5.1 no valid recipients"}, "dead", "dead", 0, "554"),
    Case("DATA 250", {"DATA": "250 ok"}, "later", said="250"),
    Case("DATA silent", {"DATA": SILENT}, "later", said="timed out"),
    Case("yes before the dot", {"EARLY": "250 taken"}, "later", said="out of turn"),
    Case("no before the dot", {"EARLY": "554 virus"}, "later", said="out of turn"),
    Case("cut within the text", {"TEXT": CUT}, "later"),
    Case("DOT 451", {"DOT": "451 4.7.1 greylisted"}, "later", said="451"),
    Case("DOT 554", {"DOT": "554 5.7.1 spam"}, "dead", "dead", 0, "554 5.7.1"),
    Case("DOT 421", {"DOT": "421 4.3.0 closing"}, "later", said="421"),
    Case("DOT 354", {"DOT": "354 go on"}, "later", said="354"),
    Case("takes it and hangs up", {"DOT": CUT}, "later", copies=2, said="final dot"),
    Case("takes it and is silent", {"DOT": SILENT}, "later", copies=2, said="final dot"),
    Case("takes it and drips", {"DOT": slowly("250 2.0.0 taken\r\n")}, "later", copies=2, said="final dot"),
    Case("takes it and babbles", {"DOT": lambda line: line.sendall(b"okay\r\n")}, "later", copies=2, said="no reply"),
    Case("says yes twice", {"DOT": lambda line: line.sendall(b"250 ok\r\n250 ok\r\n")}, "sent"),
    Case("yes without words", {"DOT": lambda line: line.sendall(b"250\r\n")}, "sent"),
    Case("yes in bare LF", {"DOT": lambda line: line.sendall(b"250 ok\n")}, "sent"),
]


@pytest.fixture(autouse=True)
def short_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, seconds in (("CONNECT_TIMEOUT", 0.4), ("COMMAND_TIMEOUT", 0.4), ("DOT_TIMEOUT", 0.6)):
        monkeypatch.setattr(outbound_smtp, name, seconds)


@pytest.mark.parametrize("features", [(), ("PIPELINING", "SIZE 1000000", "DSN")], ids=["in turn", "pipelined"])
@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_every_letter_ends_in_the_right_state(case: Case, features: tuple[str, ...]) -> None:
    with rude(case.acts, *features) as server:
        relay = SmtpRelay("127.0.0.1", server.port, hostname="desk.bank.example")
        office = Office(relay)
        office.outbox.add(answer_to())
        office.courier.deliver_round()
        row = office.outbox.rows[1]
        state = row.state if row.state != "queued" else "later" if row.attempts else "away"
        assert state == case.first, row.error
        assert case.said in row.error
        if "TEXT" not in case.acts:  # whoever hangs up within the text may do so after we have looked
            assert (row.dot_at is not None) == (
                case.copies == 2 or state == "sent" or ("DOT" in case.acts and state == "dead")
            )
        for _ in range(3):
            office.clock.forward(minutes=10)
            office.outbox.add(answer_to("next@x.example"))
            office.courier.deliver_round()
        relay.close()
        assert office.outbox.state(1) == case.last
        assert len(office.dead) == (case.last == "dead")
        assert [office.outbox.state(number) for number in (2, 3, 4)] == ["sent"] * 3, "the next letters go"
        ours = [text for text in server.taken if text == office.outbox.raws[1]]
        assert len(ours) == case.copies
        assert len(server.taken) == case.copies + 3
        assert set(server.taken) == {office.outbox.raws[n] for n in (1, 2, 3, 4) if n != 1 or case.copies}


@pytest.mark.parametrize(
    "starttls",
    [
        "454 4.7.0 not now",
        "502 5.5.1 what?",
        "220 go on",  # and then no TLS at all
        "220 go on\r\n250 injected",
        lambda line: line.sendall(b"220 go on\r\n\x15\x03\x01\x00\x02\x02\x28"),
        CUT,
    ],
    ids=["454", "502", "nothing", "injected", "alert", "cut"],
)
def test_bad_tls_is_the_relays_trouble_and_nothing_leaves_in_clear(starttls: Act) -> None:
    with rude({"STAR": starttls}, "STARTTLS") as server:
        relay = SmtpRelay("127.0.0.1", server.port, tls="starttls", hostname="desk.bank.example")
        office = Office(relay)
        office.outbox.add(answer_to())
        office.courier.deliver_round()
        assert (office.outbox.state(1), office.outbox.rows[1].attempts) == ("queued", 0)
        assert list(office.outbox.troubles) == [f"relay 127.0.0.1:{server.port}"]
        assert not any(words.upper().startswith((b"MAIL", b"RCPT", b"DATA")) for words in server.heard)


# --------------------------------------------------------------------- octets


NASTY = [
    b"\r\n.\r\nMAIL FROM:<evil@x>\r\n",
    b"\n.\nMAIL FROM:<evil@x>\n",
    b"\r.\rMAIL FROM:<evil@x>\r",
    b"\n.\r\nMAIL FROM:<evil@x>\r\n",
    b"\r\n.\nMAIL FROM:<evil@x>\n",
    b"\r\n.\rMAIL FROM:<evil@x>\r",
    b"\r.\r\nMAIL FROM:<evil@x>\r\n",
    b"\r\r\n.\r\r\nMAIL FROM:<evil@x>",
    b"\r\n\x00.\r\nMAIL FROM:<evil@x>\r\n",
    b"\r\n.\x00\r\nMAIL FROM:<evil@x>\r\n",
    b"\n\n.\n\n",
    b"..\r\n.\r\n...",
]


@pytest.mark.parametrize("features", [(), ("PIPELINING",)], ids=["in turn", "pipelined"])
@pytest.mark.parametrize("nasty", NASTY, ids=range(len(NASTY)))
def test_no_letter_holds_a_second_one_and_no_bare_line_end_is_ever_sent(
    nasty: bytes, features: tuple[str, ...]
) -> None:
    raw = sound(b"Subject: x\r\n\r\nOne" + nasty + b"two")
    with rude({}, *features) as server:
        relay = SmtpRelay("127.0.0.1", server.port, hostname="desk.bank.example")
        relay.send("a@b.example", "c@d.example", raw, lambda: None)
        relay.send("a@b.example", "c@d.example", b"Subject: y\r\n\r\n", lambda: None)
        relay.close()
        octets = b"".join(server.heard)
        assert len(server.taken) == 2
        assert server.taken[0] == raw + (b"" if raw.endswith(b"\r\n") else b"\r\n")
        assert not re.search(rb"\r(?!\n)|(?<!\r)\n|\x00", octets)
        assert sum(words.startswith(b"MAIL") for words in server.heard if b"evil" not in words) == 2
