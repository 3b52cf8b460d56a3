"""How a desk is: its log, its pages, and `maild doctor`, with the real daemon and with broken parts."""

from __future__ import annotations

import json
import re
import smtplib
import socket
import sqlite3
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import pytest
from daemon_rig import ROOT, SUPPORT, Desk, Shell, free_port, hand_in, letter, until

WEB = '#listen = "127.0.0.1:8080"       # not set: there are none'
RELAY = 'url = "maildir:data/outgoing"'
ADMINS = (ROOT / "docs" / "admins.md").read_text()
METRICS = (ROOT / "maild" / "health" / "metrics.py").read_text()


def page(port: int, path: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=10) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


@pytest.fixture
def web(desk: Desk) -> int:
    """The port of the desk's pages."""
    port = free_port()
    desk.edit(WEB, f'listen = "127.0.0.1:{port}"')
    return port


# --------------------------------------------------------------------- the log


def test_a_letter_can_be_followed_through_the_log(desk: Desk) -> None:
    desk.options = ("--verbose",)
    desk.start()
    words = "These words are nobody else's business."
    assert hand_in(desk.port, letter("karen", words, subject="A secret subject")) == 250
    assert hand_in(desk.port, letter("karen", words, subject="A secret subject")) == 250
    until(lambda: desk.left("karen@people.example") and desk.left("john@bank.example"), "all letters leave")
    desk.stop()
    said = desk.said()
    mine = [line for line in said.splitlines() if re.search(r"\bmsg=1\b", line)]
    stages = ["accepted door=smtp peer=127.0.0.1 size=", "ticket=1001 fate=ticket", "written size=", "sent: "]
    places = [next(i for i, line in enumerate(mine) if stage in line) for stage in stages]
    assert places == sorted(places), "\n".join(mine)
    assert "id=karen@people.example" in mine[places[0]]
    passed_on = re.search(r"outbox=(\d+) ticket=1001 msg=1 letter=new-ticket to=john@bank.example", said)
    assert passed_on
    assert len(re.findall(rf"\boutbox={passed_on[1]} .*(?:written|sent:)", said)) == 2
    (key,) = set(re.findall(r"key=(\w{12}) ", said))
    assert f"msg=0 key={key} known already" in said
    assert "business" not in said
    assert "secret subject" not in said
    assert all(token not in said for token in re.findall(r"support\+(\w{20,})@", str(desk.left()[0].raw)))


def test_a_log_for_programs(desk: Desk) -> None:
    desk.edit('format = "text"', 'format = "json"')
    desk.options = ("-v",)
    desk.start()
    hostile = letter("karen").raw.replace(
        b"<karen@people.example>\r\nContent", b"<kar\x1b[31men@people.example>\r\nContent"
    )
    assert hand_in(desk.port, letter("karen")) == 250
    with smtplib.SMTP("127.0.0.1", desk.port) as client:
        client.sendmail("karen@people.example", SUPPORT, hostile)
    desk.settle()
    desk.stop()
    lines = [json.loads(line) for line in desk.said().splitlines()]
    fate = next(line for line in lines if line.get("fate"))
    assert (fate["msg"], fate["ticket"], fate["fate"], fate["level"]) == (1, 1001, "ticket", "info")
    accepted = next(line for line in lines if "accepted" in line["message"])
    assert (accepted["msg"], accepted["door"], accepted["peer"]) == (1, "smtp", "127.0.0.1")


# --------------------------------------------------------------------- the pages


def numbers(text: str) -> dict[str, float]:
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines)}


