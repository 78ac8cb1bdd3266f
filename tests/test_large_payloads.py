"""Large payloads: they arrive as they were sent, as views, and leave nothing behind."""

from __future__ import annotations

import array
import sys

import large_functions as functions
import numpy as np
import pytest
from eventually import PATIENCE_S, eventually, result_of
from large_functions import LARGE, MIB, Chunk, Picture, pattern
from large_results import OPTIONS, kind_of, payload_of, start

from engine_tasks import ErrorKind, RetryPolicy, TaskQueue, WorkerOptions
from engine_tasks.executors import sharing
from engine_tasks.lua import bind
from engine_tasks.parcel import Packer

on_linux = pytest.mark.skipif(sys.platform != "linux", reason="memory is shared on Linux")


@pytest.fixture(params=["shared", "pipe"])
def _way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Through shared memory, and without: nothing may be different but the speed."""
    if request.param == "pipe":
        monkeypatch.setattr(sharing, "create_segment", lambda: None)


# --- what arrives -------------------------------------------------------------------------


@pytest.mark.usefixtures("_way")
def test_any_large_value_comes_back(queue: TaskQueue) -> None:
    start(queue, functions.give_back)
    grid, heights = np.arange(LARGE, dtype="i4").reshape(-1, 1), array.array("d", range(LARGE))
    sent = {"b": pattern(LARGE), "g": grid, "a": heights, "s": "x" * LARGE, "n": [1, None]}
    for _ in range(3):
        back = payload_of(queue, sent)
        assert (bytes(back["b"]), back["s"], back["n"]) == (sent["b"], sent["s"], sent["n"])
        assert (back["g"] == grid).all()
        assert back["a"].tolist() == heights.tolist()


@pytest.mark.usefixtures("_way")
def test_a_large_value_without_large_parts_comes_back(queue: TaskQueue) -> None:
    start(queue, functions.give_back)
    for sent in ("x" * 3 * MIB, list(range(200_000)), {str(n): n for n in range(50_000)}):
        assert payload_of(queue, sent) == sent


@pytest.mark.usefixtures("_way")
def test_large_bytes_of_a_result_are_a_read_only_view(queue: TaskQueue) -> None:
    start(queue, functions.make)
    view = payload_of(queue, [LARGE, 7])
    assert type(view) is memoryview
    assert view.readonly
    assert bytes(view) == pattern(LARGE, 7)
    assert type(payload_of(queue, [1000, 7])) is bytes


@pytest.mark.usefixtures("_way")
def test_arrays_of_a_result_are_read_only(queue: TaskQueue) -> None:
    start(queue, functions.grid)
    grid = payload_of(queue, MIB)
    assert not grid.flags.writeable
    assert grid.shape == (MIB // 64, 8)
    assert grid.sum() == np.arange(MIB // 8).sum()


@pytest.mark.usefixtures("_way")
def test_payload_as_makes_bytes_of_them_unless_a_view_is_wanted(queue: TaskQueue) -> None:
    start(queue, functions.picture)
    result = result_of(queue, 1, LARGE)
    assert result.payload_as(Picture) == Picture("grass", pattern(LARGE))
    assert result.payload_as(dict[str, bytes | str])["pixels"] == pattern(LARGE)
    assert type(result.payload["pixels"]) is memoryview


@pytest.mark.usefixtures("_way")
def test_payload_as_gives_the_views_that_are_wanted(queue: TaskQueue) -> None:
    start(queue, functions.give_back)
    tiles = pattern(LARGE)
    result = result_of(queue, 1, {"name": "a", "tiles": tiles, "heights": tiles, "spare": tiles})
    chunk = result.payload_as(Chunk)
    assert (chunk.tiles, bytes(chunk.heights), chunk.spare) == (tiles, tiles, tiles)
    assert [type(part) for part in (chunk.tiles, chunk.heights)] == [bytes, memoryview]


@pytest.mark.usefixtures("_way")
def test_a_function_gets_bytes(queue: TaskQueue) -> None:
    start(queue, functions.described)
    sent = {"b": pattern(LARGE), "m": memoryview(pattern(LARGE)), "g": np.zeros(LARGE)}
    for _ in range(2):
        assert payload_of(queue, sent) == {"b": "bytes", "m": "bytes", "g": "ndarray"}


@pytest.mark.usefixtures("_way")
def test_a_function_gets_the_views_that_its_hints_want(queue: TaskQueue) -> None:
    start(queue, functions.look_at)
    tiles = pattern(LARGE)
    for _ in range(2):
        assert payload_of(queue, Chunk("a", tiles, memoryview(tiles), tiles)) == [
            *("bytes", "memoryview", True, True, True)
        ]


@pytest.mark.usefixtures("_way")
def test_a_function_gets_a_view_whatever_the_size(queue: TaskQueue) -> None:
    start(queue, functions.count_bytes)
    for size in (10, LARGE):
        assert payload_of(queue, bytes(size)) == size


@on_linux
def test_a_view_that_is_wanted_is_no_copy(queue: TaskQueue) -> None:
    start(queue, functions.owner)
    assert payload_of(queue, pattern(LARGE)) == "Mapping"
    assert queue.start_native_worker(2, "Back", functions.make, options=OPTIONS)
    view = result_of(queue, 2, [LARGE, 0]).payload_as(memoryview)
    assert functions.owner(view) == "Mapping"


def test_what_changes_after_it_was_sent_arrives_as_it_was(queue: TaskQueue) -> None:
    start(queue, functions.give_back)
    grid, row = np.zeros(LARGE), bytearray(LARGE)
    tasks = [queue.send_task(1, part) for part in (grid, row)]
    grid += 1
    row[:] = b"x" * LARGE
    for task in tasks:
        assert task is not None
        result = queue.wait_result(task, PATIENCE_S)
        assert result is not None
        assert not np.frombuffer(result.payload, "u1").any()


@pytest.mark.usefixtures("_way")
def test_limits_hold_for_what_lies_apart(queue: TaskQueue) -> None:
    start(queue, functions.make, WorkerOptions(max_payload_bytes=MIB))
    assert queue.send_task(1, bytes(MIB)) is None
    assert "the limit is 1,048,576 bytes" in str(queue.last_error)
    result = result_of(queue, 1, [MIB, 0])
    assert kind_of(result) is ErrorKind.BAD_RESULT
    assert "the limit is 1,048,576 bytes" in str(result.error)
    most = MIB - len(Packer(copies=False).pack(bytes(LARGE))) + LARGE  # all but the skeleton
    assert len(payload_of(queue, [most, 0])) == most
    assert kind_of(result_of(queue, 1, [most + 1, 0])) is ErrorKind.BAD_RESULT


def test_a_thread_of_the_game_takes_them_as_well(queue: TaskQueue) -> None:
    start(queue, functions.described, WorkerOptions(isolation="thread"))
    sent = {"b": pattern(LARGE), "g": np.zeros(LARGE)}
    for _ in range(2):
        assert payload_of(queue, sent) == {"b": "bytes", "g": "ndarray"}


def test_an_engine_in_lua_gets_them_as_its_bytes(queue: TaskQueue) -> None:
    runtime = pytest.importorskip("lupa.lua54").LuaRuntime(encoding=None)
    bind(runtime, queue)
    start(queue, functions.make)
    task = queue.send_task(1, [LARGE, 3])
    eventually(lambda: queue.tasks_ready(1))
    take = runtime.execute(b"""return function()
        local taskId, value = TaskQueue:nextTaskResult(1)
        return taskId, value.data
    end""")
    assert take() == (task, pattern(LARGE, 3))


def test_a_task_past_the_queue_takes_them_as_well(queue: TaskQueue) -> None:
    start(queue, functions.give_back)
    result = queue.run_task(1, {"b": pattern(LARGE)})
    assert result is not None
    assert bytes(result.payload["b"]) == pattern(LARGE)


def test_a_future_has_them_as_well(queue: TaskQueue) -> None:
    start(queue, functions.make)
    assert bytes(queue.executor(1).submit([LARGE, 5]).result(PATIENCE_S)) == pattern(LARGE, 5)


# --- another attempt ------------------------------------------------------------------


@pytest.mark.usefixtures("_way")
def test_a_retry_has_the_same_payload(queue: TaskQueue) -> None:
    retry = RetryPolicy(max_attempts=2, first_backoff_s=0.001)
    start(queue, functions.fail_first, WorkerOptions(nice=0, retry=retry))
    result = result_of(queue, 1, pattern(LARGE))
    assert (result.error, result.attempts) == (None, 2)
    assert bytes(result.payload) == pattern(LARGE)


@pytest.mark.usefixtures("_way")
def test_a_dead_letter_keeps_its_payload(queue: TaskQueue) -> None:
    start(queue, functions.always_fail)
    first = result_of(queue, 1, pattern(LARGE)).task_id
    (letter,) = queue.dead_letters(1)
    assert letter.payload == pattern(LARGE)
    again = queue.retry_dead(first)
    assert again is not None
    assert queue.wait_result(again, PATIENCE_S) is not None
    assert queue.dead_letters(1)[0].payload == pattern(LARGE)
