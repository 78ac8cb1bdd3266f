"""Ranges of a shared segment: none is given out twice, and what is free is used again."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine_tasks.child.ranges import UNIT_BYTES, Ranges

SIZES = st.integers(1, 40 * UNIT_BYTES)


@given(st.lists(st.tuples(st.booleans(), SIZES, st.integers(0, 9)), max_size=60))
def test_no_byte_belongs_to_two(commands: list[tuple[bool, int, int]]) -> None:
    ranges = Ranges(7 * UNIT_BYTES, kept_bytes=20 * UNIT_BYTES)
    lent: dict[int, int] = {}
    gone: list[int] = []
    for takes, size, which in commands:
        if takes or not lent:
            start = ranges.take(size)
            assert start not in lent
            assert start not in gone
            assert start % UNIT_BYTES == 0
            lent[start] = size
        else:
            start = sorted(lent)[which % len(lent)]
            del lent[start]
            ranges.give_back(start)
            gone += [start for start, _capacity in ranges.surplus()]
        ordered = sorted(lent.items())
        for (before, taken), (after, _) in pairwise(ordered):
            assert before + taken <= after
        assert ranges.lent == len(lent)
        assert ranges.free_bytes <= 20 * UNIT_BYTES


def test_a_free_range_is_used_again() -> None:
    ranges = Ranges(0)
    first = ranges.take(5 * UNIT_BYTES)
    assert ranges.take(5 * UNIT_BYTES) != first
    ranges.give_back(first)
    assert ranges.take(4 * UNIT_BYTES) == first


def test_a_little_message_takes_no_large_range() -> None:
    ranges = Ranges(0)
    ranges.give_back(ranges.take(50 * UNIT_BYTES))
    assert ranges.take(UNIT_BYTES) == 50 * UNIT_BYTES


def test_what_is_cleared_is_told_and_never_used_again() -> None:
    ranges = Ranges(0)
    start = ranges.take(3 * UNIT_BYTES)
    ranges.give_back(start)
    assert ranges.surplus() == []
    assert ranges.clear() == [(start, 3 * UNIT_BYTES)]
    assert ranges.take(3 * UNIT_BYTES) != start


def test_a_range_that_was_not_taken_cannot_be_given_back() -> None:
    ranges = Ranges(0)
    ranges.give_back(ranges.take(1))
    with pytest.raises(KeyError):
        ranges.give_back(0)
