"""From a claimed letter to the bytes that travel: written once, or as an earlier attempt fixed them.

It refuses to carry and to keep anything: the courier fixes what comes out by a commit before
anybody gets it.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Protocol

from maild.core.model import Entry
from maild.core.policy import Policy
from maild.edges.courier_lineup import Ready, domain_of
from maild.letters import CATALOGUE, Outgoing, Rendered, Templates, route
from maild.store import MailRow, OutboxRow

log = logging.getLogger("maild.courier")

_LINE_END = re.compile(rb"\r\n|\r|\n")


class Shelf(Protocol):
    """What writing a letter asks of the store."""

    def outbox_raw(self, outbox_id: int) -> bytes | None: ...
    def raw(self, mail_id: int) -> bytes | None: ...
    def entries(self, number: int) -> list[Entry]: ...
    def letters(self, mail_ids: Sequence[int]) -> dict[int, MailRow]: ...


class Scribe:
    """`templates` and `policy` are asked anew for every letter: both may be reloaded.

    `sign` adds a signature to finished bytes; raises what Templates.render raises.
    """

    def __init__(
        self,
        store: Shelf,
        templates: Callable[[], Templates],
        policy: Callable[[], Policy],
        sign: Callable[[bytes, datetime], bytes] | None,
    ) -> None:
        self._store = store
        self._templates = templates
        self._policy = policy
        self._sign = sign

    def ready(self, row: OutboxRow, now: datetime) -> Ready:
        """The letter as it will travel; `fresh` where its bytes are new and must be fixed."""
        fixed = self._fixed(row)
        letter = fixed or self._written(row, now)
        return Ready(row, letter, domain_of(letter.rcpt), fresh=fixed is None)

    def _fixed(self, row: OutboxRow) -> Rendered | None:
        """The letter as an earlier attempt fixed it."""
        raw = self._store.outbox_raw(row.outbox_id) if row.message_id else None
        if raw is None:
            return None
        if row.dot_at is not None:
            log.warning("outbox=%d may have left at %s, nobody knows; sent once more", row.outbox_id, row.dot_at)
        path = route(Outgoing(row.outbox_id, row.ticket, row.letter), self._policy())
        return Rendered(row.message_id, path.mail_from, path.rcpt, raw, path.smtputf8)

    def _written(self, row: OutboxRow, now: datetime) -> Rendered:
        letter = row.letter
        form = CATALOGUE.get(letter.template)
        thread = tuple(self._store.entries(row.number)) if form and form.thread and row.number is not None else ()
        files = self._store.raw(letter.attachments_of) if letter.attachments_of is not None else None
        told = [entry.mail_id for entry in thread if entry.mail_id] if form and form.ledger else []
        ledger = {key: (one.reason, one.trace) for key, one in self._store.letters(told).items()} if told else {}
        outgoing = Outgoing(row.outbox_id, row.ticket, letter, row.entry, files, thread, ledger)
        rendered = self._templates().render(outgoing, self._policy(), now)
        raw = sound(rendered.raw)
        if self._sign is not None:
            raw = self._sign(raw, now)
        return Rendered(rendered.message_id, rendered.mail_from, rendered.rcpt, raw, rendered.needs_smtputf8)


def sound(raw: bytes) -> bytes:
    """The letter with every line end CR LF and without NUL (RFC 5321 section 2.3.8).

    Ours are made so. This is the last look: a bare line end lets the next server see a second letter in one.
    """
    ends = raw.count(b"\r\n")
    if raw.count(b"\r") == ends == raw.count(b"\n") and b"\0" not in raw:
        return raw
    return _LINE_END.sub(b"\r\n", raw.replace(b"\0", b""))
