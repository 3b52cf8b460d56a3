"""Verbs that make, check and run a desk: init, check, migrate, run, demo."""

from __future__ import annotations

import argparse
import json
import logging
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from maild.cli import opening
from maild.cli.exits import Complaint, Exit

if TYPE_CHECKING:
    from maild.app import App


def init(args: argparse.Namespace) -> int:
    """Make a working directory. Nothing that is there already is touched."""
    from maild.desk_directory import make

    try:
        target = make(Path(args.directory))
    except OSError as error:
        raise Complaint(f"{error.filename}: {error.strerror}", Exit.CANNOT_CREATE) from None
    print(f"{args.directory}: a desk is ready. Edit config.toml, then: maild run -c {target}")
    return Exit.OK


def check(args: argparse.Namespace) -> int:
    """Look at everything `run` would load; say every error, with file and line."""
    from maild import config, letters
    from maild.app import template_directories

    path = Path(args.config)
    problems = [str(problem) for problem in config.check(path)]
    try:
        letters.load(template_directories(path.parent / "templates" if problems else config.load(path).desk.templates))
    except letters.TemplateErrors as errors:
        problems += str(errors).splitlines()
    if args.json:
        print(json.dumps({"ok": not problems, "problems": problems}))
    elif problems:
        print("\n".join(problems), file=sys.stderr)
    else:
        policy = config.policy(config.load(path))
        print(
            f"{path}: all is well ({len(policy.rules)} rules, {len(policy.agents)} agents, {len(policy.topics)} topics)"
        )
        print("Senders are not authenticated: a requester's address and a valid subject token together may add to")
        print("a ticket, never command it. Agents are known by their own reply addresses.")
    return Exit.CONFIG if problems else Exit.OK


def migrate(args: argparse.Namespace) -> int:
    from maild.store import Unavailable
    from maild.store import migrate as make_tables

    config = opening.load(args)
    Path(config.desk.data).mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        make_tables(config.store.url)
    except Unavailable as error:
        raise Complaint(f"the database is away: {error}", Exit.TEMPORARY) from None
    print(f"{config.store.url}: the schema is up to date")
    return Exit.OK


def run(args: argparse.Namespace) -> int:
    import asyncio

    from maild.app import NotReady

    logging.basicConfig(
        level=logging.INFO if args.verbose else logging.WARNING,
        format="%(asctime)s %(levelname)s %(name)s %(message)s",
        stream=sys.stderr,
    )
    logging.getLogger("apscheduler").setLevel(logging.WARNING)
    with opening.built_app(args) as app:
        try:
            asyncio.run(app.run(ready=_greet))
        except NotReady as error:
            raise Complaint(str(error), Exit.TEMPORARY) from None
        except OSError as error:
            raise Complaint(f"cannot listen: {error}", Exit.UNAVAILABLE) from None
    return Exit.OK


def _greet(app: App) -> None:
    """Say where to send a letter and where answers can be read: the first minute of a new admin."""
    ours = app.policy.addresses[0].email
    host, port = app.door.addresses[0]
    print("maild is listening on " + ", ".join(f"{at}:{number}" for at, number in app.door.addresses))
    print(f"Mail to {ours} makes a ticket. Try:")
    print(
        f"  swaks --server {host}:{port} --from karen@example.net --to {ours} "
        '--header "Subject: Online banking is down" --body "Neither phone nor browser works."'
    )
    relay = app.config.outbound.relay
    if relay.scheme == "maildir":
        print(f"Outgoing mail is written to {relay.path}. Read it with: mutt -f {relay.path}")
    else:
        print(f"Outgoing mail goes to {relay.host}:{relay.port} ({relay.scheme}).")
    print("Ctrl-C stops it; nothing that was accepted is lost.", flush=True)


def demo(args: argparse.Namespace) -> int:
    from maild.demo import play

    return play(args.story, letters=args.letters, out=sys.stdout)
