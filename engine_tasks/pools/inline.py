"""A pool without a thread: its tasks run on the thread that polls."""

from __future__ import annotations

import threading
from collections.abc import Callable
from random import Random

from engine_tasks.errors import ErrorKind, TaskError
from engine_tasks.executors.protocol import ExecutorDied, ExecutorStartError, MakeExecutor
from engine_tasks.options import LuaLimits, WorkerOptions
from engine_tasks.pools.outlet import Outlet
from engine_tasks.pools.restarts import RestartHistory
from engine_tasks.pools.slots import InstanceState, PoolPhase
from engine_tasks.pools.state import PoolState
from engine_tasks.pools.tasks import Clock, PoolTasks
from engine_tasks.task import Task

_SLOT = 0


class InlinePool:
    """One instance that runs a task whenever the game asks it to.

    For tests, replays and platforms without threads. Any thread may submit; one polls. With
    the same clock and the same `seed` the same tasks come to the same results. Nothing can
    end a Python function that hangs on the thread that polls: it has no timeout.
    """

    def __init__(
        self,
        name: str,
        options: WorkerOptions,
        make_executor: MakeExecutor,
        outlet: Outlet,
        clock: Clock,
        seed: int | None = None,
    ) -> None:
        self.name = name
        self.phase = PoolPhase.STARTING
        self.error: ExecutorStartError | None = None
        self.has_started = False
        random = Random(seed)
        state = PoolState(
            1,
            aging_s=options.aging_s,
            retry=options.retry,
            same_key=options.same_key,
            random=random,
            is_exact=True,
        )
        self.tasks = PoolTasks(state, outlet, options, clock=clock, has_alarm=False)
        #: Accepts a task: None, or the reason why it is refused; see `PoolTasks.submit`.
        self.submit = self.tasks.submit
        self._outlet = outlet
        self._history = RestartHistory(options.restart, random)
        self._make = make_executor
        self._executor = make_executor(_SLOT, self.tasks.report_progress)
        self._running = threading.Lock()  # held while a task runs, on whatever thread
        self._restart_s: float | None = None
        self._is_outdated = False
        self._until_s: float | None = None

    # --- life ------------------------------------------------------------

    def start(self) -> None:
        """Load the worker's code, here and now."""
        try:
            self._executor.start()
        except ExecutorStartError as error:
            self._fail(error)
        else:
            self.has_started = True
            self.phase = PoolPhase.RUNNING

    def wait_started(self, timeout_s: float) -> PoolPhase:
        """The phase; there is nothing to wait for."""
        del timeout_s
        return self.phase

    def refuse(self, until_s: float | None = None) -> None:
        """Accept no more tasks; what was accepted goes on, if it is ready by `until_s`."""
        if self.phase is PoolPhase.RUNNING:
            self.phase = PoolPhase.DRAINING
        self._until_s = until_s
        self.tasks.refuse(f"the worker {self.name!r} is stopping", until_s)
        self.tasks.drain(gently=False)

    def stop(self, grace_s: float) -> None:
        """Answer what waits as STOPPED and let the worker's code end."""
        del grace_s  # nothing runs while the only thread is here
        self.kill()

    def kill(self) -> None:
        """Answer every task as STOPPED at once."""
        if self.phase is not PoolPhase.FAILED:
            self.phase = PoolPhase.STOPPED
        error = TaskError(ErrorKind.STOPPED, f"the worker {self.name!r} was stopped")
        self.tasks.close(error.message, error)
        self.tasks.drain(gently=False)
        self.tasks.abandon(error)
        self._executor.cancel()
        if self._running.acquire(blocking=False):  # else whoever runs a task ends it
            try:
                self._executor.stop()
            finally:
                self._running.release()

    def end_running(self) -> None:
        """Nothing runs while nobody polls."""

    def wait_stopped(self, timeout_s: float) -> bool:
        """Whether it has ended; there is nothing to wait for."""
        del timeout_s
        return self.phase in (PoolPhase.FAILED, PoolPhase.STOPPED)

    # --- tasks -----------------------------------------------------------

    def cancel(self, task_id: int) -> bool:
        """Answer a task as CANCELLED; False for one that neither waits nor runs."""
        verdict = self.tasks.cancel(task_id)
        if isinstance(verdict, bool):
            return verdict
        self._executor.cancel(verdict[1])
        return True

    def purge(self, run_id: str) -> int:
        """Answer what waits of a run as CANCELLED; how many tasks."""
        count = self.tasks.purge(run_id)
        self.tasks.drain(gently=False)
        return count

    def advance(self) -> None:
        """Let time pass: answer what expired, and all that is left when a drain is over."""
        if self._until_s is not None and self.tasks.clock() >= self._until_s:
            self.kill()
        self.tasks.advance()

    def run_next(self) -> bool:
        """Run the next task that is ready; whether there was one.

        A task that polls its own worker finds nothing: tasks do not nest.
        """
        if not self.tasks.counts()[0] or not self._running.acquire(blocking=False):
            return False
        try:
            self.advance()
            if self.tasks.next_rank() is None or not self._is_ready():
                return False
            taken = self.tasks.take(_SLOT)
            if taken:
                self._run(taken[0])
            return bool(taken)
        finally:
            if self.tasks.closed:
                self._executor.stop()
            self._running.release()

    def _run(self, task: Task) -> None:
        task.started_s = self.tasks.clock()
        try:
            for outcome in self._executor.run([task]):
                self.tasks.answer(_SLOT, task, outcome, self.tasks.clock())
        except ExecutorDied as death:
            self.tasks.lose(_SLOT, death.error, began=death.began, unhealthy=death.unhealthy)
            self._executor.stop()
            self._plan_restart(ExecutorStartError(str(death.error)))
        except KeyboardInterrupt:
            error = TaskError(ErrorKind.FAILED, "interrupted by Ctrl-C")
            self.tasks.answer(_SLOT, task, error, self.tasks.clock())
            raise

    # --- the instance ------------------------------------------------------

    def _is_ready(self) -> bool:
        """Whether there is an executor; one that died is replaced when its backoff is over."""
        if self.tasks.closed:
            return False
        if self._restart_s is None and not self._is_outdated:
            return True
        if self._restart_s is not None and self.tasks.clock() < self._restart_s:
            return False
        if self._is_outdated and self._restart_s is None:
            self._executor.stop()
        self._restart_s, self._is_outdated = None, False
        self._executor = self._make(_SLOT, self.tasks.report_progress)
        try:
            self._executor.start()
        except ExecutorStartError as error:
            self._plan_restart(error)
            return False
        self.tasks.restart(_SLOT)
        return True

    def _plan_restart(self, cause: ExecutorStartError) -> None:
        now_s = self.tasks.clock()
        wait_s = self._history.record(_SLOT, now_s)
        if wait_s is None:
            self._fail(cause)
        else:
            self._outlet.metrics.restarted()
            self._restart_s = now_s + wait_s

    def _fail(self, error: ExecutorStartError) -> None:
        self.error = error
        self.phase = PoolPhase.FAILED
        reason = f"the worker {self.name!r} failed: {error}"
        self.tasks.close(reason, TaskError(ErrorKind.CRASHED, reason))
        self.tasks.drain(gently=False)

    def renew(self, make_executor: MakeExecutor | None = None) -> None:
        """Have the next task run by a fresh executor."""
        self._make = make_executor or self._make
        self._is_outdated = True

    def set_limits(self, limits: LuaLimits, make_executor: MakeExecutor) -> None:
        """Run the next tasks within other limits."""
        del limits
        self.renew(make_executor)

    def ping(self, heard: Callable[[], None]) -> None:
        """Have `heard` called: whoever asks is the thread that it would run on."""
        if self.phase is PoolPhase.RUNNING:
            heard()

    def confinement(self) -> None:
        """None: nothing is around what runs on the game's own thread."""

    def slots(self) -> tuple[InstanceState, ...]:
        """The state of the one instance."""
        if self.phase is PoolPhase.RUNNING:
            return (InstanceState.BUSY if self._running.locked() else InstanceState.IDLE,)
        return self.tasks.slots()
