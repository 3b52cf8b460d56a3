"""A desk in memory, a clock turned by hand, and SMTP servers that do as they are told."""

from __future__ import annotations

import asyncio
import socket
import socketserver
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope

from maild import letters
from maild.core.model import Address, Entry, EntryKind, Lane, Letter, Person, Purpose, Ticket
from maild.core.policy import Calendar, Closing, Keys, OurAddress, Policy
from maild.edges.courier import MANNERS, Courier, Manners
from maild.edges.outbound import NO_WISHES, Accepted, Answer, Relay, Wishes
from maild.letters import Templates
from maild.paths import TEMPLATES
from maild.store import OutboxRow, Unavailable

NOW = datetime(2026, 11, 20, 14, 5, tzinfo=UTC)
POLICY = Policy(
    name="Example Bank Support",
    tag="BANK",
    domain="desk.bank.example",
    separator="+",
    admin="admin@bank.example",
    addresses=(OurAddress(email="support@bank.example", name="Example Bank Support"),),
    agents={},
    teams={},
    topics={},
    priorities=("normal",),
    default_priority="normal",
    plans={},
    default_plan="",
    calendars={"24x7": Calendar(key="24x7", zone=UTC, hours=((),) * 7, always=True)},
    closing=Closing(confirm=timedelta(days=3), calendar="24x7"),
    keys=Keys(current=0, secrets={0: bytes(range(32))}),
)
TICKET = Ticket(
    number=1042,
    subject="Online banking is down",
    requester=Person(7, "karen@customer.example", "Karen Black"),
    address="support@bank.example",
    created_at=NOW,
)
ANSWER = Entry(
    kind=EntryKind.RESPONSE, at=NOW, author="jane", author_name="Jane", public=True, text="Try again.\n.\nJane"
)


def answer_to(
    email: str = "karen@customer.example", lane: Lane = Lane.ANSWER, template: str = "response", automatic: str = ""
) -> Letter:
    return Letter(template=template, to=Address(email), lane=lane, purpose=Purpose.REQUESTER_REPLY, automatic=automatic)


