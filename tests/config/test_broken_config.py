"""Broken configurations: each is named by file, line, key and, where there is one, the nearest right word."""

from __future__ import annotations

import re
from contextlib import suppress
from pathlib import Path

import pytest

from maild.config import ConfigErrors, load

# What stands in the small desk's file, what is written instead, the text on the line to be
# named, the key, and what must be said.
BROKEN = [
    # keys
    ('tag = "BANK"', 'tagg = "BANK"', "tagg", "desk.tagg", 'unknown key "tagg" (did you mean "tag"?)'),
    ('tag = "BANK"', 'tagg = "BANK"', "[desk]", "desk.tag", "is required"),
    ("[defaults]", "[default]", "[default]", "default", 'did you mean "defaults"?'),
    ("[agent.jane]", "[agents.jane]", "[agents.jane]", "agents", 'did you mean "agent"?'),
    ('lead = "jane"', 'leader = "jane"', "leader", "team.online-banking.leader", 'did you mean "lead"?'),
    ("[defaults]", "[smtp]\nmax_recipient = 5\n[defaults]", "max_recipient", "smtp.max_recipient", '"max_recipients"'),
    ("[team.support]", '["team"."Support Desk"]', '"Support Desk"', "team.Support Desk", "must be one word"),
    # kinds of tables
    ("[team.support]", "[[team]]", "[[team]]", "team", "is written [team.KEY]"),
    ("[defaults]", "[[defaults]]", "[[defaults]]", "defaults", "is written [defaults]"),
    ("[defaults]", '[maildir]\npath = "new"\n[defaults]', "[maildir]", "maildir", "is written [[maildir]]"),
    # kinds of values
    ('name = "Example Bank Support"', "name = 7", "name = 7", "desk.name", "must be a text in quotes"),
    ('name = "Example Bank Support"', 'name = "a\\nBcc: x"', "Bcc", "desk.name", "one line"),
    ('tag = "BANK"', 'tag = "bank"', 'tag = "b', "desk.tag", "1 to 10 capital letters or digits"),
    ("acknowledge = false", 'acknowledge = "yes"', '"yes"', "topic.problem.acknowledge", "must be true or false"),
    ('members = ["john"]', 'members = "john"', "members", "team.support.members", "must be a list"),
    ('members = ["john"]', "members = [\n  7,\n]", "7,", "team.support.members.1", "must be a text in quotes"),
    ("[defaults]", "[smtp]\nmax_connections = 0\n[defaults]", "max_conn", "smtp.max_connections", "must be 1 or more"),
    ("[defaults]", '[smtp]\nmax_size = "25"\n[defaults]', "max_size", "smtp.max_size", 'a size like "25 MB"'),
    ("[defaults]", '[smtp]\nlisten = ["8025"]\n[defaults]', "listen", "smtp.listen.1", '"127.0.0.1:8025"'),
    ("[defaults]", '[lmtp]\nlisten = ["127.0.0.1:8024"]\n[web]\nlisten = "127.0.0.1:8024"\n[defaults]', 'listen = "127', "web.listen", "lmtp.listen.1"),
    ("[defaults]", '[smtp]\nlisten = ["a:65536"]\n[defaults]', "listen", "smtp.listen.1", '"127.0.0.1:8025"'),
    ("[defaults]", '[clock]\ntick = "15"\n[defaults]', "tick", "clock.tick", 'a time like "90 s"'),
    ("[defaults]", '[clock]\ntick = "0 s"\n[defaults]', "tick", "clock.tick", "more than nothing"),
    ("[defaults]", '[clock]\ntick = "999999999 d"\n[defaults]', "tick", "clock.tick", "at most ten years"),
    ('response = "8 h"', 'response = "8 hours"', "8 hours", "sla.default.response", 'a time like "90 s"'),
    ("[defaults]", "[defaults]\npriorities = []", "priorities", "defaults.priorities", "at least one"),
    # addresses
    ('address = "support@bank.example"', 'address = "support"', 'address = "support"', "address.1.address", "a mail address"),
    ('email = "jane@bank.example"', 'email = "Jane <jane@bank.example>"', "Jane <", "agent.jane.email", "a mail address"),
    ('email = "jane@bank.example"', 'email = "j..d@bank.example"', "j..d", "agent.jane.email", "a mail address"),
    ('email = "jane@bank.example"', 'email = "JOHN@BANK.example"', "JOHN@", "agent.jane.email", "agent.john.email"),
    ('email = "jane@bank.example"', 'email = "Support@bank.example"', "Support@bank", "agent.jane.email", "address.1.address"),
    ("[defaults]", '[[address]]\naddress = "SUPPORT@bank.example"\n[defaults]', "SUPPORT", "address.2.address", "address.1.address, line 7"),
    ('admin = "root@bank.example"', 'admin = "support@bank.example"', "admin = \"s", "desk.admin", "the desk itself"),
    ('tag = "BANK"', 'tag = "BANK"\ndomain = "bank_example"', "domain", "desk.domain", "a domain name"),
    ('tag = "BANK"', 'tag = "BANK"\nseparator = "++"', "separator", "desk.separator", "must be"),
    # names of others
    ('topic = "problem"', 'topic = "problems"', '"problems"', "address.1.topic", 'unknown topic "problems" (did you mean "problem"?)'),
    ('team = "support"\n\n[cal', 'team = "suport"\n\n[cal', "suport", "defaults.team", 'did you mean "support"?'),
    ('members = ["john"]', 'members = ["john", "jon"]', "members", "team.support.members.2", 'unknown agent "jon" (did you mean "john"?)'),
    ('lead = "jane"', 'lead = "janet"', "janet", "team.online-banking.lead", 'did you mean "jane"?'),
    ('teams = ["online-banking"]', 'teams = ["Online Banking"]', "teams =", "agent.john.teams.1", 'did you mean "online-banking"?'),
    ('parent = "problem"', 'parent = "reports"', "parent", "topic.outage.parent", 'unknown topic "reports"'),
    ('priority = "emergency"', 'priority = "emergancy"', "emergancy", "topic.outage.priority", 'did you mean "emergency"?'),
    ('sla = "sev-a"', 'sla = "Sev-A"', 'sla = "Sev-A"', "topic.outage.sla", 'did you mean "sev-a"?'),
    ('calendar = "office"', 'calendar = "offices"', '"offices"', "sla.default.calendar", 'did you mean "office"?'),
    ('calendar = "office"', 'calendar = "24/7"', '"24/7"', "sla.default.calendar", 'did you mean "24x7"?'),
    ("[defaults]", '[defaults]\npriorities = ["p1", "p2"]', "[defaults]", "defaults.priority", 'unknown priority "normal"'),
    ("[sla.default]", "[sla.standard]", "[defaults]", "defaults.sla", 'unknown sla "default" (known: standard, sev-a)'),
    ('calendar = "office"', 'calendar = ""', 'calendar = ""', "sla.default.calendar", "known: office, 24x7"),
    ("[defaults]", '[defaults]\nsla = ""', "sla = \"\"", "defaults.sla", "known: default, sev-a"),
    # contradictions
    ('parent = "problem"', 'parent = "outage"', "parent", "topic.outage.parent", "in a circle: outage > outage"),
    ('acknowledge = false', 'parent = "outage"', 'parent = "outage"', "topic.problem.parent", "in a circle: problem > outage > problem"),
    ('name = "Business Critical Outage"\nparent = "problem"', 'name = "report a problem"', "report a", "topic.outage.name", "topic.problem.name"),
    ('name = "Online Banking Team"', 'name = "SUPPORT"', "SUPPORT", "team.online-banking.name", "team.support.name"),
    ('name = "Sev-A"', 'name = "Default"\n#', '"Default"\n#', "sla.sev-a.name", "sla.default.name"),
    ("[defaults]", '[defaults]\npriorities = ["normal", "normal", "emergency"]', "priorities", "defaults.priorities.2", "is here already"),
    ("[agent.jane]", '[agent.support]\nname = "S"\nemail = "s@bank.example"\n[agent.jane]', "[agent.support]", "agent.support", "team.support"),
    ("[sla.default]", '[calendar.24x7]\nmonday = "08:00-09:00"\n[sla.default]', "24x7", "calendar.24x7", "cannot be changed"),
    # other addresses of agents, other systems
    ("[agent.jane]", '[agent.eve]\nname = "E"\nemail = "eve@bank.example"\nalso = ["JANE@bank.example"]\n[agent.jane]', '"JANE', "agent.eve.also.1", "agent.jane.email"),
    ('email = "John@bank.example"', 'email = "John@bank.example"\nalso = ["support@bank.example"]', 'also = ["support', "agent.john.also.1", "address.1.address"),
    ("[defaults]", '[[correspondent]]\ndomain = "snow.example"\nreference = "INC[0-9"\n[defaults]', "INC[0-9", "correspondent.1.reference", "bad regular expression"),
    ("[defaults]", '[[correspondent]]\ndomain = "snow.example"\nreference = "[0-9]*"\n[defaults]', "[0-9]*", "correspondent.1.reference", "fits an empty text"),
    ("[defaults]", '[[correspondent]]\nreference = "INC[0-9]+"\n[defaults]', "[[correspondent]]", "correspondent.1", "give either domain"),
    ("[defaults]", '[[correspondent]]\naddress = "nobody"\n[defaults]', 'address = "nobody"', "correspondent.1.address", "address"),
    ("[defaults]", '[[correspondent]]\ndomain = "a.example"\n[[correspondent]]\ndomain = "A.example"\n[defaults]', '"A.example"', "correspondent.2.domain", "is here already"),
    # calendars
    ('timezone = "Europe/Berlin"', 'timezone = "Europe/Berlim"', "timezone", "calendar.office.timezone", 'did you mean "Europe/Berlin"?'),
    ('timezone = "Europe/Berlin"', 'timezone = "../../etc/passwd"', "timezone", "calendar.office.timezone", "unknown time zone"),
    ('timezone = "Europe/Berlin"', 'timezone = ""', "timezone", "calendar.office.timezone", "unknown time zone"),
    ('tuesday = "08:00-16:00"', 'tuesday = "16:00-08:00"', "tuesday", "calendar.office.tuesday", "across midnight belong to two days"),
    ('tuesday = "08:00-16:00"', 'tuesday = "8-16"', "tuesday", "calendar.office.tuesday", 'no interval like "09:00-17:00"'),
    ('tuesday = "08:00-16:00"', 'tuesday = "08:00-12:00, 11:00-16:00"', "tuesday", "calendar.office.tuesday", "without overlap"),
    ('tuesday = "08:00-16:00"', 'tuesday = "08:00-25:00"', "tuesday", "calendar.office.tuesday", "the day ends at 24:00"),
    ('tuesday = "08:00-16:00"', 'tuseday = "08:00-16:00"', "tuseday", "calendar.office.tuseday", 'did you mean "tuesday"?'),
    ('tuesday = "08:00-16:00"', 'holidays = ["Christmas"]', "holidays", "calendar.office.holidays.1", "2026-12-25"),
    ("[sla.default]", '[calendar.closed]\nmonday = ""\n[sla.default]', "[calendar.closed]", "calendar.closed", "never open"),
    # URLs and files
    ("[defaults]", '[store]\nurl = "postgresql://db/maild"\n[defaults]', "url", "store.url", 'did you mean "postgresql+psycopg://…"?'),
    ("[defaults]", '[store]\nurl = "sqlite://"\n[defaults]', "url", "store.url", '"sqlite:///FILE"'),
    ("[defaults]", '[outbound]\nurl = "mail.bank.example:25"\n[defaults]', "url", "outbound.url", '"smtp://HOST:PORT"'),
    ("[defaults]", '[outbound]\nurl = "smtp://u@h"\n[defaults]', "url", "outbound.url", "a login needs TLS"),
    ("[defaults]", '[outbound]\nurl = "smtps://u:hunter2@h"\n[defaults]', "url", "outbound.url", "password_file"),
    ("[defaults]", '[outbound]\nurl = "smtp://h:99999"\n[defaults]', "url", "outbound.url", "ort"),
    ("[defaults]", '[outbound]\npassword_file = "no.such"\n[defaults]', "password_file", "outbound.password_file", "there is no file"),
    ('tag = "BANK"', 'tag = "BANK"\nrules = "ruels"', "ruels", "desk.rules", "there is no directory"),
    ('tag = "BANK"', 'tag = "BANK"\ntemplates = ""', "templates", "desk.templates", "path of a file or directory"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("old", "new", "marks", "key", "said"), BROKEN, ids=[f"{row[3]}-{n}" for n, row in enumerate(BROKEN)]
)
def test_a_mistake_is_named(desk, old: str, new: str, marks: str, key: str, said: str) -> None:
    desk.replace(old, new)
    line = desk.line_with(desk.path, marks)
    found = [problem for problem in desk.problems() if problem.key == key]
    assert [(problem.file, problem.line) for problem in found] == [(str(desk.path), line)]
    assert said in found[0].text
    assert str(found[0]) == f"{desk.path}:{line}: {key}: {found[0].text}"


NOT_TOML = [
    (b'[desk]\nname = "x\n', 2, "not valid TOML"),
    (b'[desk]\nname = "x"\nname = "y"\n', 3, "not valid TOML: Cannot overwrite a value"),
    (b"[desk]\n\n[desk]\n", 3, "not valid TOML: Cannot declare"),
    (b'[desk]\nname = """x\ny\n\n', 3, "not valid TOML"),
    (b"[desk]\nname = 'M\xfcller'\n", 2, "not UTF-8"),
    (b"x = " + b"[" * 5000, 0, "nested too deeply"),
    (b"# " + b"x" * (4 * 1024 * 1024), 0, "is this the right file?"),
]


@pytest.mark.parametrize(("raw", "line", "said"), NOT_TOML, ids=[row[2] for row in NOT_TOML])
def test_a_file_that_is_no_toml(desk, raw: bytes, line: int, said: str) -> None:
    desk.path.write_bytes(raw)
    (problem,) = desk.problems()
    assert (problem.file, problem.line) == (str(desk.path), line)
    assert said in problem.text


def test_a_file_that_cannot_be_read(desk) -> None:
    for path, said in ((desk.directory / "none.toml", "No such file"), (desk.directory, "Is a directory")):
        with pytest.raises(ConfigErrors, match=re.escape(str(path)) + ".*" + said):
            load(path)


def test_an_empty_file_says_what_is_needed(desk) -> None:
    desk.path.write_text("")
    assert [str(problem) for problem in desk.problems()] == [
        f"{desk.path}: desk: is required",
        f"{desk.path}: address: is required: a desk needs at least one [[address]]",
    ]


def test_everything_is_said_at_once_in_the_order_of_lines(desk) -> None:
    for old, new in (
        ('tag = "BANK"', 'tag = "toolongatag"'),
        ('topic = "problem"', 'topic = "nope"'),
        ('response = "8 h"', 'response = "soon"'),
        ('lead = "jane"', 'lead = "jan"'),
        ('teams = ["online-banking"]', 'taems = ["online-banking"]'),
    ):
        desk.replace(old, new)
    problems = desk.problems()
    keys = ["desk.tag", "address.1.topic", "sla.default.response", "team.online-banking.lead", "agent.john.taems"]
    assert [problem.key for problem in problems] == keys
    assert [problem.line for problem in problems] == sorted(problem.line for problem in problems)


def test_wrong_shapes_never_hide_behind_an_exception(desk) -> None:
    """Every table replaced by something else: always problems, never a traceback."""
    for key in ("desk", "address", "store", "defaults", "calendar", "sla", "team", "agent", "topic"):
        for value in (
            "7",
            '"x"',
            "true",
            "[]",
            "[1]",
            "[[]]",
            "{}",
            "{ x = 1 }",
            "{ x = {} }",
            "[{}]",
            "{ name = [] }",
        ):
            desk.path.write_text(f"{key} = {value}\n")
            assert all(problem.text for problem in desk.problems())


def test_wrong_values_never_hide_behind_an_exception(desk) -> None:
    """Every value of the file replaced by something of another kind."""
    good = desk.path.read_text().splitlines(keepends=True)
    for number, line in enumerate(good):
        key, equals, _ = line.partition(" = ")
        for value in (
            ("{}", "{ x = [] }", "[{}]", "[[1]]", "1979-05-27", "nan", "-1", '""', '"\\u0000"') if equals else ()
        ):
            desk.path.write_text("".join([*good[:number], f"{key} = {value}\n", *good[number + 1 :]]))
            with suppress(ConfigErrors):  # some are right: "" names nothing
                desk.policy()


def test_a_name_with_a_line_break_cannot_make_a_second_line(desk) -> None:
    desk.replace('tag = "BANK"', 'tag = "BANK"\n"x\\n/etc/passwd:1: fine" = 1')
    with pytest.raises(ConfigErrors) as caught:
        load(desk.path)
    assert len(str(caught.value).splitlines()) == 1


def test_the_shipped_words_for_a_missing_secret(desk) -> None:
    Path(desk.secret).unlink()
    (problem,) = desk.problems()
    assert str(problem) == f"{desk.secret}: does not exist; maild init makes one"
