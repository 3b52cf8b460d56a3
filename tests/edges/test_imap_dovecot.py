"""Fetching from a real Dovecot: once each, nothing touched before it is kept, nothing seen that people have not seen."""

from __future__ import annotations

import itertools
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from dovecot_rig import TOKEN, Dovecot
from imap_rig import Doors, counted, letter, only, settings, until

from maild.core.model import Receipt
from maild.edges.imap_check import check
from maild.edges.imap_settings import MailboxSettings

NUMBERS = itertools.count(1)


@pytest.fixture
def user() -> str:
    return f"user{next(NUMBERS)}"


@pytest.fixture
def box(dovecot: Dovecot, user: str) -> Callable[..., MailboxSettings]:
    return lambda **more: settings(**{"port": dovecot.port, "user": user, "password": dovecot.password, **more})


def some(count: int, name: str = "k") -> list[bytes]:
    return [letter(f"{name}{number}") for number in range(count)]


def test_letters_are_kept_as_they_are_and_moved(doors: Doors, dovecot: Dovecot, user: str, box) -> None:
    dovecot.deliver(user, *some(3))
    door = doors.open(box())
    until(lambda: dovecot.holds(user, "maild") == 3)
    assert [one.raw for one in doors.desk.letters] == some(3)
    (first, *_) = doors.desk.letters
    assert (first.door, first.peer, first.rcpts) == ("imap", "127.0.0.1", ("support@desk.example",))
    assert dovecot.holds(user) == 0
    assert dovecot.holds(user, "maild", "SEEN") == 0
    assert counted(door) == {"fetched": 3, "accepted": 3}
    assert only(door).state.trouble == ""


@pytest.mark.parametrize("after", ["delete", "flag", "keep"])
def test_what_becomes_of_a_kept_letter(doors: Doors, dovecot: Dovecot, user: str, box, after: str) -> None:
    left, flagged = {"delete": (0, 0), "flag": (3, 3), "keep": (3, 0)}[after]
    dovecot.deliver(user, *some(3))
    door = doors.open(box(after=after))
    until(lambda: doors.ledger.rows.get(only(door).settings.name, (0, 0))[1] == 3)
    assert dovecot.holds(user) == left
    assert dovecot.holds(user, search="KEYWORD $Maild") == flagged
    assert dovecot.holds(user, search="SEEN") == 0
    door.stop(3)
    again = doors.open(box(after=after))
    until(lambda: only(again)._session is not None)
    dovecot.deliver(user, letter("later"))
    until(lambda: len(doors.desk.letters) == 4)
    assert counted(again) == {"fetched": 1, "accepted": 1}


def test_what_people_read_is_fetched_and_what_they_delete_is_not(
    doors: Doors, dovecot: Dovecot, user: str, box
) -> None:
    dovecot.deliver(user, *some(4))
    with dovecot.person(user) as client:
        client.store("1,2", "+FLAGS", "\\Seen")
        client.store("3", "+FLAGS", "\\Deleted")
        doors.open(box())
        until(lambda: len(doors.desk.letters) == 3)
    assert dovecot.holds(user, search="DELETED") == 1  # it is the person's to expunge
    until(lambda: dovecot.holds(user, "maild", "SEEN") == 2)


@pytest.mark.parametrize("after", ["move", "delete"])
def test_a_server_without_move_and_uidplus(doors: Doors, program, user: str, after: str, caplog) -> None:
    bare = Dovecot(program("dovecot"), capability="IMAP4rev1 IDLE")
    try:
        bare.deliver(user, *some(3))
        with bare.person(user) as client:
            client.store("1", "+FLAGS", "\\Deleted")
        doors.open(settings(bare.port, user, bare.password, after=after))
        until(lambda: bare.holds(user, search="DELETED") == 3)  # marked; the person's is not expunged with ours
        assert bare.holds(user, "maild") == (2 if after == "move" else 0)
        assert len(doors.desk.letters) == 2
        assert "no UIDPLUS" in caplog.text
        doors.close()
    finally:
        bare.close()


def test_a_server_with_uidplus_but_without_move(doors: Doors, program, user: str) -> None:
    old = Dovecot(program("dovecot"), capability="IMAP4rev1 IDLE UIDPLUS")
    try:
        old.deliver(user, *some(3))
        with old.person(user) as client:
            client.store("1", "+FLAGS", "\\Deleted")
        doors.open(settings(old.port, user, old.password))
        until(lambda: old.holds(user) == 1)
        assert old.holds(user, search="DELETED") == 1  # what a person marked is not ours to expunge
        assert old.holds(user, "maild") == 2
        doors.close()
    finally:
        old.close()


