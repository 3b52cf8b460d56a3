"""One letter of an agent being carried out: what commands read and write.

Handed from command to command (on_command, people_commands, merge_commands); it decides nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from maild.core.commands import Command, Mistake
from maild.core.decide.draft import Draft
from maild.core.decide.risk import RISKS
from maild.core.model import Entry, Outcome, Suppressed, Ticket
from maild.core.policy import Agent, Policy


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What commands may speak of beside their own ticket. `inside`: messages kept inside of it, newest first."""

    tickets: Mapping[int, Ticket] = field(default_factory=dict)
    inside: tuple[Entry, ...] = ()
    dead: Mapping[str, Suppressed] = field(default_factory=dict)  # see Facts
    others: Mapping[str, frozenset[str]] = field(default_factory=dict)


@dataclass(slots=True)
class Work:
    """One letter of an agent being carried out."""

    draft: Draft
    agent: Agent
    body: str
    speaks: bool  # there are words or files for people
    note: bool
    around: Surroundings = field(default_factory=Surroundings)
    answers: list[str] = field(default_factory=list)  # templates the agent asked for: log, show, help
    mistakes: list[Mistake] = field(default_factory=list)
    closes: str = ""  # "resolved", "closed": the requester gets one closing mail
    risks: list[str] = field(default_factory=list)  # what would happen that must be confirmed, in words
    also: list[Outcome] = field(default_factory=list)  # what happens to other tickets

    @property
    def policy(self) -> Policy:
        return self.draft.policy

    def mistake(self, command: Command, why: str, meant: str = "") -> None:
        """This line cannot be done, so that nothing of the letter will be."""
        self.mistakes.append(Mistake(command.line, why, meant))

    def risk(self, which: str, **names: str) -> None:
        """A thing of RISKS would happen, to these."""
        self.risks.append(RISKS[which].format(**names))
