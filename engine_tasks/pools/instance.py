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
                self._run(tasks)
        except ExecutorDied as death:
            self._die(death.error, began=death.began)

    def _run(self, tasks: list[Task]) -> None:
        began_s = started_s = time.monotonic()
        tasks[0].started_s = started_s
        for task, outcome in zip(tasks, self._executor.run(tasks), strict=True):
            task.started_s, started_s = started_s, time.monotonic()
            self._tasks.answer(self._slot, task, outcome, finished_s=started_s)
        self._batch.learn(len(tasks), started_s - began_s)

    def _die(self, error: TaskError, *, began: bool = True) -> None:
        self._tasks.lose(self._slot, error, began=began)
        self._end(Died(self._slot, error))

    def _end(self, last_words: Report) -> None:
        self._ended = True
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
            self._tasks.lose(self._slot, error)
            self._report(Died(self._slot, error))


def _as_start_error(error: Exception) -> ExecutorStartError:
    if isinstance(error, ExecutorStartError):
        return error
    return ExecutorStartError(f"it could not be started: {describe_exception(error)}")
