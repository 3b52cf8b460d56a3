"""Conditions of rules, and testing them against a letter.

It refuses to know how they were written; `compile` builds them, `evaluate` asks
`missed`. What senders wrote is only ever searched, never made into a pattern, and
every text is capped, so the time spent is linear in a small number.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from maild.core.model import Envelope, Message

TEXT_CAP = 64 * 1024  # characters of a text that rules look at
_SHOWN = 60  # characters of a text that a trace repeats
_LOOKED_AT = 4 * _SHOWN  # bytes: enough for so many characters of any script


@dataclass(frozen=True, slots=True)
class Text:
    """One text of a letter in the forms tests and traces need."""

    folded: str  # case-folded, runs of white space as one blank: wrapped lines do not hide words
    encoded: bytes  # as it is, UTF-8; lone surrogates become "?"
    shown: str  # its beginning, quoted, safe to print: every rule's trace line repeats it


@dataclass(frozen=True, slots=True)
class Test:
    """One operator on one field. Holds if any of the field's texts passes for any of the operands."""

    field: str
    operator: str
    literals: tuple[str, ...]  # folded operands of equals, contains, starts, ends
    patterns: tuple[Any, ...]  # compiled RE2 operands of glob and regex
    label: str


@dataclass(frozen=True, slots=True)
class Has:
    """`attachment = true` or `false`. Pictures inside the text (logos of signatures) are no attachments."""

    wanted: bool
    label: str


@dataclass(frozen=True, slots=True)
class Group:
    """`all`, `any` or `not` (none of them holds)."""

    mode: str
    parts: tuple["Condition", ...]


Condition = Test | Has | Group


@dataclass(frozen=True, slots=True)
class Miss:
    """Which condition did not hold, and the texts it saw."""

    label: str
    saw: tuple[Text, ...]


class View:
    """A letter as conditions see it; each field is prepared once, when first asked for."""

    __slots__ = ("_envelope", "_message", "_texts")

    def __init__(self, message: Message, envelope: Envelope) -> None:
        self._message = message
        self._envelope = envelope
        self._texts: dict[str, tuple[Text, ...]] = {}

    def texts(self, field: str) -> tuple[Text, ...]:
        """The texts of a field named as in a rule: "subject", "header.list-id"."""
        found = self._texts.get(field)
        if found is None:
            found = self._texts[field] = tuple(_prepared(value) for value in self._values(field))
        return found

    def has_attachment(self) -> bool:
        return any(not attachment.inline for attachment in self._message.attachments)

    def _values(self, field: str) -> tuple[str, ...]:
        message = self._message
        match field:
            case "sender":
                return tuple(address.email for address in message.from_) or (self._envelope.mail_from,)
            case "recipient":
                return (*self._envelope.rcpts, *(address.email for address in (*message.to, *message.cc)))
            case "subject":
                return (message.subject,)
            case "body":
                return (message.text,)
            case "attachment":
                return tuple(attachment.filename for attachment in message.attachments)
            case _:
                return message.headers.get(field.removeprefix("header."), ())


def missed(condition: Condition, view: View) -> Miss | None:
    """None if the condition holds, else the part that did not."""
    if isinstance(condition, Test):
        texts = view.texts(condition.field)
        return None if _passes(condition, texts) else Miss(condition.label, texts)
    if isinstance(condition, Has):
        return None if view.has_attachment() is condition.wanted else Miss(condition.label, view.texts("attachment"))
    return _group_missed(condition, view)


def _group_missed(group: Group, view: View) -> Miss | None:
    if group.mode == "all":
        for part in group.parts:
            miss = missed(part, view)
            if miss:
                return miss
        return None
    misses = []
    for part in group.parts:
        miss = missed(part, view)
        if miss is None:
            return Miss(f"not ({described(part)})", _seen_by(part, view)) if group.mode == "not" else None
        misses.append(miss)
    if group.mode == "not":
        return None
    return Miss("any of (" + "; ".join(miss.label for miss in misses) + ")", misses[-1].saw)


def described(condition: Condition) -> str:
    """A condition in words, as traces show it."""
    if isinstance(condition, Group):
        inner = "; ".join(described(part) for part in condition.parts)
        return inner if condition.mode == "all" and len(condition.parts) == 1 else f"{condition.mode} of ({inner})"
    return condition.label


def _seen_by(condition: Condition, view: View) -> tuple[Text, ...]:
    while isinstance(condition, Group):
        condition = condition.parts[0]
    return view.texts(condition.field if isinstance(condition, Test) else "attachment")


def _passes(test: Test, texts: tuple[Text, ...]) -> bool:
    if test.operator == "regex":
        return any(pattern.search(text.encoded) for text in texts for pattern in test.patterns)
    if test.operator == "glob":
        return any(pattern.fullmatch(text.folded.encode()) for text in texts for pattern in test.patterns)
    compare = _COMPARE[test.operator]
    return any(compare(text.folded, literal) for text in texts for literal in test.literals)


_COMPARE: dict[str, Callable[[str, str], bool]] = {
    "equals": str.__eq__,
    "contains": str.__contains__,
    "starts": str.startswith,
    "ends": str.endswith,
}


def fold(text: str) -> str:
    """The form in which literals are compared."""
    return " ".join(text.split()).casefold()


def _prepared(value: str) -> Text:
    encoded = value[:TEXT_CAP].encode("utf-8", "replace")
    return Text(fold(encoded.decode("utf-8")), encoded, _shown(encoded))


def _shown(encoded: bytes) -> str:
    start = encoded[:_LOOKED_AT]
    line = " ".join(start.decode("utf-8", "ignore").split())
    shown = "".join(character if character.isprintable() else "?" for character in line[:_SHOWN])
    return f'"{shown}…"' if len(line) > _SHOWN or len(start) < len(encoded) else f'"{shown}"'
