"""The shelf templates stand on: a desk's own before those maild brings, those of a set before all others.

A set is a directory below the templates: a team's (`[team.KEY] templates`), or a language's, called by
its code. Every file stands in for the one of the same name further down, so that a set holds only what is
different in it. It refuses to know what is in a template. `loading` fills it, `templates` asks.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from maild.letters.words import ENGLISH, LANGUAGES, Language

SUBJECT = "#subject"  # what the subject of a template is called apart from its body


class Voice(NamedTuple):
    """How a letter speaks: with which set of templates, in which language; both may be ""."""

    set: str = ""
    language: str = ""

    @property
    def places(self) -> tuple[str, ...]:
        """The directories to look into, first the closest."""
        both = (f"{self.set}/{self.language}",) if self.set and self.language else ()
        return (*both, *(place for place in self if place), "")

    @property
    def words(self) -> Language:
        """Dates and sizes follow the directory: below one that is called like a language they are in it."""
        return LANGUAGES.get(self.language) or LANGUAGES.get(self.set) or ENGLISH

    @property
    def code(self) -> str:
        """The language as HTML and Content-Language name it."""
        return next((one for one in (self.language, self.set) if one in LANGUAGES), "en")


PLAIN = Voice()  # no set, and the language maild was written in


@dataclass(frozen=True, slots=True)
class Source:
    """A template as it will be compiled, and the file it came from."""

    file: str
    text: str


class Shelf:
    """Sources by directory ("" is the top) and file name."""

    def __init__(self, sources: Mapping[tuple[str, str], Source]) -> None:
        self.sources = sources
        self._voices: dict[tuple[str, Voice], Voice] = {}

    def voice(self, name: str, wanted: Voice) -> Voice:
        """The voice this letter has when `wanted` is asked for: the language of the directory it is found in."""
        known = self._voices.get((name, wanted))
        if known is None:
            place = next((place for place in wanted.places if (place, name) in self.sources), "")
            spoken = place.endswith(wanted.language) and place != wanted.set
            known = self._voices[name, wanted] = wanted if spoken else Voice(wanted.set)
        return known

    def find(self, name: str, voice: Voice) -> Source | None:
        return next((self.sources[place, name] for place in voice.places if (place, name) in self.sources), None)


def full_name(name: str, voice: Voice) -> str:
    """What a template is called in the one environment that holds all voices."""
    return f"{voice.set}|{voice.language}|{name}"


def split_name(full: str) -> tuple[str, Voice]:
    own_set, language, name = full.split("|", 2)
    return name, Voice(own_set, language)
