"""The IMAP door: fetches letters from mailboxes elsewhere, as many as there are.

Each mailbox has a thread of its own (`imap_mailbox`), so that one in trouble keeps no other
waiting. It refuses to know what a letter says and who may write. `app` builds it, starts it
last and stops it first.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from datetime import datetime

from maild.edges.imap_mailbox import Accept, Addressed, Mailbox
from maild.edges.imap_settings import Ledger, MailboxSettings

log = logging.getLogger("maild.imap")


class ImapDoor:
    """`accept` must not block and may end in any thread; `addressed` gives a letter's sender and those of our
    addresses it was sent to, from its bytes and the address the mailbox stands for. `worker` names this daemon
    among those that share a store. `trouble` is called with a mailbox and what is wrong, or None when all is
    well again; from any thread, once for each trouble."""

    def __init__(
        self,
        mailboxes: Sequence[MailboxSettings],
        accept: Accept,
        addressed: Addressed,
        ledger: Ledger,
        *,
        clock: Callable[[], datetime],
        jitter: Callable[[], float],
        worker: str,
        trouble: Callable[[str, str | None], None] = lambda name, what: None,
    ) -> None:
        self.mailboxes = tuple(
            Mailbox(settings, accept, addressed, ledger, clock=clock, jitter=jitter, worker=worker, trouble=trouble)
            for settings in mailboxes
        )

    def start(self) -> None:
        for mailbox in self.mailboxes:
            mailbox.start()

    def stop(self, grace: float) -> None:
        """End all; letters in hand are finished. After `grace` seconds a server that keeps us waiting is cut off."""
        until = time.monotonic() + grace
        for mailbox in self.mailboxes:
            mailbox.ask_to_stop()
        for mailbox in self.mailboxes:
            if not mailbox.stop(until - time.monotonic()):
                log.warning("stopping: %s is still busy", mailbox.settings.name)
