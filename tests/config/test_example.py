"""config.example.toml and rules/: what an admin reads is true, complete, and works."""

from __future__ import annotations

import re
import shutil
import tomllib
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel
from pydantic_core import PydanticUndefined

from maild import paths
from maild.config import load, new_secret_file, policy
from maild.config.sections import Tables, section_of
from maild.core.model import Address, Envelope, Message
from maild.core.policy import Policy
from maild.core.rules import Case, Verdict, evaluate

EXAMPLE = paths.EXAMPLE_CONFIG.read_text(encoding="utf-8")
_HEADER = re.compile(r"(#?)\[\[?([a-z]+)(?:\.[^\]]+)?\]\]?\s*$")
EXEMPLARY = re.compile(r"(?<!\.)\bexample\b")
_KEY = re.compile(r"(#?)([a-z_]+) = ")
SECTIONS = [(name, model) for name in Tables.model_fields if (model := section_of(name))]


def reference() -> dict[str, dict[str, tuple[Any, str]]]:
    """Section → key → (value, comment) where the file explains it.

    Tables there may be many of are explained in a block whose header is a comment too.
    """
    found: dict[str, dict[str, tuple[Any, str]]] = {}
    section = None
    for line in EXAMPLE.splitlines():
        if header := _HEADER.match(line):
            several = header[2] in (
                "address",
                "imap",
                "maildir",
                "calendar",
                "sla",
                "team",
                "agent",
                "organisation",
                "topic",
                "correspondent",
            )
            section = header[2] if several == bool(header[1]) else None
        elif section and (key := _KEY.match(line)):
            text, _, comment = line.removeprefix("#").partition("  #")
            assert key[2] not in found.get(section, {}), f"{section}.{key[2]} is explained twice"
            found.setdefault(section, {})[key[2]] = (tomllib.loads(text)[key[2]], comment)
    return found


REFERENCE = reference()


def test_every_section_and_every_key_is_explained_and_nothing_else() -> None:
    assert {name: set(keys) for name, keys in REFERENCE.items()} == {
        name: set(model.model_fields) for name, model in SECTIONS
    }


KEYS = [(name, key, model) for name, model in SECTIONS for key in model.model_fields]


@pytest.mark.parametrize(("section", "key", "model"), KEYS, ids=[f"{name}.{key}" for name, key, _ in KEYS])
def test_what_stands_there_is_the_default(section: str, key: str, model: type[BaseModel]) -> None:
    value, comment = REFERENCE[section][key]
    default = model.model_fields[key].get_default()
    if default is PydanticUndefined:
        assert "required" in comment
    elif default is None:
        assert "not set" in comment
    elif not EXEMPLARY.search(comment):
        given = {"name": "x", "tag": "X", "admin": "a@b", "address": "a@b", "email": "a@b", "host": "imap.b"}
        given |= {"user": "u", "path": "p"}
        required = {name: given[name] for name, field in model.model_fields.items() if field.is_required()}
        value = tuple(value) if isinstance(value, list) else value
        assert getattr(model.model_validate({**required, key: value}), key) == default


def test_keys_that_are_examples_are_few() -> None:
    """Otherwise the comparison above would compare nothing."""
    marked = {
        f"{name}.{key}" for name, keys in REFERENCE.items() for key, (_, said) in keys.items() if EXEMPLARY.search(said)
    }
    assert marked == {"defaults.team"}


@pytest.fixture
def example(tmp_path: Path) -> Policy:
    """What `maild init` leaves."""
    shutil.copy(paths.EXAMPLE_CONFIG, tmp_path / "config.toml")
    shutil.copytree(paths.RULES, tmp_path / "rules")
    shutil.copytree(paths.TEMPLATES, tmp_path / "templates")
    new_secret_file(tmp_path / "secret.key")
    return policy(load(tmp_path / "config.toml"))


