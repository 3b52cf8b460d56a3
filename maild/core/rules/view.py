"""A case as conditions see it: texts, numbers, facts, each prepared once.

It refuses to know any condition. Every field is capped as a whole, so that neither one long
text nor a thousand header fields cost much.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo

from maild.core import hours
from maild.core.model import Message, Ticket
from maild.core.rules.case import Case
from maild.core.rules.scanning import Scan

TEXT_CAP = 64 * 1024  # characters of a field that rules look at, all its values together
MOST_VALUES = 1000  # of one field
_SHOWN = 60  # characters of a text that a trace repeats
_VALUES = 3  # texts of one field that it repeats
_LOOKED_AT = 4 * _SHOWN  # bytes: enough for so many characters of any script


@dataclass(frozen=True, slots=True)
class Text:
    """One text in the forms tests need."""

    folded: str  # case-folded, runs of white space as one blank: wrapped lines do not hide words
    line: bytes  # the same, UTF-8
    encoded: bytes  # as it is, UTF-8; lone surrogates become "?"


class View:
    """A case as conditions see it; each field is prepared once, when first asked for."""

    __slots__ = ("_found", "_seen", "_texts", "case")

    def __init__(self, case: Case) -> None:
        self.case = case
        self._texts: dict[str, tuple[Text, ...]] = {}
        self._seen: dict[str, str] = {}
        self._found: dict[tuple[str, Scan], frozenset[int]] = {}

    def texts(self, field: str) -> tuple[Text, ...]:
        """The texts of a field named as in a rule: "subject", "header.list-id"."""
        found = self._texts.get(field)
        if found is None:
            found = self._texts[field] = tuple(_prepared(self._values(field)))
        return found

    def found(self, field: str, scan: Scan) -> frozenset[int]:
        """Which words of a scan stand in the field."""
        known = self._found.get((field, scan))
        if known is None:
            texts = self.texts(field)
            known = self._found[field, scan] = frozenset(one for text in texts for one in scan.found(text.line))
        return known

    def seen(self, field: str) -> str:
        """The beginning of what stands in a field, quoted, safe to print: every rule's trace line repeats it."""
        found = self._seen.get(field)
        if found is None:
            texts = self.texts(field)
            shown = ", ".join(_shown(text.encoded) for text in texts[:_VALUES]) or "nothing"
            found = self._seen[field] = shown + (", …" if len(texts) > _VALUES else "")
        return found

    def flag(self, field: str) -> bool:
        message = self.case.message
        match field:
            case "attachment":
                return message is not None and any(not one.inline for one in message.attachments)
            case "spam":
                return message is not None and message.spam == "yes"
            case "known":
                return self.case.known
            case _:
                return self.case.agent

    def numbers(self, field: str) -> tuple[float, ...]:
        """The numbers of a field; sizes in bytes, ages in seconds."""
        case, message = self.case, self.case.message
        match field:
            case "letters":
                return (float(case.letters),)
            case "size":
                return (float(len(case.envelope.raw)),) if case.envelope else ()
            case "ticket.age":
                return ((case.at - case.ticket.created_at).total_seconds(),) if case.ticket else ()
            case "spam-score":
                return (message.spam_score,) if message and message.spam_score is not None else ()
            case "attachment.count":
                return (float(sum(not one.inline for one in message.attachments)),) if message else ()
            case _:
                return tuple(float(one.size) for one in message.attachments) if message else ()

    def instant(self, field: str) -> datetime | None:
        case = self.case
        if field == "ticket.created":
            return case.ticket.created_at if case.ticket else None
        written = case.message.date if case.message else None
        return written or case.at

    def _values(self, field: str) -> Iterable[str]:
        if field.startswith("ticket."):
            return self._of_ticket(field.removeprefix("ticket."), self.case.ticket)
        if field.startswith(("now.", "changed.")):
            return self._of_moment(field)
        case = self.case
        match field:
            case "organisation" | "evidence":
                return (getattr(case, field),)
            case "address":
                return case.addresses
            case "subaddress":
                return case.subaddresses
            case "known" | "agent":
                return ("yes" if self.flag(field) else "no",)
            case "letters" | "size" | "attachment.size" | "attachment.count":
                return (f"{number:g}" for number in self.numbers(field))
            case "date":
                return (str(self.instant(field)),)
            case "body" | "words" if case.message is None:
                return (case.said,)
        return self._of_letter(field, case.message) if case.message else ()

    def _of_letter(self, field: str, message: Message) -> Iterable[str]:
        match field:
            case "sender":
                from_envelope = self.case.envelope.mail_from if self.case.envelope else ""
                return [address.email for address in message.from_] or [from_envelope]
            case "from-name":
                return [address.name for address in message.from_]
            case "reply-to" | "to" | "cc":
                return [address.email for address in getattr(message, field.replace("-", "_"))]
            case "recipient":
                rcpts = self.case.envelope.rcpts if self.case.envelope else ()
                return [*rcpts, *(address.email for address in (*message.to, *message.cc))]
            case "subject" | "kind":
                return (getattr(message, field),)
            case "body":
                return (message.text,)
            case "words":
                return (message.new_text,)
            case "spam" | "spam-score":
                score = "" if message.spam_score is None else f" {message.spam_score:g}"
                return ((message.spam or "not looked at") + score,)
            case "attachment" | "attachment.name":
                return [one.filename for one in message.attachments]
            case "attachment.type":
                return [kind for one in message.attachments for kind in (one.content_type, one.sniffed_type) if kind]
            case "language":
                return [one.strip().partition("-")[0] for one in message.header("content-language").split(",")]
            case _:
                return message.headers.get(field.removeprefix("header."), ())

    def _of_ticket(self, name: str, ticket: Ticket | None) -> Iterable[str]:
        if ticket is None:
            return ()
        if name == "requester":
            return (ticket.requester.email,)
        if name == "created":
            return (str(ticket.created_at),)
        if name == "age":
            return (str(self.case.at - ticket.created_at),)
        value = getattr(ticket, name)
        return value if isinstance(value, tuple) else (value,)

    def _of_moment(self, field: str) -> Iterable[str]:
        what, _, name = field.partition(".")
        if what == "now":
            return (hours.written(self.case.calendars[name], self.case.at),)
        return [f"{one.name}: {one.old or 'none'} → {one.new or 'none'}" for one in self.case.changed]


def instant(value: date | datetime, zone: tzinfo, *, after: bool = False) -> datetime:
    """The moment a day begins, or with `after` the one when it is over; an instant is itself."""
    if isinstance(value, datetime):
        return value if value.tzinfo else value.replace(tzinfo=zone)
    return datetime.combine(value + timedelta(days=after), time.min, zone)


def fold(text: str) -> str:
    """The form in which literals are compared."""
    return " ".join(text.split()).casefold()


def _prepared(values: Iterable[str]) -> Iterable[Text]:
    left = TEXT_CAP
    for count, value in enumerate(values):
        if count == MOST_VALUES or (left <= 0 and value):
            return
        encoded = value[:left].encode("utf-8", "replace")
        folded = fold(value[:left] if encoded.isascii() else encoded.decode())
        left -= len(value)
        yield Text(folded, folded.encode(), encoded)


def _shown(encoded: bytes) -> str:
    start = encoded[:_LOOKED_AT]
    line = " ".join(start.decode("utf-8", "ignore").split())
    shown = "".join(character if character.isprintable() else "?" for character in line[:_SHOWN])
    return f'"{shown}…"' if len(line) > _SHOWN or len(start) < len(encoded) else f'"{shown}"'
