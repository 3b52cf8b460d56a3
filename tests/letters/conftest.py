"""The shipped templates, loaded once, and a way to write a letter with them."""

from __future__ import annotations

from typing import Any

import pytest
from letters_desk import NOW, POLICY, TICKET, Write

from maild import letters
from maild.core.model import Letter, Ticket
from maild.letters import Outgoing, Rendered, Templates
from maild.paths import TEMPLATES


@pytest.fixture(scope="session")
def templates() -> Templates:
    return letters.load([TEMPLATES])


@pytest.fixture
def write(templates: Templates) -> Write:
    def written(what: Letter, *, ticket: Ticket | None = TICKET, outbox_id: int = 88, **more: Any) -> Rendered:
        return templates.render(Outgoing(outbox_id, ticket, what, **more), POLICY, NOW)

    return written
