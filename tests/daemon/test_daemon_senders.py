"""What an admin says of senders at the shell, and the letters held back: quarantine, release, ban, accept, senders."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable
from pathlib import Path

import pytest
from daemon_rig import SUPPORT, Desk, Shell, copy_of

Run = Callable[..., tuple[int, str]]


def spam(name: str, subject: str = "Win") -> bytes:
    return (
        f"From: {name} <{name}@spam.example>\r\nTo: {SUPPORT}\r\nSubject: {subject}\r\n"
        f"Message-ID: <{name}.{subject}@spam.example>\r\nX-Spam-Flag: YES\r\n\r\nBuy \x1b[31m.\r\n"
    ).encode()


@pytest.fixture
def run(made: Path, shell: Shell, tmp_path: Path) -> Run:
    """`run("ban 1")` at a desk of its own: exit code, and what was printed."""
    desk: Desk = copy_of(made, tmp_path / "desk")

    def typed(line: str, stdin: bytes = b"") -> tuple[int, str]:
        verb, *rest = shlex.split(line)
        done = shell(verb, "-c", str(desk.config), *rest, stdin=stdin)
        return done.returncode, done.stdout + done.stderr

    return typed


def held(run: Run, *names: str) -> None:
    for name in names:
        assert run(f"pipe {SUPPORT}", spam(name))[0] == 0
    assert run("tick")[0] == 0


def fates(run: Run) -> dict[int, str]:
    return {one["id"]: one["fate"] for one in json.loads(run("ledger --json")[1])["letters"]}


def test_what_is_held_back_is_listed(run: Run) -> None:
    assert run("quarantine") == (0, "Nothing is held back.\n")
    held(run, "one", "two")
    code, text = run("quarantine")
    assert code == 0
    assert "one <one@spam.example>" in text
    assert "a spam filter on its way calls it spam" in text
    listed = json.loads(run("quarantine --json")[1])
    assert [(one["mail_id"], one["sender"]) for one in listed] == [
        (1, "one <one@spam.example>"),
        (2, "two <two@spam.example>"),
    ]


def test_a_letter_is_released_once(run: Run) -> None:
    held(run, "one")
    assert run("release 1")[0] == 0
    assert run("tick")[0] == 0
    assert fates(run) == {1: "ticket"}
    assert run("release 1")[0] == 65


def test_a_sender_is_banned_by_address_domain_or_letter(run: Run) -> None:
    held(run, "one")
    code, text = run('ban 1 "*@worse.example" "*.worst.example"')
    assert code == 0
    assert "Letters of one@spam.example are refused from now on." in text
    assert "Letters of *.worst.example are refused" in text
    assert run(f"pipe {SUPPORT}", spam("one", "Again"))[0] == 0
    assert run("tick")[0] == 0
    assert fates(run) == {1: "quarantined", 2: "refused"}
    said = json.loads(run("senders --json")[1])
    assert [(one["sender"], one["standing"]) for one in said] == [
        ("*.worst.example", "ban"),
        ("*@worse.example", "ban"),
        ("one@spam.example", "ban"),
    ]
    assert "ban" in run("senders")[1]
    assert run("senders --forget one@spam.example")[0] == 0
    assert run("senders --forget one@spam.example")[0] == 65


def test_who_is_accepted_gets_the_letter_through_and_all_later_ones(run: Run) -> None:
    held(run, "one", "two")
    code, text = run("accept 1")
    assert (code, text.count("\n")) == (0, 2)
    assert run(f"pipe {SUPPORT}", spam("one", "Again"))[0] == 0
    assert run("tick")[0] == 0
    assert fates(run) == {1: "ticket", 2: "quarantined", 3: "ticket"}


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("ban nobody", 64),
        ("ban", 64),
        ("ban 99", 65),
        ("ban 99999999999999999999", 65),
        ("accept x@", 64),
        ("ban john@bank.example", 65),
        ("senders --forget nobody", 64),
        ("quarantine --limit x", 64),
    ],
)
def test_what_cannot_be_done_is_told(run: Run, line: str, code: int) -> None:
    assert run(line)[0] == code
    assert run("senders")[1].startswith("Nothing was said")
