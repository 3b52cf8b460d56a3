"""Every other field a condition may ask for, on the occasion it is there: hit or not."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from maild.core.model import Address, Attachment, Envelope, Kind, Message, Person, SetField, Status, Ticket
from maild.core.policy import Calendar
from maild.core.rules import Case, Names, RawRule, Rule, compile_rules, evaluate

NAMES = Names(
    topics=("problem",),
    priorities=("low", "normal", "high"),
    teams=("support", "billing"),
    agents=("john", "jane"),
    plans=("default",),
    calendars=("office", "24x7"),
    organisations=("bank", "shop"),
)
OFFICE = Calendar(
    key="office",
    zone=ZoneInfo("Europe/Berlin"),
    hours=(((time(9), time(17)),),) * 5 + ((),) * 2,
    holidays=frozenset({date(2026, 12, 25)}),
)
ALWAYS = Calendar(key="24x7", zone=ZoneInfo("UTC"), hours=(((time.min, time.max),),) * 7, always=True)
FRIDAY = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)  # 11:00 in Berlin


def attachment(filename: str, kind: str, size: int, inline: bool = False) -> Attachment:
    return Attachment(
        index=1, filename=filename, content_type=kind, sniffed_type="", size=size, sha256="", inline=inline
    )


MESSAGE = Message(
    from_=(Address("karen@customer.example", "Karen Black"),),
    reply_to=(Address("office@customer.example"),),
    to=(Address("support@bank.example"),),
    cc=(Address("boss@customer.example"),),
    subject="Alarm on host db-1",
    text="New words\n> old words",
    new_text="New words",
    headers={"list-id": ("<staff.bank.example>",), "content-language": ("de-CH, fr",), "x-empty": ("",)},
    attachments=(
        attachment("a.pdf", "application/pdf", 5_000),
        attachment("big.zip", "application/zip", 3_000_000),
        attachment("logo.png", "image/png", 10, inline=True),
    ),
    kind=Kind.LIST,
    spam_score=4.5,
    date=datetime(2026, 11, 19, 23, 30, tzinfo=UTC),
)
TICKET = Ticket(
    number=7,
    subject="Card blocked",
    requester=Person(1, "karen@customer.example"),
    address="support@bank.example",
    created_at=FRIDAY - timedelta(days=2),
    status=Status.WAITING,
    priority="high",
    team="support",
    tags=("vip", "card"),
    organisation="shop",
)
NEW = Case(
    message=MESSAGE,
    envelope=Envelope(raw=b"x" * 9_000, mail_from="k@x", rcpts=("support+billing@bank.example",), received_at=FRIDAY, door=""),
    now=FRIDAY,
    calendars={"office": OFFICE, "24x7": ALWAYS},
    addresses=("support@bank.example",),
    subaddresses=("billing",),
    known=True,
    evidence="pass",
    organisation="shop",
    letters=3,
)  # fmt: skip


def compiled(text: str) -> Rule:
    table: dict[str, Any] = tomllib.loads(text)
    (rule,), problems = compile_rules([RawRule(file="r", number=0, table={"name": "r", **table})], NAMES)
    assert not problems
    return rule


def hits(when: str, case: Case) -> bool:
    then = "then.team = 'support'" if "time" in case.occasion else "stop = true"
    rule = compiled(f"on = '{case.occasion}'\n{then}\n{when}")
    verdict = evaluate((rule,), case)
    assert len(verdict.trace) == 1
    return verdict.matched == ("r",)


LETTER = [
    ("when.from-name = 'karen'", True),
    ("when.from-name = 'boss'", False),
    ("when.reply-to = 'office@*'", True),
    ("when.to = 'support@bank.example'", True),
    ("when.to = 'boss@*'", False),
    ("when.cc = 'boss@*'", True),
    ("when.address = 'support@bank.example'", True),
    ("when.address = 'problem@bank.example'", False),
    ("when.subaddress = 'Billing'", True),
    ("when.subaddress = 'bill'", False),
    ("when.words = 'new words'", True),
    ("when.words = 'old'", False),
    ("when.body = 'old'", True),
    ("when.list-id = 'staff.bank'", True),
    ("when.list-id = { exists = false }", False),
    ("when.header.X-None = { exists = false }", True),
    ("when.header.X-Empty = { exists = true }", False),
    ("when.language = 'de'", True),
    ("when.language = ['en', 'fr']", True),
    ("when.language = 'ch'", False),
    ("when.attachment.name = '*.zip'", True),
    ("when.attachment.type = 'image/*'", True),
    ("when.attachment.type = 'text/*'", False),
    ("when.attachment.size = { more = '2 MB' }", True),
    ("when.attachment.size = { more = '3 MB' }", False),
    ("when.attachment.count = 2", True),
    ("when.attachment = { count = { at-least = 3 } }", False),
    ("when.size = { less = '9 kB' }", False),
    ("when.size = { at-most = '9 kB', at-least = '9 kB' }", True),
    ("when.kind = 'list'", True),
    ("when.kind = ['human', 'automatic']", False),
    ("when.evidence = { one-of = ['pass', 'none'] }", True),
    ("when.evidence = 'fail'", False),
    ("when.known = true", True),
    ("when.agent = false", True),
    ("when.agent = true", False),
    ("when.organisation = 'shop'", True),
    ("when.organisation = { exists = true }", True),
    ("when.spam-score = { more = 4, less = 5 }", True),
    ("when.spam-score = { less = 4 }", False),
    ("when.spam-score = 4.5", True),
    ("when.letters = { within = '1 h', more = 2 }", True),
    ("when.letters = { within = '1 h', more = 3 }", False),
    # written at half past midnight of the 20th in Berlin
    ("when.date = { after = 2026-11-19 }", True),
    ("when.date = { after = 2026-11-20 }", False),
    ("when.date = { before = 2026-11-20 }", False),
    ("calendar = '24x7'\nwhen.date = { before = 2026-11-20 }", True),
    ("when.date = { before = 2026-11-20T12:00:00Z }", True),
    ("when.open = 'office'", True),
    ("when.closed = 'office'", False),
    ("when.weekday = ['friday', 'saturday']", True),
    ("when.weekday = 'sunday'", False),
    ("when.time = '11:00-12:00'", True),
    ("when.time = '10:00-11:00'", False),
    ("when.time = '22:00-11:30'", True),
    ("when.time = '22:00-08:00'", False),
    ("when.time = '08:00-24:00'", True),
    ("calendar = '24x7'\nwhen.time = '10:00-11:00'", True),
    ("calendar = '24x7'\nwhen = { open = 'office', time = '11:00-12:00' }", True),
    ("from = 2026-11-20", True),
    ("from = 2026-11-21", False),
    ("until = 2026-11-20", True),
    ("until = 2026-11-19", False),
    ("until = 2026-11-20T10:59:59", False),
    ("until = 2026-11-20T11:00:01", True),
]


@pytest.mark.parametrize(("when", "expected"), LETTER, ids=[row[0] for row in LETTER])
def test_of_a_letter(when: str, expected: bool) -> None:
    assert hits(when, NEW) is expected


ABOUT_TICKET = [
    ("when.ticket.status = 'waiting'", True),
    ("when.ticket.status = ['open', 'new']", False),
    ("when.ticket.agent = ''", True),
    ("when.ticket.agent = { exists = false }", True),
    ("when.ticket.agent = 'john'", False),
    ("when.ticket.team = 'support'", True),
    ("when.ticket.priority = ['low', 'high']", True),
    ("when.ticket.tags = 'VIP'", True),
    ("when.ticket.tags = 'vi'", False),
    ("when.not.ticket.tags = 'gold'", True),
    ("when.ticket.subject = 'blocked'", True),
    ("when.ticket.requester = '*@customer.example'", True),
    ("when.ticket.organisation = 'shop'", True),
    ("when.organisation = 'bank'", False),
]


@pytest.mark.parametrize("occasion", ["reply", "answer", "change", "time"])
@pytest.mark.parametrize(("when", "expected"), ABOUT_TICKET, ids=[row[0] for row in ABOUT_TICKET])
def test_of_a_ticket(when: str, expected: bool, occasion: str) -> None:
    case = replace(NEW, occasion=occasion, ticket=TICKET)
    assert hits(("after = '1 h'\n" if occasion == "time" else "") + when, case) is expected


def test_of_a_tickets_age() -> None:
    case = replace(NEW, occasion="change", ticket=TICKET)
    assert hits("when.ticket.age = { at-least = '2 d' }", case)
    assert not hits("when.ticket.age = { more = '2 d' }", case)
    assert hits("when.ticket.created = { before = 2026-11-19 }", case)


def test_an_agents_words_are_there_without_a_letter() -> None:
    case = Case(occasion="answer", ticket=TICKET, said="Please call the lawyer", now=FRIDAY)
    assert hits("when.words = 'lawyer'", case)
    assert hits("when.body = { starts = 'please' }", case)
    assert not hits("when.words = 'judge'", case)


CHANGED = [
    ("changed = 'priority'", True),
    ("changed = 'team'", False),
    ("changed = { field = 'priority', new = 'high' }", True),
    ("changed = { field = 'priority', old = 'low', new = 'high' }", False),
    ("changed = { field = 'agent', old = 'john', new = '' }", True),
    ("changed = 'priority'\nwhen.ticket.team = 'billing'", False),
]


@pytest.mark.parametrize(("when", "expected"), CHANGED, ids=[row[0] for row in CHANGED])
def test_of_a_change(when: str, expected: bool) -> None:
    changes = (SetField("priority", "normal", "high", "john"), SetField("agent", "john", "", "john"))
    case = Case(occasion="change", ticket=TICKET, changed=changes, now=FRIDAY)
    assert hits(when, case) is expected


def test_rules_of_other_occasions_are_not_asked() -> None:
    rule = compiled("on = ['reply', 'answer']\nthen.team = 'support'")
    assert evaluate((rule,), NEW).trace == ()
    assert evaluate((rule,), replace(NEW, occasion="reply", ticket=TICKET)).matched == ("r",)


def test_the_trace_tells_what_facts_were() -> None:
    def why(when: str) -> str:
        return evaluate((compiled(f"stop = true\n{when}"),), NEW).trace[0]

    assert why("when.known = false") == 'r: missed: an unknown sender (saw "yes")'
    assert why("when.closed = 'office'") == 'r: missed: office is closed (saw "Fri 2026-11-20 11:00 CET")'
    assert why("when.size = { more = '1 MB' }") == 'r: missed: size is more than 1 MB (saw "9000")'
    assert why("from = 2027-01-01") == "r: not in force, it is from 2027-01-01"


# --------------------------------------------------------------------- captures and values


def verdict(text: str, **changes: Any) -> Any:
    return evaluate((compiled(text),), replace(NEW, message=replace(MESSAGE, **changes)))


HOST = "when.subject = { regex = 'on host (?P<host>.+)' }\n"


def test_a_capture_stands_in_values() -> None:
    said = verdict(HOST + "then.note = 'The host is {host}, {{host}}'\nthen.tags = ['host-{host}', 'x']")
    assert [(deed.kind, deed.value, deed.rule) for deed in said.deeds] == [("note", "The host is db-1, {host}", "r")]
    assert said.tags == ("host-db-1", "x")


@pytest.mark.parametrize(
    ("subject", "note", "tag"),
    [
        ("on host --help -rf", "help -rf", "help--rf"),
        ("on host  a\tb\x00\x1b[2J, c ", "a b[2J, c", "a-b[2j-c"),
        ("on host " + "x" * 5000, "x" * 200, "x" * 200),
        ("on host {host} {{", "{host} {{", "{host}-{{"),
    ],
)
def test_a_capture_is_one_harmless_line(subject: str, note: str, tag: str) -> None:
    said = verdict(HOST + "then.note = '{host}'\nthen.tags = ['{host}']", subject=subject)
    assert (said.deeds[0].value, said.tags) == (note, (tag,))


def test_what_was_not_captured_is_nothing() -> None:
    rule = "when.any = [{ subject = { regex = '(?P<n>\\d{3})' } }, { body = 'words' }]\n"
    said = verdict(rule + "then.note = '[{n}]'\nthen.tags = ['{n}']")
    assert (said.deeds[0].value, said.tags) == ("[]", ())


def test_tags_are_given_and_taken_in_order() -> None:
    tables = [
        {"name": "a", "then": {"tags": ["x", "y"]}},
        {"name": "b", "then": {"untag": ["x", "z"]}},
        {"name": "c", "then": {"tags": ["z"], "watchers": ["john"]}},
    ]
    rules, problems = compile_rules([RawRule(file="r", number=n, table=t) for n, t in enumerate(tables)], NAMES)
    assert not problems
    said = evaluate(rules, NEW)
    assert (said.tags, dict(said.untag), dict(said.tagged)) == (("y", "z"), {"x": "b"}, {"y": "a", "z": "c"})
    assert said.watchers == {"john": "c"}


# --------------------------------------------------------------------- rules never reached


@pytest.mark.parametrize(
    ("first", "second", "lost"),
    [
        ({"stop": True}, {"when": {"subject": "x"}}, True),
        ({"stop": True, "when": {"subject": "x"}}, {"when": {"subject": ["x"]}}, True),
        ({"stop": True, "when": {"subject": "x"}}, {"when": {"subject": "y"}}, False),
        ({"stop": True, "enabled": False}, {}, False),
        ({"stop": True, "until": date(2027, 1, 1)}, {}, False),
        ({"stop": True, "on": "reply"}, {}, False),
        ({"stop": True, "on": "reply"}, {"on": ["new", "reply"]}, False),
        ({"stop": True, "on": ["new", "reply"]}, {"on": "reply"}, True),
        ({"stop": True}, {"enabled": False}, False),
    ],
)
def test_a_rule_never_reached(first: dict[str, Any], second: dict[str, Any], lost: bool) -> None:
    tables = [{"name": "one", **first}, {"name": "two", "then": {"team": "support"}, **second}]
    raw = [RawRule(file="r.toml", number=n, table=t, line=10 * n + 1) for n, t in enumerate(tables)]
    rules, problems = compile_rules(raw, NAMES)
    said = ["r.toml:11: rule.2: never reached: “one” (r.toml:1) stops before it"] if lost else []
    assert [str(problem) for problem in problems] == said
    assert len(rules) == 2 - lost
