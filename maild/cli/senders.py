"""Verbs about senders and what is held back: quarantine, ban, accept, senders."""

from __future__ import annotations

import argparse
import getpass

from maild.cli import opening
from maild.cli.exits import Complaint, Exit
from maild.cli.output import as_json, plain, table, when
from maild.core import senders
from maild.core.identity import fold
from maild.core.model import Change, Fate, Held, Outcome, Release, Stand, Standing
from maild.store import Store


def quarantine(args: argparse.Namespace) -> int:
    from maild.desk_held import held_back

    with opening.opened_store(args) as store:
        lines = held_back(store, args.limit)
    if args.json:
        as_json(lines)
    elif not lines:
        print("Nothing is held back.")
    else:
        rows = [(line.mail_id, when(line.received_at), line.sender, line.subject, line.reason) for line in lines]
        table(("id", "received", "from", "subject", "why"), rows)
    return Exit.OK


def ban(args: argparse.Namespace) -> int:
    return _stand(args, Standing.BAN)


def accept(args: argparse.Namespace) -> int:
    return _stand(args, Standing.ACCEPT)


def _stand(args: argparse.Namespace, verdict: Standing) -> int:
    """Say something of the senders named; a letter's number is its sender, and accepting it releases it."""
    from maild.app import utc_now

    config = opening.load(args)
    ours = {fold(agent.email) for agent in config.agent.values()} | {fold(config.desk.admin)}
    with opening.opened_store(args) as store:
        changes: list[Change] = []
        for who in args.who:
            pattern, letter = _pattern(store, who)
            if verdict == Standing.BAN and pattern in ours:
                raise Complaint(f"{pattern} is one of us; nobody was banned", Exit.DATA)
            changes.append(Stand(pattern, verdict, getpass.getuser()))
            if verdict == Standing.ACCEPT and letter is not None and _is_held(letter):
                changes.append(Release(int(who)))
        store.record([(None, Outcome(changes=tuple(changes)))], utc_now())
    for change in changes:
        if isinstance(change, Stand):
            said = "refused" if verdict == Standing.BAN else "always accepted"
            print(f"Letters of {senders.written(change.pattern)} are {said} from now on.")
        elif isinstance(change, Release):
            print(f"Letter {change.mail_id} will be worked by the daemon, or now by `maild tick`.")
    return Exit.OK


def _pattern(store: Store, who: str) -> tuple[str, Held | None]:
    """Whom the words name, and the letter if they are its number."""
    from maild.core.mail import read

    if not who.isascii() or not who.isdigit():
        try:
            return senders.pattern(who), None
        except ValueError as error:
            raise Complaint(str(error), Exit.USAGE) from None
    letter = store.held([int(who)]).get(int(who)) if int(who) < 2**63 else None
    if letter is None:
        raise Complaint(f"there is no letter {who}", Exit.DATA)
    author = read(letter.head).sender
    try:
        return senders.pattern(author.email if author else ""), letter
    except ValueError:
        raise Complaint(f"letter {who} does not name one sender", Exit.DATA) from None


def _is_held(letter: Held) -> bool:
    return letter.ticket is None and letter.fate in (Fate.QUARANTINED, Fate.REFUSED)


def standing(args: argparse.Namespace) -> int:
    with opening.opened_store(args) as store:
        if args.forget:
            return _forget(store, args.forget)
        rows = store.standings()
    if args.json:
        as_json([{"sender": senders.written(one), "standing": said, "at": at, "by": by} for one, said, at, by in rows])
    elif not rows:
        print("Nothing was said of any sender; the configuration may say more.")
    else:
        table(("sender", "standing", "since", "by"), [(senders.written(r[0]), r[1], when(r[2]), r[3]) for r in rows])
    return Exit.OK


def _forget(store: Store, who: str) -> int:
    try:
        pattern = senders.pattern(who)
    except ValueError as error:
        raise Complaint(str(error), Exit.USAGE) from None
    if not store.forget_standing(pattern):
        raise Complaint(f"nothing was said of {plain(who)}; `maild senders` lists of whom something was", Exit.DATA)
    print(f"Nothing is held against or for {senders.written(pattern)} any more.")
    return Exit.OK
