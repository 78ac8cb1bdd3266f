"""Waiting for one task's result, for tools and tests: a game polls instead."""

from __future__ import annotations

import contextlib
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Final

from engine_tasks.task import TaskResult

#: Seconds between looks at what only a look brings about: a delayed task of an inline worker.
_POLL_S: Final = 0.002


class ResultWaiters:
    """Who waits for which task. `announce` costs next to nothing while nobody does."""

    def __init__(self) -> None:
        self._arrivals: dict[int, Callable[[], object]] = {}

    def announce(self, task_id: int) -> None:
        """The result of a task can be found from now on. Any thread."""
        if self._arrivals:
            arrived = self._arrivals.pop(task_id, None)
            if arrived is not None:
                arrived()

    def expect(self, task_id: int, arrived: Callable[[], object]) -> None:
        """Call `arrived`, once, when the task is announced: on the thread that has the result,
        within a lock; it must not wait. It takes the place of who expected it before."""
        self._arrivals[task_id] = arrived

    def forget(self, task_id: int) -> None:
        """Nobody expects this task any more."""
        self._arrivals.pop(task_id, None)

    def wait(
        self,
        task_id: int,
        find: Callable[[], TaskResult | None],
        timeout_s: float,
        *,
        polls: bool = False,
    ) -> TaskResult | None:
        """What `find` gives, now or when the task is announced, within `timeout_s` seconds.

        With `polls`, looks again and again: for tasks that only `find` runs. One thread may
        wait for a task; a second one would take the first one's place.
        """
        # A bare lock: a third of the round trip that an Event or a Condition costs.
        arrival = threading.Lock()
        arrival.acquire()
        self.expect(task_id, arrival.release)  # before the look: what comes later releases it
        deadline_s = time.monotonic() + timeout_s
        try:
            while (found := find()) is None:
                left_s = max(0.0, deadline_s - time.monotonic())
                arrived = arrival.acquire(timeout=min(left_s, _POLL_S) if polls else left_s)
                if arrived or left_s == 0.0:
                    return find()
            return found
        finally:
            self.forget(task_id)


def take_result(results: deque[TaskResult], task_id: int) -> TaskResult | None:
    """Take the result of one task, if it is there and no other thread takes it now."""
    for result in list(results):
        if result.task_id == task_id:
            with contextlib.suppress(ValueError):  # another thread polled it just now
                results.remove(result)
                return result
    return None
