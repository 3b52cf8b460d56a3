"""What goes along with a letter's words: files within the limit, pictures inside the text, the author's formatting.

Read from the stored letter the words came in. It refuses to know what the letter says around them.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import NamedTuple

from maild.core.files import fitting
from maild.core.mail import content, read
from maild.core.mail.html_words import formatted, named
from maild.core.model import Attachment, EntryKind
from maild.core.policy import Policy
from maild.letters import mime, words
from maild.letters.outgoing import NotRenderable, Outgoing

KEPT = 1_000_000  # bytes; the files of longer letters are encoded anew for every recipient
_SHOWN = ("image/png", "image/jpeg", "image/gif", "image/webp")  # what every mail program shows inside a text


class _File(NamedTuple):
    about: Attachment
    encoded: bytes


class _Stored(NamedTuple):
    """A stored letter as far as it may go along."""

    html: str
    files: tuple[_File, ...]


@dataclass(frozen=True, slots=True)
class Enclosures:
    """`own_html`: the words as their author formatted them, "" where that is not certain; `pictures` are in it."""

    files: tuple[mime.File, ...] = ()
    pictures: tuple[mime.File, ...] = ()
    left_out: tuple[Attachment, ...] = ()
    own_html: str = ""

    @property
    def size(self) -> int:
        return sum(file.size for file in (*self.files, *self.pictures))


NOTHING = Enclosures()


def enclosed(outgoing: Outgoing, policy: Policy) -> Enclosures:
    """What goes along. NotRenderable where the stored letter is gone."""
    letter = outgoing.letter
    if letter.attachments_of is None:
        return NOTHING
    if outgoing.raw is None:
        raise NotRenderable(f"the stored letter {letter.attachments_of} whose files should go along is gone")
    stored = _kept(outgoing.raw) if len(outgoing.raw) <= KEPT else _stored(outgoing.raw)
    if letter.files:
        taken = [file for file in stored.files if file.about.index in letter.files]
        return Enclosures(tuple(map(_attached, taken)))
    places = fitting((file.about.size for file in stored.files), policy.letters.attachments_max)
    taken = [stored.files[place] for place in places]
    out = tuple(file.about for place, file in enumerate(stored.files) if place not in places)
    return _with_formatting(outgoing, policy, stored, taken, out)


def _with_formatting(
    outgoing: Outgoing, policy: Policy, stored: _Stored, taken: list[_File], out: tuple[Attachment, ...]
) -> Enclosures:
    """An agent's own words keep their formatting. A stranger's HTML is never passed on, not even made harmless."""
    ids = {
        file.about.content_id: f"picture{file.about.index}.{outgoing.outbox_id}@{policy.domain}"
        for file in taken
        if file.about.content_id and file.about.sniffed_type in _SHOWN
    }
    own = None
    if outgoing.entry is not None and outgoing.entry.kind == EntryKind.RESPONSE and stored.html:
        own = formatted(stored.html, outgoing.entry.text, ids)
    if own is None:
        return Enclosures(tuple(map(_attached, taken)), (), out)
    # What the HTML shows elsewhere is the logo of a signature, or a picture of the letter that is answered.
    elsewhere = named(stored.html) - own.shown
    pictures = tuple(_picture(file, ids[file.about.content_id]) for file in taken if file.about.content_id in own.shown)
    files = [file for file in taken if file.about.content_id not in own.shown | elsewhere]
    left_out = tuple(file for file in out if file.content_id not in elsewhere)
    return Enclosures(tuple(map(_attached, files)), pictures, left_out, own.html)


def _name(file: Attachment) -> str:
    return words.line(file.filename, 150) or "attachment"


def _attached(file: _File) -> mime.File:
    """A picture that stood in the text is shown below it by many programs, if it is called inline."""
    shown = file.about.inline and file.about.sniffed_type in _SHOWN
    return mime.encoded_file(_name(file.about), file.about.content_type, file.about.size, file.encoded, inline=shown)


def _picture(file: _File, content_id: str) -> mime.File:
    about = file.about
    return mime.encoded_file(_name(about), about.sniffed_type, about.size, file.encoded, inline=True, cid=content_id)


def _stored(raw: bytes) -> _Stored:
    message = read(raw)
    files = tuple(_File(a, mime.base64_lines(content(raw, a.index))) for a in message.attachments)
    return _Stored(message.html, files)


# An alert goes to a whole team, and its letters are written one after the other.
_kept = functools.lru_cache(maxsize=4)(_stored)
