"""`maild demo`: whole tickets played over real SMTP in a throw-away directory."""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path
from typing import TextIO

from maild.demo.people import NotArrived
from maild.demo.stage import Stage, example_config
from maild.demo.stories import Played, escalation, outage

STORIES = {
    "outage": ("Karen and the online banking outage", outage),
    "escalation": ("Ken and the system administrators", escalation),
}


def play(which: str, *, letters: bool, out: TextIO) -> int:
    """Play one story or both; 0 when every letter came that had to come."""
    began = time.monotonic()
    chosen = list(STORIES) if which == "both" else [which]
    for name in chosen:
        title, story = STORIES[name]
        print(f"\n{title}\n{'=' * len(title)}", file=out)
        with tempfile.TemporaryDirectory(prefix="maild-demo-") as home, Stage(example_config(Path(home))) as stage:
            try:
                played = story(stage, lambda line: print(f"  {line}", file=out, flush=True))
            except NotArrived as missing:
                print(f"\nThe play stopped: {missing}", file=sys.stderr)
                return 1
            stage.settle()
            if letters:
                _print_letters(played, out)
    print(f"\nPlayed in {time.monotonic() - began:.1f} seconds; nothing is left behind.", file=out)
    return 0


def _print_letters(played: Played, out: TextIO) -> None:
    for person in (played.requester, *played.agents.values()):
        for mail in person.inbox:
            print(f"\n{'-' * 78}\nTo {person.name}: {mail.subject}\nFrom: {mail.message.sender}\n", file=out)
            print(mail.text, file=out)
