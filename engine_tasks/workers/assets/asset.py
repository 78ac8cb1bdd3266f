"""One file that is being loaded, and what came of it."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any, Final, Generic, TypeVar

import attrs

from engine_tasks.errors import ErrorKind, TaskError
from engine_tasks.policies import Priority
from engine_tasks.task import TaskResult
from engine_tasks.task_queue import TaskQueue
from engine_tasks.workers.assets.kinds import AssetKind, AssetProblem
from engine_tasks.workers.assets.values import value_of

logger = logging.getLogger(__name__)

T = TypeVar("T")

_PROBLEMS: Final = {
    ErrorKind.FAILED: AssetProblem.UNREADABLE,
    ErrorKind.BAD_RESULT: AssetProblem.UNSUPPORTED,
    ErrorKind.CRASHED: AssetProblem.CRASHED,
    ErrorKind.TIMEOUT: AssetProblem.CRASHED,
    ErrorKind.MEMORY: AssetProblem.TOO_LARGE,
    ErrorKind.CANCELLED: AssetProblem.CANCELLED,
}


@attrs.frozen
class AssetError:
    """Why a file has no value; `str()` of it is a line for people, which names the file."""

    path: str
    problem: AssetProblem
    reason: str

    def __str__(self) -> str:
        return f"{self.path}: {self.reason}"


class Asset(Generic[T]):
    """A file on its way into the game, and its value once it is there.

    It changes on the thread that calls `queue.pump`, and there alone; reading takes no time.
    """

    def __init__(
        self,
        queue: TaskQueue,
        path: str,
        kind: AssetKind,
        on_loaded: Callable[[Asset[T]], object] | None = None,
    ) -> None:
        """A `Loader` makes it."""
        self.path: Final = path
        """As it was asked for."""
        self.kind: Final = kind
        self.value: T | None = None
        self.error: AssetError | None = None
        self.done = False
        """Whether there is a value or an error."""
        self.file_bytes = 0
        self.attempts = 0
        self._queue = queue
        self._on_loaded = on_loaded
        self._task_id: int | None = None

    def __repr__(self) -> str:
        state = "loading" if not self.done else str(self.error or repr(self.value)[:60])
        return f"Asset({self.path!r}, {self.kind}, {state})"

    @property
    def ok(self) -> bool:
        """Whether there is a value."""
        return self.done and self.error is None

    @property
    def progress(self) -> float:
        """How far it is, from 0 to 1. A file below a megabyte goes from 0 to 1 at once."""
        if self.done or self._task_id is None:
            return float(self.done)
        progress = self._queue.progress(self._task_id)
        return 0.0 if progress is None else progress.share

    def cancel(self) -> bool:
        """Take it back: its error is then CANCELLED. False where it has its answer already."""
        return self._task_id is not None and self._queue.cancel(self._task_id)

    def set_priority(self, priority: Priority) -> bool:
        """Change how urgent it is; False where it does not wait any more."""
        return self._task_id is not None and self._queue.set_priority(self._task_id, priority)

    # --- for the loader ------------------------------------------------------------

    def sent(self, task_id: int) -> None:
        """It is on its way."""
        self._task_id = task_id

    def refuse(self, reason: str) -> None:
        """Nothing will come of it."""
        self._finish(None, AssetError(self.path, AssetProblem.REFUSED, reason))

    def answer(self, result: TaskResult) -> None:
        """Take what the worker made of it. On the thread that pumps."""
        self.attempts = result.attempts
        if result.error is not None:
            self._finish(None, _error_of(self.path, result.error, result.attempts))
            return
        try:
            value, error = self._read(result.payload)
        except (KeyError, TypeError, ValueError, AttributeError):
            reason = f"worker {int(result.worker_id)} is no assets worker: see assets.start"
            value, error = None, AssetError(self.path, AssetProblem.REFUSED, reason)
        self._finish(value, error)

    def _read(self, payload: dict[str, Any]) -> tuple[T | None, AssetError | None]:
        """What the worker's answer says."""
        if "problem" in payload:
            problem = AssetProblem(payload["problem"])
            return None, AssetError(self.path, problem, payload["reason"])
        self.file_bytes = payload["bytes"]
        return value_of(self.kind, payload["value"]), None

    def _finish(self, value: T | None, error: AssetError | None) -> None:
        self.value, self.error, self.done = value, error, True
        self._task_id = None
        on_loaded, self._on_loaded = self._on_loaded, None
        if on_loaded is not None:
            on_loaded(self)


def _error_of(path: str, error: TaskError, attempts: int) -> AssetError:
    problem = _PROBLEMS.get(error.kind, AssetProblem.REFUSED)
    match error.kind:
        case ErrorKind.FAILED:
            times = "once" if attempts == 1 else f"{attempts} times"
            reason = f"could not be read, tried {times}: {error}"
        case ErrorKind.BAD_RESULT:
            reason = f"holds what a game cannot be given: {error}"
        case ErrorKind.CRASHED | ErrorKind.TIMEOUT:
            reason = f"ended the process that loaded it: {error}"
        case ErrorKind.CANCELLED:
            reason = "was taken back"
        case _:
            reason = f"was not loaded: {error}"
    return AssetError(path, problem, reason)
