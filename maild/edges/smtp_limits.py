"""How much a door takes: connections in all and per peer, so much a minute, bytes in memory.

It refuses to know sockets and replies; the doors ask it before they say yes.
"""

from __future__ import annotations

import ipaddress
from collections import Counter
from collections.abc import Sequence
from ipaddress import IPv4Network, IPv6Network

NETWORKS = 10_000  # a rate remembers; whoever was quiet for a minute is forgotten first


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
    return _prefix(peer, 4, 8)


def _network(peer: str) -> str:
    """What one owner has many addresses of: an IPv4 /24, an IPv6 /48."""
    return _prefix(peer, 3, 6)


def _prefix(peer: str, ipv4: int, ipv6: int) -> str:
    address = _address(peer)
    if address is None:
        return peer
    return address.packed[: ipv4 if address.version == 4 else ipv6].hex()


def _address(peer: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        address = ipaddress.ip_address(peer)
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def is_among(peer: str, networks: Sequence[IPv4Network | IPv6Network]) -> bool:
    """Whether an address lies in one of these networks; no address is in none."""
    address = _address(peer)
    return address is not None and any(address in network for network in networks)


class Rate:
    """So many a minute of one network, all of them at once if it was quiet before. `now` is a steady clock, seconds."""

    def __init__(self, per_minute: int, networks: int = NETWORKS) -> None:
        self._most = per_minute
        self._networks = networks
        self._left: dict[str, tuple[float, float]] = {}  # network → what was left, when; the quietest first

    def take(self, peer: str, now: float, *, only_look: bool = False) -> bool:
        """True: counted. False: too many, nothing counted. `only_look`: count nothing either way."""
        if not self._most:
            return True
        network = _network(peer)
        left, at = self._left.get(network, (float(self._most), now))
        left = min(float(self._most), left + (now - at) * self._most / 60)
        if only_look or left < 1:
            return left >= 1
        self._left.pop(network, None)
        self._left[network] = (left - 1, now)
        while len(self._left) > self._networks:
            del self._left[next(iter(self._left))]
        return True


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
