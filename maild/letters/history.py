"""What was said before, quoted below an answer the way a person's mail program does.

Only what the requester has written or been answered is ever quoted: an entry that is not public does
not get past `said`. It refuses to know how a quotation is introduced (templates/_history.txt).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, tzinfo

from maild.core.model import Entry, EntryKind
from maild.core.policy import Letters, Policy
from maild.letters import words
from maild.letters.cards import EntryView
from maild.letters.words import ENGLISH, Language

MOST_CHARACTERS = 100_000  # of all quotations in a letter; their lines are counted by `Letters.history_lines`
CUT = "> […]"


class QuoteView:
    """An earlier letter of the thread as a template quotes it."""

    def __init__(self, author: str, at: str, text: str) -> None:
        self.author = author
        self.at = at  # in words, without the zone: people know where they were
        self.text = text  # every line with its mark of quotation


def public(thread: Sequence[Entry]) -> tuple[Entry, ...]:
    """What of a thread may be seen by people who are not agents."""
    return tuple(entry for entry in thread if entry.public)


def theirs_of(thread: Sequence[Entry]) -> Sequence[Entry]:
    """What of a thread was said to or by its present requester: all since it became theirs."""
    for at in range(len(thread) - 1, -1, -1):
        if thread[at].kind == EntryKind.EVENT and thread[at].data.get("field") == "requester":
            return thread[at + 1 :]
    return thread


def said(thread: Sequence[Entry], answer: Entry | None) -> tuple[Entry, ...]:
    """The public words before this answer, oldest first; none where nothing is answered."""
    if answer is None:
        return ()
    talk = [entry for entry in public(thread) if entry.kind in (EntryKind.MESSAGE, EntryKind.RESPONSE)]
    before = [entry for entry in talk if entry.id < answer.id] if answer.id else [e for e in talk if e is not answer]
    return tuple(entry for entry in before if entry.text.strip())


def history(
    thread: Sequence[Entry],
    answer: Entry | None,
    policy: Policy,
    zone: tzinfo,
    now: datetime,
    language: Language = ENGLISH,
) -> tuple[QuoteView, ...]:
    """What is quoted below `answer`, newest first, as much as the policy wants."""
    letters: Letters = policy.letters
    if letters.history == "none":
        return ()
    talk = said(thread, answer)
    if letters.history == "last":
        asked = [entry for entry in talk if entry.kind == EntryKind.MESSAGE]
        talk = tuple(asked[-1:])
    quotes: list[QuoteView] = []
    lines, characters = letters.history_lines, MOST_CHARACTERS
    for entry in reversed(talk):
        if lines <= 0 or characters <= 0:
            break
        text = quoted(words.block(entry.text[: characters + 1]).strip("\n"), lines, characters)
        lines -= text.count("\n") + 1
        characters -= len(text)
        author = EntryView(entry, policy, zone, now).author
        quotes.append(QuoteView(author, words.moment(entry.at, zone, now, language, with_zone=False), text))
    return tuple(quotes)


def quoted(text: str, most_lines: int, most_characters: int) -> str:
    """The text with marks of quotation; what is over the limits is said to be missing."""
    lines = text[:most_characters].split("\n")
    cut = len(text) > most_characters or len(lines) > most_lines
    marked = [">" + line if line.startswith(">") else f"> {line}".rstrip() for line in lines[:most_lines]]
    return "\n".join([*marked, CUT] if cut else marked)
