"""How much a door takes at once: connections in all, connections per peer, bytes in memory.

It refuses to know sockets and replies; the doors ask it before they say yes.
"""

from __future__ import annotations

import ipaddress
from collections import Counter


class Crowd:
    """Who is inside. Bounded in all and per peer."""

    def __init__(self, total: int, per_peer: int) -> None:
        self._total = total
        self._per_peer = per_peer
        self._inside: Counter[str] = Counter()

    def enter(self, peer: str) -> bool:
        """True: counted, to be undone with `leave`. False: no room, nothing counted."""
        household = _household(peer)
        if self._inside.total() >= self._total or self._inside[household] >= self._per_peer:
            return False
        self._inside[household] += 1
        return True

    def leave(self, peer: str) -> None:
        household = _household(peer)
        self._inside[household] -= 1
        if self._inside[household] <= 0:
            del self._inside[household]


def _household(peer: str) -> str:
    """What counts as one peer: an IPv4 address, or the /64 an IPv6 host may choose its addresses from."""
    try:
        address = ipaddress.ip_address(peer)
    except ValueError:
        return peer
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return str(address.ipv4_mapped)
        return address.packed[:8].hex()
    return peer


class Room:
    """Bytes of letters under way, all sessions together."""

    def __init__(self, octets: int) -> None:
        self._octets = octets
        self.held = 0

    def take(self, octets: int) -> bool:
        """True: counted, to be undone with `give`. False: too much is under way already, nothing counted."""
        if self.held + octets > self._octets:
            return False
        self.held += octets
        return True

    def give(self, octets: int) -> None:
        self.held -= octets


class Share:
    """What one letter has of the room."""

    def __init__(self, room: Room) -> None:
        self._room = room
        self._octets = 0

    def grow(self, octets: int) -> bool:
        """To `octets` in all; False if there is no room, and nothing changed."""
        if not self._room.take(octets - self._octets):
            return False
        self._octets = octets
        return True

    def release(self) -> None:
        self._room.give(self._octets)
        self._octets = 0
