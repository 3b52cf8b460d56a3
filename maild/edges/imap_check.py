"""Whether a mailbox can be fetched from, step by step, and what to do where it cannot.

It changes nothing in the mailbox but that a missing folder to move letters to is made, as fetching would.
It refuses to fetch. Verbs that look at a desk's health call it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass

from imapclient.exceptions import IMAPClientError

from maild.edges.imap_session import connect, drop, login, open_folder
from maild.edges.imap_settings import MailboxSettings
from maild.edges.imap_trouble import words
from maild.edges.imap_wire import Client

NEARLY = 0.9  # of the quota


@dataclass(frozen=True, slots=True)
class Finding:
    """`ok` or not, and in words: what was seen, or what is wrong and what to do."""

    ok: bool
    what: str


def check(settings: MailboxSettings) -> list[Finding]:
    """Connect, log in, open the folder, look at rights and quota; the first failure ends it."""
    found: list[Finding] = []
    client: Client | None = None
    try:
        client = connect(settings)
        found.append(Finding(True, f"{settings.host}:{settings.port} answers, {_secrecy(client)}"))
        login(client, settings)
        found.append(Finding(True, f"{settings.user} is logged in"))
        uidvalidity, filing = open_folder(client, settings)
        found.append(Finding(True, f"{settings.folder} can be opened; UIDVALIDITY {uidvalidity}"))
        found += _abilities(client, settings, filing.complete)
        found += _quota(client, settings)
    except Exception as error:  # noqa: BLE001 - whatever it is, it is what was asked for
        found.append(Finding(False, words(error, settings.host)))
    finally:
        if client is not None:
            drop(client, farewell=True)
    return found


def _secrecy(client: Client) -> str:
    return "encrypted" if client.encrypted else "in the clear"


def _abilities(client: Client, settings: MailboxSettings, complete: bool) -> Iterator[Finding]:
    if client.has_capability("IDLE"):
        yield Finding(True, "new letters are announced (IDLE)")
    else:
        yield Finding(True, f"new letters are not announced; they are looked for every {settings.poll:.0f} s")
    if not complete:
        yield Finding(
            False, 'without MOVE and UIDPLUS letters can only be marked as deleted; after = "flag" is cleaner'
        )
    if client.has_capability("ACL") and settings.after != "keep":
        yield from _rights(client, settings)


def _rights(client: Client, settings: MailboxSettings) -> Iterator[Finding]:
    """RFC 4314: t marks as deleted, e expunges, w sets keywords, i inserts."""
    needed = {"move": "te", "delete": "te", "flag": "w", "keep": ""}[settings.after]
    client.allow()
    with suppress(IMAPClientError):
        rights = client.rights(settings.folder)
        missing = "".join(right for right in needed if right not in rights)
        if missing:
            yield Finding(False, f'the right "{missing}" on {settings.folder} is missing; ask who owns the mailbox')


def _quota(client: Client, settings: MailboxSettings) -> Iterator[Finding]:
    """A full mailbox cannot be sorted: a move may need room for a copy."""
    if not client.has_capability("QUOTA"):
        return
    client.allow()
    with suppress(IMAPClientError):
        for resource, used, limit in client.quotas(settings.folder):
            if limit and used > NEARLY * limit:
                yield Finding(False, f"of the quota {resource} {used} of {limit} is used; make room or raise it")
