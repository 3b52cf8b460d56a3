"""A letter the desk sends to itself: does it leave, does it come home, and are forged fields taken out?

Its Message-ID is one of ours, signed and about no ticket, so that the desk knows it and ignores it, whatever
way it comes. It carries a forged verdict on its sender under every name the desk believes, with a
number nobody can guess: where that is still in the letter as it was kept, whoever writes to us can
write its own. Called by `maild doctor --send`.
"""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

from maild import config as configuration
from maild.config import Config, ConfigErrors
from maild.core import tokens
from maild.core.policy import Policy
from maild.core.relayed import assigned_ids, canonical
from maild.edges.outbound import Accepted
from maild.edges.outbound_choice import relays
from maild.health.doctor.finding import Finding, note, well, wrong
from maild.ready import NotReady, open_ready_store
from maild.store import MailRow, Store, Unavailable

LOOKED_THROUGH = 500  # of the latest letters, at every look
PAUSE = 0.5  # seconds between two looks
ASKEW = timedelta(minutes=5)  # a letter may have come this much before it was sent, by another machine's clock
NAME = "letter to ourselves"


def send(config: Config, seconds: float, monotonic: Callable[[], float] = time.monotonic) -> Iterator[Finding]:
    """Send it and wait so long for it to come home."""
    try:
        policy = configuration.policy(config)
        with closing(open_ready_store(config, checkpoint=False)) as store:
            yield from _there_and_back(config, policy, store, seconds, monotonic)
    except (ConfigErrors, NotReady, Unavailable) as error:
        yield wrong(NAME, f"not sent: {error}")


def _there_and_back(
    config: Config, policy: Policy, store: Store, seconds: float, monotonic: Callable[[], float]
) -> Iterator[Finding]:
    began, at = monotonic(), datetime.now(UTC)
    number = secrets.randbits(60)
    message_id = tokens.message_id(policy, 0, 0, number)
    answer = _handed_over(config, policy, letter(policy, message_id, number, at))
    if isinstance(answer, str):
        yield wrong(NAME, f"the relay did not take it: {answer}", "see what is said of the relay")
        return
    ids = {message_id, *assigned_ids(answer.reply)}
    row = None
    while row is None and monotonic() - began < seconds:
        time.sleep(PAUSE)
        rows = store.ledger(since=at - ASKEW, limit=LOOKED_THROUGH)
        row = next((one for one in rows if canonical(one.message_id) in ids), None)
    if row is None:
        do = "see that maild runs, and where mail to our first address goes; maild ledger shows it if it comes later"
        yield wrong(NAME, f"left ({answer.reply}) and was not home in {seconds:g} s", do)
        return
    yield well(NAME, f"came home by {row.door} in {monotonic() - began:.1f} s, as letter {row.mail_id}")
    yield _forgery(policy, row, store.raw(row.mail_id) or b"", number)


def _handed_over(config: Config, policy: Policy, raw: bytes) -> Accepted | str:
    """The relay's yes, or what the last one said."""

    def password(place: int) -> str:
        return configuration.outbound_password(config, os.environ, place)

    ours, said = policy.addresses[0].email, ""
    for relay in relays(config.outbound, password):
        with closing(relay):
            answer = relay.send(ours, ours, raw, lambda: None)
        if isinstance(answer, Accepted):
            return answer
        said = answer.reply
    return said


def letter(policy: Policy, message_id: str, number: int, now: datetime) -> bytes:
    """The letter, with CR LF. `number` marks what is forged in it."""
    ours = policy.addresses[0].email
    domain = ours.rpartition("@")[2]
    forged = [
        f"Authentication-Results: {name}; dmarc=pass ({mark(number)}) header.from={domain}"
        for name in sorted(policy.authentication.trusted)
    ]
    lines = (
        *forged,
        f"From: {ours}",
        f"To: {ours}",
        "Subject: A letter of maild to itself",
        f"Date: {format_datetime(now)}",
        f"Message-ID: <{message_id}>",
        "Auto-Submitted: auto-generated",
        f"X-Maild-Loop: {policy.domain}",
        "MIME-Version: 1.0",
        "Content-Type: text/plain; charset=us-ascii",
        "",
        "maild doctor has sent this letter to see whether it comes home. It makes no ticket.",
        "",
    )
    return "\r\n".join(lines).encode("ascii")


def mark(number: int) -> str:
    return f"forged-by-maild-doctor-{number:015x}"


def _forgery(policy: Policy, row: MailRow, raw: bytes, number: int) -> Finding:
    name = "forged Authentication-Results"
    if not policy.authentication.trusted:
        return note(name, "nobody's verdict on senders is believed (relaxed mode), so there was none to forge")
    if mark(number).encode("ascii") in raw:
        who = ", ".join(sorted(policy.authentication.trusted))
        what = f"came through in letter {row.mail_id}: whoever writes to us can vouch for himself"
        return wrong(name, what, f"have your mail server delete that field under its own name ({who})")
    return well(name, "was taken out on the way")
