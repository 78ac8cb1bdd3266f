"""The game believes nothing that a child says."""

from __future__ import annotations

import math
import struct

import pytest
from hostile_child import MAX_FRAME_BYTES, TASK_ID, hear, hear_batch
from hypothesis import given, settings
from hypothesis import strategies as st

from engine_tasks.child.frames import (
    ERROR,
    F64,
    HEADER,
    LOG,
    NEED_SOURCE,
    PROGRESS,
    READY,
    RESULT,
    SOURCE,
    UNHEALTHY,
    WORKED,
    FrameError,
    pack_texts,
)
from engine_tasks.errors import ErrorKind, TaskError
from engine_tasks.executors.conversation import ChildEnded
from engine_tasks.native import Unhealthy
from engine_tasks.payload import encode
from engine_tasks.task import ReadResult


def frame(kind: int, body: bytes, task_id: int = TASK_ID) -> bytes:
    return HEADER.pack(len(body), kind, task_id) + body


ANSWER = frame(RESULT, encode({"path": [1, 2]}))


def test_an_honest_result_is_given_on_as_it_is() -> None:
    outcome, _, _ = hear(ANSWER)
    assert isinstance(outcome, ReadResult)
    assert outcome.encoded == encode({"path": [1, 2]})
    assert outcome.payload == {"path": [1, 2]}


def test_an_honest_error_is_given_on() -> None:
    outcome, _, _ = hear(frame(ERROR, pack_texts("FAILED", "a.lua:1: no", "stack")))
    assert outcome == TaskError(ErrorKind.FAILED, "a.lua:1: no", "stack")


def test_only_the_games_own_code_may_say_that_it_is_unhealthy() -> None:
    said = frame(UNHEALTHY, pack_texts("FAILED", "no connection", "stack"))
    outcome, _, _ = hear(said, trusted=True)
    assert outcome == Unhealthy(TaskError(ErrorKind.FAILED, "no connection", "stack"))
    outcome, _, _ = hear(said)
    assert isinstance(outcome, FrameError)
    assert "a frame of kind 24 where a result was due" in str(outcome)


def test_progress_and_logs_come_before_a_result() -> None:
    said = frame(PROGRESS, F64.pack(0.5) + pack_texts("half")) + frame(LOG, pack_texts("info", "x"))
    outcome, reported, _ = hear(said + ANSWER)
    assert isinstance(outcome, ReadResult)
    assert [(progress.share, progress.note) for progress in reported] == [(0.5, "half")]


def test_a_module_is_answered_whether_it_exists_or_not() -> None:
    said = frame(NEED_SOURCE, pack_texts("lib"), 0) + frame(NEED_SOURCE, pack_texts("../x"), 0)
    _, _, pipe = hear(said + ANSWER)
    assert pipe.written == [
        (SOURCE, 0, pack_texts("lib.lua") + b"return {}"),
        (SOURCE, 0, pack_texts("")),
    ]


def test_a_child_may_say_once_for_a_task_how_long_the_last_ones_took() -> None:
    outcome, _, _ = hear(frame(WORKED, F64.pack(0.25), 0) + ANSWER)
    assert isinstance(outcome, ReadResult)


@pytest.mark.parametrize(
    ("said", "complaint"),
    [
        (frame(WORKED, F64.pack(0.1), 0) * 2, "more than one word of its work"),
        (frame(WORKED, F64.pack(-1.0), 0), "tasks that took -1.0 s"),
        (frame(WORKED, F64.pack(float("inf")), 0), "tasks that took inf s"),
        (frame(WORKED, F64.pack(float("nan")), 0), "tasks that took nan s"),
        (frame(WORKED, b"1234", 0), "a number that is cut off"),
        (frame(WORKED, F64.pack(0.1) + b"x", 0), "tasks that took"),
        (frame(RESULT, b"\xc0", TASK_ID + 1), "for task 8, which it does not run"),
        (frame(RESULT, b"\xc1"), "is not MessagePack"),
        (frame(RESULT, b"\x91" * 5000), "is not MessagePack"),
        (frame(RESULT, b"\xdd\xff\xff\xff\xff"), "is not MessagePack"),
        (frame(READY, b""), "a frame of kind 16"),
        (frame(99, b""), "a frame of kind 99"),
        (frame(ERROR, pack_texts("STOPPED", "a lie", "")), "an error of kind 'STOPPED'"),
        (frame(ERROR, pack_texts("x" * 500, "", "")), "an error of kind"),
        (frame(ERROR, pack_texts("FAILED", "short")), "a text without a length"),
        (frame(ERROR, pack_texts("FAILED", "a", "b", "c")), "bytes behind the last text"),
        (frame(ERROR, struct.pack("<I", 1 << 31)), "a text that is cut off"),
        (frame(LOG, pack_texts("fatal", "x")), "a log line of level 'fatal'"),
        (frame(PROGRESS, F64.pack(math.nan) + pack_texts("")), "a progress of nan"),
        (frame(PROGRESS, F64.pack(1.5) + pack_texts("")), "a progress of 1.5"),
        (frame(PROGRESS, b"\0"), "a number that is cut off"),
        (HEADER.pack(MAX_FRAME_BYTES + 1, RESULT, TASK_ID), "a frame of 10,001 bytes"),
        (HEADER.pack(0xFFFFFFFF, RESULT, TASK_ID), "the limit is 10,000"),
        (ANSWER[:-1], "the pipe ended within a frame"),
        (ANSWER[:5], "the pipe ended within a header"),
        (frame(LOG, pack_texts("info", "x"), 0) * 5000, "log lines within a second"),
        (frame(PROGRESS, F64.pack(0.1) + pack_texts("")) * 5000, "progress messages within"),
        (frame(NEED_SOURCE, pack_texts("lib"), 0) * 5000, "requests for modules within"),
    ],
)
def test_what_no_child_of_ours_says_ends_it(said: bytes, complaint: str) -> None:
    outcome, _, _ = hear(said)
    assert isinstance(outcome, FrameError)
    assert complaint in str(outcome)


