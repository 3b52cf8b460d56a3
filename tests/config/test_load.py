"""From TOML to Config and Policy, where all is well."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import date, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pydantic
import pytest

from maild.config import Config, load, policy
from maild.config.values import Endpoint, Relay

MINIMAL = """\
desk = { name = "Desk", tag = "D", admin = "root@other.example" }
address = [{ address = "Help@Desk.Example" }]
"""


def test_four_values_make_a_desk(desk) -> None:
    desk.path.write_text(MINIMAL)
    config = load(desk.path)
    here = desk.directory
    assert config.path == desk.path
    assert config.desk.domain == config.smtp.hostname == config.outbound.hostname == "desk.example"
    assert (config.desk.data, config.desk.templates) == (here / "data", here / "templates")
    assert config.store.url == f"sqlite:///{here}/data/maild.db"
    assert config.outbound.relays == (Relay("maildir", path=here / "data" / "outgoing"),)
    assert config.smtp.listen == (Endpoint("127.0.0.1", 8025),)
    assert config.smtp.max_size == 25_000_000
    assert config.clock.tick == timedelta(seconds=15)


def test_a_desk_that_promises_nothing_still_has_a_plan_and_a_calendar(desk) -> None:
    desk.path.write_text(MINIMAL)
    made = desk.policy()
    assert made.plans[made.default_plan].response is None
    assert made.plans[made.default_plan].resolution is None
    assert made.calendars[made.closing.calendar].always
    assert made.closing.confirm == timedelta(days=3)
    assert made.addresses[0].email == "help@desk.example"
    assert made.addresses[0].name == "Desk"
    assert (made.default_priority, made.default_team, made.rules) == ("normal", "", ())


def test_a_config_is_frozen(desk) -> None:
    config = load(desk.path)
    with pytest.raises(pydantic.ValidationError, match="frozen"):
        config.desk.name = "Other"  # type: ignore[misc]


def test_relative_paths_are_relative_to_the_file_not_to_where_we_stand(desk, monkeypatch) -> None:
    monkeypatch.chdir(desk.directory.parent)
    config = load(Path(desk.directory.name) / "config.toml")
    assert config.store.url == f"sqlite:///{desk.directory}/data/maild.db"
    assert config.desk.secret_file == desk.secret


def test_absolute_paths_stay(desk) -> None:
    desk.replace("[defaults]", '[store]\nurl = "sqlite:////var/lib/maild/m.db"\n[defaults]')
    assert load(desk.path).store.url == "sqlite:////var/lib/maild/m.db"


def test_members_are_joined_from_teams_agents_and_leads(desk) -> None:
    made = desk.policy()
    assert made.teams["support"].members == ("john",)
    assert made.teams["online-banking"].members == ("jane", "john")
    assert made.agents["john"].teams == ("support", "online-banking")
    assert made.agents["jane"].teams == ("online-banking",)
    assert made.by_email == {"john@bank.example": "john", "jane@bank.example": "jane"}
    assert made.agents["john"].email == "John@bank.example"


def test_other_addresses_of_agents_and_other_systems(desk) -> None:
    desk.replace('email = "jane@bank.example"', 'email = "jane@bank.example"\nalso = ["Jane@Private.example"]')
    desk.replace(
        "[defaults]",
        '[[correspondent]]\ndomain = "Snow.example"\nreference = "INC[0-9]+"\n'
        '[[correspondent]]\naddress = "Relay@market.example"\n[defaults]',
    )
    made = policy(load(desk.path))
    assert made.by_email["jane@private.example"] == "jane"
    assert made.agents["jane"].email == "jane@bank.example"
    first, second = made.correspondents
    assert (first.who, second.who, second.reference) == ("snow.example", "relay@market.example", None)
    assert first.reference is not None
    assert [first.reference(text) for text in ("Re: inc0017 x", "INC", "")] == ["inc0017", "", ""]


def test_topics_inherit_what_they_leave_open(desk) -> None:
    topics = desk.policy().topics
    outage = topics["outage"]
    assert outage.path == "Report a Problem / Business Critical Outage"
    assert (outage.team, outage.priority, outage.sla, outage.acknowledge) == ("support", "emergency", "sev-a", False)
    assert topics["problem"].path == "Report a Problem"


def test_days_of_a_promise_are_days_of_its_calendar(desk) -> None:
    desk.replace("[sla.sev-a]", '[closing]\nconfirm = "2 d"\ncalendar = "office"\n[sla.sev-a]')
    made = desk.policy()
    # Monday 8 hours, Tuesday 8 hours: three days are 24 open hours.
    assert made.plans["default"].resolution == timedelta(hours=24)
    assert made.plans["default"].response == timedelta(hours=8)
    assert made.closing.confirm == timedelta(hours=16)


def test_a_day_that_ends_at_midnight_counts_whole(desk) -> None:
    desk.replace('tuesday = "08:00-16:00"', 'tuesday = "00:00-24:00"')
    made = desk.policy()
    assert made.calendars["office"].hours[1] == ((time.min, time.max),)
    assert made.plans["default"].resolution == timedelta(hours=3 * (8 + 24) / 2)


def test_calendars(desk) -> None:
    desk.replace('tuesday = "08:00-16:00"', "holidays = [2026-12-25]")
    office = desk.policy().calendars["office"]
    assert office.zone == ZoneInfo("Europe/Berlin")
    assert office.hours[0] == ((time(8), time(12)), (time(13), time(17)))
    assert office.hours[1:] == ((),) * 6
    assert office.holidays == {date(2026, 12, 25)}
    assert not office.always


def test_rules_are_read_in_the_order_of_file_names(desk) -> None:
    for name in ("b.toml", "10-a.toml", "9-z.toml", "B.toml"):
        first = f'[[rule]]\nname = "{name} 1"\nthen.team = "support"\n'
        desk.rule_file(name, f'{first}[[rule]]\nname = "{name} 2"\nwhen.subject = "{name}"\nstop = true')
    desk.rule_file("notes.txt", "this is no rule")
    desk.rule_file(".10-a.toml.swp.toml", "neither is this")
    made = desk.policy()
    assert [rule.name for rule in made.rules] == [
        f"{name} {n}" for name in ("10-a.toml", "9-z.toml", "B.toml", "b.toml") for n in (1, 2)
    ]


def test_a_policy_may_be_made_again_and_sees_what_changed(desk) -> None:
    config = load(desk.path)
    path = desk.rule_file("a.toml", '[[rule]]\nname = "one"\nthen.team = "support"')
    before = policy(config)
    path.write_text('[[rule]]\nname = "two"\nthen.team = "support"')
    assert [rule.name for rule in policy(config).rules] == ["two"]
    assert [rule.name for rule in before.rules] == ["one"]


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("smtp://127.0.0.1:2525", Relay("smtp", "127.0.0.1", 2525)),
        ("smtp://mail.bank.example", Relay("smtp", "mail.bank.example", 25)),
        ("smtp://[::1]:26", Relay("smtp", "::1", 26)),
        ("smtps://desk@mail.bank.example", Relay("smtps", "mail.bank.example", 465, "desk")),
        (
            "smtp+starttls://desk%40bank@mail.bank.example",
            Relay("smtp+starttls", "mail.bank.example", 587, "desk@bank"),
        ),
        ("maildir:/srv/out", Relay("maildir", path=Path("/srv/out"))),
    ],
)
def test_where_letters_go(desk, url: str, expected: Relay) -> None:
    desk.replace("[defaults]", f'[outbound]\nurl = "{url}"\n[defaults]')
    assert load(desk.path).outbound.relays == (expected,)


def test_windows_line_ends_are_fine(desk) -> None:
    desk.path.write_bytes(desk.path.read_bytes().replace(b"\n", b"\r\n"))
    assert isinstance(load(desk.path), Config)


def test_importing_and_loading_is_quick_and_small(desk) -> None:
    """Start to listening has 1.5 s and 80 MB for everything; this part may take a fraction."""
    code = (
        "import re, sys, time; before = time.process_time()\n"
        "from maild.config import load, policy\n"
        "policy(load(sys.argv[1]))\n"
        "print(time.process_time() - before, re.search(r'VmHWM:\\s*(\\d+)', open('/proc/self/status').read())[1])"
    )
    root = Path(__file__).parents[2]
    ran = subprocess.run(
        [sys.executable, "-c", code, desk.path],
        capture_output=True, text=True, check=True, cwd=root, env={**os.environ, "PYTHONPATH": str(root)},
    )  # fmt: skip
    seconds, kilobytes = ran.stdout.split()
    assert float(seconds) < 1.0
    assert int(kilobytes) < 48_000
