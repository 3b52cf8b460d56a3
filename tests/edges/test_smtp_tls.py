"""STARTTLS and TLS from the first octet: nothing said in clear counts, and a new certificate needs no restart."""

from __future__ import annotations

import logging
import smtplib
import ssl
from collections.abc import Callable
from pathlib import Path

import pytest
import tls_rig
from smtp_rig import Line, OpenDoor, WritingDesk, wait_for

from maild.edges import smtp_entrance
from maild.edges.smtp_tls import BadCertificate, Certificate

Opened = Callable[..., OpenDoor]


@pytest.fixture
def certificate(tmp_path: Path) -> Certificate:
    return Certificate(*tls_rig.make(tmp_path))


@pytest.fixture
def secured(open_door: Opened, certificate: Certificate) -> OpenDoor:
    return open_door(tls=certificate.context)


def test_a_mail_client_gets_on_with_starttls(secured: OpenDoor, writing_desk: WritingDesk, tmp_path: Path) -> None:
    with smtplib.SMTP(*secured.address, timeout=20) as session:
        session._host = tls_rig.HOST
        session.starttls(context=tls_rig.client(tmp_path / "cert.pem"))
        assert not session.has_extn("starttls")
        session.sendmail("karen@bank.example", ["support@desk.example"], b"Subject: x\r\n\r\n" + b"y" * 300_000)
    assert b"with ESMTPS;" in writing_desk.letter.raw


def test_without_a_certificate_nothing_is_offered(line: Line) -> None:
    assert "STARTTLS" not in line.ask("EHLO x")
    assert line.ask("STARTTLS").startswith("502 ")


def test_after_starttls_the_dialogue_begins_anew(secured: OpenDoor, tmp_path: Path) -> None:
    with Line(secured.address) as line:
        line.greeted()
        assert line.ask("STARTTLS now").startswith("501 ")
        assert line.ask("STARTTLS").startswith("220 ")
        line.secured(tls_rig.client(tmp_path / "cert.pem"))
        assert line.ask("MAIL FROM:<karen@bank.example>").startswith("503 "), "the greeting was said in clear"
        assert line.ask("STARTTLS").startswith("503 ")
        assert "STARTTLS" not in line.ask("EHLO x")


def test_not_amid_a_transaction(secured: OpenDoor) -> None:
    with Line(secured.address) as line:
        line.greeted()
        line.ask("MAIL FROM:<karen@bank.example>")
        assert line.ask("STARTTLS").startswith("503 ")


INJECTED = (
    b"STARTTLS\r\nMAIL FROM:<evil@bad.example>\r\n",
    b"STARTTLS\r\nEHLO evil\r\nMAIL FROM:<evil@bad.example>\r\nRCPT TO:<support@desk.example>\r\nDATA\r\n",
    b"STARTTLS\nRSET\n",
    b"STARTTLS\r\n\r\n",
    b"STARTTLS\r\n ",
)


@pytest.mark.parametrize("sent", INJECTED)
def test_what_comes_behind_starttls_in_clear_ends_the_session(
    secured: OpenDoor, writing_desk: WritingDesk, sent: bytes
) -> None:
    with Line(secured.address) as line:
        line.greeted().send(sent)
        assert line.reply() == "421 4.7.0 something came behind STARTTLS, closing"
        assert line.is_cut()
    assert secured.door.counters["injected"] == 1
    assert not writing_desk.kept


def test_what_comes_after_the_answer_in_clear_breaks_the_handshake(secured: OpenDoor) -> None:
    with Line(secured.address) as line:
        assert line.greeted().ask("STARTTLS").startswith("220 ")
        line.send(b"MAIL FROM:<evil@bad.example>\r\nRCPT TO:<support@desk.example>\r\n" * 20)
        assert not line.reply().startswith("2")
    wait_for(lambda: secured.door.open_sessions == 0)
    assert secured.door.counters["tls_failed"] == 1