def test_a_healthy_desk_says_so(desk: Desk, web: int) -> None:
    desk.start()
    assert hand_in(desk.port, letter("karen")) == 250
    desk.settle()
    status, text = page(web, "/healthz")
    told = json.loads(text)
    assert (status, told["ok"]) == (200, True), text
    assert {"database", "letters in", "letters out", "door smtp"} <= {one["name"] for one in told["checks"]}
    status, text = page(web, "/metrics")
    assert status == 200
    found = numbers(text)
    assert found["maild_store_up"] == 1
    assert found['maild_ledger_letters{fate="ticket"}'] == 1
    assert found['maild_letters_total{door="smtp",answer="accepted"}'] == 1
    assert found['maild_outgoing_total{template="acknowledgement",what="sent"}'] == 1
    assert found['maild_waiting_letters{queue="in"}'] == 0
    assert found["maild_process_resident_bytes"] > 10_000_000
    families = re.findall(r"^# TYPE (\w+) (?:counter|gauge)$", text, re.MULTILINE)
    assert len(families) == len(set(families))
    assert {name.partition("{")[0] for name in found} == set(families)
    told = set(re.findall(r"^\| `(maild_\w+)` \| (?:gauge|counter) \|", ADMINS, re.MULTILINE))
    assert set(families) <= told
    assert told == {f"maild_{name}" for name in re.findall(r'Metric\("(\w+)"', METRICS)}
    assert page(web, "/")[0] == 404


def test_trouble_with_the_relay_is_seen_and_its_end(desk: Desk, web: int, shell: Shell) -> None:
    port = free_port()
    desk.edit(RELAY, f'url = "smtp://127.0.0.1:{port}"')
    desk.edit('deliver = "5 s"', 'deliver = "1 s"')
    desk.start()
    assert hand_in(desk.port, letter("karen")) == 250
    name = f"relay 127.0.0.1:{port}"

    def relay() -> dict[str, Any]:
        told = json.loads(page(web, "/healthz")[1])["checks"]
        return next(one for one in told if one["name"] == name)

    until(lambda: not relay()["ok"], "the pages know", within=25)
    text = page(web, "/metrics")[1]
    assert numbers(text)[f'maild_relay_up{{relay="127.0.0.1:{port}"}}'] == 0
    assert page(web, "/healthz")[0] == 503
    assert "Connection refused" in relay()["what"]
    done = shell("doctor", "-c", str(desk.config))
    assert done.returncode == 1
    assert re.search(rf"^WRONG  {name}: .*Connection refused", done.stdout, re.MULTILINE)
    assert desk.said().count(f"127.0.0.1:{port} is away") == 1, "said once"


def unusable(desk: Desk) -> None:
    """A Maildir that is not there, and a mailbox where nobody answers."""
    (desk.directory / "imap.password").write_text("secret\n")
    (desk.directory / "imap.password").chmod(0o600)
    with desk.config.open("a") as file:
        file.write(f'\n[[maildir]]\npath = "drop"\naddress = "{SUPPORT}"\n')
        file.write(f'\n[[imap]]\nhost = "127.0.0.1"\nport = {free_port()}\ntls = "none"\nuser = "u"\n')
        file.write(f'password_file = "imap.password"\naddress = "{SUPPORT}"\n')


def test_trouble_that_lasts_is_said_once_and_told_while_all_else_goes_on(desk: Desk, web: int, shell: Shell) -> None:
    unusable(desk)
    desk.edit('tell_after = "15 m"', 'tell_after = "2 s"')
    desk.start()

    def ill() -> set[str]:
        told = json.loads(page(web, "/healthz")[1])["checks"]
        return {one["name"].partition(" ")[0] for one in told if not one["ok"]}

    assert hand_in(desk.port, letter("karen")) == 250
    until(lambda: desk.left("karen@people.example"), "the other door goes on")
    (first,) = until(lambda: desk.left("postmaster@bank.example", "in trouble"), "the admin is told", within=45)
    assert re.search(
        r"mailbox u at 127\.0\.0\.1:\d+, INBOX, for .* refuses the connection", " ".join(first.text.split())
    )
    assert ill() == {"maildir", "mailbox"}
    done = shell("doctor", "-c", str(desk.config), "--json")
    names = {one["name"].partition(" ")[0] for one in json.loads(done.stdout)["checks"] if one["state"] == "wrong"}
    assert {"maildir", "mailbox"} <= names
    assert desk.said().count("drop: No such file or directory") == 1
    assert desk.said().count("refuses the connection") == 1
    for part in ("new", "cur"):
        (desk.directory / "drop" / part).mkdir(parents=True)
    until(lambda: ill() == {"mailbox"}, "it is over", within=25)
    assert desk.said().count("all is well again") == 1


# --------------------------------------------------------------------- the doctor


