"""A letter on the table: what it says, how it came, what memory knows, what the admin wants.

Handed from branch to branch while a letter is judged; it decides nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from maild.core import pretending
from maild.core.authentication import Vouched
from maild.core.identity import Author
from maild.core.model import Entry, EntryKind, Envelope, Facts, Message
from maild.core.policy import Policy


@dataclass(frozen=True, slots=True)
class Received:
    """Everything the judgement of one letter may depend on."""

    message: Message
    envelope: Envelope
    facts: Facts
    policy: Policy
    now: datetime
    vouched: Vouched = Vouched.UNKNOWN  # what is known of the sender's domain

    def entry(self, who: Author, text: str, *, public: bool) -> Entry:
        """The letter as an entry of a thread."""
        careful = pretending.warnings(self.message, self.policy)
        return Entry(
            kind=EntryKind.MESSAGE,
            at=self.now,
            author=who.email or "unknown",
            author_name=who.name,
            public=public,
            text=text,
            mail_id=self.facts.mail_id,
            message_id=self.message.message_id,
            data={"warnings": list(careful)} if careful else {},
        )
