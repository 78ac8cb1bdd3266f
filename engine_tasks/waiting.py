"""Waiting for one task's result, for tools and tests: a game polls instead."""

from __future__ import annotations

import contextlib
import threading
from collections import deque
from collections.abc import Callable

from engine_tasks.task import TaskResult


class ResultWaiters:
    """Who waits for which task. `announce` costs next to nothing while nobody does."""

    def __init__(self) -> None:
        self._arrivals: dict[int, threading.Lock] = {}

    def announce(self, task_id: int) -> None:
        """The result of a task can be found from now on. Any thread."""
        if self._arrivals:
            arrival = self._arrivals.pop(task_id, None)
            if arrival is not None:
                arrival.release()

    def wait(
        self, task_id: int, find: Callable[[], TaskResult | None], timeout_s: float
    ) -> TaskResult | None:
        """What `find` gives, now or when the task is announced, within `timeout_s` seconds.

        One thread may wait for a task; a second one would take the first one's place.
        """
        # A bare lock: a third of the round trip that an Event or a Condition costs.
        arrival = threading.Lock()
        arrival.acquire()
        self._arrivals[task_id] = arrival  # before the look: what comes later releases it
        try:
            found = find()
            if found is None and arrival.acquire(timeout=max(0.0, timeout_s)):
                found = find()
            return found
        finally:
            self._arrivals.pop(task_id, None)


def take_result(results: deque[TaskResult], task_id: int) -> TaskResult | None:
    """Take the result of one task, if it is there and no other thread takes it now."""
    for result in list(results):
        if result.task_id == task_id:
            with contextlib.suppress(ValueError):  # another thread polled it just now
                results.remove(result)
                return result
    return None
