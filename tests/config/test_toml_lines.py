"""The scanner that finds lines agrees with tomllib about what is where."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from maild.config.toml_lines import Place, line_numbers

TRICKY = '''\
# [not.a.table]
top = "a # b"            # c = 1
"quoted key" = 'it = "x"'
a.b.c = 1
dates = [1979-05-27 07:32:00, 1979-05-27]

[ spaced . "dotted.key" ]  # comment ]
long = """
[no.table]
key = "no"
\\""" still inside """""
raw = \'\'\'
x = 1
\'\'\'\'\'
empty = ""
after = 1

[[list]]
x = [
  1,  # one
  "two ] ,",
  [3,
   4],
  { y = 5, z = { w = 6 } },
]
[list.sub]
y = 1
[[list.deep]]
z = 1
[[list.deep]]
z = 2
[[list]]
x = { a.b = 1 }
[list.sub]
y = 2
'''

EXPECTED: dict[Place, int] = {
    ("top",): 2,
    ("quoted key",): 3,
    ("a", "b", "c"): 4,
    ("dates", 1): 5,
    ("spaced", "dotted.key"): 7,
    ("spaced", "dotted.key", "long"): 8,
    ("spaced", "dotted.key", "raw"): 12,
    ("spaced", "dotted.key", "empty"): 15,
    ("spaced", "dotted.key", "after"): 16,
    ("list",): 18,
    ("list", 0): 18,
    ("list", 0, "x"): 19,
    ("list", 0, "x", 0): 20,
    ("list", 0, "x", 1): 21,
    ("list", 0, "x", 2, 1): 23,
    ("list", 0, "x", 3, "z", "w"): 24,
    ("list", 0, "sub"): 26,
    ("list", 0, "sub", "y"): 27,
    ("list", 0, "deep", 0, "z"): 29,
    ("list", 0, "deep", 1): 30,
    ("list", 0, "deep", 1, "z"): 31,
    ("list", 1): 32,
    ("list", 1, "x", "a", "b"): 33,
    ("list", 1, "sub", "y"): 35,
}


def places(value: Any, place: Place = ()) -> Iterator[Place]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield (*place, key)
        yield from places(item, (*place, key))


def test_lines_of_a_tricky_document() -> None:
    lines = line_numbers(TRICKY)
    assert {place: lines[place] for place in EXPECTED} == EXPECTED
    assert set(lines) == set(places(tomllib.loads(TRICKY)))


PIECES = st.sampled_from(
    ["[", "]", "[[", "]]", "{", "}", "=", ",", ".", "\n", " ", "#", '"', "'", '"""', "'''", "\\", "a", "b", "1", "true",
     "a = 1\n", "[a]\n", "[[b]]\n", "[b.a]\n", "[[b.c]]\n", "c.d = [1,\n2]\n", 'e = """x\n"""\n', "f = {a = 1, b = [2]}\n", "1979-05-27 07:32:00", "é"]
)  # fmt: skip


@given(st.lists(PIECES, max_size=40).map("".join))
def test_every_valid_document_is_scanned_and_every_place_found(text: str) -> None:
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return
    lines = line_numbers(text)
    assert set(lines) == set(places(data))
    assert all(1 <= line <= text.count("\n") + 1 for line in lines.values())


VALUES = st.recursive(
    st.integers() | st.booleans() | st.text("ab\"'\\#[]{}=,.\n é", max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("ab. \"'", max_size=3), inner, max_size=3),
    max_leaves=12,
)


def quoted(text: str) -> str:
    return '"' + "".join(f"\\u{ord(letter):04x}" if letter in '"\\\n' else letter for letter in text) + '"'


def written(value: Any, breaks: str) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return quoted(value)
    if isinstance(value, list):
        return "[" + breaks + ("," + breaks).join(written(item, breaks) for item in value) + breaks + "]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{quoted(key)} = {written(item, breaks)}" for key, item in value.items()) + "}"
    return str(value)


@given(st.dictionaries(st.text("abc. ", max_size=3), VALUES, max_size=4), st.sampled_from(["", " ", "\n", " # [\n"]))
def test_written_documents_are_found_whole(data: dict[str, Any], breaks: str) -> None:
    text = "".join(f"{quoted(key)} = {written(value, breaks)}\n" for key, value in data.items())
    lines = line_numbers(text)
    assert set(lines) == set(places(tomllib.loads(text)))
    starts = [lines[(key,)] for key in data]
    assert starts == sorted(starts)
