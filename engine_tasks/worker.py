"""A worker: a pool under a name, and the results it has ready. Works without a queue."""

from __future__ import annotations

import itertools
import logging
import time
from collections import deque
from collections.abc import Callable
from os import PathLike
from types import TracebackType
from typing import Any, Final, Self, TypeVar

import attrs

from engine_tasks.errors import (
    EngineTasksError,
    PayloadError,
    TaskRefusedError,
    WorkerStartError,
)
from engine_tasks.executors.protocol import Confinement
from engine_tasks.options import WorkerOptions
from engine_tasks.payload import encode
from engine_tasks.pools.inline import InlinePool
from engine_tasks.pools.pool import Pool
from engine_tasks.pools.state import InstanceState, PoolPhase
from engine_tasks.pools.tasks import Deliver
from engine_tasks.task import Progress, Task, TaskResult
from engine_tasks.waiting import ResultWaiters, take_result
from engine_tasks.worker_plan import WorkerPlan

logger = logging.getLogger(__name__)

W = TypeVar("W", bound="Worker")

#: Seconds to wait for killed children to be gone.
KILL_TIMEOUT_S: Final = 2.0

OnResult = Callable[[TaskResult], None]


@attrs.frozen
class WorkerState:
    """What a worker is up to. `error` says why it failed.

    `confinement` has the layers of the operating system around the child processes of a
    Lua worker: those that are held, and those that are missing with the reason.
    """

    worker_id: int
    name: str
    phase: PoolPhase
    instances: tuple[InstanceState, ...]
    isolation: str
    error: WorkerStartError | None = None
    confinement: Confinement | None = None


