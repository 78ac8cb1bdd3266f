"""Starts the worker."""

from __future__ import annotations

from typing import Final

from engine_tasks.errors import ErrorKind
from engine_tasks.options import MIB, WorkerOptions
from engine_tasks.policies import RetryPolicy
from engine_tasks.task_queue import TaskQueue
from engine_tasks.worker_id import WorkerId
from engine_tasks.workers.assets.loading import load

#: How the worker runs unless a game says otherwise; `attrs.evolve` makes others of it.
#: A file that could not be read is tried again. One that was read and is broken never is, nor
#: one that ended its process: those would do so each time.
OPTIONS: Final = WorkerOptions(
    retry=RetryPolicy(max_attempts=3, first_backoff_s=0.1, kinds={ErrorKind.FAILED}),
    timeout_s=60.0,
    max_payload_bytes=512 * MIB,
)


def start(
    queue: TaskQueue,
    instances_count: int = 2,
    *,
    name: str = "Assets",
    options: WorkerOptions = OPTIONS,
    wait: bool = True,
) -> WorkerId | None:
    """Start the worker that loads files; its id, or None with the reason in `queue.last_error`.

    A `name` that is taken raises `WorkerIdError`. With `wait` the call takes until the children
    are ready, as `TaskQueue.start_native_worker` does.
    """
    worker_id = queue.worker_ids.register(name)
    started = queue.start_native_worker(
        worker_id, name, load, instances_count, options=options, wait=wait
    )
    if not started:
        queue.worker_ids.release(worker_id)
        return None
    return worker_id
