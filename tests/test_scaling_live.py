"""A pool has more instances while much waits, and fewer again; nothing is lost on the way."""

import itertools
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any

import attrs
import psutil
import pytest
from eventually import PATIENCE_S, eventually, result_of
from gate import Gate

from engine_tasks import TaskQueue, WorkerOptions
from engine_tasks.pools.growth import Growth
from engine_tasks.pools.pool import Pool
from engine_tasks.timer import TIMER

ONE_TO_THREE = WorkerOptions(
    nice=0,
    max_instances=3,
    burst_threshold=1.0,
    burst_size=1,
    burst_interval_s=0.005,
    idle_s=0.02,
    stop_grace_s=0.2,
)
THREAD = attrs.evolve(ONE_TO_THREE, isolation="thread")


def instances(queue: TaskQueue) -> Counter[str]:
    stats = queue.stats(1)
    assert stats is not None
    return Counter(stats.instances)


def growth_of(queue: TaskQueue) -> Growth:
    pool = queue._workers[1]._pool
    assert isinstance(pool, Pool)
    assert pool._growth is not None
    return pool._growth


def looks(growth: Growth) -> int:
    """How often the timer is to look at the load."""
    return sum(timed.call == growth._look for _, _, timed in list(TIMER._heap))


def check_answered(queue: TaskQueue, ids: list[int | None]) -> None:
    for task_id in ids:
        result = queue.wait_result(task_id or 0, PATIENCE_S)
        assert result is not None
        assert result.ok, result.error
        assert result.attempts == 1


def test_a_pool_of_threads_grows_while_tasks_wait_and_shrinks_when_it_idles(
    queue: TaskQueue, gate: Gate
) -> None:
    assert queue.start_native_worker(1, "Worker", gate, options=THREAD)
    assert instances(queue) == {"IDLE": 1}
    ids = [queue.send_task(1, "wait") for _ in range(100)]
    for _ in range(3):
        gate.wait_entered()
    assert instances(queue) == {"BUSY": 3}
    assert queue.tasks_in_progress(1) == 3
    gate.open()
    check_answered(queue, ids)
    eventually(lambda: instances(queue) == {"IDLE": 1})
    eventually(lambda: not looks(growth_of(queue)))
    check_answered(queue, [queue.send_task(1, n) for n in range(10)])


def test_a_pool_of_processes_grows_while_tasks_wait_and_shrinks_when_it_idles(
    queue: TaskQueue, tmp_path: Path
) -> None:
    flag = tmp_path / "open"

    def wait(_data: object) -> None:
        while not flag.exists():
            time.sleep(0.002)

    assert queue.start_native_worker(1, "Worker", wait, options=ONE_TO_THREE)
    ids = [queue.send_task(1, None) for _ in range(100)]
    eventually(lambda: instances(queue) == {"BUSY": 3})
    assert len(psutil.Process().children()) == 3
    flag.touch()
    check_answered(queue, ids)
    eventually(lambda: instances(queue) == {"IDLE": 1})
    eventually(lambda: len(psutil.Process().children()) == 1)
    eventually(lambda: not looks(growth_of(queue)))
    assert result_of(queue, 1, None).ok


def test_a_pool_grows_for_tasks_whose_delay_is_over(queue: TaskQueue, gate: Gate) -> None:
    assert queue.start_native_worker(1, "Worker", gate, options=THREAD)
    growth = growth_of(queue)
    ids = [queue.send_task(1, "wait", delay_s=0.1) for _ in range(100)]
    for _ in range(3):
        gate.wait_entered()
    gate.open()
    check_answered(queue, ids)
    eventually(lambda: instances(queue) == {"IDLE": 1})
    eventually(lambda: not looks(growth))


def test_a_pool_does_not_look_at_its_load_while_tasks_are_delayed(queue: TaskQueue) -> None:
    assert queue.start_native_worker(1, "Worker", lambda data: data, options=THREAD)
    queue.send_task(1, None, delay_s=3600.0)
    eventually(lambda: not looks(growth_of(queue)))
    assert result_of(queue, 1, "x").ok
    eventually(lambda: not looks(growth_of(queue)))


def test_a_pool_that_is_stopped_looks_at_nothing_more(queue: TaskQueue, gate: Gate) -> None:
    assert queue.start_native_worker(1, "Worker", gate, options=THREAD)
    growth = growth_of(queue)
    for _ in range(100):
        queue.send_task(1, "wait")
    gate.wait_entered()
    queue.stop_worker(1)
    assert not looks(growth)
    growth.wake()
    assert not looks(growth)


def test_an_instance_that_is_not_needed_ends_also_where_it_still_started_when_that_was_seen(
    queue: TaskQueue, gate: Gate
) -> None:
    slow, numbers = Gate(), itertools.count()
    options = attrs.evolve(
        THREAD, max_instances=2, create=lambda: slow("wait" if next(numbers) else "at once")
    )
    assert queue.start_native_worker(1, "Worker", lambda _, data: gate(data), options=options)
    growth = growth_of(queue)
    task_id = queue.send_task(1, "wait")
    gate.wait_entered()
    assert growth._resize(1) == 1
    slow.wait_entered()
    growth.wake()
    eventually(lambda: growth._scaler._taken_away_s)  # it has tried to: nobody idles
    assert instances(queue) == {"BUSY": 1, "STARTING": 1}
    slow.open()
    eventually(lambda: instances(queue) == {"BUSY": 1})
    gate.open()
    check_answered(queue, [task_id])


@pytest.mark.parametrize("options", [ONE_TO_THREE, THREAD], ids=["process", "thread"])
def test_no_task_is_lost_while_instances_come_and_go(
    queue: TaskQueue, options: WorkerOptions
) -> None:
    def double(number: int) -> int:
        return 2 * number

    assert queue.start_native_worker(1, "Worker", double, options=options)
    growth, over = growth_of(queue), threading.Event()

    def resize() -> None:
        """As loads would that come and go at every moment."""
        while not over.wait(0.001):
            TIMER.after(0.0, lambda: _change(growth, queue))

    resizing = threading.Thread(target=resize)
    resizing.start()
    sent: dict[int | None, int] = {}
    try:
        for number in range(3000):
            sent[queue.send_task(1, number)] = number
            if number % 10 == 0:
                eventually(lambda: (queue.tasks_waiting(1) or 0) < 20)
        answers: dict[int, Any] = {}
        eventually(lambda: _take(queue, answers) == len(sent))
    finally:
        over.set()
        resizing.join()
    assert answers == {task_id: 2 * number for task_id, number in sent.items()}
    assert queue.next_task_result(1) is None
    changed = threading.Event()
    TIMER.after(0.0, changed.set)
    assert changed.wait(PATIENCE_S)
    growth.wake()  # it did not know of those that were added
    eventually(lambda: instances(queue) == {"IDLE": 1})


def _change(growth: Growth, queue: TaskQueue) -> None:
    """One more, or back to one; on the timer's thread, where nobody else does."""
    present = instances(queue).total() - instances(queue)["STOPPING"]
    growth._resize(1 if present < 3 else -(present - 1))


def _take(queue: TaskQueue, answers: dict[int, Any]) -> int:
    """Keep what is ready; how many answers that makes."""
    while (result := queue.next_task_result(1)) is not None:
        assert result.task_id not in answers
        assert result.attempts == 1
        answers[result.task_id] = result.payload
    return len(answers)
