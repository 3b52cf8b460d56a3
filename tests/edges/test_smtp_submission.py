"""Submission: a password, over TLS, proves an agent, who may write in their own name and to us only."""

from __future__ import annotations

import base64
import smtplib
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import tls_rig
from smtp_rig import Line, OpenDoor, WritingDesk

from maild.edges.smtp_submission import Gate, SubmissionSession
from maild.edges.smtp_tls import Certificate

Opened = Callable[..., OpenDoor]
PASSWORDS = {"john": "correct horse battery", "jane": "pässwörter sind lang"}
LETTER = b"From: john@desk.example\r\nSubject: x\r\n\r\ny"


def prove(name: str, password: str) -> str:
    return name if PASSWORDS.get(name) == password else ""


def objection(agent: str, raw: bytes) -> str:
    return "" if f"From: {agent}@desk.example".encode() in raw else f"you are logged in as {agent}"


@pytest.fixture
def submission(open_door: Opened, tmp_path: Path) -> Iterator[Callable[..., OpenDoor]]:
    """`submission(failures=3)`: a door that agents may hand in letters at."""
    gates: list[Gate] = []

    def opened(failures: int = 10, asked: Callable[[str, str], str] = prove, **settings: object) -> OpenDoor:
        gate = Gate(asked, objection, failures)
        gates.append(gate)
        return open_door(
            listen=(),
            listen_tls=(("127.0.0.1", 0),),
            tls=Certificate(*tls_rig.make(tmp_path)).context,
            session=lambda door, host: SubmissionSession(door, host, gate),
            **settings,
        )

    yield opened
    for gate in gates:
        gate.close()


@pytest.fixture
def reach(tmp_path: Path) -> Callable[[OpenDoor], Line]:
    """`reach(door)`: a connection under TLS, greeted."""
    return lambda door: Line(door.address).secured(tls_rig.client(tmp_path / "cert.pem")).greeted()


def plain(name: str, password: str, whose: str = "") -> str:
    return base64.b64encode(f"{whose}\0{name}\0{password}".encode()).decode()


def b64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


@pytest.mark.parametrize("name", PASSWORDS)
def test_a_mail_client_logs_in_and_hands_in(
    submission: Opened, writing_desk: WritingDesk, tmp_path: Path, name: str
) -> None:
    door = submission()
    with smtplib.SMTP_SSL(*door.address, timeout=20, context=_trusting(tmp_path)) as session:
        assert session.has_extn("auth") or session.ehlo()[0] == 250
        code, _ = session.docmd("AUTH", f"PLAIN {plain(name, PASSWORDS[name])}")
        assert code == 235
        session.sendmail(f"{name}@desk.example", ["support@desk.example"], LETTER.replace(b"john", name.encode()))
    assert (writing_desk.letter.agent, writing_desk.letter.door) == (name, "submission")
    assert b"with ESMTPSA;" in writing_desk.letter.raw


def _trusting(directory: Path) -> object:
    context = tls_rig.client(directory / "cert.pem")
    context.check_hostname = False  # smtplib checks the name it connected to, an address here
    return context


def test_offers(submission: Opened, reach: Callable[[OpenDoor], Line]) -> None:
    with reach(submission()) as line:
        offered = line.ask("EHLO x")
        assert "|250-AUTH PLAIN LOGIN|" in offered
        assert "STARTTLS" not in offered


def test_smtp_and_lmtp_know_no_logins(line: Line) -> None:
    assert "AUTH" not in line.ask("EHLO x")
    assert line.ask(f"AUTH PLAIN {plain('john', PASSWORDS['john'])}").startswith("502 ")


def test_auth_in_the_clear_reveals_nothing(submission: Opened, writing_desk: WritingDesk) -> None:
    """There is no clear here: words that come before TLS are no handshake and end the connection."""
    door = submission()
    with Line(door.address) as line:
        line.send(f"EHLO x\r\nAUTH PLAIN {plain('john', PASSWORDS['john'])}\r\n")
        assert line.reply()[:3] not in ("235", "220", "334")
    assert door.door.counters["logins"] == 0


@pytest.mark.parametrize("command", ["MAIL FROM:<john@desk.example>", "VRFY x", "DATA"])
def test_nothing_is_taken_before_the_login(submission: Opened, reach: Callable[[OpenDoor], Line], command: str) -> None:
    with reach(submission()) as line:
        assert line.ask(command)[:3] in ("530", "252", "503")
        assert line.ask("MAIL FROM:<john@desk.example>") == "530 5.7.0 log in first"


def test_every_way_to_say_a_password(submission: Opened, reach: Callable[[OpenDoor], Line]) -> None:
    door, word = submission(), PASSWORDS["john"]
    dialogues = [
        [f"AUTH PLAIN {plain('john', word)}"],
        [f"auth plain {plain('john', word, 'john')}"],
        ["AUTH PLAIN", plain("john", word)],
        ["AUTH LOGIN", b64("john"), b64(word)],
        [f"AUTH LOGIN {b64('john')}", b64(word)],
    ]
    for said in dialogues:
        with reach(door) as line:
            replies = [line.ask(one) for one in said]
            assert [reply[:4] for reply in replies[:-1]] == ["334 "] * (len(said) - 1)
            assert replies[-1].startswith("235 ")
            assert line.ask(said[0]).startswith("503 "), "once is enough"


