"""Futures of an `inline` worker: its tasks run on the thread that waits for one."""

from __future__ import annotations

import contextlib
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import CancelledError
from typing import TYPE_CHECKING, Any, cast

from engine_tasks.awaiting import running_loop
from engine_tasks.futures import FutureWorker, TaskFuture
from engine_tasks.waiting import POLL_S

if TYPE_CHECKING:
    import asyncio


class TasksHere:
    """The inline tasks of a queue, for who waits for one of them."""

    def __init__(self, run_next: Callable[[], bool], *, stands_still: bool) -> None:
        """`run_next` runs the next task here, if any is ready. Where time `stands_still` until
        the game moves it, none will be by waiting."""
        self.run_next = run_next
        self.stands_still = stands_still
        self._awaited: deque[InlineFuture] = deque()
        self._loops: set[asyncio.AbstractEventLoop] = set()

    def run_until(
        self,
        is_over: Callable[[], bool],
        pause: Callable[[float], object],
        timeout: float | None,
    ) -> None:
        """Run tasks until it `is_over`, or for `timeout` seconds; then one that runs still ends.

        Without a timeout raises `TimeoutError` where waiting is in vain.
        """
        deadline_s = None if timeout is None else time.monotonic() + timeout
        while not is_over():
            has_run = self.run_next()
            if has_run and (deadline_s is None or self.stands_still):
                continue
            if deadline_s is None and self.stands_still:
                raise TimeoutError("not ready, and the clock of the queue stands still")
            left_s = POLL_S if deadline_s is None else deadline_s - time.monotonic()
            if left_s <= 0.0:
                return
            if not has_run:
                pause(min(left_s, POLL_S))

    def run_in(self, loop: asyncio.AbstractEventLoop, awaited: InlineFuture) -> None:
        """Have asyncio's loop run tasks, one a turn, until a future is done."""
        self._awaited.append(awaited)
        if loop not in self._loops:
            self._loops.add(loop)
            loop.call_soon(self._turn, loop)

    def _turn(self, loop: asyncio.AbstractEventLoop) -> None:
        while self._awaited and self._awaited[0].is_over():
            self._awaited.popleft()
        if not self._awaited:
            self._loops.discard(loop)
        elif self.run_next():
            loop.call_soon(self._turn, loop)
        else:
            loop.call_later(POLL_S, self._turn, loop)


class InlineFuture(TaskFuture):
    """Whoever waits for it runs the tasks that come before: by `result`, `exception`, `wait`,
    `as_completed`, or with asyncio. `done` runs one, as each poll does."""

    def __init__(self, task_id: int, worker: FutureWorker, here: TasksHere) -> None:
        super().__init__(task_id, worker)
        self._here = here
        # concurrent.futures offers no other way to know of its `wait` and `as_completed`.
        self._waiters: list[Any] = _Waiters(here)

    def is_over(self) -> bool:
        """Whether it is done; runs nothing."""
        return super().done()

    def done(self) -> bool:
        """Whether it is done, by the next task at the latest."""
        if not self.is_over():
            self._here.run_next()
        return self.is_over()

    def result(self, timeout: float | None = None) -> Any:
        """The payload; see `TaskFuture`. Raises `TimeoutError`, in a deterministic queue also
        without a timeout: for a task that is not to run before its clock goes on."""
        self._run(timeout)
        return super().result(0)

    def exception(self, timeout: float | None = None) -> BaseException | None:
        """What `result` raises, if anything. Raises `TimeoutError` like that."""
        self._run(timeout)
        return super().exception(0)

    def add_done_callback(self, fn: Callable[[Any], object]) -> None:
        """Have `fn` called when it is done. On asyncio's thread the loop sees to that."""
        super().add_done_callback(fn)
        loop = running_loop()
        if loop is not None and not self.is_over():
            self._here.run_in(loop, self)

    def _run(self, timeout: float | None) -> None:
        def pause(seconds: float) -> None:  # another thread may run it
            with contextlib.suppress(TimeoutError, CancelledError):
                super(InlineFuture, self).exception(seconds)

        self._here.run_until(self.is_over, pause, timeout)


class _Waiters(list[Any]):
    """Those who wait for a future: they run tasks meanwhile."""

    def __init__(self, here: TasksHere) -> None:
        super().__init__()
        self._here = here

    def append(self, waiter: Any) -> None:
        if not isinstance(waiter.event, _Event):
            waiter.event = _Event()  # nobody waits on the other one yet
        waiter.event.heres[self._here] = None
        super().append(waiter)


class _Event(threading.Event):
    """Set when futures are done; who waits runs the tasks of their queues meanwhile."""

    def __init__(self) -> None:
        super().__init__()
        self.heres: dict[TasksHere, None] = {}

    def wait(self, timeout: float | None = None) -> bool:
        pause = cast("Callable[[float], object]", super().wait)
        if len(self.heres) == 1:
            (here,) = self.heres
        else:
            here = TasksHere(self._run_any, stands_still=False)
        here.run_until(self.is_set, pause, timeout)
        return self.is_set()

    def _run_any(self) -> bool:
        return any(here.run_next() for here in self.heres)
