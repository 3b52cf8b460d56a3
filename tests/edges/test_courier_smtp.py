"""The SMTP relay against real sockets: servers that refuse, hang up, shut down, or are simply good."""

from __future__ import annotations

import smtplib
import socket
import ssl
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from aiosmtpd.smtp import AuthResult
from courier_fakes import NOW, Kept, Office, aiosmtpd_server, answer_to, scripted

from maild.edges import outbound_smtp
from maild.edges.outbound import Accepted, Permanent, Temporary, Wishes
from maild.edges.outbound_smtp import SmtpRelay

RAW = b"Subject: x\r\n\r\nOne\r\n.\r\n..two\r\n.three\r\n"


def nothing() -> None:
    pass


@contextmanager
def relay_to(port: int, **more: object) -> Iterator[SmtpRelay]:
    relay = SmtpRelay("127.0.0.1", port, hostname="desk.bank.example", **more)  # type: ignore[arg-type]
    try:
        yield relay
    finally:
        relay.close()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


# --------------------------------------------------------------------- good servers


def test_letters_arrive_as_they_were_over_one_connection() -> None:
    with scripted() as server, relay_to(server.port) as relay:
        for number in range(5):
            answer = relay.send(f"b{number}@bank.example", "karen@x.example", RAW, nothing)
            assert answer == Accepted("250 taken")
        assert server.letters == [(f"b{n}@bank.example", "karen@x.example", RAW) for n in range(5)]
        assert server.connections == 1
        assert server.lines[0] == "ehlo desk.bank.example"
        assert f"MAIL FROM:<b0@bank.example> SIZE={len(RAW)}" in server.lines
    assert server.lines[-1] == "quit"


def test_the_final_dot_is_not_held_back() -> None:
    with scripted() as server, relay_to(server.port) as relay:
        relay.send("a@b.example", "c@d.example", RAW, nothing)
        began = time.monotonic()
        for _ in range(20):
            relay.send("a@b.example", "c@d.example", RAW, nothing)
        assert time.monotonic() - began < 0.4, "Nagle's algorithm costs 40 ms a letter"


def test_a_letter_without_a_last_line_end_gets_one() -> None:
    with scripted() as server, relay_to(server.port) as relay:
        relay.send("a@b.example", "c@d.example", b".only", nothing)
    assert server.letters[0][2] == b".only\r\n"


def test_the_dot_comes_after_the_mark() -> None:
    with scripted() as server, relay_to(server.port) as relay:
        seen: list[int] = []
        relay.send("a@b.example", "c@d.example", RAW, lambda: seen.append(len(server.letters)))
        assert seen == [0]
        assert len(server.letters) == 1


def test_a_mark_that_cannot_be_made_leaves_the_letter_unsent() -> None:
    def away() -> None:
        raise LookupError("the store is away")

    with scripted() as server, relay_to(server.port) as relay:
        with pytest.raises(LookupError):
            relay.send("a@b.example", "c@d.example", RAW, away)
        assert isinstance(relay.send("a@b.example", "c@d.example", RAW, nothing), Accepted)
        assert len(server.letters) == 1
        assert server.connections == 2


def test_a_connection_is_given_up_after_a_hundred_letters(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbound_smtp, "MOST_LETTERS", 3)
    with scripted() as server, relay_to(server.port) as relay:
        for _ in range(7):
            relay.send("a@b.example", "c@d.example", RAW, nothing)
        assert (server.connections, len(server.letters)) == (3, 7)


def test_a_connection_is_not_kept_idle_for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbound_smtp, "IDLE", 0.05)
    with scripted() as server, relay_to(server.port) as relay:
        relay.send("a@b.example", "c@d.example", RAW, nothing)
        time.sleep(0.1)
        relay.send("a@b.example", "c@d.example", RAW, nothing)
        assert server.connections == 2


def test_a_server_without_dsn_and_size_is_served_too() -> None:
    with scripted(features=()) as server, relay_to(server.port) as relay:
        assert isinstance(relay.send("a@b.example", "c@d.example", RAW, nothing), Accepted)
        assert "MAIL FROM:<a@b.example>" in server.lines


def test_reports_are_asked_for_where_they_are_offered() -> None:
    with scripted(features=("DSN", "SMTPUTF8", "8BITMIME")) as server, relay_to(server.port) as relay:
        relay.send("a@b.example", "c+1=x@d.example", RAW, nothing, Wishes("42", delays=True))
        relay.send("a@b.example", "c@d.example", RAW, nothing, Wishes("43"))
        relay.send("a@b.example", "käthe@d.example", RAW, nothing)
    assert [line for line in server.lines if line.startswith(("MAIL", "RCPT"))] == [
        "MAIL FROM:<a@b.example> RET=HDRS ENVID=42",
        "RCPT TO:<c+1=x@d.example> NOTIFY=FAILURE,DELAY ORCPT=rfc822;c+2B1+3Dx@d.example",
        "MAIL FROM:<a@b.example> RET=HDRS ENVID=43",
        "RCPT TO:<c@d.example> NOTIFY=FAILURE ORCPT=rfc822;c@d.example",
        "MAIL FROM:<a@b.example> BODY=8BITMIME SMTPUTF8 RET=HDRS",
        "RCPT TO:<käthe@d.example> NOTIFY=FAILURE",
    ]


