"""Large payloads leave nothing behind, whatever dies, and no view of them changes."""

from __future__ import annotations

import gc
import os
import signal
import sys
import threading
from contextlib import suppress
from pathlib import Path
from typing import ClassVar

import large_functions as functions
import numpy as np
import psutil
import pytest
from eventually import PATIENCE_S, eventually, result_of
from large_functions import LARGE, MIB, pattern
from large_results import OPTIONS, kind_of, payload_of, start

from engine_tasks import ErrorKind, TaskQueue, WorkerOptions
from engine_tasks.child import exchange
from engine_tasks.executors import sharing, spawner

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="memory is shared on Linux")


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


# --- what it leaves behind -----------------------------------------------------------


def test_results_that_were_read_leave_nothing(
    queue: TaskQueue, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sharing, "KEPT_S", 0.3)
    start(queue, functions.make)
    for seed in range(200):
        assert bytes(payload_of(queue, [LARGE, seed])[:3]) == pattern(3, seed)
    eventually(lambda: mapped() == 0)
    eventually(lambda: memory_of_segments() == 0)
    assert len(segments()) == 1


def test_a_child_keeps_nothing_open(queue: TaskQueue) -> None:
    start(queue, functions.make)
    assert queue.start_native_worker(2, "Child", functions.descriptors, options=OPTIONS)
    before = result_of(queue, 2, None).payload
    for _ in range(50):
        result_of(queue, 2, bytes(LARGE))
    assert result_of(queue, 2, None).payload == before


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


class Keeper:
    """Its end brings a view back to life that was to go with it."""

    kept: ClassVar[list[memoryview]] = []

    def __init__(self, view: memoryview) -> None:
        self.view = view
        self.itself = self

    def __del__(self) -> None:
        self.kept.append(self.view)


def test_a_view_that_comes_back_to_life_stays_true(queue: TaskQueue) -> None:
    start(queue, functions.make)
    Keeper(payload_of(queue, [LARGE, 1])[9:99])
    gc.collect()
    for seed in range(2, 6):
        payload_of(queue, [LARGE, seed])
    eventually(lambda: mapped() == 1)
    assert bytes(Keeper.kept[0]) == pattern(LARGE, 1)[9:99]
    Keeper.kept.clear()
    eventually(lambda: mapped() == 0)


def test_arrays_that_a_function_keeps_stay_true(queue: TaskQueue) -> None:
    start(queue, functions.keep)
    for count in range(1, 8):
        assert payload_of(queue, np.ones(LARGE)) == count * LARGE


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


def test_cancelled_and_purged_tasks_leave_nothing(queue: TaskQueue) -> None:
    start(queue, functions.stand_still, WorkerOptions(nice=0, cancel_grace_s=0.01))
    tasks = [queue.send_task(1, pattern(LARGE), run_id="level") for _ in range(5)]
    eventually(lambda: queue.tasks_in_progress(1))
    assert tasks[0] is not None
    queue.cancel(tasks[0])
    queue.purge_run("level", running=True)
    queue.stop_worker(1)
    eventually(nothing_is_left)


def test_beyond_the_descriptors_of_a_process_results_are_copied(
    queue: TaskQueue, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exchange, "MOST_MAPPINGS", 5)
    start(queue, functions.make)
    views = [payload_of(queue, [LARGE, seed]) for seed in range(9)]
    assert mapped() == 5
    assert all(bytes(view[:9]) == pattern(9, seed) for seed, view in enumerate(views))


# --- whatever dies -------------------------------------------------------------------


def test_a_result_outlives_the_child_that_was_killed_behind_it(queue: TaskQueue) -> None:
    start(queue, functions.die_soon)
    for _ in range(3):
        result = result_of(queue, 1, LARGE)
        if result.error is None:  # the next may meet the child before its end
            assert bytes(result.payload) == pattern(LARGE)
    del result
    queue.stop()
    eventually(nothing_is_left)


def test_a_child_that_is_killed_while_it_writes_is_a_crash(queue: TaskQueue) -> None:
    start(queue, functions.die_while_it_is_written)
    for _ in range(3):
        assert kind_of(result_of(queue, 1, LARGE)) is ErrorKind.CRASHED
    queue.stop()
    eventually(nothing_is_left)


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


def test_a_child_that_cannot_be_started_leaves_nothing(
    queue: TaskQueue, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(spawner, "_interpreter", lambda: str(tmp_path / "no python"))
    assert not queue.start_native_worker(1, "Large", functions.make, options=OPTIONS)
    eventually(nothing_is_left)


def test_no_memory_in_the_child_is_no_error(queue: TaskQueue) -> None:
    start(queue, functions.make_without_memory)
    for _ in range(3):
        view = payload_of(queue, 3 * MIB)
        assert (type(view), bytes(view)) == (memoryview, pattern(3 * MIB))


def test_a_function_that_closes_the_segment_harms_nobody(queue: TaskQueue) -> None:
    start(queue, functions.make_without_the_segment)
    for _ in range(3):
        assert bytes(payload_of(queue, LARGE)) == pattern(LARGE)


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
