"""The pure parts under the SMTP door: finding the end of a letter, line ends, addresses, limits."""

from __future__ import annotations

import itertools
import re
import time
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maild.edges import smtp_data
from maild.edges.smtp_address import NULL, address, path
from maild.edges.smtp_data import Incoming, hops, tidied
from maild.edges.smtp_limits import Crowd, Room, Share

wire = st.lists(st.sampled_from([b"\r", b"\n", b"\r\n", b".", b"a", b"\0"]), max_size=40).map(b"".join)


def fed(data: bytes, cuts: list[int], limit: int = 10_000) -> tuple[Incoming, bytes | None]:
    """`data` in pieces cut at these places, up to the piece that holds the end; what followed the end, in all."""
    incoming = Incoming(limit)
    places = [0, *sorted({cut % (len(data) + 1) for cut in cuts}), len(data)]
    for start, end in itertools.pairwise(places):
        rest = incoming.feed(data[start:end])
        if rest is not None:
            return incoming, rest + data[end:]
    return incoming, None


def by_the_book(data: bytes) -> tuple[bytes, bytes] | None:
    """RFC 5321 section 4.5.2, line by line: the letter and what follows it."""
    letter = []
    lines = data.split(b"\r\n")
    for number, line in enumerate(lines[:-1]):
        if line == b".":
            return b"".join(letter), b"\r\n".join(lines[number + 1 :])
        letter.append(line.removeprefix(b".") + b"\r\n")
    return None


@given(wire, st.lists(st.integers(0, 100), max_size=10))
def test_the_end_is_found_however_the_bytes_arrive(data: bytes, cuts: list[int]) -> None:
    incoming, rest = fed(data, cuts)
    expected = by_the_book(data)
    assert rest == (None if expected is None else expected[1])
    if expected is not None:
        letter = expected[0]
        assert incoming.take(b"front") == b"front" + letter
        clean = b"".join(tidied(letter))
        assert incoming.odd == (clean != letter)
        assert len(clean) <= incoming.size


@given(wire, st.integers(1, 30))
def test_line_ends_are_clean_and_the_cutting_does_not_show(raw: bytes, piece: int) -> None:
    whole = b"".join(tidied(raw))
    assert b"\0" not in whole
    assert re.search(rb"\r(?!\n)|(?<!\r)\n", whole) is None
    assert whole.count(b"\n") == raw.count(b"\n")
    assert b"".join(tidied(whole)) == whole


def test_a_line_end_is_not_cut_in_two(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(smtp_data, "PIECE", 4)
    assert b"".join(tidied(b"abc\r\nabcd\r\nabcde\r\nx\ry")) == b"abc\r\nabcd\r\nabcde\r\nx?y"


@given(wire, st.integers(0, 60), st.lists(st.integers(0, 100), max_size=10))
def test_the_limit_drops_everything_and_still_finds_the_end(data: bytes, limit: int, cuts: list[int]) -> None:
    incoming, rest = fed(data + b"\r\n.\r\n", cuts, limit)
    assert rest is not None
    assert incoming.dropped == (incoming.size > limit)
    if incoming.dropped:
        assert incoming.take(b"") == b""


def test_tiny_packets_cost_no_more_memory() -> None:
    incoming = Incoming(1_000_000)
    tracemalloc.start()
    try:
        for _ in range(200_000):
            incoming.feed(b"tiny.")
        assert tracemalloc.get_traced_memory()[1] < 2_500_000
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("raw", [b"\r" * 2_000_000, b"\n" * 2_000_000, b"\r\r\n" * 700_000, b"\0\r" * 1_000_000])
def test_tidying_is_linear(raw: bytes) -> None:
    start = time.process_time()
    for _ in tidied(raw):
        pass
    assert time.process_time() - start < 2


def test_hops_are_counted_in_the_header_only() -> None:
    assert hops(b"") == 0
    assert hops(b"Received: a\r\nX-Received: b\r\nRECEIVED: c\r\n\tReceived: d\r\n\r\nReceived: e\r\n") == 2
    assert hops(b"Received: a\r\n" * 100_000) > 50_000


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("a@b", "a@b"),
        ("a", "a"),
        ("a.b+c=d%e!f@[IPv6:::1]", "a.b+c=d%e!f@[IPv6:::1]"),
        ('"a"@b', "a@b"),
        ('"\\a"@b', "a@b"),
        ('"a b"@c', '"a b"@c'),
        ('"a@b"@c', '"a@b"@c'),
        ('"a"b@c', None),
        ('"a@b', None),
        ("", None),
        ("a@", None),
        ("@b", None),
        ("a@b@c", None),
        ("@a:b@c", None),
        ("a b@c", None),
        ("a\u00a0b@c", None),
        ("a\u202eb@c", None),
        ("a@[b", None),
        ("a@b\n", None),
        ("a@" + "b" * 320, None),
    ],
)
def test_addresses(text: str, found: str | None) -> None:
    assert address(text) == found


@given(st.text(max_size=400))
def test_what_is_an_address_is_one_printable_word(text: str) -> None:
    found = address(text)
    if found is not None:
        assert found.isprintable()
        assert found.encode()
        assert address(found) == found
        assert path(f"<{found}> SIZE=1") == (found, " SIZE=1")


def test_paths() -> None:
    assert path("<>") == (NULL, "")
    assert path("<> SIZE=1") == (NULL, " SIZE=1")
    assert path('<"> SIZE=9"@b> SIZE=1') == ('"> SIZE=9"@b', " SIZE=1")
    assert path("a@b SIZE=1") == ("a@b", "SIZE=1")
    assert path("<a@b") is None
    assert path("a@b>") is None
    assert path("<a@b>x") is None
    assert path("< a@b >") is None


@pytest.mark.parametrize("text", ['<"' + "\\" * 2000, "<" * 2000, '<"' * 1000, "<" + '"a"' * 700 + ">", "(" * 2000])
def test_crafted_paths_are_refused_at_once(text: str) -> None:
    start = time.process_time()
    for _ in range(100):
        assert path(text) is None
    assert time.process_time() - start < 1


def test_a_crowd_is_bounded_in_all_and_per_peer() -> None:
    crowd = Crowd(total=5, per_peer=2)
    assert [crowd.enter("192.0.2.1") for _ in range(3)] == [True, True, False]
    assert [crowd.enter("::ffff:192.0.2.1"), crowd.enter("2001:db8::1")] == [False, True]
    assert [crowd.enter("2001:db8::2"), crowd.enter("2001:db8::3")] == [True, False]  # one /64 is one peer
    assert [crowd.enter("2001:db8:0:1::1"), crowd.enter("")] == [True, False]  # five are inside
    crowd.leave("192.0.2.1")
    assert [crowd.enter(""), crowd.enter("192.0.2.1")] == [True, False]


def test_a_share_is_given_back_once() -> None:
    room = Room(100)
    one, other = Share(room), Share(room)
    assert [one.grow(60), other.grow(50), other.grow(40), one.grow(61)] == [True, False, True, False]
    one.release()
    one.release()
    assert room.held == 40
    other.release()
    assert room.held == 0