class Clock:
    """Now, as the test wants it."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **span: float) -> None:
        self.now += timedelta(**span)


@dataclass
class Outbox:
    """The outbox of the store, in memory. `away` makes every call fail as a lost database does."""

    rows: dict[int, OutboxRow] = field(default_factory=dict)
    raws: dict[int, bytes] = field(default_factory=dict)
    ids: dict[int, tuple[str, ...]] = field(default_factory=dict)
    troubles: dict[str, tuple[datetime, str]] = field(default_factory=dict)
    said: list[tuple[str, int]] = field(default_factory=list)
    away: Callable[[str], bool] = lambda call: False

    def add(self, letter: Letter, *, ticket: Ticket | None = TICKET, entry: Entry | None = ANSWER) -> int:
        number = len(self.rows) + 1
        self.rows[number] = OutboxRow(
            outbox_id=number, number=ticket.number if ticket else None, letter=letter, entry_id=1, state="queued", attempts=0,
            created_at=NOW, next_try=NOW, message_id="", error="", relay_reply="", dot_at=None, sent_at=None, ticket=ticket, entry=entry,
        )  # fmt: skip
        return number

    def outbox_claim(self, limit: int, now: datetime, lease: timedelta, worker: str) -> list[OutboxRow]:
        self._called("claim", 0)
        due = [row for row in self.rows.values() if row.next_try is not None and row.next_try <= now]
        due = sorted(due, key=lambda row: (row.letter.lane, row.next_try, row.outbox_id))[:limit]
        for row in due:
            self.change(row.outbox_id, attempts=row.attempts + 1, next_try=now + lease)
        return [self.rows[row.outbox_id] for row in due]

    def outbox_raw(self, outbox_id: int) -> bytes | None:
        self._called("raw", outbox_id)
        return self.raws.get(outbox_id)

    def outbox_fix(self, fixed: Sequence[tuple[int, str, bytes]]) -> None:
        self._called("fix", 0)
        for outbox_id, message_id, raw in fixed:
            assert outbox_id not in self.raws
            self.raws[outbox_id] = raw
            self.change(outbox_id, message_id=message_id)

    def outbox_dot(self, outbox_id: int, now: datetime) -> None:
        self._called("dot", outbox_id)
        self.change(outbox_id, dot_at=now)

    def outbox_sent(self, outbox_id: int, now: datetime, relay_reply: str, ids: Sequence[str] = ()) -> Future[None]:
        done: Future[None] = Future()
        try:
            self._called("sent", outbox_id)
        except Unavailable as error:
            done.set_exception(error)
            return done
        self.change(outbox_id, state="sent", sent_at=now, relay_reply=relay_reply, next_try=None, error="")
        self.ids[outbox_id] = tuple(ids)
        done.set_result(None)
        return done

    def outbox_retry(self, outbox_id: int, next_try: datetime, error: str, *, doubt: bool = False) -> None:
        self._called("retry", outbox_id)
        dot_at = self.rows[outbox_id].dot_at if doubt else None
        self.change(outbox_id, next_try=next_try, error=error, dot_at=dot_at)

    def outbox_postpone(self, until: Mapping[int, datetime], why: str) -> None:
        self._called("postpone", 0)
        for outbox_id, at in until.items():
            self.change(outbox_id, next_try=at, error=why, attempts=self.rows[outbox_id].attempts - 1)

    def trouble(self, name: str, what: str, now: datetime) -> None:
        if what:
            self.troubles.setdefault(name, (now, what))
        else:
            self.troubles.pop(name, None)

    def outbox_dead(self, outbox_id: int, error: str) -> None:
        self._called("dead", outbox_id)
        self.change(outbox_id, state="dead", error=error, next_try=None)

    def raw(self, mail_id: int) -> bytes | None:
        return None

    def entries(self, number: int) -> list[Entry]:
        self._called("entries", number)
        return [ANSWER]

    def state(self, outbox_id: int) -> str:
        return self.rows[outbox_id].state

    def _called(self, call: str, outbox_id: int) -> None:
        self.said.append((call, outbox_id))
        if self.away(call):
            raise Unavailable("the database is away")

    def change(self, outbox_id: int, **changed: object) -> None:
        self.rows[outbox_id] = replace(self.rows[outbox_id], **changed)  # type: ignore[arg-type]


class Said:
    """A relay that gives the answers it was told, and remembers what it was given."""

    connections = 1

    def __init__(self, *answers: Answer | Exception, name: str = "relay.example:25") -> None:
        self.name = name
        self.answers = list(answers)
        self.letters: list[tuple[str, str, bytes]] = []
        self.wishes: list[Wishes] = []

    def send(
        self, mail_from: str, rcpt: str, raw: bytes, before_dot: Callable[[], None], wishes: Wishes = NO_WISHES
    ) -> Answer:
        before_dot()
        self.wishes.append(wishes)
        self.letters.append((mail_from, rcpt, raw))
        answer = self.answers.pop(0) if self.answers else Accepted("250 ok")
        if isinstance(answer, Exception):
            raise answer
        return answer

    def close(self) -> None:
        pass


@dataclass
class Office:
    """A courier with everything it needs."""

    relay: Relay | tuple[Relay, ...]
    outbox: Outbox = field(default_factory=Outbox)
    clock: Clock = field(default_factory=Clock)
    dead: list[tuple[int, str]] = field(default_factory=list)
    twice: list[int] = field(default_factory=list)
    templates: Templates = field(default_factory=lambda: letters.load([TEMPLATES]))
    manners: Manners = MANNERS

    def __post_init__(self) -> None:
        self.courier = Courier(
            self.outbox,
            templates=lambda: self.templates,
            policy=lambda: POLICY,
            relays=self.relay if isinstance(self.relay, tuple) else (self.relay,),
            clock=self.clock,
            jitter=lambda: 0.5,
            on_dead=lambda row, why: self.dead.append((row.outbox_id, why)),
            on_twice=lambda row: self.twice.append(row.outbox_id),
            manners=self.manners,
        )


# --------------------------------------------------------------------- a scripted server

Script = Callable[[int, str, int], str | None]
"""(connection, verb, how many letters it has taken) → the reply, "CUT" to hang up, None for the usual one."""


@dataclass
class Server:
    """What a scripted server saw."""

    port: int
    connections: int = 0
    letters: list[tuple[str, str, bytes]] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)


class Listener(socketserver.ThreadingTCPServer):
    daemon_threads = False  # closing waits for the sessions, so that a test sees their last line

    def __init__(self, script: Script, features: tuple[str, ...]) -> None:
        super().__init__(("127.0.0.1", 0), Session)
        self.script = script
        self.features = features
        self.lock = threading.Lock()
        self.seen = Server(self.server_address[1])


class Session(socketserver.StreamRequestHandler):
    server: Listener
    timeout = 10

    def handle(self) -> None:
        with self.server.lock:
            self.server.seen.connections += 1
            self.number = self.server.seen.connections
        self.taken = 0
        self.mail_from = self.rcpt = ""
        if not self.say("GREETING", "220 sink"):
            return
        while line := self.rfile.readline().decode("utf-8").strip():
            self.server.seen.lines.append(line)
            verb = line.split()[0].upper()
            if not self.say(verb, self.usual(verb, line)) or verb == "QUIT":
                return
            if verb == "DATA" and self.went_on and not self.data():
                return

    def usual(self, verb: str, line: str) -> str:
        path = line.partition("<")[2].partition(">")[0]
        if verb == "MAIL":
            self.mail_from = path
        elif verb == "RCPT":
            self.rcpt = path
        elif verb == "EHLO":
            return "\r\n".join(f"250-{feature}" for feature in ("sink", *self.server.features)) + "\r\n250 ok"
        return "354 go on" if verb == "DATA" else "250 ok"

    def say(self, verb: str, usual: str) -> bool:
        return self.reply(self.server.script(self.number, verb, self.taken) or usual)

    def reply(self, reply: str) -> bool:
        if reply == "CUT":
            self.connection.shutdown(socket.SHUT_RDWR)
            return False
        self.went_on = reply.startswith("354")
        self.wfile.write(f"{reply}\r\n".encode())
        return True

    def data(self) -> bool:
        if self.server.script(self.number, "CONTENT", self.taken) == "CUT":
            self.rfile.readline()
            self.connection.shutdown(socket.SHUT_RDWR)
            return False
        raw = b""
        while (line := self.rfile.readline()) != b".\r\n":
            if not line:
                return False
            raw += line.removeprefix(b".")
        answer = self.server.script(self.number, "DOT", self.taken) or "250 taken"
        if answer in ("250 taken", "CUT"):
            with self.server.lock:
                self.server.seen.letters.append((self.mail_from, self.rcpt, raw))
            self.taken += 1
        return self.reply(answer)


@contextmanager
def scripted(script: Script = lambda *_: None, features: tuple[str, ...] = ("SIZE 1000000",)) -> Iterator[Server]:
    """An SMTP server on a free port of loopback that misbehaves by script."""
    with Listener(script, features) as listener:
        thread = threading.Thread(target=listener.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield listener.seen
        finally:
            listener.shutdown()
            thread.join()


# --------------------------------------------------------------------- somebody else's server


class Kept:
    """A handler of aiosmtpd that keeps what it is given."""

    def __init__(self) -> None:
        self.letters: list[Envelope] = []

    async def handle_DATA(self, server: object, session: object, envelope: Envelope) -> str:
        self.letters.append(envelope)
        return "250 2.0.0 kept"


@contextmanager
def aiosmtpd_server(port: int = 0, **settings: Any) -> Iterator[tuple[int, Kept]]:
    """aiosmtpd in a loop of its own that is really closed at the end. Its port, and what it got."""
    kept = Kept()
    started: Future[tuple[int, asyncio.AbstractEventLoop, asyncio.Event]] = Future()

    async def serve() -> None:
        loop, stop = asyncio.get_running_loop(), asyncio.Event()
        server = await loop.create_server(lambda: SMTP(kept, loop=loop, **settings), "127.0.0.1", port)
        started.set_result((server.sockets[0].getsockname()[1], loop, stop))
        await stop.wait()
        server.close()
        await asyncio.sleep(0.05)  # the last goodbyes

    thread = threading.Thread(target=asyncio.run, args=(serve(),))
    thread.start()
    bound, loop, stop = started.result(10)
    try:
        yield bound, kept
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join()
