"""A worker behind Python's own interface: `concurrent.futures.Executor`."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import CancelledError, Executor, Future
from typing import Any, Protocol, Unpack

from engine_tasks.errors import ErrorKind, TaskFailedError
from engine_tasks.sending import SendOptions
from engine_tasks.task import TaskResult


class Submit(Protocol):
    """Sends a task whose result goes to `on_done`, on whatever thread has it."""

    def __call__(
        self, data: object, on_done: Callable[[TaskResult], None], options: SendOptions
    ) -> int:
        """The task's id. Raises `TaskRefusedError` or `PayloadError`."""


class TaskFuture(Future[Any]):
    """The payload to come of one task. `task_result` is there when it is done."""

    def __init__(self, take_back: Callable[[int], bool], run_inline: Callable[[], bool]) -> None:
        super().__init__()
        self.task_id = 0
        self.task_result: TaskResult | None = None
        self._take_back = take_back
        self._run_inline = run_inline

    def result(self, timeout: float | None = None) -> Any:
        """The payload. Raises `TaskFailedError`, `CancelledError` or `TimeoutError`.

        Tasks of an `inline` worker run here.
        """
        while not self.done() and self._run_inline():
            pass
        return super().result(timeout)

    def cancel(self) -> bool:
        """Take the task back, if no instance has taken it yet; whether it is cancelled."""
        return self.cancelled() or (not self.done() and self._take_back(self.task_id))

    def settle(self, result: TaskResult) -> None:
        """The task has its result. On the thread that has it, once."""
        self.task_result = result
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
        except Exception as error:  # a hook of the game
            self.set_exception(error)
        else:
            self.set_result(payload)


class WorkerExecutor(Executor):
    """Sends tasks to one worker of a queue and gives futures for their payloads.

    Not the way for a game loop, which polls: callbacks of a future run on the thread that has
    the result. `as_completed`, `wait` and `asyncio.wrap_future` work on them.
    """

    def __init__(
        self,
        submit: Submit,
        take_back: Callable[[int], bool],
        run_inline: Callable[[], bool],
    ) -> None:
        """For `TaskQueue.executor`: how its worker is sent a task, gives back one that waits,
        and runs one here."""
        self._submit = submit
        self._take_back = take_back
        self._run_inline = run_inline
        self._unfinished: set[TaskFuture] = set()
        self._is_shut_down = False

    # The worker has the function already: what is submitted is its payload.
    def submit(  # type: ignore[override]
        self, data: object, /, **options: Unpack[SendOptions]
    ) -> TaskFuture:
        """Send a task; the future of its payload.

        A task that fails raises `TaskFailedError` from `result()`, with its `TaskError` in
        `error`. Raises `TaskRefusedError` for a task that is not accepted, `PayloadError` for
        what cannot be carried, `RuntimeError` after `shutdown`.
        """
        if self._is_shut_down:
            raise RuntimeError("cannot schedule new futures after shutdown")
        future = TaskFuture(self._take_back, self._run_inline)
        self._unfinished.add(future)
        future.add_done_callback(self._unfinished.discard)
        try:
            future.task_id = self._submit(data, future.settle, options)
        except BaseException:
            self._unfinished.discard(future)
            raise
        return future

    def map(  # type: ignore[override]
        self,
        payloads: Iterable[object],
        timeout: float | None = None,
        chunksize: int = 1,
    ) -> Iterator[Any]:
        """The worker's answers to `payloads`, in their order; all are sent at once.

        Raises `TimeoutError` when one is not there `timeout` seconds after the call, and what
        `Future.result` raises. `chunksize` is there for other executors' sake.
        """
        del chunksize
        deadline_s = None if timeout is None else time.monotonic() + timeout
        return _in_order([self.submit(payload) for payload in payloads], deadline_s)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Take no more; the worker runs on. With `wait`, until all futures are done."""
        self._is_shut_down = True
        unfinished = list(self._unfinished)
        if cancel_futures:
            for future in unfinished:
                future.cancel()
        if wait:
            for future in unfinished:
                with contextlib.suppress(CancelledError):
                    future.exception()


def _in_order(futures: list[TaskFuture], deadline_s: float | None) -> Iterator[Any]:
    try:
        for future in futures:
            left_s = None if deadline_s is None else max(0.0, deadline_s - time.monotonic())
            yield future.result(left_s)
    finally:
        for future in futures:
            future.cancel()
