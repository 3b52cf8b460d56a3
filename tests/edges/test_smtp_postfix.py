"""Behind a real Postfix, set up as the manual says: LMTP that is never out of step, and no letter smuggled past it."""

from __future__ import annotations

import os
import random
import re
import smtplib
import time
from collections import Counter
from collections.abc import Callable, Iterator
from ipaddress import ip_network
from pathlib import Path

import pytest
from postfix_rig import Postfix
from smtp_rig import Line, OpenDoor, WritingDesk, done

from maild.core.model import Envelope, Receipt
from maild.edges.smtp_lmtp import LmtpSession

ADMINS = (Path(__file__).parents[2] / "docs" / "admins.md").read_text(encoding="utf-8")
LETTERS = int(os.environ.get("MAILD_TEST_LETTERS", "150"))  # 10,000 were tried once; see docs/benchmarks.md
PATIENCE = 60 + LETTERS / 10  # seconds

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="NOT TESTED: Postfix is started by root only")


def manual() -> tuple[str, str]:
    """main.cf and the transport table, as docs/admins.md has them."""
    told = ADMINS.partition("**By LMTP**")[2].partition("**By SMTP**")[0]
    settings, transport = re.findall(r"^```\n(.*?)^```$", told, re.MULTILINE | re.DOTALL)
    return settings, transport


@pytest.fixture
def behind(open_door: Callable[..., OpenDoor], program: Callable[[str], Path]) -> Iterator[Callable[..., Postfix]]:
    """`behind(max_size=…)`: a Postfix that delivers to an LMTP door with these settings."""
    running: list[Postfix] = []

    def started(**settings: object) -> Postfix:
        door = open_door(session=LmtpSession, announcers=(ip_network("127.0.0.1"),), **settings)
        main, transport = manual()
        # The bank's addresses are the example's; whatever else the table sends to the door is refused there.
        table = (
            transport.replace(":8024", f":{door.address[1]}")
            + f"bank.example lmtp:inet:[127.0.0.1]:{door.address[1]}\n"
        )
        assert f"lmtp:inet:[127.0.0.1]:{door.address[1]}" in table
        # Postfix itself would refuse them at its front door.
        main = re.sub(r"^local_recipient_maps.*$", "local_recipient_maps =", main, flags=re.MULTILINE)
        postfix = Postfix(program, main, table)
        running.append(postfix.__enter__())
        return postfix

    yield started
    for postfix in running:
        postfix.__exit__()


@pytest.fixture
def bank(monkeypatch: pytest.MonkeyPatch) -> None:
    """r0 to r99 are ours, x0 to x99 are nobody's."""
    monkeypatch.setattr(
        "smtp_rig.is_ours", lambda address: bool(re.match(r"(r\d+|support)(\+\S*)?@bank\.example$", address))
    )


def settled(postfix: Postfix) -> None:
    until, quiet = time.monotonic() + PATIENCE, 0
    while quiet < 3:  # a letter on its way from one queue to another is seen in none
        quiet = 0 if postfix.queued() else quiet + 1
        assert time.monotonic() < until, postfix.log()[-3000:]
        time.sleep(0.1)


def test_mixed_answers_never_get_out_of_step(
    behind: Callable[..., Postfix], bank: None, writing_desk: WritingDesk
) -> None:
    """Each recipient of each letter ends as the door said: taken, refused for good, or tried again until taken."""
    dice = random.Random(4711)
    tries: Counter[str] = Counter()

    def answer(envelope: Envelope) -> object:
        name = re.search(rb"^Subject: (\S+)", envelope.raw, re.MULTILINE)[1].decode()  # type: ignore[index]
        tries[name] += 1
        later = name.endswith("later") and tries[name] == 1
        return done(Receipt.TRY_LATER if later else Receipt.ACCEPTED)

    writing_desk.answer = answer  # type: ignore[assignment]
    postfix = behind(max_size=20_000, max_connections_per_peer=100, max_recipients=30)
    wanted: dict[str, set[str]] = {}
    refused = 0
    with smtplib.SMTP("127.0.0.1", postfix.port, timeout=60) as client:
        for number in range(LETTERS):
            rcpts = [f"{dice.choice('rrrx')}{one}@bank.example" for one in range(dice.choice((1, 2, 5, 20, 100)))]
            kind = dice.choice(("now", "now", "later", "large"))
            size = 30_000 if kind == "large" else dice.randrange(2_000)
            body = f"Subject: {number}-{kind}\r\n\r\n" + "MAIL FROM:<evil@bad.example>\r\n.\r\n" * (size // 30)
            client.sendmail("karen@customer.example", rcpts, body)
            wanted[f"{number}-{kind}"] = {one for one in rcpts if one[0] == "r" and kind != "large"}
            refused += len(rcpts) - len(wanted[f"{number}-{kind}"])
    settled(postfix)
    kept: dict[str, set[str]] = {name: set() for name in wanted}
    for envelope in writing_desk.kept:
        name = re.search(rb"^Subject: (\S+)", envelope.raw, re.MULTILINE)[1].decode()  # type: ignore[index]
        kept[name].update(envelope.rcpts)
    assert kept == wanted
    log = postfix.log()
    assert len(re.findall(r"postfix/lmtp.*status=sent", log)) == sum(map(len, wanted.values()))
    assert len(re.findall(r"postfix/lmtp.*status=bounced", log)) == refused
    assert not re.search(r"postfix/lmtp.*(protocol error|unexpected|lost connection|conversation)", log)


def test_the_real_peer_and_the_sub_address_arrive(
    behind: Callable[..., Postfix], bank: None, writing_desk: WritingDesk
) -> None:
    postfix = behind()
    with smtplib.SMTP("127.0.0.1", postfix.port, local_hostname="outside.example", timeout=60) as client:
        client.sendmail("karen@customer.example", ["support+token@bank.example"], "Subject: x\r\n\r\ny")
    settled(postfix)
    letter = writing_desk.letter
    assert (letter.rcpts, letter.helo, letter.door) == (("support+token@bank.example",), "outside.example", "lmtp")


@pytest.mark.parametrize("end", [b"\n.\n", b"\n.\r\n", b"\r\n.\n", b"\r.\r\n", b"\r\n.\r", b"\r.\r"])
def test_nothing_is_smuggled_past_postfix(
    behind: Callable[..., Postfix], bank: None, writing_desk: WritingDesk, end: bytes
) -> None:
    postfix = behind()
    with Line(("127.0.0.1", postfix.port)) as line:
        assert line.reply().startswith("220 ")
        line.ask("EHLO outside.example")
        line.ask("MAIL FROM:<karen@customer.example>")
        line.ask("RCPT TO:<support@bank.example>")
        line.ask("DATA")
        evil = b"MAIL FROM:<evil@bad.example>\r\nRCPT TO:<support@bank.example>\r\nDATA\r\nSubject: evil\r\n\r\nz"
        line.send(b"Subject: x\r\n\r\ny" + end + evil + b"\r\n.\r\n")
        line.reply()
    settled(postfix)
    assert all(envelope.mail_from == "karen@customer.example" for envelope in writing_desk.kept)
    assert all(not re.search(rb"\r(?!\n)|(?<!\r)\n|\0", envelope.raw) for envelope in writing_desk.kept)
