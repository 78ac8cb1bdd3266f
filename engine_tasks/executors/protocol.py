"""What every executor promises. `tests/contract/` holds each to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Protocol

import attrs

from engine_tasks.errors import EngineTasksError, TaskError
from engine_tasks.options import LuaLimits
from engine_tasks.task import Outcome, Progress, Task

ReportProgress = Callable[[Task, Progress], None]


@attrs.frozen
class Confinement:
    """What the operating system keeps a child from: the names of the layers that are `held`,
    and those that are `missing`, with the reason of each."""

    held: tuple[str, ...] = ()
    missing: Mapping[str, str] = attrs.field(factory=dict)


class Executor(Protocol):
    """Runs the tasks of one instance, one after the other.

    `alive`, `cancel` and `kill` are called by any thread at any time, also before `start` and
    after `stop`; all else by one thread, the instance's.
    """

    def start(self) -> None:
        """Be ready to run, with a resource if the worker has one. Raises `ExecutorStartError`."""

    @property
    def confinement(self) -> Confinement | None:
        """The layers around a child that runs a stranger's code; None without such a child."""

    @property
    def max_batch(self) -> int:
        """Tasks that `run` takes at once to its advantage, by what it knows of the last ones."""

    @property
    def can_be_killed(self) -> bool:
        """Whether `kill` ends what runs; nothing ends a thread from outside."""

    def run(self, tasks: Sequence[Task]) -> Iterator[Outcome]:
        """Run tasks one after the other and yield each outcome as soon as it is there, of short
        tasks a millisecond later: an encoded result, or the error of the worker's code.

        Raises `ExecutorDied` when the executor can run nothing more; those behind the one
        that it is about were not begun.
        """

    def outcomes_here(self) -> Sequence[Outcome]:
        """Those behind the outcome that `run` has just yielded that are here already: whoever
        asks has them, and `run` goes on behind them. Who does not ask has them from `run`."""

    def set_limits(self, limits: LuaLimits) -> bool:
        """Keep to other limits from the next task on. Not within a `run`.

        False, with nothing changed, where only a new executor can keep to them.
        """

    def stop(self) -> None:
        """End after the last task, within a bounded time, and leave nothing behind.

        Idempotent. On a thread that was left to itself its resource is destroyed when the
        function that uses it returns.
        """

    def alive(self) -> bool:
        """Whether it could run a task now: False for a child that has ended by itself."""

    def cancel(self, task: Task | None = None) -> None:
        """Tell a task that it should end: it may ask, it need not obey.

        None: the task that runs. One that is taken but has not begun will know once it runs.
        A child whose pipe has no room right now is not told.
        """

    def kill(self) -> bool:
        """End at once, whatever runs; `run` then raises `ExecutorDied`.

        False for what cannot be ended from outside, a thread: it is left to itself, and its
        task is told as by `cancel`.
        """


class ExecutorStartError(EngineTasksError):
    """An executor that could not start; `file` and `line` where a script is at fault."""

    def __init__(
        self,
        message: str,
        *,
        file: str | None = None,
        line: int | None = None,
        traceback: str = "",
    ):
        super().__init__(message)
        self.file = file
        self.line = line
        self.traceback = traceback


class ExecutorDied(EngineTasksError):
    """An executor that ended while it had tasks.

    `error` answers the first that has no outcome; where not even that one certainly `began`,
    another instance may run it instead. `unhealthy`: the code raised `error`, and
    `WorkerOptions.check_health` gave up the executor for it; its resource is destroyed.
    """

    def __init__(self, error: TaskError, *, began: bool = True, unhealthy: bool = False):
        super().__init__(error.message)
        self.error = error
        self.began = began
        self.unhealthy = unhealthy


#: Makes the executor of an instance, by the number of its slot.
MakeExecutor = Callable[[int, ReportProgress], Executor]
