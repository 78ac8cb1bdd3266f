"""Starts the worker."""

from __future__ import annotations

from typing import Final

from engine_tasks.errors import ErrorKind
from engine_tasks.lua.sources import worker_script_path
from engine_tasks.options import LuaLimits, WorkerOptions
from engine_tasks.policies import RetryPolicy
from engine_tasks.task_queue import TaskQueue
from engine_tasks.worker_id import WorkerId

#: A search changes nothing, so one whose instance died is simply made again. The memory is for
#: a field over the largest map there may be, beside some others; the script is ours, so it is
#: compiled also where the operating system does not confine it.
OPTIONS: Final = WorkerOptions(
    retry=RetryPolicy(first_backoff_s=0.0, kinds=frozenset({ErrorKind.CRASHED, ErrorKind.LOST})),
    limits=LuaLimits(memory_mb=1024, jit=True),
)


def start(
    queue: TaskQueue,
    instances_count: int = 2,
    *,
    name: str = "Pathfinding",
    options: WorkerOptions = OPTIONS,
    wait: bool = True,
) -> WorkerId | None:
    """Start the worker that finds paths; its id, or None with the reason in `queue.last_error`.

    A `name` that is taken raises `WorkerIdError`. With `wait` the call takes until the children
    are ready, as `TaskQueue.start_worker` does.
    """
    worker_id = queue.worker_ids.register(name)
    script = worker_script_path("pathfinding")
    if queue.start_worker(worker_id, name, script, instances_count, options=options, wait=wait):
        return worker_id
    queue.worker_ids.release(worker_id)
    return None