def test_addresses_beyond_ascii_need_smtputf8() -> None:
    with scripted() as server, relay_to(server.port) as relay:
        answer = relay.send("a@b.example", "käthe@d.example", RAW, nothing)
        assert isinstance(answer, Permanent)
        assert "SMTPUTF8" in answer.reply
        assert isinstance(relay.send("a@b.example", "c@d.example", RAW, nothing), Accepted)
    with scripted(features=("SMTPUTF8", "8BITMIME")) as server, relay_to(server.port) as relay:
        assert isinstance(relay.send("a@b.example", "käthe@d.example", RAW, nothing), Accepted)
        assert server.letters[0][1] == "käthe@d.example"
        assert "MAIL FROM:<a@b.example> BODY=8BITMIME SMTPUTF8" in server.lines
        relay.send("a@b.example", "c@d.example", RAW, nothing)
        assert server.lines.count("MAIL FROM:<a@b.example>") == 1


# --------------------------------------------------------------------- refusals


@pytest.mark.parametrize(
    ("verb", "reply", "expected"),
    [
        ("MAIL", "451 4.3.0 later", Temporary("451 4.3.0 later", shaky=True)),
        ("RCPT", "450 4.2.0 greylisted", Temporary("450 4.2.0 greylisted")),
        ("RCPT", "550 5.1.1 no such user", Permanent("550 5.1.1 no such user")),
        ("RCPT", "550-5.1.1 no\r\n550 5.1.1 really", Permanent("550 5.1.1 no 5.1.1 really")),
        ("DATA", "452 4.3.1 disk full", Temporary("452 4.3.1 disk full", shaky=True)),
        ("DATA", "554 5.7.1 no", Permanent("554 5.7.1 no")),
        ("DOT", "451 4.7.1 later", Temporary("451 4.7.1 later")),
        ("DOT", "552 5.3.4 too big", Permanent("552 5.3.4 too big")),
        ("DOT", "554 5.7.1 spam", Permanent("554 5.7.1 spam")),
        ("MAIL", "503 lost step", Temporary("503 lost step", shaky=True)),
        ("MAIL", "421 shutting down", Temporary("421 shutting down", relay_trouble=True)),
        ("DOT", "421 shutting down", Temporary("421 shutting down", relay_trouble=True)),
        ("MAIL", "530 5.7.0 login first", Temporary("530 5.7.0 login first", relay_trouble=True, reached=False)),
    ],
)
def test_refusals_and_whose_trouble_they_are(verb: str, reply: str, expected: object) -> None:
    def script(connection: int, it: str, taken: int) -> str | None:
        return reply if it == verb and once.pop() else None

    once = [False] * 5 + [True]
    with scripted(script) as server, relay_to(server.port) as relay:
        answer = relay.send("a@b.example", "c@d.example", RAW, nothing)
        assert answer == expected
        assert isinstance(relay.send("a@b.example", "c@d.example", RAW, nothing), Accepted), "the next letter goes"
        assert len(server.letters) == 1


@pytest.mark.parametrize("stage", ["GREETING", "EHLO"])
@pytest.mark.parametrize("reply", ["554 no", "421 busy", "CUT"])
def test_a_server_that_does_not_let_us_in_is_relay_trouble(stage: str, reply: str) -> None:
    def script(connection: int, verb: str, taken: int) -> str | None:
        return reply if verb in (stage, "HELO") else None

    with scripted(script) as server, relay_to(server.port) as relay:
        answer = relay.send("a@b.example", "c@d.example", RAW, nothing)
    assert isinstance(answer, Temporary)
    assert answer.relay_trouble
    assert not answer.reached


def test_nobody_listening_is_relay_trouble() -> None:
    with relay_to(free_port()) as relay:
        answer = relay.send("a@b.example", "c@d.example", RAW, nothing)
    assert isinstance(answer, Temporary)
    assert (answer.relay_trouble, answer.reached) == (True, False)
    assert "refused" in answer.reply


