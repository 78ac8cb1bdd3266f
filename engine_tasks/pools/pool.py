"""A pool of actors: its tasks, its supervisor, and how both start and end."""

from __future__ import annotations

import threading

from engine_tasks.errors import ErrorKind, TaskError
from engine_tasks.executors.protocol import (
    Confinement,
    Executor,
    ExecutorStartError,
    MakeExecutor,
)
from engine_tasks.pools.state import InstanceState, PoolPhase
from engine_tasks.pools.supervisor import Forget, PoolEvents, StartSlot, StopAll, Supervisor
from engine_tasks.pools.tasks import Deliver, PoolTasks, tell_if_alive
from engine_tasks.task import Progress, Task
from engine_tasks.timer import TIMER, Timed


class Pool:
    """A worker's instances and its ready queue. Safe from any thread.

    `make_executor` gives the executor of an instance by its number; `deliver` takes each
    result, on the thread that has it, and must not wait.
    """

    def __init__(
        self,
        worker_id: int,
        name: str,
        slots: int,
        make_executor: MakeExecutor,
        deliver: Deliver,
    ) -> None:
        self.name = name
        self.error: ExecutorStartError | None = None
        self._slots = slots
        self._tasks = PoolTasks(worker_id, slots, deliver)
        self._make = make_executor
        self._lock = threading.Lock()
        self._executors: dict[int, Executor] = {}
        self._phase = PoolPhase.STARTING
        self._grace: Timed | None = None
        self._settled = threading.Event()  # started, failed or stopped
        self._stopped = threading.Event()
        events = PoolEvents(
            self._when_started, self._when_failed, self._when_stopped, self._when_orphaned
        )
        self._supervisor = Supervisor.start(name, slots, self._tasks, self._make_executor, events)

    # --- life ------------------------------------------------------------

    def start(self) -> None:
        """Start every instance, without waiting for any."""
        for slot in range(self._slots):
            self._supervisor.tell(StartSlot(slot))

    def wait_started(self, timeout_s: float) -> PoolPhase:
        """Wait until every instance has started or one could not; the phase then."""
        self._settled.wait(timeout_s)
        return self.phase

    def refuse(self) -> None:
        """Accept no more tasks; what was accepted goes on."""
        self._tasks.refuse(f"the worker {self.name!r} is stopping")

    def wait_empty(self, timeout_s: float) -> bool:
        """Wait until no task waits or runs."""
        return self._tasks.wait_empty(timeout_s)

    def stop(self, grace_s: float) -> None:
        """Answer what waits as STOPPED at once, and what still runs after `grace_s` seconds.

        Does not wait: the instances end behind the caller's back, at the latest by a kill.
        """
        self._close(PoolPhase.STOPPING)
        with self._lock:
            executors = list(self._executors.values())
        for executor in executors:
            executor.cancel()
        with self._lock:
            if not self._stopped.is_set() and self._grace is None:
                self._grace = TIMER.after(grace_s, self._kill_the_rest)

    def kill(self) -> None:
        """Answer every task as STOPPED at once and end what runs."""
        self._close(PoolPhase.STOPPING)
        self._kill_the_rest()
        self._tasks.drain()

    def wait_stopped(self, timeout_s: float) -> bool:
        """Wait until every instance has ended."""
        return self._stopped.wait(timeout_s)

    # --- tasks -----------------------------------------------------------

    def submit(self, task: Task) -> str | None:
        """Accept a task: None, or the reason why it is refused."""
        return self._tasks.submit(task)

    def counts(self) -> tuple[int, int]:
        """Tasks that wait, and tasks in progress, of one moment."""
        return self._tasks.counts()

    def progress(self, task_id: int) -> Progress | None:
        """What a running task said of itself last."""
        return self._tasks.progress(task_id)

    @property
    def phase(self) -> PoolPhase:
        """Where the pool is in its life."""
        return self._phase

    def slots(self) -> tuple[InstanceState, ...]:
        """The state of each instance."""
        return self._tasks.slots()

    def confinement(self) -> Confinement | None:
        """The layers around its child processes, where a stranger's code runs in them."""
        with self._lock:
            executors = list(self._executors.values())
        return next((found for each in executors if (found := each.confinement)), None)

    # --- what the supervisor needs and says, on its thread ------------------

    def _make_executor(self, slot: int) -> Executor:
        executor = self._make(slot, self._tasks.report_progress)
        with self._lock:
            self._executors[slot] = executor
            ending = self._tasks.closed
        if ending:  # closed since the supervisor looked: do not let it start
            executor.kill()
        return executor

    def _when_started(self) -> None:
        with self._lock:
            if self._phase is PoolPhase.STARTING:
                self._phase = PoolPhase.RUNNING
        self._settled.set()

    def _when_failed(self, error: ExecutorStartError) -> None:
        self.error = error
        reason = f"the worker {self.name!r} failed: {error}"
        self._close(PoolPhase.FAILED, reason, TaskError(ErrorKind.CRASHED, reason))
        self._settled.set()

    def _when_stopped(self) -> None:
        with self._lock:
            if self._phase is not PoolPhase.FAILED:
                self._phase = PoolPhase.STOPPED
            self._executors.clear()
            if self._grace is not None:
                self._grace.cancel()
        self._settled.set()
        self._stopped.set()

    def _when_orphaned(self) -> None:
        """The supervisor was stopped by a stranger: nobody is left to see to the instances."""
        self._when_failed(ExecutorStartError("the actor of its supervisor was stopped"))
        self._kill_the_rest()
        self._tasks.drain()
        self._when_stopped()

    # --- ending ------------------------------------------------------------

    def _close(
        self, phase: PoolPhase, reason: str | None = None, error: TaskError | None = None
    ) -> None:
        with self._lock:
            if self._phase in (PoolPhase.STARTING, PoolPhase.RUNNING):
                self._phase = phase
        reason = reason or f"the worker {self.name!r} was stopped"
        self._tasks.close(reason, error or TaskError(ErrorKind.STOPPED, reason))
        if not tell_if_alive(self._supervisor, StopAll()):
            self._tasks.drain()

    def _kill_the_rest(self) -> None:
        if self._stopped.is_set():
            return
        error = TaskError(ErrorKind.STOPPED, f"the worker {self.name!r} was stopped")
        self._tasks.abandon(error)
        with self._lock:
            executors = list(self._executors.items())
        for slot, executor in executors:
            if not executor.kill():
                tell_if_alive(self._supervisor, Forget(slot))
