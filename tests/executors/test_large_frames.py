"""A stranger's child has no say in shared memory, and the game's own none beyond its bounds."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hostile_child import MAX_FRAME_BYTES, TASK_ID, hear
from hypothesis import given
from hypothesis import strategies as st

from engine_tasks.child.exchange import starts_as_body, table_of
from engine_tasks.child.frames import APART, FREED, HEADER, SHARED, FrameError
from engine_tasks.executors.sharing import ChildShare
from engine_tasks.parcel import Parcel, unpack
from engine_tasks.payload import encode

RESULT = encode([1, 2])


def frame(kind: int, body: bytes, task_id: int = TASK_ID) -> bytes:
    return HEADER.pack(len(body), kind, task_id) + body


@pytest.mark.parametrize(
    ("said", "complaint"),
    [
        (frame(APART, table_of([RESULT]) + RESULT), "a frame of kind 26 where a result was due"),
        (frame(SHARED, bytes(8) + table_of([RESULT])), "a frame of kind 27 where a result"),
        (frame(FREED, starts_as_body([0])), "a frame of kind 28 where a result was due"),
        (frame(FREED, starts_as_body([0]), 0), "a frame for task 0, which it does not run"),
        (HEADER.pack(2 * MAX_FRAME_BYTES, APART, TASK_ID), "a frame of 20,000 bytes"),
        (HEADER.pack(2 * MAX_FRAME_BYTES, SHARED, TASK_ID), "a frame of 20,000 bytes"),
    ],
)
def test_a_strangers_child_may_not_speak_of_memory(said: bytes, complaint: str) -> None:
    outcome, _, _ = hear(said)
    assert isinstance(outcome, FrameError)
    assert complaint in str(outcome)


@pytest.fixture
def share() -> Iterator[ChildShare]:
    share = ChildShare(lambda: True)
    yield share
    share.close()


def test_a_message_in_its_frame_is_read(share: ChildShare) -> None:
    assert unpack(share.result(APART, table_of([RESULT]) + RESULT)) == [1, 2]


@given(st.sampled_from([APART, SHARED, FREED]), st.binary(max_size=40))
def test_nonsense_is_an_error_or_a_message(kind: int, body: bytes) -> None:
    share = ChildShare(lambda: True)
    try:
        if kind == FREED:
            share.freed(body)
        else:
            assert isinstance(share.result(kind, body), Parcel)
    except FrameError:
        pass
    finally:
        share.close()


def test_memory_that_was_not_lent_cannot_be_given_back(share: ChildShare) -> None:
    with pytest.raises(FrameError):
        share.freed(starts_as_body([0]) if share.fd is not None else b"x")
