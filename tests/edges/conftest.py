"""Fixtures around the SMTP door; what they hand out is in `smtp_rig`."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from dovecot_rig import Dovecot
from imap_rig import Doors
from smtp_rig import Line, OpenDoor, WritingDesk


@pytest.fixture
def writing_desk() -> WritingDesk:
    return WritingDesk()


@pytest.fixture
def open_door(writing_desk: WritingDesk) -> Iterator[Callable[..., OpenDoor]]:
    """`open_door(max_size=…)`: a door with these settings, closed at the end of the test."""
    doors: list[OpenDoor] = []

    def opened(*sockets: socket.socket, **settings: Any) -> OpenDoor:
        doors.append(OpenDoor(writing_desk, sockets, **settings))
        return doors[-1]

    yield opened
    for door in doors:
        door.close()


@pytest.fixture
def line(open_door: Callable[..., OpenDoor]) -> Iterator[Line]:
    """A connection, greeted, to a door with its settings as they come."""
    with Line(open_door().address) as one:
        yield one.greeted()


@pytest.fixture(scope="session")
def dovecot(program: Callable[[str], Path]) -> Iterator[Dovecot]:
    server = Dovecot(program("dovecot"))
    yield server
    server.close()


@pytest.fixture
def doors() -> Iterator[Doors]:
    """IMAP doors, stopped at the end of the test."""
    some = Doors()
    yield some
    some.close()
