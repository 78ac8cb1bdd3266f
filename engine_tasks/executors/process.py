"""Runs the tasks of an instance in a child process."""

from __future__ import annotations

import logging
import marshal
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from typing import Any, Final, Never, Protocol

from engine_tasks.child.frames import (
    CANCEL,
    ERROR,
    HELLO,
    LOAD_FAILED,
    LOG,
    NEED_SOURCE,
    PROGRESS,
    READY,
    RESULT,
    SOURCE,
    STOP,
    FrameError,
    pack_texts,
    unpack_f64,
    unpack_texts,
)
from engine_tasks.child.rate import RateLimit
from engine_tasks.errors import ErrorKind, PayloadError, TaskError, shorten
from engine_tasks.executors.child_process import TASK_HEADER_BYTES, ChildProcess
from engine_tasks.executors.protocol import ExecutorDied, ExecutorStartError, ReportProgress
from engine_tasks.options import WorkerOptions
from engine_tasks.payload import decode
from engine_tasks.task import Outcome, Progress, Task
from engine_tasks.timer import TIMER

logger = logging.getLogger("engine_tasks.worker")

#: Bytes a frame may have beyond a result: an error's texts, a log line.
_FRAME_SLACK_BYTES: Final = 256 * 1024
#: Seconds a child may take to end when told; past that it is killed.
_STOP_TIMEOUT_S: Final = 0.5
#: Bytes that every system's pipe takes without a reader.
PIPE_BYTES: Final = 4096 if sys.platform != "linux" else 65_536
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

    def module_source(self, name: str) -> tuple[str, bytes] | None:
        """The chunk name and source of a module that the code requires, if there is one."""

    def where(self, message: str) -> tuple[str | None, int | None]:
        """The file and line that an error message of the code names."""


