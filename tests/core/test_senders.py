"""Patterns of senders: one spelling each, and what they cover."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maild.core.senders import MOST_LABELS, among, pattern, patterns_of, written

SPELLINGS = [
    ("Pest@Bad.Example", "pest@bad.example"),
    ("<pest@bad.example>", "pest@bad.example"),
    ("*@spam.example", "@spam.example"),
    ("@spam.example", "@spam.example"),
    ("*.bad.example", "@*.bad.example"),
    ("*@*.bad.example", "@*.bad.example"),
    ("ünï@bücher.example", "ünï@bücher.example"),
]


@pytest.mark.parametrize(("text", "spelling"), SPELLINGS)
def test_one_spelling(text: str, spelling: str) -> None:
    assert pattern(text) == spelling
    assert pattern(written(spelling)) == spelling


@pytest.mark.parametrize(
    "text",
    ["", "*", "pest", "@", "a@", "*@*", "pe*@bad.example", "a@b@c", "a b@c.example", "a@b..c", "x@*.bad.example"],
)
def test_what_is_no_pattern(text: str) -> None:
    with pytest.raises(ValueError, match="is no sender"):
        pattern(text)


COVERS = [
    ("pest@bad.example", "pest@bad.example", True),
    ("pest@bad.example", "other@bad.example", False),
    ("*@bad.example", "pest@bad.example", True),
    ("*@bad.example", "pest@mail.bad.example", False),
    ("*@bad.example", "pest@notbad.example", False),
    ("*.bad.example", "pest@mail.bad.example", True),
    ("*.bad.example", "pest@a.b.bad.example", True),
    ("*.bad.example", "pest@bad.example", False),
    ("*.bad.example", "pest@mail.bad.example.evil.example", False),
    ('"*@bad.example"@good.example', "pest@bad.example", None),
]


@pytest.mark.parametrize(("text", "email", "covers"), COVERS)
def test_what_a_pattern_covers(text: str, email: str, covers: bool | None) -> None:
    if covers is None:
        with pytest.raises(ValueError, match="is no sender"):
            pattern(text)
    else:
        assert among(email, frozenset({pattern(text)})) is covers


@given(st.text(max_size=400))
def test_few_patterns_for_any_address(email: str) -> None:
    assert len(patterns_of(email)) <= MOST_LABELS + 2


@given(st.text(alphabet=st.sampled_from("a@.*<> é\udcff"), max_size=30) | st.text(max_size=400))
def test_any_text_is_a_pattern_or_told(text: str) -> None:
    with suppress(ValueError):
        assert pattern(pattern(text)) == pattern(text)
