"""What rules are asked about: a letter, a ticket, a moment, and what is known of them.

It refuses to know any rule. `decide` makes one Case for each occasion.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from maild.core.model import Envelope, Message, SetField, Ticket
from maild.core.policy import Calendar

NEW = "new"  # a letter is about to open a ticket
REPLY = "reply"  # the requester or a collaborator has written
ANSWER = "answer"  # an agent has answered or noted something
CHANGE = "change"  # a field of the ticket has changed
TIME = "time"  # it has been as it is for so long
OCCASIONS = (NEW, REPLY, ANSWER, CHANGE, TIME)


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """What rules look at. What an occasion does not have is left out; the compiler lets no rule ask for it."""

    occasion: str = NEW
    message: Message | None = None
    envelope: Envelope | None = None
    ticket: Ticket | None = None  # as it was before the rules
    said: str = ""  # an agent's words, where there is no message
    changed: tuple[SetField, ...] = ()
    now: datetime | None = None  # None: when the letter came
    calendars: Mapping[str, Calendar] = field(default_factory=dict)
    addresses: tuple[str, ...] = ()  # which of ours the letter was sent to, without sub-address
    subaddresses: tuple[str, ...] = ()
    known: bool = False  # the sender has written before
    agent: bool = False  # the sender's address is an agent's; nothing proves that it is the agent
    evidence: str = "unknown"  # what the sender's domain says: core.authentication.Vouched
    organisation: str = ""  # key of the sender's or requester's
    letters: int = 0  # tickets the sender has opened within the last hour, this one counted

    @property
    def at(self) -> datetime:
        return self.now or (self.envelope.received_at if self.envelope else datetime.min.replace(tzinfo=UTC))
