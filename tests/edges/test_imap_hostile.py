"""Servers that lie, drip, hang, die and ask for more than they should get."""

from __future__ import annotations

import base64
import resource
import threading
import time
from collections.abc import Callable, Iterator

import pytest
from imap_fake import FakeServer, Talk, uids
from imap_rig import Doors, counted, letter, only, settings, until

from maild.core.model import Receipt

SECRET = "hunter2-and-more"


@pytest.fixture
def serve() -> Iterator[Callable[..., FakeServer]]:
    servers: list[FakeServer] = []

    def started(*letters: bytes) -> FakeServer:
        servers.append(FakeServer(*letters))
        return servers[-1]

    yield started
    for server in servers:
        server.close()


def open_box(doors: Doors, server: FakeServer, **more):
    plain = {"password": SECRET, "read_timeout": 0.4, "connect_timeout": 2.0}
    return doors.open(settings(server.port, "karen", **{**plain, **more}))


def once(misdeed: Callable[[Talk, bytes, bytes], bool]) -> Callable[[Talk, bytes, bytes], bool]:
    """The first time only."""
    done: list[bool] = []

    def hook(talk: Talk, tag: bytes, arguments: bytes) -> bool:
        if done:
            return False
        done.append(True)
        answered = misdeed(talk, tag, arguments)
        if not answered:
            done.clear()
        return answered

    return hook


def bodies_only(misdeed: Callable[[Talk, bytes, bytes], None]) -> Callable[[Talk, bytes, bytes], bool]:
    def hook(talk: Talk, tag: bytes, arguments: bytes) -> bool:
        if b"BODY" not in arguments:
            return False
        misdeed(talk, tag, arguments)
        return True

    return hook


def hang_up(talk: Talk, tag: bytes, arguments: bytes) -> None:
    talk.end()


def be_silent(talk: Talk, tag: bytes, arguments: bytes) -> None:
    talk.over.wait(20)


def say_bye(talk: Talk, tag: bytes, arguments: bytes) -> None:
    talk.say(b"* BYE shutting down")
    talk.end()


def cut_in_the_middle(talk: Talk, tag: bytes, arguments: bytes) -> None:
    talk.raw(b"* 1 FETCH (UID 1 BODY[] {500}\r\nFrom: a")
    talk.end()


def giant_literal(talk: Talk, tag: bytes, arguments: bytes) -> None:
    talk.raw(b"* 1 FETCH (UID 1 BODY[] {4294967295}\r\n" + b"x" * 100_000)
    talk.over.wait(1)


def absurd_literal(talk: Talk, tag: bytes, arguments: bytes) -> None:
    talk.raw(b"* 1 FETCH (UID 1 BODY[] {" + b"9" * 5000 + b"}\r\n")
    talk.over.wait(1)


def endless_line(talk: Talk, tag: bytes, arguments: bytes) -> None:
    while not talk.over.is_set():
        talk.raw(b"x" * 100_000)


def endless_chatter(talk: Talk, tag: bytes, arguments: bytes) -> None:
    while not talk.over.is_set():
        talk.raw(b"* 1 FETCH (FLAGS (\\Seen))\r\n" * 1000)


def garbage(talk: Talk, tag: bytes, arguments: bytes) -> None:
    talk.raw(b"\x00\xff((((((\r\n" + tag + b" OK\r\n")


def broken_answer(talk: Talk, tag: bytes, arguments: bytes) -> None:
    talk.say(b"* 1 FETCH (UID 1 BODY[] (((")
    talk.ok(tag)


def refuse(talk: Talk, tag: bytes, arguments: bytes) -> None:
    talk.say(tag + b" NO not today")


MISDEEDS = (
    hang_up, be_silent, say_bye, cut_in_the_middle, giant_literal, absurd_literal, endless_line, endless_chatter,
    garbage, broken_answer, refuse,
)  # fmt: skip


