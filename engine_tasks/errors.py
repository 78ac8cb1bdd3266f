"""The errors of the library, split by whose fault they are.

A task that goes wrong is a value, `TaskError`, inside its result. A call that is
refused while a game runs is an `EngineTasksError` kept in `TaskQueue.last_error`.
Misuse by the programmer raises one.

Imported by a child process that must be ready in milliseconds: no attrs, no typing.
"""

from __future__ import annotations

import functools
import os.path
import re
from enum import StrEnum

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Final, Never, Self

#: Characters of an error's message or traceback that are kept; a script may raise a novel.
MAX_ERROR_TEXT: Final = 16_384

#: Control characters but tab and newline, and those that turn the direction of text around.
_OBEYED: Final = r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]"
_PACKAGE_FOLDER: Final = os.path.dirname(os.path.abspath(__file__))  # noqa: PTH100, PTH120 - pathlib takes 6 ms


class ErrorKind(StrEnum):
    """What happened to a task that has no payload to give."""

    FAILED = "FAILED"
    """The worker's code raised an error; its instance lives on."""
    TIMEOUT = "TIMEOUT"
    """The task ran longer than it may."""
    CRASHED = "CRASHED"
    """The instance that ran the task died, or the pool has no instance left."""
    MEMORY = "MEMORY"
    """The task asked for more memory than its worker may use."""
    CANCELLED = "CANCELLED"
    """The game took the task back."""
    EXPIRED = "EXPIRED"
    """The task was still waiting at its deadline."""
    LOST = "LOST"
    """The machine that held the task is gone."""
    BAD_PAYLOAD = "BAD_PAYLOAD"
    """The payload does not fit what the worker takes."""
    BAD_RESULT = "BAD_RESULT"
    """The worker's answer cannot be carried back."""
    STOPPED = "STOPPED"
    """The worker or the queue was stopped before the task was done."""


class TaskError:
    """Why a task has no payload: its `kind`, a `message` for people, a `traceback` or "".

    A frozen value by hand: attrs alone would take a child longer than all else of ours.
    """

    __slots__ = __match_args__ = ("kind", "message", "traceback")

    kind: ErrorKind
    message: str
    traceback: str

    def __init__(self, kind: ErrorKind, message: str, traceback: str = "") -> None:
        for name, value in zip(self.__slots__, (kind, message, traceback), strict=True):
            object.__setattr__(self, name, value)

    def __setattr__(self, name: str, _value: object) -> Never:
        raise AttributeError(f"a TaskError does not change: {name} is read only")

    __delattr__ = __setattr__  # type: ignore[assignment]

    def __eq__(self, other: object) -> bool:
        return self._parts() == other._parts() if isinstance(other, TaskError) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._parts())

    def __reduce__(self) -> tuple[type[Self], tuple[ErrorKind, str, str]]:
        return type(self), self._parts()

    def __repr__(self) -> str:
        return f"TaskError(kind={self.kind!r}, message={self.message!r})"

    def __str__(self) -> str:
        return self.message

    def _parts(self) -> tuple[ErrorKind, str, str]:
        return self.kind, self.message, self.traceback

    @classmethod
    def from_exception(cls, error: BaseException, kind: ErrorKind = ErrorKind.FAILED) -> Self:
        """The error for an exception of a worker's own code, without our frames in it."""
        return cls(kind, describe_exception(error), _user_traceback(error))


class EngineTasksError(Exception):
    """Base of every exception of this library."""


class WorkerIdError(EngineTasksError, ValueError):
    """A worker id or name that cannot be used: out of range, taken, or unknown."""

    def __init__(self, message: str, *, worker_id: int | None = None, name: str | None = None):
        super().__init__(message)
        self.worker_id = worker_id
        self.name = name


class WorkerStartError(EngineTasksError):
    """A worker that could not start.

    `file` and `line` are where the fault is, when it is in a script.
    """

    def __init__(
        self,
        message: str,
        *,
        worker_id: int | None = None,
        name: str | None = None,
        file: str | None = None,
        line: int | None = None,
        traceback: str = "",
    ):
        super().__init__(message)
        self.worker_id = worker_id
        self.name = name
        self.file = file
        self.line = line
        self.traceback = traceback


class TaskRefusedError(EngineTasksError):
    """A task that was not accepted, so nothing will answer it."""

    def __init__(self, message: str, *, worker_id: int | None = None):
        super().__init__(message)
        self.worker_id = worker_id


class TaskFailedError(EngineTasksError):
    """A task that ended with an error, where its payload was asked for: `error` says why."""

    def __init__(self, error: TaskError, *, task_id: int):
        super().__init__(f"task {task_id}: {error.kind}: {error.message}")
        self.error = error
        self.task_id = task_id


class UnknownTaskError(EngineTasksError, LookupError):
    """A task whose result was waited for, while no worker has it to give."""

    def __init__(self, message: str, *, task_id: int):
        super().__init__(message)
        self.task_id = task_id


class PayloadError(EngineTasksError, ValueError):
    """A value that cannot be carried, or bytes that are no payload.

    `path` says where in the value: `payload.units[3].target`.
    """

    def __init__(self, message: str, *, path: str = ""):
        super().__init__(f"{path}: {message}" if path else message)
        self.path = path


def describe_exception(error: BaseException) -> str:
    """`TypeName: message`, also for an exception whose `__str__` raises."""
    name = type(error).__name__
    try:
        text = str(error)
    except BaseException as unprintable:  # SystemExit here would stop every actor
        text = f"<its message cannot be shown: {type(unprintable).__name__}>"
    return shorten(f"{name}: {text}" if text else name)


def printable(text: str) -> str:
    """A stranger's text, shortened, with what a terminal would obey shown as escapes."""
    return _obeyed().sub(_escaped, shorten(text.replace("\r\n", "\n")))


def log_line(text: str) -> str:
    """`printable`, and no line of it passes for another line of the log."""
    return printable(text).replace("\n", "\n    ")


@functools.cache
def _obeyed() -> re.Pattern[str]:
    return re.compile(_OBEYED)  # not at the import: a child shows nothing to people


def _escaped(match: re.Match[str]) -> str:
    code = ord(match[0])
    return f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}"


def shorten(text: str) -> str:
    """The text, cut to `MAX_ERROR_TEXT` characters with a mark where it was cut."""
    if len(text) <= MAX_ERROR_TEXT:
        return text
    return f"{text[:MAX_ERROR_TEXT]} [cut: {len(text)} characters]"


def _user_traceback(error: BaseException) -> str:
    try:
        import traceback as traceback_module  # noqa: PLC0415 - 5 ms of a child's start
    except Exception:  # where no file can be opened any more, say
        return _places(error)
    try:
        trace = traceback_module.TracebackException.from_exception(error)
        trace.stack = traceback_module.StackSummary.from_list(
            [frame for frame in trace.stack if not frame.filename.startswith(_PACKAGE_FOLDER)]
        )
        return shorten("".join(trace.format()))
    except Exception as broken:
        return f"<the traceback cannot be shown: {type(broken).__name__}>"


def _places(error: BaseException) -> str:
    """Where an exception came from: a traceback without the lines of source."""
    lines = ["Traceback (most recent call last):\n"]
    trace = error.__traceback__
    while trace is not None:
        code = trace.tb_frame.f_code
        if not code.co_filename.startswith(_PACKAGE_FOLDER):
            place = f'File "{code.co_filename}", line {trace.tb_lineno}, in {code.co_name}'
            lines.append(f"  {place}\n")
        trace = trace.tb_next
    return shorten("".join(lines) + describe_exception(error) + "\n")