class ProcessExecutor:
    """Holds one child process and the conversation with it.

    The child is not believed: a frame that is malformed, too long, of an unexpected kind or
    for another task ends it.
    """

    max_batch = 64  # 128 gain nothing more: `engine-tasks bench --only echo`

    def __init__(
        self,
        program: Program,
        slot: int,
        label: str,
        options: WorkerOptions,
        report_progress: ReportProgress,
    ) -> None:
        self._program = program
        self._slot = slot
        self._label = label
        self._options = options
        self._report_progress = report_progress
        self._lock = threading.Lock()
        self._child: ChildProcess | None = None
        self._killed = False
        self._task: Task | None = None
        self._log_rate = RateLimit(2 * options.limits.log_lines_per_s + 2)
        self._progress_rate = RateLimit(2 * options.limits.progress_per_s)
        self._soft_timeout_s = options.limits.soft_timeout_s or 0.0

    # --- the instance's thread -------------------------------------------

    def start(self) -> None:
        hello = marshal.dumps(self._program.hello(self._slot))
        child = self._spawn()
        timeout_s = self._options.start_timeout_s
        too_late = TIMER.after(timeout_s, child.kill)
        try:
            child.write(HELLO, 0, hello)
            kind, body = self._next(child, 0)
            if kind == LOAD_FAILED:
                self._fail_start(child, *unpack_texts(body, 3))
            if kind != READY:
                raise FrameError(f"a frame of kind {kind} before it was ready")
        except (OSError, FrameError, _ChildEnded) as error:
            if isinstance(error, FrameError):
                child.kill()
            ended = child.close()
            late = f"did not start within {timeout_s:g} s and " if too_late.fired else ""
            raise ExecutorStartError(
                f"its child process {late}{ended}{_because(error)}", traceback=child.last_output
            ) from error
        finally:
            too_late.cancel()

    def run(self, tasks: Sequence[Task]) -> Iterator[Outcome]:
        child = self._child
        assert child is not None, "start comes before run"
        for batch in _that_fit_the_pipe(tasks):
            began = False
            try:
                child.write_tasks(batch, self._soft_timeout_s)
                began = True
                for task in batch:
                    self._task = task
                    outcome = self._outcome(child, task)
                    if isinstance(outcome, TaskError) and outcome.kind is ErrorKind.MEMORY:
                        child.close()  # a machine at its cap is not to be used again
                        raise ExecutorDied(outcome)
                    yield outcome
            except (OSError, FrameError, _ChildEnded) as error:
                self._bury(child, error, began=began)
            finally:
                self._task = None

    def _outcome(self, child: ChildProcess, task: Task) -> Outcome:
        kind, body = self._next(child, task.id)
        if kind == RESULT:
            return self._checked(body)
        if kind == ERROR:
            return _task_error(body)
        raise FrameError(f"a frame of kind {kind} where a result was due")

    def stop(self) -> None:
        child = self._child
        if child is None:
            return
        too_late = TIMER.after(_STOP_TIMEOUT_S, child.kill)
        try:
            child.write(STOP, 0)
            self._next(child, 0)
        except (OSError, FrameError, _ChildEnded):
            pass  # it ends, one way or the other: `close` makes sure
        finally:
            too_late.cancel()
            child.close()

    # --- any thread ------------------------------------------------------

    def cancel(self) -> None:
        task, child = self._task, self._child
        if task is not None and child is not None:
            child.write_soon(CANCEL, task.id)

    def kill(self) -> bool:
        with self._lock:
            self._killed = True
            child = self._child
        if child is not None:
            child.kill()
        return True

    # --- the conversation --------------------------------------------------

    def _spawn(self) -> ChildProcess:
        try:
            child = ChildProcess(
                self._label,
                self._options.nice,
                self._program.max_result_bytes + _FRAME_SLACK_BYTES,
                bare_environment=not self._program.trusted,
            )
        except OSError as error:
            raise ExecutorStartError(f"no child process can be started: {error}") from error
        with self._lock:
            self._child = child
            killed = self._killed
        if killed:  # before there was anything to kill
            child.kill()
        return child

    def _next(self, child: ChildProcess, task_id: int) -> tuple[int, bytes]:
        """The next frame that answers something; what comes before it is dealt with here."""
        while (frame := child.read()) is not None:
            kind, frame_task_id, body = frame
            if kind == LOG:
                self._log(*unpack_texts(body, 2))
            elif kind == NEED_SOURCE:
                self._send_source(child, body)
            elif frame_task_id != task_id:
                raise FrameError(f"a frame for task {frame_task_id}, which it does not run")
            elif kind == PROGRESS:
                self._progress(body)
            else:
                return kind, body
        raise _ChildEnded

    def _log(self, level: str, message: str) -> None:
        if level not in LOG_LEVELS:
            raise FrameError(f"a log line of level {level!r:.20}")
        self._check_flood(self._log_rate, "log lines")
        logger.log(LOG_LEVELS[level], "%s: %s", self._label, shorten(message))

    def _progress(self, body: bytes) -> None:
        share, rest = unpack_f64(body)
        (note,) = unpack_texts(rest, 1)
        if not 0.0 <= share <= 1.0:
            raise FrameError(f"a progress of {share}")
        self._check_flood(self._progress_rate, "progress messages")
        if self._task is not None:
            self._report_progress(self._task, Progress(share, shorten(note)))

    def _check_flood(self, rate: RateLimit, what: str) -> None:
        # The child keeps the limit itself: one that sends twice as much is not our code.
        if not rate.allows(time.monotonic()):
            raise FrameError(f"over {rate.per_s} {what} within a second")

    def _send_source(self, child: ChildProcess, body: bytes) -> None:
        (name,) = unpack_texts(body, 1)
        chunk_name, source = self._program.module_source(name) or ("", b"")
        child.write(SOURCE, 0, pack_texts(chunk_name), source)

    def _checked(self, encoded: bytes) -> bytes:
        if not self._program.trusted:
            try:
                decode(encoded)
            except PayloadError as error:
                raise FrameError(str(error)) from error
        return encoded

    def _fail_start(self, child: ChildProcess, _kind: str, message: str, traceback: str) -> Never:
        child.close()
        file, line = self._program.where(message)
        raise ExecutorStartError(shorten(message), file=file, line=line, traceback=traceback)

    def _bury(self, child: ChildProcess, cause: Exception, *, began: bool) -> Never:
        if isinstance(cause, FrameError):
            child.kill()  # it is broken or hostile: do not wait for it to end by itself
        ended = child.close()
        message = f"the child process of {self._label} {ended}{_because(cause)}"
        error = TaskError(ErrorKind.CRASHED, message, child.last_output)
        raise ExecutorDied(error, began=began) from cause


def _that_fit_the_pipe(tasks: Sequence[Task]) -> Iterator[Sequence[Task]]:
    """The tasks in groups that the pipe holds whole.

    A child that writes a result before it reads on would otherwise wait for a game that
    waits for the child. A larger task travels alone: nothing is written before it is read.
    """
    group: list[Task] = []
    group_bytes = 0
    for task in tasks:
        task_bytes = len(task.payload) + TASK_HEADER_BYTES
        if group and group_bytes + task_bytes > PIPE_BYTES:
            yield group
            group, group_bytes = [], 0
        group.append(task)
        group_bytes += task_bytes
    yield group


class _ChildEnded(Exception):
    """The child closed its end of the pipe."""


def _because(error: Exception) -> str:
    return f", since it sent {error}" if isinstance(error, FrameError) else ""


def _task_error(body: bytes) -> TaskError:
    kind, message, traceback = unpack_texts(body, 3)
    if kind not in _ERROR_KINDS:
        raise FrameError(f"an error of kind {kind!r:.20}")
    return TaskError(ErrorKind(kind), shorten(message), shorten(traceback))
