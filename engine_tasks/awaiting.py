"""Awaiting one task's result: in asyncio, or in any loop that runs a coroutine a step a frame."""

from __future__ import annotations

import contextlib
import sys
import types
from collections.abc import Generator
from typing import TYPE_CHECKING, Any, Final

from engine_tasks.errors import UnknownTaskError
from engine_tasks.task import TaskResult
from engine_tasks.waiting import POLL_S, Outlook, ResultWaiters, Sought

if TYPE_CHECKING:
    import asyncio

#: Seconds for which a step runs tasks of inline workers, as `TaskQueue.pump` does.
_STEP_S: Final = 0.002


async def result_of(sought: Sought, waiters: ResultWaiters) -> TaskResult:
    """The result that is sought, once it is there.

    Under asyncio the loop sleeps until it is announced; a task that is to run on this thread
    but is not ready, delayed say, is looked for every few milliseconds. Elsewhere it is looked
    for each time the coroutine is resumed. Raises `UnknownTaskError` where nobody has it.
    """
    loop = running_loop()
    while (found := sought.take(waiters.until_s(_STEP_S))) is None:
        outlook = sought.outlook()
        if outlook is Outlook.NEVER:
            return _taken_now(sought)
        if loop is None or outlook is Outlook.AT_ONCE:
            await _next_frame()
        else:
            found = await _announced(sought, waiters, loop, outlook)
            if found is not None:
                break
    return found


def _taken_now(sought: Sought) -> TaskResult:
    """The result of a task that no worker has: it may have come since it was looked for."""
    found = sought.take(0.0)
    if found is None:
        raise UnknownTaskError(
            f"task {sought.task_id} has no result to wait for: it was never sent, its result was "
            f"taken, or that went to its on_result or its future",
            task_id=sought.task_id,
        )
    return found


async def _announced(
    sought: Sought,
    waiters: ResultWaiters,
    loop: asyncio.AbstractEventLoop,
    outlook: Outlook,
) -> TaskResult | None:
    """What there is before a sleep; None after it, when the task may have its answer."""
    arrival = loop.create_future()

    def arrived() -> None:
        with contextlib.suppress(RuntimeError):  # the loop was closed: nobody waits any more
            loop.call_soon_threadsafe(_finish, arrival)

    waiters.expect(sought.task_id, arrived)
    alarm = loop.call_later(POLL_S, _finish, arrival) if outlook is Outlook.LATER else None
    try:
        found = sought.take(0.0)  # after `expect`: what comes later is announced
        if found is None:
            await arrival
        return found
    finally:
        waiters.forget(sought.task_id, arrived)
        if alarm is not None:
            alarm.cancel()


def _finish(arrival: asyncio.Future[None]) -> None:
    if not arrival.done():
        arrival.set_result(None)


@types.coroutine
def _next_frame() -> Generator[None, None, None]:
    """Give way to whoever runs the coroutine, as `asyncio.sleep(0)` does."""
    yield


def running_loop() -> Any:
    """asyncio's loop on this thread, if it runs; a game without asyncio does not load it."""
    asyncio = sys.modules.get("asyncio")
    if asyncio is None:
        return None
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None
