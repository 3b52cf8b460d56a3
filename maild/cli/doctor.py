"""The verb that looks at a desk's health: doctor."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

from maild.cli.exits import Exit
from maild.cli.output import as_json, plain
from maild.health.doctor import Finding

_MARKS = {"ok": "ok     ", "wrong": "WRONG  ", "note": "note   "}


def doctor(args: argparse.Namespace) -> int:
    """Look at everything; one line for each check, told as soon as it is known."""
    found: list[Finding] = []
    for one in _examined(args):
        found.append(one)
        if not args.json:
            print(_MARKS[one.state] + plain(f"{one.name}: {one.what}"), flush=True)
            if one.do:
                print(f"       └ {plain(one.do)}", flush=True)
    ill = any(one.state == "wrong" for one in found)
    if args.json:
        as_json({"ok": not ill, "checks": found})
    return Exit.PROBLEMS if ill else Exit.OK


def _examined(args: argparse.Namespace) -> Iterator[Finding]:
    from maild import config, letters
    from maild.app import template_directories
    from maild.health.doctor import examine
    from maild.health.doctor.finding import well, wrong
    from maild.health.doctor.probe import send

    problems = [str(problem) for problem in config.check(Path(args.config))]
    yield from (wrong("configuration", one, "maild check says all at once") for one in problems)
    if problems:
        return
    loaded = config.load(args.config)
    yield well("configuration", f"{args.config} and the rules can be used")
    try:
        letters.load(template_directories(loaded.desk.templates))
    except letters.TemplateErrors as errors:
        yield from (wrong("templates", one, "mend or delete the file") for one in str(errors).splitlines())
    else:
        yield well("templates", "all letters can be written")
    yield from examine(loaded)
    if args.send:
        yield from send(loaded, args.wait)
