"""Lines of the log: one look for people, one for programs, and nothing of a stranger's gets out of its place."""

from __future__ import annotations

import io
import json
import logging
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maild import logs

log = logging.getLogger("maild.test")


@pytest.fixture
def written() -> Iterator[Callable[..., str]]:
    """`written("text")(…)`: log this, and see what comes."""
    root = logging.getLogger()
    before = (root.handlers[:], root.level)

    def write(form: str, *said: Any, **more: Any) -> str:
        stream = io.StringIO()
        logs.set_up(form, verbose=True, stream=stream)
        log.info(*said, **more)
        return stream.getvalue()

    yield write
    root.handlers[:], level = before
    root.setLevel(level)


def test_a_line_for_people(written: Callable[..., str]) -> None:
    line = written("text", "msg=%d fate=%s %s", 7, "ticket", "a new ticket")
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} INFO maild.test msg=7 fate=ticket a new ticket\n", line)


def test_a_line_for_programs(written: Callable[..., str]) -> None:
    said = json.loads(written("json", "msg=%d ticket=%s fate=%s %.1f %s", 7, "-", "filed", 1.5, "x=y: ticket=99"))
    assert said.pop("at").endswith("+00:00")
    assert said == {
        "level": "info",
        "logger": "maild.test",
        "message": "msg=7 ticket=- fate=filed 1.5 x=y: ticket=99",
        "msg": 7,
        "ticket": "-",
        "fate": "filed",
    }


def test_a_field_cannot_take_the_place_of_what_we_say(written: Callable[..., str]) -> None:
    said = json.loads(written("json", "message=%s level=%s", "forged", "forged"))
    assert (said["message"], said["level"]) == ("message=forged level=forged", "info")


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r", "\x0b", "\x0c", "\x85", "\u2028", "\u2029"])
def test_a_stranger_cannot_begin_a_line(written: Callable[..., str], end: str) -> None:
    lines = written(
        "text", "msg=%d id=%s", 1, f"x{end}2026-11-21 10:00:00,000 ERROR maild.desk msg=2 forged"
    ).splitlines()
    assert [line.startswith(logs.INDENT) for line in lines] == [False, True]
    (line,) = written("json", "msg=%d id=%s", 1, f"x{end}forged").splitlines()
    assert json.loads(line)["msg"] == 1


@given(st.text())
def test_nothing_drives_a_terminal(text: str) -> None:
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]", logs.safe(text))


def test_a_traceback_is_there_in_both(written: Callable[..., str]) -> None:
    try:
        raise ValueError("broken\x1b[31m")
    except ValueError as error:
        text, program = written("text", "failed", exc_info=error), written("json", "failed", exc_info=error)
    assert "\x1b" not in text
    assert text.rstrip().endswith("ValueError: broken [31m")
    assert json.loads(program)["error"].endswith("ValueError: broken\x1b[31m")
