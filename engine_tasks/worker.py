"""A worker: a pool under a name, and the results it has ready. Works without a queue."""

from __future__ import annotations

import itertools
import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from os import PathLike
from types import TracebackType
from typing import Any, Final, Self, TypeVar, Unpack

import attrs

from engine_tasks.delivery import Delivery, OnCallbackDue
from engine_tasks.errors import (
    EngineTasksError,
    PayloadError,
    TaskRefusedError,
    WorkerStartError,
)
from engine_tasks.executors.protocol import Confinement
from engine_tasks.observe.metrics import WorkerMetrics, warm_up
from engine_tasks.observe.stats import WorkerStats
from engine_tasks.options import LuaLimits, WorkerOptions
from engine_tasks.parcel import Message, Packer
from engine_tasks.payload import encode
from engine_tasks.policies import Priority
from engine_tasks.pools.dead_letters import DeadLetter
from engine_tasks.pools.inline import InlinePool
from engine_tasks.pools.outlet import Outlet
from engine_tasks.pools.pool import Pool
from engine_tasks.pools.slots import InstanceState, PoolPhase
from engine_tasks.pools.spares import Spares
from engine_tasks.pools.state import PoolState
from engine_tasks.sending import SendOptions, new_task
from engine_tasks.task import PendingTask, Progress, Task, TaskResult
from engine_tasks.waiting import POLL_S, ResultWaiters, Sought
from engine_tasks.worker_plan import WorkerPlan

logger = logging.getLogger(__name__)

W = TypeVar("W", bound="Worker")

#: Seconds to wait for killed children to be gone.
KILL_TIMEOUT_S: Final = 2.0


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


@attrs.frozen(kw_only=True)
class Shared:
    """What the workers of one queue have in common; a worker of its own has it for itself."""

    next_task_id: Callable[[], int] = attrs.field(factory=lambda: itertools.count(1).__next__)
    waiters: ResultWaiters = attrs.field(factory=ResultWaiters)
    on_callback_due: OnCallbackDue | None = None
    clock: Callable[[], float] = time.monotonic
    #: Makes what is random the same each time, for `inline` workers of a deterministic queue.
    seed: int | None = None

    @property
    def is_deterministic(self) -> bool:
        """Whether nothing may depend on how fast it is, or when."""
        return self.seed is not None


