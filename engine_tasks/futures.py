"""A worker behind Python's own interface: `concurrent.futures.Executor`."""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import CancelledError, Executor, Future
from typing import Any, Protocol, Unpack

from engine_tasks.checks import check_not_negative
from engine_tasks.errors import ErrorKind, TaskFailedError
from engine_tasks.native_function import is_ctrl_c
from engine_tasks.sending import SendOptions
from engine_tasks.task import TaskResult

logger = logging.getLogger(__name__)


class FutureWorker(Protocol):
    """A worker, as the futures of its tasks see it."""

    def cancel_waiting(self, task_id: int) -> bool:
        """Answer a task as CANCELLED, if no instance has taken it; whether it is."""

    def is_taken(self, task_id: int) -> bool:
        """Whether an instance has taken a task that is to be answered."""


class TaskFuture(Future[Any]):
    """The payload to come of one task. Any thread.

    `result()` raises `TaskFailedError` for a task that ends with an error, `CancelledError`
    for one that was taken back, here or by `TaskQueue.cancel`. `task_result` has the times
    and attempts, once it is done; callbacks run on the thread that has the result.
    """

    def __init__(self, task_id: int, worker: FutureWorker) -> None:
        super().__init__()
        self.task_id = task_id
        self.task_result: TaskResult | None = None
        self._worker = worker

    def running(self) -> bool:
        """Whether an instance has taken the task, so that `cancel` is too late."""
        return self._worker.is_taken(self.task_id)

    def cancel(self) -> bool:
        """Take the task back, if no instance has taken it yet; whether it is cancelled.

        `TaskQueue.cancel(future.task_id)` also ends one that runs.
        """
        if self._worker.cancel_waiting(self.task_id):
            super().cancel()  # `settle` may be on its way to that, on another thread
        return self.cancelled()

    def settle(self, result: TaskResult) -> None:
        """The task has its result. On the thread that has it, once."""
        self.task_result = result
        try:
            self._settle(result)
        except BaseException as error:  # SystemExit here would stop every actor
            if is_ctrl_c(error):
                raise
            logger.exception("a callback of the future of task %d failed", self.task_id)

    def refuse(self, error: BaseException) -> None:
        """The task was not accepted; nobody but a `shutdown` in between has the future."""
        self.set_exception(error)

    def _settle(self, result: TaskResult) -> None:
        if result.error is not None and result.error.kind is ErrorKind.CANCELLED:
            super().cancel()
            self.set_running_or_notify_cancel()
            return
        self.set_running_or_notify_cancel()
        if result.error is not None:
            self.set_exception(TaskFailedError(result.error, task_id=result.task_id))
            return
        try:
            payload = result.payload
        except BaseException as error:  # a hook of the game
            self.set_exception(error)
        else:
            self.set_result(payload)


class WorkerExecutor(Executor):
    """Sends tasks to one worker of a queue and gives futures for their payloads. Any thread.

    Not the way for a game loop, which polls. `as_completed`, `wait` and `asyncio.wrap_future`
    work on the futures; `loop.run_in_executor(executor, payload)` does, but in asyncio's debug
    mode, which wants to see a function there.
    """

    def __init__(
        self,
        new_future: Callable[[], TaskFuture],
        send: Callable[[TaskFuture, object, Callable[[TaskResult], None], SendOptions], None],
    ) -> None:
        """For `TaskQueue.executor`: how its worker is sent the task of a future, whose result
        goes to a callable, on whatever thread has it."""
        self._new_future = new_future
        self._send = send
        self._lock = threading.Lock()
        self._unfinished: set[TaskFuture] = set()
        self._is_shut_down = False
        self._cancels = False

    # The worker has the function already: what is submitted is its payload.
    def submit(  # type: ignore[override]
        self, data: object, /, **options: Unpack[SendOptions]
    ) -> TaskFuture:
        """Send a task, as `TaskQueue.send_task` does; the future of its payload.

        Raises `TaskRefusedError` for a task that is not accepted, `PayloadError` for what
        cannot be carried, `RuntimeError` after `shutdown`.
        """
        with self._lock:
            if self._is_shut_down:
                raise RuntimeError("cannot schedule new futures after shutdown")
            future = self._new_future()
            self._unfinished.add(future)

        def settle(result: TaskResult) -> None:
            try:
                future.settle(result)
            finally:
                self._unfinished.discard(future)

        try:
            self._send(future, data, settle, options)
        except BaseException as error:
            self._unfinished.discard(future)
            future.refuse(error)
            raise
        if self._cancels:
            future.cancel()  # shut down since
        return future

    def map(  # type: ignore[override]
        self,
        payloads: Iterable[object],
        *,
        timeout: float | None = None,
        chunksize: int = 1,
        **options: Unpack[SendOptions],
    ) -> Iterator[Any]:
        """The worker's answers to `payloads`, in their order; all are sent at once.

        Raises what `submit` does, with those before taken back; the iterator raises
        `TimeoutError` when an answer is not there `timeout` seconds after the call, and what
        `Future.result` raises. One that ends early takes back what waits. `chunksize` is
        there for other executors' sake.
        """
        del chunksize
        if timeout is not None:
            check_not_negative("timeout", timeout)
        deadline_s = None if timeout is None else time.monotonic() + timeout
        futures: deque[TaskFuture] = deque()
        try:
            for payload in payloads:
                futures.append(self.submit(payload, **options))
        except BaseException:
            _cancel_all(futures)
            raise
        return _in_order(futures, deadline_s)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Take no more; the worker runs on. With `wait`, until all futures are done."""
        with self._lock:
            self._is_shut_down = True
            self._cancels = self._cancels or cancel_futures
            unfinished = list(self._unfinished)
        if cancel_futures:
            _cancel_all(unfinished)
        if wait:
            for future in unfinished:
                with contextlib.suppress(CancelledError):
                    future.exception()


def _cancel_all(futures: Iterable[TaskFuture]) -> None:
    for future in futures:
        future.cancel()


def _in_order(futures: deque[TaskFuture], deadline_s: float | None) -> Iterator[Any]:
    """The payloads; of those that were given out nothing is kept."""
    try:
        while futures:
            yield _payload(futures.popleft(), deadline_s)
    finally:
        _cancel_all(futures)


def _payload(future: TaskFuture, deadline_s: float | None) -> Any:
    left_s = None if deadline_s is None else max(0.0, deadline_s - time.monotonic())
    try:
        return future.result(left_s)
    finally:
        future.cancel()
        del future  # its exception holds this frame