@pytest.mark.parametrize("misdeed", MISDEEDS, ids=lambda one: one.__name__)
def test_letters_survive_a_fetch_that_goes_wrong_once(doors: Doors, serve, misdeed) -> None:
    server = serve(letter("a"), letter("b"), letter("c"))
    server.hooks[b"UID FETCH"] = once(bodies_only(misdeed))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    door = open_box(doors, server)
    until(lambda: len(server.moved) == 3)
    assert [one.raw for one in doors.desk.letters] == [letter("a"), letter("b"), letter("c")]
    assert counted(door)["duplicate"] == 0
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 60_000  # kB


@pytest.mark.parametrize("misdeed", [hang_up, giant_literal, garbage], ids=lambda one: one.__name__)
def test_one_letter_that_cannot_be_fetched_holds_up_no_other(doors: Doors, serve, misdeed, caplog) -> None:
    server = serve(letter("a"), letter("b"), letter("c"))

    def hook(talk: Talk, tag: bytes, arguments: bytes) -> bool:
        if b"BODY" in arguments and 2 in uids(arguments):
            misdeed(talk, tag, arguments)
            return True
        return False

    server.hooks[b"UID FETCH"] = hook
    open_box(doors, server)
    until(lambda: set(server.moved) == {1, 3})
    until(lambda: "letter 2 cannot be fetched" in caplog.text)
    assert set(server.letters) == {2}
    assert doors.ledger.rows[f"karen at 127.0.0.1:{server.port}, INBOX"] == (7, 1)  # it is not forgotten


@pytest.mark.parametrize(
    "word", [b"CAPABILITY", b"AUTHENTICATE", b"SELECT", b"LIST", b"UID SEARCH", b"UID MOVE", b"IDLE"]
)
@pytest.mark.parametrize("misdeed", [hang_up, be_silent, say_bye, garbage, endless_line], ids=lambda one: one.__name__)
def test_it_recovers_wherever_the_server_fails(doors: Doors, serve, word: bytes, misdeed) -> None:
    server = serve(letter("a"))

    def fail(talk: Talk, tag: bytes, arguments: bytes) -> bool:
        misdeed(talk, tag, arguments)
        return True

    server.hooks[word] = once(fail)
    open_box(doors, server, poll=0.3)
    until(lambda: set(server.moved) == {1})
    server.deliver(2, letter("b"))
    until(lambda: set(server.moved) == {1, 2})
    assert len(doors.desk.letters) == 2


def test_sizes_that_are_lies(doors: Doors, serve, caplog) -> None:
    big = letter("b", "x" * 300_000)
    server = serve(letter("a"), big, letter("c"))
    server.sizes = {1: 1, 2: 10, 3: 900_000}
    open_box(doors, server, max_size=200_000)
    until(lambda: caplog.text.count("larger than max_size") == 2)
    until(lambda: set(server.moved) == {1})
    assert len(doors.desk.letters) == 1


def test_a_drip_is_no_life(doors: Doors, serve) -> None:
    """A byte now and then keeps every socket's timeout from striking; the command's own does."""
    server = serve(letter("a"))

    def drip(talk: Talk, tag: bytes, arguments: bytes) -> None:
        while not talk.over.wait(0.2):
            talk.raw(b"x")

    server.hooks[b"LIST"] = once(lambda *said: drip(*said) or True)
    import maild.edges.imap_wire as wire

    slowest, wire.SLOWEST = wire.SLOWEST, 1_000_000
    try:
        open_box(doors, server)
        until(lambda: set(server.moved) == {1})
    finally:
        wire.SLOWEST = slowest


def test_a_flood_while_idling_does_not_keep_the_machine_busy(doors: Doors, serve) -> None:
    server = serve()

    def flood(talk: Talk, tag: bytes, arguments: bytes) -> bool:
        talk.say(b"+ idling")
        talk.say(b"* 1 EXISTS")
        talk.next_line()
        talk.ok(tag)
        return True

    server.hooks[b"IDLE"] = flood
    open_box(doors, server)
    time.sleep(1.0)
    assert server.said(b"SEARCH") <= 12


