"""Sockets from systemd, and what it is told: spoken to by a socket of its kind."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from maild import systemd
from maild.systemd import Supervisor

ROOT = Path(__file__).parents[1]


@pytest.fixture
def ear(tmp_path: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as one:
        one.bind(str(tmp_path / "notify"))
        one.settimeout(10)
        yield one


def test_what_is_said(ear: socket.socket) -> None:
    supervisor = Supervisor({"NOTIFY_SOCKET": ear.getsockname(), "WATCHDOG_USEC": "30000000"})
    assert supervisor.watchdog == 30.0
    supervisor.ready("taking letters")
    supervisor.reloading()
    supervisor.alive()
    supervisor.stopping()
    assert ear.recv(1000) == b"READY=1\nSTATUS=taking letters"
    first, second = ear.recv(1000).decode().split("\n")
    assert first == "RELOADING=1"
    assert second.startswith("MONOTONIC_USEC=")
    assert second.removeprefix("MONOTONIC_USEC=").isdecimal()
    assert [ear.recv(1000), ear.recv(1000)] == [b"WATCHDOG=1", b"STOPPING=1"]


def test_abstract_sockets_too() -> None:
    name = f"maild-test-{os.getpid()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ear:
        ear.bind("\0" + name)
        ear.settimeout(10)
        Supervisor({"NOTIFY_SOCKET": "@" + name}).alive()
        assert ear.recv(100) == b"WATCHDOG=1"


@pytest.mark.parametrize(
    "environment",
    [{}, {"NOTIFY_SOCKET": "/nowhere/at/all"}, {"WATCHDOG_USEC": "x"}, {"WATCHDOG_USEC": "1000", "WATCHDOG_PID": "1"}],
)
def test_nobody_listens(environment: dict[str, str]) -> None:
    supervisor = Supervisor(environment)
    supervisor.ready("x")
    assert supervisor.watchdog == 0.0


HANDED = """
import os, sys
from maild import systemd
os.environ["LISTEN_PID"] = str(os.getpid())
found = systemd.sockets(os.environ)
print({name: [one.getsockname()[1] for one in sockets] for name, sockets in found.items()})
print([one.get_inheritable() for sockets in found.values() for one in sockets])
print("LISTEN_FDS" in os.environ, systemd.sockets(os.environ))
"""


def test_sockets_that_are_handed_over() -> None:
    """Descriptors 3 and 4 of a real process."""
    with socket.create_server(("127.0.0.1", 0)) as one, socket.create_server(("127.0.0.1", 0)) as two:
        ports = [each.getsockname()[1] for each in (one, two)]
        command = f"exec 3<&{one.fileno()} 4<&{two.fileno()}; exec {sys.executable} -c '{HANDED}'"
        done = subprocess.run(
            ["bash", "-c", command],
            pass_fds=(one.fileno(), two.fileno()),
            capture_output=True,
            text=True,
            check=True,
            timeout=30,
            env={**os.environ, "PYTHONPATH": str(ROOT), "LISTEN_FDS": "2", "LISTEN_FDNAMES": "smtp:lmtp"},
        )
    assert done.stdout.splitlines() == [
        str({"smtp": [ports[0]], "lmtp": [ports[1]]}),
        "[False, False]",
        "False {}",
    ]


def test_variables_meant_for_somebody_else_are_taken_away() -> None:
    environment = {"LISTEN_PID": "1", "LISTEN_FDS": "1"}
    assert systemd.sockets(environment) == {}
    assert environment == {}


@pytest.mark.parametrize(("count", "names"), [("x", ""), ("2", "smtp"), ("", "")])
def test_variables_that_say_nothing_sensible(count: str, names: str) -> None:
    with pytest.raises(ValueError, match="LISTEN_FD"):
        systemd.sockets({"LISTEN_PID": str(os.getpid()), "LISTEN_FDS": count, "LISTEN_FDNAMES": names})
