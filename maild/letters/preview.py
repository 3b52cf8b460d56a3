"""A letter to look at: written with samples, never sent.

It refuses to know where it is shown. Called by `maild preview`.
"""

from __future__ import annotations

from dataclasses import dataclass

from maild.letters.catalogue import CATALOGUE
from maild.letters.mime import body
from maild.letters.samples import samples
from maild.letters.shelf import Voice
from maild.letters.templates import Templates


@dataclass(frozen=True, slots=True)
class Preview:
    """One sample letter. `file` is the template it was made from."""

    subject: str
    text: str
    html: str
    file: str

    @property
    def eml(self) -> bytes:
        """The letter as a file that a mail program opens."""
        head = f"Subject: {self.subject}".encode("ascii", "replace")
        return b"%s\r\nX-Unsent: 1\r\nMIME-Version: 1.0\r\n%s" % (head, body(self.text, self.html, (), self.subject))


def preview(templates: Templates, name: str, own_set: str = "", language: str = "") -> Preview:
    """The richest sample of a letter, in this set and language. KeyError where there is no such letter or set."""
    places = {place for place, _ in templates.shelf.sources}
    if name not in CATALOGUE or (own_set and own_set not in {place.partition("/")[0] for place in places}):
        raise KeyError(name)
    voice = templates.shelf.voice(f"{name}.txt", Voice(own_set, language))
    written = [(templates.write(name, seen, voice), seen) for seen in samples(CATALOGUE[name], voice.words)]
    (subject, text), seen = max(written, key=lambda one: len(one[0][1]))
    source = templates.shelf.find(f"{name}.txt", voice)
    return Preview(subject, text, templates.page(text, subject, seen, voice), source.file if source else "")


def sets(templates: Templates) -> tuple[str, ...]:
    """The sets there are; languages are sets too."""
    return tuple(sorted({place.partition("/")[0] for place, _ in templates.shelf.sources if place}))