def test_the_story_of_the_example_bank(example: Policy) -> None:
    assert (example.name, example.tag, example.domain) == ("Example Bank Support", "BANK", "bank.example")
    assert example.addresses[0].email == "support@bank.example"
    assert {key: agent.name for key, agent in example.agents.items()} == {
        "john": "John Miller", "jane": "Jane Doe", "sam": "Sam Taylor"}  # fmt: skip
    assert {team.name: team.members for team in example.teams.values()} == {
        "Support": ("john",), "Online Banking Team": ("jane",), "System Administrators": ("sam",)}  # fmt: skip
    assert {topic.path for topic in example.topics.values()} == {
        "Report a Problem", "Report a Problem / Business Critical Outage", "General Inquiry", "Feedback", "Access Issue"}  # fmt: skip
    assert example.priorities == ("low", "normal", "high", "emergency")
    hours = {
        plan.name: (
            plan.response and plan.response / timedelta(hours=1),
            plan.resolution and plan.resolution / timedelta(hours=1),
        )
        for plan in example.plans.values()
    }
    assert hours == {"Default": (8, 27), "Sev-A": (1, 4), "Sev-B": (4, 24), "Sev-C": (8, 45)}
    assert example.closing.confirm == timedelta(days=3)


def test_nobody_real_is_written_to(example: Policy) -> None:
    people = [agent.email for agent in example.agents.values()] + [each.email for each in example.addresses]
    assert all(address.endswith("@bank.example") for address in (*people, example.admin))
    assert "bank.example" in EXAMPLE
    assert not re.findall(r"[\w.]+@(?!bank\.example|db\.bank\.example|HOST)[a-z][\w.]*", EXAMPLE)


def judged(example: Policy, subject: str, sender: str = "karen@customer.example", body: str = "") -> Verdict:
    message = Message(from_=(Address(sender),), subject=subject, text=body)
    envelope = Envelope(raw=b"", mail_from=sender, rcpts=("support@bank.example",), received_at=None, door="test")  # type: ignore[arg-type]
    return evaluate(example.rules, Case(message=message, envelope=envelope))


@pytest.mark.parametrize(
    ("subject", "sender", "fields"),
    [
        ("Online banking is down", "karen@customer.example", {"topic": "report-a-problem", "priority": "high"}),
        ("Download of statements", "karen@customer.example", {}),
        ("Locked out", "karen@customer.example", {"topic": "access-issue"}),
        ("Login broken", "karen@customer.example", {"topic": "access-issue", "priority": "high"}),
        ("Thank you!", "karen@customer.example", {"topic": "feedback"}),
        ("Feedback on the outage", "karen@customer.example", {"topic": "report-a-problem", "priority": "high"}),
        ("Opening hours in May?", "karen@customer.example", {"topic": "general-inquiry"}),
        ("OK: all is well", "monitoring@bank.example", {"team": "sysadmin"}),
        ("CRITICAL: core down", "m@alerts.bank.example", {"team": "sysadmin", "topic": "outage", "priority": "high"}),
        (
            "CRITICAL: core down",
            "m@alerts.bank.example.evil.example",
            {"topic": "report-a-problem", "priority": "high"},
        ),
    ],
)
def test_the_shipped_rules(example: Policy, subject: str, sender: str, fields: dict[str, str]) -> None:
    assert judged(example, subject, sender).fields == fields


def test_machines_get_no_receipt(example: Policy) -> None:
    assert judged(example, "x", "monitoring@bank.example").acknowledge is False
    assert judged(example, "x").acknowledge is None


def test_wrapped_words_are_found(example: Policy) -> None:
    assert judged(example, "Hello", body="I have forgot my\r\n  Password and").tags == ("login",)


def test_the_first_rule_file_explains_every_word_rules_know() -> None:
    explained = "".join(
        line for line in (paths.RULES / "10-problems.toml").read_text().splitlines(True) if line.startswith("#")
    )
    words = "sender recipient subject body header attachment any all not equals contains starts ends glob regex"
    actions = "topic priority team agent sla tags acknowledge stop enabled"
    assert [word for word in f"{words} {actions}".split() if not re.search(rf"\b{word}\b", explained)] == []


def test_a_bare_checkout_finds_its_own_files() -> None:
    root = Path(__file__).parents[2]
    assert (root / "templates", root / "rules") == (paths.TEMPLATES, paths.RULES)
    assert root / "config.example.toml" == paths.EXAMPLE_CONFIG
