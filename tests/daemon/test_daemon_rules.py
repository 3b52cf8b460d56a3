"""Trying, testing, explaining and reloading rules, as an admin types it."""

from __future__ import annotations

import json
import os
import shutil
import signal
import sqlite3
from pathlib import Path

import pytest
from daemon_rig import SUPPORT, Desk, Shell, copy_of, letter, until

from maild.running import NAME

FAILING = '\n[[test]]\nname = "wrong"\nsubject = "Online banking is down"\nexpect = { topic = "feedback" }\n'


@pytest.fixture(scope="module")
def past(made: Path, shell: Shell, tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """A desk that has worked three letters."""
    desk = copy_of(made, tmp_path_factory.mktemp("past") / "desk")
    for key, subject in (("karen", "Online banking is down"), ("ken", "Invoice 12"), ("kim", "Hello")):
        assert shell("pipe", "-c", str(desk.config), SUPPORT, stdin=letter(key, subject=subject).raw).returncode == 0
    assert shell("tick", "-c", str(desk.config)).returncode == 0
    return desk


@pytest.fixture
def changed(past: Desk, tmp_path: Path) -> Path:
    """Other rules: outages go elsewhere, and invoices are nobody's special care."""
    text = (past.directory / "rules" / "10-problems.toml").read_text().partition("[[test]]")[0]
    (tmp_path / "10.toml").write_text(text.replace('then.priority = "high"', 'then.team = "online-banking"'))
    return tmp_path


def again(past: Desk, target: Path) -> Path:
    """The directory of that desk once more, to be changed."""
    return Path(shutil.copytree(past.directory, target))


def test_check_counts_the_tests_that_passed_and_names_those_that_fail(made: Path, shell: Shell, tmp_path: Path) -> None:
    desk = copy_of(made, tmp_path / "desk")
    done = shell("check", "-c", str(desk.config))
    assert done.returncode == 0
    assert " tests of rules passed" in done.stdout
    path = desk.directory / "rules" / "95-own.toml"
    path.write_text(FAILING)
    done = shell("check", "-c", str(desk.config))
    assert done.returncode == 78
    assert f"{path}:5: test.1.expect.topic: “wrong” fails" in done.stderr
    assert "came Report a Problem" in done.stderr
    assert "something is broken: hit: topic = report-a-problem" in done.stderr


def test_try_compares_changed_rules_with_those_of_today(past: Desk, changed: Path, shell: Shell) -> None:
    before = past.database.stat().st_mtime_ns
    done = shell("rules", "-c", str(past.config), "try", "--rules", str(changed), "--since", "30d")
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0].startswith("3 letters that began tickets since ")
    assert lines[0].endswith("compared with the rules of today; nothing is changed.")
    assert "2 would be different:" in lines
    assert "1 of 3 would go to Online Banking Team instead of Support:" in lines
    assert "    BANK-1001  Online banking is down (something is broken)" in lines
    assert "1 of 3 would be normal instead of high:" in lines
    assert "1 of 3 would no longer be tagged billing:" in lines
    assert "    BANK-1002  Invoice 12 (no longer billing)" in lines
    assert past.database.stat().st_mtime_ns == before


def test_try_as_data_with_limit_and_without_examples(past: Desk, changed: Path, shell: Shell) -> None:
    options = ("--rules", str(changed), "--limit", "2", "--examples", "0", "--json")
    found = json.loads(shell("rules", "-c", str(past.config), "try", *options).stdout)
    assert (found["letters"], found["changed"]) == (2, 1)
    assert {(one["field"], one["old"], one["new"], one["count"]) for one in found["differences"]} >= {
        ("tag", "billing", "", 1)
    }
    assert not any(one["examples"] for one in found["differences"])
    assert found["hits"]["something is broken"] == 0


def test_try_without_rules_compares_those_on_disk_with_what_was_recorded(
    past: Desk, shell: Shell, tmp_path: Path
) -> None:
    done = shell("rules", "-c", str(past.config), "try")
    assert "compared with what was recorded" in done.stdout
    assert "Nothing would be different." in done.stdout


def test_letters_whose_bytes_are_gone_are_counted_and_said(
    made: Path, past: Desk, shell: Shell, tmp_path: Path
) -> None:
    desk = again(past, tmp_path / "desk")
    with sqlite3.connect(desk / "data" / "maild.db") as database:
        database.execute("DELETE FROM mail_raw WHERE mail_id = 2")
    said = shell("rules", "-c", str(desk / "config.toml"), "try").stdout
    assert said.startswith("2 letters")
    assert "1 more could not be read: their bytes are gone." in said
    done = shell("explain", "-c", str(desk / "config.toml"), "--mail", "2")
    assert done.returncode == 65
    assert "its bytes are gone" in done.stderr


def test_try_says_what_is_wrong(past: Desk, shell: Shell, tmp_path: Path) -> None:
    (tmp_path / "1.toml").write_text('[[rule]]\nname = "x"\nthen.team = "nobody"\n')
    for options, code, said in (
        (("try", "--rules", "/nowhere"), 66, "there is no directory /nowhere"),
        (("try", "--rules", str(tmp_path)), 78, "unknown team"),
        (("try", "--since", "soon"), 64, "must be a time like"),
        (("stats", "--since", "30d"), 64, "belong to `maild rules try`"),
        (("tri",), 64, "invalid choice"),
    ):
        done = shell("rules", "-c", str(past.config), *options)
        assert (done.returncode, said in done.stderr) == (code, True), done


