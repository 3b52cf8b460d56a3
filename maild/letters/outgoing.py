"""What goes into a letter and what comes out; and where it travels.

`route` needs no template, so a letter whose bytes are fixed already can be sent again
without being written again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from maild.core import tokens
from maild.core.model import Entry, Letter, Ticket
from maild.core.policy import OurAddress, Policy
from maild.letters import headers


class Unsendable(ValueError):
    """The letter can never be sent as it was decided: it has no address mail could go to."""


class NotRenderable(Exception):
    """The letter cannot be written just now: a template is at fault, or something it needs is not there.

    The text says where (file:line) and what. Another try may succeed once an admin has acted.
    """


@dataclass(frozen=True, slots=True)
class Outgoing:
    """Everything rendering needs to know about one letter."""

    outbox_id: int
    ticket: Ticket | None
    letter: Letter
    entry: Entry | None = None
    raw: bytes | None = None  # the stored letter named by letter.attachments_of
    thread: tuple[Entry, ...] = ()  # the ticket's thread, oldest first, for forms that tell the story
    # of the thread's letters: why they met their fate, and the trace of that; for forms that ask for the ledger
    ledger: Mapping[int, tuple[str, tuple[str, ...]]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Route:
    """The envelope of a letter of ours. `smtputf8`: an address in it has a local part beyond ASCII (RFC 6531)."""

    mail_from: str
    rcpt: str
    smtputf8: bool = False


@dataclass(frozen=True, slots=True)
class Rendered:
    """A letter ready to travel. `message_id` is bare; `raw` has CR LF and no dots doubled."""

    message_id: str
    mail_from: str
    rcpt: str
    raw: bytes
    needs_smtputf8: bool = False


def sending_address(outgoing: Outgoing, policy: Policy) -> OurAddress:
    """Which of our addresses the letter leaves from: its own, its ticket's, the first."""
    ours = {address.email.lower(): address for address in policy.addresses}
    ticket = outgoing.ticket.address if outgoing.ticket else ""
    return ours.get(outgoing.letter.from_address.lower()) or ours.get(ticket.lower()) or policy.addresses[0]


def route(outgoing: Outgoing, policy: Policy) -> Route:
    """The envelope: a sender only this letter has, so that a bounce names it, and the one recipient.

    Unsendable where the recipient's address has no form that mail can use.
    """
    base = sending_address(outgoing, policy).email
    number = outgoing.ticket.number if outgoing.ticket else 0
    mail_from = tokens.bounce_address(policy, base, number, outgoing.outbox_id)
    try:
        rcpt = headers.address(outgoing.letter.to.email)
    except headers.BadHeader as error:
        raise Unsendable(str(error)) from None
    return Route(mail_from, rcpt, not f"{base}{rcpt}".isascii())
