"""Relays: the ways a finished letter leaves the house, and nothing else.

A relay takes one letter for one recipient and says what became of it. It refuses to know
what a letter is about, which go first and when one is tried again: that is the courier's
(edges.courier). Here are the words the two share; how a relay works is in
`outbound_smtp` and `outbound_maildir`, and `outbound_choice` makes those of the configuration.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Accepted:
    """The relay has the letter and is responsible for it now. `reply` is what it said."""

    reply: str


@dataclass(frozen=True, slots=True)
class Temporary:
    """Not now. `relay_trouble`: nothing could be sent there at present, so the others need not try."""

    reply: str
    relay_trouble: bool = False
    reached: bool = True  # the relay may have said so because of this very letter
    shaky: bool = False  # it sounds like trouble of the relay's own; said of several letters, it is
    doubt: bool = False  # the final dot was sent and no answer came: the relay may have the letter


@dataclass(frozen=True, slots=True)
class Permanent:
    """Never: the relay refuses this letter for good."""

    reply: str


Answer = Accepted | Temporary | Permanent


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the servers on the way should report of a letter, where they can (RFC 3461)."""

    envelope_id: str = ""  # comes back in the report; ASCII, "" for none
    delays: bool = False  # also that it is late, not only that it failed


NO_WISHES = Wishes()


class Relay(Protocol):
    """Takes letters; safe to use from `connections` threads at once."""

    @property
    def name(self) -> str:
        """What an admin calls it: its URL without a user."""
        ...

    connections: int

    def send(
        self, mail_from: str, rcpt: str, raw: bytes, before_dot: Callable[[], None], wishes: Wishes = NO_WISHES
    ) -> Answer:
        """Hand over one letter (CR LF, dots not doubled) for one recipient.

        `before_dot` is called at the last moment at which nothing has been handed over yet;
        if it raises, nothing is. Errors of the network are answers, not exceptions.
        """
        ...

    def close(self) -> None:
        """Let go of everything that is kept open."""
        ...
