"""A ticket and its history in words: the state card and the lines of the trail.

Used by the command line, by transcripts and by what templates see (letters.cards). It refuses to know where
the lines are printed; times stay instants until somebody shows them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from maild.core.model import Entry, EntryKind, Ticket
from maild.core.policy import Policy
from maild.core.tokens import subject_token

_FIELD_NAMES = {
    "sla": "SLA plan",
    "topic": "help topic",
    "linked": "linked tickets",
    "merged_into": "ticket it is merged into",
}
_NUMBERS = ("linked", "merged_into")  # fields that name tickets


def is_event(entry: Entry) -> bool:
    return entry.kind == EntryKind.EVENT


def who(author: str, policy: Policy, name: str = "") -> str:
    """An author as people know them: an agent's name, a part of the desk, or who wrote."""
    if author in policy.agents:
        return policy.agents[author].name
    if author in ("clock", "desk", "courier"):
        return f"the {author}"
    if author == "requester":
        return "the requester"
    if author.startswith("rule:"):
        return f"the rule “{author.removeprefix('rule:')}”"
    return f"{name} <{author}>" if name else author


def shown(name: str, value: Any, policy: Policy) -> str:
    """A field's value as people call it; "none" where there is none."""
    if isinstance(value, (list, tuple)):
        inner = "agent" if name == "watchers" else name if name in _NUMBERS else ""
        return ", ".join(shown(inner, item, policy) for item in value) or "none"
    key = f"{policy.tag}-{value}" if name in _NUMBERS and value else str(value or "")
    if name == "topic" and key in policy.topics:
        return policy.topics[key].path
    tables: Mapping[str, Mapping[str, Any]] = {
        "agent": policy.agents,
        "team": policy.teams,
        "sla": policy.plans,
        "organisation": policy.organisations,
    }
    found = tables.get(name, {}).get(key)
    return found.name if found else key or "none"


def headline(entry: Entry, policy: Policy) -> str:
    """One line: who did what."""
    author = who(entry.author, policy, entry.author_name)
    if entry.kind == EntryKind.MESSAGE:
        return f"{author} wrote" + ("" if entry.public else " (not the requester: kept inside)")
    if entry.kind == EntryKind.RESPONSE:
        return f"{author} answered the requester"
    if entry.kind == EntryKind.NOTE:
        return f"{author} noted, inside"
    if "new" not in entry.data:
        return entry.text or f"{author}: {entry.data.get('field', 'something happened')}"
    name = str(entry.data.get("field", ""))
    old, new = (shown(name, entry.data.get(key), policy) for key in ("old", "new"))
    return f"{author} changed the {_FIELD_NAMES.get(name, name)}: {old} → {new}"


def card(ticket: Ticket, policy: Policy) -> list[tuple[str, str]]:
    """The state of a ticket, a name and a value a line."""
    token = subject_token(policy.keys, policy.tag, ticket.number) if ticket.number else ""
    lines = [
        ("Ticket", f"{token} {ticket.subject}".strip()),
        ("Requester", who(ticket.requester.email, policy, ticket.requester.name) or "unknown"),
        ("Status", ticket.status + (f" ({ticket.closing})" if ticket.closing else "")),
        ("Topic", shown("topic", ticket.topic, policy)),
        ("Priority", ticket.priority),
        ("Team", shown("team", ticket.team, policy)),
        ("Agent", shown("agent", ticket.agent, policy)),
        ("SLA plan", shown("sla", ticket.sla, policy)),
    ]
    if ticket.organisation:
        lines.insert(2, ("Member of", shown("organisation", ticket.organisation, policy)))
    if ticket.collaborators:
        lines.append(("Taking part", ", ".join(ticket.collaborators)))
    if ticket.copied:
        lines.append(("On copy", ", ".join(ticket.copied)))
    if ticket.merged_into:
        lines.append(("Merged into", shown("merged_into", ticket.merged_into, policy)))
    if ticket.linked:
        lines.append(("Linked to", shown("linked", ticket.linked, policy)))
    if ticket.tags:
        lines.append(("Tags", ", ".join(ticket.tags)))
    if ticket.watchers:
        lines.append(("Watching", shown("watchers", ticket.watchers, policy)))
    return lines
