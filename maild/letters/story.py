"""How a ticket came to be as it is, as the letter that answers `#why` tells it.

The story itself is core.why's; here it becomes texts a template may show. It refuses to know the template.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import tzinfo
from typing import Any

from maild.core import why
from maild.core.commands import inert
from maild.core.model import Entry
from maild.core.policy import Policy
from maild.letters import words
from maild.letters.outgoing import Outgoing

WIDEST = 500  # characters of one sentence; it may repeat what a sender is called


def story(thread: Sequence[Entry], outgoing: Outgoing, policy: Policy, zone: tzinfo) -> list[dict[str, Any]]:
    """Each step: stamp, head, lines."""
    accounts = {mail_id: why.Account(reason, trace) for mail_id, (reason, trace) in outgoing.ledger.items()}
    return [
        {
            "stamp": words.stamp(step.at, zone),
            "head": inert(words.line(step.head, WIDEST)),
            "lines": [inert(words.line(line, WIDEST)) for line in step.lines],
        }
        for step in why.story(thread, accounts, policy)
    ]