@pytest.fixture
def doctor(desk: Desk, shell: Shell) -> Callable[..., tuple[int, dict[str, dict[str, str]]]]:
    """`doctor("--send")`: its exit code, and what it found by name; of several of one name the last."""

    def look(*options: str) -> tuple[int, dict[str, dict[str, str]]]:
        done = shell("doctor", "-c", str(desk.config), "--json", *options)
        told = json.loads(done.stdout)
        found = {one["name"]: one for one in told["checks"]}
        assert told["ok"] == (done.returncode == 0), done.stdout
        # What is found of mailboxes and of the database says itself what to do.
        rest = [one for one in told["checks"] if not one["name"].startswith(("mailbox", "database"))]
        assert all(one["do"] for one in rest if one["state"] == "wrong")
        return done.returncode, found

    return look


Look = Callable[..., tuple[int, dict[str, dict[str, str]]]]


def test_a_healthy_desk_and_its_letter_to_itself(desk: Desk, doctor: Look, shell: Shell) -> None:
    desk.edit(RELAY, f'url = "smtp://127.0.0.1:{desk.port}"')
    desk.start()
    code, found = doctor("--send", "--wait", "20")
    assert code == 0, found
    assert found["letter to ourselves"]["what"].startswith("came home by smtp in ")
    assert found["forged Authentication-Results"]["state"] == "note", "relaxed mode believes nobody"
    assert found[f"door smtp 127.0.0.1:{desk.port}"]["state"] == "ok"
    assert found[f"relay 127.0.0.1:{desk.port}"]["state"] == "ok"
    assert desk.fates() == {"ignored": 1}
    assert json.loads(shell("tickets", "-c", str(desk.config), "--json").stdout) == []
    plain = shell("doctor", "-c", str(desk.config))
    assert plain.returncode == 0
    assert all(line.startswith(("ok     ", "note   ", "       ")) for line in plain.stdout.splitlines())


def test_a_forged_verdict_that_comes_through(desk: Desk, doctor: Look) -> None:
    desk.edit("trusted = []", 'trusted = ["mx.bank.example"]')
    desk.edit(RELAY, f'url = "smtp://127.0.0.1:{desk.port}"')
    desk.start()
    code, found = doctor("--send", "--wait", "20")
    assert code == 1
    assert found["letter to ourselves"]["state"] == "ok"
    assert found["forged Authentication-Results"]["state"] == "wrong"
    assert "mx.bank.example" in found["forged Authentication-Results"]["do"]


class Exchanger:
    """A mail server that hands on to the desk what it is sent, without the field called Authentication-Results."""

    def __init__(self, onward: int) -> None:
        self.onward = onward
        self.server = socket.create_server(("127.0.0.1", 0))
        self.port = int(self.server.getsockname()[1])
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()

    def _serve(self) -> None:
        while True:
            try:
                line, _ = self.server.accept()
            except OSError:
                return
            with line, line.makefile("rwb") as stream:
                self._session(stream)

    def _session(self, stream: Any) -> None:
        def say(text: str) -> None:
            stream.write(f"{text}\r\n".encode())
            stream.flush()

        say("220 exchanger")
        while command := stream.readline().strip().upper():
            if command == b"DATA":
                say("354 go on")
                raw = b""
                while (one := stream.readline()) != b".\r\n":
                    raw += b"" if one.startswith(b"Authentication-Results") else one
                with smtplib.SMTP("127.0.0.1", self.onward) as client:
                    client.sendmail(SUPPORT, SUPPORT, raw)
            say("221 bye" if command == b"QUIT" else "250 fine")

    def close(self) -> None:
        self.server.close()


@pytest.fixture
def exchanger(desk: Desk) -> Iterator[Exchanger]:
    one = Exchanger(desk.port)
    yield one
    one.close()


def test_a_forged_verdict_that_is_taken_out(desk: Desk, doctor: Look, exchanger: Exchanger) -> None:
    desk.edit("trusted = []", 'trusted = ["mx.bank.example"]')
    desk.edit(RELAY, f'url = "smtp://127.0.0.1:{exchanger.port}"')
    desk.start()
    code, found = doctor("--send", "--wait", "20")
    assert code == 0, found
    assert found["forged Authentication-Results"] == {
        "name": "forged Authentication-Results",
        "state": "ok",
        "what": "was taken out on the way",
        "do": "",
    }