def test_a_handshake_that_never_ends_does(secured: OpenDoor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("maild.edges.smtp_connection.HANDSHAKE", 0.2)
    with Line(secured.address) as line:
        assert line.greeted().ask("STARTTLS").startswith("220 ")
        assert line.is_cut()
    wait_for(lambda: secured.door.open_sessions == 0)


def test_tls_from_the_first_octet(open_door: Opened, writing_desk: WritingDesk, tmp_path: Path) -> None:
    door = open_door(listen=(), listen_tls=(("127.0.0.1", 0),), tls=Certificate(*tls_rig.make(tmp_path)).context)
    with Line(door.address) as line:
        line.secured(tls_rig.client(tmp_path / "cert.pem")).greeted()
        assert "STARTTLS" not in line.ask("EHLO client.example")
        line.at_data()
        assert line.letter(b"Subject: x\r\n\r\ny").startswith("250 ")
    assert b"with ESMTPS;" in writing_desk.letter.raw
    wait_for(lambda: door.door.open_sessions == 0)


def test_whoever_talks_before_tls_stands_is_heard_after_the_greeting(open_door: Opened, tmp_path: Path) -> None:
    door = open_door(listen=(), listen_tls=(("127.0.0.1", 0),), tls=Certificate(*tls_rig.make(tmp_path)).context)
    with Line(door.address) as line:
        line.secured(tls_rig.client(tmp_path / "cert.pem")).send(b"EHLO hasty.example\r\n")
        assert line.reply().startswith("220 ")
        assert line.reply().startswith("250-mx.desk.example|")


def test_plain_words_at_a_tls_port_cost_nobody_else_a_place(open_door: Opened, tmp_path: Path) -> None:
    door = open_door(
        listen=(),
        listen_tls=(("127.0.0.1", 0),),
        max_connections=1,
        tls=Certificate(*tls_rig.make(tmp_path)).context,
    )
    for _ in range(3):
        with Line(door.address) as line:
            line.send(b"EHLO in.the.clear\r\n")
            assert line.reply()[:3] not in ("220", "250")
    wait_for(lambda: door.door.crowd.enter("192.0.2.1"))


def test_silence_at_a_tls_port_is_ended(open_door: Opened, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(smtp_entrance, "HANDSHAKE", 0.2)
    door = open_door(listen=(), listen_tls=(("127.0.0.1", 0),), tls=Certificate(*tls_rig.make(tmp_path)).context)
    with Line(door.address) as line:
        assert line.is_cut()


# --------------------------------------------------------------------- another certificate


def shown(door: OpenDoor, trusted: Path) -> int:
    with Line(door.address) as line:
        assert line.greeted().ask("STARTTLS").startswith("220 ")
        line.secured(tls_rig.client(trusted))
        return tls_rig.serial_of(line.socket)  # type: ignore[arg-type]


def test_a_new_certificate_is_shown_to_new_sessions_and_breaks_no_old_one(
    secured: OpenDoor, certificate: Certificate, tmp_path: Path
) -> None:
    with Line(secured.address) as old:
        old.greeted().ask("STARTTLS")
        old.secured(tls_rig.client(tmp_path / "cert.pem"))
        assert certificate.reload(changed_only=True)
        assert shown(secured, tmp_path / "cert.pem") == 1
        tls_rig.make(tmp_path, serial=2)
        assert certificate.reload(changed_only=True)
        assert shown(secured, tmp_path / "cert.pem") == 2
        assert old.ask("EHLO x").startswith("250-")
        assert tls_rig.serial_of(old.socket) == 1  # type: ignore[arg-type]


def test_half_a_certificate_is_said_once_and_the_old_one_stays(
    secured: OpenDoor, certificate: Certificate, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    trusted = tmp_path / "trusted.pem"
    trusted.write_bytes((tmp_path / "cert.pem").read_bytes())
    key = (tmp_path / "key.pem").read_bytes()
    tls_rig.make(tmp_path, serial=2)
    new_key = (tmp_path / "key.pem").read_bytes()
    (tmp_path / "key.pem").write_bytes(key)
    with caplog.at_level(logging.ERROR, "maild.tls"):
        assert not any(certificate.reload(changed_only=True) for _ in range(3))
    assert [record.message for record in caplog.records] == [
        f"{certificate.trouble}; the old certificate stays in force"
    ]
    assert "do not belong together" in certificate.trouble
    assert shown(secured, trusted) == 1
    (tmp_path / "key.pem").write_bytes(new_key)
    assert certificate.reload(changed_only=True)
    assert certificate.trouble == ""
    assert shown(secured, tmp_path / "cert.pem") == 2


def _no_file(directory: Path) -> None:
    (directory / "cert.pem").unlink()


def _no_pem(directory: Path) -> None:
    (directory / "cert.pem").write_text("no certificate")


def _locked(directory: Path) -> None:
    tls_rig.make(directory, password=b"secret")


@pytest.mark.parametrize(
    ("spoil", "said"),
    [(_no_file, "cert.pem: cannot be read: No such file"), (_no_pem, "can be used"), (_locked, "key")],
)
def test_a_certificate_that_cannot_be_used_is_told_at_the_start(
    tmp_path: Path, spoil: Callable[[Path], None], said: str
) -> None:
    files = tls_rig.make(tmp_path)
    spoil(tmp_path)
    with pytest.raises(BadCertificate, match=said):
        Certificate(*files)


def test_old_protocols_are_refused(certificate: Certificate) -> None:
    context = certificate.context()
    assert context.minimum_version == ssl.TLSVersion.TLSv1_2
    assert context.options & ssl.OP_NO_RENEGOTIATION