def test_list_and_stats(past: Desk, shell: Shell, tmp_path: Path) -> None:
    desk = again(past, tmp_path / "desk")
    own = desk / "rules" / "40-billing.toml"
    own.write_text(
        own.read_text().replace('name = "billing"', 'name = "money"\nenabled = false').partition("[[test]]")[0]
    )
    listed = json.loads(shell("rules", "-c", str(desk / "config.toml"), "--json").stdout)
    assert [one["name"] for one in listed][:2] == ["something is broken", "cannot log in"]
    money = next(one for one in listed if one["name"] == "money")
    assert (money["enabled"], Path(money["file"]).name, money["line"]) == (False, "40-billing.toml", 4)
    assert "40-billing.toml:4" in shell("rules", "-c", str(desk / "config.toml"), "list").stdout
    stats = {
        one["name"]: one
        for one in json.loads(shell("rules", "-c", str(desk / "config.toml"), "stats", "--json").stdout)
    }
    assert (stats["something is broken"]["hits"], stats["something is broken"]["ticket"]) == (1, 1001)
    assert (stats["billing"]["hits"], stats["billing"]["exists"]) == (1, False)
    assert (stats["monitoring"]["hits"], stats["monitoring"]["last"]) == (0, None)
    said = shell("rules", "-c", str(desk / "config.toml"), "stats").stdout
    assert "exists no more" in said
    assert "never hit" in said
    assert "asleep" in said


def test_explain_tells_every_value_with_its_source_and_the_letters_in_full(
    past: Desk, shell: Shell, tmp_path: Path
) -> None:
    file = tmp_path / "new.eml"
    file.write_bytes(letter("kate", "Neither phone nor browser.", subject="Online banking is down").raw)
    done = shell("explain", "-c", str(past.config), str(file), "--letters")
    assert done.returncode == 0, done.stderr
    said = done.stdout
    assert "Priority:    high (by the rule “something is broken”)" in said
    assert "Team:        Support (from its help topic)" in said
    assert "SLA plan:    Default (the desk’s default)" in said
    assert "billing: missed: " in said
    assert "would send “acknowledgement” to kate@people.example" in said
    assert "--- new-ticket to john@bank.example ---" in said
    assert "  Neither phone nor browser." in said
    found = json.loads(shell("explain", "-c", str(past.config), str(file), "--letters", "--json").stdout)
    assert {"name": "topic", "value": "report-a-problem", "by": "by the rule “something is broken”"} in found["values"]
    assert [one["template"] for one in found["letters"]] == ["acknowledgement", "new-ticket"]
    assert {one["to"] for one in found["rendered"]} == {"kate@people.example", "john@bank.example"}
    assert found["message"]["new_text"].startswith("Neither")
    assert found["match"]["claim"] == "nothing"
    assert "Subject: Re: " not in shell("ledger", "-c", str(past.config)).stdout


def test_explain_of_a_letter_of_the_ledger_tells_what_was_recorded_and_what_holds_today(
    past: Desk, shell: Shell
) -> None:
    said = shell("explain", "-c", str(past.config), "--mail", "1").stdout
    assert said.startswith("\n== Recorded when it came\nFate:        ticket - a new ticket, ticket 1001")
    assert "== Judgement\nFate:        ticket - a new ticket" in said
    found = json.loads(shell("explain", "-c", str(past.config), "--mail", "1", "--json").stdout)
    assert found["recorded"]["ticket"] == 1001
    for wrong, code in (((), 64), (("--mail", "1", "x.eml"), 64), (("--mail", "99"), 65)):
        assert shell("explain", "-c", str(past.config), *wrong).returncode == code


def test_show_why_is_told_from_the_record_whatever_the_rules_say_today(
    past: Desk, shell: Shell, tmp_path: Path
) -> None:
    desk = again(past, tmp_path / "desk")
    for path in (desk / "rules").glob("*.toml"):
        path.unlink()
    said = shell("show", "-c", str(desk / "config.toml"), "1001", "--why").stdout
    assert "    priority: high (by the rule “something is broken”)" in said
    assert "    letter 1: a new ticket" in said
    assert "    told: John Miller" in said
    assert "missed" not in said
    assert "Nothing works." not in said
    steps = json.loads(shell("show", "-c", str(desk / "config.toml"), "1001", "--why", "--json").stdout)["why"]
    assert steps[0]["head"].startswith("Opened by a letter to support@bank.example")


def test_reload_is_answered_refused_and_told_where_nobody_runs(made: Path, shell: Shell, tmp_path: Path) -> None:
    desk = copy_of(made, tmp_path / "desk")
    done = shell("reload", "-c", str(desk.config))
    assert done.returncode == 69
    assert "no maild is running" in done.stderr
    desk.start()
    try:
        until((desk.directory / "data" / NAME).exists, "the note of the daemon")
        done = shell("reload", "-c", str(desk.config))
        assert (done.returncode, done.stdout) == (0, "Taken over.\n"), done.stderr
        own = desk.directory / "rules" / "95-own.toml"
        own.write_text(FAILING)
        done = shell("reload", "-c", str(desk.config))
        assert done.returncode == 78
        assert "nothing is reloaded" in done.stderr
        assert "“wrong” fails" in done.stderr
        # Whoever signals by hand learns it by mail, and the old policy stays.
        assert desk.process is not None
        os.kill(desk.process.pid, signal.SIGHUP)
        until(lambda: desk.left("postmaster@bank.example", "“wrong” fails"), "a letter to the admin")
        assert json.loads((desk.directory / "data" / NAME).read_text()) == {
            "pid": desk.process.pid, "reloads": 2, "taken": False}  # fmt: skip
    finally:
        desk.stop()
    assert not (desk.directory / "data" / NAME).exists()
