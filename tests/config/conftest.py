"""A small desk in a directory of its own, to be broken."""

from __future__ import annotations

from pathlib import Path

import pytest

from maild.config import ConfigErrors, Problem, load, new_secret_file, policy
from maild.core.policy import Policy

SMALL = """\
[desk]
name = "Example Bank Support"
tag = "BANK"
admin = "root@bank.example"

[[address]]
address = "support@bank.example"
topic = "problem"

[defaults]
team = "support"

[calendar.office]
timezone = "Europe/Berlin"
monday = "08:00-12:00, 13:00-17:00"
tuesday = "08:00-16:00"

[sla.default]
name = "Default"
response = "8 h"
resolution = "3 d"
calendar = "office"

[sla.sev-a]
name = "Sev-A"
response = "1 h"

[team.support]
name = "Support"
members = ["john"]

[team.online-banking]
name = "Online Banking Team"
lead = "jane"

[agent.john]
name = "John Miller"
email = "John@bank.example"
teams = ["online-banking"]

[agent.jane]
name = "Jane Doe"
email = "jane@bank.example"

[topic.problem]
name = "Report a Problem"
team = "support"
acknowledge = false

[topic.outage]
name = "Business Critical Outage"
parent = "problem"
priority = "emergency"
sla = "sev-a"
"""


class SmallDesk:
    """A configuration on disk; `line` of a text in a file, counted from 1."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.path = directory / "config.toml"
        self.secret = directory / "secret.key"
        self.path.write_text(SMALL, encoding="utf-8")
        new_secret_file(self.secret)

    def replace(self, old: str, new: str) -> None:
        text = self.path.read_text(encoding="utf-8")
        assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in the configuration"
        self.path.write_text(text.replace(old, new), encoding="utf-8")

    def rule_file(self, name: str, text: str) -> Path:
        (self.directory / "rules").mkdir(exist_ok=True)
        path = self.directory / "rules" / name
        path.write_text(text, encoding="utf-8")
        return path

    @staticmethod
    def line_with(path: Path, text: str) -> int:
        before, *after = path.read_text(encoding="utf-8").split(text)
        assert len(after) == 1, f"{text!r} stands {len(after)} times in {path.name}"
        return before.count("\n") + 1

    def policy(self) -> Policy:
        return policy(load(self.path))

    def problems(self) -> tuple[Problem, ...]:
        with pytest.raises(ConfigErrors) as caught:
            self.policy()
        return caught.value.problems


@pytest.fixture
def desk(tmp_path: Path) -> SmallDesk:
    return SmallDesk(tmp_path)
