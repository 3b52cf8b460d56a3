"""What `maild doctor` says of doors, certificates, relays, mailboxes and the DNS, each well and in every kind of trouble."""

from __future__ import annotations

import socket
import ssl
from base64 import b64encode
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import tls_rig
from courier_fakes import scripted
from dovecot_rig import Dovecot
from smtp_rig import OpenDoor

from maild import config as configuration
from maild import desk_directory, dkim
from maild.config import Config
from maild.health.doctor import dns_records, doors, examine, ways
from maild.health.doctor.finding import Finding

Desk = Callable[..., Config]
YEAR = timedelta(days=365)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """`desk("[tls]", 'certificate = "cert.pem"')`: a desk that listens nowhere, with these lines instead of its tables."""
    directory = desk_directory.make(tmp_path / "desk").parent

    def configured(*lines: str) -> Config:
        wanted = {line for line in lines if line.startswith("[")}
        text = (directory / "config.toml").read_text().replace('listen = ["127.0.0.1:8025"]', "listen = []")
        tables, kept = text.split("\n["), []
        for table in tables:
            kept += [] if f"[{table.partition(']')[0]}]" in wanted else [table]
        (directory / "config.toml").write_text("\n[".join(kept) + "\n" + "\n".join(lines) + "\n")
        return configuration.load(directory / "config.toml")

    return configured


def by_name(found: Iterator[Finding]) -> dict[str, Finding]:
    return {one.name: one for one in found}


# --------------------------------------------------------------------- doors and certificates


@pytest.fixture
def certificate(tmp_path: Path) -> Callable[..., tuple[str, str]]:
    """Lines of [tls] with a certificate made so, beside the configuration."""

    def make(**how: object) -> tuple[str, str]:
        tls_rig.make(tmp_path / "desk", **how)  # type: ignore[arg-type]
        return "[tls]", 'certificate = "cert.pem"\nkey = "key.pem"'

    return make


def showing(certificate: Path, key: Path) -> Callable[[], ssl.SSLContext]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return lambda: context


def test_a_door_with_a_good_certificate(
    desk: Desk, certificate: Callable[..., tuple[str, str]], open_door: Callable[..., OpenDoor], tmp_path: Path
) -> None:
    lines = certificate(valid=YEAR, host="bank.example")
    tls = showing(tmp_path / "desk" / "cert.pem", tmp_path / "desk" / "key.pem")
    door = open_door(tls=tls, listen=(("127.0.0.1", 0),), listen_tls=(("127.0.0.1", 0),))
    (_, plain), (_, secured) = door.door.addresses
    config = desk(*lines, "[smtp]", f'listen = ["127.0.0.1:{plain}"]\nlisten_tls = ["127.0.0.1:{secured}"]')
    found = by_name(doors.check(config))
    assert found["certificate"] == Finding("certificate", "ok", "for bank.example, 364 days left")
    assert found[f"door smtp 127.0.0.1:{plain}"].what == "greets"
    assert found[f"door smtp 127.0.0.1:{secured}"].what == "greets"


def test_a_door_that_shows_another_certificate_than_its_file(
    desk: Desk, certificate: Callable[..., tuple[str, str]], open_door: Callable[..., OpenDoor], tmp_path: Path
) -> None:
    certificate(valid=YEAR)
    tls = showing(tmp_path / "desk" / "cert.pem", tmp_path / "desk" / "key.pem")
    door = open_door(tls=tls, listen=(), listen_tls=(("127.0.0.1", 0),))
    port = door.address[1]
    config = desk(*certificate(serial=2, valid=YEAR), "[submission]", f'listen = ["127.0.0.1:{port}"]')
    found = by_name(doors.check(config))[f"door submission 127.0.0.1:{port}"]
    assert (found.state, found.do) == ("wrong", "reload or restart maild")
    assert "another certificate" in found.what


@pytest.mark.parametrize(
    ("how", "state", "what"),
    [
        ({"valid": timedelta(days=5)}, "wrong", "4 days left"),
        ({"valid": timedelta(days=2)}, "wrong", "1 day left"),
        ({"valid": -timedelta(hours=1)}, "wrong", "expired"),
        ({"valid": YEAR, "host": "other.example"}, "note", "bank.example, by which we greet, is not in it"),
        ({"valid": YEAR, "host": "*.example"}, "ok", "for *.example"),
        ({"valid": YEAR, "password": b"x"}, "wrong", "key.pem"),
    ],
)
def test_certificates(
    desk: Desk, certificate: Callable[..., tuple[str, str]], how: dict[str, object], state: str, what: str
) -> None:
    found = by_name(doors.check(desk(*certificate(**how))))["certificate"]
    assert found.state == state, found
    assert what in found.what


def test_a_key_of_another_certificate(desk: Desk, certificate: Callable[..., tuple[str, str]], tmp_path: Path) -> None:
    lines = certificate()
    first = (tmp_path / "desk" / "key.pem").read_bytes()
    certificate(serial=2)
    (tmp_path / "desk" / "key.pem").write_bytes(first)
    found = by_name(doors.check(desk(*lines)))["certificate"]
    assert found.state == "wrong"
    assert "KEY_VALUES_MISMATCH" in found.what


def test_a_unix_socket(desk: Desk, open_door: Callable[..., OpenDoor], tmp_path: Path) -> None:
    place = tmp_path / "lmtp.sock"
    open_door(listen=(), listen_unix=(place,))
    config = desk("[lmtp]", f'listen = ["unix:{place}", "unix:{tmp_path}/gone.sock", "127.0.0.1:0"]')
    found = by_name(doors.check(config))
    assert found[f"door lmtp {place}"].state == "ok"
    assert found[f"door lmtp {tmp_path}/gone.sock"].state == "wrong"
    assert found["door lmtp 127.0.0.1:0"].state == "note"


