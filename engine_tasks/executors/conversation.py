"""What a child process says, and what the game makes of it.

The child is not believed: a frame that is malformed, of an unexpected kind, for another
task, or one too many is a `FrameError`, which ends the child and nothing else.
"""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, Final, Protocol

from engine_tasks.child.frames import (
    APART,
    ERROR,
    FREED,
    LOG,
    NEED_SOURCE,
    PROGRESS,
    RESULT,
    SHARED,
    SOURCE,
    UNHEALTHY,
    WORKED,
    FrameError,
    pack_texts,
    unpack_f64,
    unpack_texts,
)
from engine_tasks.errors import ErrorKind, PayloadError, TaskError, log_line, printable
from engine_tasks.executors.flood import Flood
from engine_tasks.executors.protocol import ReportProgress
from engine_tasks.native import Unhealthy
from engine_tasks.options import LuaLimits
from engine_tasks.parcel import Parcel
from engine_tasks.payload import ExtensionError, decode
from engine_tasks.task import Outcome, Progress, ReadResult, Task

if TYPE_CHECKING:
    from engine_tasks.child.frames import Worked

logger = logging.getLogger("engine_tasks.worker")

#: What a child may say of a task that has no result.
_ERROR_KINDS: Final = frozenset(
    {
        ErrorKind.FAILED,
        ErrorKind.TIMEOUT,
        ErrorKind.MEMORY,
        ErrorKind.BAD_PAYLOAD,
        ErrorKind.BAD_RESULT,
    }
)
LOG_LEVELS: Final = {
    "debug": logging.DEBUG,
    "info": logging.INFO,
    "warning": logging.WARNING,
    "error": logging.ERROR,
}
#: Seconds that a rest is worth its call.
_SHORTEST_REST_S: Final = 0.00002
#: Seconds by which an answer may be read late, at most.
_LONGEST_REST_S: Final = 0.001
#: Bytes of a script's result up to which it is kept as it was read when it was checked.
_KEPT_READ_BYTES: Final = 256
#: Modules a second that a child may ask for; each costs the game a look at the disk.
_SOURCES_PER_S: Final = 500


class ChildEnded(Exception):
    """The child closed its end of the pipe."""


class Program(Protocol):
    """What a child is told to run."""

    @property
    def trusted(self) -> bool:
        """Whether it is the game's own code; a stranger's results are looked through."""

    @property
    def max_result_bytes(self) -> int:
        """Bytes of one encoded result."""

    def hello(self, slot: int) -> dict[str, Any]:
        """The first frame's content. Raises `ExecutorStartError`."""

    def can_change(self, old: LuaLimits, new: LuaLimits) -> bool:
        """Whether a child that runs can go over to other limits."""

    def module_source(self, name: str) -> tuple[str, bytes] | None:
        """The chunk name and source of a module that the code requires, if there is one."""

    def where(self, message: str) -> tuple[str | None, int | None]:
        """The file and line that an error message of the code names."""


class Channel(Protocol):
    """The pipes of a child."""

    def read(self) -> tuple[int, int, bytes] | None:
        """The next frame's kind, task id and body; None at the end. Raises `FrameError`."""

    def results_here(self, task_ids: Iterable[int]) -> tuple[list[bytes], Worked | None]:
        """`read` the RESULTs of tasks, in their order, as far as they come next and are here;
        and one WORKED ahead of any of them."""

    def has_read_ahead(self) -> bool:
        """Whether bytes were read that belong to the next frame."""

    def parcel(self, kind: int, body: bytes) -> Parcel:
        """The result in a SHARED or an APART frame. Raises `FrameError`."""

    def freed(self, body: bytes) -> None:
        """Take ranges of shared memory back, as a FREED frame says. Raises `FrameError`."""

    def write(self, kind: int, task_id: int, *parts: bytes) -> None:
        """Write one frame. Raises `OSError` when the child is gone."""


