"""The Maildir relay, and how a relay is chosen."""

from __future__ import annotations

import mailbox
import os
from dataclasses import dataclass
from pathlib import Path

import pytest
from courier_fakes import Office, answer_to

from maild.config.values import Relay as Target
from maild.edges.outbound import Accepted, Temporary
from maild.edges.outbound_choice import relays
from maild.edges.outbound_maildir import MaildirRelay
from maild.edges.outbound_smtp import SmtpRelay

RAW = b"Subject: x\r\n\r\n.dot\r\nend\r\n"


def nothing() -> None:
    pass


def test_a_letter_becomes_a_file_other_programs_read(tmp_path: Path) -> None:
    answer = MaildirRelay(tmp_path / "out").send("support+b@bank.example", "karen@x.example", RAW, nothing)
    assert isinstance(answer, Accepted)
    (message,) = mailbox.Maildir(tmp_path / "out", create=False)
    assert message["Return-Path"] == "<support+b@bank.example>"
    assert message["Delivered-To"] == "karen@x.example"
    assert message.get_payload() == ".dot\nend\n"
    assert list((tmp_path / "out" / "tmp").iterdir()) == []


def test_file_names_sort_in_the_order_of_delivery(tmp_path: Path) -> None:
    relay = MaildirRelay(tmp_path)
    for number in range(50):
        relay.send("a@b.example", "c@d.example", b"Subject: %d\r\n\r\n" % number, nothing)
    subjects = [path.read_bytes().split(b"Subject: ")[1].strip() for path in sorted((tmp_path / "new").iterdir())]
    assert subjects == [b"%d" % number for number in range(50)]


def test_a_mark_that_cannot_be_made_leaves_nothing_behind(tmp_path: Path) -> None:
    def away() -> None:
        raise LookupError("the store is away")

    with pytest.raises(LookupError):
        MaildirRelay(tmp_path).send("a@b.example", "c@d.example", RAW, away)
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == []


def test_a_directory_that_cannot_be_written_is_relay_trouble(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    answer = MaildirRelay(tmp_path / "file").send("a@b.example", "c@d.example", RAW, nothing)
    assert isinstance(answer, Temporary)
    assert (answer.relay_trouble, answer.reached) == (True, False)


def test_a_file_is_on_the_disk_before_it_is_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    steps: list[str] = []
    fsync, rename = os.fsync, Path.rename
    monkeypatch.setattr(os, "fsync", lambda fd: (steps.append("fsync"), fsync(fd))[1])
    monkeypatch.setattr(Path, "rename", lambda self, to: (steps.append("rename"), rename(self, to))[1])
    MaildirRelay(tmp_path).send("a@b.example", "c@d.example", RAW, lambda: steps.append("mark"))
    assert steps == ["fsync", "mark", "rename", "fsync"]


def test_the_courier_fills_a_maildir(tmp_path: Path) -> None:
    office = Office(MaildirRelay(tmp_path))
    for number in range(20):
        office.outbox.add(answer_to(f"k{number}@x.example"))
    office.courier.deliver_round()
    assert {message["Delivered-To"] for message in mailbox.Maildir(tmp_path, create=False)} == {
        f"k{number}@x.example" for number in range(20)
    }


@dataclass
class Settings:
    relays: tuple[Target, ...]
    hostname: str = "desk.bank.example"
    ca_file: Path | None = None
    connections: int = 3


def test_the_configuration_chooses_the_relay(tmp_path: Path) -> None:
    def password(place: int) -> str:
        raise AssertionError("nobody logs in yet")

    kinds = (("smtp", ""), ("smtps", "at once"), ("smtp+starttls", "starttls"))
    targets = [Target(scheme, f"{n}.mail.example", 25, "desk") for n, (scheme, _) in enumerate(kinds)]
    *chosen, last = relays(Settings((*targets, Target("maildir", path=tmp_path))), password)
    assert isinstance(last, MaildirRelay)
    for one, (number, (_, tls)) in zip(chosen, enumerate(kinds), strict=True):
        assert isinstance(one, SmtpRelay)
        assert (one.name, one._tls, one.connections) == (f"{number}.mail.example:25", tls, 3)


def test_each_relay_is_asked_for_its_own_password(tmp_path: Path) -> None:
    asked: list[int] = []
    targets = tuple(Target("smtps", host, 465, "desk") for host in ("a.example", "b.example"))
    for one in relays(Settings(targets), lambda place: str(asked.append(place))):
        assert isinstance(one, SmtpRelay)
        one._password()
    assert asked == [0, 1]
