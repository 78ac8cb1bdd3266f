"""Runs Python in the calling thread: the game's own (inline), or an actor's (thread)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from engine_tasks.executors.protocol import Executor, MakeExecutor, ReportProgress
from engine_tasks.native import Hints, NativeFunction
from engine_tasks.options import WorkerOptions
from engine_tasks.task import Outcome, Task


class CallingExecutor:
    """Calls a function on the thread that calls `run`; the payload is copied all the same.

    Nothing can end a Python thread from outside: a killed one goes on until its function
    returns, and the pool drops what it says then.
    """

    confinement = None
    max_batch = 1  # nothing is handed over: a batch would only let tasks wait

    def __init__(self, function: NativeFunction) -> None:
        self._function = function

    def start(self) -> None:
        """Nothing to do."""

    def run(self, tasks: Sequence[Task]) -> Iterator[Outcome]:
        for task in tasks:
            yield self._function.run(task.payload)

    def stop(self) -> None:
        """Nothing to do."""

    def cancel(self) -> None:
        """Nothing to do: a plain function does not ask."""

    def kill(self) -> bool:
        return False


def calling_executors(function: Callable[[Any], Any], options: WorkerOptions) -> MakeExecutor:
    """Makes the executors of a worker that runs `function`."""
    native = NativeFunction(function, Hints.of(function), options.max_payload_bytes)

    def make(_slot: int, _report_progress: ReportProgress) -> Executor:
        return CallingExecutor(native)

    return make
