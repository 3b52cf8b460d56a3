"""The tables, and how our values become columns.

It refuses to know what a row means; every other module of this room imports it, nobody
outside does. Instants are BIGINT microseconds since 1970 UTC, lists and mappings are
JSON text, and text never holds NUL or a lone surrogate, which PostgreSQL refuses and
SQLite keeps only half (NUL) or refuses too (surrogates).

There are no foreign keys: every row is written by one transaction of this room, and
letters may be pruned without their tickets. Bytes have tables of their own, so that a
change of state never rewrites a letter.
"""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Dialect,
    Double,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    Table,
    Text,
    text,
)
from sqlalchemy.types import TypeDecorator

REVISIONS = ("0001", "0002")
"""Every migration, oldest first; the last one is what this program needs."""

HEAD = REVISIONS[-1]

FIRST_TICKET = 1001
"""Number of a desk's first ticket."""

LONG_ID = 250
"""Characters of a Message-ID that are kept as they are. RFC 5322 section 2.1.1 lets a line have 998,
PostgreSQL an index entry about 2,700 bytes; longer ids are known by their hash."""

LONG_ADDRESS = 320
"""Longest address of RFC 5321 section 4.5.3.1: 64 + @ + 255. What is longer is no address."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def clean(value: str) -> str:
    """The text without NUL and lone surrogates (each becomes U+FFFD)."""
    if "\0" in value:
        value = value.replace("\0", "\ufffd")
    if value.isascii():
        return value
    try:
        value.encode()
    except UnicodeEncodeError:
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return value


def micros(at: datetime) -> int:
    """Microseconds since 1970 UTC; TypeError for a naive datetime."""
    since = at - _EPOCH
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


def instant(value: int) -> datetime:
    """The aware datetime of `micros`."""
    return _EPOCH + timedelta(microseconds=value)


def id_key(message_id: str) -> str:
    """What a Message-ID is indexed by: itself, or a hash where it is absurdly long."""
    cleaned = clean(message_id)
    if len(cleaned) <= LONG_ID:
        return cleaned
    return "sha256:" + hashlib.sha256(cleaned.encode()).hexdigest()


def fold(email: str) -> str:
    """What a person is known by: the address without regard to case."""
    return clean(email).strip().lower()[:LONG_ADDRESS]


class Words(TypeDecorator[str]):
    """Text that is clean."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:
        return None if value is None else clean(value)


