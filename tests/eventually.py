"""Waiting for what happens on another thread or in another process, within a bound."""

import threading
import time
from collections.abc import Callable

from engine_tasks import TaskQueue, TaskResult

#: Seconds after which a thing that was to happen has not; a busy machine is no failure.
PATIENCE_S = 30.0


def eventually(condition: Callable[[], object], timeout_s: float = PATIENCE_S) -> None:
    """Wait until the condition holds. Raises `AssertionError` when it does not in time."""
    never = threading.Event()
    deadline_s = time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() > deadline_s:
            raise AssertionError(f"did not happen within {timeout_s:g} s")
        never.wait(0.002)


def result_of(queue: TaskQueue, worker_id: int, data: object) -> TaskResult:
    """Send a task and wait for its result."""
    task_id = queue.send_task(worker_id, data)
    assert task_id is not None, queue.last_error
    result = queue.wait_result(task_id, PATIENCE_S)
    assert result is not None, f"task {task_id} was not answered"
    assert result.task_id == task_id
    return result
