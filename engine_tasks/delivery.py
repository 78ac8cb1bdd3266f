"""Where the results of a worker go: to who polls, to a callback, or to who waits for them."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable

from engine_tasks.background import BACKGROUND
from engine_tasks.policies import Priority
from engine_tasks.sending import OnResult
from engine_tasks.task import Task, TaskResult
from engine_tasks.timer import TIMER
from engine_tasks.waiting import ResultWaiters

logger = logging.getLogger(__name__)

#: Told of a worker's delivery that has one more callback of a priority.
OnCallbackDue = Callable[["Delivery", Priority], None]


class Delivery:
    """The results of one worker that wait to be taken. Any thread may take them.

    `deliver` is called within the pool's lock, on the thread that has the result, and
    `settle` once that lock is free again.
    """

    def __init__(
        self,
        results: deque[TaskResult],
        waiters: ResultWaiters,
        on_callback_due: OnCallbackDue | None,
    ) -> None:
        """`on_callback_due` is told of each result that waits in `callbacks`; without it the
        results of tasks with an `on_result` are polled like the others."""
        self.results = results
        #: By the priority of their tasks.
        self.callbacks = tuple(deque[tuple[OnResult, TaskResult]]() for _ in Priority)
        self._done: deque[tuple[OnResult, TaskResult]] = deque()
        self._waiters = waiters
        self._on_callback_due = on_callback_due

    def __len__(self) -> int:
        return len(self.results) + sum(map(len, self.callbacks))

    def deliver(self, task: Task, result: TaskResult) -> None:
        """A task has its result."""
        if task.on_done is not None:
            self._done.append((task.on_done, result))
        elif task.on_result is not None and self._on_callback_due is not None:
            self.callbacks[task.priority].append((task.on_result, result))
            self._on_callback_due(self, task.priority)
        else:
            self.results.append(result)
        self._waiters.announce(task.id)

    def settle(self) -> None:
        """Call those who wait for a result, on this thread unless it is the timer's."""
        if self._done and TIMER.is_this_thread():
            BACKGROUND.call(self.settle)  # what they do may take long
            return
        while self._done:
            try:
                on_done, result = self._done.popleft()
            except IndexError:
                return  # another thread is at it
            try:
                on_done(result)
            except Exception:
                logger.exception("what waits for task %d failed", result.task_id)
