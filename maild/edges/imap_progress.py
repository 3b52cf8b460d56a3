"""Which letters of a folder are dealt with.

The state is (UIDVALIDITY, UID): all letters up to `floor` are done. Letters above it may be
done out of order; one that cannot be fetched rests and holds the floor, but no other
letter. It refuses to know IMAP and the store; `imap_mailbox` keeps one as long as
UIDVALIDITY stays the same.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence

FIRST_REST = 60.0  # seconds a letter rests that could not be fetched, doubling
LONGEST_REST = 3600.0


class Progress:
    """`accepted` are letters the desk has kept and that still lie in the folder."""

    def __init__(self, uidvalidity: int, floor: int) -> None:
        self.uidvalidity = uidvalidity
        self.floor = floor
        self.accepted: set[int] = set()
        self._order: deque[int] = deque()
        self._done: set[int] = set()
        self._aside: dict[int, tuple[int, float]] = {}  # uid → tries so far, when it may be tried again

    def begin(self, found: Sequence[int], now: float) -> list[int]:
        """The folder holds these letters, in the order of their UIDs; those that are to be worked now."""
        self._order = deque(uid for uid in found if uid > self.floor)
        there = set(self._order)
        self._done &= there
        self.accepted &= there
        self._aside = {uid: rest for uid, rest in self._aside.items() if uid in there}
        return [
            uid
            for uid in self._order
            if uid not in self._done and (uid not in self._aside or self._aside[uid][1] <= now)
        ]

    def done(self, uids: Iterable[int]) -> bool:
        """These are dealt with for good; True when the floor has risen."""
        before = self.floor
        self._done.update(uids)
        self.accepted -= self._done
        while self._order and self._order[0] in self._done:
            self.floor = self._order.popleft()
            self._done.discard(self.floor)
        return self.floor > before

    def aside(self, uid: int, now: float) -> float:
        """This one could not be fetched; how many seconds it rests."""
        tries, _ = self._aside.get(uid, (0, 0.0))
        rest = min(FIRST_REST * 2.0**tries, LONGEST_REST)
        self._aside[uid] = (tries + 1, now + rest)
        return rest
