"""Three hundred conversations side by side, each with something done to its mail on the way: every letter ends on its
own conversation's tickets or on a new one, and none is lost.

A real desk on a real store, letters written from the templates; no doors and no courier, for speed. Nothing is drawn
by lot: which trick comes next is decided by the conversation's number.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from maild import config, letters, paths
from maild.core import tokens
from maild.core.mail import read
from maild.core.model import EntryKind, Envelope, Fate, Message, Purpose
from maild.core.relayed import assigned_ids
from maild.desk import Desk
from maild.letters import Outgoing
from maild.store import MailRow, open_store

SUPPORT, PROBLEM = "support@bank.example", "problem@bank.example"
CONVERSATIONS = 300


class Town:
    """The desk, and the clock that everybody looks at."""

    def __init__(self, directory: Path) -> None:
        loaded = config.load(directory / "config.toml")
        self.policy = config.policy(loaded)
        self.store = open_store(loaded.store.url)
        self.now = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
        self.desk = Desk(self.store, self.policy, lambda: self.now)
        self.templates = letters.load([paths.TEMPLATES])
        self.written = 0

    def receives(self, raw: str, *rcpts: str, agent: str = "") -> MailRow:
        """The ledger's line about a letter that has just come in."""
        self.now += timedelta(seconds=40)
        raw_bytes = raw.replace("\n", "\r\n").encode()
        envelope = Envelope(
            raw=raw_bytes, mail_from="x@x.example", rcpts=rcpts, received_at=self.now, door="test", agent=agent
        )
        self.desk.accept(envelope).result()
        while self.desk.work():
            pass
        return self.store.ledger(limit=1)[0]

    def letter(self, who: str, text: str, *fields: str, says: str = "pass") -> str:
        """A letter as a mail program would write it: `fields` are whole lines and beat those it would write."""
        self.written += 1
        mine = {
            "from": f"From: {who}",
            "to": f"To: {SUPPORT}",
            "subject": "Subject: Hello",
            "message-id": f"Message-ID: <n{self.written}@{who.partition('@')[2]}>",
            "date": f"Date: {self.now:%a, %d %b %Y %H:%M:%S} +0000",
            "authentication-results": f"Authentication-Results: mx.bank.example; dmarc={says}"
            f" header.from={who.partition('@')[2]}",
        }
        mine |= {field.partition(":")[0].lower(): field for field in fields}
        return "\n".join(line for line in mine.values() if not line.endswith(": -")) + f"\n\n{text}\n"

    def sent(self, number: int, template: str, says: str = "") -> Message:
        """The latest letter of this kind on a ticket, as it left; `says`: what the relay answered."""
        row = next(
            row for row in self.store.outbox(limit=50) if (row.number, row.letter.template) == (number, template)
        )
        thread = [entry for entry in self.store.entries(number) if entry.kind == EntryKind.RESPONSE]
        written = self.templates.render(
            Outgoing(
                row.outbox_id, self.store.ticket(number), row.letter, thread[-1] if row.letter.about_entry else None
            ),
            self.policy,
            self.now,
        )
        self.store.outbox_fix([(row.outbox_id, written.message_id, written.raw)])
        self.store.outbox_sent(row.outbox_id, self.now, says, assigned_ids(says)).result()
        return read(written.raw)

    def answers(self, number: int, says: str = "") -> Message:
        """John answers a ticket; the letter as it left."""
        self.desk.command(number, f"This is what John says of {number}.", "john")
        return self.sent(number, "response", says)


