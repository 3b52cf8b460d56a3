"""What a ticket remembers of its latest letters, so that machines and floods are known by what they do.

Headers tell only of machines that wish to be known. Others are found by their behaviour: the same
words again and again, answers quicker than anybody types, more letters than anybody writes. What is
needed for that is a short pulse kept with the ticket: who wrote or was written to, when, and a digest
of the words. It refuses to know what follows (core.decide.breakers, core.decide.on_time).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from maild.core.model import UNSURE, Attachment

WINDOW = timedelta(hours=1)  # in which letters are compared
MACHINE_FOR = timedelta(hours=24)  # how long an author is a machine on a ticket
QUICK = timedelta(seconds=30)  # an answer to a letter of ours within this is nobody's typing
QUIET = timedelta(minutes=5)  # at most one alert of a flood in this
ALIKE = 3  # letters with the same words, and quick answers in a row, that make a machine
MOST_LETTERS = 20  # of one author on one ticket within WINDOW; agents are told of further ones all at once
_KEPT = 24  # letters that came in, more than MOST_LETTERS
_KEPT_OTHERS = 10  # people written to, and people who are machines
_MOST_WORDS = 4000  # characters of a text its digest is made of

# Not a pattern: a digest is made of every letter that comes in, and this is twenty times as fast.
_NO_LETTERS = {code: None for code in (*range(128), 0x85, 0xA0) if not chr(code).isalpha()}

IN, QUICKLY, OUT, MACHINE, REPEATED, MERGED = "i", "q", "o", "m", "r", "n"
"""A letter that came in; one that came QUICK; when we last wrote to somebody; who is a machine since when; which
agent was told of repeating themselves; how many letters of a flood nobody has been told of (the number stands for
the digest)."""


@dataclass(frozen=True, slots=True)
class Beat:
    """One thing remembered. `at` is in whole seconds since 1970 UTC, `who` a folded address."""

    at: int
    kind: str
    digest: str
    who: str

    def __str__(self) -> str:
        return f"{self.at} {self.kind} {self.digest} {self.who}"


def digest(*texts: str, files: Iterable[Attachment] = ()) -> str:
    """The same for texts with the same letters in the same order: counters, dates and line breaks do not matter.

    Files count by their content, so that ten photographs in ten letters without words are ten letters.
    """
    letters = " ".join(text[:_MOST_WORDS] for text in texts).casefold().translate(_NO_LETTERS)
    hashes = sorted(file.sha256 for file in files if not file.inline)
    return hashlib.sha256("\n".join([letters, *hashes]).encode("utf-8", "replace")).hexdigest()[:12]


def unsure(who: str) -> str:
    """What an author is called whose domain does not vouch for the letter: whoever forges somebody's letters must not
    make a machine or a flood of them."""
    return UNSURE + who


class Pulse:
    """A ticket's pulse opened at one moment; `closed` gives what is to be kept of it."""

    def __init__(self, kept: Iterable[str], now: datetime) -> None:
        self._now = _seconds(now)
        self.beats = [beat for text in kept if (beat := _read(text)) is not None and self._lives(beat)]

    def _lives(self, beat: Beat) -> bool:
        if beat.kind == MERGED:
            return True
        return self._now - beat.at <= (MACHINE_FOR if beat.kind == MACHINE else WINDOW).total_seconds()

    def closed(self) -> tuple[str, ...]:
        """Bounded, whatever happened."""
        came = [beat for beat in self.beats if beat.kind in (IN, QUICKLY)][-_KEPT:]
        marks = [beat for beat in self.beats if beat.kind in (MACHINE, REPEATED)][-_KEPT_OTHERS:]
        others = [beat for beat in self.beats if beat.kind == OUT][-_KEPT_OTHERS:]
        merged = [beat for beat in self.beats if beat.kind == MERGED][-1:]
        return tuple(str(beat) for beat in (*merged, *marks, *others, *came))

    def is_machine(self, who: str) -> bool:
        """Whether this author has been taken for a machine in the last day."""
        return any(beat.who == who for beat in self.beats if beat.kind == MACHINE)

    @property
    def machines(self) -> tuple[str, ...]:
        """The addresses of those who have been taken for machines in the last day."""
        return tuple(dict.fromkeys(_address(beat.who) for beat in self.beats if beat.kind == MACHINE))

    def came(self, who: str, words: str, at: datetime) -> None:
        """A letter of this author came in at this moment."""
        to = _address(who)
        written = max((beat.at for beat in self.beats if beat.kind == OUT and beat.who == to), default=None)
        quick = written is not None and 0 <= _seconds(at) - written <= QUICK.total_seconds()
        self.beats.append(Beat(_seconds(at), QUICKLY if quick else IN, words, who))

    def wrote(self, whom: Iterable[str]) -> None:
        """We write to these people now."""
        written = dict.fromkeys(whom)
        self.beats = [beat for beat in self.beats if beat.kind != OUT or beat.who not in written]
        self.beats += [Beat(self._now, OUT, "-", who) for who in written]

    def looks_automatic(self, who: str) -> str:
        """Why the author of the latest letter must be a machine, "" if it need not be. Not to be asked of agents: they
        may have been waiting for that letter."""
        mine = self._letters_of(who)
        if _are_alike(mine):
            return f"{ALIKE} letters with the same words within an hour"
        if len(mine) >= ALIKE and all(beat.kind == QUICKLY for beat in mine[-ALIKE:]):
            return f"{ALIKE} answers in a row, each within {QUICK.seconds} seconds of our letter"
        return ""

    def repeats(self, agent: str) -> bool:
        """Whether an agent's latest letter says what the one before it said, and not only that one."""
        mine = self._letters_of(agent)
        return _are_alike(mine) and mine[-1].digest == mine[-2].digest

    def told_of_repeating(self, agent: str) -> bool:
        """Whether this agent has heard of it within the last hour; if not, they do now."""
        known = any(beat.kind == REPEATED and beat.who == agent for beat in self.beats)
        if not known:
            self.beats.append(Beat(self._now, REPEATED, "-", agent))
        return known

    def mark(self, who: str) -> None:
        """From now on this author is a machine on this ticket."""
        self.beats.append(Beat(self._now, MACHINE, "-", who))

    def forgive(self) -> None:
        """Whoever was taken for a machine was a person: nothing is held against anybody."""
        self.beats = [beat for beat in self.beats if beat.kind in (OUT, MERGED)]

    def letters(self, who: str) -> int:
        """How many letters of this author came within the last hour; no more than are kept are counted."""
        return len(self._letters_of(who))

    def _letters_of(self, who: str) -> list[Beat]:
        return [beat for beat in self.beats if beat.kind in (IN, QUICKLY) and beat.who == who]

    @property
    def merged(self) -> tuple[int, str]:
        """How many letters of a flood nobody has been told of, and who wrote the latest of them."""
        return next(((int(beat.digest), beat.who) for beat in self.beats if beat.kind == MERGED), (0, ""))

    def merge(self, who: str) -> None:
        """One more letter of a flood."""
        count, _ = self.merged
        self.told()
        self.beats.append(Beat(self._now, MERGED, str(count + 1), who))

    def told(self) -> None:
        """The agents have been told of the flood so far."""
        self.beats = [beat for beat in self.beats if beat.kind != MERGED]


def _are_alike(letters: Sequence[Beat]) -> bool:
    """Whether the latest of them makes too many with the same words."""
    return bool(letters) and sum(beat.digest == letters[-1].digest for beat in letters) >= ALIKE


def _address(who: str) -> str:
    return who.removeprefix(UNSURE)


def _read(text: str) -> Beat | None:
    """What was kept; None for what an older or newer program may have kept instead."""
    parts = text.split(" ", 3)
    if len(parts) != 4 or not parts[0].isdecimal() or (parts[1] == MERGED and not parts[2].isdecimal()):
        return None
    return Beat(int(parts[0]), parts[1], parts[2], parts[3])


def _seconds(at: datetime) -> int:
    return int((at - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds())
