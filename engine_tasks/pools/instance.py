"""An instance: one actor that runs the tasks of a worker, one after the other."""

from __future__ import annotations

import time
from collections.abc import Callable
from queue import SimpleQueue
from types import TracebackType
from typing import Any, Final

import attrs
import pykka

from engine_tasks.errors import ErrorKind, TaskError, describe_exception
from engine_tasks.executors.protocol import Executor, ExecutorDied, ExecutorStartError
from engine_tasks.pools.batch import BatchSize
from engine_tasks.pools.tasks import WAKE, PoolTasks
from engine_tasks.pools.watchdog import Watchdog
from engine_tasks.task import Task

START: Final = "start"
STOP: Final = "stop"


@attrs.frozen
class Started:
    """The instance of a slot runs tasks from now on."""

    slot: int


@attrs.frozen
class StartFailed:
    """The instance of a slot could not start, and has ended."""

    slot: int
    error: ExecutorStartError


@attrs.frozen
class Died:
    """The instance of a slot has ended by a fault; its task is answered."""

    slot: int
    error: TaskError


@attrs.frozen
class Stopped:
    """The instance of a slot has ended as it was told."""

    slot: int


Report = Started | StartFailed | Died | Stopped


class Instance(pykka.ThreadingActor):
    """Starts an executor, then takes tasks until none is left, each time it is woken.

    Everything it has to say goes to `report`, on its own thread.
    """

    use_daemon_thread = True

    def __init__(
        self, slot: int, tasks: PoolTasks, executor: Executor, report: Callable[[Report], None]
    ) -> None:
        super().__init__()
        self._slot = slot
        self._tasks = tasks
        self._executor = executor
        self._report = report
        self._batch = BatchSize(executor.max_batch)
        self._watchdog = Watchdog(self._expire)
        self._current: Task | None = None
        self._expired: Task | None = None
        self._ended = False

    @staticmethod
    def _create_actor_inbox() -> SimpleQueue[Any]:
        # 0.5 µs a tell where the default Queue takes 3.5: `engine-tasks bench --only mailbox`
        return SimpleQueue()

    def on_receive(self, message: Any) -> None:
        if self._ended:
            return  # told before it ended: the slot has another actor by now
        if message == WAKE:
            self._work()
        elif message == START:
            self._start()
        elif message == STOP:
            self._executor.stop()
            self._end(Stopped(self._slot))

    def _start(self) -> None:
        try:
            self._executor.start()
        except Exception as error:
            self._end(StartFailed(self._slot, _as_start_error(error)))
            return
        self._report(Started(self._slot))
        self._work()

    def _work(self) -> None:
        try:
            while tasks := self._tasks.take(self._slot, self._batch.size):
                if not self._run(tasks):
                    self._leave()
                    return
        except ExecutorDied as death:
            self._bury(death)
        finally:
            self._watchdog.rest()

    def _run(self, tasks: list[Task]) -> bool:
        """Run tasks that were taken; False when they were answered for it meanwhile."""
        began_s = now_s = time.monotonic()
        self._begin(tasks[0], began_s)
        for number, outcome in enumerate(self._executor.run(tasks), 1):
            now_s = time.monotonic()
            if not self._tasks.answer(self._slot, tasks[number - 1], outcome, now_s):
                return False
            if number < len(tasks):
                self._begin(tasks[number], now_s)
        self._watchdog.rest()
        self._batch.learn(len(tasks), now_s - began_s)
        return True

    def _begin(self, task: Task, now_s: float) -> None:
        task.started_s = now_s
        self._current = task
        self._watchdog.watch(None if task.timeout_s is None else now_s + task.timeout_s)

    def _expire(self) -> None:
        """On the timer's thread: the current task takes too long."""
        task = self._expired = self._current
        if task is None or self._executor.kill():
            return  # `run` raises, and `_bury` answers
        error = _timeout_error(task)
        if self._tasks.give_up(self._slot, task, error):
            self._report(Died(self._slot, error))

    def _bury(self, death: ExecutorDied) -> None:
        """The executor died: by itself, or because a task took too long."""
        if self._expired is None:
            self._die(death.error, began=death.began)
        elif self._expired is self._current:
            error = _timeout_error(self._expired)
            self._die(attrs.evolve(error, traceback=death.error.traceback))
        else:  # it had just ended when its time was over: the one behind it is not to blame
            self._die(_timeout_error(self._expired), began=False)

    def _die(self, error: TaskError, *, began: bool = True) -> None:
        if self._tasks.lose(self._slot, error, began=began, ref=self.actor_ref):
            self._end(Died(self._slot, error))
        else:
            self._vanish()

    def _leave(self) -> None:
        """Its tasks were answered: the pool was killed, or has given it up."""
        if self._tasks.holds(self._slot, self.actor_ref):
            self._executor.stop()
            self._end(Stopped(self._slot))
        else:
            self._vanish()

    def _vanish(self) -> None:
        """It was given up: another has the slot, and nobody waits for a report."""
        self._ended = True
        self._watchdog.close()
        self.stop()

    def _end(self, last_words: Report) -> None:
        self._ended = True
        self._watchdog.close()
        self._report(last_words)
        self.stop()

    def on_failure(
        self,
        _exception_type: type[BaseException] | None,
        exception_value: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        """A fault of this library: the task is answered as for any other death."""
        fault = describe_exception(exception_value) if exception_value else "unknown"
        self._executor.kill()
        self._die(TaskError(ErrorKind.CRASHED, f"the instance failed: {fault}"))

    def on_stop(self) -> None:
        """Stopped from outside, by a `pykka.ActorRegistry.stop_all()` of the game, say."""
        if not self._ended:
            self._ended = True
            self._executor.stop()
            error = TaskError(ErrorKind.STOPPED, "the actor of the instance was stopped")
            if self._tasks.lose(self._slot, error, ref=self.actor_ref):
                self._report(Died(self._slot, error))


def _as_start_error(error: Exception) -> ExecutorStartError:
    if isinstance(error, ExecutorStartError):
        return error
    return ExecutorStartError(f"it could not be started: {describe_exception(error)}")


def _timeout_error(task: Task) -> TaskError:
    return TaskError(ErrorKind.TIMEOUT, f"the task took longer than {task.timeout_s:g} s")
