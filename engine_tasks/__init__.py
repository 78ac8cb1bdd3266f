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
        TaskRefusedError,
        WorkerIdError,
        WorkerStartError,
    )
    from engine_tasks.options import LuaLimits, WorkerOptions
    from engine_tasks.task import Progress, TaskResult
    from engine_tasks.task_queue import TaskQueue
    from engine_tasks.worker import Worker, WorkerState
    from engine_tasks.worker_id import WorkerId

__version__: Final = "0.1.0"

_HOMES: Final = {
    "EngineTasksError": "errors",
    "ErrorKind": "errors",
    "LuaLimits": "options",
    "PayloadError": "errors",
    "Progress": "task",
    "TaskError": "errors",
    "TaskQueue": "task_queue",
    "TaskRefusedError": "errors",
    "TaskResult": "task",
    "Worker": "worker",
    "WorkerId": "worker_id",
    "WorkerIdError": "errors",
    "WorkerOptions": "options",
    "WorkerStartError": "errors",
    "WorkerState": "worker",
}

__all__ = [
    "EngineTasksError",
    "ErrorKind",
    "LuaLimits",
    "PayloadError",
    "Progress",
    "TaskError",
    "TaskQueue",
    "TaskRefusedError",
    "TaskResult",
    "Worker",
    "WorkerId",
    "WorkerIdError",
    "WorkerOptions",
    "WorkerStartError",
    "WorkerState",
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
