"""The store as the rest of the program holds it: one object, safe to use from any thread.

It refuses to judge and knows nothing of mail. The desk accepts, claims, recalls and records
through it, the courier works the outbox, the clock asks what is due, the command line looks.
Writing goes through the one writer thread (`writer`), reading over pooled connections.
Everything raises Unavailable while the database cannot be reached, and works again by
itself once it can.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from datetime import datetime, timedelta
from functools import partial
from typing import TypeVar

from sqlalchemy import Connection, Engine, update

from maild.core.model import Clues, Entry, Envelope, Facts, Release, SendLetter, Ticket
from maild.store import intake, outbox, queries, recall, record, upkeep
from maild.store.engine import reader_engine, sqlite_path, unavailable, writer_engine
from maild.store.intake import Arrival, Claimed
from maild.store.record import Worked
from maild.store.rows import MailRow, OutboxRow
from maild.store.schema import ticket
from maild.store.writer import Writer

T = TypeVar("T")


def open_store(url: str, *, checkpoint: bool = True) -> Store:
    """The store of `sqlite:///path` or `postgresql+psycopg://…`; nothing is connected or migrated yet.

    `checkpoint`: whether it may write SQLite's log back into the database; of all processes that write at
    the same time one may, and the log grows until it does. Raises ValueError for other URLs.
    """
    return Store(url, checkpoint=checkpoint)


class Store:
    """See the module. `notify` is called without arguments, from any thread, after a commit that made letters
    to work or letters to send; it must be quick and may be None."""

    def __init__(self, url: str, *, checkpoint: bool = True) -> None:
        self._path = sqlite_path(url)
        self._readers: Engine = reader_engine(url)
        self._engine: Engine = writer_engine(url, checkpoint=checkpoint)
        self._writer = Writer(self._engine, intake.accept, self._notify)
        self.notify: Callable[[], None] | None = None

    def close(self) -> None:
        """Finish what was handed in, then let go of the database."""
        self._readers.dispose()
        self._writer.close()
        self._engine.dispose()

    def _notify(self) -> None:
        if self.notify is not None:
            self.notify()

    def _write(self, work: Callable[[Connection], T], *, wakes: bool = False) -> T:
        return self._writer.submit(work, wakes=wakes).result()

    def _read(self, work: Callable[[Connection], T]) -> T:
        try:
            with self._readers.connect() as connection:
                return work(connection)
        except Exception as error:
            said = unavailable(error)
            if said is None:
                raise
            raise said from error

    def schema_state(self) -> str:
        """ "current", "empty" (make it with `migrate`), "old" (`migrate`), or "unknown": newer than this program
        or not ours. Costs no import of Alembic."""
        if self._path is not None and not self._path.exists():
            return "empty"
        return self._read(queries.schema_state)

    # ---------------------------------------------------------------- letters coming in

    def accept(self, arrival: Arrival) -> Future[bool]:
        """Keep a letter. The future ends after COMMIT: True for a new letter, False for an exact duplicate
        (noted in the ledger), Unavailable when nothing was kept and the sender still owns it."""
        return self._writer.accept(arrival, len(arrival.envelope.raw))

    def claim(self, limit: int, now: datetime, lease: timedelta, worker: str) -> list[Claimed]:
        """The oldest letters that wait, at most `limit` and 48 MB of them, leased to `worker` until now + lease.

        The attempt is counted and committed before anybody looks at the letter.
        """

        def work(connection: Connection) -> list[Claimed]:
            return intake.claimed(connection, intake.claim(connection, limit, now, lease, worker))

        return self._write(work)

    def recall(self, clues: Sequence[tuple[int, Clues]], now: datetime) -> list[Facts]:
        """What memory knows about each of these letters (mail id, clues), in this order."""
        return self._read(lambda connection: recall.recall(connection, clues, now)) if clues else []

    def record(self, worked: Sequence[Worked], now: datetime) -> list[int | None]:
        """Write all outcomes in one transaction; each one's ticket number, None where it has none.

        The int is the letter whose fate is set, None for the clock and commands. Raises Stale when a ticket
        changed since it was recalled, ValueError for an outcome that contradicts itself; then nothing was written.
        A letter that another worker finished meanwhile keeps its fate, its outcome here is dropped.
        """
        if not worked:
            return []
        sends = any(isinstance(change, SendLetter | Release) for _, outcome in worked for change in outcome.changes)
        return self._write(lambda connection: record.record(connection, worked, now), wakes=sends)

    def failed(self, mail_id: int, error: str, now: datetime, quarantine: bool) -> None:
        """Note a failed attempt (`error`: the traceback): a later try, or quarantine for good."""
        self._write(lambda connection: intake.failed(connection, mail_id, error, now, quarantine))

    def requeue(self, mail_id: int, *, confirmed: bool = False) -> bool:
        """Have a letter worked anew; False where it left a trace in a ticket, or was never stored.

        `confirmed`: its author's identity is settled.
        """
        return self._write(lambda connection: intake.requeue(connection, mail_id, confirmed=confirmed), wakes=True)

    def release(self, worker: str) -> None:
        """Give back what this worker had claimed when it died."""
        self._write(lambda connection: upkeep.release(connection, worker), wakes=True)

    # ---------------------------------------------------------------- tickets

    def reset_due(self, next_due: Callable[[Ticket], datetime | None]) -> int:
        """Give every ticket that is not closed its due time anew, as a changed policy wants; how many moved."""
        after: int | None = 0
        total = 0
        while after is not None:
            work = partial(upkeep.reset_due, after=after, next_due=next_due)
            after, moved = self._write(work)
            total += moved
        return total

    def due(self, now: datetime, limit: int) -> list[Ticket]:
        """Tickets whose `next_due` has come, the longest due first."""
        return self._read(lambda connection: queries.due(connection, now, limit))

    def push(self, number: int, until: datetime) -> None:
        """Set a ticket aside until then, after an error with it; its version stays."""
        change = update(ticket).where(ticket.c.number == number).values(next_due=until)

        def work(connection: Connection) -> None:
            connection.execute(change)

        self._write(work)

    def ticket(self, number: int) -> Ticket | None:
        return self._read(lambda connection: queries.one_ticket(connection, number))

    def tickets(
        self, statuses: Sequence[str] = (), team: str | None = None, agent: str | None = None, limit: int = 100
    ) -> list[Ticket]:
        """The newest tickets that fit; no statuses mean all."""
        return self._read(lambda connection: queries.tickets(connection, statuses, team, agent, limit))

    def entries(self, number: int) -> list[Entry]:
        """A ticket's thread, oldest first."""
        return self._read(lambda connection: queries.entries(connection, number))

    # ---------------------------------------------------------------- the mail ledger

    def raw(self, mail_id: int) -> bytes | None:
        """A letter as it came; None for an unknown one and for an exact duplicate."""
        return self._read(lambda connection: queries.raw(connection, mail_id))

    def envelope(self, mail_id: int) -> Envelope | None:
        """A letter as it came, and how."""
        return self._read(lambda connection: queries.envelope(connection, mail_id))

    def letter(self, mail_id: int) -> MailRow | None:
        """The ledger's line of one letter."""
        return self._read(lambda connection: queries.mail_row(connection, mail_id))

    def ledger(self, since: datetime | None = None, fate: str | None = None, limit: int = 100) -> list[MailRow]:
        """The latest letters, newest first; `fate` may also be "waiting"."""
        return self._read(lambda connection: queries.ledger(connection, since, fate, limit))

    def ledger_sums(self) -> dict[str, int]:
        """Letters by fate, "waiting" for one, and "received": always the sum of all others."""
        return self._read(queries.ledger_sums)

    # ---------------------------------------------------------------- the outbox

    def outbox_claim(self, limit: int, now: datetime, lease: timedelta, worker: str) -> list[OutboxRow]:
        """The letters that go next, leased to `worker`: lane by lane, in each the longest due first."""

        def work(connection: Connection) -> list[OutboxRow]:
            return outbox.claimed(connection, outbox.claim(connection, limit, now, lease, worker))

        return self._write(work)

    def outbox_fix(self, outbox_id: int, message_id: str, raw: bytes) -> None:
        """Keep a letter's bytes and Message-ID before its first attempt; what was kept once never changes."""
        self._write(lambda connection: outbox.fix(connection, outbox_id, message_id, raw))

    def outbox_raw(self, outbox_id: int) -> bytes | None:
        """A letter's fixed bytes, None before they are fixed."""
        return self._read(lambda connection: outbox.raw(connection, outbox_id))

    def outbox_dot(self, outbox_id: int, now: datetime) -> None:
        """The final dot is about to be sent: after a crash now, the relay may have the letter."""
        self._write(lambda connection: outbox.dot(connection, outbox_id, now))

    def outbox_sent(self, outbox_id: int, now: datetime, relay_reply: str) -> None:
        """The relay has taken the letter."""
        self._write(lambda connection: outbox.sent(connection, outbox_id, now, relay_reply))

    def outbox_retry(self, outbox_id: int, next_try: datetime, error: str) -> None:
        """The attempt failed for now."""
        self._write(lambda connection: outbox.retry(connection, outbox_id, next_try, error))

    def outbox_dead(self, outbox_id: int, error: str) -> None:
        """The letter is given up."""
        self._write(lambda connection: outbox.dead(connection, outbox_id, error))

    def outbox(self, state: str | None = None, limit: int = 100) -> list[OutboxRow]:
        """Our latest letters ("queued", "sent", "dead" or all) without ticket and entry: newest first, but queued
        ones in the order in which they will go."""
        return self._read(lambda connection: queries.outbox_rows(connection, state, limit))
