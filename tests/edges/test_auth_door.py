"""Senders are looked at between the last octet and the yes, and never so that a letter is lost, refused or held up for long."""

from __future__ import annotations

import smtplib
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future
from dataclasses import replace
from ipaddress import ip_network
from pathlib import Path

import pytest
from auth_rig import AWAY, LETTER, NOW, OWN, Names, policy, published, signed, spf
from smtp_rig import OpenDoor, WritingDesk, done

from maild.app import sender_check
from maild.config import Config, ConfigErrors, load
from maild.core.authentication import Vouched, vouched
from maild.core.mail import read
from maild.core.model import Envelope, Receipt
from maild.demo.stage import Stage, example_config
from maild.edges import auth_dns
from maild.edges.auth import MOST_WAITING, THREADS, SenderCheck
from maild.edges.auth_dns import Unanswered
from maild.ready import NotReady

HERE = {("customer.com", "TXT"): b"v=spf1 ip4:127.0.0.1 -all"}
DIRECT = Envelope(
    raw=b"Received: x\r\n" + LETTER,
    mail_from="",
    rcpts=("s@bank.example",),
    received_at=NOW,
    door="smtp",
    peer="192.0.2.10",
)


class Looking:
    """A desk behind a sender check; `fields` are what came with each letter."""

    def __init__(self, names: object, deadline: float = 5.0, relays: tuple = ()) -> None:
        self.desk = WritingDesk()
        self.fields: list[bytes] = []
        self.check = SenderCheck(self._onward, OWN, names, relays, deadline)  # type: ignore[arg-type]

    def _onward(self, envelope: Envelope, field: bytes) -> Future[Receipt]:
        self.fields.append(field)
        return self.desk.accept(envelope)

    def accept(self, envelope: Envelope) -> Future[Receipt]:
        return self.check.accept(envelope)


@pytest.fixture
def closing() -> Iterator[list]:
    doors: list = []
    yield doors
    for one in doors:
        one.close()


def send(door: OpenDoor, raw: bytes, mail_from: str = "b@customer.com") -> tuple[int, bytes]:
    with smtplib.SMTP(*door.address, timeout=20) as client:
        client.ehlo("mx.customer.com")
        client.mail(mail_from)
        client.rcpt("support@desk.example")
        return client.data(raw)


def test_a_letter_is_judged_as_it_came_by_peer_helo_and_sender(closing: list) -> None:
    looking = Looking(Names(policy(), published(), HERE))
    closing += [door := OpenDoor(looking), looking.check]  # type: ignore[arg-type]
    letter = signed()
    assert send(door, letter)[0] == 250
    assert b"spf=pass smtp.mailfrom=customer.com" in looking.fields[0]
    assert b"dkim=pass header.d=customer.com" in looking.fields[0]
    assert looking.desk.content == letter


def silent(name: str, kind: str, seconds: float) -> tuple:
    time.sleep(seconds)
    raise Unanswered("silence")


def broken(name: str, kind: str, seconds: float) -> tuple:
    raise MemoryError


@pytest.mark.parametrize(
    "names", [silent, broken, Names({("customer.com", "TXT"): AWAY, ("_dmarc.customer.com", "TXT"): AWAY})]
)
def test_whatever_the_name_service_does_the_letter_is_kept_in_time(closing: list, names: object) -> None:
    looking = Looking(names, deadline=1.0)
    closing += [door := OpenDoor(looking), looking.check]  # type: ignore[arg-type]
    letter, started = signed(), time.monotonic()
    assert send(door, letter)[0] == 250
    assert time.monotonic() - started < 3
    assert b"=pass" not in looking.fields[0]
    assert looking.desk.content == letter


def test_many_letters_at_once_wait_in_bounded_company(closing: list) -> None:
    gate = threading.Event()
    inside = []

    def slow(name: str, kind: str, seconds: float) -> tuple:
        inside.append(threading.current_thread().name)
        gate.wait(10)
        return ()

    looking = Looking(slow)
    closing.append(looking.check)
    receipts = [looking.accept(replace(DIRECT, helo=f"h{n}.com")) for n in range(MOST_WAITING + 5)]
    assert sum(receipt.done() for receipt in receipts) == 5  # those did not fit, and were kept all the same
    assert (
        looking.fields
        == [b"Authentication-Results: desk.bank.example;\r\n\tspf=temperror;\r\n\tdmarc=temperror\r\n"] * 5
    )
    gate.set()
    assert {receipt.result(10) for receipt in receipts} == {Receipt.ACCEPTED}
    assert len(set(inside)) <= THREADS


