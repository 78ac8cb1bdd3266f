"""A task queue for games: hand work to workers each frame, poll for answers, never wait.

The names are imported when they are first used: a child process that runs a Lua script
imports this package too, and must be ready in a few milliseconds.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Final

    from engine_tasks.errors import (
        EngineTasksError,
        ErrorKind,
        PayloadError,
        TaskError,
        TaskFailedError,
        TaskRefusedError,
        UnknownTaskError,
        WorkerIdError,
        WorkerStartError,
    )
    from engine_tasks.futures import TaskFuture, WorkerExecutor
    from engine_tasks.observe.metrics import Distribution, WorkerMetrics
    from engine_tasks.observe.stats import WorkerStats
    from engine_tasks.options import LuaLimits, WorkerOptions
    from engine_tasks.policies import Priority, RestartPolicy, RetryPolicy
    from engine_tasks.pools.dead_letters import DeadLetter
    from engine_tasks.pools.slots import InstanceState, PoolPhase
    from engine_tasks.task import PendingTask, Progress, TaskResult
    from engine_tasks.task_queue import TaskQueue
    from engine_tasks.worker import Worker, WorkerState
    from engine_tasks.worker_id import WorkerId

__version__: Final = "0.1.0"

_HOMES: Final = {
    "DeadLetter": "pools.dead_letters",
    "Distribution": "observe.metrics",
    "EngineTasksError": "errors",
    "ErrorKind": "errors",
    "InstanceState": "pools.slots",
    "LuaLimits": "options",
    "PayloadError": "errors",
    "PendingTask": "task",
    "PoolPhase": "pools.slots",
    "Priority": "policies",
    "Progress": "task",
    "RestartPolicy": "policies",
    "RetryPolicy": "policies",
    "TaskError": "errors",
    "TaskFailedError": "errors",
    "TaskFuture": "futures",
    "TaskQueue": "task_queue",
    "TaskRefusedError": "errors",
    "TaskResult": "task",
    "UnknownTaskError": "errors",
    "Worker": "worker",
    "WorkerExecutor": "futures",
    "WorkerId": "worker_id",
    "WorkerIdError": "errors",
    "WorkerMetrics": "observe.metrics",
    "WorkerOptions": "options",
    "WorkerStartError": "errors",
    "WorkerState": "worker",
    "WorkerStats": "observe.stats",
}

__all__ = [
    "DeadLetter",
    "Distribution",
    "EngineTasksError",
    "ErrorKind",
    "InstanceState",
    "LuaLimits",
    "PayloadError",
    "PendingTask",
    "PoolPhase",
    "Priority",
    "Progress",
    "RestartPolicy",
    "RetryPolicy",
    "TaskError",
    "TaskFailedError",
    "TaskFuture",
    "TaskQueue",
    "TaskRefusedError",
    "TaskResult",
    "UnknownTaskError",
    "Worker",
    "WorkerExecutor",
    "WorkerId",
    "WorkerIdError",
    "WorkerMetrics",
    "WorkerOptions",
    "WorkerStartError",
    "WorkerState",
    "WorkerStats",
]


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import importlib  # noqa: PLC0415 - for who uses a name; a child that runs Lua does not

    value = getattr(importlib.import_module(f"{__name__}.{home}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