@pytest.mark.parametrize("stage", ["MAIL", "RCPT", "DATA", "CONTENT", "DOT"])
def test_a_line_that_is_cut_is_a_letter_for_later(stage: str) -> None:
    def script(connection: int, verb: str, taken: int) -> str | None:
        return "CUT" if verb == stage and connection == 1 else None

    with scripted(script) as server, relay_to(server.port) as relay:
        answer = relay.send("a@b.example", "c@d.example", RAW * 1000, nothing)
        assert isinstance(answer, Temporary)
        assert not answer.relay_trouble
        assert isinstance(relay.send("a@b.example", "c@d.example", RAW, nothing), Accepted)
        assert server.connections == 2


@pytest.mark.parametrize(("verb", "fresh"), [("NOOP", 0.0), ("MAIL", 60.0)])
def test_a_kept_connection_that_died_is_noticed_before_a_letter_is_lost_on_it(
    monkeypatch: pytest.MonkeyPatch, verb: str, fresh: float
) -> None:
    def script(connection: int, it: str, taken: int) -> str | None:
        return "CUT" if it == verb and connection == 1 and taken else None

    monkeypatch.setattr(outbound_smtp, "FRESH", fresh)
    with scripted(script) as server, relay_to(server.port) as relay:
        for _ in range(3):
            assert isinstance(relay.send("a@b.example", "c@d.example", RAW, nothing), Accepted)
        assert server.connections == 2


def test_a_server_that_never_answers_is_not_waited_for_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbound_smtp, "CONNECT_TIMEOUT", 0.2)
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        with relay_to(silent.getsockname()[1]) as relay:
            began = time.monotonic()
            answer = relay.send("a@b.example", "c@d.example", RAW, nothing)
            assert time.monotonic() - began < 5
    assert isinstance(answer, Temporary)
    assert answer.relay_trouble


# --------------------------------------------------------------------- the courier through a server


def test_one_recipient_refused_does_not_touch_the_others() -> None:
    def choosy(connection: int, verb: str, taken: int) -> str | None:
        rcpt = server.lines[-1] if server.lines else ""
        if verb == "RCPT" and "gone@" in rcpt:
            return "550 5.1.1 gone"
        return "451 later" if verb == "RCPT" and "later@" in rcpt else None

    with scripted(choosy) as server, relay_to(server.port, connections=1) as relay:
        office = Office(relay)
        for name in ("karen", "gone", "later", "lena"):
            office.outbox.add(answer_to(f"{name}@x.example"))
        office.courier.deliver_round()
        assert [office.outbox.state(n) for n in (1, 2, 3, 4)] == ["sent", "dead", "queued", "sent"]
        assert office.dead == [(2, "550 5.1.1 gone")]
        assert [rcpt for _, rcpt, _ in server.letters] == ["karen@x.example", "lena@x.example"]


def test_a_cut_after_the_dot_gives_the_same_letter_again() -> None:
    def script(connection: int, verb: str, taken: int) -> str | None:
        return "CUT" if verb == "DOT" and connection == 1 else None

    with scripted(script) as server, relay_to(server.port) as relay:
        office = Office(relay)
        office.outbox.add(answer_to())
        office.courier.deliver_round()
        assert office.outbox.state(1) == "queued"
        office.clock.forward(minutes=2)
        office.courier.deliver_round()
        assert office.outbox.state(1) == "sent"
        assert server.letters[0] == server.letters[1]


def test_a_relay_that_comes_back_gets_everything() -> None:
    port = free_port()
    with relay_to(port) as relay:
        office = Office(relay)
        for _ in range(20):
            office.outbox.add(answer_to())
        office.courier.deliver_round()
        assert {row.state for row in office.outbox.rows.values()} == {"queued"}
        assert all(row.next_try is not None and row.next_try > NOW for row in office.outbox.rows.values())
        with aiosmtpd_server(port) as (_, kept):
            office.clock.forward(seconds=10)
            while office.courier.deliver_round():
                pass
            assert len(kept.letters) == 20
            relay.close()
        assert {row.state for row in office.outbox.rows.values()} == {"sent"}


# --------------------------------------------------------------------- other people's servers


def test_aiosmtpd_gets_the_bytes_that_were_fixed() -> None:
    with aiosmtpd_server() as (port, kept), relay_to(port) as relay:
        office = Office(relay)
        for number in range(30):
            office.outbox.add(answer_to(f"k{number}@x.example"))
        office.courier.deliver_round()
        assert {row.state for row in office.outbox.rows.values()} == {"sent"}
        got = {letter.rcpt_tos[0]: letter.original_content for letter in kept.letters}
        assert got == {f"k{n - 1}@x.example": raw for n, raw in office.outbox.raws.items()}
        relay.close()


