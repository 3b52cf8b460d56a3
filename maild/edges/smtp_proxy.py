"""The PROXY protocol, versions 1 and 2: whom a load balancer has a connection from.

The header stands before everything else, TLS too, so exactly its octets are asked for and none
behind it are read. It refuses to know who may send one; `smtp_entrance` reads it from hosts an admin
has listed and from nobody else.

Source: https://www.haproxy.org/download/2.9/doc/proxy-protocol.txt
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address

SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"
LONGEST_V1 = 107  # octets, the line end included (section 2.1)
LONGEST_V2 = 16 + 4096  # octets; extensions of real balancers take a few hundred


class BadHeader(ValueError):
    """What a balancer sent is no PROXY header."""


def wanted(header: bytes | bytearray) -> int:
    """How many octets more may be read without reading beyond the header; 0 when it is whole. BadHeader."""
    if len(header) < len(SIGNATURE):
        return len(SIGNATURE) - len(header)
    if header.startswith(SIGNATURE):
        if len(header) < 16:
            return 16 - len(header)
        whole = 16 + int.from_bytes(header[14:16], "big")
        if whole > LONGEST_V2:
            raise BadHeader("it is too long")
        return whole - len(header)
    if not header.startswith(b"PROXY ") or len(header) > LONGEST_V1:
        raise BadHeader("it does not begin like one, or does not end")
    return 0 if header.endswith(b"\r\n") else 1


def source(header: bytes) -> str | None:
    """The address of a whole header's sender; None where the balancer speaks for itself or does not know. BadHeader."""
    return _second(header) if header.startswith(SIGNATURE) else _first(header)


def _first(header: bytes) -> str | None:
    words = header.removesuffix(b"\r\n").decode("ascii", "replace").split(" ")
    if words[:2] == ["PROXY", "UNKNOWN"]:
        return None
    if len(words) != 6 or words[1] not in ("TCP4", "TCP6"):
        raise BadHeader("unknown words")
    try:
        address = ip_address(words[2])
    except ValueError:
        raise BadHeader("no address") from None
    if (address.version == 4) != (words[1] == "TCP4") or getattr(address, "scope_id", None):
        raise BadHeader("an address of another family")
    return str(address)


def _second(header: bytes) -> str | None:
    version, command, family = header[12] >> 4, header[12] & 15, header[13]
    if version != 2 or command > 1:
        raise BadHeader("unknown version or command")
    if command == 0:  # LOCAL: a health check
        return None
    length = {0x11: 4, 0x21: 16}.get(family)
    if length is None:
        return None  # UNSPEC, UNIX sockets, datagrams: nothing we could use
    if len(header) < 16 + 2 * length + 4:
        raise BadHeader("it is too short")
    packed = header[16 : 16 + length]
    return str(IPv4Address(packed) if length == 4 else IPv6Address(packed))
