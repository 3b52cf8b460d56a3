"""What an admin may answer to the list of letters held back: one line for each wish.

    release 3 5        work these letters after all, believing their senders
    ban 4              refuse letters of this sender from now on
    always accept 7    release it, and never hold or refuse letters of this sender again

It refuses to know whether the letters exist and who the admin is (core.decide.on_list). Only new
words are read, never a quotation: the list itself is full of numbers, and of strangers' words.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from maild.core.commands import MARK
from maild.core.model import Message, Purpose
from maild.core.names import nearest
from maild.core.tokens import Token

MOST_LINES = 50  # of an answer that are looked at
MOST_NUMBERS = 50  # letters one answer may speak of
FORMS = {"release": "release 3", "ban": "ban 4", "always accept": "always accept 5"}

_BETWEEN = re.compile(r"[\s,;:&.#]+")
_NUMBER = re.compile(r"[0-9]{1,18}")
# Wherever a line might begin once a program has wrapped it.
_BEGINS = re.compile(r"(?<![a-z])(?=(?:release|ban|always|accept)(?![a-z]))", re.IGNORECASE)
_SPOKEN = {"release": "release", "ban": "ban", "accept": "always accept", "always accept": "always accept"}


@dataclass(frozen=True, slots=True)
class Wish:
    """One line of the answer; a line that was not understood has `meant`, the nearest valid form, and no verb."""

    line: str
    verb: str = ""
    numbers: tuple[int, ...] = ()
    meant: str = ""


def inert(text: str) -> str:
    """What a stranger wrote, for the list: no line of it is a wish should it come back as the admin's own."""
    return _BEGINS.sub(MARK, text)


def wishes(text: str) -> tuple[Wish, ...]:
    """Every line that says something, in order; not those of a list. Linear in a bounded part of the text."""
    lines = [" ".join(line[:500].split()) for line in text.splitlines()]
    spoken = [line for line in lines if line.strip("-_*=#> ") and MARK not in line]
    return tuple(_wish(line) for line in spoken[:MOST_LINES])


def numbers(message: Message, tokens: Iterable[Token]) -> tuple[int, ...]:
    """The letters memory must be asked about: those an answer to such a list speaks of."""
    if not any(token.purpose == Purpose.ADMIN for token in tokens):
        return ()
    asked = dict.fromkeys(number for wish in wishes(message.new_text) for number in wish.numbers)
    return tuple(asked)[:MOST_NUMBERS]


def _wish(line: str) -> Wish:
    words = [word for word in _BETWEEN.split(line.lower().strip("-* ")) if word]
    digits = [word for word in words if _NUMBER.fullmatch(word)]
    spoken = " ".join(word for word in words if not _NUMBER.fullmatch(word) and word != "and")
    if spoken in _SPOKEN and digits:
        return Wish(line, _SPOKEN[spoken], tuple(dict.fromkeys(map(int, digits))))
    near = nearest(spoken, _SPOKEN)
    return Wish(line, meant=FORMS[_SPOKEN[near[0]]] if near else "")
