"""A wrong configuration never starts and never replaces a good one; what is wrong is named by file, line and key."""

from __future__ import annotations

import signal
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from daemon_rig import Desk, Shell, hand_in, letter, maild, until

ADMIN = "postmaster@bank.example"
RULE = """
[[rule]]
name = "printers"
when.subject = "printer"
then.team = "sysadmin"
"""

# file, what stands there, what is written instead, what must be said of it
WRONG = {
    "configuration": (
        "config.toml",
        'tag = "BANK"',
        'tga = "BANK"',
        ("desk.tga", "unknown key", 'did you mean "tag"?'),
    ),
    "rule": (
        "rules/90-mine.toml",
        RULE,
        RULE.replace("sysadmin", "sysadmins"),
        ("rule.1.then.team", 'did you mean "sysadmin"?'),
    ),
    "template": ("templates/response.txt", "{{ marker }}", "{{ markr }}", ("markr", "marker")),
}


@pytest.fixture
def ruled(desk: Desk) -> Desk:
    """A desk with a rule of the admin's own."""
    (desk.directory / "rules" / "90-mine.toml").write_text(RULE)
    return desk


def _line_of(path: Path, text: str) -> int:
    return path.read_text().splitlines().index(next(line for line in path.read_text().splitlines() if text in line)) + 1


def _content(desk: Desk) -> dict[str, bytes]:
    """All there is but the lock, which says nothing and is made by whoever comes first."""
    files = (p for p in sorted(desk.directory.rglob("*")) if p.is_file() and p.name != "maild.lock")
    return {str(p): p.read_bytes() for p in files}


@pytest.mark.parametrize("what", WRONG)
def test_nothing_starts_on_a_wrong_file_and_nothing_is_touched(ruled: Desk, shell: Shell, what: str) -> None:
    file, good, bad, words = WRONG[what]
    ruled.edit(good, bad, file)
    changed = next(line for line in bad.splitlines() if line not in good.splitlines())
    where = f"{ruled.directory / file}:{_line_of(ruled.directory / file, changed)}"
    before = _content(ruled)
    for command in ("check", "run"):
        done = shell(command, "-c", str(ruled.config))
        assert done.returncode == 78, (command, done.stderr)
        assert done.stdout == ""
        named = next(line for line in done.stderr.splitlines() if where in line)
        assert all(word in named for word in words), named
        assert "Traceback" not in done.stderr
    assert _content(ruled) == before


def test_a_good_desk_passes_the_check_and_nothing_is_touched(ruled: Desk, shell: Shell) -> None:
    before = _content(ruled)
    done = shell("check", "-c", str(ruled.config))
    assert (done.returncode, done.stderr) == (0, "")
    assert "all is well" in done.stdout
    assert _content(ruled) == before


def test_a_broken_rule_is_refused_at_a_reload_and_a_good_one_taken(ruled: Desk) -> None:
    ruled.start()
    assert hand_in(ruled.port, letter("old", subject="The printer burns")) == 250
    until(lambda: _team_of(ruled, "old") == "sysadmin", "the first rule holds")

    ruled.edit('then.team = "sysadmin"', 'then.team = "online-bankin"', "rules/90-mine.toml")
    ruled.edit('[agent.john]\nname = "John Miller"', '[agent.john]\nname = "Johnny Miller"')
    ruled.signal(signal.SIGHUP)
    (told,) = until(lambda: ruled.left(ADMIN), "the admin is told")
    assert f"{ruled.directory}/rules/90-mine.toml:5: rule.1.then.team" in told.text
    assert 'did you mean "online-banking"?' in told.text
    assert told.message["Auto-Submitted"] == "auto-generated"
    assert hand_in(ruled.port, letter("still", subject="The printer burns")) == 250
    until(lambda: _team_of(ruled, "still") == "sysadmin", "the old policy is in force, all of it")
    ruled.settle()
    assert "Johnny" not in "".join(str(one.message["To"]) for one in ruled.left())

    ruled.edit("online-bankin", "online-banking", "rules/90-mine.toml")
    ruled.signal(signal.SIGHUP)
    until(lambda: _team_of_a_new_letter(ruled) == "online-banking", "the good change is in force", every=0.1)
    ruled.settle()
    assert len(ruled.left(ADMIN)) == 1
    ruled.stop()
    assert "Traceback" not in ruled.said()


def test_a_desk_without_tables_is_told_how_to_get_them(desk: Desk) -> None:
    desk.database.unlink()
    done = maild("run", "-c", str(desk.config))
    assert done.returncode == 78
    assert "`maild migrate`" in done.stderr
    assert not desk.database.exists()
    assert maild("migrate", "-c", str(desk.config)).returncode == 0
    desk.start()


def test_a_store_of_a_newer_maild_is_refused_and_left_alone(desk: Desk, shell: Shell) -> None:
    with closing(sqlite3.connect(desk.database)) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    before = _content(desk)
    for command in ("run", "tick", "ledger"):
        done = shell(command, "-c", str(desk.config))
        assert done.returncode == 78, command
        assert "a schema this version does not know" in done.stderr
        assert "Traceback" not in done.stderr
    assert _content(desk) == before


def _team_of(desk: Desk, key: str) -> str:
    rows = desk.look(
        "SELECT ticket.team FROM ticket JOIN person ON person.id = requester_id WHERE email = ?",
        f"{key}@people.example",
    )
    return str(rows[0][0]) if rows else ""


def _team_of_a_new_letter(desk: Desk) -> str:
    """A reload says nothing when it is done; so a letter asks."""
    key = f"new{desk.look('SELECT count(*) FROM mail')[0][0]}"
    assert hand_in(desk.port, letter(key, subject="The printer burns")) == 250
    return str(until(lambda: _team_of(desk, key), "a ticket"))
