"""Who takes part, who is trusted, what was revoked; tickets merged; floods told once; addresses that are dead."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def _words(name: str, default: str = "") -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=False, server_default=sa.text(f"'{default}'"))


def _number(name: str, *, nullable: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), nullable=nullable)


def _mail() -> None:
    op.add_column("mail", _words("agent"))


def _ticket() -> None:
    for column in (
        _words("collaborators", "[]"),
        _words("departed", "[]"),
        _words("organisation"),
        _words("linked", "[]"),
        _number("merged_into", nullable=True),
        _words("digest"),
        _words("pulse", "[]"),
        _words("files", "[]"),
        _words("since", "{}"),
        _number("quiet_until", nullable=True),
    ):
        op.add_column("ticket", column)
    op.drop_index("ticket_requester", "ticket")
    op.create_index("ticket_requester", "ticket", ["requester_id", "created_at"])


def _people() -> None:
    op.add_column("person", _number("same_as", nullable=True))
    alias = sa.text("same_as IS NOT NULL")
    op.create_index("person_alias", "person", ["same_as"], sqlite_where=alias, postgresql_where=alias)
    op.create_table(
        "revocation",
        sa.Column("whose", sa.Text(), primary_key=True),
        sa.Column("principal", sa.BigInteger(), primary_key=True, autoincrement=False),
        _number("through"),
        _number("at"),
    )
    op.create_table(
        "standing",
        sa.Column("pattern", sa.Text(), primary_key=True),
        _words("verdict"),
        _number("at"),
        _words("by"),
    )
    op.create_table(
        "suppression",
        sa.Column("email", sa.Text(), primary_key=True),
        sa.Column("complaint", sa.Integer(), primary_key=True, autoincrement=False),
        _number("since"),
        _words("reason"),
        _number("outbox_id"),
    )


def _outbox() -> None:
    op.add_column("outbox", _words("reported"))
    op.drop_index("outbox_acknowledgement", "outbox")
    where = sa.text(
        "template IN ('acknowledgement', 'refused', 'unproven', 'challenge', 'confirm', 'quarantine-answer')"
    )
    op.create_index("outbox_limited", "outbox", ["to_folded", "created_at"], sqlite_where=where, postgresql_where=where)
    where = sa.text("ready_at IS NOT NULL AND attempts = 0")
    op.create_index("outbox_fresh", "outbox", ["lane", "ready_at", "id"], sqlite_where=where, postgresql_where=where)


def _mailboxes() -> None:
    op.create_table(
        "mailbox",
        sa.Column("name", sa.Text(), primary_key=True),
        _words("worker"),
        *(
            sa.Column(name, sa.BigInteger(), nullable=False, server_default=sa.text("0"))
            for name in ("leased_until", "uidvalidity", "uid")
        ),
    )


def _states() -> None:
    op.create_table("state", sa.Column("name", sa.Text(), primary_key=True), _number("since"), _words("what"))


def upgrade() -> None:
    _mail()
    _ticket()
    _people()
    _outbox()
    _states()
    _mailboxes()
