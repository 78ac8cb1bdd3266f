"""The four places where the stutter scene has its work done."""

from __future__ import annotations

from pathlib import Path
from typing import Final, Literal

from attrs import frozen

from demos._primes import count_primes
from engine_tasks import TaskQueue, WorkerOptions

#: What each task counts the primes below of: 21 ms of Python on the machine of the README.
LIMIT: Final = 20_000

#: Instances that share the tasks of a mode: twice as many as the cores of a small machine.
INSTANCES: Final = 4


@frozen
class Mode:
    """Where the work is done: `isolation` of the Python function, or None for the Lua script."""

    name: str  # as on the command line
    title: str
    isolation: Literal["inline", "thread", "process"] | None

    def start(self, queue: TaskQueue) -> int:
        """Start its worker without waiting for it; return the worker's id."""
        worker_id = queue.worker_ids.register(self.title)
        if self.isolation is None:
            script = Path(__file__).with_name("_primes.lua")
            queue.start_worker(worker_id, self.title, script, INSTANCES, wait=False)
        else:
            options = WorkerOptions(isolation=self.isolation)
            queue.start_native_worker(
                worker_id, self.title, count_primes, INSTANCES, options=options, wait=False
            )
        return worker_id


MODES: Final = (
    Mode("game", "Game thread", "inline"),
    Mode("threads", "Python threads", "thread"),
    Mode("processes", "Child processes", "process"),
    Mode("lua", "Lua workers", None),
)