def test_a_child_that_says_nothing_more_has_ended() -> None:
    outcome, _, _ = hear(b"")
    assert isinstance(outcome, ChildEnded)


@settings(deadline=None)
@given(st.binary(max_size=400))
def test_any_bytes_are_a_result_an_error_or_the_end_of_the_child(said: bytes) -> None:
    hear(said)


@settings(deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from([0, READY, RESULT, ERROR, LOG, PROGRESS, NEED_SOURCE, UNHEALTHY, 255]),
            st.sampled_from([0, TASK_ID, 1 << 63]),
            st.one_of(
                st.binary(max_size=60),
                st.lists(st.text(max_size=8), max_size=4).map(lambda texts: pack_texts(*texts)),
                st.floats().map(lambda share: F64.pack(share) + pack_texts("note")),
            ),
        ),
        max_size=8,
    )
)
def test_any_frames_are_a_result_an_error_or_the_end_of_the_child(
    frames: list[tuple[int, int, bytes]],
) -> None:
    hear(b"".join(frame(kind, body, task_id) for kind, task_id, body in frames))


SAID_OF_A_BATCH = st.lists(
    st.one_of(
        st.tuples(
            st.just(RESULT),
            st.integers(1, 5),
            st.sampled_from([b"\xc0", b"\x01", b"\xc1", b"x" * (MAX_FRAME_BYTES + 1)]),
        ),
        st.tuples(
            st.just(WORKED),
            st.just(0),
            st.sampled_from([0.0, 0.5, -1.0, math.nan]).map(F64.pack) | st.just(b"short"),
        ),
        st.tuples(st.just(ERROR), st.integers(1, 5), st.just(pack_texts("FAILED", "no", ""))),
        st.tuples(st.just(LOG), st.just(0), st.just(pack_texts("info", "x"))),
    ),
    max_size=10,
)


@settings(deadline=None)
@given(
    # Most of what is said is in its order: else nothing would be read beyond the first task.
    good=st.integers(0, 4),
    said=SAID_OF_A_BATCH,
    worked_before=st.integers(0, 5),
    cut=st.integers(0, 40),
    trusted=st.booleans(),
)
def test_what_is_here_of_a_batch_is_read_as_if_one_by_one(
    good: int,
    said: list[tuple[int, int, bytes]],
    worked_before: int,
    cut: int,
    trusted: bool,
) -> None:
    frames = [frame(RESULT, bytes([number]), number) for number in range(1, good + 1)]
    frames.insert(worked_before, frame(WORKED, F64.pack(0.25), 0))
    frames += [frame(kind, body, task_id) for kind, task_id, body in said]
    wire = b"".join(frames)
    wire = wire[: len(wire) - cut] if cut > 20 else wire
    at_once = hear_batch(wire, 5, at_once=True, trusted=trusted)
    assert at_once == hear_batch(wire, 5, at_once=False, trusted=trusted)


def test_the_last_answers_of_a_batch_are_here_with_what_is_said_of_its_work() -> None:
    said = [frame(RESULT, b"\x01", 1), frame(RESULT, b"\x02", 2)]
    said += [frame(WORKED, F64.pack(0.5), 0), frame(RESULT, b"\x03", 3)]
    assert hear_batch(b"".join(said), 3, at_once=True, trusted=True) == (
        [b"\x01", b"\x02", b"\x03"],
        0.5,
    )