class Instant(TypeDecorator[datetime]):
    """A moment, as microseconds since 1970 UTC."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:
        return None if value is None else micros(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> Any:
        return None if value is None else instant(value)


Id = BigInteger().with_variant(Integer(), "sqlite")
"""SQLite makes only INTEGER PRIMARY KEY its row id."""


def _words(name: str, default: str = "") -> Column[Any]:
    return Column(name, Words, nullable=False, server_default=text(f"'{default}'"))


metadata = MetaData()

mail = Table(
    "mail",
    metadata,
    Column("id", Id, primary_key=True),
    # The dedupe key; "=" and the key of the first for the one row that counts its exact duplicates.
    Column("key", Words, nullable=False, unique=True),
    _words("message_id"),
    _words("mail_from"),
    _words("rcpts", "[]"),
    _words("door"),
    _words("peer"),
    _words("helo"),
    Column("received_at", Instant, nullable=False),
    Column("size", BigInteger, nullable=False, server_default=text("0")),
    # When it may be claimed: 0 at once, a lease's end while somebody works on it, NULL once it has a fate.
    Column("ready_at", BigInteger),
    Column("attempts", Integer, nullable=False, server_default=text("0")),
    _words("worker"),
    Column("fate", Words),
    _words("reason"),
    _words("trace", "[]"),
    _words("error"),
    Column("ticket", BigInteger),
    # How many received letters this row stands for: more than 1 only where it counts duplicates.
    Column("times", Integer, nullable=False, server_default=text("1")),
    # 1: it was held back and then released; see Envelope.confirmed.
    Column("confirmed", Integer, nullable=False, server_default=text("0")),
    _words("agent"),  # key of the agent who handed it in with a password; see Envelope.agent
)
_waiting = text("ready_at IS NOT NULL")
Index("mail_ready", mail.c.ready_at, mail.c.id, sqlite_where=_waiting, postgresql_where=_waiting)
Index("mail_received", mail.c.received_at)
Index("mail_fate", mail.c.fate, mail.c.received_at)

mail_raw = Table(
    "mail_raw",
    metadata,
    Column("mail_id", Id, primary_key=True, autoincrement=False),
    Column("raw", LargeBinary, nullable=False),
)

person = Table(
    "person",
    metadata,
    Column("id", Id, primary_key=True),
    Column("folded", Words, nullable=False, unique=True),
    _words("email"),
    _words("name"),
    Column("same_as", BigInteger),  # another address of this person; NULL: it is the one we write to
)

_alias = text("same_as IS NOT NULL")
Index("person_alias", person.c.same_as, sqlite_where=_alias, postgresql_where=_alias)

# Reply addresses and Message-IDs made for somebody up to this letter of ours are void.
revocation = Table(
    "revocation",
    metadata,
    Column("whose", Words, primary_key=True),  # "agent" or "person"
    Column("principal", BigInteger, primary_key=True, autoincrement=False),
    Column("through", BigInteger, nullable=False),  # outbox id
    Column("at", Instant, nullable=False),
)

# What an admin has said of senders, by mail or at the shell.
standing = Table(
    "standing",
    metadata,
    Column("pattern", Words, primary_key=True),  # folded: an address, or "@" and a domain
    _words("verdict"),  # "ban", "accept"
    Column("at", Instant, nullable=False),
    _words("by"),
)

# Addresses that get no automatic letters.
suppression = Table(
    "suppression",
    metadata,
    Column("email", Words, primary_key=True),  # folded
    Column("complaint", Integer, primary_key=True, autoincrement=False),  # 1: a letter was called spam; 0: it is dead
    Column("since", Instant, nullable=False),
    _words("reason"),
    Column("outbox_id", BigInteger, nullable=False),  # the letter that came back or was complained of
)

ticket = Table(
    "ticket",
    metadata,
    Column("number", Id, primary_key=True, autoincrement=False),
    _words("subject"),
    Column("requester_id", BigInteger, nullable=False),
    _words("address"),
    Column("created_at", Instant, nullable=False),
    _words("status", "new"),
    _words("topic"),
    _words("priority"),
    _words("team"),
    _words("agent"),
    _words("sla"),
    _words("tags", "[]"),
    _words("watchers", "[]"),
    _words("copied", "[]"),
    _words("collaborators", "[]"),
    _words("departed", "[]"),
    _words("organisation"),
    _words("linked", "[]"),
    Column("merged_into", BigInteger),
    _words("digest"),
    _words("pulse", "[]"),
    _words("files", "[]"),
    Column("quiet_until", Instant),
    Column("clock_from", Instant),
    Column("responded_at", Instant),
    Column("waiting_since", Instant),
    Column("waited", Double, nullable=False, server_default=text("0")),
    Column("resolved_at", Instant),
    Column("closed_at", Instant),
    _words("closing"),
    _words("last_message_id"),
    _words("thread_ids", "[]"),
    _words("marks", "[]"),
    _words("since", "{}"),
    Column("next_due", Instant),
    Column("version", Integer, nullable=False, server_default=text("1")),
)
_has_due = text("next_due IS NOT NULL")
Index("ticket_due", ticket.c.next_due, ticket.c.number, sqlite_where=_has_due, postgresql_where=_has_due)
Index("ticket_status", ticket.c.status, ticket.c.number)
Index("ticket_team", ticket.c.team, ticket.c.status, ticket.c.number)
Index("ticket_agent", ticket.c.agent, ticket.c.status, ticket.c.number)
Index("ticket_requester", ticket.c.requester_id, ticket.c.created_at)

entry = Table(
    "entry",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),
    Column("ticket", BigInteger, nullable=False),
    _words("kind"),
    Column("at", Instant, nullable=False),
    _words("author"),
    _words("author_name"),
    Column("public", SmallInteger, nullable=False, server_default=text("0")),
    _words("text"),
    Column("mail_id", BigInteger),
    _words("message_id"),
    _words("data", "{}"),
)
Index("entry_ticket", entry.c.ticket, entry.c.id)

known_id = Table(
    "known_id",
    metadata,
    Column("message_id", Words, primary_key=True),  # id_key(…)
    Column("ticket", BigInteger, primary_key=True, autoincrement=False),
    Column("mail_id", BigInteger, primary_key=True, autoincrement=False),  # 0: a letter of ours
    sqlite_with_rowid=False,
)

outbox = Table(
    "outbox",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),
    Column("ticket", BigInteger),
    Column("entry_id", BigInteger),
    _words("template"),
    _words("to_email"),
    _words("to_name"),
    _words("to_folded"),
    Column("lane", SmallInteger, nullable=False),
    Column("purpose", Words),
    Column("principal", BigInteger, nullable=False, server_default=text("0")),
    _words("letter", "{}"),
    Column("created_at", Instant, nullable=False),
    _words("state", "queued"),  # "sent", "dead", "suppressed"
    # When it may be tried: a lease's end while somebody carries it, NULL once it is sent or dead.
    Column("ready_at", BigInteger),
    Column("attempts", Integer, nullable=False, server_default=text("0")),
    _words("worker"),
    _words("message_id"),
    _words("error"),
    _words("relay_reply"),
    Column("dot_at", Instant),
    Column("sent_at", Instant),
    _words("reported"),  # what came home about it: see model.Reported
)
_queued = text("ready_at IS NOT NULL")
Index("outbox_ready", outbox.c.lane, outbox.c.ready_at, outbox.c.id, sqlite_where=_queued, postgresql_where=_queued)
_fresh = text("ready_at IS NOT NULL AND attempts = 0")
Index("outbox_fresh", outbox.c.lane, outbox.c.ready_at, outbox.c.id, sqlite_where=_fresh, postgresql_where=_fresh)
_dead = text("state = 'dead'")
Index("outbox_dead", outbox.c.id, sqlite_where=_dead, postgresql_where=_dead)
IS_LIMITED = text("template IN ('acknowledgement', 'refused', 'unproven', 'challenge', 'confirm', 'quarantine-answer')")
"""Letters that anybody can make us send, so that they are counted. The condition of the index below, word
for word: a bound value would not find it."""
Index(
    "outbox_limited",
    outbox.c.to_folded,
    outbox.c.created_at,
    sqlite_where=IS_LIMITED,
    postgresql_where=IS_LIMITED,
)
Index("outbox_ticket", outbox.c.ticket, outbox.c.id)

outbox_raw = Table(
    "outbox_raw",
    metadata,
    Column("outbox_id", Id, primary_key=True, autoincrement=False),
    Column("raw", LargeBinary, nullable=False),
)

# What is fetched from elsewhere: how far we have come, and which daemon does it.
mailbox = Table(
    "mailbox",
    metadata,
    Column("name", Words, primary_key=True),
    _words("worker"),
    Column("leased_until", BigInteger, nullable=False, server_default=text("0")),
    Column("uidvalidity", BigInteger, nullable=False, server_default=text("0")),
    Column("uid", BigInteger, nullable=False, server_default=text("0")),
)

# What lasts and an admin should know of, such as a relay that is away; a row goes when it is over.
state = Table(
    "state",
    metadata,
    Column("name", Words, primary_key=True),
    Column("since", Instant, nullable=False),
    _words("what"),
)

counter = Table(
    "counter",
    metadata,
    Column("name", Words, primary_key=True),  # "ticket", "entry", "outbox": last number given; "fate:X": letters so far
    Column("value", BigInteger, nullable=False),
)