def test_postfix_smtp_sink_takes_our_letters(program: Callable[[str], Path], tmp_path: Path) -> None:
    sink, port = program("smtp-sink"), free_port()
    user = ["-u", "nobody"] if subprocess.run(["id", "-u"], capture_output=True, check=True).stdout == b"0\n" else []
    with subprocess.Popen([sink, *user, f"127.0.0.1:{port}", "100"], stderr=subprocess.DEVNULL) as process:
        try:
            wait_for(port)
            with relay_to(port) as relay:
                office = Office(relay)
                for _ in range(50):
                    office.outbox.add(answer_to())
                office.courier.deliver_round()
                assert {row.state for row in office.outbox.rows.values()} == {"sent"}
        finally:
            process.kill()


def wait_for(port: int) -> None:
    until = time.monotonic() + 10
    while True:
        try:
            with smtplib.SMTP("127.0.0.1", port, "localhost", timeout=1):
                return
        except (OSError, smtplib.SMTPException):
            assert time.monotonic() < until
            time.sleep(0.02)


# --------------------------------------------------------------------- TLS and login


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory, program: Callable[[str], Path]) -> Path:
    """Key and certificate of 127.0.0.1 in one file."""
    directory = tmp_path_factory.mktemp("tls")
    path = directory / "both.pem"
    subprocess.run(
        [program("openssl"), "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj",
         "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", directory / "key.pem", "-out", directory / "cert.pem"],
        check=True, capture_output=True,
    )  # fmt: skip
    path.write_bytes((directory / "key.pem").read_bytes() + (directory / "cert.pem").read_bytes())
    return path


@contextmanager
def tls_server(certificate: Path) -> Iterator[tuple[int, Kept]]:
    """A submission server: STARTTLS, then a login, then letters."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)

    def login(server: object, session: object, envelope: object, mechanism: str, data: object) -> AuthResult:
        good = getattr(data, "login", b"") == b"desk" and getattr(data, "password", b"") == b"s3cret"
        return AuthResult(success=good, handled=False)

    with aiosmtpd_server(
        tls_context=context, require_starttls=True, auth_required=True, authenticator=login, hostname="sink"
    ) as server:
        yield server


def test_starttls_with_login(certificate: Path) -> None:
    asked: list[str] = []

    def password() -> str:
        asked.append("s3cret")
        return asked[-1]

    with tls_server(certificate) as (port, kept):
        with relay_to(port, tls="starttls", user="desk", password=password, ca_file=certificate) as relay:
            for _ in range(3):
                assert relay.send("a@b.example", "c@d.example", RAW, nothing) == Accepted("250 2.0.0 kept")
        assert [letter.original_content for letter in kept.letters] == [RAW] * 3
        assert len(asked) == 1, "once for each connection"


def test_a_renewed_password_is_seen_by_the_next_connection(certificate: Path) -> None:
    passwords = ["outdated", "s3cret"]
    with (
        tls_server(certificate) as (port, kept),
        relay_to(port, tls="starttls", user="desk", password=lambda: passwords.pop(0), ca_file=certificate) as relay,
    ):
        assert isinstance(relay.send("a@b.example", "c@d.example", RAW, nothing), Temporary)
        assert isinstance(relay.send("a@b.example", "c@d.example", RAW, nothing), Accepted)
        assert len(kept.letters) == 1


def test_a_password_that_cannot_be_read_is_relay_trouble(certificate: Path) -> None:
    def password() -> str:
        raise OSError("relay.password: does not exist")

    with (
        tls_server(certificate) as (port, kept),
        relay_to(port, tls="starttls", user="desk", password=password, ca_file=certificate) as relay,
    ):
        answer = relay.send("a@b.example", "c@d.example", RAW, nothing)
        assert isinstance(answer, Temporary)
        assert (answer.relay_trouble, answer.reached) == (True, False)
        assert "relay.password: does not exist" in answer.reply
        assert kept.letters == []


@pytest.mark.parametrize("wrong", ["certificate", "password"])
def test_a_wrong_certificate_or_password_is_relay_trouble(certificate: Path, wrong: str) -> None:
    said = "wrong" if wrong == "password" else "s3cret"
    with tls_server(certificate) as (port, kept):
        ca_file = None if wrong == "certificate" else certificate
        with relay_to(port, tls="starttls", user="desk", password=lambda: said, ca_file=ca_file) as relay:
            answer = relay.send("a@b.example", "c@d.example", RAW, nothing)
        assert isinstance(answer, Temporary)
        assert (answer.relay_trouble, answer.reached) == (True, False)
        assert ("CERTIFICATE_VERIFY_FAILED" if wrong == "certificate" else "535") in answer.reply
        assert kept.letters == []


def test_tls_is_never_given_up_silently() -> None:
    with scripted() as server, relay_to(server.port, tls="starttls") as relay:
        answer = relay.send("a@b.example", "c@d.example", RAW, nothing)
        assert isinstance(answer, Temporary)
        assert answer.relay_trouble
        assert server.letters == []