@pytest.mark.parametrize("word", [b"UID MOVE", b"IDLE"])
def test_an_announcement_beside_another_answer_is_heard(doors: Doors, serve, word: bytes) -> None:
    """It comes once; whoever overhears it learns of the letter a poll later."""
    server = serve(letter("a"))

    def announce(talk: Talk, tag: bytes, arguments: bytes) -> bool:
        if 2 in server.letters or 2 in server.moved:
            return False
        server.letters[2] = letter("b")
        talk._known = {1, 2}  # told now, so not again when it idles
        talk.say(b"* 2 EXISTS")
        return False

    server.hooks[word] = announce
    open_box(doors, server)
    until(lambda: set(server.moved) == {1, 2}, within=5)


def test_what_was_kept_is_not_fetched_again_when_it_cannot_be_moved(doors: Doors, serve) -> None:
    server = serve(letter("a"), letter("b"))
    refused = [True]
    server.hooks[b"UID MOVE"] = lambda talk, tag, arguments: (
        refused[0] and (talk.say(tag + b" NO [OVERQUOTA] full") or True)
    )
    door = open_box(doors, server, poll=0.1)
    until(lambda: "cannot be filed" in only(door).state.trouble and "[OVERQUOTA] full" in only(door).state.trouble)
    refused[0] = False
    until(lambda: set(server.moved) == {1, 2})
    assert doors.desk.asked == 2
    until(lambda: only(door).state.trouble == "")


@pytest.mark.parametrize("vanishes", [b"UID FETCH", b"UID MOVE"])
def test_letters_that_people_take_away_meanwhile(doors: Doors, serve, vanishes: bytes) -> None:
    server = serve(letter("a"), letter("b"))
    server.hooks[vanishes] = once(lambda talk, tag, arguments: bool(server.letters.pop(1, None)) and False)
    open_box(doors, server)
    until(lambda: 2 in server.moved)
    server.deliver(3, letter("c"))
    until(lambda: 3 in server.moved)


def test_letters_nobody_asked_for_are_not_taken(doors: Doors, serve) -> None:
    server = serve(letter("a"))

    def more(talk: Talk, tag: bytes, arguments: bytes) -> bool:
        if b"BODY" in arguments:
            evil = letter("evil")
            talk.raw(b"* 9 FETCH (UID 99 BODY[] {%d}\r\n" % len(evil) + evil + b")\r\n")
        return False

    server.hooks[b"UID FETCH"] = more
    open_box(doors, server)
    until(lambda: set(server.moved) == {1})
    assert [one.raw for one in doors.desk.letters] == [letter("a")]


# --------------------------------------------------------------------- who gets the password


def test_preauth_is_no_login(doors: Doors, serve) -> None:
    server = serve(letter("a"))
    server.greeting = b"* PREAUTH welcome, admin"
    door = open_box(doors, server)
    until(lambda: "wants no login" in only(door).state.trouble)
    assert doors.desk.asked == 0


def test_preauth_cannot_talk_us_out_of_tls(doors: Doors, serve) -> None:
    server = serve(letter("a"))
    server.greeting = b"* PREAUTH welcome"
    door = open_box(doors, server, tls="starttls")
    until(lambda: only(door).state.trouble != "")
    assert all(SECRET.encode() not in line for line in server.heard)
    assert server.said(b"SELECT") == 0


