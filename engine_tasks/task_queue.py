"""The task queue: named workers, tasks to them, results back; nothing here waits but by name."""

from __future__ import annotations

import logging
import time
import warnings
from collections.abc import Callable, Hashable
from os import PathLike
from types import TracebackType
from typing import Any, Final, Self, overload

import attrs

from engine_tasks.awaiting import result_of
from engine_tasks.checks import check_callable, check_not_negative, check_whole
from engine_tasks.clock import ManualClock
from engine_tasks.directory import WorkerDirectory, unknown_worker
from engine_tasks.errors import EngineTasksError, PayloadError, TaskRefusedError
from engine_tasks.futures import TaskFuture, WorkerExecutor
from engine_tasks.inline_futures import InlineFuture, TasksHere
from engine_tasks.lifecycle import LIVE_QUEUES
from engine_tasks.observe.metrics import WorkerMetrics
from engine_tasks.observe.stats import WorkerStats
from engine_tasks.options import LuaLimits, WorkerOptions
from engine_tasks.policies import Priority
from engine_tasks.pools.dead_letters import DeadLetter
from engine_tasks.pump import Pump
from engine_tasks.sending import (
    OnResult,
    SendOptions,
    as_priority,
    ask_of,
    check_run_id,
    new_task,
)
from engine_tasks.task import PendingTask, Progress, Task, TaskResult
from engine_tasks.timer import TIMER
from engine_tasks.worker import KILL_TIMEOUT_S, Worker, WorkerState
from engine_tasks.worker_id import WorkerId
from engine_tasks.worker_plan import WorkerPlan
from engine_tasks.workers.echo import echo

logger = logging.getLogger(__name__)

#: What makes chance the same each time, in a deterministic queue.
_SEED: Final = 0


def _own_clock(deterministic: bool) -> Callable[[], float]:
    return ManualClock() if deterministic else time.monotonic


