"""Which letters go next when more wait than may go."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maild.store.turns import fairly, shares


@pytest.mark.parametrize(
    ("waiting", "limit", "given_"),
    [
        ([5, 5, 5], 100, [5, 5, 5]),
        ([500, 0, 0], 100, [100, 0, 0]),
        ([500, 500, 500], 100, [80, 10, 10]),
        ([500, 3, 500], 100, [87, 3, 10]),
        ([0, 0, 500], 100, [0, 0, 100]),
        ([500, 500, 500], 1, [1, 0, 0]),
        ([0, 500, 500], 1, [0, 1, 0]),
        ([500, 500, 500, 500], 20, [14, 2, 2, 2]),
    ],
)
def test_urgent_lanes_first_and_no_lane_never(waiting: list[int], limit: int, given_: list[int]) -> None:
    assert shares(waiting, limit) == given_


@given(st.lists(st.integers(0, 300), min_size=1, max_size=6), st.integers(1, 200))
def test_nothing_is_left_that_there_is_room_for(waiting: list[int], limit: int) -> None:
    given_ = shares(waiting, limit)
    assert all(0 <= one <= count for one, count in zip(given_, waiting, strict=True))
    assert sum(given_) == min(limit, sum(waiting))


def test_old_and_new_take_turns() -> None:
    assert fairly([1, 2, 3, 4], [90, 89, 88], 4) == [1, 90, 2, 89]
    assert fairly([1, 2], [2, 1], 4) == [1, 2]
    assert fairly([1, 2, 3], [], 2) == [1, 2]


@given(st.lists(st.integers(0, 50), unique=True), st.lists(st.integers(0, 50), unique=True), st.integers(1, 40))
def test_each_once_and_as_many_as_there_are(longest: list[int], newest: list[int], limit: int) -> None:
    taken = fairly(longest, newest, limit)
    assert len(taken) == len(set(taken)) == min(limit, len({*longest, *newest}))
