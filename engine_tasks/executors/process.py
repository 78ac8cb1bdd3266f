"""Runs the tasks of an instance in a child process."""

from __future__ import annotations

import functools
import logging
import marshal
import threading
from collections.abc import Iterator, Sequence
from typing import Any, Final, Never

from engine_tasks.child.frames import (
    CANCEL,
    CONFINED,
    HELLO,
    LIMITS,
    LOAD_FAILED,
    READY,
    STOP,
    FrameCutOff,
    FrameError,
    unpack_texts,
)
from engine_tasks.errors import ErrorKind, TaskError, printable
from engine_tasks.executors.batch import BatchSize
from engine_tasks.executors.child_process import TASK_HEADER_BYTES, ChildProcess
from engine_tasks.executors.conversation import ChildEnded, Conversation, Program, rates
from engine_tasks.executors.protocol import (
    Confinement,
    ExecutorDied,
    ExecutorStartError,
    ReportProgress,
)
from engine_tasks.native import Unhealthy
from engine_tasks.options import LuaLimits, WorkerOptions
from engine_tasks.task import Outcome, Task
from engine_tasks.timer import TIMER

logger = logging.getLogger(__name__)


#: Short tasks that a child is given at once. So many may wait behind one that turns out long,
#: though others idle.
_MOST_IN_A_CHILD: Final = 64


