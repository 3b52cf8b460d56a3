"""Verbs that make, check and run a desk: init, check, migrate, run, reload, demo."""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from maild.cli import opening
from maild.cli.exits import Complaint, Exit

if TYPE_CHECKING:
    from maild.app import App
    from maild.core.policy import Policy


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
    from maild import config

    path = Path(args.config)
    notes: list[str] = []
    problems = _problems(path, notes)
    if not problems:
        loaded = config.load(path)
        policy = config.policy(loaded)
        notes += [*_stance(policy), f"{config.run_tests(loaded, policy)[0]} tests of rules passed"]
    if args.json:
        print(json.dumps({"ok": not problems, "problems": problems, "notes": notes}))
    elif problems:
        print("\n".join([*problems, *notes]), file=sys.stderr)
    else:
        print("\n".join([f"{path}: all is well", *notes]))
    return Exit.CONFIG if problems else Exit.OK


def _problems(path: Path, notes: list[str] | None = None) -> list[str]:
    """Everything wrong with configuration, rules, their tests and templates; what is only odd joins `notes`."""
    from maild import config, letters
    from maild.app import template_directories

    problems = [str(problem) for problem in config.check(path)]
    directories = template_directories(path.parent / "templates" if problems else config.load(path).desk.templates)
    if notes is not None:
        notes += letters.unused(directories)
    try:
        letters.load(directories)
    except letters.TemplateErrors as errors:
        problems += str(errors).splitlines()
    return problems


def _stance(policy: Policy) -> list[str]:
    """What was read, and how senders are believed, for an admin to nod at."""
    counted = f"{len(policy.rules)} rules, {len(policy.agents)} agents, {len(policy.topics)} topics"
    if policy.authentication.trusted or policy.authentication.microsoft:
        whom = ", ".join(sorted(policy.authentication.trusted)) or "Microsoft 365"
        return [counted, f"strict mode: senders are believed as far as {whom} vouches for their domains"]
    return [
        counted,
        "relaxed mode: nobody vouches for senders. A requester's address with their reply address, or with a valid",
        "token in the subject, may add to a ticket, never command it. Agents need their own reply addresses.",
    ]


def reload(args: argparse.Namespace) -> int:
    """Have the running daemon read everything again; what is wrong is said here, and then it is not asked."""
    from maild import running

    problems = _problems(Path(args.config))
    if problems:
        raise Complaint("\n".join(["nothing is reloaded", *problems]), Exit.CONFIG)
    data = opening.load(args).desk.data
    note = running.running(Path(data))
    if note is None:
        raise Complaint(f"no maild is running on {data} (there is no {running.NAME} of a living one)", Exit.UNAVAILABLE)
    try:
        os.kill(note.pid, signal.SIGHUP)
    except OSError as error:
        raise Complaint(f"maild (process {note.pid}) cannot be told: {error.strerror}", Exit.UNAVAILABLE) from None
    end = time.monotonic() + args.wait
    while time.monotonic() < end:
        now = running.running(Path(data))
        if now is not None and now.pid == note.pid and now.reloads > note.reloads:
            if now.taken:
                print("Taken over.")
                return Exit.OK
            raise Complaint("refused; the old policy stays in force, and the admin was sent the reasons", Exit.CONFIG)
        time.sleep(0.05)
    raise Complaint(f"told, and no answer in {args.wait:g} seconds: its log says how it ended", Exit.TEMPORARY)


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

    from maild import logs
    from maild.config import ConfigErrors
    from maild.ready import NotReady

    logs.set_up(opening.load(args).log.format, verbose=args.verbose)
    with opening.built_app(args, daemon=True) as app:
        try:
            asyncio.run(app.run(ready=_greet))
        except ConfigErrors as errors:
            raise Complaint(f"the configuration cannot be used\n{errors}", Exit.CONFIG) from None
        except NotReady as error:
            raise Complaint(str(error), Exit.TEMPORARY) from None
        except OSError as error:
            raise Complaint(f"cannot listen: {error}", Exit.UNAVAILABLE) from None
    return Exit.OK


def _greet(app: App) -> None:
    """Say where to send a letter and where answers can be read: the first minute of a new admin."""
    ours = app.policy.addresses[0].email
    doors = app.door.addresses
    if doors:
        host, port = doors[0]
        print("maild is listening on " + ", ".join(f"{at}:{number}" for at, number in doors))
        trial = (
            f"swaks --server {host}:{port} --from karen@example.net --to {ours} "
            '--header "Subject: Online banking is down" --body "Neither phone nor browser works."'
        )
    else:
        print("maild is running. It takes no letters by SMTP (smtp.listen is empty): they come by `maild pipe`.")
        trial = f"maild pipe -c {app.config.path} {ours} < letter.eml"
    others = [f"{name} {' and '.join(door.bound)}" for name, door in app.doors.named() if name != "smtp" and door.bound]
    others += [f"maildir {door.settings.path}" for door in app.maildirs]
    others += [f"imap {box.settings.name}" for box in app.imap.mailboxes]
    if others:
        print(f"Letters also come by {', '.join(others)}.")
    print(f"Mail to {ours} makes a ticket. Try:\n  {trial}")
    first, *spare = app.config.outbound.relays
    if first.scheme == "maildir":
        print(f"Outgoing mail is written to {first.path}. Read it with: mutt -f {first.path}")
    else:
        print(f"Outgoing mail goes to {first.host}:{first.port} ({first.scheme}).")
    if spare:
        print(f"While that is away, to {' or '.join(one.host or str(one.path) for one in spare)}.")
    print("Ctrl-C stops it; nothing that was accepted is lost.", flush=True)


def demo(args: argparse.Namespace) -> int:
    from maild.demo import play

    return play(args.story, letters=args.letters, out=sys.stdout)