def test_a_letter_that_does_not_come_home(desk: Desk, doctor: Look) -> None:
    desk.start()
    code, found = doctor("--send", "--wait", "1")
    assert code == 1
    assert "was not home in 1 s" in found["letter to ourselves"]["what"]


def test_nobody_is_there(desk: Desk, doctor: Look) -> None:
    code, found = doctor()
    assert code == 1
    door = found[f"door smtp 127.0.0.1:{desk.port}"]
    assert (door["state"], door["what"]) == ("wrong", "nothing listens there")
    assert "maild run" in door["do"]


def test_somebody_else_is_there(desk: Desk, doctor: Look) -> None:
    with socket.create_server(("127.0.0.1", desk.port)) as server:

        def answer() -> None:
            line, _ = server.accept()
            with line:
                line.sendall(b"SSH-2.0-something\r\n")

        threading.Thread(target=answer, daemon=True).start()
        found = doctor()[1]
    assert "does not greet as maild does" in found[f"door smtp 127.0.0.1:{desk.port}"]["what"]


def test_what_everybody_can_read(desk: Desk, doctor: Look) -> None:
    (desk.directory / "data").chmod(0o755)
    code, found = doctor()
    assert code == 1
    assert found["data"]["state"] == "wrong"
    assert found["data"]["do"].startswith("chmod o-rwx ")
    assert "permissions" not in found


def test_a_damaged_database(desk: Desk, doctor: Look) -> None:
    with closing(sqlite3.connect(desk.database)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        (page_size,) = connection.execute("PRAGMA page_size").fetchone()
        (root,) = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = 'person'").fetchone()
    raw = bytearray(desk.database.read_bytes())
    raw[(root - 1) * page_size : root * page_size] = b"\x5a" * page_size
    desk.database.write_bytes(raw)
    code, found = doctor()
    assert code == 1
    assert found["database file"]["state"] == "wrong"
    assert "backup" in found["database file"]["do"]


def test_no_database(desk: Desk, doctor: Look) -> None:
    desk.database.unlink()
    code, found = doctor()
    assert code == 1
    assert "maild migrate" in found["database"]["what"]
    assert "letters in" not in found


def test_a_configuration_that_cannot_be_used(desk: Desk, shell: Shell) -> None:
    desk.edit('retry_for = "5 d"', 'retry_fro = "5 d"')
    done = shell("doctor", "-c", str(desk.config))
    assert done.returncode == 1
    (first, *_) = done.stdout.splitlines()
    assert first.startswith("WRONG  configuration: ")
    assert "retry_fro" in first


def test_what_waits_too_long_and_what_was_given_up(desk: Desk, doctor: Look, shell: Shell) -> None:
    assert shell("pipe", "-c", str(desk.config), SUPPORT, stdin=letter("karen").raw).returncode == 0
    with closing(sqlite3.connect(desk.database)) as connection:
        connection.execute("UPDATE mail SET received_at = received_at - 3600000000")
        connection.commit()
    found = doctor()[1]
    assert found["letters in"]["state"] == "wrong"
    assert found["letters in"]["what"].startswith("1 waits, the oldest for 1 h")
    with closing(sqlite3.connect(desk.database)) as connection:
        connection.execute("UPDATE mail SET received_at = received_at + 2 * 3600000000")
        connection.commit()
    assert found["clock"]["state"] == "ok"
    assert doctor()[1]["clock"]["state"] == "wrong"


def test_maildirs_and_mailboxes_that_cannot_be_used(desk: Desk, doctor: Look) -> None:
    unusable(desk)
    code, found = doctor()
    assert code == 1
    maildir = found[f"maildir {desk.directory / 'drop'}"]
    assert (maildir["state"], maildir["what"]) == ("wrong", "new and cur cannot be used")
    (mailbox,) = [one for name, one in found.items() if name.startswith("mailbox ")]
    assert mailbox["state"] == "wrong"
    assert "refuses the connection" in mailbox["what"]