class ProcessExecutor:
    """Holds one child process: starts it, gives it tasks, ends it."""

    can_be_killed = True

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
        self._limits = options.limits
        self._lock = threading.Lock()
        self._killed = False
        self._child: ChildProcess | None = None
        self._conversation: Conversation | None = None
        self.confinement: Confinement | None = None
        self._task: Task | None = None
        self._batch = BatchSize(_MOST_IN_A_CHILD)
        self._done = 0  # tasks of the batch that runs which have an outcome
        self._here: Sequence[Outcome] = ()  # outcomes that `run` has still to yield

    # --- the instance's thread -------------------------------------------

    def start(self) -> None:
        hello = self._program.hello(self._slot)
        marshal.dumps(hello)  # raises before there is a child
        child = self._spawn()
        hello["segment_fd"] = child.segment_fd
        talk = Conversation(
            child, self._program, self._label, self._options.limits, self._report_progress
        )
        timeout_s = self._options.start_timeout_s
        too_late = TIMER.after(timeout_s, child.kill)
        try:
            child.write(HELLO, 0, marshal.dumps(hello))
            kind, body = talk.next_frame(0)
            if kind == CONFINED:
                self._note_confinement(child, hello, *unpack_texts(body, 2))
                kind, body = talk.next_frame(0)
            if kind == LOAD_FAILED:
                self._fail_start(child, *unpack_texts(body, 3))
            if kind != READY:
                raise FrameError(f"a frame of kind {kind} before it was ready")
        except (OSError, FrameError, ChildEnded) as error:
            reason = f"its child process {_end(child, error)}"
            if too_late.fired:
                what = hello.get("chunk_name", "its child process")
                reason = (
                    f"{what} was still loading after {timeout_s:g} s "
                    f"(WorkerOptions.start_timeout_s), and was killed: an endless loop?"
                )
            raise ExecutorStartError(reason, traceback=child.last_output) from error
        except BaseException:
            child.kill()
            child.close()
            raise
        finally:
            too_late.cancel()
        self._conversation = talk

    @property
    def max_batch(self) -> int:
        return self._batch.size

    def run(self, tasks: Sequence[Task]) -> Iterator[Outcome]:
        child, talk = self._child, self._conversation
        assert child is not None, "start comes before run"
        assert talk is not None, "start comes before run"
        for batch in _that_fit(tasks, child.pipe_bytes):
            began, self._done = False, 0
            try:
                child.write_tasks(batch, self._limits.soft_timeout_s or 0.0)
                began = True
                while self._done < len(batch):
                    task = self._task = batch[self._done]
                    talk.rest(len(batch) - self._done)
                    outcome = self._bearable(child, talk.outcome(task))
                    self._done += 1
                    self._here = talk.results_here(batch[self._done :])
                    yield outcome
                    yield from self.outcomes_here()
            except (OSError, FrameError, ChildEnded) as error:
                message = f"the child process of {self._label} {_end(child, error)}"
                crash = TaskError(ErrorKind.CRASHED, message, child.last_output)
                if _has_lied(error):
                    # Whatever else it was given it may have done as well.
                    yield from [crash] * (len(batch) - self._done - 1)
                raise ExecutorDied(crash, began=began) from error
            finally:
                self._task = None
        self._batch.learn(len(tasks), len(tasks) * talk.task_s)

    def outcomes_here(self) -> Sequence[Outcome]:
        here, self._here = self._here, ()
        self._done += len(here)
        return here

    def _bearable(self, child: ChildProcess, outcome: Outcome | Unhealthy) -> Outcome:
        """The outcome, if the child can go on after it."""
        if isinstance(outcome, Unhealthy):
            self.stop()  # it destroys its resource and ends
            raise ExecutorDied(outcome.error, unhealthy=True)
        if isinstance(outcome, TaskError) and outcome.kind is ErrorKind.MEMORY:
            child.kill()  # a machine at its cap is not to be used again
            child.close()
            raise ExecutorDied(outcome)
        return outcome

    def set_limits(self, limits: LuaLimits) -> bool:
        child, talk = self._child, self._conversation
        if child is None or talk is None or not self._program.can_change(self._limits, limits):
            return False
        try:
            child.write(LIMITS, 0, marshal.dumps(rates(limits)))
        except OSError:
            return False  # it has ended
        talk.set_limits(limits)
        self._limits = limits
        return True

    def stop(self) -> None:
        child, talk = self._child, self._conversation
        if child is None:
            return
        too_late = TIMER.after(self._options.stop_grace_s, child.kill)
        try:
            child.write(STOP, 0)
            if talk is not None:
                talk.next_frame(0)
        except (OSError, FrameError, ChildEnded):
            pass  # it ends, one way or the other: `close` makes sure
        finally:
            child.close()
            too_late.cancel()

    # --- any thread ------------------------------------------------------

    def alive(self) -> bool:
        child = self._child
        is_ready = self._conversation is not None and not self._killed
        return is_ready and child is not None and child.is_running()

    def cancel(self, task: Task | None = None) -> None:
        task, child = task or self._task, self._child
        is_started = self._conversation is not None  # its first frames are not for tasks
        if is_started and task is not None and child is not None:
            child.write_soon(CANCEL, task.id)

    def kill(self) -> bool:
        with self._lock:
            self._killed = True
            child = self._child
        if child is not None:
            child.kill()
        return True

    # --- inside ------------------------------------------------------------

    def _spawn(self) -> ChildProcess:
        try:
            child = ChildProcess(
                self._label,
                self._options.nice,
                self._program.max_result_bytes,
                trusted=self._program.trusted,
            )
        except OSError as error:
            raise ExecutorStartError(f"no child process can be started: {error}") from error
        with self._lock:
            self._child = child
            killed = self._killed
        if killed:  # before there was anything to kill
            child.kill()
        return child

    def _note_confinement(
        self, child: ChildProcess, hello: dict[str, Any], held: str, missing: str
    ) -> None:
        reasons = dict(line.split(": ", 1) for line in missing.splitlines())
        self.confinement = Confinement(tuple(held.split(",")) if held else (), reasons)
        if not reasons:
            return
        told = "; ".join(f"{layer} ({reason})" for layer, reason in reasons.items())
        if hello["needs_confinement"]:
            child.close()
            raise ExecutorStartError(f"its child process is not confined: {told}")
        _warn_once(f"scripts of strangers run without layers of confinement: {told}")

    def _fail_start(self, child: ChildProcess, _kind: str, message: str, traceback: str) -> Never:
        child.close()
        file, line = self._program.where(message)
        raise ExecutorStartError(
            printable(message), file=file, line=line, traceback=printable(traceback)
        )


@functools.cache
def _warn_once(warning: str) -> None:
    logger.warning(warning)


def _end(child: ChildProcess, cause: Exception) -> str:
    """Have done with a child that failed; how it ended and why, in words."""
    if not _has_lied(cause):
        return child.close()
    child.kill()  # it is broken or hostile: do not wait for it to end by itself
    return f"{child.close()}, since it sent {cause}"


def _has_lied(cause: Exception) -> bool:
    """Whether a child said what it must not, rather than nothing more."""
    return isinstance(cause, FrameError) and not isinstance(cause, FrameCutOff)


def _that_fit(tasks: Sequence[Task], pipe_bytes: int) -> Iterator[Sequence[Task]]:
    """The tasks in groups that the pipe holds whole.

    A child that writes a result before it reads on would otherwise wait for a game that
    waits for the child. A larger task travels alone: nothing is written before it is read.
    """
    group: list[Task] = []
    group_bytes = 0
    for task in tasks:
        task_bytes = len(task.payload) + TASK_HEADER_BYTES
        if group and group_bytes + task_bytes > pipe_bytes:
            yield group
            group, group_bytes = [], 0
        group.append(task)
        group_bytes += task_bytes
    yield group