@pytest.mark.parametrize("offer", [b"IMAP4rev1 AUTH=PLAIN", b"IMAP4rev1 STARTTLS"])
def test_no_secret_in_the_clear_where_tls_is_wanted(doors: Doors, serve, offer: bytes) -> None:
    """Whether STARTTLS is missing, refused, or answered with commands smuggled in behind it."""
    server = serve(letter("a"))
    server.capability = offer

    def inject(talk: Talk, tag: bytes, arguments: bytes) -> bool:
        talk.raw(tag + b" OK begin\r\n* CAPABILITY IMAP4rev1 AUTH=PLAIN\r\n")
        return True

    server.hooks[b"STARTTLS"] = inject
    door = open_box(doors, server, tls="starttls")
    until(lambda: only(door).state.trouble != "")
    assert server.said(b"LOGIN") + server.said(b"AUTHENTICATE") == 0


def test_login_disabled(doors: Doors, serve) -> None:
    server = serve()
    server.capability = b"IMAP4rev1 LOGINDISABLED"
    door = open_box(doors, server)
    until(lambda: "takes no passwords" in only(door).state.trouble)
    assert server.said(b"LOGIN") == 0


def test_a_server_that_repeats_our_secret_is_not_quoted(doors: Doors, serve, caplog) -> None:
    caplog.set_level("DEBUG")
    server = serve()

    def echo(talk: Talk, tag: bytes, arguments: bytes) -> bool:
        talk.say(b"+ ")
        sent = talk.next_line().strip()
        talk.say(tag + b" NO bad: " + base64.b64decode(sent).replace(b"\0", b" ") + b" " + sent + b" \x1b[31m")
        return True

    server.hooks[b"AUTHENTICATE"] = echo
    door = open_box(doors, server)
    until(lambda: "refuses the login" in only(door).state.trouble)
    told = caplog.text + only(door).state.trouble + str(doors.told) + repr(only(door).settings)
    assert SECRET not in told
    assert base64.b64encode(f"\0karen\0{SECRET}".encode()).decode() not in told


def test_passwords_with_any_characters(doors: Doors, serve) -> None:
    server = serve(letter("a"))
    open_box(doors, server, password='p"ä\\ {5} s')
    until(lambda: set(server.moved) == {1})
    (said,) = [line for line in server.heard if line.strip() and b" " not in line.strip()][:1]
    assert base64.b64decode(said).decode() == '\0karen\0p"ä\\ {5} s'


def test_stopping_while_a_server_keeps_us_waiting(doors: Doors, serve) -> None:
    server = serve(letter("a"))
    hung = threading.Event()

    def hang(talk: Talk, tag: bytes, arguments: bytes) -> bool:
        hung.set()
        talk.over.wait(20)
        return True

    server.hooks[b"UID FETCH"] = hang
    door = open_box(doors, server, read_timeout=30.0)
    assert hung.wait(5)
    began = time.monotonic()
    door.stop(0.3)
    assert time.monotonic() - began < 2.0
    assert not only(door)._thread.is_alive()


def test_a_desk_that_never_answers_takes_no_letter(doors: Doors, serve) -> None:
    from concurrent.futures import Future

    server = serve(letter("a"))
    honest, doors.desk.accept = doors.desk.accept, lambda envelope: Future()  # type: ignore[method-assign]
    door = open_box(doors, server, accept_timeout=0.2)
    until(lambda: counted(door)["put_off"] == 1)
    assert set(server.letters) == {1}
    assert server.said(b"MOVE") == server.said(b"MOVE UIDPLUS")  # it was asked for nothing but its capabilities
    doors.desk.accept = honest  # type: ignore[method-assign]


def test_receipts_decide(doors: Doors, serve) -> None:
    server = serve(*(letter(name) for name in "abcd"))
    verdicts = {"a": Receipt.ACCEPTED, "b": Receipt.DUPLICATE, "c": Receipt.TRY_LATER, "d": Receipt.NO_SPACE}
    doors.desk.receipt = lambda envelope: verdicts[chr(envelope.raw[6])]
    door = open_box(doors, server)
    until(lambda: counted(door)["put_off"] >= 2)
    until(lambda: set(server.moved) == {1, 2})
    assert set(server.letters) == {3, 4}
