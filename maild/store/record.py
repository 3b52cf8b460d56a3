"""Decisions become rows: any number of outcomes, one transaction, all or nothing.

It refuses to judge; it only writes down. `memory` calls `record` inside a transaction.
Statements go table by table with all rows at once, and rows that other nodes might touch
too are locked in one order everywhere: letters, persons, tickets, counters.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, insert, select, update

from maild.core.model import (
    AddEntry,
    Entry,
    EntryKind,
    Letter,
    Once,
    OpenTicket,
    Outcome,
    Person,
    Publish,
    Release,
    Remember,
    Revive,
    SamePerson,
    SendLetter,
    SetField,
    Stand,
    Suppress,
)
from maild.store import known, once, suppression, trust
from maild.store.intake import count_fates, count_wrong, requeue, upserts
from maild.store.outbox import remember
from maild.store.rows import chunks, dumps, entry_row, letter_rest, ticket_row
from maild.store.schema import (
    LONG_ADDRESS,
    counter,
    entry,
    fold,
    mail,
    micros,
    outbox,
    person,
    ticket,
)

Worked = tuple[int | None, Outcome]


class Stale(Exception):
    """A ticket changed between recall and record: nothing was recorded, recall and decide again."""


@dataclass(slots=True)
class _Item:
    """One outcome on its way into rows."""

    mail_id: int | None
    outcome: Outcome
    number: int | None = None
    message_id: str = ""
    entries: list[Entry] = field(default_factory=list)
    letters: list[Letter] = field(default_factory=list)
    released: list[int] = field(default_factory=list)
    published: list[int] = field(default_factory=list)
    opens: bool = False
    last_added: int | None = None  # index of the last AddEntry among `entries`

    @property
    def once(self) -> Once | None:
        """What its being recorded hangs on."""
        return next((change for change in self.outcome.changes if isinstance(change, Once)), None)

    @property
    def changes_ticket(self) -> bool:
        """Whether a ticket that exists becomes another."""
        return not self.opens and self.outcome.after is not None and self.outcome.after != self.outcome.before


def record(connection: Connection, worked: Sequence[Worked], now: datetime) -> list[int | None]:
    """Write all outcomes; the ticket number of each, None where there is none.

    A letter that has got its fate from another worker meanwhile is left as it is, and its outcome is dropped.
    Raises Stale, ValueError for an outcome that contradicts itself.
    """
    items = [_item(mail_id, outcome, now) for mail_id, outcome in worked]
    also = [_item(None, outcome, now) for _, first in worked for outcome in first.also]
    done = _lock_letters(connection, items)
    dropped = {id(outcome) for mail_id, first in worked if mail_id in done for outcome in first.also}
    todo = [item for item in items if item.mail_id not in done]
    todo += [item for item in also if id(item.outcome) not in dropped]
    todo = [item for item in todo if once.first(connection, item.once)]
    people = _people(connection, todo)
    _update_tickets(connection, todo, people)
    fates = Counter(item.outcome.fate for item in todo if item.mail_id is not None and item.outcome.fate is not None)
    opened = [item for item in todo if item.opens]
    for item, number in zip(opened, _allot(connection, "ticket", len(opened)), strict=True):
        item.number = number
    entry_ids = _insert_entries(connection, todo)
    if published := [{"of_id": one} for item in todo for one in item.published]:
        connection.execute(_PUBLISH, published)
    _insert_letters(connection, todo, people, entry_ids, now)
    count_fates(connection, fates)
    count_wrong(connection, sum(item.outcome.wrong for item in todo))
    _insert_tickets(connection, opened, people)
    _know(connection, todo)
    _set_fates(connection, todo)
    for held in (held for item in todo for held in item.released):
        requeue(connection, held, confirmed=True)
    said = [change for item in todo for change in item.outcome.changes]
    trust.record_standing(connection, [one for one in said if isinstance(one, Stand)], now)
    trust.record_same(connection, [one for one in said if isinstance(one, SamePerson)])
    remember(connection, [one for one in said if isinstance(one, Remember)])
    suppression.record(connection, said, now)
    return [done.get(item.mail_id, item.number) for item in items]


def _item(mail_id: int | None, outcome: Outcome, now: datetime) -> _Item:
    if mail_id is not None and outcome.fate is None:
        raise ValueError(f"letter {mail_id}: an outcome without a fate")
    item = _Item(mail_id, outcome)
    for change in outcome.changes:
        match change:
            case OpenTicket():
                item.opens = True
            case AddEntry(added):
                item.last_added = len(item.entries)
                item.entries.append(added)
            case SetField(name, old, new, by):
                data = {"field": name, "old": old, "new": new}
                item.entries.append(Entry(kind=EntryKind.EVENT, at=now, author=by, data=data))
            case SendLetter(letter):
                item.letters.append(letter)
            case Release(held):
                item.released.append(held)
            case Stand() | SamePerson() | Once() | Remember() | Suppress() | Revive():
                pass  # taken from the outcome where they are written
            case Publish(entry_id):
                item.published.append(entry_id)
    if not item.opens:
        known = outcome.before or outcome.after
        item.number = known.number if known else None
    _refuse_contradictions(item)
    return item


def _refuse_contradictions(item: _Item) -> None:
    outcome, where = item.outcome, f"letter {item.mail_id}: " if item.mail_id is not None else ""
    if item.opens and (outcome.before is not None or outcome.after is None):
        raise ValueError(f"{where}a ticket that begins has no before and needs an after")
    if not item.opens and item.number == 0:
        raise ValueError(f"{where}a ticket without a number, and no OpenTicket")
    if outcome.before is not None and outcome.after is not None and outcome.before.number != outcome.after.number:
        raise ValueError(f"{where}ticket {outcome.before.number} cannot become ticket {outcome.after.number}")
    if outcome.before is None and outcome.after is not None and not item.opens:
        raise ValueError(f"{where}ticket {outcome.after.number} without its before")
    if item.entries and item.number is None and not item.opens:
        raise ValueError(f"{where}an entry without a ticket")
    if item.once is not None and item.mail_id is not None:
        raise ValueError(f"{where}its fate must not hang on a counter")
    if any(letter.about_entry for letter in item.letters) and item.last_added is None:
        raise ValueError(f"{where}a letter about an entry, and no AddEntry")


# ------------------------------------------------------------------------------ letters and persons

_LETTERS = (
    select(mail.c.id, mail.c.ready_at, mail.c.ticket, mail.c.message_id)
    .where(mail.c.id.in_(bindparam("ids", expanding=True)))
    .order_by(mail.c.id)
    .with_for_update()
)


def _lock_letters(connection: Connection, items: Iterable[_Item]) -> dict[int | None, int | None]:
    """Letters that have their fate already, with their ticket; the others are ours until the end."""
    mine = {item.mail_id: item for item in items if item.mail_id is not None}
    done: dict[int | None, int | None] = {}
    seen = 0
    for some in chunks(sorted(mine)):
        for mail_id, ready_at, number, message_id in connection.execute(_LETTERS, {"ids": some}):
            seen += 1
            mine[mail_id].message_id = message_id
            if ready_at is None:
                done[mail_id] = number
    if seen != len(mine):
        raise ValueError(f"letters {sorted(mine)[:5]}…: at least one of them was never stored")
    return done


_PERSONS = select(person.c.id, person.c.folded, person.c.name).where(
    person.c.folded.in_(bindparam("folded", expanding=True))
)
_NEW_PERSON = {
    name: statement.on_conflict_do_nothing(index_elements=["folded"]) for name, statement in upserts(person).items()
}
_NAME = update(person).where(person.c.id == bindparam("of_id")).values(name=bindparam("its_name"))


def _people(connection: Connection, items: Iterable[_Item]) -> dict[str, int]:
    """Ids of requesters known only by address, who are met here for the first time or not."""
    wanted: dict[str, Person] = {}
    for item in items:
        after = item.outcome.after
        if after is not None and after.requester.id == 0:
            folded = fold(after.requester.email)
            if folded not in wanted or not wanted[folded].name:
                wanted[folded] = after.requester
    found: dict[str, int] = {}
    nameless: list[dict[str, Any]] = []
    _find_persons(connection, wanted, found, nameless)
    new = [folded for folded in sorted(wanted) if folded not in found]
    if new:
        rows = [
            {"folded": one, "email": wanted[one].email.strip()[:LONG_ADDRESS], "name": wanted[one].name} for one in new
        ]
        connection.execute(_NEW_PERSON[connection.dialect.name], rows)
        _find_persons(connection, {one: wanted[one] for one in new}, found, [])
    if nameless:
        connection.execute(_NAME, nameless)
    return found


def _find_persons(
    connection: Connection, wanted: dict[str, Person], found: dict[str, int], nameless: list[dict[str, Any]]
) -> None:
    for some in chunks(wanted):
        for person_id, folded, name in connection.execute(_PERSONS, {"folded": some}):
            found[folded] = person_id
            if not name and wanted[folded].name:
                nameless.append({"of_id": person_id, "its_name": wanted[folded].name})


def _requester(item: _Item, people: dict[str, int]) -> int:
    known = item.outcome.after or item.outcome.before
    if known is None:
        return 0
    return known.requester.id or people.get(fold(known.requester.email), 0)


# ------------------------------------------------------------------------------ tickets

_CHANGED = [
    *(
        "subject",
        "requester_id",
        "address",
        "status",
        "topic",
        "priority",
        "team",
        "agent",
        "sla",
        "tags",
        "watchers",
        "copied",
        "collaborators",
        "departed",
        "organisation",
        "linked",
        "merged_into",
        "digest",
        "pulse",
        "files",
        "quiet_until",
    ),
    *("clock_from", "responded_at", "waiting_since", "waited", "resolved_at", "closed_at", "closing"),
    *("last_message_id", "thread_ids", "marks", "since", "next_due"),
]
_UPDATE_TICKET = (
    update(ticket)
    .where(ticket.c.number == bindparam("of_number"), ticket.c.version == bindparam("of_version"))
    .values({name: bindparam(name) for name in _CHANGED} | {"version": ticket.c.version + 1})
)
_INSERT_TICKET = insert(ticket)


def _update_tickets(connection: Connection, items: Iterable[_Item], people: dict[str, int]) -> None:
    rows = []
    for item in items:
        before, after = item.outcome.before, item.outcome.after
        if item.changes_ticket and before is not None and after is not None:
            row = ticket_row(after, before.number, _requester(item, people))
            row["of_number"] = row.pop("number")
            row["of_version"] = before.version
            rows.append(row)
    if not rows:
        return
    rows.sort(key=lambda row: row["of_number"])
    if connection.execute(_UPDATE_TICKET, rows).rowcount != len(rows):
        raise Stale(f"one of the tickets {', '.join(str(row['of_number']) for row in rows)} has changed")


def _insert_tickets(connection: Connection, opened: Iterable[_Item], people: dict[str, int]) -> None:
    rows = []
    for item in opened:
        after = item.outcome.after
        if after is not None and item.number is not None:
            row = ticket_row(after, item.number, _requester(item, people))
            row["created_at"] = after.created_at
            rows.append(row)
    if rows:
        connection.execute(_INSERT_TICKET, rows)


_ALLOT = (
    update(counter)
    .where(counter.c.name == bindparam("of_name"))
    .values(value=counter.c.value + bindparam("n"))
    .returning(counter.c.value)
)


def _allot(connection: Connection, name: str, n: int) -> range:
    """The next n numbers of a counter; without gaps, because a transaction that fails gives them back."""
    if n == 0:
        return range(0)
    last = connection.execute(_ALLOT, {"of_name": name, "n": n}).scalar_one()
    return range(last - n + 1, last + 1)


# ------------------------------------------------------------------------------ thread, outbox, ids, fates

_INSERT_ENTRY = insert(entry)
_PUBLISH = update(entry).where(entry.c.id == bindparam("of_id")).values(public=1)
_INSERT_OUTBOX = insert(outbox)


def _insert_entries(connection: Connection, items: Sequence[_Item]) -> dict[int, int]:
    """Write the thread; the id of the entry an item's letters are about, by position of the item."""
    ids = iter(_allot(connection, "entry", sum(len(item.entries) for item in items)))
    rows = []
    about = {}
    for position, item in enumerate(items):
        for index, one in enumerate(item.entries):
            entry_id = next(ids)
            rows.append(entry_row(one, entry_id, item.number or 0))
            if index == item.last_added:
                about[position] = entry_id
    if rows:
        connection.execute(_INSERT_ENTRY, rows)
    return about


