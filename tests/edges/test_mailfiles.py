"""Letters in files are found, oldest first, byte for byte."""

from __future__ import annotations

import mailbox
from email.message import EmailMessage
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maild.core.mail.headers import date_of
from maild.edges.mailfiles import letters


def letter(day: int, body: str = "Hello\n") -> bytes:
    return f"From: karen@customer.example\nDate: {day:02d} Nov 2024 10:00:00 +0000\nSubject: n{day}\n\n{body}".encode()


def found(*paths: Path) -> list[bytes]:
    return [one.read() for one in letters(list(paths), date_of)]


def test_an_mbox_another_program_wrote(tmp_path):
    box = mailbox.mbox(tmp_path / "box")
    for day, body in ((3, "From here on\nit is mine\n"), (1, "first\n\nFrom me to you\n"), (2, "second\n")):
        message = EmailMessage()
        message["Date"], message["Subject"] = f"{day:02d} Nov 2024 10:00:00 +0000", f"n{day}"
        message.set_content(body)
        box.add(message)
    box.close()
    read = found(tmp_path / "box")
    assert [b"Subject: n%d" % day in raw for day, raw in zip((1, 2, 3), read, strict=True)] == [True] * 3
    assert b"\nFrom me to you" in read[0], "what the program quoted is as it was"
    assert b"From here on" in read[2]


def test_a_maildir_with_folders_and_without_what_is_being_written(tmp_path):
    for folder in ("", ".Sent"):
        for part in ("cur", "new", "tmp"):
            (tmp_path / folder / part).mkdir(parents=True)
    (tmp_path / "cur" / "1:2,S").write_bytes(letter(2))
    (tmp_path / ".Sent" / "new" / "2").write_bytes(letter(1))
    (tmp_path / "tmp" / "3").write_bytes(letter(3))
    (tmp_path / "dovecot.index").write_bytes(b"x")
    assert found(tmp_path) == [letter(1), letter(2)]


def test_single_letters_and_a_directory_of_them(tmp_path):
    (tmp_path / "b.eml").write_bytes(letter(1))
    (tmp_path / "a.eml").write_bytes(letter(2))
    (tmp_path / "notes.txt").write_bytes(b"no letter")
    (tmp_path / "empty.eml").write_bytes(b"")
    assert found(tmp_path) == found(tmp_path / "a.eml", tmp_path / "b.eml") == [letter(1), letter(2)]


def test_letters_without_a_date_stay_where_they_stand(tmp_path):
    (tmp_path / "box").write_bytes(
        b"From a\n" + letter(5) + b"\nFrom b\nSubject: none\n\nx\n\nFrom c\n" + letter(4) + b"\n"
    )
    assert [b"n4" in found(tmp_path / "box")[0], b"none" in found(tmp_path / "box")[2]] == [True, True]


def test_a_missing_file_is_said(tmp_path):
    with pytest.raises(OSError, match="nothing"):
        found(tmp_path / "nothing")


@given(st.binary(max_size=3000))
def test_any_bytes_are_read_and_none_is_lost_or_told_twice(tmp_path_factory, raw):
    path = tmp_path_factory.mktemp("box") / "box"
    path.write_bytes(b"From x\n" + raw)
    places = sorted((one.start, one.length) for one in letters([path], date_of))
    assert all(start + length <= path.stat().st_size for start, length in places)
    assert all(first[0] + first[1] <= second[0] for first, second in pairwise(places))
