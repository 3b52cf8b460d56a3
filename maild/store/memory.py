"""The store as the rest of the program holds it: one object, safe to use from any thread.

It refuses to judge and knows nothing of mail. The desk accepts, claims, recalls and records
through it, the courier works the outbox, the clock asks what is due, the command line looks.
Writing goes through the one writer thread (`writer`), reading over pooled connections.
Everything raises Unavailable while the database cannot be reached, and works again by
itself once it can.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from datetime import datetime, timedelta
from functools import partial
from typing import TypeVar

from sqlalchemy import Connection, Engine, update

from maild.core.model import Clues, Entry, Envelope, Facts, Held, Release, SendLetter, Standing, Suppressed, Ticket
from maild.store import (
    health,
    intake,
    looking_back,
    mailboxes,
    once,
    outbox,
    queries,
    recall,
    recall_senders,
    record,
    states,
    suppression,
    trust,
    upkeep,
)
from maild.store.engine import reader_engine, sqlite_path, unavailable, writer_engine
from maild.store.intake import Arrival, Claimed
from maild.store.looking_back import Began, Hit
from maild.store.record import Worked
from maild.store.rows import MailRow, OutboxRow
from maild.store.schema import ticket
from maild.store.states import State
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

    def accept(self, arrival: Arrival) -> Future[int]:
        """Keep a letter. The future ends after COMMIT: the letter's id in the ledger, 0 for an exact duplicate
        (noted there), Unavailable when nothing was kept and the sender still owns it."""
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

    # ---------------------------------------------------------------- mailboxes elsewhere

    def mailbox_take(self, name: str, worker: str, now: datetime, lease: timedelta) -> tuple[int, int] | None:
        """Lease a mailbox until now + lease, or lease it on: the UIDVALIDITY and UID that were seen last, (0, 0)
        at first. None while it is another worker's."""
        return self._write(lambda connection: mailboxes.take(connection, name, worker, now, lease))

    def mailbox_seen(self, name: str, worker: str, uidvalidity: int, uid: int) -> None:
        """All letters up to this UID are dealt with."""
        self._write(lambda connection: mailboxes.seen(connection, name, worker, uidvalidity, uid))

    def mailbox_leave(self, name: str, worker: str) -> None:
        """End the lease; others may take the mailbox at once."""
        self._write(lambda connection: mailboxes.leave(connection, name, worker))

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

    def letters(self, mail_ids: Sequence[int]) -> dict[int, MailRow]:
        """The ledger's lines of these letters."""
        return self._read(lambda connection: looking_back.letters(connection, mail_ids))

    def began(self, since: datetime | None, limit: int) -> Iterator[Began]:
        """The letters that began tickets since then, newest first, at most `limit`, read a handful at a time."""
        before: tuple[datetime, int] | None = None
        while limit > 0:
            some = self._read(partial(looking_back.began, since=since, before=before, limit=limit))
            if not some:
                return
            yield from some
            limit -= len(some)
            before = some[-1].received_at, some[-1].mail_id

    def rule_hits(self) -> Iterator[Hit]:
        """Every time a rule did something with a ticket, as the threads remember it, oldest first."""
        last = self._read(looking_back.last_entry)
        for after in range(0, last, looking_back.ENTRIES):
            yield from self._read(partial(looking_back.hits, after=after))

    def ledger(self, since: datetime | None = None, fate: str | None = None, limit: int = 100) -> list[MailRow]:
        """The latest letters, newest first; `fate` may also be "waiting"."""
        return self._read(lambda connection: queries.ledger(connection, since, fate, limit))

    def ledger_sums(self) -> dict[str, int]:
        """Letters by fate, "waiting" for one, and "received": always the sum of all others."""
        return self._read(queries.ledger_sums)

    def held(self, mail_ids: Sequence[int]) -> dict[int, Held]:
        """Of these letters, those whose bytes are kept: fate, ticket, and how each begins."""
        return self._read(lambda connection: recall_senders.held(connection, mail_ids))

    # ---------------------------------------------------------------- senders

    def standings(self) -> list[tuple[str, Standing, datetime, str]]:
        """What admins have said of senders, by mail or at the shell: pattern, verdict, when, by whom."""
        return self._read(trust.all_standing)

    def forget_standing(self, pattern: str) -> bool:
        """Take back what was said of a sender; False where nothing was."""
        return self._write(lambda connection: trust.forget_standing(connection, pattern))

    def done_last(self, name: str) -> int:
        """Where the counter of something done once in a while stands (model.Once); 0 before the first time."""
        return self._read(lambda connection: once.value(connection, name))

    def suppressed(self) -> list[Suppressed]:
        """Addresses that get no automatic letters, because they are dead or complained."""
        return self._read(suppression.every)

    def release_address(self, email: str) -> bool:
        """Have automatic letters go to an address again; False where nothing held them up."""
        return self._write(lambda connection: suppression.release(connection, email))

    # ---------------------------------------------------------------- tokens

    def wrong_tokens(self) -> int:
        """How many things that looked like tokens of ours and were none have been received."""
        return self._read(queries.wrong_tokens)

    def revoke(self, whose: str, principals: Sequence[int], now: datetime) -> int:
        """Void every reply address and Message-ID made so far for these principals ("agent" or "person");
        the outbox id of the last letter that counts."""
        return self._write(lambda connection: trust.revoke(connection, whose, principals, now))

    def revoked(self, principals: Sequence[int]) -> dict[tuple[str, int], int]:
        """(whose, principal) → the last outbox id whose reply address is void."""
        return self._read(lambda connection: trust.revoked(connection, principals))

    def person_ids(self, email: str) -> list[int]:
        """The principals of the person with this address: one for each address they have; none for a stranger."""
        return self._read(lambda connection: trust.person_ids(connection, email))

    def address_of(self, person_id: int) -> str:
        """The address of a person, "" where there is none of this id."""
        return self._read(lambda connection: trust.address_of(connection, person_id))

    # ---------------------------------------------------------------- trouble that lasts

    def trouble(self, name: str, what: str, now: datetime) -> None:
        """Note that something is wrong, for whoever asks about the desk's health; "" ends it."""
        if what:
            self._write(lambda connection: states.note(connection, name, what, now))
        else:
            self._write(lambda connection: states.over(connection, name))

    def troubles(self) -> list[State]:
        """What is wrong, the longest first."""
        return self._read(states.every)

    def numbers(self) -> health.Numbers:
        """How much waits, and since when."""
        return self._read(health.numbers)

    def clock(self) -> datetime | None:
        """What time the database's machine has; None where that is ours."""
        return self._read(health.clock)

    # ---------------------------------------------------------------- the outbox

    def outbox_claim(self, limit: int, now: datetime, lease: timedelta, worker: str) -> list[OutboxRow]:
        """The letters that go next, leased to `worker`: lane by lane, in each the longest due first.

        Where more wait, every lane gets a share, and half of it are letters never tried before.
        """

        def work(connection: Connection) -> list[OutboxRow]:
            return outbox.claimed(connection, outbox.claim(connection, limit, now, lease, worker))

        return self._write(work)

    def outbox_fix(self, fixed: Sequence[tuple[int, str, bytes]]) -> None:
        """Keep the Message-ID and bytes of these letters (outbox ids) before their first attempt; what was kept
        once never changes."""
        self._write(lambda connection: outbox.fix(connection, fixed))

    def outbox_raw(self, outbox_id: int) -> bytes | None:
        """A letter's fixed bytes, None before they are fixed."""
        return self._read(lambda connection: outbox.raw(connection, outbox_id))

    def outbox_dot(self, outbox_id: int, now: datetime) -> None:
        """The final dot is about to be sent: after a crash now, the relay may have the letter."""
        self._write(lambda connection: outbox.dot(connection, outbox_id, now))

    def outbox_sent(self, outbox_id: int, now: datetime, relay_reply: str, ids: Sequence[str] = ()) -> Future[None]:
        """The relay has taken the letter, and gave it these further bare Message-IDs. The future ends after COMMIT."""
        return self._writer.submit(lambda connection: outbox.sent(connection, outbox_id, now, relay_reply, ids))

    def outbox_retry(self, outbox_id: int, next_try: datetime, error: str, *, doubt: bool = False) -> None:
        """The attempt failed for now; `doubt`: the relay may have taken the letter and could not say so."""
        self._write(lambda connection: outbox.retry(connection, outbox_id, next_try, error, doubt=doubt))

    def outbox_postpone(self, until: Mapping[int, datetime], why: str) -> None:
        """These claimed letters were not tried; that was no attempt, and each is due again then."""
        self._write(lambda connection: outbox.postpone(connection, until, why))

    def outbox_dead(self, outbox_id: int, error: str) -> None:
        """The letter is given up."""
        self._write(lambda connection: outbox.dead(connection, outbox_id, error))

    def outbox_forget(self, after: int, before: datetime, limit: int) -> tuple[int | None, int]:
        """Drop the bytes of automatic letters sent before then, among the next `limit` after this outbox id.

        The last id looked at (None: no more) and how many were dropped.
        """
        return self._write(lambda connection: outbox.forget(connection, after, before, limit))

    def outbox(self, state: str | None = None, limit: int = 100) -> list[OutboxRow]:
        """Our latest letters ("queued", "sent", "dead" or all) without ticket and entry: newest first, but queued
        ones in the order in which they will go."""
        return self._read(lambda connection: queries.outbox_rows(connection, state, limit))