class Conversation:
    """Reads one child's frames until they answer something. For one thread."""

    def __init__(
        self,
        channel: Channel,
        program: Program,
        label: str,
        limits: LuaLimits,
        report_progress: ReportProgress,
    ) -> None:
        self._channel = channel
        self._program = program
        self._trusted = program.trusted
        self._label = label
        self._report_progress = report_progress
        #: Seconds that each of the last tasks took, as the child says.
        self.task_s = 0.0
        self._is_working = False
        self._lie: FrameError | None = None
        self._source_rate = Flood(_SOURCES_PER_S, "requests for modules")
        self.set_limits(limits)

    def set_limits(self, limits: LuaLimits) -> None:
        """Bear what a child says that keeps to these limits from now on."""
        # The child keeps to the limits itself: one that sends twice as much is not our code.
        self._log_rate = Flood(2 * limits.log_lines_per_s + 2, "log lines")
        self._progress_rate = Flood(2 * limits.progress_per_s, "progress messages")

    def rest(self, tasks: int) -> None:
        """Give the child time for the next tasks, if they are several and short.

        A thread that waits for each answer of a batch would be woken by each, and ask for the
        GIL.
        """
        seconds = tasks * self.task_s
        if tasks > 1 and seconds > _SHORTEST_REST_S and not self._channel.has_read_ahead():
            time.sleep(min(seconds, _LONGEST_REST_S))

    def _worked(self, body: bytes) -> None:
        seconds, rest = unpack_f64(body)
        if rest or not 0.0 <= seconds < math.inf:
            raise FrameError(f"tasks that took {seconds} s each")
        if not self._is_working:
            raise FrameError("more than one word of its work for a task")
        self._is_working = False
        self.task_s = seconds

    def results_here(self, tasks: Iterable[Task]) -> Sequence[Outcome]:
        """The results of tasks, in their order, as far as they are here and to be believed.

        What is wrong with the next one is raised by `outcome`, which is asked for that then.
        """
        results, worked = self._channel.results_here([task.id for task in tasks])
        if worked is not None:
            before, body = worked
            try:
                self._is_working = True
                self._worked(body)
            except FrameError as lie:
                self._lie, results = lie, results[:before]
        if self._trusted:
            return results
        outcomes: list[Outcome] = []
        for encoded in results:
            try:
                outcomes.append(self._checked(encoded))
            except FrameError as lie:
                self._lie = lie
                break
        return outcomes

    def outcome(self, task: Task) -> Outcome | Unhealthy:
        """Wait for the answer to the task that the child runs.

        Raises `FrameError`, or `ChildEnded` where none will come; `OSError` likewise.
        """
        if self._lie is not None:
            raise self._lie
        self._is_working = True
        kind, body = self.next_frame(task.id, task)
        if kind == RESULT:
            return self._checked(body)
        if kind == ERROR:
            return _task_error(body)
        if kind in (SHARED, APART) and self._trusted:
            return self._channel.parcel(kind, body)
        if kind == UNHEALTHY and self._program.trusted:
            return Unhealthy(_task_error(body))
        raise FrameError(f"a frame of kind {kind} where a result was due")

    def next_frame(self, task_id: int, task: Task | None = None) -> tuple[int, bytes]:
        """The next frame that answers something; what comes before it is dealt with here."""
        while (frame := self._channel.read()) is not None:
            kind, frame_task_id, body = frame
            if kind == RESULT and frame_task_id == task_id:
                return kind, body  # nearly always
            if kind == WORKED:
                self._worked(body)
            elif kind == LOG:
                self._log(*unpack_texts(body, 2))
            elif kind == FREED and self._trusted:
                self._channel.freed(body)
            elif kind == NEED_SOURCE:
                self._send_source(*unpack_texts(body, 1))
            elif frame_task_id != task_id:
                raise FrameError(f"a frame for task {frame_task_id}, which it does not run")
            elif kind == PROGRESS and task is not None:
                self._progress(task, body)
            else:
                return kind, body
        raise ChildEnded

    def _log(self, level: str, message: str) -> None:
        if level not in LOG_LEVELS:
            raise FrameError(f"a log line of level {level!r:.20}")
        self._log_rate.check(time.monotonic())
        logger.log(LOG_LEVELS[level], "%s: %s", self._label, log_line(message))

    def _progress(self, task: Task, body: bytes) -> None:
        share, rest = unpack_f64(body)
        (note,) = unpack_texts(rest, 1)
        if not 0.0 <= share <= 1.0:
            raise FrameError(f"a progress of {share}")
        self._progress_rate.check(time.monotonic())
        self._report_progress(task, Progress(share, printable(note)))

    def _send_source(self, name: str) -> None:
        self._source_rate.check(time.monotonic())
        chunk_name, source = self._program.module_source(name) or ("", b"")
        self._channel.write(SOURCE, 0, pack_texts(chunk_name), source)

    def _checked(self, encoded: bytes) -> bytes | ReadResult | TaskError:
        """A result that may be believed. Raises `FrameError`."""
        if self._trusted:
            return encoded
        try:
            return readable(encoded)
        except PayloadError as error:
            raise FrameError(f"a result that {error}") from error


def rates(limits: LuaLimits) -> dict[str, int]:
    """How much a child may say, in the words of its first frame."""
    return {
        "log_lines_per_s": limits.log_lines_per_s,
        "progress_per_s": limits.progress_per_s,
    }


def readable(encoded: bytes) -> bytes | ReadResult | TaskError:
    """A script's result, or the error where Python has no value for a part of it.

    One of few bytes is kept as it was read. Values that wait to be polled take fifty times the
    memory of their bytes, and the garbage collector looks at each of them: a second read of a
    large one is cheaper.

    Raises `PayloadError` for what is no MessagePack, which no script can bring about.
    """
    try:
        payload = decode(encoded, root="result")
    except ExtensionError as error:
        return TaskError(ErrorKind.BAD_RESULT, printable(str(error)))
    return ReadResult(encoded, payload) if len(encoded) <= _KEPT_READ_BYTES else encoded


def _task_error(body: bytes) -> TaskError:
    kind, message, traceback = unpack_texts(body, 3)
    if kind not in _ERROR_KINDS:
        raise FrameError(f"an error of kind {kind!r:.20}")
    return TaskError(ErrorKind(kind), printable(message), printable(traceback))
