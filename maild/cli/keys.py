"""Verbs about what our letters are signed with: token, keys."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from maild.cli import opening
from maild.cli.exits import Complaint, Exit
from maild.cli.output import as_json, plain, table, when
from maild.core import tokens
from maild.core.identity import fold, owner_of
from maild.core.matching import TO_AGENTS, is_void
from maild.core.model import Purpose, Ticket
from maild.core.policy import Policy
from maild.core.tokens import Token, agent_principal

if TYPE_CHECKING:
    from maild.app import App
    from maild.store import Store

_MEANINGS = {
    Purpose.AGENT_REPLY: "an agent's answer and commands",
    Purpose.AGENT_NOTE: "an agent's note",
    Purpose.REQUESTER_REPLY: "the requester's answer",
    Purpose.BOUNCE: "a report that a letter did not arrive",
    Purpose.CONFIRM: "an agent's answer to a challenge",
    Purpose.MESSAGE_ID: "a reference: it leads to the ticket",
    Purpose.ADMIN: "the admin's answer to the list of letters held back",
}
RELOAD = "A running daemon takes it with: maild reload"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """One token, as it is printed."""

    what: str
    text: str
    verifies: bool = True
    ticket: int | None = None
    who: str = ""
    good_for: str = ""
    expires: datetime | None = None
    expired: bool = False
    revoked: bool = False
    key: int | None = None
    letter: int | None = None  # outbox id of the letter it was made for; of a challenge the letter held back

    def state(self) -> str:
        if not self.verifies:
            return "not ours: none of our keys made it"
        if self.revoked:
            return "revoked"
        return "expired" if self.expired else "valid"


def token(args: argparse.Namespace) -> int:
    """The tokens of a ticket, or what a token says."""
    from maild.app import utc_now

    with opening.built_app(args) as app:
        if args.what.isdecimal():
            ticket = app.store.ticket(int(args.what))
            if ticket is None:
                raise Complaint(f"there is no ticket {args.what}", Exit.DATA)
            shown = _of_ticket(ticket, app, utc_now())
        else:
            shown = _decoded(args.what, app, utc_now())
    if args.json:
        as_json([_as_data(one) for one in shown])
    elif args.what.isdecimal():
        rows = [(one.what, one.who or "-", when(one.expires) if one.expires else "never", one.key) for one in shown]
        table(("token", "of", "expires", "key"), rows)
        print()
        for one in shown:
            print(f"{one.what}{' of ' + plain(one.who) if one.who else ''}:\n    {one.text}")
    elif not shown:
        print("There is nothing in it that looks like a token of this desk.")
    else:
        for one in shown:
            _print(one)
    return Exit.OK if any(one.state() == "valid" for one in shown) else Exit.PROBLEMS


def _as_data(shown: Shown) -> dict[str, object]:
    return {name: getattr(shown, name) for name in Shown.__dataclass_fields__} | {"state": shown.state()}


def _print(shown: Shown) -> None:
    lines = [
        (shown.what, plain(shown.text)),
        ("State", shown.state()),
        ("Ticket", shown.ticket or ""),
        ("Made for", plain(shown.who)),
        ("Good for", shown.good_for),
        ("Expires", "" if not shown.verifies else when(shown.expires) if shown.expires else "never"),
        ("Key", "" if shown.key is None else shown.key),
        ("Letter", shown.letter or ""),
    ]
    for name, value in lines:
        if value != "":
            print(f"{name + ':':16} {value}")


# --------------------------------------------------------------------- the tokens of a ticket


def _of_ticket(ticket: Ticket, app: App, now: datetime) -> list[Shown]:
    """As they would be made now."""
    from maild.core.decide.tell import responsible

    policy = app.policy
    latest = max((row.outbox_id for row in app.store.outbox(limit=1)), default=0)
    subject = tokens.subject_token(policy.keys, policy.tag, ticket.number)
    root = tokens.ticket_root_id(policy, ticket.number)
    shown = [
        Shown(what="Subject token", text=subject, ticket=ticket.number, key=policy.keys.current),
        Shown(what="Root id", text=f"<{root}>", ticket=ticket.number, key=policy.keys.current),
    ]
    wanted = [(Purpose.REQUESTER_REPLY, ticket.requester.id, ticket.requester.email, tokens.REQUESTER_REPLY_LIFE)]
    wanted += [
        (Purpose.AGENT_REPLY, agent_principal(key), policy.agents[key].email, tokens.AGENT_REPLY_LIFE)
        for key in responsible(ticket, policy)
    ]
    revoked = app.store.revoked([principal for _, principal, _, _ in wanted])
    for purpose, principal, who, life in wanted:
        whose = "agent" if purpose in TO_AGENTS else "person"
        serial = max(latest, revoked.get((whose, principal), -1) + 1)  # what is shown can be revoked, too
        made = (policy, ticket.address, purpose, ticket.number, principal, now + life)
        address = tokens.reply_address(*made, serial=serial)
        shown.append(_address("Reply address", address, ticket, policy, who, now))
    bounces = tokens.bounce_address(policy, ticket.address, ticket.number, latest)
    return [*shown, _address("Bounce address", bounces, ticket, policy, "", now)]


def _address(what: str, address: str, ticket: Ticket, policy: Policy, who: str, now: datetime) -> Shown:
    """An address; without a token where the desk has no sub-addresses or the address is too long for one."""
    made = tokens.address_token(policy, address, now)
    expires, key = (made.expires, made.key) if made else (None, None)
    return Shown(what=what, text=address, ticket=ticket.number, who=who, expires=expires, key=key)


# --------------------------------------------------------------------- what a token says


def _decoded(text: str, app: App, now: datetime) -> list[Shown]:
    """Everything in a text that is a token of ours, or looks like one."""
    policy = app.policy
    word = text.rpartition("<")[2].partition(">")[0].strip() if "<" in text else text.strip()
    if found := tokens.address_token(policy, word, now):
        what = "Bounce address" if found.purpose == Purpose.BOUNCE else "Reply address"
        return [_told(what, word, found, app)]
    if found := tokens.message_id_token(policy, word):
        return [_told("Root id" if word[:1].lower() == "t" else "Message-ID", word, found, app)]
    if found := tokens.verify(policy.keys, word, now):
        return [_told("Token", word, found, app)]
    if tokens.is_wrong_address(policy, word):
        return [Shown(what="Reply address", text=word, verifies=False)]
    if tokens.is_wrong_id(policy, word):
        return [Shown(what="Message-ID", text=word, verifies=False)]
    return [
        Shown(
            what="Subject token",
            text=f"[{policy.tag}-{mark.number}-…]",
            verifies=mark.key is not None,
            ticket=mark.number,
            key=mark.key,
        )
        for mark in tokens.subject_marks(policy.keys, policy.tag, text)
    ]


def _told(what: str, text: str, found: Token, app: App) -> Shown:
    policy, agents = app.policy, {agent_principal(key) for key in app.policy.agents}
    return Shown(
        what=what,
        text=text,
        ticket=found.ticket or None,
        who=_whose(found, policy, app.store, agents),
        good_for=_MEANINGS[found.purpose],
        expires=found.expires,
        expired=found.expired,
        revoked=is_void(found, app.store.revoked([found.principal]), agents),
        key=found.key,
        letter=found.serial or None,
    )


def _whose(found: Token, policy: Policy, store: Store, agents: set[int]) -> str:
    if not found.principal:
        return ""
    if found.purpose in (*TO_AGENTS, Purpose.CONFIRM) or found.principal in agents:
        agent = owner_of(found, policy)
        return f"{agent.name} <{agent.email}>" if agent else "an agent who has left"
    return store.address_of(found.principal) or "somebody unknown"


# --------------------------------------------------------------------- keys


def keys(args: argparse.Namespace) -> int:
    """List the keys, or change what they sign."""
    if args.action == "revoke":
        return _revoke(args)
    if args.what is not None and args.action != "drop":
        raise Complaint(f"keys {args.action or ''} takes no {args.what!r}".replace("  ", " "), Exit.USAGE)
    if args.action == "rotate":
        return _rotate(args)
    return _drop(args) if args.action == "drop" else _list(args)


def _list(args: argparse.Namespace) -> int:
    from maild.config import key_dates

    with opening.built_app(args) as app:
        known, dates = app.policy.keys, key_dates(app.config.desk.secret_file)
        wrong = app.store.wrong_tokens()
    listed: list[dict[str, Any]] = [
        {"id": one, "signs": one == known.current, "since": dates.get(one)} for one in sorted(known.secrets)
    ]
    if args.json:
        as_json({"keys": listed, "wrong_tokens": wrong})
        return Exit.OK
    rows = [(one["id"], "signs" if one["signs"] else "verifies", when(one["since"])) for one in listed]
    table(("key", "use", "since"), rows)
    print(f"\nWrong tokens received so far: {wrong}")
    return Exit.OK


@contextmanager
def _refusals() -> Iterator[None]:
    """Why the file of keys was left as it was."""
    from maild.config import ConfigErrors

    try:
        yield
    except ConfigErrors as errors:
        raise Complaint(f"the keys are as they were\n{errors}", Exit.CONFIG) from None


def _rotate(args: argparse.Namespace) -> int:
    from maild.app import utc_now
    from maild.config import rotate_keys

    path = opening.load(args).desk.secret_file
    with _refusals():
        fresh = rotate_keys(path, utc_now())
    print(f"Key {fresh} signs from now on; the others go on verifying.\n{RELOAD}")
    return Exit.OK


def _drop(args: argparse.Namespace) -> int:
    from maild.config import drop_key

    if args.what is None or not args.what.isdecimal():
        raise Complaint("say which key, by its number: maild keys drop 0", Exit.USAGE)
    weeks = tokens.REQUESTER_REPLY_LIFE // timedelta(weeks=1)
    warning = (
        f"Without key {args.what} the letters it signed are strangers: their reply addresses, references, subject\n"
        f"tokens and bounces lead to no ticket any more. Reply addresses live {weeks} weeks, the rest for ever."
    )
    if not args.yes:
        raise Complaint(f"nothing was done\n{warning}\nTo do it all the same: --yes", Exit.USAGE)
    path = opening.load(args).desk.secret_file
    with _refusals():
        drop_key(path, int(args.what))
    print(f"Key {args.what} is gone. {warning}\n{RELOAD}")
    return Exit.OK


def _revoke(args: argparse.Namespace) -> int:
    from maild.app import utc_now

    if args.what is None:
        raise Complaint("say whose: the key of an agent, or an address", Exit.USAGE)
    with opening.built_app(args) as app:
        policy, who = app.policy, fold(args.what)
        key = args.what if args.what in policy.agents else policy.by_email.get(who, "")
        if key:
            name, whose, principals = policy.agents[key].name, "agent", [agent_principal(key)]
        else:
            name, whose, principals = who, "person", app.store.person_ids(who)
        if not principals:
            raise Complaint(f"{args.what!r} is no agent's key and no address this desk has met", Exit.DATA)
        through = app.store.revoke(whose, principals, utc_now())
    print(
        f"{plain(name)}: reply addresses and Message-IDs of all letters up to {through} are void, at once.\n"
        "The next letter brings new ones."
    )
    return Exit.OK