def test_new_letters_are_noticed_at_once(doors: Doors, dovecot: Dovecot, user: str, box) -> None:
    door = doors.open(box(poll=600.0))
    until(lambda: only(door)._session is not None)
    time.sleep(0.5)  # it idles now
    for number in range(3):
        began = time.monotonic()
        dovecot.deliver(user, letter(f"n{number}"))
        until(lambda: len(doors.desk.letters) > number, within=5)  # noqa: B023 - asked within the round
        assert time.monotonic() - began < 2.0


def test_a_server_that_cannot_announce_is_asked(doors: Doors, program, user: str) -> None:
    dumb = Dovecot(program("dovecot"), capability="IMAP4rev1 MOVE UIDPLUS")
    try:
        door = doors.open(settings(dumb.port, user, dumb.password, poll=0.2))
        until(lambda: only(door)._session is not None)
        dumb.deliver(user, letter("one"))
        until(lambda: len(doors.desk.letters) == 1)
        doors.close()
    finally:
        dumb.close()


@pytest.mark.parametrize("after", ["keep", "flag", "move"])
def test_numbers_made_anew_double_nothing(doors: Doors, dovecot: Dovecot, user: str, box, after: str, caplog) -> None:
    dovecot.deliver(user, *some(5))
    door = doors.open(box(after=after))
    until(lambda: len(doors.desk.letters) == 5 and doors.ledger.rows[only(door).settings.name][1] == 5)
    door.stop(3)
    old, _ = doors.ledger.rows[only(door).settings.name]
    time.sleep(1.1)  # a Maildir's UIDVALIDITY is made of seconds
    dovecot.renumber(user)
    dovecot.deliver(user, *some(2, "new"))
    again = doors.open(box(after=after))
    until(lambda: len(doors.desk.letters) == 7)
    until(lambda: doors.ledger.rows[only(again).settings.name][1] >= 2)
    assert doors.ledger.rows[only(again).settings.name][0] != old
    assert counted(again)["accepted"] == 2
    assert counted(again)["duplicate"] == (5 if after == "keep" else 0)


def test_a_store_that_is_away_leaves_everything_as_it_was(doors: Doors, dovecot: Dovecot, user: str, box) -> None:
    dovecot.deliver(user, *some(4))
    full = {2}
    doors.desk.receipt = lambda envelope: Receipt.NO_SPACE if b"k2@" in envelope.raw and full else None
    door = doors.open(box())
    until(lambda: counted(door)["put_off"] >= 2)
    assert dovecot.holds(user) == 1
    assert dovecot.holds(user, "maild") == 3
    until(lambda: "store takes no letters" in only(door).state.trouble)
    full.clear()
    until(lambda: dovecot.holds(user, "maild") == 4)
    until(lambda: only(door).state.trouble == "")
    assert [bool(what) for _, what in doors.told] == [True, False]
    assert len(doors.desk.letters) == 4
    assert counted(door)["duplicate"] == 0  # what was kept was not asked for again


def test_a_letter_too_large_stays_is_marked_and_is_not_looked_at_for_ever(
    doors: Doors, dovecot: Dovecot, user: str, box, caplog
) -> None:
    dovecot.deliver(user, letter("a"), letter("big", "x" * 70 + "\r\n" * 20_000), letter("b"))
    door = doors.open(box(max_size=20_000))
    until(lambda: dovecot.holds(user, "maild") == 2)
    assert dovecot.holds(user, search="KEYWORD $MaildTooLarge") == 1
    assert caplog.text.count("larger than max_size") == 1
    dovecot.deliver(user, letter("c"))
    until(lambda: dovecot.holds(user, "maild") == 3)
    door.stop(3)
    again = doors.open(box(max_size=20_000))
    dovecot.deliver(user, letter("d"))
    until(lambda: dovecot.holds(user, "maild") == 4)
    assert counted(again)["too_large"] == 0


def test_two_daemons_one_owner_and_the_other_takes_over(doors: Doors, dovecot: Dovecot, user: str, box) -> None:
    one = doors.open(box(poll=0.3), worker="one")
    until(lambda: only(one)._session is not None)
    two = doors.open(box(poll=0.3), worker="two")
    until(lambda: only(two).state.note != "")
    dovecot.deliver(user, *some(5))
    until(lambda: len(doors.desk.letters) == 5)
    assert counted(two) == {}
    one.stop(3)
    dovecot.deliver(user, *some(5, "later"))
    until(lambda: len(doors.desk.letters) == 10)
    assert counted(two) == {"fetched": 5, "accepted": 5}
    until(lambda: only(two).state.note == "")


