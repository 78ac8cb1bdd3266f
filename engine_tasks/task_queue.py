"""The task queue: named workers, tasks to them, results back; nothing here waits but by name."""

from __future__ import annotations

import atexit
import logging
import os
import time
import warnings
import weakref
from collections.abc import Callable
from os import PathLike
from types import TracebackType
from typing import Any, Final, Self

from engine_tasks.checks import check_above_zero, check_not_negative
from engine_tasks.directory import WorkerDirectory, unknown_worker
from engine_tasks.errors import EngineTasksError, PayloadError, TaskRefusedError
from engine_tasks.options import WorkerOptions
from engine_tasks.payload import encode
from engine_tasks.pump import Pump
from engine_tasks.task import Progress, TaskResult
from engine_tasks.timer import TIMER
from engine_tasks.worker import KILL_TIMEOUT_S, OnResult, Worker, WorkerState
from engine_tasks.worker_id import WorkerId
from engine_tasks.worker_plan import WorkerPlan
from engine_tasks.workers.echo import echo

logger = logging.getLogger(__name__)


class TaskQueue:
    """Workers by id, and the game's side of their tasks.

    Any thread may call anything. Only `start_worker` and `start_native_worker` with `wait`,
    `wait_result`, `stop` and `kill` wait, each within a bound.

    What goes wrong while a game runs is a value: False or None, with the reason in
    `last_error` and in the log. Wrong types and values raise.
    """

    def __init__(self) -> None:
        """A queue with its echo worker running."""
        self.last_error: EngineTasksError | None = None
        self._stopped = False
        self._pump = Pump()
        self._directory = WorkerDirectory(self._pump.due)
        self._workers = self._directory.workers
        self._results = self._directory.results
        self._inline = self._directory.inline
        self.worker_ids: Final = self._directory.ids
        self._start_echo()
        _LIVE_QUEUES.add(self)

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
        return self._start(
            lambda: WorkerPlan.lua(worker_id, name, script_path, instances_count, options), wait
        )

    def start_native_worker(
        self,
        worker_id: int,
        name: str,
        function: Callable[[Any], Any],
        instances_count: int = 1,
        *,
        options: WorkerOptions | None = None,
        wait: bool = True,
    ) -> bool:
        """Start a worker whose instances call `function` with the payload of each task.

        Its type hints are its contract: `def find(request: PathRequest) -> Path` receives a
        `PathRequest` made by cattrs. It runs in child processes unless `options` say
        otherwise. Waits and answers like `start_worker`. Raises `TypeError` for a function
        that cannot take a payload or cannot travel to a child; the message says what to do.
        """
        return self._start(
            lambda: WorkerPlan.native(worker_id, name, function, instances_count, options), wait
        )

    def stop_worker(self, worker_id: int) -> bool:
        """Stop a worker, without waiting: its id and name are free again at once.

        Tasks that wait are answered as STOPPED; those that run have
        `WorkerOptions.stop_grace_s` to end, then they are too. Its results stay readable.
        False for an id that has no worker, and for the engine's own.
        """
        try:
            self._directory.retire(WorkerId(worker_id))
        except EngineTasksError as error:
            return self._refuse(error)
        return True

    def stop_all_workers(self) -> None:
        """`stop_worker` for every worker of the game; the engine's own go on."""
        for worker_id in list(self._workers):
            if worker_id >= WorkerId.EngineWorkersCount:
                self.stop_worker(worker_id)

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
        timeout_s: float | None = None,
        on_result: OnResult | None = None,
    ) -> int | None:
        """Send a task; its id, or None where it is refused, with the reason in `last_error`.

        Never waits. `data` is copied: it may change afterwards. With `on_result`, `pump`
        calls it with the result, which `next_task_result` then does not see. A task that
        runs longer than `timeout_s` seconds (or `WorkerOptions.timeout_s`) ends as TIMEOUT.

        Refused are an id without a worker, a worker that failed or is stopping, and data
        that cannot be carried or is over `WorkerOptions.max_payload_bytes`.
        """
        if timeout_s is not None:
            check_above_zero("timeout_s", timeout_s)
        if on_result is not None and not callable(on_result):
            raise TypeError(f"on_result is callable, not {type(on_result).__name__}")
        worker = self._workers.get(worker_id)
        if worker is None:
            self._refuse(unknown_worker(WorkerId(worker_id)))
            return None
        try:
            payload = encode(data, max_bytes=worker.options.max_payload_bytes)
            return worker.submit(payload, on_result, timeout_s)
        except (PayloadError, TaskRefusedError) as error:
            self._refuse(error)
            return None

    def next_task_result(self, worker_id: int) -> TaskResult | None:
        """The next result of a worker, in the order in which its tasks finished.

        Never waits: None when none is ready. Results of a stopped worker stay readable. An
        `inline` worker runs its oldest task here.
        """
        results = self._results.get(worker_id)
        if not results:
            if results is None:
                WorkerId(worker_id)  # raises for what is no id at all
            worker = self._inline.get(worker_id)
            if worker is None or results is None or not worker.run_inline():
                return None
        try:
            return results.popleft()
        except IndexError:
            return None  # another thread was faster, or the result went to a callback

    def pump(self, budget_ms: float = 2.0, max_results: int | None = None) -> int:
        """Hand results to their `on_result` callbacks, on this thread; how many there were.

        Goes on, oldest first, until `budget_ms` milliseconds are over or `max_results` were
        handed out; at least one is handed out when any is due. Tasks of `inline` workers
        run here as well. A callback that raises is logged, and harms no other.
        """
        check_not_negative("budget_ms", budget_ms)
        return self._pump.run(budget_ms, max_results, self._directory.run_oldest_inline)

    def wait_result(self, task_id: int, timeout_s: float) -> TaskResult | None:
        """Wait for the result of one task and take it; None after `timeout_s` seconds.

        For tools and tests, not for a frame. One thread may wait for a task at a time. The
        result of a task with an `on_result` goes there, and not here.
        """
        check_not_negative("timeout_s", timeout_s)
        return self._directory.waiters.wait(
            task_id, lambda: self._directory.take_result(task_id), timeout_s
        )

    def progress(self, task_id: int) -> Progress | None:
        """What a running task said of itself last; None when it said nothing."""
        for worker in list(self._workers.values()):
            progress = worker.progress(task_id)
            if progress is not None:
                return progress
        return None

    # --- counters ------------------------------------------------------------

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

        What is left then is answered as STOPPED and killed. Waits that long at most, and a
        moment for killed children; afterwards none is left. Results stay readable.
        """
        check_not_negative("timeout_s", timeout_s)
        deadline_s = time.monotonic() + timeout_s
        workers = self._take_workers()
        for worker in workers:
            worker.refuse()
        for worker in workers:
            worker.wait_empty(max(0.0, deadline_s - time.monotonic()))
        for worker in workers:
            worker.retire()
        for worker in workers:
            worker.wait_stopped(max(0.0, deadline_s - time.monotonic()))
        self._kill(workers)

    def kill(self) -> None:
        """Answer every task as STOPPED at once and kill what runs."""
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
        options = WorkerOptions(isolation="thread")
        self._directory.start(
            WorkerPlan.native(WorkerId.Echo, "Echo", echo, 1, options), wait=False
        )

    def _start(self, make_plan: Callable[[], WorkerPlan], wait: bool) -> bool:
        try:
            self._directory.start(make_plan(), wait=wait)
        except EngineTasksError as error:
            return self._refuse(error)
        return True

    def _take_workers(self) -> list[Worker]:
        """All workers; the queue takes none more, and no task, from now on."""
        self._stopped = True
        _LIVE_QUEUES.discard(self)
        return self._directory.close()

    def _kill(self, workers: list[Worker]) -> None:
        for worker in workers:
            worker.kill()
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


#: Queues to kill when the interpreter ends without a `stop`.
_LIVE_QUEUES: Final[weakref.WeakSet[TaskQueue]] = weakref.WeakSet()


@atexit.register
def _kill_live_queues() -> None:
    for queue in list(_LIVE_QUEUES):
        queue.kill()


def _disown_queues() -> None:
    """In a forked copy of the game: its end must not end the workers of the game."""
    for queue in list(_LIVE_QUEUES):
        queue.disown()
    _LIVE_QUEUES.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_disown_queues)
