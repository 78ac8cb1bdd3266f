"""Waiting for one task's result, for tools and tests: a game polls instead."""

from __future__ import annotations

import math
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from enum import Enum
from typing import Final, Protocol

from engine_tasks.task import TaskResult, take_result

#: Seconds between looks at what only a look brings about: a delayed task of an inline worker.
POLL_S: Final = 0.002

#: Seconds after which a thread that waits makes sure that the task is still to be answered.
_DOUBT_S: Final = 0.05


class Outlook(Enum):
    """What somebody who looked for a result in vain has to expect."""

    ANNOUNCED = "ANNOUNCED"
    """It will be announced."""
    AT_ONCE = "AT_ONCE"
    """There is more to run before it, on the thread that looks."""
    LATER = "LATER"
    """Another look may find it: its task is not to run yet, say."""
    NEVER = "NEVER"
    """No worker has such a task."""


class Answerer(Protocol):
    """A worker, as who waits for a task of it sees it."""

    @property
    def is_inline(self) -> bool:
        """Whether its tasks run on the thread that polls."""

    def knows(self, task_id: int) -> bool | None:
        """Whether it will answer the task; None if that cannot be told now."""


class Sought:
    """A task whose result somebody looks for."""

    def __init__(
        self,
        task_id: int,
        results: Callable[[], Iterable[deque[TaskResult]]],
        workers: Callable[[], Iterable[Answerer]],
        run_next: Callable[[], bool],
    ) -> None:
        """`results` and `workers` are where it may be; `run_next` runs an inline task, if any."""
        self.task_id = task_id
        self._results = results
        self._workers = workers
        self._run_next = run_next
        self._inline = [worker for worker in workers() if worker.is_inline]
        self._is_cut_short = False

    def take(self, until_s: float) -> TaskResult | None:
        """Take the result, if it is there.

        The tasks of inline workers run here until it is, if it is to come from one of them:
        as long as any is ready, or until `until_s`, an instant of `time.monotonic`.
        """
        self._is_cut_short = False
        while True:
            found = self._find()
            if found is not None or self._is_cut_short or not self._runs_here():
                return found
            if not self._run_next():
                return self._find()  # another thread may have run it
            self._is_cut_short = time.monotonic() >= until_s

    def outlook(self) -> Outlook:
        """What to expect after a `take` that found nothing."""
        is_doubtful = False
        for worker in self._workers():
            known = worker.knows(self.task_id)
            if known and worker.is_inline:
                return Outlook.AT_ONCE if self._is_cut_short else Outlook.LATER
            if known:
                return Outlook.ANNOUNCED
            is_doubtful |= known is None
        return Outlook.LATER if is_doubtful else Outlook.NEVER

    def _runs_here(self) -> bool:
        return bool(self._inline) and any(worker.knows(self.task_id) for worker in self._inline)

    def _find(self) -> TaskResult | None:
        for results in self._results():
            found = take_result(results, self.task_id)
            if found is not None:
                return found
        return None


class ResultWaiters:
    """Who waits for which task. `announce` costs next to nothing while nobody does."""

    def __init__(self, *, stands_still: bool = False) -> None:
        """Where time `stands_still` until the game moves it, a thread has nothing to wait for."""
        self.stands_still: Final = stands_still
        self._lock = threading.Lock()
        self._arrivals: dict[int, list[Callable[[], object]]] = {}

    def announce(self, task_id: int) -> None:
        """The task has its answer, wherever that went. Any thread."""
        # Who waits expects the task before it looks for the result, which is there by now: one
        # of both sees the other, also without the lock.
        if self._arrivals and task_id in self._arrivals:
            with self._lock:
                arrivals = self._arrivals.pop(task_id, ())
            for arrived in arrivals:
                arrived()

    def expect(self, task_id: int, arrived: Callable[[], object]) -> None:
        """Call `arrived`, once, when the task is announced: on the thread that has the result,
        within a lock; it must not wait. Several may expect a task; one will find its result."""
        with self._lock:
            self._arrivals.setdefault(task_id, []).append(arrived)

    def forget(self, task_id: int, arrived: Callable[[], object]) -> None:
        """Do not call `arrived` any more."""
        with self._lock:
            arrivals = self._arrivals.get(task_id)
            if arrivals is not None and arrived in arrivals:  # else it was called
                arrivals.remove(arrived)
                if not arrivals:
                    del self._arrivals[task_id]

    def until_s(self, seconds: float) -> float:
        """The instant `seconds` from now, for `Sought.take`.

        It never comes where time stands still: what runs must not depend on how fast.
        """
        return math.inf if self.stands_still else time.monotonic() + seconds

    def wait(self, sought: Sought, timeout_s: float) -> TaskResult | None:
        """Take a result, now or when it is announced, within `timeout_s` seconds.

        None at once for a task that nobody will answer, or that another takes.
        """
        # A bare lock: a third of the round trip that an Event or a Condition costs.
        arrival = threading.Lock()
        arrival.acquire()
        arrived = arrival.release
        self.expect(sought.task_id, arrived)  # before the look: what comes later releases it
        deadline_s = self.until_s(timeout_s)
        pause_s = POLL_S
        try:
            while (found := sought.take(deadline_s)) is None:
                left_s = deadline_s - time.monotonic()
                if self.stands_still or left_s <= 0.0:
                    return None
                if arrival.acquire(timeout=min(left_s, pause_s)):
                    return sought.take(deadline_s)
                outlook = sought.outlook()
                if outlook is Outlook.NEVER:
                    return sought.take(deadline_s)
                pause_s = _DOUBT_S if outlook is Outlook.ANNOUNCED else POLL_S
            return found
        finally:
            self.forget(sought.task_id, arrived)