def test_what_the_desk_answers_reaches_the_peer(closing: list) -> None:
    looking = Looking(Names())
    closing += [door := OpenDoor(looking), looking.check]  # type: ignore[arg-type]
    looking.desk.answer = lambda envelope: done(Receipt.NO_SPACE)
    assert send(door, LETTER)[0] == 452

    def fails(envelope: Envelope) -> Future[Receipt]:
        raise RuntimeError("a bug")

    looking.desk.answer = fails
    assert send(door, LETTER)[0] == 451


@pytest.mark.parametrize(
    ("change", "judged"),
    [
        ({}, True),
        ({"door": "pipe"}, False),
        ({"door": "lmtp"}, False),
        ({"door": "submission"}, False),
        ({"peer": ""}, False),
        ({"peer": "somewhere"}, False),
        ({"peer": "10.1.2.3"}, False),
        ({"peer": "::ffff:10.1.2.3"}, False),
        ({"peer": "::ffff:192.0.2.1"}, True),
        ({"peer": "2001:db8::1"}, True),
        ({"raw": b" From: admin@customer.com\r\n"}, False),
    ],
)
def test_only_strangers_servers_at_the_smtp_door_are_judged(closing: list, change: dict, judged: bool) -> None:
    looking = Looking(Names(), relays=(ip_network("10.0.0.0/8"), ip_network("::1")))
    closing.append(looking.check)
    assert looking.check.judges(replace(DIRECT, **change)) == judged


# --------------------------------------------------------------------- a whole desk


def checking(directory: Path, **more: object) -> Config:
    config = example_config(directory)
    file = config.path
    text = (
        file.read_text()
        .replace("check = false", "check = true")
        .replace('relays = ["127.0.0.1", "::1"]', "relays = []")
    )
    file.write_text(text)
    return load(file)


def test_a_desk_that_faces_the_internet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        auth_dns, "resolver", lambda: Names(policy(), HERE, policy(domain="victim.com"), spf(domain="victim.com"))
    )
    forged = b"Authentication-Results: bank.example; dmarc=pass header.from=victim.com\r\nX-Maild-Ticket: BANK-1\r\n"
    with Stage(checking(tmp_path / "desk")) as stage:
        karen = b"From: karen@customer.com\r\nSubject: Help\r\n\r\nNothing works.\r\n"
        mallory = forged + b"From: Karen <karen@victim.com>\r\nSubject: Pay\r\n\r\nNow.\r\n"
        for letter, sender in ((karen, "karen@customer.com"), (mallory, "m@evil.net")):
            with smtplib.SMTP(*stage.app.door.addresses[0]) as client:
                client.sendmail(sender, ["support@bank.example"], letter)
        stage.settle()
        first, second = (stage.app.store.raw(number) or b"" for number in (1, 2))
        assert first.startswith(b"Authentication-Results: bank.example;\r\n\tspf=pass smtp.mailfrom=customer.com")
        assert vouched(read(first), stage.app.policy.authentication) == Vouched.PASS
        assert vouched(read(second), stage.app.policy.authentication) == Vouched.REJECT
        assert second.count(b"Authentication-Results") == 1
        assert b"X-Maild" not in second
        assert not [letter for letter in stage.lost if "karen@victim.com" in letter.rcpts]


def test_a_desk_without_a_name_server_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def none() -> None:
        raise OSError("no name server can be asked")

    config = checking(tmp_path / "desk")
    monkeypatch.setattr(auth_dns, "resolver", none)
    with pytest.raises(NotReady, match="no name server"):
        sender_check(config, lambda envelope, field: done(Receipt.ACCEPTED))


def test_without_the_extra_the_option_is_a_mistake_with_its_remedy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("maild.config.loading.find_spec", lambda name: None if name == "spf" else name)
    with pytest.raises(
        ConfigErrors, match=r"authentication\.check: needs packages that are not here \(spf\): pip install"
    ):
        checking(tmp_path / "desk")


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('relays = ["mx.bank.example"]', "must be an address or a network"),
        ('relays = ["10.0.0.1/8"]', "must be an address or a network"),
        ("microsoft = true\ncheck = true", "exclude each other"),
    ],
)
def test_what_cannot_be_meant_is_refused(tmp_path: Path, line: str, said: str) -> None:
    config = example_config(tmp_path / "desk")
    text = config.path.read_text()
    for key in ("microsoft", "check", "relays"):
        text = "\n".join(one for one in text.split("\n") if not one.startswith(f"{key} = "))
    config.path.write_text(text.replace("[authentication]\n", f"[authentication]\n{line}\n"))
    with pytest.raises(ConfigErrors, match=said):
        load(config.path)
