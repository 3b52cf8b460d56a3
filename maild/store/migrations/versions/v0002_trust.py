"""Who takes part, who is trusted, what was revoked; tickets merged; floods told once."""

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


def _ticket() -> None:
    for column in (
        _words("collaborators", "[]"),
        _words("organisation"),
        _number("merged_into", nullable=True),
        _words("digest"),
        _words("pulse", "[]"),
        _number("quiet_until", nullable=True),
    ):
        op.add_column("ticket", column)
    op.drop_index("ticket_requester", "ticket")
    op.create_index("ticket_requester", "ticket", ["requester_id", "created_at"])


def _people() -> None:
    op.add_column("person", _number("same_as", nullable=True))
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


def _outbox() -> None:
    op.drop_index("outbox_acknowledgement", "outbox")
    where = sa.text("template IN ('acknowledgement', 'refused', 'unproven', 'challenge')")
    op.create_index("outbox_limited", "outbox", ["to_folded", "created_at"], sqlite_where=where, postgresql_where=where)


def upgrade() -> None:
    _ticket()
    _people()
    _outbox()
