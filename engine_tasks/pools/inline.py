"""A pool without a thread: its tasks run on the thread that polls, in task-id order."""

from __future__ import annotations

import threading
import time

from engine_tasks.errors import ErrorKind, TaskError
from engine_tasks.executors.protocol import ExecutorDied, ExecutorStartError, MakeExecutor
from engine_tasks.pools.state import InstanceState, PoolPhase
from engine_tasks.pools.tasks import Deliver, PoolTasks
from engine_tasks.task import Progress, Task

_SLOT = 0


class InlinePool:
    """One instance that runs a task whenever the game asks it to.

    For tests, replays and platforms without threads. Any thread may submit; one polls.
    """

    def __init__(
        self, worker_id: int, name: str, make_executor: MakeExecutor, deliver: Deliver
    ) -> None:
        self.name = name
        self.phase = PoolPhase.STARTING
        self.error: ExecutorStartError | None = None
        self._tasks = PoolTasks(worker_id, 1, deliver)
        self._make_executor = make_executor
        self._executor = make_executor(_SLOT, self._tasks.report_progress)
        self._running = threading.Lock()  # held while a task runs, on whatever thread

    # --- life ------------------------------------------------------------

    def start(self) -> None:
        """Load the worker's code, here and now."""
        try:
            self._executor.start()
        except ExecutorStartError as error:
            self.error = error
            reason = f"the worker {self.name!r} failed: {error}"
            self.phase = PoolPhase.FAILED
            self._tasks.close(reason, TaskError(ErrorKind.CRASHED, reason))
            self._tasks.drain()
        else:
            self.phase = PoolPhase.RUNNING

    def wait_started(self, timeout_s: float) -> PoolPhase:
        """The phase; there is nothing to wait for."""
        del timeout_s
        return self.phase

    def refuse(self) -> None:
        """Accept no more tasks; what was accepted goes on."""
        self._tasks.refuse(f"the worker {self.name!r} is stopping")

    def wait_empty(self, timeout_s: float) -> bool:
        """Whether no task waits; nothing would run them while this waited."""
        del timeout_s
        return self._tasks.wait_empty(0.0)

    def stop(self, grace_s: float) -> None:
        """Answer what waits as STOPPED and let the worker's code end."""
        del grace_s  # nothing runs while the only thread is here
        self.kill()
        self._executor.stop()

    def kill(self) -> None:
        """Answer every task as STOPPED at once."""
        if self.phase is not PoolPhase.FAILED:
            self.phase = PoolPhase.STOPPED
        error = TaskError(ErrorKind.STOPPED, f"the worker {self.name!r} was stopped")
        self._tasks.close(error.message, error)
        self._tasks.drain()
        self._tasks.abandon(error)

    def wait_stopped(self, timeout_s: float) -> bool:
        """Whether it has ended; there is nothing to wait for."""
        del timeout_s
        return self.phase in (PoolPhase.FAILED, PoolPhase.STOPPED)

    # --- tasks -----------------------------------------------------------

    def submit(self, task: Task) -> str | None:
        """Accept a task: None, or the reason why it is refused."""
        return self._tasks.submit(task)

    def run_next(self) -> bool:
        """Run the oldest waiting task; whether there was one.

        A task that polls its own worker finds nothing: tasks do not nest.
        """
        if not self._tasks.counts()[0] or not self._running.acquire(blocking=False):
            return False
        try:
            taken = self._tasks.take(_SLOT)
            if taken:
                self._run(taken[0])
            return bool(taken)
        finally:
            self._running.release()

    def _run(self, task: Task) -> None:
        task.started_s = time.monotonic()
        try:
            for outcome in self._executor.run([task]):
                self._tasks.answer(_SLOT, task, outcome, time.monotonic())
        except ExecutorDied as death:
            self._tasks.lose(_SLOT, death.error)
            self._replace()
        except KeyboardInterrupt:
            error = TaskError(ErrorKind.FAILED, "interrupted by Ctrl-C")
            self._tasks.answer(_SLOT, task, error, time.monotonic())
            raise

    def _replace(self) -> None:
        self._executor.stop()
        self._executor = self._make_executor(_SLOT, self._tasks.report_progress)
        self._tasks.restart(_SLOT)
        self.start()

    def oldest_waiting(self) -> int | None:
        """The id of the task that `run_next` would run."""
        return self._tasks.oldest_waiting()

    def counts(self) -> tuple[int, int]:
        """Tasks that wait, and tasks in progress, of one moment."""
        return self._tasks.counts()

    def progress(self, task_id: int) -> Progress | None:
        """What a running task said of itself last."""
        return self._tasks.progress(task_id)

    def confinement(self) -> None:
        """None: nothing is around what runs on the game's own thread."""

    def slots(self) -> tuple[InstanceState, ...]:
        """The state of the one instance."""
        if self.phase is PoolPhase.RUNNING:
            return (InstanceState.BUSY if self._running.locked() else InstanceState.IDLE,)
        return self._tasks.slots()
