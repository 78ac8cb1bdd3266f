"""What a worker's Python function may ask and say while it runs a task.

    from engine_tasks import this_task

    def generate(request: Terrain) -> Heights:
        for row in range(request.rows):
            if this_task.cancelled():
                break
            this_task.progress(row / request.rows, "rows")

Each call is for the thread on which the function itself was called, in a child process as
well as in the game. Anywhere else, and while no task runs, they answer that nothing is.
"""

from __future__ import annotations

import os
import threading

from engine_tasks.checks import check_number

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Protocol

    class Host(Protocol):
        """What runs the task: the executor of a thread, or what a child has of the game."""

        @property
        def task_id(self) -> int | None:
            """The task that runs."""

        def cancelled(self) -> bool:
            """Whether it should end."""

        def progress(self, share: float, note: str) -> None:
            """Tell how far it is; a `share` beyond 0 to 1 is moved there."""


class _Here(threading.local):
    """The host of each thread."""

    host: Host | None = None


_here = _Here()


def cancelled() -> bool:
    """Whether the task should end: the game cancelled it, or is stopping its worker.

    A function that goes on past `WorkerOptions.cancel_grace_s` (`stop_grace_s` at a stop) is
    killed with its process, or left to itself on its thread. It costs a microsecond in a
    child, so ask once for each stretch of work that is worth more.
    """
    host = _here.host
    return host is not None and host.cancelled()


def progress(share: float, note: str = "") -> None:
    """Say how far the task is, for `TaskQueue.progress`.

    Args:
        share: from 0 to 1, what is beyond is moved there.
        note: a few words for people.

    What exceeds `LuaLimits.progress_per_s` is dropped. Raises `TypeError` and `ValueError` for
    a share that is no finite number, also while no task runs.
    """
    check_number("share", share)
    if not isinstance(note, str):
        raise TypeError(f"note is a str, not {type(note).__name__}")
    host = _here.host
    if host is not None:
        host.progress(float(share), note)


def task_id() -> int | None:
    """The id that `send_task` gave for the task; None while no task runs."""
    host = _here.host
    return None if host is None else host.task_id


def enter(host: Host) -> Host | None:
    """Have `host` answer on this thread; the one that did before. For executors."""
    previous, _here.host = _here.host, host
    return previous


def leave(previous: Host | None) -> None:
    """Have what `enter` returned answer again. For executors."""
    _here.host = previous


def _forget() -> None:
    _here.host = None


if hasattr(os, "register_at_fork"):
    # A copy of a child must not read the pipe that the child reads.
    os.register_at_fork(after_in_child=_forget)
