"""How a ticket came to be as it is, told from what was recorded: its thread, and what the ledger keeps of its letters.

The present rules and people are not asked, so that the story is the same years later. It refuses to know where
anything is stored and who reads it. Used by `maild show --why` and the letter that answers `#why`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from maild.core import trail
from maild.core.model import Entry
from maild.core.policy import Policy

FIELDS = ("topic", "priority", "team", "agent", "sla")
# Rules that did nothing, as core.rules.trace writes them.
_ELSEWHERE = re.compile(r": (?:missed: |not reached, |not in force, |disabled$)")
_HIT = ": hit: "


@dataclass(frozen=True, slots=True)
class Account:
    """What the ledger keeps of a letter: its fate, why, and what each step of the judgement said."""

    reason: str
    trace: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Step:
    """Something that happened, and why, a sentence a line."""

    at: datetime
    head: str
    lines: tuple[str, ...]


def mails(thread: Iterable[Entry]) -> tuple[int, ...]:
    """The letters a thread speaks of."""
    return tuple(dict.fromkeys(entry.mail_id for entry in thread if entry.mail_id))


def story(thread: Sequence[Entry], accounts: Mapping[int, Account], policy: Policy) -> tuple[Step, ...]:
    """Everything that happened, oldest first; words themselves are left to the log.

    `policy` only says how people call what the record names by key.
    """
    return tuple(_steps(thread, accounts, policy))


def _steps(thread: Sequence[Entry], accounts: Mapping[int, Account], policy: Policy) -> Iterator[Step]:
    told: set[int] = set()
    for entry in thread:
        lines: list[str] = []
        if entry.data.get("field") == "opened":
            lines += _opened(entry.data, policy)
        if entry.mail_id and entry.mail_id not in told:
            told.add(entry.mail_id)
            lines += _of_letter(entry.mail_id, accounts.get(entry.mail_id))
        yield Step(entry.at, trail.headline(entry, policy), tuple(lines))


def _opened(data: Mapping[str, Any], policy: Policy) -> Iterator[str]:
    """What a ticket began with, as its first event remembers it."""
    by = data.get("by")
    values = data.get("values")
    for name in FIELDS:
        if isinstance(by, Mapping) and name in by:
            value = values.get(name) if isinstance(values, Mapping) else None
            shown = f": {trail.shown(name, value, policy)}" if value is not None else ""
            yield f"{name}{shown} ({origin(str(by[name]))})"
    tagged = data.get("tagged")
    for tag, rule in tagged.items() if isinstance(tagged, Mapping) else ():
        yield f"tagged {tag} ({origin(f'rule:{rule}')})"
    if not data.get("rules"):
        yield "no rule hit"


def origin(by: str) -> str:
    """Where a value came from, in words."""
    kind, _, name = by.partition(":")
    known = {
        "rule": f"by the rule “{name}”",
        "topic": "from its help topic",
        "address": "from the address it was sent to",
        "continues": "from the closed ticket it continues",
        "default": "the desk’s default",
    }
    return known.get(kind, by)


def _of_letter(mail_id: int, account: Account | None) -> Iterator[str]:
    if account is None:
        yield f"letter {mail_id}: the ledger no longer holds it"
        return
    yield f"letter {mail_id}: {account.reason}"
    for line in account.trace:
        if _ELSEWHERE.search(line) is None:
            yield f"rule {line.replace(_HIT, ': ', 1)}" if _HIT in line else line