class TaskQueue:
    """Workers by id, and the game's side of their tasks.

    Any thread may call anything. Only `start_worker`, `start_native_worker` and
    `restart_worker` with `wait`, `wait_result`, `run_task`, `ping`, `stop` and `kill` wait,
    each within a bound.

    What goes wrong while a game runs is a value: False or None, with the reason in
    `last_error` and in the log. Wrong types and values raise.
    """

    def __init__(
        self, *, deterministic: bool = False, clock: Callable[[], float] | None = None
    ) -> None:
        """A queue with its echo worker running.

        A `deterministic` one runs every worker `inline`, whatever its options say, and takes
        its time from `clock` (by default a `ManualClock` at 0, to be advanced by the game):
        the same calls bring the same results in the same order, for tests and replays.
        Budgets, delays, deadlines, backoffs and ends go by that clock, and nothing waits for
        it. No timeout ends a Python function; a Lua script is ended after as many
        instructions as it would take. `docs/tasks.md` says what is left to the workers' code.
        """
        if clock is not None and not deterministic:
            raise ValueError("clock is for a queue with deterministic=True")
        if clock is not None:
            check_callable("clock", clock)
        self.last_error: EngineTasksError | None = None
        self.deterministic: Final = deterministic
        #: Gives the queue's instants, in seconds: `time.monotonic`, or that of the constructor.
        self.clock: Final = clock if clock is not None else _own_clock(deterministic)
        self._stopped = False
        self._pump = Pump(self.clock if deterministic else time.perf_counter)
        self._directory = WorkerDirectory(
            self._pump.due, self.clock, _SEED if deterministic else None
        )
        self._workers = self._directory.workers
        self._results = self._directory.results
        self._inline = self._directory.inline
        self._next_task_id = self._directory.next_task_id
        self.worker_ids: Final = self._directory.ids
        self._start_echo()
        LIVE_QUEUES.add(self)

    # --- workers -----------------------------------------------------------

    def start_worker(
        self,
        worker_id: int,
        name: str,
        script_path: str | PathLike[str],
        instances_count: int = 1,
        *,
        options: WorkerOptions | None = None,
        wait: bool = True,
    ) -> bool:
        """Start a Lua worker whose instances run the script.

        With `wait`, waits until each has loaded it (`WorkerOptions.start_timeout_s` at most)
        and is False, with file, line and reason in `last_error`, when one cannot. Without,
        returns at once and `worker_state` tells.

        An id and a name that are both free are registered here. False for an id or a name
        that is taken. Raises `TypeError` for arguments of a wrong type.
        """
        options = self._placed(options)
        clock = self.clock if self.deterministic else None
        return self._start(
            lambda: WorkerPlan.lua(worker_id, name, script_path, instances_count, options, clock),
            wait,
        )

    def start_native_worker(
        self,
        worker_id: int,
        name: str,
        function: Callable[..., Any],
        instances_count: int = 1,
        *,
        options: WorkerOptions | None = None,
        wait: bool = True,
    ) -> bool:
        """Start a worker whose instances call `function` with the payload of each task.

        Its type hints are its contract: `def find(request: PathRequest) -> Path` receives a
        `PathRequest` made by cattrs. With `WorkerOptions.create` the resource of the instance
        comes before it. It runs in child processes unless `options` say otherwise. Waits and
        answers like `start_worker`. Raises `TypeError` for a function that cannot take a
        payload or cannot travel to a child; the message says what to do.
        """
        options = self._placed(options)
        return self._start(
            lambda: WorkerPlan.native(worker_id, name, function, instances_count, options), wait
        )

    def stop_worker(self, worker_id: int) -> bool:
        """Stop a worker, without waiting: its id and name are free again at once.

        Tasks that wait are answered as STOPPED; those that run have
        `WorkerOptions.stop_grace_s` to end, then they are too. Its results stay readable.
        False for an id that has no worker, and for the engine's own.
        """
        return self._try(lambda: self._directory.retire(WorkerId(worker_id)))

    def stop_all_workers(self) -> None:
        """`stop_worker` for every worker of the game; the engine's own go on."""
        for worker_id in list(self._workers):
            if worker_id >= WorkerId.EngineWorkersCount:
                self.stop_worker(worker_id)

    def drain(self, worker_id: int, timeout_s: float | None = None) -> bool:
        """Let a worker finish what it has accepted, then stop it; it takes no more from now on.

        Does not wait: `worker_state` is None when it is gone. After `timeout_s` seconds, if
        given, it is stopped with what is left. False as for `stop_worker`.
        """
        if timeout_s is not None:
            check_not_negative("timeout_s", timeout_s)
        return self._try(lambda: self._directory.drain(WorkerId(worker_id), timeout_s))

    def restart_worker(self, worker_id: int, *, wait: bool = True) -> bool:
        """Revive a worker that failed, or give one that runs fresh instances.

        One that failed starts anew, with its script as it is now; waits and answers like
        `start_worker`. In one that runs, each instance ends after the tasks it has taken, and
        another with the same code takes its place: nothing is lost, and nothing is waited for.
        False for an id that has no worker.
        """

        def restart() -> None:
            worker = self._directory.find(worker_id)
            worker.restart()
            error = worker.wait_started() if wait else None
            if error is not None:
                raise error

        return self._try(restart)

    def set_limits(self, worker_id: int, limits: LuaLimits) -> bool:
        """Have the next tasks of a Lua worker run within other limits, without waiting.

        What can be changed in a running machine is; for the rest each instance is replaced
        after the tasks that it has taken. False for an id that has no worker.
        """
        if not isinstance(limits, LuaLimits):
            raise TypeError(f"limits is a LuaLimits, not {type(limits).__name__}")
        return self._try(lambda: self._directory.find(worker_id).set_limits(limits))

    def ping(self, worker_id: int, timeout_s: float = 1.0) -> int | None:
        """How many instances of a worker answer within `timeout_s` seconds.

        An instance answers between tasks. One whose process ended while it had nothing to do
        does not, and is replaced now instead of at its next task. For tools, not for a frame.
        """
        check_not_negative("timeout_s", timeout_s)
        worker = self._find(worker_id)
        return None if worker is None else worker.ping(timeout_s)

    def worker_state(self, worker_id: int) -> WorkerState | None:
        """What a worker is up to; None for an id that has none."""
        worker = self._find(worker_id)
        return None if worker is None else worker.state()

    # --- tasks -------------------------------------------------------------

    def send_task(
        self,
        worker_id: int,
        data: object,
        *,
        priority: Priority = Priority.NORMAL,
        timeout_s: float | None = None,
        deadline_s: float | None = None,
        delay_s: float = 0.0,
        run_id: str | None = None,
        key: Hashable = None,
        max_attempts: int | None = None,
        on_result: OnResult | None = None,
    ) -> int | None:
        """Send a task; its id, or None where it is refused, with the reason in `last_error`.

        Never waits. `data` is copied: it may change afterwards.

        * `priority`: the higher runs first; a level is worth `WorkerOptions.aging_s` seconds.
        * `timeout_s`: seconds it may run; then it ends as TIMEOUT. Else as its worker says.
        * `deadline_s`: an instant of the queue's clock (`time.monotonic() + 2.0`); a task that
          still waits then is EXPIRED without having run.
        * `delay_s`: seconds before it may run.
        * `run_id`: the run it belongs to, for `purge_run` and `pending_work`.
        * `key`: tasks that wait with the same key share one execution, as
          `WorkerOptions.same_key` says; each has its own result.
        * `max_attempts`: executions it may have; 1 is at most once. Else as
          `WorkerOptions.retry` says.
        * `on_result`: `pump` calls it with the result, which `next_task_result` then does not
          see.

        Refused are an id without a worker, a worker that failed, is full or is stopping, and
        data that cannot be carried or is over `WorkerOptions.max_payload_bytes`.
        """
        worker = self._workers.get(worker_id)
        if worker is None:
            self._refuse(unknown_worker(WorkerId(worker_id)))
            return None
        try:
            payload = worker.pack(data, max_bytes=worker.options.max_payload_bytes)
            now_s = self.clock()
            task = Task(self._next_task_id(), payload, now_s, now_s)
            is_plain = (
                priority is Priority.NORMAL
                and deadline_s is None
                and delay_s == 0.0
                and run_id is None
                and key is None
            )
            if is_plain and timeout_s is None and max_attempts is None:
                if on_result is not None:
                    check_callable("on_result", on_result)
                    task.on_result = on_result
            else:  # a call that takes 0.7 µs
                ask_of(
                    task,
                    on_result,
                    priority=priority,
                    timeout_s=timeout_s,
                    deadline_s=deadline_s,
                    delay_s=delay_s,
                    run_id=run_id,
                    key=key,
                    max_attempts=max_attempts,
                )
            return worker.submit(task, is_plain)
        except (PayloadError, TaskRefusedError) as error:
            self._refuse(error)
            return None

    def next_task_result(self, worker_id: int) -> TaskResult | None:
        """The next result of a worker, in the order in which its tasks finished.

        Never waits: None when none is ready. Results of a stopped worker stay readable. An
        `inline` worker runs its next task here.
        """
        try:  # not `get`, a call more: `engine-tasks bench poll-empty`
            results = self._results[worker_id]
        except KeyError:
            WorkerId(worker_id)  # raises for what is no id at all
            return None
        if not results:
            worker = self._inline.get(worker_id) if self._inline else None
            if worker is None:
                return None
            worker.run_inline()
        try:
            return results.popleft()
        except IndexError:
            return None  # another thread was faster, or the result went to a callback

    def pump(self, budget_ms: float = 2.0, max_results: int | None = None) -> int:
        """Hand results to their `on_result` callbacks, on this thread; how many there were.

        Those of the highest `priority` come first, of equals the oldest, until `budget_ms`
        milliseconds are over or `max_results` were handed out; the rest is for the next frame.
        At least one is handed out when any is due. Tasks of `inline` workers run here as well, as
        many as wait when it begins. A callback that raises is logged, and harms no other.
        """
        check_not_negative("budget_ms", budget_ms)
        if max_results is not None:
            check_whole("max_results", max_results, least=0)
        directory = self._directory
        return self._pump.run(
            budget_ms, max_results, directory.run_oldest_inline, directory.waiting_inline()
        )

    def wait_result(self, task_id: int, timeout_s: float) -> TaskResult | None:
        """Wait for the result of one task and take it; None after `timeout_s` seconds.

        None at once for a task that no worker has: it was never sent, or its result was taken
        (also by another that waits for it) or goes to its `on_result`; and in a deterministic
        queue for one that is not to run yet. For tools and tests, not for a frame.
        """
        check_whole("task_id", task_id, least=0)
        check_not_negative("timeout_s", timeout_s)
        return self._directory.waiters.wait(self._directory.seek(task_id), timeout_s)

    async def result(self, task_id: int) -> TaskResult:
        """The result of one task, when it is there; takes it.

        Under asyncio, or in any loop that runs a coroutine a step a frame; tasks of `inline`
        workers run in these steps. An await that is cancelled leaves the result to others.
        Raises `UnknownTaskError` for a task that no worker has: it was never sent, or its
        result was taken or goes to its `on_result`.
        """
        check_whole("task_id", task_id, least=0)
        return await result_of(self._directory.seek(task_id), self._directory.waiters)

    def run_task(self, worker_id: int, data: object) -> TaskResult | None:
        """Run a task at once, past the queue, and wait for its result.

        A spare executor with its own resource runs it, or a temporary one where none is spare:
        in a process or on a thread of its own, for an `inline` worker on this thread. For tools
        and loading screens, not for a frame; without a `timeout_s` of the worker it waits as
        long as that takes. None where it is refused, as in `send_task`.
        """
        try:
            return self._directory.find(worker_id).run_task(data)
        except (PayloadError, TaskRefusedError) as error:
            self._refuse(error)
            return None

    def executor(self, worker_id: int) -> WorkerExecutor:
        """A worker as a `concurrent.futures.Executor`: `submit(payload)` gives a future.

        It is of the worker that has the id now, and refuses when that is stopped, also when
        another has taken the id. Raises `TaskRefusedError` for an id without a worker.
        """
        worker = self._directory.find(worker_id)

        def send(future: TaskFuture, data: object, on_done: OnResult, options: SendOptions) -> None:
            payload = worker.pack(data, max_bytes=worker.options.max_payload_bytes)
            task = new_task(future.task_id, payload, self.clock(), **options)
            task.on_done = on_done
            worker.submit(task)

        here = TasksHere(self._directory.run_oldest_inline, stands_still=self.deterministic)

        def new_future() -> TaskFuture:
            if worker.is_inline:
                return InlineFuture(self._next_task_id(), worker, here)
            return TaskFuture(self._next_task_id(), worker)

        return WorkerExecutor(new_future, send)

    # --- tasks that were sent ------------------------------------------------

    def cancel(self, task_id: int) -> bool:
        """Take a task back: it is answered as CANCELLED, at once, whatever it still does.

        The code of one that runs can ask (`this_task.cancelled()`, in Lua
        `worker.cancelled()`); after `WorkerOptions.cancel_grace_s` its process is killed, or
        its thread left to itself, and replaced. Others that wait for the same execution, by
        their `key`, still get its result. False for a task that neither waits nor runs.
        """
        check_whole("task_id", task_id, least=0)
        return any(worker.cancel(task_id) for worker in list(self._workers.values()))

    def set_priority(self, task_id: int, priority: Priority) -> bool:
        """Change how urgent a task is, if it still waits; it goes behind its new equals."""
        check_whole("task_id", task_id, least=0)
        priority = as_priority(priority)
        workers = list(self._workers.values())
        return any(worker.set_priority(task_id, priority) for worker in workers)

    def purge_run(self, run_id: str, *, running: bool = False) -> int:
        """Take back all that waits of a run: each task is answered as CANCELLED; how many.

        What runs already goes on, unless `running`: then it is cancelled too. Of very many
        that wait, most are answered behind the caller's back.
        """
        check_run_id(run_id)
        workers = list(self._workers.values())
        count = sum(worker.purge(run_id) for worker in workers)
        if running:
            count += sum(worker.cancel_running(run_id) for worker in workers)
        return count

    def pending_work(self, run_id: str) -> list[PendingTask]:
        """What waits of a run, in the order in which it was sent."""
        check_run_id(run_id)
        pending = [
            task for worker in list(self._workers.values()) for task in worker.pending(run_id)
        ]
        return sorted(pending, key=lambda task: task.task_id)

    def wanted(self, task_id: int) -> int:
        """How many tasks the execution of this one will answer; 0 when it has its answer.

        More than 1 where others wait with the same `key`.
        """
        check_whole("task_id", task_id, least=0)
        return next((n for w in list(self._workers.values()) if (n := w.wanted(task_id))), 0)

    def progress(self, task_id: int) -> Progress | None:
        """What a running task said of itself last; None when it said nothing."""
        check_whole("task_id", task_id, least=0)
        for worker in list(self._workers.values()):
            progress = worker.progress(task_id)
            if progress is not None:
                return progress
        return None

    def dead_letters(self, worker_id: int) -> list[DeadLetter] | None:
        """The tasks of a worker that are out of attempts, oldest first, with all their errors.

        The last `WorkerOptions.max_dead_letters` are kept. None for an id without a worker.
        """
        worker = self._find(worker_id)
        return None if worker is None else worker.dead_letters()

    def retry_dead(self, task_id: int) -> int | None:
        """Send a dead letter again, as a new task with all its attempts; the new id.

        None for one that is not kept, and where the worker takes no task, with the reason in
        `last_error`.
        """
        check_whole("task_id", task_id, least=0)
        try:
            for worker in list(self._workers.values()):
                new_id = worker.retry_dead(task_id)
                if new_id is not None:
                    return new_id
        except TaskRefusedError as error:
            self._refuse(error)
            return None
        self._refuse(TaskRefusedError(f"there is no dead letter with id {task_id}"))
        return None

    # --- what it knows ---------------------------------------------------------

    def tasks_in_work(self, worker_id: int) -> int | None:
        """Tasks sent whose results were not taken yet; None for an id without a worker."""
        worker = self._find(worker_id)
        return None if worker is None else worker.tasks_in_work()

    def tasks_waiting(self, worker_id: int) -> int | None:
        """Tasks that no instance has taken yet; None for an id without a worker."""
        worker = self._find(worker_id)
        return None if worker is None else worker.tasks_waiting()

    def tasks_in_progress(self, worker_id: int) -> int | None:
        """Tasks that an instance works on; None for an id without a worker."""
        worker = self._find(worker_id)
        return None if worker is None else worker.tasks_in_progress()

    def tasks_ready(self, worker_id: int) -> int | None:
        """Results that wait to be taken; None for an id without a worker."""
        worker = self._find(worker_id)
        return None if worker is None else worker.tasks_ready()

    @overload
    def stats(self, worker_id: int) -> WorkerStats | None: ...

    @overload
    def stats(self, worker_id: None = None) -> dict[int, WorkerStats]: ...

    def stats(self, worker_id: int | None = None) -> WorkerStats | dict[int, WorkerStats] | None:
        """How many instances and tasks of a worker there are, by what they do. Microseconds.

        None for an id without a worker; without an id those of all workers, by their ids.
        """
        if worker_id is None:
            return {each: worker.stats() for each, worker in list(self._workers.items())}
        worker = self._find(worker_id)
        return None if worker is None else worker.stats()

    def metrics(self, worker_id: int) -> WorkerMetrics | None:
        """Rates, times and failures of a worker; None for an id without one.

        Takes 0.1 ms; the first one of a game some 15 ms more, for an import.
        """
        worker = self._find(worker_id)
        return None if worker is None else worker.metrics()

    # --- echo --------------------------------------------------------------

    def send_echo(self, text: str) -> bool:
        """Send a text to the echo worker; whether it was accepted."""
        if not isinstance(text, str):
            raise TypeError(f"send_echo takes a str, not {type(text).__name__}")
        return self.send_task(WorkerId.Echo, text) is not None

    def get_echo(self) -> str | None:
        """The next text that came back from the echo worker; None when none has."""
        result = self.next_task_result(WorkerId.Echo)
        if result is None or not result.ok:
            return None
        return str(result.payload)

    # --- the end -----------------------------------------------------------

    def stop(self, timeout_s: float = 2.0) -> None:
        """Refuse new tasks, finish what was accepted as far as `timeout_s` seconds allow.

        What is left then, and what is not to run before, is answered as STOPPED; what runs is
        killed. Waits that long at most, and a moment for killed children; afterwards none is
        left. Results stay readable; where tens of thousands of tasks waited, the last ones come
        soon afterwards, 8 µs each.
        """
        check_not_negative("timeout_s", timeout_s)
        deadline_s = self.clock() + timeout_s
        workers = self._take_workers()
        for worker in workers:
            worker.refuse(deadline_s)
        for worker in workers:
            worker.wait_empty(max(0.0, deadline_s - self.clock()))
        for worker in workers:
            worker.retire()
        for worker in workers:
            worker.wait_stopped(max(0.0, deadline_s - self.clock()))
        self._kill(workers)

    def kill(self) -> None:
        """Answer every task as STOPPED at once and kill what runs; of very many see `stop`."""
        self._kill(self._take_workers())

    def disown(self) -> None:
        """Let the workers be: in a forked copy of the game they are the original's."""
        self._stopped = True

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

    def __del__(self) -> None:
        if not getattr(self, "_stopped", True):
            warnings.warn(f"{self!r} was never stopped", ResourceWarning, source=self, stacklevel=1)
            for worker in self._take_workers():
                # On the timer's thread: this one may be anywhere, with any lock.
                TIMER.after(0.0, worker.kill)

    # --- inside ------------------------------------------------------------

    def _start_echo(self) -> None:
        options = self._placed(WorkerOptions(isolation="thread"))
        self._directory.start(
            WorkerPlan.native(WorkerId.Echo, "Echo", echo, 1, options), wait=False
        )

    def _placed(self, options: WorkerOptions | None) -> WorkerOptions | None:
        """The options, for a worker on the thread that polls where that has to be."""
        if not self.deterministic or not isinstance(options, WorkerOptions | None):
            return options
        return attrs.evolve(options or WorkerOptions(), isolation="inline")

    def _start(self, make_plan: Callable[[], WorkerPlan], wait: bool) -> bool:
        return self._try(lambda: self._directory.start(make_plan(), wait=wait))

    def _try(self, call: Callable[[], None]) -> bool:
        """Whether a call succeeds; if not, the reason is kept."""
        try:
            call()
        except EngineTasksError as error:
            return self._refuse(error)
        return True

    def _take_workers(self) -> list[Worker]:
        """All workers; the queue takes none more, and no task, from now on."""
        self._stopped = True
        LIVE_QUEUES.discard(self)
        return self._directory.close()

    def _kill(self, workers: list[Worker]) -> None:
        for worker in workers:
            try:
                worker.kill()
            except Exception:  # the children of the others must not be left
                logger.exception("the worker %r could not be killed", worker.name)
        deadline_s = time.monotonic() + KILL_TIMEOUT_S
        for worker in workers:
            if not worker.wait_stopped(max(0.0, deadline_s - time.monotonic())):
                logger.error("the worker %r did not end", worker.name)

    def _find(self, worker_id: int) -> Worker | None:
        """The worker of an id; raises for what is no id at all."""
        worker = self._workers.get(worker_id)
        return worker if worker is not None else self._workers.get(WorkerId(worker_id))

    def _refuse(self, error: EngineTasksError) -> bool:
        logger.warning("refused: %s", error)
        self.last_error = error.with_traceback(None)  # which would keep what it passed through
        return False
