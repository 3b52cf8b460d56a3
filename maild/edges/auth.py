"""Who looks at senders where no mail exchanger of ours does: SPF, DKIM and DMARC at the door.

For a desk that strangers' mail servers hand letters to directly. A few threads of its own do
the work between the last octet of a letter and its being kept, so that the event loop never
waits for the name service. Whatever goes wrong vouches for nothing; it never refuses, delays
beyond the deadline or loses a letter. `app` builds it and puts it before the desk; importing this
module needs the packages of the extra "auth".
"""

from __future__ import annotations

import logging
import time
from concurrent.futures import Future, ThreadPoolExecutor
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import TYPE_CHECKING

from publicsuffixlist import PublicSuffixList

from maild.edges import auth_dmarc
from maild.edges.auth_dns import Lookup, Questions

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from maild.core.model import Envelope, Receipt

log = logging.getLogger("maild.auth")

THREADS = 8  # most of their time they wait for the name service
MOST_WAITING = 200  # letters; more are kept without being looked at


class SenderCheck:
    """Looks at a letter's sender, writes down what it found, and hands the letter on.

    `onward` keeps a letter with the field that was found; it is called in one of our threads. `own` is the
    authserv-id, `lookup` the way to the name service, `relays` the servers of ours whose letters are not judged:
    seen from behind a relay SPF gives wrong answers. `deadline` is in seconds from the last octet to the verdict.
    """

    def __init__(
        self,
        onward: Callable[[Envelope, bytes], Future[Receipt]],
        own: str,
        lookup: Lookup,
        relays: Sequence[IPv4Network | IPv6Network],
        deadline: float,
    ) -> None:
        self._onward = onward
        self._own = own
        self._lookup = lookup
        self._relays = relays
        self._deadline = deadline
        self._organisation = organisations()
        self._waiting = 0
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="auth")

    def judges(self, envelope: Envelope) -> bool:
        """Whether the letter came from a stranger's server straight to our door."""
        # One that began with a blank would go on with our field; the door's own trace stands before all of them.
        if envelope.door != "smtp" or envelope.raw[:1].isspace():
            return False
        try:
            peer = ip_address(envelope.peer)
        except ValueError:
            return False
        if isinstance(peer, IPv6Address) and peer.ipv4_mapped:
            peer = peer.ipv4_mapped
        return not any(peer in network for network in self._relays)

    def accept(self, envelope: Envelope) -> Future[Receipt]:
        """Look, then hand on; the receipt is what `onward` answers. Called in the event loop, never waits."""
        until = time.monotonic() + self._deadline
        if self._waiting >= MOST_WAITING:
            return self._onward(envelope, auth_dmarc.late(self._own))
        receipt: Future[Receipt] = Future()
        receipt.set_running_or_notify_cancel()
        self._waiting += 1
        self._threads.submit(self._work, envelope, until, receipt).add_done_callback(self._done)
        return receipt

    def close(self) -> None:
        """Letters still waiting are given up; they were never promised."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _done(self, _: Future[None]) -> None:
        self._waiting -= 1

    def _work(self, envelope: Envelope, until: float, receipt: Future[Receipt]) -> None:
        try:
            kept = self._onward(envelope, self._results(envelope, until))
            kept.add_done_callback(lambda done: _pass_on(done, receipt))
        except BaseException as error:  # noqa: BLE001 - the door must hear of it, or its peer waits in vain
            receipt.set_exception(error)

    def _results(self, envelope: Envelope, until: float) -> bytes:
        try:
            found = auth_dmarc.results(envelope, Questions(self._lookup, until), self._organisation, self._own)
        except Exception:
            log.exception("%s: looking at the sender failed", envelope.peer)
            return auth_dmarc.late(self._own)
        return found


def organisations() -> Callable[[str], str]:
    """What somebody has registered of a domain, by the public suffix list: mail.karen.co.uk → karen.co.uk.

    "" for what is a public suffix itself.
    """
    known = PublicSuffixList()
    return lambda domain: known.privatesuffix(domain) or ""


def _pass_on(done: Future[Receipt], receipt: Future[Receipt]) -> None:
    if (error := done.exception()) is not None:
        receipt.set_exception(error)
    else:
        receipt.set_result(done.result())
