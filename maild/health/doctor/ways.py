"""The ways letters come from elsewhere and leave: mailboxes, Maildirs, relays. No letter is sent.

Called by `doctor`.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import closing

from maild import config as configuration
from maild import mailboxes
from maild.config import Config, ConfigErrors
from maild.edges import imap_check
from maild.edges.outbound_choice import relays
from maild.health.doctor.finding import Finding, note, well, wrong


def check(config: Config) -> Iterator[Finding]:
    for box in mailboxes.settings(config):
        name = f"mailbox {box.name}"
        found = imap_check.check(box)
        bad = [one.what for one in found if not one.ok]
        yield wrong(name, "; ".join(bad)) if bad else well(name, "; ".join(one.what for one in found))
    for maildir in mailboxes.maildirs(config):
        unusable = [part for part in ("new", "cur") if not os.access(maildir.path / part, os.R_OK | os.W_OK | os.X_OK)]
        name = f"maildir {maildir.path}"
        what = f"{' and '.join(unusable)} cannot be used"
        yield wrong(name, what, "make it, and let maild's user write there") if unusable else well(name, "can be used")
    yield from _relays(config)


def _relays(config: Config) -> Iterator[Finding]:
    def password(place: int) -> str:
        try:
            return configuration.outbound_password(config, os.environ, place)
        except ConfigErrors as errors:
            raise OSError(str(errors)) from None

    for relay, target in zip(relays(config.outbound, password), config.outbound.relays, strict=True):
        name = f"relay {relay.name}"
        with closing(relay):
            trouble = relay.knock()
        if trouble:
            yield wrong(name, trouble, "see outbound.url, its password, and whether the relay knows us")
        elif target.scheme == "maildir":
            yield note(name, "letters are written there and nobody gets them", "name a mail server in outbound.url")
        else:
            yield well(name, "takes us" + (f" as {target.user}" if target.user else ""))
