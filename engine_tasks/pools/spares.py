"""Executors for tasks that run at once, past the queue."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable

from engine_tasks.errors import ErrorKind, TaskError
from engine_tasks.executors.protocol import (
    Executor,
    ExecutorDied,
    ExecutorStartError,
    MakeExecutor,
)
from engine_tasks.options import MAX_INSTANCES
from engine_tasks.task import Outcome, Progress, Task
from engine_tasks.timer import TIMER


class Spares:
    """A few executors, each with its resource, kept for `run_task`. Any thread may call.

    One that is spare is borrowed; with none a temporary one is made. `keep` of them stay.
    """

    def __init__(
        self, make_executor: MakeExecutor, keep: int, *, ends_late_tasks: bool = True
    ) -> None:
        """`ends_late_tasks`: what runs beyond its task's `timeout_s` is told to end, by a clock
        that a deterministic queue does not go by."""
        self._ends_late_tasks = ends_late_tasks
        self._make = make_executor
        self._keep = keep
        self._lock = threading.Lock()
        self._spare: list[Executor] = []
        self._borrowed: set[Executor] = set()
        self._numbers = itertools.count(MAX_INSTANCES)  # beyond those of instances
        self._closed = False

    def __len__(self) -> int:
        return len(self._spare)

    def replace(self, make_executor: MakeExecutor) -> None:
        """Make executors in another way from now on; those that are spare end."""
        with self._lock:
            self._make = make_executor
            spare, self._spare = self._spare, []
        for executor in spare:
            executor.stop()

    def run(self, task: Task, clock: Callable[[], float]) -> Outcome:
        """Run a task on this thread, or in a child that this thread waits for."""
        try:
            executor = self._borrow()
        except ExecutorStartError as error:
            return TaskError(ErrorKind.CRASHED, f"no executor could be had: {error}")
        is_good = False
        try:
            timeout_s = task.timeout_s if self._ends_late_tasks else None
            outcome, is_good = _run(executor, task, clock, timeout_s)
            return outcome
        finally:
            self._give_back(executor, is_good=is_good)

    def close(self) -> None:
        """End them all; what runs ends too, where it can be made to."""
        with self._lock:
            self._closed = True
            spare, self._spare = self._spare, []
            borrowed = list(self._borrowed)
        for executor in borrowed:
            executor.kill()
        for executor in spare:
            executor.stop()

    def _borrow(self) -> Executor:
        with self._lock:
            if self._closed:
                raise ExecutorStartError("the worker was stopped")
            while self._spare:
                executor = self._spare.pop()
                if executor.alive():
                    self._borrowed.add(executor)
                    return executor
                executor.stop()
            executor = self._make(next(self._numbers), _say_nothing)
            self._borrowed.add(executor)
        try:
            executor.start()
        except BaseException:
            with self._lock:
                self._borrowed.discard(executor)
            raise
        return executor

    def _give_back(self, executor: Executor, *, is_good: bool) -> None:
        with self._lock:
            self._borrowed.discard(executor)
            if is_good and not self._closed and len(self._spare) < self._keep:
                self._spare.append(executor)
                return
        executor.stop()


def _run(
    executor: Executor, task: Task, clock: Callable[[], float], timeout_s: float | None
) -> tuple[Outcome, bool]:
    """What came of the task, and whether the executor can run another."""
    task.attempts += 1
    task.started_s = clock()
    too_late = None
    if timeout_s is not None:
        too_late = TIMER.after(timeout_s, lambda: _end(executor))
    try:
        (outcome,) = executor.run([task])
    except ExecutorDied as death:
        if too_late is not None and too_late.fired:
            message = f"the task took longer than {timeout_s:g} s"
            return TaskError(ErrorKind.TIMEOUT, message, death.error.traceback), False
        return death.error, False
    finally:
        if too_late is not None:
            too_late.cancel()
    return outcome, too_late is None or not too_late.fired


def _end(executor: Executor) -> None:
    executor.kill()


def _say_nothing(_task: Task, _progress: Progress) -> None:
    """Nobody can ask for the progress of a task that is waited for."""
