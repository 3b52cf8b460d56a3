"""`[[test]]` tables beside the rules: small letters, and what should come of them.

`maild check` and a reload run them by the very way a new letter takes (core.rehearsal); a start does not,
because a desk must come up after a power cut whatever its tests say. It refuses to know how rules are judged.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from maild.config.documents import Document, read
from maild.config.loading import Config
from maild.config.problems import ConfigErrors, Problem, dotted, unknown
from maild.config.resolving import known_names, rule_files
from maild.config.toml_lines import Place
from maild.core import delivery
from maild.core.mail import read as read_letter
from maild.core.model import Envelope, Fate, Status
from maild.core.policy import Policy
from maild.core.rehearsal import Expected, compare, rehearse
from maild.core.rules import Names

KEYS = ("name", "from", "to", "subject", "body", "headers", "eml", "at", "expect")
EXPECT = ("topic", "priority", "team", "agent", "sla", "status", "tags", "acknowledge", "rules", "fate")
NOON = datetime(2026, 1, 7, 12, tzinfo=UTC)  # when letters of tests come that do not say: a Wednesday
LARGEST = 25_000_000  # bytes of an .eml file
_LETTER = ("from", "subject", "body", "headers")  # what an .eml file says itself


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleTest:
    """One test that can be run."""

    name: str
    raw: bytes
    to: tuple[str, ...]  # (): as the letter says
    at: datetime
    expected: Expected
    place: _Place


class _Place:
    """Where a test stands; notes what is wrong with it."""

    def __init__(self, document: Document, number: int, problems: list[Problem]) -> None:
        self._document = document
        self._number = number
        self._problems = problems

    def wrong(self, text: str, *keys: str) -> None:
        self._problems.append(self.problem(text, *keys))

    def problem(self, text: str, *keys: str) -> Problem:
        place: Place = ("test", self._number, *keys)
        return Problem(self._document.file, self._document.line_of(place), dotted(place), text)


def run_tests(config: Config, policy: Policy) -> tuple[int, list[Problem]]:
    """How many tests there are, and what is wrong: tests that cannot be read, else tests that fail."""
    problems: list[Problem] = []
    tests = read_tests(config.desk.rules, known_names(config), [rule.name for rule in policy.rules], problems)
    if not problems:
        problems = [problem for test in tests for problem in _failures(test, policy)]
    return len(tests), problems


def must_pass(config: Config, policy: Policy) -> None:
    """ConfigErrors with every test that fails under this policy."""
    _, problems = run_tests(config, policy)
    if problems:
        raise ConfigErrors(problems)


def read_tests(directory: Path, known: Names, rules: Sequence[str] | None, problems: list[Problem]) -> list[RuleTest]:
    """The tests of a directory of rules; what is wrong with them joins `problems`. `rules` None: not known."""
    tests: list[RuleTest] = []
    for path in rule_files(directory):
        try:
            document = read(path)
        except ConfigErrors:
            continue  # said where the rules of the file are read
        tables = document.data.get("test", ())
        if not isinstance(tables, tuple) or not all(isinstance(table, Mapping) for table in tables):
            problems.append(
                Problem(document.file, document.line_of(("test",)), "test", "write each test below [[test]]")
            )
            continue
        for number, table in enumerate(tables):
            place = _Place(document, number, problems)
            before = len(problems)
            test = _test(table, directory, known, rules, place)
            if test is not None and len(problems) == before:
                tests.append(test)
    return tests


def _failures(test: RuleTest, policy: Policy) -> list[Problem]:
    raw = _vouched(test.raw, policy)
    sender, found = delivery.envelope(raw, policy, policy.addresses[0].email)
    envelope = Envelope(raw=raw, mail_from=sender, rcpts=test.to or found, received_at=test.at, door="test")
    came = rehearse(read_letter(raw), envelope, policy, test.at)
    return [
        test.place.problem(f"“{test.name}” fails: {one.key}: {one.text}", "expect", one.key)
        for one in compare(test.expected, came, policy)
    ]


def _vouched(raw: bytes, policy: Policy) -> bytes:
    """The letter as our exchanger would hand it over: vouched for, unless it says itself what was found of it."""
    message, trusted = read_letter(raw), sorted(policy.authentication.trusted)
    if not trusted or message.sender is None or message.header("authentication-results"):
        return raw
    domain = message.sender.email.rpartition("@")[2]
    return f"Authentication-Results: {trusted[0]}; dmarc=pass header.from={domain}\r\n".encode() + raw


# --------------------------------------------------------------------- reading one table


def _test(
    table: Mapping[str, Any], directory: Path, known: Names, rules: Sequence[str] | None, place: _Place
) -> RuleTest | None:
    for key in table:
        if key not in KEYS:
            place.wrong(unknown("key", key, KEYS), key)
    name = table.get("name")
    if not isinstance(name, str) or not name.strip() or not name.isprintable():
        place.wrong("every test needs a name, one line of text", "name")
        name = ""
    at = table.get("at", NOON)
    if not isinstance(at, datetime) or at.tzinfo is None:
        place.wrong("must be an instant with its zone, without quotes: 2026-01-07T12:00:00Z", "at")
        at = NOON
    raw = _eml(table, directory, place) if "eml" in table else _small_letter(table, at, place)
    return RuleTest(
        name=name.strip(),
        raw=raw,
        to=_texts(table.get("to", ()), place, "to"),
        at=at,
        expected=_expected(table.get("expect"), known, rules, place),
        place=place,
    )


def _eml(table: Mapping[str, Any], directory: Path, place: _Place) -> bytes:
    for key in _LETTER:
        if key in table:
            place.wrong("the file says that: leave it out, or leave out eml", key)
    name = table["eml"]
    if not isinstance(name, str) or not name or "\0" in name:
        place.wrong("must be the name of a file in quotes", "eml")
        return b""
    path = (directory / name).resolve()
    if not path.is_relative_to(directory.resolve()):
        place.wrong(f"{name} lies outside the directory of the rules", "eml")
        return b""
    try:
        with path.open("rb") as file:
            raw = file.read(LARGEST + 1)
    except OSError as error:
        place.wrong(f"{path} cannot be read: {error.strerror}", "eml")
        return b""
    if len(raw) > LARGEST:
        place.wrong(f"{path} is longer than {LARGEST} bytes", "eml")
    return raw


def _small_letter(table: Mapping[str, Any], at: datetime, place: _Place) -> bytes:
    """A letter of what a test says of it."""
    to = _texts(table.get("to", ()), place)
    fields = {
        "From": _line(table.get("from", "somebody@customer.example"), place, "from"),
        **({"To": ", ".join(to)} if to else {}),
        "Subject": _line(table.get("subject", ""), place, "subject"),
        "Date": at.strftime("%d %b %Y %H:%M:%S %z"),
        "Message-ID": "<letter@test.invalid>",
    }
    own = table.get("headers", {})
    if not isinstance(own, Mapping):
        place.wrong('must be a table of header fields: headers = { List-Id = "staff" }', "headers")
        own = {}
    for key, value in own.items():
        if not all("!" <= letter <= "~" and letter != ":" for letter in key):
            place.wrong(f'"{key}" is no name of a header field', "headers", key)
        fields[key] = _line(value, place, "headers", key)
    if not any(key.lower() == "content-type" for key in own):
        fields |= {"MIME-Version": "1.0", "Content-Type": "text/plain; charset=utf-8"}
    body = table.get("body", "")
    if not isinstance(body, str):
        place.wrong("must be a text", "body")
        body = ""
    head = "".join(f"{key}: {value}\r\n" for key, value in fields.items())
    return f"{head}\r\n{body}\r\n".encode()


def _line(value: object, place: _Place, *keys: str) -> str:
    if isinstance(value, str) and not any(letter in value for letter in "\r\n\0"):
        return value
    place.wrong("must be one line of text", *keys)
    return ""


def _texts(value: object, place: _Place, *keys: str) -> tuple[str, ...]:
    """One text or a list of them; without keys nothing is said about what is wrong."""
    texts = (value,) if isinstance(value, str) else value
    if isinstance(texts, tuple) and all(isinstance(one, str) and one.isprintable() for one in texts):
        return texts
    if keys:
        place.wrong("must be a text or a list of texts", *keys)
    return ()


def _expected(expect: object, known: Names, rules: Sequence[str] | None, place: _Place) -> Expected:
    if not isinstance(expect, Mapping) or not expect:
        place.wrong('a test needs what it expects: expect = { topic = "outage" }', "expect")
        return Expected()
    for key in expect:
        if key not in EXPECT:
            place.wrong(unknown("key", key, EXPECT), "expect", key)
    valid: dict[str, Sequence[str]] = {
        "topic": known.topics,
        "priority": known.priorities,
        "team": known.teams,
        "agent": known.agents,
        "sla": known.plans,
        "status": tuple(Status),
    }
    fields = {key: _name(key, expect[key], valid[key], place) for key in valid if key in expect}
    acknowledge = expect.get("acknowledge")
    if acknowledge is not None and not isinstance(acknowledge, bool):
        place.wrong("must be true or false", "expect", "acknowledge")
    hit = _texts(expect["rules"], place, "expect", "rules") if "rules" in expect else None
    for rule in hit or ():
        if rules is not None and rule not in rules:
            place.wrong(unknown("rule", rule, rules), "expect", "rules")
    return Expected(
        fields=fields,
        tags=_texts(expect["tags"], place, "expect", "tags") if "tags" in expect else None,
        acknowledge=bool(acknowledge) if acknowledge is not None else None,
        rules=hit,
        fate=_name("fate", expect["fate"], tuple(Fate), place) if "fate" in expect else None,
    )


def _name(key: str, value: object, valid: Sequence[str], place: _Place) -> str:
    """A name there is; "" says that the ticket should have none."""
    if not isinstance(value, str):
        place.wrong(f'must be the name of one {key}, in quotes, or "" for none', "expect", key)
    elif value and value not in valid:
        place.wrong(unknown(key, value, valid), "expect", key)
    else:
        return value
    return ""