class Worker:
    """A named pool of instances that run one function or one script.

    `Worker.new_native` and `Worker.new_lua` make one of its own; a `TaskQueue` holds one an
    id. Any thread may call; only `stop` and a constructor with `wait` wait.
    """

    def __init__(
        self,
        plan: WorkerPlan,
        *,
        next_task_id: Callable[[], int] | None = None,
        results: deque[TaskResult] | None = None,
        waiters: ResultWaiters | None = None,
        on_callback_due: Callable[[Worker], None] | None = None,
    ) -> None:
        """For `new_native`, `new_lua` and the queue; it starts, and nothing is waited for.

        `results` is where finished tasks go and `waiters` who waits for one. The result of a
        task with an `on_result` goes to `callbacks`, and `on_callback_due` is told.
        """
        self.worker_id = plan.worker_id
        self.name = plan.name
        self.options = plan.options
        self.last_error: EngineTasksError | None = None
        self.results: deque[TaskResult] = deque() if results is None else results
        self.callbacks: deque[tuple[OnResult, TaskResult]] = deque()
        self._timeout_s = plan.timeout_s
        self._next_task_id = next_task_id or itertools.count(1).__next__
        self._on_callback_due = on_callback_due
        self._waiters = waiters or ResultWaiters()
        self._pool = _make_pool(plan, self._deliver)
        self._pool.start()

    # --- makers ------------------------------------------------------------

    @classmethod
    def new_native(
        cls,
        name: str,
        instances_count: int,
        function: Callable[[Any], Any],
        *,
        options: WorkerOptions | None = None,
    ) -> Self:
        """A worker that runs a Python function, started.

        Raises `WorkerStartError` when an instance does not come up, `TypeError` for a
        function that cannot be run where the options say.
        """
        plan = WorkerPlan.native(0, name, function, instances_count, options)
        return cls._started(cls(plan))

    @classmethod
    def new_lua(
        cls,
        name: str,
        instances_count: int,
        script_path: str | PathLike[str],
        *,
        options: WorkerOptions | None = None,
    ) -> Self:
        """A worker that runs a Lua script, started.

        Raises `WorkerStartError`, with file and line, when the script does not load.
        """
        plan = WorkerPlan.lua(0, name, script_path, instances_count, options)
        return cls._started(cls(plan))

    @staticmethod
    def _started(worker: W) -> W:
        error = worker.wait_started()
        if error is not None:
            worker.stop()
            raise error
        return worker

    def wait_started(self) -> WorkerStartError | None:
        """Wait until every instance has loaded its code; why not, where one has not.

        Waits at most `WorkerOptions.start_timeout_s`, and a little for a killed child.
        """
        phase = self._pool.wait_started(self.options.start_timeout_s + 1.0)
        if phase is PoolPhase.RUNNING:
            return None
        return self._start_error() or WorkerStartError(
            f"the worker {self.name!r} did not start in time: it is {phase}",
            worker_id=self.worker_id,
            name=self.name,
        )

    # --- the seed's calls ----------------------------------------------------

    def send(self, data: object) -> int | None:
        """Send a task; its id, or None where it is refused, with the reason in `last_error`.

        Never waits. `data` is copied: it may change afterwards.
        """
        try:
            return self.submit(encode(data, max_bytes=self.options.max_payload_bytes))
        except (PayloadError, TaskRefusedError) as error:
            logger.warning("refused: %s", error)
            self.last_error = error.with_traceback(None)  # which would keep what it passed through
            return None

    def recv(self) -> TaskResult | None:
        """The next result, in the order in which tasks finished; None when none is ready.

        Never waits. An `inline` worker runs its oldest task here.
        """
        if not self.results:
            self.run_inline()
        try:
            return self.results.popleft()
        except IndexError:
            return None

    def tasks_in_work(self) -> int:
        """Tasks sent whose results were not yet taken."""
        waiting, in_progress = self._pool.counts()
        return waiting + in_progress + self.tasks_ready()

    def tasks_waiting(self) -> int:
        """Tasks that no instance has taken yet."""
        return self._pool.counts()[0]

    def tasks_in_progress(self) -> int:
        """Tasks that an instance works on."""
        return self._pool.counts()[1]

    def tasks_ready(self) -> int:
        """Results that wait to be taken."""
        return len(self.results) + len(self.callbacks)

    def is_finished(self) -> bool:
        """Whether every instance has ended."""
        return self._pool.phase is PoolPhase.STOPPED or self._pool.wait_stopped(0.0)

    def stop(self, timeout_s: float = 2.0) -> bool:
        """Finish what runs, answer what waits as STOPPED, end every instance.

        Waits `timeout_s` seconds at most, then kills. True when nothing is left behind; a
        thread that does not return is.
        """
        self._pool.stop(timeout_s)
        if self._pool.wait_stopped(timeout_s):
            return True
        self._pool.kill()
        return self._pool.wait_stopped(KILL_TIMEOUT_S)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exception_type: type[BaseException] | None,
        exception: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """`stop`; or `kill`, when an exception (Ctrl-C, say) ends the block."""
        if exception is None:
            self.stop()
        else:
            self.kill()
            self.wait_stopped(KILL_TIMEOUT_S)

    # --- what the queue needs ----------------------------------------------

    def submit(
        self,
        payload: bytes,
        on_result: OnResult | None = None,
        timeout_s: float | None = None,
    ) -> int:
        """Send an encoded payload; the task's id. Raises `TaskRefusedError`."""
        if timeout_s is None:
            timeout_s = self._timeout_s
        task = Task(self._next_task_id(), payload, time.monotonic(), on_result, timeout_s)
        refusal = self._pool.submit(task)
        if refusal is not None:
            raise TaskRefusedError(refusal, worker_id=self.worker_id)
        return task.id

    def wait_result(self, task_id: int, timeout_s: float) -> TaskResult | None:
        """Wait for the result of one task and take it; None after `timeout_s` seconds."""

        def find() -> TaskResult | None:
            while (found := take_result(self.results, task_id)) is None and self.run_inline():
                pass
            return found

        return self._waiters.wait(task_id, find, timeout_s)

    def run_inline(self) -> bool:
        """Run the oldest task of an `inline` worker; whether there was one."""
        return isinstance(self._pool, InlinePool) and self._pool.run_next()

    def oldest_inline(self) -> int | None:
        """The id of the task that `run_inline` would run."""
        return self._pool.oldest_waiting() if isinstance(self._pool, InlinePool) else None

    def progress(self, task_id: int) -> Progress | None:
        """What a running task said of itself last."""
        return self._pool.progress(task_id)

    def state(self) -> WorkerState:
        """What the worker is up to."""
        return WorkerState(
            self.worker_id,
            self.name,
            self._pool.phase,
            self._pool.slots(),
            self.options.isolation,
            self._start_error(),
            self._pool.confinement(),
        )

    def refuse(self) -> None:
        """Accept no more tasks; what was accepted goes on."""
        self._pool.refuse()

    def wait_empty(self, timeout_s: float) -> bool:
        """Wait until every task is answered."""
        deadline_s = time.monotonic() + timeout_s
        while self.run_inline() and time.monotonic() < deadline_s:
            pass
        return self._pool.wait_empty(max(0.0, deadline_s - time.monotonic()))

    def retire(self) -> None:
        """Stop without waiting; running tasks have `WorkerOptions.stop_grace_s` to end."""
        self._pool.stop(self.options.stop_grace_s)

    def kill(self) -> None:
        """Answer every task as STOPPED and kill what runs, without waiting for its end."""
        self._pool.kill()

    def wait_stopped(self, timeout_s: float) -> bool:
        """Wait until every instance has ended."""
        return self._pool.wait_stopped(timeout_s)

    # --- inside ------------------------------------------------------------

    def _deliver(self, task: Task, result: TaskResult) -> None:
        """A task has its answer: on the thread that has it, within the pool's lock."""
        if task.on_result is not None and self._on_callback_due is not None:
            self.callbacks.append((task.on_result, result))
            self._on_callback_due(self)
            return
        self.results.append(result)
        self._waiters.announce(result.task_id)

    def _start_error(self) -> WorkerStartError | None:
        cause = self._pool.error
        if cause is None:
            return None
        error = WorkerStartError(
            f"the worker {self.name!r} cannot start: {cause}",
            worker_id=self.worker_id,
            name=self.name,
            file=cause.file,
            line=cause.line,
            traceback=cause.traceback,
        )
        error.__cause__ = cause
        return error


def _make_pool(plan: WorkerPlan, deliver: Deliver) -> Pool | InlinePool:
    if plan.options.isolation == "inline":
        return InlinePool(plan.worker_id, plan.name, plan.make_executor, deliver)
    return Pool(plan.worker_id, plan.name, plan.instances_count, plan.make_executor, deliver)
