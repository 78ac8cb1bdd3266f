"""A conversation with a child that says whatever it is told to, through a real pipe."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from engine_tasks.child.frames import FrameError, FrameReader
from engine_tasks.errors import TaskError
from engine_tasks.executors.conversation import ChildEnded, Conversation
from engine_tasks.native import Unhealthy
from engine_tasks.options import LuaLimits
from engine_tasks.task import Outcome, Progress, ReadResult, Task

if TYPE_CHECKING:
    from engine_tasks.child.frames import Worked

MAX_FRAME_BYTES = 10_000
TASK_ID = 7


class Stranger:
    """A program that nobody trusts, unless it says so, with one module."""

    max_result_bytes = MAX_FRAME_BYTES

    def __init__(self, *, trusted: bool = False) -> None:
        self.trusted = trusted

    def hello(self, slot: int) -> dict[str, Any]:
        return {}

    def can_change(self, old: LuaLimits, new: LuaLimits) -> bool:
        return False

    def module_source(self, name: str) -> tuple[str, bytes] | None:
        return ("lib.lua", b"return {}") if name == "lib" else None

    def where(self, message: str) -> tuple[str | None, int | None]:
        return None, None


class Pipe:
    """What the game reads is in a pipe; what it writes is kept."""

    def __init__(self, said: bytes) -> None:
        self._fd, write_fd = os.pipe()
        self.written: list[tuple[int, int, bytes]] = []
        self._reader = FrameReader(self._fd, MAX_FRAME_BYTES)
        self._writer = threading.Thread(target=_write, args=(write_fd, said), daemon=True)
        self._writer.start()

    def read(self) -> tuple[int, int, bytes] | None:
        return self._reader.read()

    def results_here(self, task_ids: Iterable[int]) -> tuple[list[bytes], Worked | None]:
        return self._reader.results_here(task_ids)

    def has_read_ahead(self) -> bool:
        return self._reader.has_buffered()

    def write(self, kind: int, task_id: int, *parts: bytes) -> None:
        self.written.append((kind, task_id, b"".join(parts)))

    def wait_until_said(self) -> None:
        """For what fits into a pipe."""
        self._writer.join()

    def close(self) -> None:
        os.close(self._fd)
        self._writer.join()


def _write(fd: int, said: bytes) -> None:
    try:
        view = memoryview(said)
        while view:
            view = view[os.write(fd, view) :]
    except BrokenPipeError:
        pass  # the game has heard enough
    finally:
        os.close(fd)


Answer = Outcome | Unhealthy | FrameError | ChildEnded


def _conversation(pipe: Pipe, reported: list[Progress], *, trusted: bool) -> Conversation:
    return Conversation(
        pipe,
        Stranger(trusted=trusted),
        "hostile#0",
        LuaLimits(),
        lambda _task, progress: reported.append(progress),
    )


def hear(said: bytes, *, trusted: bool = False) -> tuple[Answer, list[Progress], Pipe]:
    """What the game makes of a child that says this while it runs a task."""
    pipe = Pipe(said)
    reported: list[Progress] = []
    talk = _conversation(pipe, reported, trusted=trusted)
    outcome: Answer
    try:
        outcome = talk.outcome(Task(TASK_ID, b"\xc0", 0.0))
    except (FrameError, ChildEnded) as error:
        outcome = error
    finally:
        pipe.close()
    answers = (bytes if trusted else ReadResult, TaskError, FrameError, ChildEnded)
    assert isinstance(outcome, (*answers, Unhealthy) if trusted else answers)
    return outcome, reported, pipe


def hear_batch(said: bytes, count: int, *, at_once: bool, trusted: bool) -> tuple[list[Any], float]:
    """What the game makes of a child that says this of the tasks 1 to `count`: the outcomes, the
    last of them what ended the child, if anything did; and how long each task took.

    `at_once`: all that is here is taken, as an executor does; else one outcome after the other.
    """
    pipe = Pipe(said)
    pipe.wait_until_said()
    talk = _conversation(pipe, [], trusted=trusted)
    tasks = [Task(number, b"\xc0", 0.0) for number in range(1, count + 1)]
    outcomes: list[Any] = []
    try:
        while len(outcomes) < count:
            outcomes.append(talk.outcome(tasks[len(outcomes)]))
            if at_once:
                outcomes += talk.results_here(tasks[len(outcomes) :])
    except (FrameError, ChildEnded) as error:
        outcomes.append(f"{type(error).__name__}: {error}")
    finally:
        pipe.close()
    shown = [each.encoded if isinstance(each, ReadResult) else each for each in outcomes]
    return shown, talk.task_s
