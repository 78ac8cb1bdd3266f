"""The task that runs on a thread of the game, as its own code sees it."""

from __future__ import annotations

import time
from collections import deque
from typing import Final

from engine_tasks.child.rate import RateLimit
from engine_tasks.errors import printable
from engine_tasks.executors.protocol import ReportProgress
from engine_tasks.task import Progress, Task

#: Cancelled tasks that are remembered; one of them runs or is about to.
_MOST_CANCELLED: Final = 64


class RunningTask:
    """Keeps whether the task should end, and passes on how far it is: the host of `this_task`.

    `cancel` is for any thread, the rest for the one that runs the task.
    """

    def __init__(self, report_progress: ReportProgress, progress_per_s: int) -> None:
        self._report_progress = report_progress
        self._progress_rate = RateLimit(progress_per_s)
        self._cancelled_ids: deque[int] = deque(maxlen=_MOST_CANCELLED)
        self._task: Task | None = None

    def set_rate(self, progress_per_s: int) -> None:
        """Another rate from now on."""
        self._progress_rate.per_s = progress_per_s

    def begin(self, task: Task) -> None:
        """A task runs from now on."""
        self._task = task

    def end(self) -> None:
        """No task runs any more."""
        self._task = None

    def cancel(self, task: Task | None) -> None:
        """The task, also one that has not begun, should end; None: the one that runs."""
        task = task or self._task
        if task is not None:
            self._cancelled_ids.append(task.id)

    @property
    def task_id(self) -> int | None:
        """The task that runs."""
        task = self._task
        return None if task is None else task.id

    def cancelled(self) -> bool:
        """Whether the running task should end."""
        return self._task is not None and self._task.id in self._cancelled_ids

    def progress(self, share: float, note: str) -> None:
        """Pass on how far the running task is, unless that was told too often."""
        if self._task is None or not self._progress_rate.allows(time.monotonic()):
            return
        share = min(max(share, 0.0), 1.0)
        self._report_progress(self._task, Progress(share, printable(note)))
