"""Every field a condition may look at: what it is, how it is compared, on which occasions it is there.

A table, no logic. The compiler reads it, and so do the tests that compare it with the manual.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from maild.core.rules.case import ANSWER, CHANGE, NEW, OCCASIONS, REPLY, TIME


class Sort(StrEnum):
    """How a field is compared."""

    TEXT = "text"  # a plain text is contained
    ADDRESS = "address"  # a plain text is a whole address, with * and ?
    FILE = "file"  # a plain text is a whole name, with * and ?
    WORD = "word"  # a plain text is all of it
    FLAG = "flag"  # true or false
    NUMBER = "number"
    SIZE = "size"  # a number of bytes, "2 MB"
    AGE = "age"  # a number of seconds, "3 d"
    DAY = "day"  # a date or an instant


TEXTS = (Sort.TEXT, Sort.ADDRESS, Sort.FILE, Sort.WORD)
NUMBERS = (Sort.NUMBER, Sort.SIZE, Sort.AGE)

_LETTER = (NEW, REPLY)
_WORDS = (NEW, REPLY, ANSWER)
_TICKET = (REPLY, ANSWER, CHANGE, TIME)
AWAKE = (NEW, REPLY, ANSWER, CHANGE)  # something happens now; a rule of time waits instead


@dataclass(frozen=True, slots=True)
class Field:
    sort: Sort
    on: tuple[str, ...] = _LETTER  # occasions
    single: bool = False  # never has two values
    words: tuple[str, ...] | str = ()  # the only values there are; or the attribute of Names that has them


FIELDS = {
    "sender": Field(Sort.ADDRESS),
    "from-name": Field(Sort.TEXT),
    "reply-to": Field(Sort.ADDRESS),
    "recipient": Field(Sort.ADDRESS),
    "to": Field(Sort.ADDRESS),
    "cc": Field(Sort.ADDRESS),
    "address": Field(Sort.ADDRESS),
    "subaddress": Field(Sort.WORD),
    "subject": Field(Sort.TEXT, single=True),
    "body": Field(Sort.TEXT, _WORDS, single=True),
    "words": Field(Sort.TEXT, _WORDS, single=True),
    "list-id": Field(Sort.TEXT),
    "language": Field(Sort.WORD),
    "date": Field(Sort.DAY),
    "size": Field(Sort.SIZE, single=True),
    "attachment.name": Field(Sort.FILE),
    "attachment.type": Field(Sort.FILE),
    "attachment.size": Field(Sort.SIZE),
    "attachment.count": Field(Sort.NUMBER, single=True),
    "kind": Field(Sort.WORD, single=True, words=("human", "list", "automatic")),
    "evidence": Field(Sort.WORD, single=True, words=("pass", "none", "fail", "reject", "unknown")),
    "known": Field(Sort.FLAG, single=True),
    "agent": Field(Sort.FLAG, single=True),
    "organisation": Field(Sort.WORD, OCCASIONS, single=True, words="organisations"),
    "spam": Field(Sort.FLAG, single=True),
    "spam-score": Field(Sort.NUMBER, single=True),
    "ticket.subject": Field(Sort.TEXT, _TICKET, single=True),
    "ticket.status": Field(
        Sort.WORD, _TICKET, single=True, words=("new", "open", "waiting", "snoozed", "resolved", "closed")
    ),
    "ticket.topic": Field(Sort.WORD, _TICKET, single=True, words="topics"),
    "ticket.priority": Field(Sort.WORD, _TICKET, single=True, words="priorities"),
    "ticket.team": Field(Sort.WORD, _TICKET, single=True, words="teams"),
    "ticket.agent": Field(Sort.WORD, _TICKET, single=True, words="agents"),
    "ticket.sla": Field(Sort.WORD, _TICKET, single=True, words="plans"),
    "ticket.tags": Field(Sort.WORD, _TICKET),
    "ticket.organisation": Field(Sort.WORD, _TICKET, single=True, words="organisations"),
    "ticket.requester": Field(Sort.ADDRESS, _TICKET, single=True),
    "ticket.created": Field(Sort.DAY, (REPLY, ANSWER, CHANGE), single=True),
    "ticket.age": Field(Sort.AGE, (REPLY, ANSWER, CHANGE), single=True),
}
"""`attachment`, `header.NAME`, `letters` and the conditions of time have ways of their own."""

SPECIAL = ("attachment", "header", "letters", "open", "closed", "weekday", "time")
GROUPS = ("any", "all", "not")
TEXT_OPERATORS = ("equals", "one-of", "contains", "starts", "ends", "glob", "regex", "exists")
NUMBER_OPERATORS = ("equals", "less", "more", "at-least", "at-most")
DAY_OPERATORS = ("before", "after")
ALIASES = {"spam_score": "spam-score"}

CHANGING = ("status", "topic", "priority", "team", "agent", "sla", "tags", "watchers")
"""Fields a rule with `on = "change"` may speak of."""

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
