"""Files that are too large to go along: sent after an answer, fetched by an agent.

Whoever an agent sends a file to gets it without asking for it; a whole team is not sent a film it may not
want, so that agents ask. It refuses to know how a letter with files looks.
"""

from __future__ import annotations

from collections.abc import Sequence

from maild.core import files
from maild.core.commands import Command
from maild.core.decide import tell
from maild.core.decide.draft import Draft
from maild.core.decide.work import Work
from maild.core.files import KeptFile
from maild.core.model import Attachment, Lane
from maild.core.names import nearest

MOST_LETTERS = 20  # that one command may ask for


def fetch(work: Work, command: Command) -> None:
    """#files: all files of the ticket, or those whose name holds the words; in as many letters as it takes."""
    kept = files.of_ticket(work.draft.ticket)
    wanted = tuple(file for file in kept if command.value.casefold() in file.name.casefold())
    packed = files.parcels(wanted, work.policy.letters.attachments_max)
    if not kept:
        work.mistake(command, "no files have come along on this ticket")
    elif not wanted:
        near = nearest(command.value, [file.name for file in kept])
        why = f"no file of this ticket is called “{command.value}”"
        work.mistake(command, why, f"#files {near[0]}" if near else "#files")
    elif len(packed) > MOST_LETTERS:
        why = f"these {len(wanted)} files would be {len(packed)} letters; a name, or a part of one, makes them fewer"
        work.mistake(command, why, f"#files {wanted[-1].name}")
    for part, parcel in enumerate(packed if len(packed) <= MOST_LETTERS else (), 1):
        letter = tell.alert(
            work.policy,
            work.agent,
            "files",
            lane=Lane.NOTICE,  # an answer to somebody else must not wait for it
            attachments_of=parcel[0].mail_id,
            files=tuple(file.index for file in parcel),
            context={"part": part, "parts": len(packed)},
        )
        work.draft.send(letter)


def follow(draft: Draft, mail_id: int, attachments: Sequence[Attachment]) -> None:
    """What was too large to go along with an answer goes after it."""
    most = draft.policy.letters.attachments_max
    along = files.fitting((one.size for one in attachments), most)
    late = [one for place, one in enumerate(attachments) if place not in along and not files.ornament(one)]
    packed = files.parcels([KeptFile(mail_id, one.index, one.size, one.filename) for one in late], most)
    for part, parcel in enumerate(packed, 1):
        tell.participants(
            draft,
            "further-files",
            lane=Lane.NOTICE,
            automatic="auto-generated",
            attachments_of=mail_id,
            files=tuple(file.index for file in parcel),
            context={"part": part, "parts": len(packed)},
        )
