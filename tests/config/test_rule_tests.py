"""`[[test]]` beside rules: read with file and line, run by the way a new letter takes."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from maild import paths
from maild.config import check, load, run_tests

RULES = """\
[[rule]]
name = "outage"
when.subject = "outage"
then.topic = "outage"
then.tags = ["red"]

[[rule]]
name = "silent"
when.sender = "*@machine.example"
then.team = "online-banking"
then.acknowledge = false
"""


@pytest.fixture(autouse=True)
def templates(desk: Any) -> None:
    (desk.directory / "templates").mkdir()


def said(desk: Any, tests: str) -> list[str]:
    """What `check` says of these tests below the rules, without the path."""
    path = desk.rule_file("10.toml", RULES + "\n" + tests)
    return [str(problem).replace(f"{path}:", "") for problem in check(desk.path)]


def line(text: str) -> int:
    return RULES.count("\n") + 2 + text.count("\n")


GOOD = """\
[[test]]
name = "an outage"
from = "Karen Black <karen@customer.example>"
subject = "Outage of online banking"
body = "Nothing works."
expect = { topic = "outage", priority = "emergency", team = "support", sla = "sev-a", tags = ["red"], rules = ["outage"] }

[[test]]
name = "a machine"
from = "cron@machine.example"
subject = "all is well"
expect = { team = "online-banking", agent = "", acknowledge = false, fate = "ticket", tags = [], topic = "problem" }
"""


def test_tests_that_hold_say_nothing(desk: Any) -> None:
    assert said(desk, GOOD) == []
    config = load(desk.path)
    assert run_tests(config, desk.policy()) == (2, [])


def test_a_failing_test_is_told_with_its_line_what_came_and_why(desk: Any) -> None:
    start = '[[test]]\nname = "no outage"\nsubject = "all is well"\n'
    found = said(desk, start + 'expect = { topic = "outage", tags = ["red"], rules = ["outage"] }\n')
    assert len(found) == 3
    assert all(one.startswith(f"{line(start)}: test.1.expect.") for one in found)
    assert found[0].endswith(
        "topic: “no outage” fails: topic: expected Report a Problem / Business Critical Outage, came Report a Problem; "
        'outage: missed: subject contains "outage" (saw "all is well")'
    )
    assert "tags: expected red, came none; outage: missed" in found[1]
    assert "rules: expected outage, came none; outage: missed" in found[2]


def test_the_rule_that_had_the_last_word_is_named(desk: Any) -> None:
    found = said(desk, '[[test]]\nname = "x"\nfrom = "a@machine.example"\nexpect.team = "support"\n')
    assert len(found) == 1
    assert "expected Support, came Online Banking Team; silent: hit: team = online-banking" in found[0]


def test_a_letter_that_begins_no_ticket_fails_what_a_ticket_should_have(desk: Any) -> None:
    spam = '[[test]]\nname = "x"\nheaders = { X-Spam-Flag = "YES" }\n'
    found = said(desk, spam + 'expect.topic = "outage"\n')
    assert len(found) == 1
    assert "no ticket began: quarantined" in found[0]
    assert said(desk, spam + 'expect.fate = "quarantined"\n') == []


@pytest.mark.parametrize(
    "section",
    [
        '[intake]\nregistration = "known"\nbanned = ["*@customer.example"]',
        '[authentication]\ntrusted = ["mx.bank.example"]',
    ],
)
def test_who_may_write_and_what_vouches_for_them_is_no_matter_of_rules(desk: Any, section: str) -> None:
    desk.replace("acknowledge = false", "")
    desk.replace("[defaults]", section + "\n\n[defaults]")
    test = '[[test]]\nname = "x"\nfrom = "a@customer.example"\nsubject = "x"\n'
    assert said(desk, test + 'expect = { topic = "problem", acknowledge = true, fate = "ticket" }') == []


@pytest.mark.parametrize(
    ("table", "wrong"),
    [
        ('expct = 1\nname = "x"\nexpect.tags = []', 'unknown key "expct" (did you mean "expect"?)'),
        ('name = "x"\nexpect = {}', "a test needs what it expects"),
        ("expect.tags = []", "every test needs a name"),
        ('name = "x"\nexpect.topik = "outage"', 'unknown key "topik" (did you mean "topic"?)'),
        ('name = "x"\nexpect.topic = "outtage"', 'unknown topic "outtage" (did you mean "outage"?)'),
        ('name = "x"\nexpect.topic = 1', "must be the name of one topic"),
        ('name = "x"\nexpect.rules = ["outtage"]', 'unknown rule "outtage" (did you mean "outage"?)'),
        ('name = "x"\nexpect.fate = "tickets"', 'unknown fate "tickets" (did you mean "ticket"?)'),
        ('name = "x"\nexpect.acknowledge = "no"', "must be true or false"),
        ('name = "x"\nsubject = "a\\nb"\nexpect.tags = []', "must be one line of text"),
        ('name = "x"\nheaders = { "a b" = "c" }\nexpect.tags = []', "is no name of a header field"),
        ('name = "x"\nheaders = "X"\nexpect.tags = []', "must be a table of header fields"),
        ('name = "x"\nat = 2026-01-01\nexpect.tags = []', "must be an instant with its zone"),
        ('name = "x"\nto = 5\nexpect.tags = []', "must be a text or a list of texts"),
        ('name = "x"\neml = "../config.toml"\nexpect.tags = []', "lies outside the directory of the rules"),
        ('name = "x"\neml = "/etc/passwd"\nexpect.tags = []', "lies outside the directory of the rules"),
        ('name = "x"\neml = "none.eml"\nexpect.tags = []', "cannot be read: No such file"),
        ('name = "x"\neml = "none.eml"\nsubject = "y"\nexpect.tags = []', "the file says that"),
    ],
)
def test_a_test_that_cannot_be_read_is_told_with_its_line(desk: Any, table: str, wrong: str) -> None:
    found = said(desk, "[[test]]\n" + table + "\n")
    assert any(wrong in one for one in found), found
    assert all(int(one.split(":")[0]) >= line("") for one in found)


def test_what_a_rule_refuses_can_be_tested(desk: Any) -> None:
    rule = '[[rule]]\nname = "no ads"\nwhen.subject = "cheap"\nthen.refuse = "We buy nothing by mail."\n'
    test = '[[test]]\nname = "x"\nsubject = "cheap watches"\n'
    assert said(desk, rule + test + 'expect = { fate = "refused", rules = ["no ads"] }\n') == []
    (found,) = said(desk, rule + test + 'expect = { topic = "outage" }\n')
    assert "no ticket began: refused" in found


def test_rules_may_ask_when_a_letter_comes(desk: Any) -> None:
    rule = '[[rule]]\nname = "weekend"\nwhen.weekday = ["saturday", "sunday"]\nthen.tags = ["weekend"]\n'
    tests = '[[test]]\nname = "x"\nat = 2026-01-10T12:00:00Z\nexpect.tags = ["weekend"]\n'
    assert said(desk, rule + tests + '[[test]]\nname = "y"\nexpect.tags = []\n') == []


def test_a_symbolic_link_leads_nowhere_outside(desk: Any, tmp_path: Path) -> None:
    (desk.directory / "rules").mkdir()
    (desk.directory / "rules" / "x.eml").symlink_to(desk.secret)
    assert "lies outside" in said(desk, '[[test]]\nname = "x"\neml = "x.eml"\nexpect.tags = []\n')[0]


def test_an_eml_file_is_a_letter(desk: Any) -> None:
    (desk.directory / "rules" / "letters").mkdir(parents=True)
    eml = desk.directory / "rules" / "letters" / "outage.eml"
    eml.write_bytes(b"From: a@b.example\r\nTo: support@bank.example\r\nSubject: =?utf-8?q?An_outage?=\r\n\r\nHello\r\n")
    assert said(desk, '[[test]]\nname = "x"\neml = "letters/outage.eml"\nexpect.topic = "outage"\n') == []


def test_headers_of_a_small_letter_are_read(desk: Any) -> None:
    rule = '[[rule]]\nname = "list"\nwhen.header.List-Id = "staff"\nthen.tags = ["staff"]\n'
    test = '[[test]]\nname = "x"\nheaders = { List-Id = "<staff.example>" }\nexpect.tags = ["staff"]\n'
    assert said(desk, rule + test) == []


def test_broken_tests_are_told_beside_a_broken_configuration(desk: Any) -> None:
    desk.replace('tag = "BANK"', 'tagg = "BANK"')
    found = said(desk, '[[test]]\nname = "x"\nexpect.topic = "outtage"\n')
    assert any("tagg" in one for one in found)
    assert any('did you mean "outage"' in one for one in found)


def test_broken_tests_are_told_beside_broken_rules(desk: Any) -> None:
    found = said(desk, '[[rule]]\nname = "y"\nthen.team = "suport"\n[[test]]\nname = "x"\nexpect.topic = "outtage"\n')
    assert len(found) == 2
    assert 'did you mean "support"' in found[0]
    assert 'did you mean "outage"' in found[1]


def test_the_tests_of_the_manual_pass(desk: Any) -> None:
    page = (paths.RULES.parent / "docs" / "rules.md").read_text(encoding="utf-8")
    (example,) = [block for block in re.findall(r"```toml\n(.*?)```", page, re.DOTALL) if "[[test]]" in block]
    desk.rule_file("10.toml", example.replace("report-a-problem", "problem"))
    assert check(desk.path) == ()
    assert run_tests(load(desk.path), desk.policy())[0] == 2


def test_what_is_neither_rule_nor_test_is_still_unknown(desk: Any) -> None:
    assert 'unknown key "tests" (did you mean "test"?)' in said(desk, '[[tests]]\nname = "x"\n')[0]
