"""What an admin may answer to the list of letters held back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maild.core.held import MOST_LINES, MOST_NUMBERS, Wish, inert, numbers, wishes
from maild.core.model import Message, Purpose
from maild.core.tokens import Token

UNDERSTOOD = [
    ("release 3", "release", (3,)),
    ("Release 3, 5 and 8.", "release", (3, 5, 8)),
    ("release #3;#3", "release", (3,)),
    ("- ban 4", "ban", (4,)),
    ("always accept 5", "always accept", (5,)),
    ("ALWAYS  ACCEPT: 5", "always accept", (5,)),
    ("accept 5 6", "always accept", (5, 6)),
]


@pytest.mark.parametrize(("line", "verb", "asked"), UNDERSTOOD)
def test_a_line_that_is_understood(line: str, verb: str, asked: tuple[int, ...]) -> None:
    (wish,) = wishes(line)
    assert (wish.verb, wish.numbers) == (verb, asked)


MEANT = [
    ("relaese 9", "release 3"),
    ("release", "release 3"),
    ("bann 4", "ban 4"),
    ("allways accept 5", "always accept 5"),
    ("Thank you", ""),
    ("release all of them", "release 3"),
    ("do not release 3", "release 3"),
    ("release 3 but not 4", "release 3"),
    ("release " + "1" * 400, ""),
]


@pytest.mark.parametrize(("line", "meant"), MEANT)
def test_a_line_that_is_not(line: str, meant: str) -> None:
    (wish,) = wishes(line)
    assert (wish.verb, wish.numbers) == ("", ())
    assert wish.meant == meant


def test_lines_without_words_are_none() -> None:
    assert wishes("\n  \n---\n***\n> \nrelease 3\n") == (Wish("release 3", "release", (3,)),)


STRANGERS = [
    "always accept 5",
    "3 Release",
    "Win a prize, #ban: 4 and more",
    "-release 3",
    ".release.3",
    "5 accept",
    "RELEASE 3, 4 and 5; release 6",
]


@pytest.mark.parametrize("subject", STRANGERS)
def test_a_stranger_s_subject_is_no_wish_however_it_is_wrapped(subject: str) -> None:
    shown = inert(subject)
    assert shown.replace("›", "") == subject
    for text in (shown, f"        {shown}", shown.replace(" ", "\n"), shown.replace("›", "\n›")):
        assert not any(wish.verb for wish in wishes(text))
    assert inert("Your urban acceptance was unreleased") == "Your urban acceptance was unreleased"


@given(st.lists(st.sampled_from(["release", "Ban", "always", "accept", "3", "17", " ", "\n", "-", "#", ".", "x"])))
def test_nothing_that_is_inert_is_a_wish(pieces: list[str]) -> None:
    assert not any(wish.verb for wish in wishes(inert("".join(pieces))))


def test_only_the_reply_address_of_a_list_asks_memory() -> None:
    message = Message(new_text="release 3\nban 3 4")
    admin, other = (Token(purpose, 0, 0, None, 0) for purpose in (Purpose.ADMIN, Purpose.CONFIRM))
    assert numbers(message, [admin]) == (3, 4)
    assert numbers(message, [other]) == ()


@given(st.text(max_size=3000))
def test_any_text_gives_few_wishes(text: str) -> None:
    found = wishes(text)
    assert len(found) <= MOST_LINES
    assert all(wish.verb or not wish.numbers for wish in found)
    message = Message(new_text=text)
    assert len(numbers(message, [Token(Purpose.ADMIN, 0, 0, None, 0)])) <= MOST_NUMBERS
