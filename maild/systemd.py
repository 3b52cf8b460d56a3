"""What systemd and a service tell each other: sockets that are open already, and how the service is.

Written from sd_listen_fds(3) and sd_notify(3), without a library; where nobody asked, nothing is said.
It refuses to know what the sockets are for. `app` uses it.
"""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Mapping, MutableMapping

FIRST = 3  # descriptor: SD_LISTEN_FDS_START


def sockets(environment: MutableMapping[str, str]) -> dict[str, list[socket.socket]]:
    """The sockets handed to this process, by their FileDescriptorName; the variables are used up.

    ValueError where the variables do not say what sd_listen_fds(3) says.
    """
    said = {name: environment.pop(name, "") for name in ("LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES")}
    if said["LISTEN_PID"] != str(os.getpid()):  # they were our parent's
        return {}
    if not said["LISTEN_FDS"].isdecimal():
        raise ValueError(f"LISTEN_FDS={said['LISTEN_FDS']}: must be a number")
    count = int(said["LISTEN_FDS"])
    names = said["LISTEN_FDNAMES"].split(":") if said["LISTEN_FDNAMES"] else ["unknown"] * count
    if len(names) != count:
        raise ValueError(f"LISTEN_FDNAMES={said['LISTEN_FDNAMES']}: must have {count} names")
    found: dict[str, list[socket.socket]] = {}
    for descriptor, name in enumerate(names, FIRST):
        os.set_inheritable(descriptor, False)
        one = socket.socket(fileno=descriptor)
        one.setblocking(False)
        found.setdefault(name, []).append(one)
    return found


class Supervisor:
    """Who started us and wants to know how we are; nobody where NOTIFY_SOCKET is not set."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        where = environment.get("NOTIFY_SOCKET", "")
        self._where = f"\0{where[1:]}" if where.startswith("@") else where
        ours = environment.get("WATCHDOG_PID", "") in ("", str(os.getpid()))
        micros = environment.get("WATCHDOG_USEC", "")
        self.watchdog = int(micros) / 1e6 if ours and micros.isdecimal() else 0.0
        """Seconds within which it wants a sign of life; 0: it wants none."""

    def ready(self, status: str) -> None:
        """Started, or reloaded."""
        self._say("READY=1", f"STATUS={status}")

    def reloading(self) -> None:
        """A reload begins; `ready` ends it. The time is what Type=notify-reload asks for."""
        self._say("RELOADING=1", f"MONOTONIC_USEC={time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000}")

    def stopping(self) -> None:
        self._say("STOPPING=1")

    def alive(self) -> None:
        self._say("WATCHDOG=1")

    def _say(self, *lines: str) -> None:
        """Nobody may be there any more; that is no trouble of ours."""
        if not self._where:
            return
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as out:
            out.setblocking(False)
            try:
                out.sendto("\n".join(lines).encode(), self._where)
            except OSError:
                return
