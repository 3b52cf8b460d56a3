"""Keeping a letter: what every door asks for, and all that `maild pipe` has to load.

The bytes and how they came are in the store before anybody looks at what the letter says. It refuses
to know doors, policies and judgement. The desk and the pipe call it.
"""

from __future__ import annotations

import logging
from concurrent.futures import Future
from dataclasses import replace

from maild.core.mail.fingerprint import fingerprint
from maild.core.mail.private import stripped
from maild.core.model import Envelope, Receipt
from maild.store import Arrival, Store, Unavailable

log = logging.getLogger("maild.desk")

SHOWN = 12  # characters of the dedupe key, enough to find a letter again
LONGEST = 100  # characters of a Message-ID


def keep(store: Store, envelope: Envelope, own: str, results: bytes = b"") -> Future[Receipt]:
    """Keep the raw letter. The receipt comes only after the commit that holds it.

    Fields that only we may write are taken out first, whoever sent them: `own` is the name under which we judge
    senders ourselves, "" where we do not; `results` is such a field that we did write, about this very letter.
    """
    envelope = replace(envelope, raw=results + stripped(envelope.raw, own))
    key, message_id = fingerprint(envelope.raw, envelope.rcpts)
    receipt: Future[Receipt] = Future()
    receipt.set_running_or_notify_cancel()

    def answer(stored: Future[int]) -> None:
        got = _receipt(stored)
        _say(got, stored, key, message_id, envelope)
        receipt.set_result(got)

    store.accept(Arrival(key, message_id, envelope)).add_done_callback(answer)
    return receipt


def _receipt(stored: Future[int]) -> Receipt:
    error = stored.exception()
    if error is None:
        return Receipt.ACCEPTED if stored.result() else Receipt.DUPLICATE
    return Receipt.NO_SPACE if isinstance(error, Unavailable) and error.no_space else Receipt.TRY_LATER


def _say(receipt: Receipt, stored: Future[int], key: str, message_id: str, envelope: Envelope) -> None:
    """The first line of a letter's life. What was put off has no number yet: it is known by its key, and comes again
    under the same one."""
    if not log.isEnabledFor(logging.INFO):
        return
    door, peer, size = envelope.door, envelope.peer or "-", len(envelope.raw)
    if receipt in (Receipt.ACCEPTED, Receipt.DUPLICATE):
        stage = "accepted" if receipt is Receipt.ACCEPTED else "known already"
        named = (stored.result(), key[:SHOWN], stage, door, peer, size, message_id[:LONGEST] or "-")
        log.info("msg=%d key=%s %s door=%s peer=%s size=%d id=%s", *named)
    else:
        log.info("key=%s put off door=%s peer=%s size=%d: %s", key[:SHOWN], door, peer, size, stored.exception())
