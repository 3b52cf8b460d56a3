"""Everything memory knows that bears on a letter, for many letters at once.

It refuses to write and to judge: a handful of SELECT … IN (…) for the whole batch, whatever
its size. `memory` calls `recall`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from sqlalchemy import Connection, bindparam, func, select

from maild.core.model import Clues, Facts, Known, Person, Purpose, SentLetter, Ticket
from maild.store.rows import chunks, tickets_by_number
from maild.store.schema import IS_LIMITED, entry, fold, id_key, known_id, mail, outbox, person

COUNTED = timedelta(hours=24)
"""The time in which letters that anybody can make us send are counted, for each recipient."""

_KNOWN = (
    select(known_id.c.message_id, known_id.c.ticket, known_id.c.mail_id)
    .where(known_id.c.message_id.in_(bindparam("ids", expanding=True)))
    .order_by(known_id.c.message_id, known_id.c.ticket, known_id.c.mail_id)
)
_SENT = select(outbox.c.id, outbox.c.ticket, outbox.c.template, outbox.c.to_email, outbox.c.purpose).where(
    outbox.c.id.in_(bindparam("ids", expanding=True))
)
_PERSONS = select(person).where(person.c.folded.in_(bindparam("folded", expanding=True)))
_KEYS = select(mail.c.id, mail.c.key).where(mail.c.id.in_(bindparam("ids", expanding=True)))
_TEXTS = select(entry.c.mail_id, entry.c.text).where(
    entry.c.ticket.in_(bindparam("numbers", expanding=True)), entry.c.mail_id.is_not(None)
)
_TOLD = (
    select(outbox.c.to_folded, outbox.c.template, func.count())
    .where(
        IS_LIMITED,
        outbox.c.to_folded.in_(bindparam("folded", expanding=True)),
        outbox.c.created_at > bindparam("since"),
    )
    .group_by(outbox.c.to_folded, outbox.c.template)
)


@dataclass(slots=True)
class _Memory:
    """What was found for the whole batch."""

    known: dict[str, list[Known]]
    sent: dict[int, SentLetter]
    persons: dict[str, Person]
    told: dict[str, dict[str, int]]
    tickets: dict[int, Ticket] = field(default_factory=dict)
    copies: dict[int, list[Known]] = field(default_factory=dict)
    keys: dict[int, str] = field(default_factory=dict)
    texts: dict[int, str] = field(default_factory=dict)


def recall(connection: Connection, clues: Sequence[tuple[int, Clues]], now: datetime) -> list[Facts]:
    """The facts of each letter, in the order asked. `Facts.key` is filled only where there are copies to compare."""
    senders = [fold(clue.sender) for _, clue in clues if clue.sender]
    memory = _Memory(
        known=_known(connection, clues),
        sent=_sent(connection, clues),
        persons=_persons(connection, senders),
        told=_told(connection, [*senders, *(fold(one) for _, clue in clues for one in clue.told)], now),
    )
    wanted = [number for _, clue in clues for number in clue.numbers]
    wanted += [one.ticket for several in memory.known.values() for one in several]
    wanted += [letter.ticket for letter in memory.sent.values() if letter.ticket]
    memory.tickets = tickets_by_number(connection, wanted)
    memory.copies = {mail_id: _copies(memory.known, mail_id, clue) for mail_id, clue in clues}
    memory.keys = _keys(connection, memory.copies)
    memory.texts = _texts(connection, memory.copies)
    return [_facts(mail_id, clue, memory) for mail_id, clue in clues]


def _facts(mail_id: int, clue: Clues, memory: _Memory) -> Facts:
    """Of what was found, what bears on this letter."""
    same = tuple(
        replace(one, key=memory.keys.get(one.mail_id or 0, ""), text=memory.texts.get(one.mail_id or 0, ""))
        for one in memory.copies[mail_id]
    )
    referenced = {one: found[0] for one in clue.referenced if (found := memory.known.get(id_key(one)))}
    letters = {one: memory.sent[one] for one in clue.outbox_ids if one in memory.sent}
    numbers = dict.fromkeys(clue.numbers)
    numbers |= dict.fromkeys(one.ticket for one in (*same, *referenced.values()))
    numbers |= dict.fromkeys(letter.ticket for letter in letters.values())
    sender = fold(clue.sender)
    return Facts(
        mail_id=mail_id,
        key=memory.keys.get(mail_id, ""),
        same_id=same,
        known=referenced,
        tickets={number: memory.tickets[number] for number in numbers if number in memory.tickets},
        person=memory.persons.get(sender),
        told={one: memory.told[one] for one in (sender, *map(fold, clue.told)) if one in memory.told},
        sent=letters,
    )


def _copies(known: Mapping[str, Sequence[Known]], mail_id: int, clue: Clues) -> list[Known]:
    """Other letters that carry this letter's own Message-ID and belong to a ticket."""
    return [one for one in known.get(id_key(clue.message_id), ()) if clue.message_id and one.mail_id != mail_id]


def _keys(connection: Connection, copies: Mapping[int, Sequence[Known]]) -> dict[int, str]:
    """The dedupe keys of letters that share a Message-ID, theirs and their copies'."""
    ids = [one for mail_id, several in copies.items() if several for one in (mail_id, *(k.mail_id for k in several))]
    found: dict[int, str] = {}
    for some in chunks(one for one in ids if one):
        found |= dict(connection.execute(_KEYS, {"ids": some}).all())
    return found


def _texts(connection: Connection, copies: Mapping[int, Sequence[Known]]) -> dict[int, str]:
    """What the copies say in their threads."""
    found: dict[int, str] = {}
    for some in chunks(one.ticket for several in copies.values() for one in several):
        found |= dict(connection.execute(_TEXTS, {"numbers": some}).all())
    return found


def _known(connection: Connection, clues: Sequence[tuple[int, Clues]]) -> dict[str, list[Known]]:
    """Where letters with these ids belong; of several with one id ours and the oldest ticket's come first."""
    ids = [id_key(clue.message_id) for _, clue in clues if clue.message_id]
    ids += [id_key(one) for _, clue in clues for one in clue.referenced if one]
    found: defaultdict[str, list[Known]] = defaultdict(list)
    for some in chunks(ids):
        for message_id, number, mail_id in connection.execute(_KNOWN, {"ids": some}):
            found[message_id].append(Known(ticket=number, mail_id=mail_id or None))
    return dict(found)


def _sent(connection: Connection, clues: Sequence[tuple[int, Clues]]) -> dict[int, SentLetter]:
    found = {}
    for some in chunks(one for _, clue in clues for one in clue.outbox_ids):
        for row in connection.execute(_SENT, {"ids": some}):
            found[row.id] = SentLetter(
                outbox_id=row.id,
                ticket=row.ticket or 0,
                template=row.template,
                to=row.to_email,
                purpose=None if row.purpose is None else Purpose(row.purpose),
            )
    return found


def _persons(connection: Connection, senders: Iterable[str]) -> dict[str, Person]:
    found = {}
    for some in chunks(senders):
        for row in connection.execute(_PERSONS, {"folded": some}):
            found[row.folded] = Person(row.id, row.email, row.name)
    return found


def _told(connection: Connection, addresses: Iterable[str], now: datetime) -> dict[str, dict[str, int]]:
    found: defaultdict[str, dict[str, int]] = defaultdict(dict)
    for some in chunks(addresses):
        for folded, template, count in connection.execute(_TOLD, {"folded": some, "since": now - COUNTED}):
            found[folded][template] = count
    return dict(found)
