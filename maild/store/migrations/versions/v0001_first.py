"""The first schema."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

Id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _words(name: str, default: str = "") -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=False, server_default=sa.text(f"'{default}'"))


def _number(name: str, default: str | None = None, nullable: bool = False) -> sa.Column[int]:
    return sa.Column(
        name, sa.BigInteger(), nullable=nullable, server_default=None if default is None else sa.text(default)
    )


def _small(name: str, default: str) -> sa.Column[int]:
    return sa.Column(name, sa.Integer(), nullable=False, server_default=sa.text(default))


def _partial_index(name: str, table: str, columns: list[str], condition: str) -> None:
    where = sa.text(condition)
    op.create_index(name, table, columns, sqlite_where=where, postgresql_where=where)


def _mail() -> None:
    op.create_table(
        "mail",
        sa.Column("id", Id, primary_key=True),
        sa.Column("key", sa.Text(), nullable=False, unique=True),
        _words("message_id"),
        _words("mail_from"),
        _words("rcpts", "[]"),
        _words("door"),
        _words("peer"),
        _words("helo"),
        _number("received_at"),
        _number("size", "0"),
        _number("ready_at", nullable=True),
        _small("attempts", "0"),
        _words("worker"),
        sa.Column("fate", sa.Text()),
        _words("reason"),
        _words("trace", "[]"),
        _words("error"),
        _number("ticket", nullable=True),
        _small("times", "1"),
        _small("confirmed", "0"),
    )
    _partial_index("mail_ready", "mail", ["ready_at", "id"], "ready_at IS NOT NULL")
    op.create_index("mail_received", "mail", ["received_at"])
    op.create_index("mail_fate", "mail", ["fate", "received_at"])
    op.create_table(
        "mail_raw",
        sa.Column("mail_id", Id, primary_key=True, autoincrement=False),
        sa.Column("raw", sa.LargeBinary(), nullable=False),
    )


def _ticket() -> None:
    op.create_table(
        "person",
        sa.Column("id", Id, primary_key=True),
        sa.Column("folded", sa.Text(), nullable=False, unique=True),
        _words("email"),
        _words("name"),
    )
    op.create_table(
        "ticket",
        sa.Column("number", Id, primary_key=True, autoincrement=False),
        _words("subject"),
        _number("requester_id"),
        _words("address"),
        _number("created_at"),
        _words("status", "new"),
        *(_words(name) for name in ("topic", "priority", "team", "agent", "sla")),
        _words("tags", "[]"),
        _words("watchers", "[]"),
        _words("copied", "[]"),
        *(_number(name, nullable=True) for name in ("clock_from", "responded_at", "waiting_since")),
        sa.Column("waited", sa.Double(), nullable=False, server_default=sa.text("0")),
        _number("resolved_at", nullable=True),
        _number("closed_at", nullable=True),
        _words("closing"),
        _words("last_message_id"),
        _words("thread_ids", "[]"),
        _words("marks", "[]"),
        _number("next_due", nullable=True),
        _small("version", "1"),
    )
    _partial_index("ticket_due", "ticket", ["next_due", "number"], "next_due IS NOT NULL")
    op.create_index("ticket_status", "ticket", ["status", "number"])
    op.create_index("ticket_team", "ticket", ["team", "status", "number"])
    op.create_index("ticket_agent", "ticket", ["agent", "status", "number"])
    op.create_index("ticket_requester", "ticket", ["requester_id", "number"])


def _thread() -> None:
    op.create_table(
        "entry",
        sa.Column("id", Id, primary_key=True, autoincrement=False),
        _number("ticket"),
        _words("kind"),
        _number("at"),
        _words("author"),
        _words("author_name"),
        sa.Column("public", sa.SmallInteger(), nullable=False, server_default=sa.text("0")),
        _words("text"),
        _number("mail_id", nullable=True),
        _words("message_id"),
        _words("data", "{}"),
    )
    op.create_index("entry_ticket", "entry", ["ticket", "id"])
    op.create_table(
        "known_id",
        sa.Column("message_id", sa.Text(), primary_key=True),
        sa.Column("ticket", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("mail_id", sa.BigInteger(), primary_key=True, autoincrement=False),
        sqlite_with_rowid=False,
    )


def _outbox() -> None:
    op.create_table(
        "outbox",
        sa.Column("id", Id, primary_key=True, autoincrement=False),
        _number("ticket", nullable=True),
        _number("entry_id", nullable=True),
        *(_words(name) for name in ("template", "to_email", "to_name", "to_folded")),
        sa.Column("lane", sa.SmallInteger(), nullable=False),
        sa.Column("purpose", sa.Text()),
        _number("principal", "0"),
        _words("letter", "{}"),
        _number("created_at"),
        _words("state", "queued"),
        _number("ready_at", nullable=True),
        _small("attempts", "0"),
        *(_words(name) for name in ("worker", "message_id", "error", "relay_reply")),
        _number("dot_at", nullable=True),
        _number("sent_at", nullable=True),
    )
    _partial_index("outbox_ready", "outbox", ["lane", "ready_at", "id"], "ready_at IS NOT NULL")
    _partial_index("outbox_dead", "outbox", ["id"], "state = 'dead'")
    acknowledgement = "template = 'acknowledgement'"
    _partial_index("outbox_acknowledgement", "outbox", ["to_folded", "created_at"], acknowledgement)
    op.create_index("outbox_ticket", "outbox", ["ticket", "id"])
    op.create_table(
        "outbox_raw",
        sa.Column("outbox_id", Id, primary_key=True, autoincrement=False),
        sa.Column("raw", sa.LargeBinary(), nullable=False),
    )


def _counter() -> None:
    counter = op.create_table(
        "counter",
        sa.Column("name", sa.Text(), primary_key=True),
        sa.Column("value", sa.BigInteger(), nullable=False),
    )
    first = [{"name": "ticket", "value": 1000}, {"name": "entry", "value": 0}, {"name": "outbox", "value": 0}]
    op.bulk_insert(counter, first)


def upgrade() -> None:
    _mail()
    _ticket()
    _thread()
    _outbox()
    _counter()