@pytest.mark.parametrize(
    ("said", "reply"),
    [
        (["AUTH"], "504 5.5.4"),
        (["AUTH CRAM-MD5"], "504 5.5.4"),
        (["AUTH PLAIN a b"], "504 5.5.4"),
        (["AUTH PLAIN not-base64"], "501 5.5.2"),
        (["AUTH PLAIN " + b64("john")], "501 5.5.2"),
        (["AUTH PLAIN " + plain("john", PASSWORDS["john"], "jane")], "501 5.5.2"),
        (["AUTH PLAIN " + b64("x" * 1500)], "501 5.5.2"),
        (["AUTH PLAIN ="], "501 5.5.2"),
        (["AUTH PLAIN", "*"], "501 5.7.0"),
        (["AUTH LOGIN", b64("john"), "*"], "501 5.7.0"),
        (["AUTH LOGIN", "\xff"], "501 5.5.2"),
        (["AUTH PLAIN " + plain("john", "wrong")], "535 5.7.8"),
        (["AUTH PLAIN " + plain("nobody", "wrong")], "535 5.7.8"),
        (["AUTH LOGIN", b64("nobody"), b64("wrong")], "535 5.7.8"),
    ],
)
def test_what_is_no_login(submission: Opened, reach: Callable[[OpenDoor], Line], said: list[str], reply: str) -> None:
    with reach(submission()) as line:
        for one in said:
            last = line.ask(one)
        assert last.startswith(reply)
        assert line.ask("MAIL FROM:<john@desk.example>").startswith("530 ")


def test_three_wrong_passwords_end_a_session(submission: Opened, reach: Callable[[OpenDoor], Line]) -> None:
    with reach(submission()) as line:
        wrong = f"AUTH PLAIN {plain('john', 'wrong')}"
        assert [line.ask(wrong)[:3] for _ in range(3)] == ["535", "535", "421"]
        assert line.is_cut()


def test_a_network_that_guesses_has_to_wait_and_a_right_password_costs_nothing(
    submission: Opened, reach: Callable[[OpenDoor], Line]
) -> None:
    door = submission(failures=2)
    right = f"AUTH PLAIN {plain('john', PASSWORDS['john'])}"
    for _ in range(4):
        with reach(door) as line:
            assert line.ask(right).startswith("235 ")
    with reach(door) as line:
        wrong = f"AUTH PLAIN {plain('john', 'wrong')}"
        assert [line.ask(wrong)[:3] for _ in range(2)] == ["535", "535"]
    with reach(door) as line:
        assert line.ask(right) == "454 4.7.0 too many logins, please try again later"
    assert door.door.counters["logins_put_off"] == 1


def test_passwords_that_wait_to_be_checked_are_few_and_hold_up_nobody_else(
    submission: Opened, reach: Callable[[OpenDoor], Line], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("maild.edges.smtp_submission.MOST_CHECKS", 2)
    go_on = threading.Event()

    def slow(name: str, password: str) -> str:
        go_on.wait(20)
        return prove(name, password)

    door = submission(asked=slow)
    lines = [reach(door) for _ in range(3)]
    right = f"AUTH PLAIN {plain('john', PASSWORDS['john'])}\r\n"
    for line in lines[:2]:
        line.send(right)
    while door.run(_waiting(door)) < 2:
        pass
    assert lines[2].ask("NOOP").startswith("250 ")
    assert lines[2].ask(right.strip()).startswith("454 ")
    go_on.set()
    assert [line.reply()[:3] for line in lines[:2]] == ["235", "235"]
    for line in lines:
        line.__exit__()


async def _waiting(door: OpenDoor) -> int:
    return sum(session._gate.waiting for session in list(door.door._sessions)[:1])  # type: ignore[attr-defined]


def logged_in(line: Line, name: str = "john") -> Line:
    assert line.ask(f"AUTH PLAIN {plain(name, PASSWORDS[name])}").startswith("235 ")
    return line


def test_from_must_be_the_agents(
    submission: Opened, reach: Callable[[OpenDoor], Line], writing_desk: WritingDesk
) -> None:
    with reach(submission()) as line:
        logged_in(line, "jane").at_data()
        assert line.letter(LETTER) == "550 5.7.1 you are logged in as jane"
        assert not writing_desk.kept
        line.at_data()
        assert line.letter(LETTER.replace(b"john", b"jane")).startswith("250 ")


def test_a_client_may_repeat_who_it_is(submission: Opened, reach: Callable[[OpenDoor], Line]) -> None:
    with reach(submission()) as line:
        logged_in(line)
        assert line.ask("MAIL FROM:<john@desk.example> SIZE=100 AUTH=<>").startswith("250 ")
        line.ask("RSET")
        assert line.ask("MAIL FROM:<john@desk.example> AUTH=john@desk.example BODY=8BITMIME").startswith("250 ")


def test_it_is_nobodys_relay(submission: Opened, reach: Callable[[OpenDoor], Line]) -> None:
    with reach(submission()) as line:
        logged_in(line).ask("MAIL FROM:<john@desk.example>")
        assert line.ask("RCPT TO:<karen@customer.example>") == "550 5.7.1 relaying denied"