def _insert_letters(
    connection: Connection, items: Sequence[_Item], people: dict[str, int], entry_ids: dict[int, int], now: datetime
) -> None:
    ids = iter(_allot(connection, "outbox", sum(len(item.letters) for item in items)))
    due = micros(now)
    rows = [
        {
            "id": next(ids),
            "ticket": item.number,
            "entry_id": entry_ids[position] if letter.about_entry else None,
            "template": letter.template,
            "to_email": letter.to.email,
            "to_name": letter.to.name,
            "to_folded": fold(letter.to.email),
            "lane": letter.lane.value,
            "purpose": None if letter.purpose is None else letter.purpose.value,
            "principal": letter.principal or _requester(item, people),
            "letter": letter_rest(letter),
            "created_at": now,
            "ready_at": due,
        }
        for position, item in enumerate(items)
        for letter in item.letters
    ]
    if rows:
        connection.execute(_INSERT_OUTBOX, rows)


def _know(connection: Connection, items: Iterable[_Item]) -> None:
    """Remember under which ids and names a letter that joined a ticket may be referred to."""
    ids, names = [], []
    for item in items:
        if item.mail_id is not None and item.number is not None:
            theirs = {item.message_id, *(one.message_id for one in item.entries if one.mail_id == item.mail_id)}
            ids += [(one, item.number, item.mail_id) for one in sorted(theirs - {""})]
            names += [(one, item.number, item.mail_id) for one in sorted(set(item.outcome.known_as))]
    known.remember(connection, ids, names)


_FATE = (
    update(mail)
    .where(mail.c.id == bindparam("of_id"))
    .values(
        fate=bindparam("fate"),
        reason=bindparam("reason"),
        trace=bindparam("trace"),
        ticket=bindparam("ticket"),
        ready_at=None,
    )
)


def _set_fates(connection: Connection, items: Iterable[_Item]) -> None:
    rows = [
        {
            "of_id": item.mail_id,
            "fate": item.outcome.fate.value,
            "reason": item.outcome.reason,
            "trace": dumps(item.outcome.trace),
            "ticket": item.number,
        }
        for item in items
        if item.mail_id is not None and item.outcome.fate is not None
    ]
    if rows:
        connection.execute(_FATE, rows)
