"""A worker that is given large payloads, and what came of a task."""

from __future__ import annotations

from typing import Any

from eventually import result_of

from engine_tasks import ErrorKind, TaskQueue, TaskResult, WorkerOptions

OPTIONS = WorkerOptions(nice=0, stop_grace_s=0.2)


def start(queue: TaskQueue, function: Any, options: WorkerOptions = OPTIONS) -> None:
    assert queue.start_native_worker(1, "Large", function, options=options), queue.last_error


def payload_of(queue: TaskQueue, data: object) -> Any:
    result = result_of(queue, 1, data)
    assert result.error is None, result.error
    return result.payload


def kind_of(result: TaskResult) -> ErrorKind:
    assert result.error is not None
    return result.error.kind
