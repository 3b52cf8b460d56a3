"""Which of the letters that wait go next: urgent ones first, nobody for ever last.

Pure arithmetic on what `outbox` has found; it refuses to know any statement.
"""

from __future__ import annotations

from collections.abc import Sequence

LEAST = 10
"""Every lane that waits gets at least one letter of so many, however much is waiting in the lanes before it."""


def shares(waiting: Sequence[int], limit: int) -> list[int]:
    """How many letters of each lane go, most urgent lane first, where so many wait."""
    given = [min(count, limit // LEAST) for count in waiting]
    room = limit - sum(given)
    for lane, count in enumerate(waiting):
        more = min(count - given[lane], room)
        given[lane] += more
        room -= more
    return given


def fairly(longest: Sequence[int], newest: Sequence[int], limit: int) -> list[int]:
    """Up to `limit` ids, in turn from those due longest and from those never tried, newest first.

    A backlog then takes half of what can be sent at most, and a new letter never waits behind it;
    the other half works the backlog off in its order.
    """
    taken: dict[int, None] = {}
    old, new = iter(longest), iter(newest)
    while len(taken) < limit:
        before = len(taken)
        for source in (old, new):
            one = next((each for each in source if each not in taken), None)
            if one is not None and len(taken) < limit:
                taken[one] = None
        if len(taken) == before:
            break
    return list(taken)
