"""Every verb as it is typed: what it prints, what it leaves alone, and its exit code (sysexits.h)."""

from __future__ import annotations

import base64
import contextlib
import email.policy
import json
import os
import pty
import re
import shlex
import sqlite3
import subprocess
from collections.abc import Callable
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from daemon_rig import ENVIRONMENT, MAILD, SUPPORT, Desk, Shell, copy_of, letter, maild

Done = subprocess.CompletedProcess[str]
At = Callable[..., Done]
KAREN = "karen@people.example"
# What must never reach a terminal: controls but line ends, C1, direction changes.
UNSAFE = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
ESCAPES = "\x1b]0;owned\x07\x1b[31mred\x1b[0m \u202egnp.exe \x9b2J"


def hostile() -> bytes:
    """Everything a stranger may choose drives a terminal."""
    mime = EmailMessage()
    mime.set_content(f"Look:\n{ESCAPES}\nthe end")
    mime.add_attachment(b"x", maintype="image", subtype="png", filename="a.png")
    word = f"=?utf-8?b?{base64.b64encode(ESCAPES.encode()).decode()}?="
    head = (
        f"From: {word} <karen@people.example>\r\nTo: {word} <{SUPPORT}>\r\nCc: {word} <x@people.example>\r\n"
        f"Subject: {word} \x1b[32m\r\nMessage-ID: <hostile\x1b[33m@people.example>\r\nReferences: <\x1b[34m@x>\r\n"
        f"Auto-Submitted: no\r\nX-Note: {word}\r\n"
    )
    body = mime.as_bytes(policy=email.policy.SMTP)
    return head.encode() + body.replace(b'"a.png"', b'"a\x1b[35m.png"')


def automatic() -> bytes:
    """The reason why it is automatic is the stranger's own words."""
    return (
        b"From: Robot <robot@people.example>\r\nTo: support@bank.example\r\nSubject: \x1b[31mAway\r\n"
        b"Message-ID: <robot@people.example>\r\nAuto-Submitted: auto-replied; x=\x1b[31m\r\n"
        b"Precedence: \x1b[31mbulk\r\nList-Id: \x1b[31m<l.example>\r\nX-Autoreply: \x1b[31myes\r\n\r\naway\r\n"
    )