@pytest.fixture(scope="module")
def town(made: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    directory = Path(shutil.copytree(made, tmp_path_factory.mktemp("town") / "desk"))
    path = directory / "config.toml"
    path.write_text(path.read_text().replace("trusted = []", 'trusted = ["mx.bank.example"]'))
    town = Town(directory)
    yield town
    town.store.close()


@dataclass
class Talk:
    """One conversation: who has it, and on which tickets it may be."""

    town: Town
    number: int
    other: Talk | None  # another person's conversation, begun before
    tickets: set[int] = field(default_factory=set)
    first: str = ""  # the id of the letter that began it

    @property
    def who(self) -> str:
        return f"person{self.number}@customer{self.number % 40}.example"

    @property
    def ticket(self) -> int:
        return max(self.tickets)

    def begins(self, *fields: str) -> int:
        """A letter that opens a ticket."""
        self.first = f"first.{self.number}@customer.example"
        subject = f"Subject: Matter {self.number}"
        row = self.town.receives(
            self.town.letter(self.who, f"It is about {self.number}.", subject, f"Message-ID: <{self.first}>", *fields),
            SUPPORT,
        )
        assert (row.fate, row.ticket is not None) == (Fate.TICKET, True)
        self.tickets.add(row.ticket or 0)
        return row.ticket or 0

    def writes(self, *fields: str, who: str = "", to: str = SUPPORT, says: str = "pass", text: str = "") -> MailRow:
        """A further letter."""
        other_words = "".join(chr(97 + int(digit)) for digit in str(self.town.written))  # counters alone are no words
        words = text or f"More about {other_words}."
        return self.town.receives(self.town.letter(who or self.who, words, *fields, says=says), to)

    def mark(self) -> str:
        return self.town.sent(self.ticket, "acknowledgement").subject.split("]")[0].strip("[")


# --------------------------------------------------------------------- what is done to the mail
# Each answers with the ledger's lines of its letters; all of them must be on tickets of the conversation.


def relayed_by_ses(talk: Talk) -> list[MailRow]:
    ses = f"0102018f2c3d{talk.number:04x}-0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9-000000"
    talk.town.answers(talk.ticket, f"250 Ok {ses}")
    return [talk.writes(f"In-Reply-To: <{ses.upper()}@eu-west-1.amazonses.com>", "Subject: other words")]


def relayed_by_exchange(talk: Talk) -> list[MailRow]:
    theirs = f"PR3.{talk.number}@EURP193.PROD.OUTLOOK.COM"
    talk.town.answers(talk.ticket, f"250 2.6.0 <{theirs}> [InternalId=1, Hostname=x] 9 bytes Queued mail for delivery")
    return [talk.writes(f"References: <{theirs}>", "Subject: -")]


def tokens_of_other_systems(talk: Talk) -> list[MailRow]:
    mark, other = talk.mark(), talk.other.mark() if talk.other else ""
    wrong = mark[:-4] + ("AAAA" if not mark.endswith("AAAA") else "BBBB")
    subjects = (
        f"[#123456] {other[:-4]}ZZZZ [ACME-{talk.ticket}-QQQQ] Re: [{mark}] Ticket#2026 [{wrong}]",
        f"Re: &#91;{mark}&#93; Matter",
        f"AW: ({mark.lower()}) Matter",
        f"=?utf-8?Q?Re=3A_=5B{mark[:9]}?=\n =?utf-8?Q?{mark[9:]}=5D_Matter?=",
    )
    return [talk.writes(f"Subject: {subject}") for subject in subjects]


def another_program_knows_the_root_only(talk: Talk) -> list[MailRow]:
    return [talk.writes(f"References: <root.{talk.number}@elsewhere.example>", "Subject: once more")]


def a_very_long_thread(talk: Talk) -> list[MailRow]:
    ours = talk.town.answers(talk.ticket).message_id
    ids = "\n ".join(f"<{n}.{talk.number}@x.example>" for n in range(180))
    return [talk.writes(f"References: {ids}\n <{ours}>"), talk.writes(f"In-Reply-To: <{ours.upper()}>")]


def an_answer_to_the_receipt_of_another_ticket(talk: Talk) -> list[MailRow]:
    first = talk.ticket
    receipt = talk.town.sent(first, "acknowledgement")
    second = talk.writes("Subject: A second matter")
    talk.tickets.add(second.ticket or 0)
    row = talk.writes(f"In-Reply-To: <{receipt.message_id}>", f"Subject: Re: {receipt.subject}")
    assert row.ticket == first
    return [second, row]


def calendars(talk: Talk) -> list[MailRow]:
    ours = talk.town.answers(talk.ticket)
    said = "BEGIN:VCALENDAR\nMETHOD:REPLY\nBEGIN:VEVENT\nUID:1\nATTENDEE;PARTSTAT=ACCEPTED:mailto:x\nEND:VEVENT\nEND:VCALENDAR"
    kind = "Content-Type: text/calendar; method=REPLY; charset=utf-8"
    row = talk.writes(kind, f"In-Reply-To: <{ours.message_id}>", "Subject: Accepted: call", text=said)
    assert row.fate == Fate.FILED
    return [row]


def merged_twice(talk: Talk) -> list[MailRow]:
    receipts = [talk.town.sent(talk.ticket, "acknowledgement")]
    for turn in range(2):
        row = talk.writes(f"Subject: Matter {turn} of {talk.number}", text=f"{'ab'[turn]} of it")
        talk.tickets.add(row.ticket or 0)
    one, two, three = sorted(talk.tickets)
    talk.town.desk.command(one, f"#merge {two}", "john")
    talk.town.desk.command(two, f"#merge {three}", "john")
    row = talk.writes(f"In-Reply-To: <{receipts[0].message_id}>")
    assert row.ticket == three
    talk.town.desk.command(three, "#close silent", "john")
    late = talk.writes(to=receipts[0].reply_to[0].email, text="And now?")
    assert late.fate == Fate.TICKET
    talk.tickets.add(late.ticket or 0)
    return [row, late]


def sent_again_by_hand(talk: Talk) -> list[MailRow]:
    """`bounce` of mutt: the same letter with Resent fields, to another address of ours; then once more to the first."""
    ours = talk.town.answers(talk.ticket)
    raw = talk.town.letter(talk.who, f"Look at {talk.number}.", f"In-Reply-To: <{ours.message_id}>", "To: x@x.example")
    again = f"Resent-From: jane@bank.example\nResent-To: {PROBLEM}\nResent-Message-ID: <r{talk.number}@x>\n{raw}"
    first, second = talk.town.receives(raw, SUPPORT), talk.town.receives(again, PROBLEM)
    assert second.fate == Fate.DUPLICATE
    return [first, second]


def one_id_in_two_cases(talk: Talk) -> list[MailRow]:
    """Another letter under the first one's id, written in capitals: it is no copy."""
    row = talk.writes(
        f"Message-ID: <{talk.first.upper()}>", f"In-Reply-To: <{talk.first}>", text="Not the same at all."
    )
    assert row.fate == Fate.REPLY
    return [row]


def two_of_our_letters_in_one_field(talk: Talk) -> list[MailRow]:
    ours = talk.town.answers(talk.ticket).message_id
    theirs = talk.town.answers(talk.other.ticket).message_id if talk.other else ours
    return [talk.writes(f"In-Reply-To: <{ours}> <{theirs}>"), talk.writes(f"References: <{theirs}> <{ours}>")]


def nobody_in_to(talk: Talk) -> list[MailRow]:
    address = talk.town.answers(talk.ticket).reply_to[0].email
    ways = ("To: undisclosed-recipients:;", "To: -", f"To: Friends: {SUPPORT}, x@x.example;", 'To: "a, b" <>')
    return [talk.writes(way, to=address) for way in ways]


def two_reply_addresses(talk: Talk) -> list[MailRow]:
    """One of them another person's: only the first one's ticket hears of it."""
    mine = talk.town.answers(talk.ticket).reply_to[0].email
    theirs = talk.town.answers(talk.other.ticket).reply_to[0].email if talk.other else mine
    many = [f"support+{n}@bank.example" for n in range(98)]
    return [talk.town.receives(talk.town.letter(talk.who, "To both.", f"Cc: {theirs}"), mine, theirs, *many)]


def somebody_used_the_id_first(talk: Talk) -> list[MailRow]:
    """The other was on copy of a letter that we got later than they did."""
    stolen, other = f"stolen.{talk.number}@customer.example", talk.other
    if other:
        row = other.writes(f"Message-ID: <{stolen}>", f"In-Reply-To: <{other.first}>", text=f"Mine, {talk.number}.")
        assert row.ticket in other.tickets
    again = talk.writes(f"Message-ID: <{stolen}>", f"In-Reply-To: <{talk.first}>", text="Mine in truth.")
    return [again, talk.writes(f"In-Reply-To: <{stolen}>", text="And a word more.")]


def at_home(talk: Talk) -> list[MailRow]:
    """The requester's other address, once an agent has said that it is one."""
    home = f"home{talk.number}@private.example"
    talk.town.desk.command(talk.ticket, f"#accept same {home}", "john")
    return [
        talk.writes(f"Subject: Re: [{talk.mark()}]", who=home),
        talk.writes(f"In-Reply-To: <{talk.first}>", who=home),
    ]


def a_forwarded_alert(talk: Talk) -> list[MailRow]:
    """Jane answers what was sent to John: held, and both know. A password in place of the proof, and it goes."""
    policy, later = talk.town.policy, talk.town.now + timedelta(days=9)
    john = tokens.agent_principal("john")
    address = tokens.reply_address(policy, SUPPORT, Purpose.AGENT_REPLY, talk.ticket, john, later, serial=1)
    row = talk.writes(who="jane@bank.example", to=address, text="#close\nDone.")
    assert (row.fate, row.ticket) == (Fate.QUARANTINED, None)
    assert talk.writes(who="jane@bank.example", says="fail", to=address, text="#close").fate == Fate.QUARANTINED
    raw = talk.town.letter("jane@bank.example", f"Answer of Jane to {talk.number}.")
    return [talk.town.receives(raw, address, agent="jane")]


def forged(talk: Talk) -> list[MailRow]:
    """In the requester's name, with the token and somebody on copy: kept inside or held, and nobody is let in."""
    address = talk.town.answers(talk.ticket).reply_to[0].email
    rows = [talk.writes("Cc: eve@evil.example", to=address, says=says) for says in ("none", "fail", "temperror")]
    for row in rows:
        assert row.fate in (Fate.REPLY, Fate.QUARANTINED)
        assert all(not one.public for one in talk.town.store.entries(talk.ticket) if one.mail_id == row.mail_id)
    ticket = talk.town.store.ticket(talk.ticket)
    assert ticket is not None
    assert (ticket.collaborators, ticket.copied) == ((), ())
    return [row for row in rows if row.fate == Fate.REPLY]


def a_stranger_with_everything(talk: Talk) -> list[MailRow]:
    """Ids, subject and reply address in a stranger's hands: heard inside at most."""
    ours = talk.town.answers(talk.ticket)
    rows = [
        talk.writes(f"In-Reply-To: <{ours.message_id}>", who="eve@evil.example"),
        talk.writes(f"In-Reply-To: <{talk.first}>", who="eve@evil.example", text="stop"),
        talk.writes(who="eve@evil.example", to=ours.reply_to[0].email, text="#close\n#requester eve@evil.example"),
    ]
    for row in rows:
        assert all(not one.public for one in talk.town.store.entries(talk.ticket) if one.mail_id == row.mail_id)
    ticket = talk.town.store.ticket(talk.ticket)
    assert ticket is not None
    assert (ticket.requester.email, ticket.status.value) == (talk.who, "open")
    new = talk.writes(f"Subject: Re: {ours.subject}", who="eve@evil.example")
    assert new.fate == Fate.TICKET or new.ticket not in talk.tickets  # her own, or one more on her own
    return rows


Trick = Callable[[Talk], list[MailRow]]
TRICKS: tuple[Trick, ...] = (
    relayed_by_ses,
    relayed_by_exchange,
    tokens_of_other_systems,
    another_program_knows_the_root_only,
    a_very_long_thread,
    an_answer_to_the_receipt_of_another_ticket,
    calendars,
    merged_twice,
    sent_again_by_hand,
    one_id_in_two_cases,
    two_of_our_letters_in_one_field,
    nobody_in_to,
    two_reply_addresses,
    somebody_used_the_id_first,
    at_home,
    a_forwarded_alert,
    forged,
    a_stranger_with_everything,
)


def test_no_letter_leaves_its_conversation_and_none_is_lost(town: Town) -> None:
    talks: list[Talk] = []
    for number in range(CONVERSATIONS):
        talk = Talk(town, number, talks[-1] if talks else None)
        talk.begins(f"References: <root.{number}@elsewhere.example> <parent.{number}@elsewhere.example>")
        talks.append(talk)
        trick = TRICKS[number % len(TRICKS)]
        for row in trick(talk):
            assert row.ticket in talk.tickets, (trick.__name__, number, row.fate, row.reason)
    sums = town.store.ledger_sums()
    assert sums.pop("received") == sum(sums.values())
    assert sums["waiting"] == 0
    # Every letter that is on a ticket is in its thread, and there only once.
    rows = town.store.ledger(limit=10_000)
    for row in rows:
        if row.ticket and row.fate != Fate.DUPLICATE:
            kept = [entry for entry in town.store.entries(row.ticket) if entry.mail_id == row.mail_id]
            assert len([entry for entry in kept if entry.kind != EntryKind.EVENT]) == 1, row
        assert row.ticket or row.fate in (Fate.QUARANTINED, Fate.DUPLICATE), row
