"""Runs Python in the calling thread: the game's own (inline), or an actor's (thread)."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from engine_tasks import this_task
from engine_tasks.errors import ErrorKind, TaskError, log_line
from engine_tasks.executors.protocol import (
    Executor,
    ExecutorDied,
    ExecutorStartError,
    MakeExecutor,
    ReportProgress,
)
from engine_tasks.executors.running import RunningTask
from engine_tasks.native import NativeCode, Unhealthy
from engine_tasks.options import LuaLimits, WorkerOptions
from engine_tasks.resource import CreateFailed, NativeInstance, ResourceGone
from engine_tasks.task import Outcome, Task

logger = logging.getLogger("engine_tasks.worker")


class CallingExecutor:
    """Calls a function on the thread that calls `run`; the payload is copied all the same.

    Nothing can end a Python thread from outside: a killed one goes on until its function
    returns, and the pool drops what it says then.
    """

    confinement = None
    max_batch = 1  # nothing is handed over: a batch would only let tasks wait
    can_be_killed = False

    def __init__(self, instance: NativeInstance, running: RunningTask) -> None:
        self._instance = instance
        self._running = running

    def start(self) -> None:
        try:
            self._instance.start()
        except CreateFailed as failed:
            error = failed.error
            raise ExecutorStartError(error.message, traceback=error.traceback) from failed

    def run(self, tasks: Sequence[Task]) -> Iterator[Outcome]:
        for task in tasks:
            outcome = self._run_one(task)
            if isinstance(outcome, Unhealthy):
                self.stop()
                raise ExecutorDied(outcome.error, unhealthy=True)
            yield outcome

    def _run_one(self, task: Task) -> Outcome | Unhealthy:
        self._running.begin(task)
        previous = this_task.enter(self._running)
        try:
            return self._instance.run(task.payload)
        except ResourceGone as error:
            stopped = TaskError(ErrorKind.STOPPED, "the executor was stopped")
            raise ExecutorDied(stopped, began=False) from error
        finally:
            this_task.leave(previous)
            self._running.end()

    def outcomes_here(self) -> Sequence[Outcome]:
        return ()

    def set_limits(self, limits: LuaLimits) -> bool:
        self._running.set_rate(limits.progress_per_s)
        return True

    def stop(self) -> None:
        self._instance.end()

    def alive(self) -> bool:
        return True

    def cancel(self, task: Task | None = None) -> None:
        self._running.cancel(task)

    def kill(self) -> bool:
        self._running.cancel(None)
        return False


def calling_executors(
    name: str, function: Callable[..., Any], options: WorkerOptions
) -> MakeExecutor:
    """Makes the executors of a worker that runs `function`.

    Raises `TypeError` for a function, or a callable of the options, that cannot be called as
    it will be.
    """
    code = NativeCode.of(function, options)
    hints = code.hints()

    def make(slot: int, report_progress: ReportProgress) -> Executor:
        def complain(text: str) -> None:
            logger.error("%s#%d: %s", name, slot, log_line(text))

        instance = NativeInstance(code, hints, options.max_payload_bytes, complain)
        return CallingExecutor(
            instance, RunningTask(report_progress, options.limits.progress_per_s)
        )

    return make