@pytest.mark.parametrize("auth", ["xoauth2", "oauthbearer"])
def test_access_tokens(doors: Doors, dovecot: Dovecot, auth: str) -> None:
    dovecot.deliver("oscar", letter(f"by {auth}"))
    asked: list[bool] = []

    def secret(fresh: bool) -> str:
        asked.append(fresh)
        return TOKEN if fresh else "an-expired-token"

    doors.open(settings(dovecot.port, "oscar", auth=auth, secret=secret))
    until(lambda: len(doors.desk.letters) == 1)
    assert asked == [False, True]


@pytest.mark.parametrize("auth", ["password", "xoauth2", "oauthbearer"])
def test_a_refused_login_is_said_once_and_not_tried_often(doors: Doors, dovecot: Dovecot, user, auth, caplog) -> None:
    asked: list[bool] = []

    def secret(fresh: bool) -> str:
        asked.append(fresh)
        return "wrong-and-secret"

    door = doors.open(settings(dovecot.port, user, auth=auth, secret=secret))
    until(lambda: only(door).state.trouble != "")
    time.sleep(0.5)
    assert "refuses the login" in only(door).state.trouble
    assert asked == ([False] if auth == "password" else [False, True])
    assert len(doors.told) == 1
    assert "wrong-and-secret" not in caplog.text + only(door).state.trouble


def test_another_mailbox_goes_on(doors: Doors, dovecot: Dovecot, user: str, box) -> None:
    dovecot.deliver(user, *some(2))
    door = doors.open(settings(1, "nobody"), box())
    until(lambda: len(doors.desk.letters) == 2)
    until(lambda: door.mailboxes[0].state.trouble != "")
    assert "refuses the connection" in door.mailboxes[0].state.trouble
    assert [bool(mailbox.state.trouble) for mailbox in door.mailboxes] == [True, False]


# --------------------------------------------------------------------- TLS


@pytest.fixture(scope="module")
def pem(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("pem")
    subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]
    files = ["-keyout", str(home / "key.pem"), "-out", str(home / "cert.pem")]
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", *subject, *files]
    subprocess.run(command, check=True, capture_output=True)
    both = home / "both.pem"
    both.write_bytes((home / "cert.pem").read_bytes() + (home / "key.pem").read_bytes())
    return both


@pytest.fixture(scope="module")
def sealed(program: Callable[[str], Path], pem: Path) -> Iterator[Dovecot]:
    server = Dovecot(program("dovecot"), certificate=pem)
    yield server
    server.close()


@pytest.mark.parametrize("tls", ["at once", "starttls"])
def test_encrypted(doors: Doors, sealed: Dovecot, pem: Path, user: str, tls) -> None:
    sealed.deliver(user, letter("a"))
    port = sealed.tls_port if tls == "at once" else sealed.port
    door = doors.open(settings(port, user, sealed.password, tls=tls, ca_file=pem))
    until(lambda: sealed.holds(user, "maild") == 1)
    sealed.deliver(user, letter("b"))
    until(lambda: sealed.holds(user, "maild") == 2, within=5)
    assert only(door).state.trouble == ""


@pytest.mark.parametrize("tls", ["at once", "starttls"])
def test_a_certificate_nobody_vouches_for_gets_no_password(doors: Doors, sealed: Dovecot, user: str, tls) -> None:
    asked: list[bool] = []
    port = sealed.tls_port if tls == "at once" else sealed.port
    door = doors.open(settings(port, user, tls=tls, secret=lambda fresh: asked.append(fresh) or "x"))
    until(lambda: only(door).state.trouble != "")
    assert "cannot be trusted" in only(door).state.trouble
    assert asked == []


def test_starttls_where_there_is_none(doors: Doors, dovecot: Dovecot, user: str) -> None:
    door = doors.open(settings(dovecot.port, user, tls="starttls"))
    until(lambda: "STARTTLS" in only(door).state.trouble)


# --------------------------------------------------------------------- what a doctor asks


def test_check_of_a_healthy_mailbox(dovecot: Dovecot, box) -> None:
    found = check(box())
    assert all(one.ok for one in found)
    assert "IDLE" in " ".join(one.what for one in found)


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"port": 1}, "check host and port"),
        ({"host": "nowhere.invalid"}, "cannot be resolved"),
        ({"secret": lambda fresh: "wrong"}, "refuses the login"),
        ({"folder": "Missing"}, "Missing cannot be opened"),
        ({"tls": "at once"}, "check port and tls"),
        ({"tls": "starttls", "ca_file": Path("/nowhere.pem")}, "/nowhere.pem holds no certificates"),
    ],
)
def test_check_says_what_to_do(box, more: dict, words: str) -> None:
    last = check(box(**more))[-1]
    assert not last.ok
    assert words in last.what
