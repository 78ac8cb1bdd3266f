"""Executors for tasks that run at once, past the queue."""

from __future__ import annotations

import itertools
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Any

import attrs
import pykka

from engine_tasks.errors import ErrorKind, TaskError, describe_exception
from engine_tasks.executors.protocol import (
    Executor,
    ExecutorDied,
    ExecutorStartError,
    MakeExecutor,
)
from engine_tasks.options import MAX_INSTANCES
from engine_tasks.pools.tasks import tell_if_alive
from engine_tasks.task import Outcome, Progress, Task
from engine_tasks.timer import TIMER

Clock = Callable[[], float]


class _Thread(pykka.ThreadingActor):
    """Calls what it is told, so that an executor lives on one thread from start to stop."""

    use_daemon_thread = True

    def on_receive(self, message: Callable[[], Any]) -> Any:
        return message()


@attrs.frozen(eq=False)
class _Spare:
    """An executor, and the thread that it lives on; None for that of whoever calls.

    With `has_timer` it is ended when its task takes too long.
    """

    executor: Executor
    thread: pykka.ActorRef[_Thread] | None
    has_timer: bool

    def start(self) -> None:
        """Be ready. Raises what `Executor.start` raises."""
        self._call(self.executor.start, None)

    def run(self, task: Task, clock: Clock) -> tuple[Outcome, bool]:
        """What came of the task, and whether the executor can run another."""
        task.attempts += 1
        task.started_s = clock()
        too_late = None
        if task.timeout_s is not None and self.has_timer:
            too_late = TIMER.after(task.timeout_s, self._kill)
        try:
            outcome = self._call(lambda: next(iter(self.executor.run([task]))), task.timeout_s)
        except pykka.Timeout:
            self.executor.kill()  # or it is a thread, which is left to itself
            return _timeout_error(task), False
        except pykka.ActorDeadError:  # by a `pykka.ActorRegistry.stop_all()` of the game, say
            return TaskError(ErrorKind.CRASHED, "its thread was stopped"), False
        except ExecutorDied as death:
            was_killed = too_late is not None and too_late.fired
            return (_timeout_error(task) if was_killed else death.error), False
        finally:
            if too_late is not None:
                too_late.cancel()
        return outcome, too_late is None or not too_late.fired

    def stop(self) -> None:
        """End, without waiting where it has a thread."""
        if self.thread is None or not tell_if_alive(self.thread, self.executor.stop):
            self.executor.stop()
            return
        self.thread.stop(block=False)

    def wait_ended(self, timeout_s: float) -> bool:
        """Wait until it has ended as it was told."""
        return self.thread is None or self.thread.actor_stopped.wait(timeout_s)

    def alive(self) -> bool:
        """Whether it could run a task now."""
        return self.executor.alive() and (self.thread is None or self.thread.is_alive())

    def _kill(self) -> None:
        self.executor.kill()

    def _call(self, call: Callable[[], Any], timeout_s: float | None) -> Any:
        if self.thread is None:
            return call()
        return self.thread.ask(call, timeout=timeout_s)


class Spares:
    """A few executors, each with its resource, kept for `run_task`. Any thread may call.

    One that is spare is borrowed; with none a temporary one is made. `keep` of them stay.
    With `own_threads` each lives on a thread of its own, as the resource of a thread must.
    With `has_timer` one whose task takes too long is ended, by the world's clock.
    """

    def __init__(
        self, make_executor: MakeExecutor, keep: int, *, own_threads: bool, has_timer: bool = True
    ) -> None:
        self._make = make_executor
        self._keep = keep
        self._own_threads = own_threads
        self._has_timer = has_timer
        self._lock = threading.Lock()
        self._spare: list[_Spare] = []
        self._borrowed: set[_Spare] = set()
        self._numbers = itertools.count(MAX_INSTANCES)  # beyond those of instances
        self._ending: deque[_Spare] = deque()
        self._closed = False

    def __len__(self) -> int:
        return len(self._spare)

    def replace(self, make_executor: MakeExecutor) -> None:
        """Make executors in another way from now on; those that are spare end."""
        with self._lock:
            self._make = make_executor
            spare, self._spare = self._spare, []
        self._end(spare)

    def run(self, task: Task, clock: Clock) -> Outcome:
        """Run a task, and wait for it."""
        if self._closed:
            return TaskError(ErrorKind.STOPPED, "the worker was stopped")
        try:
            spare = self._borrow()
        except ExecutorStartError as error:
            return TaskError(ErrorKind.CRASHED, f"no executor could be had: {error}")
        is_good = False
        try:
            outcome, is_good = spare.run(task, clock)
            return outcome
        finally:
            self._give_back(spare, is_good=is_good)

    def close(self) -> None:
        """End them all; what runs ends too, where it can be made to."""
        with self._lock:
            self._closed = True
            spare, self._spare = self._spare, []
            borrowed = list(self._borrowed)
        for each in borrowed:
            each.executor.kill()
        self._end(spare)

    def wait_ended(self, timeout_s: float) -> bool:
        """Wait until those that were to end have, with their resources."""
        deadline_s = time.monotonic() + timeout_s
        while self._ending:
            if not self._ending[0].wait_ended(max(0.0, deadline_s - time.monotonic())):
                return False
            self._ending.popleft()
        return True

    def _end(self, spares: list[_Spare]) -> None:
        self._ending.extend(spares)
        for each in spares:
            each.stop()

    def _borrow(self) -> _Spare:
        spare, is_new = self._take()
        if is_new:
            try:
                spare.start()
            except BaseException as error:
                with self._lock:
                    self._borrowed.discard(spare)
                spare.stop()
                if isinstance(error, ExecutorStartError) or not isinstance(error, Exception):
                    raise
                raise ExecutorStartError(describe_exception(error)) from error
        return spare

    def _take(self) -> tuple[_Spare, bool]:
        """One that is spare and lives, or one that has yet to start."""
        with self._lock:
            if self._closed:
                raise ExecutorStartError("the worker was stopped")
            while self._spare:
                spare = self._spare.pop()
                if spare.alive():
                    self._borrowed.add(spare)
                    return spare, False
                spare.stop()
            executor = self._make(next(self._numbers), _say_nothing)
            thread = _Thread.start() if self._own_threads else None
            spare = _Spare(executor, thread, self._has_timer)
            self._borrowed.add(spare)
            return spare, True

    def _give_back(self, spare: _Spare, *, is_good: bool) -> None:
        with self._lock:
            self._borrowed.discard(spare)
            if is_good and not self._closed and len(self._spare) < self._keep:
                self._spare.append(spare)
                return
        self._end([spare])


def _timeout_error(task: Task) -> TaskError:
    return TaskError(ErrorKind.TIMEOUT, f"the task took longer than {task.timeout_s:g} s")


def _say_nothing(_task: Task, _progress: Progress) -> None:
    """Nobody can ask for the progress of a task that is waited for."""
