"""What people and the desk's own watch ask: tickets, threads, the ledger, the outbox, sums.

It refuses to write. Every function reads over the connection it is given; `memory` calls
them for the command line, the clock and the courier. Each is as quick with 100,000 tickets
as with a thousand: an index leads to the rows wanted, and limits are applied there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection, func, inspect, select, text

from maild.core.model import Entry, Envelope, Fate, Status, Ticket
from maild.store.intake import WRONG_TOKENS, envelope_of
from maild.store.outbox import outbox_of
from maild.store.rows import TICKETS, MailRow, OutboxRow, entry_of, mail_of, ticket_of
from maild.store.schema import HEAD, REVISIONS, counter, entry, mail, mail_raw, metadata, outbox, ticket


def schema_state(connection: Connection) -> str:
    """ "current", "empty", "old" (migrate), or "unknown": newer than this program or not ours at all."""
    names = set(inspect(connection).get_table_names())
    if "alembic_version" not in names:
        return "unknown" if names & set(metadata.tables) else "empty"
    version = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    if version == HEAD:
        return "current"
    return "old" if version in REVISIONS else "unknown"


def one_ticket(connection: Connection, number: int) -> Ticket | None:
    row = connection.execute(TICKETS.where(ticket.c.number == number)).first()
    return None if row is None else ticket_of(row)


def tickets(
    connection: Connection, statuses: Sequence[str], team: str | None, agent: str | None, limit: int
) -> list[Ticket]:
    """The newest tickets that fit; no statuses mean all."""
    wanted = TICKETS.order_by(ticket.c.number.desc()).limit(limit)
    if team is not None:
        wanted = wanted.where(ticket.c.team == team)
    if agent is not None:
        wanted = wanted.where(ticket.c.agent == agent)
    if statuses or team is not None or agent is not None:
        # The indexes go by status; a short walk for each beats one over all that was ever closed.
        walks = [wanted.where(ticket.c.status == one) for one in statuses or [status.value for status in Status]]
        found = [row for walk in walks for row in connection.execute(walk)]
        found.sort(key=lambda row: row.number, reverse=True)
        return [ticket_of(row) for row in found[:limit]]
    return [ticket_of(row) for row in connection.execute(wanted)]


def due(connection: Connection, now: datetime, limit: int) -> list[Ticket]:
    """Tickets whose time has come, the longest due first."""
    wanted = TICKETS.where(ticket.c.next_due <= now).order_by(ticket.c.next_due, ticket.c.number).limit(limit)
    return [ticket_of(row) for row in connection.execute(wanted)]


def entries(connection: Connection, number: int) -> list[Entry]:
    """A ticket's thread, oldest first."""
    wanted = select(entry).where(entry.c.ticket == number).order_by(entry.c.id)
    return [entry_of(row) for row in connection.execute(wanted)]


def raw(connection: Connection, mail_id: int) -> bytes | None:
    """A letter as it came."""
    return connection.execute(select(mail_raw.c.raw).where(mail_raw.c.mail_id == mail_id)).scalar()


def envelope(connection: Connection, mail_id: int) -> Envelope | None:
    """A letter as it came, and how."""
    wanted = select(mail, mail_raw.c.raw).join_from(mail, mail_raw, mail_raw.c.mail_id == mail.c.id)
    row = connection.execute(wanted.where(mail.c.id == mail_id)).first()
    return None if row is None else envelope_of(row)


def mail_row(connection: Connection, mail_id: int) -> MailRow | None:
    """The ledger's line of one letter."""
    row = connection.execute(select(mail).where(mail.c.id == mail_id)).first()
    return None if row is None else mail_of(row)


def ledger(connection: Connection, since: datetime | None, fate: str | None, limit: int) -> list[MailRow]:
    """The latest letters, newest first; `fate` may also be "waiting"."""
    wanted = select(mail).limit(limit)
    if since is not None:
        wanted = wanted.where(mail.c.received_at >= since)
    if fate == "waiting":
        # In the order of their own index: they are few, and found without a walk through all that was ever received.
        wanted = wanted.where(mail.c.ready_at.is_not(None)).order_by(mail.c.ready_at.desc(), mail.c.id.desc())
    else:
        wanted = wanted.order_by(mail.c.received_at.desc(), mail.c.id.desc())
        if fate is not None:
            wanted = wanted.where(mail.c.fate == fate)
    return [mail_of(row) for row in connection.execute(wanted)]


def ledger_sums(connection: Connection) -> dict[str, int]:
    """How many letters met each fate, "waiting" for one, and "received": the sum of all, pruned ones too."""
    wanted = select(counter.c.name, counter.c.value).where(counter.c.name.in_([f"fate:{fate.value}" for fate in Fate]))
    counted: Mapping[str, int] = dict(connection.execute(wanted).all())
    sums = {fate.value: counted.get(f"fate:{fate.value}", 0) for fate in Fate}
    waiting = select(func.count()).select_from(mail).where(mail.c.ready_at.is_not(None))
    sums["waiting"] = connection.execute(waiting).scalar_one()
    sums["received"] = sum(sums.values())
    return sums


def wrong_tokens(connection: Connection) -> int:
    """How many things that looked like tokens of ours and were none have been received."""
    return connection.scalar(select(counter.c.value).where(counter.c.name == WRONG_TOKENS)) or 0


def outbox_rows(connection: Connection, state: str | None, limit: int) -> list[OutboxRow]:
    """Our latest letters, newest first; queued ones in the order in which they will go."""
    wanted = select(outbox).limit(limit)
    if state == "queued":
        wanted = wanted.where(outbox.c.ready_at.is_not(None))
        wanted = wanted.order_by(outbox.c.lane, outbox.c.ready_at, outbox.c.id)
    else:
        wanted = wanted.order_by(outbox.c.id.desc())
        if state is not None:
            wanted = wanted.where(text("state = 'dead'") if state == "dead" else outbox.c.state == state)
    return [outbox_of(row) for row in connection.execute(wanted)]