def test_a_door_that_says_nothing(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doors, "PATIENCE", 0.1)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        found = by_name(doors.check(desk("[smtp]", f'listen = ["127.0.0.1:{port}"]')))
    assert found[f"door smtp 127.0.0.1:{port}"].state == "wrong"


# --------------------------------------------------------------------- relays and mailboxes


@pytest.mark.parametrize(
    ("verb", "reply", "state"), [("", "", "ok"), ("GREETING", "554 5.7.1 go away", "wrong"), ("EHLO", "CUT", "wrong")]
)
def test_a_relay(desk: Desk, verb: str, reply: str, state: str) -> None:
    with scripted(lambda number, said, taken: reply if said == verb else None) as server:
        found = by_name(ways.check(desk("[outbound]", f'url = "smtp://127.0.0.1:{server.port}"')))
        one = found[f"relay 127.0.0.1:{server.port}"]
    assert one.state == state, one
    assert server.letters == []
    assert not any(line.upper().startswith("MAIL") for line in server.lines)
    assert reply[:3] in one.what or reply == "CUT"


def test_every_relay_of_a_list(desk: Desk) -> None:
    with scripted() as server:
        urls = f'url = ["smtp://127.0.0.1:1", "smtp://127.0.0.1:{server.port}"]'
        found = by_name(ways.check(desk("[outbound]", urls)))
    assert found["relay 127.0.0.1:1"].state == "wrong"
    assert "refused" in found["relay 127.0.0.1:1"].what
    assert found[f"relay 127.0.0.1:{server.port}"].state == "ok"


def test_a_directory_that_cannot_be_written_to(desk: Desk, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    found = by_name(ways.check(desk("[outbound]", f'url = "maildir:{tmp_path}/file"')))
    assert found[f"relay maildir:{tmp_path}/file"].state == "wrong"


@pytest.mark.parametrize(("password", "state"), [(Dovecot.password, "ok"), ("wrong", "wrong")])
def test_a_mailbox(desk: Desk, dovecot: Dovecot, tmp_path: Path, password: str, state: str) -> None:
    file = tmp_path / "imap.password"
    file.write_text(f"{password}\n")
    file.chmod(0o600)
    lines = f'host = "127.0.0.1"\nport = {dovecot.port}\ntls = "none"\nuser = "doctored"\npassword_file = "{file}"'
    found = by_name(ways.check(desk("[[imap]]", f'{lines}\naddress = "support@bank.example"')))
    (one,) = [finding for name, finding in found.items() if name.startswith("mailbox doctored")]
    assert one.state == state, one
    assert password not in one.what


# --------------------------------------------------------------------- the DNS

SPF = {"bank.example": ["google-site-verification=x", "v=spf1 mx -all"]}
DMARC = {"_dmarc.bank.example": ["v=DMARC1; p=reject"]}


def signer(algorithm: str = "ed25519") -> dkim.Signer:
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ed25519, rsa

    key = ed25519.Ed25519PrivateKey.generate() if algorithm == "ed25519" else rsa.generate_private_key(65537, 1024)
    no = serialization.NoEncryption()
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, no)
    return dkim.signer("bank.example", "s1", pem)


def published(one: dkim.Signer) -> dict[str, list[str]]:
    key = b64encode(one.public).decode()
    kind = one.algorithm.partition("-")[0]
    return {"s1._domainkey.bank.example": [f"v=DKIM1; k={kind}; p={key[:20]} {key[20:]}"]}


def records(config: Config, names: dict[str, list[str]], ours: dkim.Signer | None = None) -> dict[str, Finding]:
    return by_name(dns_records.records(config, ours, lambda name: names.get(name, [])))


def test_records_that_are_there(desk: Desk) -> None:
    found = records(desk(), SPF | DMARC)
    assert {name: one.state for name, one in found.items()} == {"spf bank.example": "ok", "dmarc bank.example": "ok"}
    assert found["spf bank.example"].what == "v=spf1 mx -all"


def test_records_that_cannot_be_seen_make_nobody_ill(desk: Desk) -> None:
    found = records(desk(), {}, signer())
    assert {one.state for one in found.values()} == {"note"}
    assert all(one.do for one in found.values())


def test_two_records_are_none(desk: Desk) -> None:
    found = records(desk(), {"bank.example": ["v=spf1 mx -all", "v=spf1 ~all"]})
    assert found["spf bank.example"].state == "wrong"


@pytest.mark.parametrize("algorithm", ["ed25519", "rsa"])
def test_the_key_of_our_signatures(desk: Desk, algorithm: str) -> None:
    ours, theirs = signer(algorithm), signer(algorithm)
    place = "dkim s1._domainkey.bank.example"
    assert records(desk(), published(ours), ours)[place].state == "ok"
    assert records(desk(), published(theirs), ours)[place].state == "wrong"
    revoked = {"s1._domainkey.bank.example": ["v=DKIM1; p="]}
    assert records(desk(), revoked, ours)[place].state == "note"


def test_a_name_server_that_does_not_answer(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def away() -> None:
        raise OSError("no name server can be asked")

    monkeypatch.setattr(dns_records, "_texts", away)
    (one,) = dns_records.check(desk())
    assert one.state == "note"


# --------------------------------------------------------------------- all together


def test_a_check_that_breaks_keeps_no_other_from_being_made(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(config: Config) -> Iterator[Finding]:
        raise ZeroDivisionError("a bug")
        yield

    monkeypatch.setattr("maild.health.doctor.CHECKS", (broken, ways.check))
    first, *others = examine(desk())
    assert (first.state, "ZeroDivisionError" in first.what) == ("wrong", True)
    assert others
