"""The verb that shows letters before anybody gets them: preview."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from maild.cli import opening
from maild.cli.exits import Complaint, Exit

LINE_HEIGHT = 24  # pixels of a line in a picture, and of the margins around a paragraph
CHARACTERS = 84  # of a line in a picture


def preview(args: argparse.Namespace) -> int:
    """Write a letter with samples, or list the letters there are."""
    from maild.core.names import nearest
    from maild.letters import CATALOGUE
    from maild.letters.preview import preview as written
    from maild.letters.preview import sets

    templates = opening.templates(args)
    if not args.template:
        width = max(map(len, CATALOGUE)) + 2
        print(f"{'LETTER':{width}}WHO GETS IT")
        for name, form in CATALOGUE.items():
            print(f"{name:{width}}{form.use}")
        print(f"\nSets (--set) and languages (--language): {', '.join(sets(templates)) or 'none'}")
        return Exit.OK
    if args.template not in CATALOGUE:
        near = nearest(args.template, CATALOGUE)
        meant = f" (did you mean {near[0]}?)" if near else ""
        raise Complaint(f"there is no letter called {args.template!r}{meant}; `maild preview` lists them", Exit.USAGE)
    try:
        letter = written(templates, args.template, args.set, args.language)
    except KeyError:
        there = ", ".join(sets(templates)) or "none"
        raise Complaint(f"there is no set called {args.set!r}; there are: {there}", Exit.USAGE) from None
    if args.png:
        _draw(letter.html, letter.text, Path(args.png))
    elif args.eml:
        sys.stdout.buffer.write(letter.eml)
    elif args.html:
        print(letter.html)
    else:
        print(f"{letter.file}\n\nSubject: {letter.subject}\n\n{letter.text}", end="")
    return Exit.OK


def _draw(html: str, text: str, target: Path) -> None:
    from maild.cli.browser import NoBrowser, picture

    lines = sum(1 + len(line) // CHARACTERS for line in text.splitlines())
    try:
        picture(html, target, 80 + LINE_HEIGHT * lines)
    except NoBrowser as error:
        raise Complaint(str(error), Exit.UNAVAILABLE) from None
    except OSError as error:
        raise Complaint(f"{target}: {error.strerror}", Exit.CANNOT_CREATE) from None
    print(f"{target}: drawn")
