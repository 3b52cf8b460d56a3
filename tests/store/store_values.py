"""Small values the store's tests are made of."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from maild.core.model import (
    AddEntry,
    Address,
    Entry,
    EntryKind,
    Envelope,
    Fate,
    Lane,
    Letter,
    OpenTicket,
    Outcome,
    Person,
    Purpose,
    SendLetter,
    Ticket,
)
from maild.store import Arrival, Claimed, Store

NOW = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)
LEASE = timedelta(minutes=5)
DESK = "support@desk.example"


def arrival(name: str, sender: str = "karen@customer.example", **more: Any) -> Arrival:
    fields: dict[str, Any] = {
        "raw": f"Subject: {name}\r\n\r\nHello".encode("utf-8", "replace"),
        "mail_from": sender,
        "rcpts": (DESK,),
        "received_at": NOW,
        "door": "smtp",
        "peer": "192.0.2.7",
        "helo": "mx.customer.example",
    }
    key = hashlib.sha256(name.encode("utf-8", "replace")).hexdigest()
    return Arrival(key, f"{name}@customer.example", Envelope(**fields | more))


def accept(store: Store, *names: str) -> list[bool]:
    """Which of them were new."""
    return [future.result(10) > 0 for future in [store.accept(arrival(name)) for name in names]]


def claim(store: Store, limit: int = 50, now: datetime = NOW, worker: str = "w1") -> list[Claimed]:
    return store.claim(limit, now, LEASE, worker)


def stored(store: Store, name: str) -> int:
    """The id of a letter that is accepted and claimed."""
    accept(store, name)
    return claim(store)[-1].mail_id


def new_ticket(**more: Any) -> Ticket:
    fields: dict[str, Any] = {
        "number": 0,
        "subject": "Printer on fire",
        "requester": Person(0, "karen@customer.example", "Karen"),
        "address": DESK,
        "created_at": NOW,
    }
    return Ticket(**fields | more)


def message(text: str = "It burns.", **more: Any) -> Entry:
    fields: dict[str, Any] = {
        "kind": EntryKind.MESSAGE,
        "at": NOW,
        "author": "karen@customer.example",
        "author_name": "Karen",
        "public": True,
        "text": text,
    }
    return Entry(**fields | more)


def acknowledgement(to: str = "karen@customer.example", **more: Any) -> Letter:
    fields: dict[str, Any] = {
        "template": "acknowledgement",
        "to": Address(to, "Karen"),
        "lane": Lane.NOTICE,
        "purpose": Purpose.REQUESTER_REPLY,
        "automatic": "auto-replied",
    }
    return Letter(**fields | more)


def opening(*more: Any, ticket: Ticket | None = None, fate: Fate | None = Fate.TICKET) -> Outcome:
    return Outcome(
        after=ticket or new_ticket(),
        changes=(OpenTicket(), AddEntry(message()), *more),
        fate=fate,
        reason="a new request",
        trace=("rule one: hit",),
    )


def opened(store: Store, *more: Any, **fields: Any) -> Ticket:
    """A ticket that is in the store, made without a letter."""
    number = store.record([(None, opening(*more, ticket=new_ticket(**fields), fate=None))], NOW)[0]
    assert number is not None
    ticket = store.ticket(number)
    assert ticket is not None
    return ticket


def changing(before: Ticket, *changes: Any, fate: Fate | None = None, **fields: Any) -> Outcome:
    return Outcome(before=before, after=replace(before, **fields), changes=changes, fate=fate, reason="changed")


def ignoring(reason: str = "no reason") -> Outcome:
    return Outcome(fate=Fate.IGNORED, reason=reason)


def queue(store: Store, *letters: Letter) -> None:
    store.record([(None, Outcome(changes=tuple(SendLetter(letter) for letter in letters)))], NOW)
