"""Letters lying in files: mbox, Maildir, single .eml files and directories of them.

`letters` finds them all, oldest first by their Date field, without holding more than one in
memory. It refuses to change, move or delete anything, and to know what becomes of a letter.
`maild import` calls it; for a Maildir into which letters are still being delivered there is
edges.maildir.

mbox has no standard; what is read here is what every writer agrees on (RFC 4155 appendix A): a letter
begins at a line "From " after an empty line or at the start. ">From " is read as "From ".
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

HEAD = 64 * 1024  # bytes of a letter in which its Date is looked for
MOST_LETTERS = 5_000_000  # of one import; each costs about 200 bytes of memory
_SEPARATOR = re.compile(rb"^From [^\r\n]{1,998}\r?$")
_QUOTED_FROM = re.compile(rb"^>(>*From )", re.MULTILINE)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Found:
    """Where one letter lies: `length` bytes of a file from `start`."""

    path: Path
    start: int
    length: int
    quoted: bool  # it lies in an mbox: ">From " stands for "From "

    def __str__(self) -> str:
        return f"{self.path}:{self.start}" if self.quoted else str(self.path)

    def read(self) -> bytes:
        """The letter as it was. OSError where the file is gone or cannot be read."""
        with self.path.open("rb") as file:
            file.seek(self.start)
            raw = file.read(self.length)
        return _QUOTED_FROM.sub(rb"\1", raw) if self.quoted else raw


def letters(paths: list[Path], date_of: Callable[[bytes], datetime | None]) -> Iterator[Found]:
    """All letters below these paths, oldest first; those without a date come where the letter before them does.

    `date_of` reads the Date of a letter's beginning. OSError where a path cannot be read.
    """
    dated: list[tuple[datetime, int, Found]] = []
    for path in paths:
        last = _EPOCH
        for found in _below(path):
            last = date_of(_head(found)) or last
            dated.append((last, len(dated), found))
            if len(dated) >= MOST_LETTERS:
                raise OSError(f"more than {MOST_LETTERS} letters; import them in parts")
    dated.sort(key=lambda one: one[:2])
    for _, _, found in dated:
        yield found


def _head(found: Found) -> bytes:
    with found.path.open("rb") as file:
        file.seek(found.start)
        return file.read(min(HEAD, found.length))


def _below(path: Path) -> Iterator[Found]:
    if path.is_dir():
        for directory, names, files in os.walk(path):
            names.sort()
            place = Path(directory)
            if place.name == "tmp" and (place.parent / "cur").is_dir():
                continue  # of a Maildir: letters that are still being written
            for name in sorted(files):
                if _is_letter(place, name):
                    yield from _in_file(place / name)
    else:
        yield from _in_file(path)


def _is_letter(directory: Path, name: str) -> bool:
    """Whether a file of a directory is a letter: any of a Maildir's, else by its suffix. Indexes are not."""
    if name.startswith("."):
        return False
    if directory.name in ("cur", "new") and (directory.parent / "cur").is_dir():
        return True
    return name.lower().endswith((".eml", ".mbox"))


def _in_file(path: Path) -> Iterator[Found]:
    size = path.stat().st_size
    with path.open("rb") as file:
        if file.read(5) != b"From ":
            if size:
                yield Found(path, 0, size, quoted=False)
            return
    yield from _in_mbox(path, size)


def _in_mbox(path: Path, size: int) -> Iterator[Found]:
    start: int | None = None
    position = 0
    empty = True  # the line before is empty, or there is none
    with path.open("rb") as file:
        while line := file.readline(HEAD):
            if empty and line.startswith(b"From ") and _SEPARATOR.match(line.rstrip(b"\n")):
                if start is not None:
                    yield Found(path, start, position - start, quoted=True)
                start = position + len(line)
            empty = line in (b"\n", b"\r\n")
            position += len(line)
    if start is not None and start < size:
        yield Found(path, start, size - start, quoted=True)
