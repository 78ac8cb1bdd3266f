"""Awaiting one task's result: in asyncio, or in any loop that runs a coroutine a step a frame."""

from __future__ import annotations

import contextlib
import sys
import types
from collections.abc import Callable, Generator
from typing import TYPE_CHECKING, Any

from engine_tasks.task import TaskResult
from engine_tasks.waiting import ResultWaiters

if TYPE_CHECKING:
    import asyncio


async def result_of(
    task_id: int, find: Callable[[], TaskResult | None], waiters: ResultWaiters, *, polls: bool
) -> TaskResult:
    """What `find` gives, once it gives something.

    Under asyncio the loop sleeps until the task is announced. Elsewhere, and with `polls` (for
    tasks that only `find` runs), it is looked for each time the coroutine is resumed.
    """
    loop = None if polls else _running_loop()
    while (found := find()) is None:
        if loop is None:
            await _next_frame()
        else:
            found = await _announced(task_id, find, waiters, loop)
            if found is not None:
                break
    return found


async def _announced(
    task_id: int,
    find: Callable[[], TaskResult | None],
    waiters: ResultWaiters,
    loop: asyncio.AbstractEventLoop,
) -> TaskResult | None:
    """What `find` gives when the task is announced, or has been since it was last looked for."""
    arrival = loop.create_future()

    def arrived() -> None:
        with contextlib.suppress(RuntimeError):  # the loop was closed: nobody waits any more
            loop.call_soon_threadsafe(_finish, arrival)

    waiters.expect(task_id, arrived)
    try:
        found = find()  # after `expect`: what comes later is announced
        if found is None:
            await arrival
        return found
    finally:
        waiters.forget(task_id)


def _finish(arrival: asyncio.Future[None]) -> None:
    if not arrival.done():
        arrival.set_result(None)


@types.coroutine
def _next_frame() -> Generator[None, None, None]:
    """Give way to whoever runs the coroutine, as `asyncio.sleep(0)` does."""
    yield


def _running_loop() -> Any:
    """The loop that runs this thread's coroutine; a game without asyncio does not load it."""
    asyncio = sys.modules.get("asyncio")
    if asyncio is None:
        return None
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None
