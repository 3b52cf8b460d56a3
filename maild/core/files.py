"""Files that came with letters: which of them go into one letter, and what a ticket remembers of them.

Sizes are bytes as the files are on a disk. It refuses to know what is in a file. Used by `decide`, which
says what is sent, and by `letters`, which writes it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from maild.core.model import AddEntry, Attachment, Outcome, Ticket

MOST_KEPT = 200  # files a ticket remembers, the newest; the letters they came in are kept whole anyway
MAX_ORNAMENT = 20_000  # bytes of a picture inside a text that is taken for a logo


@dataclass(frozen=True, slots=True)
class KeptFile:
    """A file of a stored letter: `index` is the attachment's, see `core.mail.content`."""

    mail_id: int
    index: int
    size: int
    name: str

    def __str__(self) -> str:
        """As `Ticket.files` has it."""
        return f"{self.mail_id} {self.index} {self.size} {self.name}"


def of_ticket(ticket: Ticket) -> tuple[KeptFile, ...]:
    """The files that came along, oldest first."""
    found = []
    for line in ticket.files:
        mail_id, index, size, name = line.split(" ", 3)
        found.append(KeptFile(int(mail_id), int(index), int(size), name))
    return tuple(found)


def remembered(outcome: Outcome, mail_id: int, attachments: Sequence[Attachment]) -> Outcome:
    """The outcome, and its ticket remembers the files of the letter that was judged if its words are in the thread."""
    ticket = outcome.after
    new = tuple(str(KeptFile(mail_id, a.index, a.size, a.filename)) for a in attachments if not ornament(a))
    heard = any(isinstance(change, AddEntry) and change.entry.mail_id == mail_id for change in outcome.changes)
    if ticket is None or not new or not heard:
        return outcome
    return replace(outcome, after=replace(ticket, files=(*ticket.files, *new)[-MOST_KEPT:]))


def ornament(file: Attachment) -> bool:
    """Whether it is the small picture of a signature rather than something anybody sent."""
    return file.inline and file.size <= MAX_ORNAMENT


def fitting(sizes: Iterable[int], most: int) -> tuple[int, ...]:
    """The places of those that fit into one letter together, the first ones first."""
    taken, room = [], most
    for place, size in enumerate(sizes):
        if size <= room:
            taken.append(place)
            room -= size
    return tuple(taken)


def parcels(files: Sequence[KeptFile], most: int) -> tuple[tuple[KeptFile, ...], ...]:
    """The files as letters carry them: of one stored letter each, and no more than `most` bytes unless it is one file.

    A file too large for any letter goes alone: whether it arrives is the relay's to say, and it is told.
    """
    packed: list[list[KeptFile]] = []
    for file in files:
        last = packed[-1] if packed else []
        if last and last[0].mail_id == file.mail_id and sum(f.size for f in last) + file.size <= most:
            last.append(file)
        else:
            packed.append([file])
    return tuple(map(tuple, packed))
