"""How many wrong tokens have come of late, and when that is worth telling the admin.

One wrong token is a slip or a key that was dropped; many in a minute is somebody trying. It
refuses to know what a token is and how anybody is told: the desk counts and writes.
"""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import dataclass
from datetime import datetime, timedelta

ALARM = 20  # wrong tokens within WITHIN; more are worth a letter
WITHIN = timedelta(minutes=1)
AGAIN = timedelta(hours=1)  # at most one letter in this time
SHOWN = 5  # peers and senders told of, those with the most first
_MOST = 10_000  # letters remembered: far more than the alarm needs


@dataclass(frozen=True, slots=True)
class Burst:
    """What the admin is told: how many came since when, and from whom, with their numbers."""

    count: int
    since: datetime
    peers: tuple[tuple[str, int], ...]
    senders: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class _Seen:
    at: datetime
    count: int
    peer: str
    sender: str


class WrongTokens:
    """The memory of one desk. Not for several threads at once: the desk's worker alone asks it."""

    def __init__(self) -> None:
        self._seen: deque[_Seen] = deque(maxlen=_MOST)
        self._told: datetime | None = None

    def came(self, count: int, peer: str, sender: str, at: datetime) -> Burst | None:
        """A letter received at this instant had `count` of them; what is to be told now, None if nothing."""
        self._seen.append(_Seen(at, count, peer, sender))
        while self._seen and self._seen[0].at < at - WITHIN:
            self._seen.popleft()
        total = sum(one.count for one in self._seen)
        if total <= ALARM or (self._told is not None and at - self._told < AGAIN):
            return None
        self._told = at
        peers: Counter[str] = Counter()
        senders: Counter[str] = Counter()
        for one in self._seen:
            peers[one.peer or "unknown"] += one.count
            senders[one.sender or "unknown"] += one.count
        since = min(one.at for one in self._seen)
        return Burst(total, since, tuple(peers.most_common(SHOWN)), tuple(senders.most_common(SHOWN)))
