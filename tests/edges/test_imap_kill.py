"""kill -9 between fetch, commit and move: every letter is kept, once, and filed, once."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import subprocess
import sys
from pathlib import Path

from dovecot_rig import Dovecot
from imap_rig import counted, letter, until
from imap_victim import BATCH, door_into

from maild.store import migrate

VICTIM = Path(__file__).with_name("imap_victim.py")
KILLS = 50
LETTERS_A_LIFE = 24  # more than one life can fetch on this machine, so that every kill hits a door at work


def kill_again_and_again(dovecot: Dovecot, user: str, database: Path, kills: int) -> tuple[int, int]:
    """Letters there were, and how many were left for the last life, which is let live."""
    migrate(f"sqlite:///{database}")
    letters = kills * LETTERS_A_LIFE
    dovecot.deliver(user, *(letter(f"k{number}") for number in range(letters)))
    command = [
        sys.executable,
        str(VICTIM),
        str(dovecot.port),
        user,
        dovecot.password,
        str(database),
        str(kills),
        "4711",
    ]
    path = os.pathsep.join(str(VICTIM.parents[up]) for up in (0, 2))
    subprocess.run(command, check=True, timeout=600, env={**os.environ, "PYTHONPATH": path})
    left = dovecot.holds(user)
    door, store = door_into(str(database), dovecot.port, user, dovecot.password)
    door.start()
    try:
        until(lambda: dovecot.holds(user) == 0, "the mailbox is empty", within=120)
        until(lambda: counted(door)["fetched"] >= left)
    finally:
        door.stop(5)
        store.close()
    return letters, left


def look(database: Path, sql: str) -> list[tuple]:
    with contextlib.closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        return connection.execute(sql).fetchall()


def test_kill_minus_nine_loses_no_letter_and_doubles_none(dovecot: Dovecot, tmp_path: Path) -> None:
    database = tmp_path / "maild.db"
    letters, left = kill_again_and_again(dovecot, "victim", database, KILLS)
    assert 0 < left < letters  # it worked, and never ran out of work
    kept = look(database, "SELECT message_id FROM mail WHERE fate IS NULL")
    assert sorted(kept) == sorted((f"k{number}@people.example",) for number in range(letters))
    assert dovecot.holds("victim", "maild") == letters
    again = look(database, "SELECT coalesce(sum(times), 0) FROM mail WHERE fate = 'duplicate'")
    assert 0 < again[0][0] <= BATCH * KILLS  # kills between commit and move were among them
