"""The words of the rules: what goes into the compiler, what comes out, what is judged.

It refuses to know TOML files and how a condition is tested. `config` hands RawRules
and Names to the compiler; `decide` hands a Case to `evaluate` and reads the Verdict.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from maild.core.model import Envelope, Message
from maild.core.rules.conditions import Condition

Place = tuple[str | int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RawRule:
    """One `[[rule]]` as TOML gave it, with the lines its keys stand on."""

    file: str
    number: int  # position in its file, from 0
    table: Mapping[str, Any]
    line: int = 0
    lines: Mapping[Place, int] = field(default_factory=dict)  # place below the rule → line

    def line_of(self, place: Place) -> int:
        """The line of a key, or of the nearest table around it."""
        for end in range(len(place), 0, -1):
            if place[:end] in self.lines:
                return self.lines[place[:end]]
        return self.line


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """Every name a rule may give to a ticket, by their keys."""

    topics: tuple[str, ...] = ()
    priorities: tuple[str, ...] = ()
    teams: tuple[str, ...] = ()
    agents: tuple[str, ...] = ()
    plans: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A compiled rule. `fields` holds the topic, priority, team, agent and sla it sets."""

    name: str
    condition: Condition
    fields: Mapping[str, str]
    tags: tuple[str, ...] = ()
    acknowledge: bool | None = None
    stop: bool = False
    enabled: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """What rules look at."""

    message: Message
    envelope: Envelope


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What the rules say about a case, and why."""

    fields: Mapping[str, str] = field(default_factory=dict)  # topic, priority, team, agent, sla
    by: Mapping[str, str] = field(
        default_factory=dict
    )  # field (or "acknowledge") → name of the rule that had the last word
    tags: tuple[str, ...] = ()
    acknowledge: bool | None = None  # None: no rule says anything
    matched: tuple[str, ...] = ()  # names, in order
    trace: tuple[str, ...] = ()  # one line per rule