@pytest.fixture(scope="module")
def worked(made: Path, shell: Shell, tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """A desk with three worked letters, only to be looked at: 1001 is Karen's, 1002 is hostile."""
    desk = copy_of(made, tmp_path_factory.mktemp("worked") / "desk")
    karens = letter("karen", "The app shows code 23.", subject="Online banking is down").raw
    for raw in (karens, hostile().replace(b"karen@people", b"mallory@people"), automatic()):
        assert shell("pipe", "-c", str(desk.config), SUPPORT, stdin=raw).returncode == 0
    assert shell("tick", "-c", str(desk.config)).returncode == 0
    return desk


@pytest.fixture
def files(tmp_path: Path) -> dict[str, Path]:
    found = {"karen": tmp_path / "karen.eml", "hostile": tmp_path / "hostile.eml", "robot": tmp_path / "robot.eml"}
    for name, raw in (("karen", letter("karen2").raw), ("hostile", hostile()), ("robot", automatic())):
        found[name].write_bytes(raw)
    return found


@pytest.fixture
def at(shell: Shell) -> At:
    """`at(desk, "show 1001")`."""

    def run(desk: Desk, line: str, stdin: bytes = b"") -> Done:
        verb, *rest = shlex.split(line)
        return shell(verb, "-c", str(desk.config), *rest, stdin=stdin)

    return run


def answered(done: Done, code: int = 0) -> Any:
    """The JSON a verb printed, and nothing else."""
    assert done.returncode == code, done
    assert done.stderr == ""
    return json.loads(done.stdout)


# --------------------------------------------------------------------- wrong use


def test_usage_errors_exit_with_64_and_show_no_traceback(worked: Desk, shell: Shell) -> None:
    wrong = [
        ("", "required: COMMAND"),
        ("tickts", "invalid choice"),
        ("show", "required: N"),
        ("show abc", "invalid int value"),
        ("tickets --frob", "unrecognized arguments"),
        ("tickets --status opne -c CONFIG", "no status is called 'opne'"),
        ("ledger --fate lost -c CONFIG", "no fate is called 'lost'"),
        ("do 1001 #take", "required: --as"),
        ("ledger --raw -c CONFIG", "--raw needs the ID"),
        ("ledger 1 --sums -c CONFIG", "an ID goes with"),
        ("ledger 1 --raw --json -c CONFIG", "an ID goes with"),
    ]
    for line, said in wrong:
        done = shell(*shlex.split(line.replace("CONFIG", shlex.quote(str(worked.config)))))
        assert done.returncode == 64, line
        assert said in done.stderr, line
        assert "Traceback" not in done.stderr
        assert done.stdout == "", "programs read standard output"


def test_init_refuses_what_is_there_and_touches_nothing(desk: Desk) -> None:
    desk.edit('name = "Example Bank Support"    #', 'name = "Mine"    #')
    before = {p: p.read_bytes() for p in desk.directory.rglob("*") if p.is_file()}
    again = maild("init", str(desk.directory))
    assert again.returncode == 73
    assert "config.toml" in again.stderr
    assert "nothing was changed" in again.stderr
    assert {p: p.read_bytes() for p in desk.directory.rglob("*") if p.is_file()} == before
    nowhere = maild("init", "/proc/nowhere/desk")
    assert nowhere.returncode == 73
    assert "Traceback" not in nowhere.stderr


def test_what_init_makes_is_private(made: Path) -> None:
    assert (made / "secret.key").stat().st_mode & 0o077 == 0
    assert (made / "data").stat().st_mode & 0o077 == 0
    assert (made / "data" / "maild.db").stat().st_mode & 0o077 == 0


def test_check_answers_in_json(desk: Desk, at: At) -> None:
    found = answered(at(desk, "check --json"))
    assert (found["ok"], found["problems"]) == (True, [])
    assert "relaxed mode" in " ".join(found["notes"])
    desk.edit('admin = "postmaster@bank.example"', 'admin = "postmaster"')
    found = answered(at(desk, "check --json"), 78)
    assert found["ok"] is False
    assert "desk.admin" in "".join(found["problems"])


# --------------------------------------------------------------------- letters


def test_pipe_tells_the_mail_system_what_to_do_with_the_letter(desk: Desk, at: At, shell: Shell) -> None:
    raw = letter("piped").raw
    assert at(desk, f"pipe {SUPPORT} --sender piped@people.example", raw).returncode == 0
    assert at(desk, f"pipe {SUPPORT} --sender piped@people.example", raw).returncode == 0  # a duplicate is as good
    environment = {"ORIGINAL_RECIPIENT": SUPPORT, "SENDER": "told@people.example"}
    told = shell("pipe", "-c", str(desk.config), stdin=letter("told").raw, environment=environment)
    assert told.returncode == 0
    assert at(desk, "pipe somebody@elsewhere.example", raw).returncode == 67
    assert at(desk, "pipe", raw).returncode == 64
    assert at(desk, f"pipe {SUPPORT}", b"").returncode == 65
    assert desk.look("SELECT message_id, mail_from, times, coalesce(fate, 'waiting') FROM mail ORDER BY id") == [
        ("piped@people.example", "piped@people.example", 1, "waiting"),
        ("piped@people.example", "piped@people.example", 1, "duplicate"),
        ("told@people.example", "told@people.example", 1, "waiting"),
    ]
    assert desk.kept()["piped@people.example"] == [raw]
    desk.database.rename(desk.database.with_suffix(".away"))
    away = at(desk, f"pipe {SUPPORT}", raw)
    assert away.returncode == 75  # the mail system keeps it
    assert "Traceback" not in away.stderr
    assert not desk.database.exists()
    desk.edit('tag = "BANK"', 'tag = "bank"')
    mistaken = at(desk, f"pipe {SUPPORT}", raw)
    assert mistaken.returncode == 75  # so it does while the admin makes mistakes
    assert away.stderr == mistaken.stderr == "maild pipe: not now, please try again later\n"  # a stranger may read it


def test_what_is_wrong_with_a_pipe_is_told_at_a_terminal(desk: Desk) -> None:
    desk.edit('tag = "BANK"', 'tag = "bank"')
    told, screen = pty.openpty()
    try:
        command = [*MAILD, "pipe", "-c", str(desk.config), SUPPORT]
        done = subprocess.run(command, check=False, input=b"x", stderr=screen, env=ENVIRONMENT, timeout=30)
        assert done.returncode == 75
        assert f"{desk.config}:" in os.read(told, 10_000).decode()
    finally:
        os.close(told)
        os.close(screen)


def test_read_shows_a_letter_to_people_and_to_programs(shell: Shell, files: dict[str, Path]) -> None:
    raw = files["karen"].read_bytes()
    shown = shell("read", str(files["karen"]))
    assert shown.returncode == 0
    assert "Person karen2 <karen2@people.example>" in shown.stdout
    assert "Nothing works." in shown.stdout
    assert shell("read", stdin=raw).stdout == shell("read", "-", stdin=raw).stdout == shown.stdout
    told = answered(shell("read", "--json", "-", stdin=raw))
    request = {"id": 1, "eml_b64": base64.b64encode(raw).decode(), "context": {}}
    lines = [json.dumps(request), "no JSON", json.dumps(request)]
    many = shell("read", "--persistent", stdin="\n".join(lines).encode())
    first, wrong, last = [json.loads(line) for line in many.stdout.splitlines()]
    assert first == last == told
    assert "not a request" in wrong["error"]
    absent = shell("read", "/nowhere.eml")
    assert absent.returncode == 66
    assert "/nowhere.eml" in absent.stderr


def test_explain_says_what_would_be_and_does_nothing(worked: Desk, at: At, files: dict[str, Path]) -> None:
    before = (
        worked.fates(),
        worked.look("SELECT count(*), max(version) FROM ticket"),
        worked.look("SELECT * FROM counter"),
    )
    told = answered(at(worked, f"explain {files['karen']} --to {SUPPORT} --json"))
    assert told["fate"] == "ticket"
    assert told["ticket"]["requester"]["email"] == "karen2@people.example"
    letters = [c["value"]["letter"]["template"] for c in told["changes"] if c["change"] == "SendLetter"]
    assert letters == ["acknowledgement", "new-ticket"]
    assert told["trace"][0] == "ticket: nothing in it leads to a ticket"
    assert any("monitoring" in line for line in told["trace"])
    shown = at(worked, f"explain {files['karen']}")
    assert "Fate:        ticket" in shown.stdout
    assert "would open a ticket" in shown.stdout
    assert "would add an event of desk, inside" in shown.stdout
    assert "would add a message of karen2@people.example, for all to see" in shown.stdout
    after = (
        worked.fates(),
        worked.look("SELECT count(*), max(version) FROM ticket"),
        worked.look("SELECT * FROM counter"),
    )
    assert after == before
    assert at(worked, "explain /nowhere.eml").returncode == 66


# --------------------------------------------------------------------- tickets


def test_looking_at_tickets_and_letters(worked: Desk, at: At) -> None:
    listed, none, shown, plain, absent, ledger, sums, queue, waiting = (
        at(worked, line)
        for line in (
            "tickets --json",
            "tickets --status closed",
            "show 1001 --json",
            "show 1001",
            "show 4711",
            "ledger --json",
            "ledger --sums",
            "queue --json",
            "ledger --fate waiting",
        )
    )
    assert [t["number"] for t in answered(listed)] == [1002, 1001]
    assert none.stdout == "No tickets.\n"
    ticket = answered(shown)
    assert (ticket["requester"]["email"], ticket["status"], ticket["priority"]) == (KAREN, "new", "high")
    assert re.fullmatch(r"\[BANK-1001-[A-Z2-7]{4}\]", ticket["token"])
    assert [e["kind"] for e in ticket["entries"]] == ["event", "message"]
    assert "    The app shows code 23.\n" in plain.stdout
    assert (absent.returncode, absent.stderr) == (65, "maild show: there is no ticket 4711\n")
    book = answered(ledger)
    assert book["meets"] is True
    assert book["sums"]["received"] == len(book["letters"]) == 3
    assert {one["fate"] for one in book["letters"]} == {"ticket", "filed"}
    assert sums.stdout == "3 received = 2 ticket + 1 filed\n"
    assert {one["template"] for one in answered(queue)} == {"acknowledgement", "new-ticket"}
    assert waiting.stdout == sums.stdout


def test_one_letter_of_the_ledger_in_full(worked: Desk, at: At, made: Path, tmp_path: Path) -> None:
    raw = letter("karen", "The app shows code 23.", subject="Online banking is down").raw
    told = answered(at(worked, "ledger 1 --json"))
    row = worked.look("SELECT key, trace FROM mail WHERE id = 1")[0]
    assert (told["id"], told["fate"], told["ticket"], told["door"], told["size"]) == (
        1,
        "ticket",
        1001,
        "pipe",
        len(raw),
    )
    assert (told["key"], told["trace"], told["error"]) == (row[0], json.loads(row[1]), "")
    assert told["reads"] == {"sender": f"Person karen <{KAREN}>", "subject": "Online banking is down", "kind": "human"}
    shown = at(worked, "ledger 1").stdout
    assert "Fate:        ticket\n" in shown
    assert "\n  ticket: nothing in it leads to a ticket\n" in shown
    assert "Subject:     Online banking is down\n" in shown
    assert at(worked, "ledger 1 --raw").stdout.encode() == raw.replace(b"\r\n", b"\n")  # read as text here
    absent = at(worked, "ledger 4711")
    assert (absent.returncode, absent.stderr) == (65, "maild ledger: there is no letter 4711\n")

    desk = copy_of(made, tmp_path / "again")
    for _ in range(2):
        assert at(desk, f"pipe {SUPPORT}", raw).returncode == 0
    with contextlib.closing(sqlite3.connect(desk.database)) as connection:
        connection.execute(
            "UPDATE mail SET error = 'Traceback\n  \x1b[31mx\nValueError: bad', attempts = 2 WHERE id = 1"
        )
        connection.commit()
    told = at(desk, "ledger 1").stdout
    assert "Fate:        waiting\n" in told
    assert "Attempts:    2\n" in told
    assert "Error:\n  Traceback\n     [31mx\n  ValueError: bad\n" in told
    assert "Ready at:" in told
    duplicate = at(desk, "ledger 2")
    assert (duplicate.returncode, "Fate:        duplicate\n" in duplicate.stdout) == (0, True)
    assert answered(at(desk, "ledger 2 --json"))["reads"] == {}
    kept_once = at(desk, "ledger 2 --raw")
    assert (kept_once.returncode, "exact duplicate" in kept_once.stderr) == (65, True)


def test_do_is_an_agent_speaking(desk: Desk, at: At, shell: Shell) -> None:
    raw = letter("karen", subject="Online banking is down").raw
    assert at(desk, f"pipe {SUPPORT}", raw).returncode == 0
    assert at(desk, "tick").returncode == 0
    taken = answered(at(desk, "do 1001 '#take' --as jane --json"))
    assert (taken["done"], taken["ticket"]["agent"], taken["ticket"]["status"]) == (True, "jane", "open")
    said = "We are on it.\n\nJane\n\n\n#waiting\n\n"
    assert shell("do", "1001", said, "--as", "jane", "-c", str(desk.config)).returncode == 0
    shown = at(desk, "show 1001").stdout
    assert shown.endswith("\n    We are on it.\n\n    Jane\n")
    assert [line for line in shown.splitlines() if line != line.rstrip()] == []
    tagged = shell("do", "1001", "#tag vip\n#tag urgent\n#team online banking", "--as", "jane", "-c", str(desk.config))
    assert tagged.stdout.splitlines()[:-1] == [
        "tags: none -> vip",
        "tags: vip -> vip, urgent",
        "team: Support -> Online Banking Team",
    ]
    wrong = answered(at(desk, "do 1001 '#prioritty high' --as jane --json"), 65)
    assert (wrong["done"], wrong["mistakes"][0]["meant"]) == (False, "#priority NAME")
    plain = at(desk, "do 1001 '#priority hihg' --as jane")
    assert plain.returncode == 65
    assert "#priority high" in plain.stderr
    empty = shell("do", "1001", "", "--as", "jane", "-c", str(desk.config))
    assert empty.returncode == 65
    assert empty.stderr.splitlines()[1].startswith("your mail holds no words")
    nobody = at(desk, "do 1001 '#take' --as jim")
    assert (nobody.returncode, "'jim'" in nobody.stderr) == (65, True)
    assert at(desk, "do 4711 '#take' --as jane").returncode == 65
    delivered = at(desk, "deliver")
    assert delivered.stdout == "Nothing is waiting to leave.\n"
    assert [one.message["From"] for one in desk.left(KAREN, "We are on it.")] == [
        '"Jane Doe (Example Bank Support)" <support@bank.example>'
    ]
    assert answered(at(desk, "queue --json")) == []
    assert len(answered(at(desk, "queue --all --json"))) == desk.look("SELECT count(*) FROM outbox")[0][0]
    assert at(desk, "requeue 1").returncode == 65  # it is a ticket


# --------------------------------------------------------------------- the terminal


def test_a_reader_that_stops_reading_causes_no_traceback(worked: Desk) -> None:
    for verb in ("ledger", "show 1001"):
        line = f"{shlex.join(MAILD)} {verb} -c {shlex.quote(str(worked.config))} | head -c 1; exit ${{PIPESTATUS[0]}}"
        done = subprocess.run(["bash", "-c", line], check=False, capture_output=True, env=ENVIRONMENT, timeout=30)
        assert done.stderr == b""
        assert done.returncode == 0
    # A pipe that is closed before the first word, for sure.
    line = f"(sleep 0.1; exec {shlex.join(MAILD)} ledger -c {shlex.quote(str(worked.config))}) | true; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", line], check=False, capture_output=True, env=ENVIRONMENT, timeout=30)
    assert (done.stderr, done.returncode) == (b"", 0)


def test_no_stranger_drives_the_terminal(worked: Desk, at: At, shell: Shell, files: dict[str, Path]) -> None:
    shown = [
        at(worked, line)
        for line in (
            "tickets",
            "tickets --json",
            "show 1002",
            "show 1002 --json",
            "ledger",
            "ledger --json",
            "ledger 2",
            "ledger 3",
            "ledger 2 --json",
            "queue",
            f"explain {files['hostile']}",
            f"explain {files['robot']}",
            f"explain {files['hostile']} --json",
            f"explain {files['hostile']} --letters",
            "explain --mail 2 --letters",
            "show 1002 --why",
            "rules stats",
            f"rules try --rules {files['hostile'].parent}",
        )
    ]
    shown += [
        shell("read", str(files[name]), *options) for name in ("hostile", "robot") for options in ((), ("--json",))
    ]
    for done in shown:
        assert done.returncode == 0, done
        assert not (found := UNSAFE.search(done.stdout + done.stderr)), (done.args, done.stdout, found)
    assert "red" in shown[0].stdout  # its words are shown all the same
