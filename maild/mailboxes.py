"""From the [[imap]] and [[maildir]] tables of the configuration to what their doors need of each.

It refuses to read a secret before it is asked for one: a mailbox whose secret is missing is one
mailbox's trouble, and the other doors go on. `app` calls it, and whatever looks at a
desk's health.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial
from pathlib import Path

from maild.config import Config, ConfigErrors, mailbox_password, one_line
from maild.edges.imap_settings import MailboxSettings
from maild.edges.imap_token import Tokens, TokenSettings
from maild.edges.imap_trouble import Trouble
from maild.edges.maildir import MaildirSettings


def settings(config: Config) -> tuple[MailboxSettings, ...]:
    """One for each table, in their order."""
    return tuple(_mailbox(config, number) for number in range(len(config.imap)))


def maildirs(config: Config) -> tuple[MaildirSettings, ...]:
    """One for each [[maildir]] table."""
    return tuple(
        MaildirSettings(path=box.path, address=box.address, poll=box.poll.total_seconds(), max_size=box.max_size)
        for box in config.maildir
    )


def _mailbox(config: Config, number: int) -> MailboxSettings:
    box = config.imap[number]
    return MailboxSettings(
        host=box.host,
        port=box.port or (993 if box.tls == "at once" else 143),
        tls=box.tls,
        ca_file=box.ca_file,
        user=box.user,
        auth=box.auth,
        secret=_secret(config, number),
        folder=box.folder,
        address=box.address,
        after=box.after,
        move_to=box.move_to,
        flag=box.flag,
        poll=box.poll.total_seconds(),
        max_size=box.max_size,
    )


def _secret(config: Config, number: int) -> Callable[[bool], str]:
    box = config.imap[number]
    if box.auth == "password":
        password = _in_words(partial(mailbox_password, config, number, os.environ))
        return lambda fresh: password()  # it is read at each login anyway
    return Tokens(
        TokenSettings(
            command=box.token_command,
            url=box.token_url,
            client_id=box.client_id,
            scope=box.scope,
            client_secret=_line_of(box.client_secret_file, "client secret"),
            refresh_token=_line_of(box.refresh_token_file, "refresh token"),
            refresh_token_file=box.refresh_token_file,
        )
    )


def _line_of(file: Path | None, what: str) -> Callable[[], str] | None:
    return None if file is None else _in_words(partial(one_line, file, what))


def _in_words(read: Callable[[], str]) -> Callable[[], str]:
    def ask() -> str:
        try:
            return read()
        except ConfigErrors as errors:
            raise Trouble(str(errors), patient=True) from None

    return ask
