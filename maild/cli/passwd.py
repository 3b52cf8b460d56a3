"""The verb passwd: an agent's password for the submission port."""

from __future__ import annotations

import argparse
import getpass
import sys
from pathlib import Path

from maild import passwords
from maild.cli import opening
from maild.cli.exits import Complaint, Exit
from maild.config.problems import unknown


def passwd(args: argparse.Namespace) -> int:
    config = opening.load(args)
    file = config.submission.passwords_file
    if args.agent not in config.agent and not args.remove:
        raise Complaint(unknown("agent", args.agent, tuple(config.agent)), Exit.DATA)
    try:
        known = passwords.read(file)
    except (OSError, ValueError) as error:
        raise Complaint(_why(error, file), Exit.NO_INPUT) from None
    if args.remove:
        if known.pop(args.agent, None) is None:
            raise Complaint(f"{args.agent} has no password", Exit.DATA)
    else:
        try:
            known[args.agent] = passwords.hashed(_from_stdin() if args.stdin else _asked(args.agent))
        except passwords.BadPassword as error:
            raise Complaint(str(error), Exit.DATA) from None
    try:
        passwords.write(file, known)
    except OSError as error:
        raise Complaint(_why(error, file), Exit.CANNOT_CREATE) from None
    print(f"{args.agent} can log in no more." if args.remove else f"{args.agent} has a new password.")
    return Exit.OK


def _why(error: Exception, file: Path) -> str:
    return f"{file}: {error.strerror}" if isinstance(error, OSError) else str(error)


def _from_stdin() -> str:
    return sys.stdin.readline().rstrip("\r\n")


def _asked(agent: str) -> str:
    """Twice, as nobody sees what is typed."""
    if not sys.stdin.isatty():
        raise Complaint("there is no terminal to ask at; use --stdin", Exit.USAGE)
    password = getpass.getpass(f"New password of {agent}: ")
    if getpass.getpass("The same again: ") != password:
        raise Complaint("they are not the same; nothing was changed", Exit.DATA)
    return password
