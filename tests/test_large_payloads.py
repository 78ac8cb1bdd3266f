"""Large payloads: they arrive as they were sent, as views, and leave nothing behind."""

from __future__ import annotations

import array
import gc
import os
import signal
import sys
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any

import large_functions as functions
import numpy as np
import psutil
import pytest
from eventually import PATIENCE_S, eventually, result_of
from large_functions import LARGE, MIB, Chunk, Picture, pattern

from engine_tasks import ErrorKind, RetryPolicy, TaskQueue, TaskResult, WorkerOptions
from engine_tasks.executors import sharing
from engine_tasks.parcel import Packer

on_linux = pytest.mark.skipif(sys.platform != "linux", reason="memory is shared on Linux")
OPTIONS = WorkerOptions(nice=0, stop_grace_s=0.2)


@pytest.fixture(params=["shared", "pipe"])
def _way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Through shared memory, and without: nothing may be different but the speed."""
    if request.param == "pipe":
        monkeypatch.setattr(sharing, "create_segment", lambda: None)


def start(queue: TaskQueue, function: Any, options: WorkerOptions = OPTIONS) -> None:
    assert queue.start_native_worker(1, "Large", function, options=options), queue.last_error


def payload_of(queue: TaskQueue, data: object) -> Any:
    result = result_of(queue, 1, data)
    assert result.error is None, result.error
    return result.payload


def kind_of(result: TaskResult) -> ErrorKind:
    assert result.error is not None
    return result.error.kind


def mapped() -> int:
    """Parts of segments that this process looks at."""
    return Path("/proc/self/maps").read_text().count("memfd:engine_tasks")


def segments() -> list[str]:
    """The descriptors of segments that this process has."""
    found = []
    for link in Path("/proc/self/fd").iterdir():
        try:
            target = str(link.readlink())
        except OSError:
            continue  # it was closed meanwhile
        if "memfd:engine_tasks" in target:
            found.append(str(link))
    return found


def memory_of_segments() -> int:
    """Bytes that the segments take which this process has."""
    taken = 0
    for link in segments():
        with suppress(OSError):  # it was closed meanwhile
            taken += Path(link).stat().st_blocks * 512
    return taken


def nothing_is_left() -> bool:
    gc.collect()
    return not mapped() and not segments()


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


# --- what it leaves behind -----------------------------------------------------------


@on_linux
def test_results_that_were_read_leave_nothing(queue: TaskQueue) -> None:
    start(queue, functions.make)
    for seed in range(200):
        assert bytes(payload_of(queue, [LARGE, seed])[:3]) == pattern(3, seed)
    eventually(lambda: mapped() == 0)
    assert len(segments()) == 1
    assert memory_of_segments() < 20 * LARGE


@on_linux
def test_a_child_keeps_nothing_open(queue: TaskQueue) -> None:
    start(queue, functions.make)
    assert queue.start_native_worker(2, "Child", functions.descriptors, options=OPTIONS)
    before = result_of(queue, 2, None).payload
    for _ in range(50):
        result_of(queue, 2, bytes(LARGE))
    assert result_of(queue, 2, None).payload == before


@on_linux
def test_views_stay_true_whatever_comes_after(queue: TaskQueue) -> None:
    start(queue, functions.make)
    views = []
    for seed in range(30):
        views.append((seed, payload_of(queue, [LARGE, seed])[100:200]))
        if seed % 3:
            del views[0]
        assert all(bytes(view) == pattern(LARGE, s)[100:200] for s, view in views)
    queue.stop()
    assert all(bytes(view) == pattern(LARGE, s)[100:200] for s, view in views)
    views.clear()
    eventually(nothing_is_left)


@on_linux
def test_arrays_that_a_function_keeps_stay_true(queue: TaskQueue) -> None:
    start(queue, functions.keep)
    for count in range(1, 8):
        assert payload_of(queue, np.ones(LARGE)) == count * LARGE


@on_linux
def test_memory_is_given_up_after_a_while(
    queue: TaskQueue, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sharing, "KEPT_S", 0.05)
    start(queue, functions.give_back)
    view = payload_of(queue, pattern(8 * MIB))
    assert memory_of_segments() > 8 * MIB
    del view
    eventually(lambda: memory_of_segments() == 0)
    assert bytes(payload_of(queue, pattern(MIB))) == pattern(MIB)


@on_linux
def test_results_that_nobody_reads_leave_nothing(queue: TaskQueue) -> None:
    start(queue, functions.make)
    for seed in range(10):
        queue.send_task(1, [LARGE, seed])
    eventually(lambda: queue.tasks_ready(1) == 10)
    assert mapped() == 10
    queue.stop_worker(1)
    while queue.next_task_result(1) is not None:
        pass
    eventually(nothing_is_left)


@on_linux
@pytest.mark.parametrize("end", ["stop", "kill"])
def test_a_queue_that_ends_leaves_nothing(end: str) -> None:
    queue = TaskQueue()
    start(queue, functions.make)
    for seed in range(10):
        queue.send_task(1, [LARGE, seed])
    eventually(lambda: mapped() > 0)
    getattr(queue, end)()
    del queue
    eventually(nothing_is_left)


@on_linux
def test_cancelled_and_purged_tasks_leave_nothing(queue: TaskQueue) -> None:
    start(queue, functions.stand_still, WorkerOptions(nice=0, cancel_grace_s=0.01))
    tasks = [queue.send_task(1, pattern(LARGE), run_id="level") for _ in range(5)]
    eventually(lambda: queue.tasks_in_progress(1))
    assert tasks[0] is not None
    queue.cancel(tasks[0])
    queue.purge_run("level", running=True)
    queue.stop_worker(1)
    eventually(nothing_is_left)


@on_linux
def test_beyond_the_descriptors_of_a_process_results_are_copied(queue: TaskQueue) -> None:
    start(queue, functions.make)
    views = [payload_of(queue, [LARGE, seed]) for seed in range(300)]
    assert mapped() == 256
    assert all(bytes(view[:9]) == pattern(9, seed) for seed, view in enumerate(views))


# --- whatever dies -------------------------------------------------------------------


@on_linux
def test_a_result_outlives_the_child_that_was_killed_behind_it(queue: TaskQueue) -> None:
    start(queue, functions.die_soon)
    for _ in range(3):
        result = result_of(queue, 1, LARGE)
        if result.error is None:  # the next may meet the child before its end
            assert bytes(result.payload) == pattern(LARGE)
    del result
    queue.stop()
    eventually(nothing_is_left)


@on_linux
def test_a_child_that_is_killed_while_it_writes_is_a_crash(queue: TaskQueue) -> None:
    start(queue, functions.die_while_it_is_written)
    for _ in range(3):
        assert kind_of(result_of(queue, 1, LARGE)) is ErrorKind.CRASHED
    queue.stop()
    eventually(nothing_is_left)


@on_linux
def test_children_that_are_killed_at_any_time_leave_nothing(queue: TaskQueue) -> None:
    assert queue.start_native_worker(1, "Large", functions.give_back, 2, options=OPTIONS)
    sent = {queue.send_task(1, pattern(LARGE, seed)): seed for seed in range(60)}
    killer = threading.Thread(target=_kill_children, args=(6,))
    killer.start()
    for task, seed in sent.items():
        assert task is not None
        result = queue.wait_result(task, PATIENCE_S)
        assert result is not None
        if result.error is None:
            assert bytes(result.payload) == pattern(LARGE, seed)
        else:
            assert kind_of(result) is ErrorKind.CRASHED
    killer.join(PATIENCE_S)
    del result
    queue.kill()
    eventually(nothing_is_left)


def _kill_children(times: int) -> None:
    pause = threading.Event()
    for number in range(times):
        pause.wait(0.003 * number)
        for child in psutil.Process().children():
            os.kill(child.pid, signal.SIGKILL)


@on_linux
def test_no_memory_in_the_child_is_no_error(queue: TaskQueue) -> None:
    start(queue, functions.make_without_memory)
    for _ in range(3):
        view = payload_of(queue, 3 * MIB)
        assert (type(view), bytes(view)) == (memoryview, pattern(3 * MIB))


@on_linux
def test_a_function_that_closes_the_segment_harms_nobody(queue: TaskQueue) -> None:
    start(queue, functions.make_without_the_segment)
    for _ in range(3):
        assert bytes(payload_of(queue, LARGE)) == pattern(LARGE)


@on_linux
def test_no_memory_in_the_game_is_no_error(queue: TaskQueue) -> None:
    import resource  # not on Windows

    start(queue, functions.give_back)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (MIB, hard))
    try:
        assert bytes(payload_of(queue, pattern(3 * MIB))) == pattern(3 * MIB)
        assert queue.metrics(1).restarts == 0
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
