"""Where the results of a pool go, and what is kept of them when the pool is replaced."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from typing import Any, Final

from engine_tasks.child.rate import RateLimit
from engine_tasks.errors import ErrorKind, TaskError, log_line
from engine_tasks.observe.metrics import TaskMetrics
from engine_tasks.parcel import Parcel
from engine_tasks.pools.dead_letters import DeadLetters
from engine_tasks.task import UNREAD, Outcome, ReadResult, Task, TaskResult

logger = logging.getLogger(__name__)

#: Dead letters and retries a second that are told in the log; a worker may fail each frame.
_TOLD_PER_S: Final = 5


class Outlet:
    """Makes results of outcomes and gives them away. One a worker; it outlives its pools.

    `deliver` takes each result, within the pool's lock and on the thread that has it, and
    must neither wait nor raise: the tasks behind it would have no answer. `settle` is called
    when the lock is free again.
    """

    def __init__(
        self,
        worker_id: int,
        name: str,
        deliver: Callable[[Task, TaskResult], None],
        settle: Callable[[], None] = lambda: None,
        max_dead_letters: int = 0,
    ) -> None:
        self.metrics = TaskMetrics()
        self.dead_letters = DeadLetters(max_dead_letters)
        self.settle = settle
        self._worker_id = worker_id
        self._name = name
        self._deliver = deliver
        self._told = RateLimit(_TOLD_PER_S)

    def give(self, task: Task, carrier: Task, outcome: Outcome, finished_s: float) -> None:
        """Within the lock: a task has its result, from the execution of `carrier`."""
        ready_s, started_s = task.ready_s, carrier.started_s
        if started_s < ready_s:
            started_s = 0.0  # it backs off from an attempt
        kind = outcome.kind if isinstance(outcome, TaskError) else None
        self.metrics.finished(ready_s, started_s, finished_s, kind)
        self._deliver(task, self.make_result(task, carrier, outcome, finished_s))

    def give_all(
        self, tasks: Sequence[Task], outcomes: Sequence[Outcome], began_s: float, each_s: float
    ) -> None:
        """Within the lock: tasks that ran one after the other, each for `each_s` seconds, have
        their results. None of them failed, and nobody else asked for any."""
        worker_id, deliver = self._worker_id, self._deliver
        waits_s: list[float] = []
        for task, outcome in zip(tasks, outcomes, strict=True):
            task.started_s = began_s
            if began_s:
                waits_s.append(began_s - task.ready_s)
            ended_s = began_s + each_s
            encoded: Any = outcome
            payload = UNREAD
            if type(outcome) is ReadResult:
                encoded, payload = outcome.encoded, outcome.payload
            deliver(
                task,
                TaskResult(
                    worker_id,
                    task.id,
                    None,
                    task.attempts,
                    task.queued_s,
                    began_s,
                    ended_s,
                    encoded,
                    payload,
                ),
            )
            began_s = ended_s
        self.metrics.finished_all(len(tasks), waits_s, each_s, began_s)

    def make_result(
        self, task: Task, carrier: Task, outcome: Outcome, finished_s: float
    ) -> TaskResult:
        """The result of a task from the execution of `carrier`."""
        worker_id, task_id, attempts = self._worker_id, task.id, carrier.attempts
        queued_s, started_s = task.queued_s, carrier.started_s
        if type(outcome) is bytes or isinstance(outcome, Parcel):
            return TaskResult(
                worker_id, task_id, None, attempts, queued_s, started_s, finished_s, outcome
            )
        times = (queued_s, started_s, finished_s)
        if isinstance(outcome, ReadResult):
            # Each of several askers has a value of its own to change.
            payload = outcome.payload if task is carrier else UNREAD
            encoded = outcome.encoded
            return TaskResult(worker_id, task_id, None, attempts, *times, encoded, payload)
        assert isinstance(outcome, TaskError)
        return TaskResult(worker_id, task_id, outcome, attempts, *times)

    def tell_dead(self, dead: Sequence[Task]) -> None:
        """Without the lock: say which tasks are out of attempts."""
        for task in dead:
            # An error of the code itself, at the only attempt, is for the game to see.
            is_plain = task.attempts == 1 and task.errors[-1].kind is ErrorKind.FAILED
            is_told = not is_plain and self._told.allows(time.monotonic())
            logger.log(
                logging.WARNING if is_told else logging.DEBUG,
                "%s: task %d is a dead letter after attempt %d: %s: %s",
                self._name,
                task.id,
                task.attempts,
                task.errors[-1].kind,
                log_line(task.errors[-1].message),
            )

    def tell_retries(self, retried: Sequence[Task]) -> None:
        """Without the lock: say which tasks will be tried again."""
        for task in retried:
            level = logging.INFO if self._told.allows(time.monotonic()) else logging.DEBUG
            logger.log(
                level,
                "%s: task %d is tried again after attempt %d: %s",
                self._name,
                task.id,
                task.attempts,
                log_line(task.errors[-1].message),
            )
