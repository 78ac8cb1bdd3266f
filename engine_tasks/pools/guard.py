"""Sees to it that an execution ends: by its deadline, or some time after it was cancelled."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Final

import attrs

from engine_tasks.errors import ErrorKind, TaskError
from engine_tasks.executors.protocol import Executor, ExecutorDied, ExecutorStartError
from engine_tasks.pools.tasks import PoolTasks
from engine_tasks.pools.watchdog import Watchdog
from engine_tasks.task import Task
from engine_tasks.timer import TIMER, Timed

#: Seconds that an executor has to end a start by itself, of which it can say more.
_SLACK_S: Final = 0.25


@attrs.frozen
class Death:
    """How an instance ended: the `error` of its task, whether that `began`, and who is to blame.

    An `unhealthy` one has its task tried again. One that the pool itself ended, since its task
    was taken back or took too long, is `blameless`, and replaced without being counted.
    """

    error: TaskError
    began: bool = True
    unhealthy: bool = False
    blameless: bool = False


class Guard:
    """Watches over what one instance executes, and ends the executor where it must.

    `begin` and `rest` are for the instance's thread, `cancel` is for any. An executor that
    cannot be ended, a thread, is given up: its slot is lost, and `on_given_up` is told.
    """

    def __init__(
        self,
        slot: int,
        tasks: PoolTasks,
        executor: Executor,
        cancel_grace_s: float,
        start_timeout_s: float,
    ) -> None:
        self.executor = executor
        #: Called on the timer's thread: set by the instance, which has its own way to tell.
        self.on_given_up: Callable[[Death], None] = _say_nothing
        self.on_start_given_up: Callable[[ExecutorStartError], None] = _say_nothing
        self._slot = slot
        self._tasks = tasks
        self._cancel_grace_s = cancel_grace_s
        self._start_timeout_s = start_timeout_s
        self._lock = threading.Lock()  # decides whether a start was in time
        self._too_late: Timed | None = None
        self._watchdog: Watchdog[Task] = Watchdog(self._expire)
        self._current: Task | None = None
        self._attempt = 0
        self._expired: Task | None = None
        self._is_starting = False

    def begin(self, task: Task, now_s: float) -> None:
        """The instance works on this task from `now_s` on, monotonic seconds."""
        task.started_s = now_s
        self._current = task
        self._attempt = task.attempts
        limit_s = task.timeout_s
        self._watchdog.watch(task, None if limit_s is None else now_s + limit_s)
        # Looked at now: whoever takes it back later hastens the watchdog.
        if task.answered and not task.wanted:
            self._watchdog.hasten(task, now_s + self._cancel_grace_s)

    @property
    def is_held_up(self) -> bool:
        """Whether the instance is in the worker's code, and so hears nothing."""
        return self._current is not None or self._is_starting

    def begin_start(self) -> None:
        """The instance loads the worker's code, for `start_timeout_s` at most."""
        self._is_starting = True
        self._too_late = TIMER.after(self._start_timeout_s + _SLACK_S, self._expire_start)

    def end_start(self) -> bool:
        """The instance has loaded the worker's code, or failed to; whether that was in time."""
        with self._lock:
            was_in_time, self._is_starting = self._is_starting, False
        if self._too_late is not None:
            self._too_late.cancel()
        return was_in_time

    def _expire_start(self) -> None:
        """On the timer's thread: what ends a child that loads too long is its executor."""
        if self.executor.kill():
            return
        with self._lock:
            was_starting, self._is_starting = self._is_starting, False
        if was_starting:
            self.on_start_given_up(
                ExecutorStartError(
                    f"it was still starting after {self._start_timeout_s:g} s "
                    f"(WorkerOptions.start_timeout_s)"
                )
            )

    def rest(self) -> None:
        """The instance works on nothing."""
        if self._current is not None:
            self._current = None  # an idle instance would keep a payload alive, and its future
            self._watchdog.rest()

    def close(self) -> None:
        """The instance will work on nothing more."""
        self._watchdog.close()

    def cancel(self, task: Task) -> None:
        """Nobody wants this execution: it is told, and has the grace to end by itself."""
        self.executor.cancel(task)
        self._watchdog.hasten(task, time.monotonic() + self._cancel_grace_s)

    def explain(self, death: ExecutorDied) -> Death:
        """Why the executor died: by itself, or because a task took too long."""
        expired = self._expired
        if expired is None:
            return Death(death.error, death.began, unhealthy=death.unhealthy)
        ended = _overdue(expired)
        if expired is self._current:
            error = TaskError(ended.error.kind, ended.error.message, death.error.traceback)
            return attrs.evolve(ended, error=error)
        # It had just ended when its time was over, and nobody knows whether the one behind it
        # had begun: that one may not be run twice.
        return Death(death.error, death.began, unhealthy=death.unhealthy, blameless=ended.blameless)

    def _expire(self, task: Task) -> None:
        """On the timer's thread: the current task takes too long."""
        if self.executor.can_be_killed:
            self._expired = task
            self.executor.kill()  # `run` raises, and the instance asks for an explanation
            return
        death = _overdue(task)
        if self._tasks.give_up(self._slot, task, self._attempt, death.error):
            self.executor.kill()  # told only now: what it makes of that comes too late
            self.on_given_up(death)


def _say_nothing(_what: object) -> None:
    """Before there is an instance."""


def _overdue(task: Task) -> Death:
    if not task.wanted:
        error = TaskError(ErrorKind.CANCELLED, "it went on after it was cancelled")
        return Death(error, blameless=True)
    error = TaskError(ErrorKind.TIMEOUT, f"the task took longer than {task.timeout_s:g} s")
    return Death(error, blameless=True)
