"""An instance: one actor that runs the tasks of a worker, one after the other."""

from __future__ import annotations

import time
from collections.abc import Callable
from queue import SimpleQueue
from types import TracebackType
from typing import Any

import pykka

from engine_tasks.errors import ErrorKind, TaskError, describe_exception
from engine_tasks.executors.protocol import Executor, ExecutorDied, ExecutorStartError
from engine_tasks.pools.guard import Death, Guard
from engine_tasks.pools.messages import (
    RENEW,
    START,
    STOP,
    Died,
    Ping,
    Renewed,
    Report,
    SetLimits,
    Started,
    StartFailed,
    Stopped,
)
from engine_tasks.pools.tasks import WAKE, PoolTasks, tell_if_alive
from engine_tasks.task import Task


class Instance(pykka.ThreadingActor):
    """Starts an executor, then takes tasks until none is left, each time it is woken.

    Everything it has to say goes to `report`, on its own thread.
    """

    use_daemon_thread = True

    def __init__(
        self,
        slot: int,
        tasks: PoolTasks,
        guard: Guard,
        report: Callable[[Report], None],
    ) -> None:
        super().__init__()
        self._ref = self.actor_ref  # a property, which each answer would ask
        self._slot = slot
        self._tasks = tasks
        self._guard = guard
        self._executor: Executor = guard.executor
        self._report = report
        self._began = False
        self._ended = False
        guard.on_given_up = self._given_up
        guard.on_start_given_up = self._start_given_up

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
            self._end(Stopped(self._slot, self.actor_ref))
        elif message == RENEW:
            self._renew()
        elif isinstance(message, Ping):
            self._say_whether_alive(message)
        elif isinstance(message, SetLimits) and not self._executor.set_limits(message.limits):
            self._renew()

    def _start(self) -> None:
        if self._began:
            return  # told again by a supervisor that took over from another
        self._began = True
        self._guard.begin_start()
        failure: Exception | None = None
        try:
            self._executor.start()
        except Exception as error:
            failure = error
        if not self._guard.end_start():
            self._executor.stop()
            self._vanish()
            return
        if failure is not None:
            self._end(StartFailed(self._slot, self.actor_ref, as_start_error(failure)))
            return
        self._report(Started(self._slot, self.actor_ref))
        self._work()

    # --- tasks -------------------------------------------------------------

    def _work(self) -> None:
        try:
            while tasks := self._tasks.take(self._slot, self._executor.max_batch):
                if not self._run(tasks):
                    self._leave()
                    return
                if not self.actor_inbox.empty():  # it is to hear of a stop, or of new limits
                    tell_if_alive(self.actor_ref, WAKE)  # and to go on then
                    return
        except ExecutorDied as death:
            self._die(self._guard.explain(death))
        finally:
            self._guard.rest()

    def _run(self, tasks: list[Task]) -> bool:
        """Run tasks that were taken; False when they were answered for it meanwhile."""
        since_s = time.monotonic()
        self._guard.begin(tasks[0], since_s)
        executor = self._executor
        done = 0
        for outcome in executor.run(tasks):
            outcomes = [outcome, *executor.outcomes_here()]
            answered = tasks[done : done + len(outcomes)]
            now_s = time.monotonic()
            if not self._tasks.answer_all(
                self._slot, answered, outcomes, since_s, now_s, self._ref
            ):
                return False
            since_s = now_s
            done += len(outcomes)
            if done < len(tasks):
                self._guard.begin(tasks[done], now_s)
            else:
                self._guard.rest()
        return True

    # --- other messages ------------------------------------------------------

    def _say_whether_alive(self, ping: Ping) -> None:
        if self._executor.alive():
            ping.heard()
            return
        self._executor.stop()
        self._die(Death(TaskError(ErrorKind.CRASHED, "its executor ended while it had no task")))

    def _renew(self) -> None:
        self._executor.stop()
        error = TaskError(ErrorKind.STOPPED, "the instance was renewed")  # it has no task to answer
        if self._tasks.lose(self._slot, error, began=False, ref=self.actor_ref):
            self._end(Renewed(self._slot, self.actor_ref))
        else:
            self._vanish()

    # --- the end -------------------------------------------------------------

    def _die(self, death: Death) -> None:
        if self._tasks.lose(
            self._slot,
            death.error,
            began=death.began,
            unhealthy=death.unhealthy,
            ref=self.actor_ref,
        ):
            self._end(Died(self._slot, self.actor_ref, death))
        else:
            self._vanish()

    def _given_up(self, death: Death) -> None:
        """On the timer's thread: what runs here cannot be ended, and another has the slot."""
        self._report(Died(self._slot, self.actor_ref, death))

    def _start_given_up(self, error: ExecutorStartError) -> None:
        """On the timer's thread: what starts here cannot be ended, and is not waited for."""
        self._tasks.leave(self._slot, self.actor_ref)
        self._report(StartFailed(self._slot, self.actor_ref, error))

    def _leave(self) -> None:
        """Its tasks were answered: the pool was killed, or has given it up."""
        self._executor.stop()
        if self._tasks.holds(self._slot, self.actor_ref):
            self._end(Stopped(self._slot, self.actor_ref))
        else:
            self._vanish()

    def _vanish(self) -> None:
        """It was given up: another has the slot, and nobody waits for a report."""
        self._ended = True
        self._guard.close()
        self.stop()

    def _end(self, last_words: Report) -> None:
        self._ended = True
        self._guard.close()
        # Before it says so: a supervisor that does not hear it can see it.
        self._tasks.leave(self._slot, self.actor_ref)
        self._report(last_words)
        if self.actor_ref.is_alive():  # not so after a failure
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
        self._executor.stop()
        self._die(Death(TaskError(ErrorKind.CRASHED, f"the instance failed: {fault}")))

    def on_stop(self) -> None:
        """Stopped from outside, by a `pykka.ActorRegistry.stop_all()` of the game, say."""
        if not self._ended:
            self._ended = True
            self._executor.stop()
            error = TaskError(ErrorKind.STOPPED, "the actor of the instance was stopped")
            if self._tasks.lose(self._slot, error, ref=self.actor_ref):
                self._report(Died(self._slot, self.actor_ref, Death(error, blameless=True)))


def as_start_error(error: Exception) -> ExecutorStartError:
    """What kept an executor from starting, also where that is no error it announced."""
    if isinstance(error, ExecutorStartError):
        return error
    return ExecutorStartError(f"it could not be started: {describe_exception(error)}")
