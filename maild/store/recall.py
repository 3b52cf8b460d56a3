"""Everything memory knows that bears on a letter, for many letters at once.

It refuses to write and to judge: a handful of SELECT … IN (…) for the whole batch, whatever
its size. `memory` calls `recall`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, bindparam, func, or_, select

from maild.core.model import Clues, Entry, EntryKind, Facts, Known, Person, SentLetter, Suppressed, Ticket
from maild.store import recall_reports, recall_senders, suppression, trust
from maild.store.rows import chunks, entry_of, tickets_by_number
from maild.store.schema import IS_LIMITED, entry, fold, id_key, known_id, mail, outbox, person

COUNTED = timedelta(hours=24)
"""The time in which letters that anybody can make us send are counted, for each recipient."""

_KNOWN = (
    select(known_id.c.message_id, known_id.c.ticket, known_id.c.mail_id)
    .where(known_id.c.message_id.in_(bindparam("ids", expanding=True)))
    .order_by(known_id.c.message_id, known_id.c.ticket, known_id.c.mail_id)
)
_PERSONS = select(person).where(person.c.folded.in_(bindparam("folded", expanding=True)))
_OF_PERSONS = select(person).where(
    or_(
        person.c.id.in_(bindparam("ids", expanding=True)),
        person.c.same_as.in_(bindparam("same", expanding=True)),
    )
)
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


MOST_MERGES = 10
"""How many times one after the other a ticket may have been merged for its letters to be followed."""

MOST_INSIDE = 50
"""Messages kept inside of one ticket, the latest, that a command may speak of."""

_INSIDE = (
    select(entry)
    .where(entry.c.ticket == bindparam("number"), entry.c.kind == EntryKind.MESSAGE.value, entry.c.public == 0)
    .order_by(entry.c.id.desc())
    .limit(MOST_INSIDE)
)


@dataclass(slots=True)
class _Memory:
    """What was found for the whole batch."""

    known: dict[str, list[Known]]
    sent: dict[int, SentLetter]
    persons: dict[str, Person]
    same: dict[str, frozenset[str]]
    revoked: dict[tuple[str, int], int]
    told: dict[str, dict[str, int]]
    senders: recall_senders.Senders
    letters: dict[int, tuple[SentLetter, ...]] = field(default_factory=dict)
    suppressed: list[Suppressed] = field(default_factory=list)
    others: dict[str, frozenset[str]] = field(default_factory=dict)
    tickets: dict[int, Ticket] = field(default_factory=dict)
    copies: dict[int, list[Known]] = field(default_factory=dict)
    keys: dict[int, str] = field(default_factory=dict)
    texts: dict[int, str] = field(default_factory=dict)
    inside: dict[int, tuple[Entry, ...]] = field(default_factory=dict)


def recall(connection: Connection, clues: Sequence[tuple[int, Clues]], now: datetime) -> list[Facts]:
    """The facts of each letter, in the order asked. `Facts.key` is filled only where there are copies to compare."""
    senders = [fold(clue.sender) for _, clue in clues if clue.sender]
    persons, same = _persons(connection, senders)
    senders += [fold(one.email) for one in persons.values()]
    memory = _Memory(
        known=_known(connection, clues),
        sent=recall_reports.sent(connection, [one for _, clue in clues for one in clue.outbox_ids]),
        persons=persons,
        same=same,
        revoked=trust.revoked(connection, [one for _, clue in clues for one in clue.principals]),
        told=_told(connection, [*senders, *(fold(one) for _, clue in clues for one in clue.told)], now),
        senders=recall_senders.about(connection, clues, persons, now),
    )
    wanted = [number for _, clue in clues for number in clue.numbers]
    wanted += [one.ticket for several in memory.known.values() for one in several]
    wanted += [letter.ticket for letter in memory.sent.values() if letter.ticket]
    wanted += memory.senders.parents()
    memory.tickets = _with_merged(connection, tickets_by_number(connection, wanted))
    _recall_suppressed(connection, senders, clues, memory)
    memory.inside = _inside(connection, [number for _, clue in clues if clue.accepts for number in clue.numbers])
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
    referenced = {one: tuple(found) for one in clue.referenced if (found := memory.known.get(id_key(one)))}
    named = {one: _newest(found) for one in clue.names if (found := memory.known.get(id_key(one)))}
    letters = {one: memory.sent[one] for one in clue.outbox_ids if one in memory.sent}
    numbers = dict.fromkeys(clue.numbers)
    numbers |= dict.fromkeys(one.ticket for several in (same, *referenced.values()) for one in several)
    numbers |= dict.fromkeys(number for several in named.values() for number in several)
    numbers |= dict.fromkeys(letter.ticket for letter in letters.values())
    sender = fold(clue.sender)
    person = memory.persons.get(sender)
    numbers |= dict.fromkeys(memory.senders.parents(person.id) if person else ())
    tickets = _together(numbers, memory.tickets)
    asked = (sender, *([fold(person.email)] if person else ()), *map(fold, clue.told))
    return Facts(
        mail_id=mail_id,
        key=memory.keys.get(mail_id, ""),
        same_id=same,
        known=referenced,
        named=named,
        revoked={key: memory.revoked[key] for key in memory.revoked if key[1] in clue.principals},
        tickets=tickets,
        inside={number: memory.inside[number] for number in tickets if clue.accepts and number in memory.inside},
        person=person,
        same=memory.same.get(sender, frozenset()),
        told={one: memory.told[one] for one in asked if one in memory.told},
        sent=letters,
        standing={one: memory.senders.standing[one] for one in clue.patterns if one in memory.senders.standing},
        recent=memory.senders.recent.get(person.id, ()) if person and clue.floods else (),
        open_tickets=memory.senders.open.get(person.id, 0) if person and clue.limited else 0,
        held={one: memory.senders.held[one] for one in clue.held if one in memory.senders.held},
        **_of_addresses(clue, sender, tickets.values(), letters, memory),
    )


def _recall_suppressed(
    connection: Connection, senders: Iterable[str], clues: Sequence[tuple[int, Clues]], memory: _Memory
) -> None:
    """Which addresses are dead that write or are written to, and what else is known of those that are."""
    reported = {one for _, clue in clues if clue.reports for one in clue.outbox_ids}
    letters = [one for one in memory.sent.values() if one.outbox_id in reported]
    memory.letters = recall_reports.of_tickets(connection, [one.ticket for one in letters if one.ticket])
    to = [fold(one.to) for one in letters]
    people = [one for ticket in memory.tickets.values() for one in _people(ticket)]
    memory.suppressed = suppression.among(connection, [*senders, *people, *to])
    memory.others = _persons(connection, [*to, *(one.email for one in memory.suppressed)])[1]
    # An address offered instead may be dead itself.
    memory.suppressed += suppression.among(connection, {one for each in memory.others.values() for one in each})


def _of_addresses(
    clue: Clues, sender: str, tickets: Iterable[Ticket], letters: Mapping[int, SentLetter], memory: _Memory
) -> dict[str, Any]:
    """Of that, what bears on one letter."""
    reported = list(letters.values()) if clue.reports else []
    about = {sender, *(fold(one.to) for one in reported), *(one for ticket in tickets for one in _people(ticket))}
    others = {email: memory.others[email] for email in about if email in memory.others}
    about.update(one for several in others.values() for one in several)
    return {
        "letters": {one.ticket: memory.letters[one.ticket] for one in reported if one.ticket in memory.letters},
        "dead": {one.email: one for one in memory.suppressed if not one.complaint and one.email in about},
        "complained": frozenset(one.email for one in memory.suppressed if one.complaint and one.email in about),
        "others": others,
    }


def _people(ticket: Ticket) -> tuple[str, ...]:
    return (fold(ticket.requester.email), *ticket.collaborators)


def _with_merged(connection: Connection, tickets: dict[int, Ticket]) -> dict[int, Ticket]:
    """These tickets and the ones they were merged into."""
    for _ in range(MOST_MERGES):
        beyond = {one.merged_into for one in tickets.values() if one.merged_into} - tickets.keys()
        if not beyond:
            break
        tickets |= tickets_by_number(connection, sorted(beyond))
    return tickets


def _together(numbers: Iterable[int], tickets: Mapping[int, Ticket]) -> dict[int, Ticket]:
    """Those of these tickets that exist, each with the ones it was merged into."""
    found: dict[int, Ticket] = {}
    for number in numbers:
        ticket = tickets.get(number)
        while ticket is not None and ticket.number not in found:
            found[ticket.number] = ticket
            ticket = tickets.get(ticket.merged_into or 0)
    return found


def _inside(connection: Connection, numbers: Iterable[int]) -> dict[int, tuple[Entry, ...]]:
    """The latest messages of these tickets that were kept inside, newest first."""
    return {
        number: tuple(entry_of(row) for row in connection.execute(_INSIDE, {"number": number}))
        for number in dict.fromkeys(numbers)
    }


def _newest(found: Iterable[Known]) -> tuple[int, ...]:
    return tuple(sorted({one.ticket for one in found}, reverse=True))


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
    ids += [id_key(one) for _, clue in clues for one in (*clue.referenced, *clue.names) if one]
    found: defaultdict[str, list[Known]] = defaultdict(list)
    for some in chunks(ids):
        for message_id, number, mail_id in connection.execute(_KNOWN, {"ids": some}):
            found[message_id].append(Known(ticket=number, mail_id=mail_id or None))
    return dict(found)


def _persons(connection: Connection, senders: Iterable[str]) -> tuple[dict[str, Person], dict[str, frozenset[str]]]:
    """Each sender as the person they are, and all addresses of those who have several."""
    found: dict[str, Row[Any]] = {}
    for some in chunks(senders):
        found |= {row.folded: row for row in connection.execute(_PERSONS, {"folded": some})}
    mains: dict[int, list[Row[Any]]] = defaultdict(list)
    for some in chunks(row.same_as or row.id for row in found.values()):
        for row in connection.execute(_OF_PERSONS, {"ids": some, "same": some}):
            mains[row.same_as or row.id].append(row)
    persons, same = {}, {}
    for folded, row in found.items():
        rows = mains[row.same_as or row.id]
        main = next((one for one in rows if one.same_as is None), row)
        persons[folded] = Person(main.id, main.email, main.name)
        if len(rows) > 1:
            same[folded] = frozenset(one.folded for one in rows)
    return persons, same


def _told(connection: Connection, addresses: Iterable[str], now: datetime) -> dict[str, dict[str, int]]:
    found: defaultdict[str, dict[str, int]] = defaultdict(dict)
    for some in chunks(addresses):
        for folded, template, count in connection.execute(_TOLD, {"folded": some, "since": now - COUNTED}):
            found[folded][template] = count
    return dict(found)