class Worker:
    """A named pool of instances that run one function or one script.

    `Worker.new_native` and `Worker.new_lua` make one of its own; a `TaskQueue` holds one an
    id. Any thread may call; only `stop`, `run_task` and a constructor with `wait` wait.
    """

    def __init__(
        self,
        plan: WorkerPlan,
        *,
        shared: Shared | None = None,
        results: deque[TaskResult] | None = None,
    ) -> None:
        """For `new_native`, `new_lua` and the queue; it starts, and nothing is waited for.

        `results` is where finished tasks go.
        """
        self.worker_id = plan.worker_id
        self.name = plan.name
        self.options = plan.options
        self.last_error: EngineTasksError | None = None
        #: Encodes what is sent to it. A script takes MessagePack alone.
        self.pack: Callable[..., Message] = encode if plan.is_lua else Packer(copies=True).pack
        self._plan = plan
        self._shared = shared or Shared()
        self.clock = self._shared.clock
        self.results: deque[TaskResult] = deque() if results is None else results
        self._delivery = Delivery(self.results, self._shared.waiters, self._shared.on_callback_due)
        self._outlet = Outlet(
            plan.worker_id,
            plan.name,
            self._delivery.deliver,
            self._delivery.settle,
            plan.options.max_dead_letters,
        )
        self._spares = Spares(
            plan.make_executor,
            plan.options.spare_resources,
            own_threads=plan.options.isolation != "inline",
            has_timer=not self._shared.is_deterministic,
        )
        self._former: list[Pool | InlinePool] = []  # that failed, and may still be ending
        self._ending = threading.RLock()  # an end may call back, and that may end it
        self._is_ending = False
        self._pool = self._make_pool()
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
        timeout_s = self.options.start_timeout_s + 1.0
        phase = self._pool.wait_started(min(timeout_s, threading.TIMEOUT_MAX))
        if phase is PoolPhase.RUNNING:
            return None
        return self._start_error() or WorkerStartError(
            f"the worker {self.name!r} did not start in time: it is {phase}",
            worker_id=self.worker_id,
            name=self.name,
        )

    # --- the seed's calls ----------------------------------------------------

    def send(self, data: object, **options: Unpack[SendOptions]) -> int | None:
        """Send a task; its id, or None where it is refused, with the reason in `last_error`.

        Never waits. `data` is copied: it may change afterwards. The options are those of
        `TaskQueue.send_task`, but for `on_result`: there is no pump to call it.
        """
        try:
            payload = self.pack(data, max_bytes=self.options.max_payload_bytes)
            task = new_task(self._shared.next_task_id(), payload, self.clock(), **options)
            return self.submit(task, is_plain=not options)
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
        waiting, in_progress = self._pool.tasks.counts()
        return waiting + in_progress + self.tasks_ready()

    def tasks_waiting(self) -> int:
        """Tasks that no instance has taken yet."""
        return self._pool.tasks.counts()[0]

    def tasks_in_progress(self) -> int:
        """Tasks that an instance works on."""
        return self._pool.tasks.counts()[1]

    def tasks_ready(self) -> int:
        """Results that wait to be taken."""
        return len(self._delivery)

    def is_finished(self) -> bool:
        """Whether every instance has ended."""
        return self._pool.phase is PoolPhase.STOPPED or self.wait_stopped(0.0)

    def stop(self, timeout_s: float = 2.0) -> bool:
        """Finish what runs, answer what waits as STOPPED, end every instance.

        Waits `timeout_s` seconds at most, then kills. True when nothing is left behind; a
        thread that does not return is.
        """
        deadline_s = time.monotonic() + timeout_s
        self._end()
        self._spares.close()
        self._pool.stop(timeout_s)
        if self.wait_stopped(max(0.0, deadline_s - time.monotonic())):
            return True
        self._pool.kill()
        return self.wait_stopped(KILL_TIMEOUT_S)

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

    # --- tasks, for the queue ------------------------------------------------

    def submit(self, task: Task, is_plain: bool = False) -> int:
        """Send a task; its id. Raises `TaskRefusedError`. For `is_plain` see `PoolTasks.submit`."""
        if task.timeout_s is None:
            task.timeout_s = self._plan.timeout_s
        refusal = self._pool.submit(task, is_plain)
        if refusal is not None:
            raise TaskRefusedError(refusal, worker_id=self.worker_id)
        return task.id

    def run_task(self, data: object) -> TaskResult:
        """Run a task at once, past the queue, and wait for its result.

        With an executor of its own, which has its own resource: a spare one if there is one.
        Raises `PayloadError` for data that cannot be carried.
        """
        payload = self.pack(data, max_bytes=self.options.max_payload_bytes)
        task = new_task(
            self._shared.next_task_id(), payload, self.clock(), timeout_s=self._plan.timeout_s
        )
        outcome = self._spares.run(task, self.clock)
        return self._outlet.make_result(task, task, outcome, self.clock())

    def cancel(self, task_id: int) -> bool:
        """Answer a task as CANCELLED; False for one that neither waits nor runs."""
        return self._pool.cancel(task_id)

    def cancel_waiting(self, task_id: int) -> bool:
        """`cancel`, but only a task that no instance has taken."""
        return self._pool.tasks.cancel_waiting(task_id)

    def set_priority(self, task_id: int, priority: Priority) -> bool:
        """Change how urgent a waiting task is; False for one that does not wait."""
        return self._pool.tasks.set_priority(task_id, priority)

    def purge(self, run_id: str) -> int:
        """Answer what waits of a run as CANCELLED; how many tasks."""
        return self._pool.purge(run_id)

    def cancel_running(self, run_id: str) -> int:
        """`cancel` what runs of a run; how many tasks."""
        running = self._pool.tasks.read(lambda state: state.running_of(run_id))
        return sum(self.cancel(task_id) for task_id in running)

    def pending(self, run_id: str) -> list[PendingTask]:
        """What waits of a run, in the order in which it was sent."""

        def look(state: PoolState) -> list[tuple[Task, Task]]:
            tasks = state.ready.pending(run_id)
            return [(task, state.ready.find(task.id) or task) for task in tasks]

        return [self._pending(*both) for both in self._pool.tasks.read(look)]

    def _pending(self, task: Task, carrier: Task) -> PendingTask:
        return PendingTask(
            task_id=task.id,
            worker_id=self.worker_id,
            run_id=task.run_id,
            priority=carrier.priority,
            queued_s=task.queued_s,
            ready_s=carrier.ready_s,
            attempts=carrier.attempts,
            key=task.key,
            wanted=carrier.wanted,
        )

    def wanted(self, task_id: int) -> int:
        """How many tasks the execution of this one will answer; 0 for one that is not here."""
        return self._pool.tasks.wanted(task_id)

    def knows(self, task_id: int) -> bool | None:
        """Whether it will answer a task; None if that cannot be told now."""
        known = [pool.tasks.knows(task_id) for pool in (self._pool, *self._former)]
        return True if True in known else None if None in known else False

    def is_taken(self, task_id: int) -> bool:
        """Whether an instance has taken a task that is to be answered."""
        return self._pool.tasks.is_taken(task_id)

    def progress(self, task_id: int) -> Progress | None:
        """What a running task said of itself last."""
        return self._pool.tasks.progress(task_id)

    def wait_result(self, task_id: int, timeout_s: float) -> TaskResult | None:
        """Wait for the result of one task and take it; None after `timeout_s` seconds."""
        sought = Sought(task_id, lambda: [self.results], lambda: [self], self.run_inline)
        return self._shared.waiters.wait(sought, timeout_s)

    # --- dead letters --------------------------------------------------------

    def dead_letters(self) -> list[DeadLetter]:
        """The tasks out of attempts that are kept, oldest first."""
        return self._outlet.dead_letters.letters()

    def retry_dead(self, task_id: int) -> int | None:
        """Send a dead letter again, as a new task; its id. None for one that is not kept.

        Raises `TaskRefusedError`; then it is kept on.
        """
        letter = self._outlet.dead_letters.take(task_id)
        if letter is None:
            return None
        task = new_task(
            self._shared.next_task_id(),
            letter.encoded,
            self.clock(),
            priority=letter.priority,
            timeout_s=letter.timeout_s,
            run_id=letter.run_id,
            key=letter.key,
            max_attempts=letter.max_attempts,
            on_result=letter.on_result,
        )
        try:
            return self.submit(task)
        except TaskRefusedError:
            self._outlet.dead_letters.put_back(letter)
            raise

    # --- an inline worker ------------------------------------------------------

    @property
    def is_inline(self) -> bool:
        """Whether its tasks run on the thread that polls."""
        return isinstance(self._pool, InlinePool)

    def run_inline(self) -> bool:
        """Run the next task of an `inline` worker; whether there was one."""
        return isinstance(self._pool, InlinePool) and self._pool.run_next()

    def next_inline(self) -> tuple[float, int] | None:
        """What decides between `inline` workers: rank and id of the task that would run."""
        if not isinstance(self._pool, InlinePool):
            return None
        self._pool.advance()
        return self._pool.tasks.next_rank()

    # --- what it knows ---------------------------------------------------------

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

    def stats(self) -> WorkerStats:
        """How many instances and tasks there are, by what they do. Microseconds."""

        def look(state: PoolState) -> WorkerStats:
            return WorkerStats(
                instances=state.slots.count(),
                waiting=state.ready.by_priority(),
                delayed=state.ready.delayed,
                in_progress=state.running,
                ready=self.tasks_ready(),
                spare_resources=len(self._spares),
            )

        return self._pool.tasks.read(look)

    def metrics(self) -> WorkerMetrics:
        """Rates, times and failures since the worker started."""
        outlet = self._outlet
        warm_up()
        return self._pool.tasks.read(
            lambda _state: outlet.metrics.snapshot(self.clock(), len(outlet.dead_letters))
        )

    # --- life, for the queue -----------------------------------------------------

    def restart(self) -> None:
        """Revive a worker that failed; have the instances of another replaced by fresh ones.

        Raises `WorkerStartError` for one that is being stopped.
        """
        with self._ending:
            if self._is_ending or self._pool.phase is PoolPhase.DRAINING:
                raise WorkerStartError(
                    f"the worker {self.name!r} is being stopped",
                    worker_id=self.worker_id,
                    name=self.name,
                )
            if self._pool.phase is not PoolPhase.FAILED:
                self._pool.renew()
                return
            self._pool.end_running()
            self._former = [pool for pool in self._former if not pool.wait_stopped(0.0)]
            self._former.append(self._pool)
            self._plan = self._plan.anew()
            self._pool = self._make_pool()
            self._pool.start()

    def set_limits(self, limits: LuaLimits) -> None:
        """Run the next tasks within other limits."""
        self._plan = self._plan.with_limits(limits)
        self.options = self._plan.options
        self._spares.replace(self._plan.make_executor)
        self._pool.set_limits(limits, self._plan.make_executor)

    def ping(self, timeout_s: float) -> int:
        """How many instances say within `timeout_s` seconds that they could run a task."""
        heard = threading.Semaphore(0)
        expected = len(self._pool.slots())
        self._pool.ping(heard.release)
        deadline_s = time.monotonic() + min(timeout_s, threading.TIMEOUT_MAX / 2)
        count = 0
        while count < expected and heard.acquire(timeout=max(0.0, deadline_s - time.monotonic())):
            count += 1
        return count

    def refuse(self, until_s: float | None = None) -> None:
        """Accept no more tasks; what was accepted goes on, if it is ready by `until_s`."""
        self._pool.refuse(until_s)

    def when_empty(self, call: Callable[[], None]) -> None:
        """Call once when every task is answered: now, or on the thread that answers the last."""
        self._pool.tasks.when_empty(call)

    def wait_empty(self, timeout_s: float) -> bool:
        """Wait until every task is answered; those of an `inline` worker run here."""
        if not self.is_inline:
            return self._pool.tasks.wait_empty(timeout_s)
        deadline_s = self.clock() + timeout_s
        while sum(self._pool.tasks.counts()):
            has_run = self.run_inline()
            is_in_vain = not has_run and self._shared.is_deterministic  # time stands still
            if is_in_vain or self.clock() >= deadline_s:
                break
            if not has_run:
                time.sleep(POLL_S)
        return sum(self._pool.tasks.counts()) == 0

    def retire(self) -> None:
        """Stop without waiting; running tasks have `WorkerOptions.stop_grace_s` to end."""
        self._end()
        self._pool.stop(self.options.stop_grace_s)
        self._spares.close()

    def kill(self) -> None:
        """Answer every task as STOPPED and kill what runs, without waiting for its end."""
        self._end()
        self._pool.kill()
        self._spares.close()

    def wait_stopped(self, timeout_s: float) -> bool:
        """Wait until every instance has ended."""
        deadline_s = time.monotonic() + timeout_s
        waits = [pool.wait_stopped for pool in (self._pool, *self._former)]
        waits.append(self._spares.wait_ended)
        return all(wait(max(0.0, deadline_s - time.monotonic())) for wait in waits)

    # --- inside ------------------------------------------------------------

    def _end(self) -> None:
        """No other pool takes the place of this one from now on."""
        with self._ending:
            self._is_ending = True

    def _make_pool(self) -> Pool | InlinePool:
        plan, shared = self._plan, self._shared
        if plan.options.isolation == "inline":
            return InlinePool(
                plan.name,
                plan.options,
                plan.make_executor,
                self._outlet,
                shared.clock,
                shared.seed,
            )
        return Pool(plan.name, plan.instances_count, plan.options, plan.make_executor, self._outlet)

    def _start_error(self) -> WorkerStartError | None:
        cause = self._pool.error
        if cause is None:
            return None
        what = "failed" if self._pool.has_started else "cannot start"
        error = WorkerStartError(
            f"the worker {self.name!r} {what}: {cause}",
            worker_id=self.worker_id,
            name=self.name,
            file=cause.file,
            line=cause.line,
            traceback=cause.traceback,
        )
        error.__cause__ = cause
        return error
