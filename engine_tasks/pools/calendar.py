"""Tasks by the instant at which something is due for them: pure, no clock."""

from __future__ import annotations

import heapq
import math
from typing import Final

from engine_tasks.task import Task

#: Seconds by which a task may be late: half a frame. A power of two, so that instants are
#: divided and multiplied by it without rounding: none is early, and whole seconds are on time.
GRAIN_S: Final = 1 / 128

#: Later instants share this one's bucket: divided by the grain they might be no floats.
_LAST_S: Final = 1e300

#: Numbers of empty buckets that a heap may always hold, beyond one for each bucket in use.
_SLACK: Final = 64


class Calendar:
    """Tasks by instant, monotonic seconds: never due early, at most `GRAIN_S` late.

    A bucket holds the tasks of one grain, so a task enters and leaves without a trace, and
    only the numbers of buckets are kept in order. Not safe from several threads.
    """

    def __init__(self) -> None:
        self._buckets: dict[int, dict[int, tuple[float, int, Task]]] = {}
        self._first: list[int] = []  # heaps: the numbers of the buckets, and -numbers
        self._last: list[int] = []
        self._count = 0

    def __len__(self) -> int:
        return self._count

    @property
    def next_s(self) -> float | None:
        """The instant at which `due` has something to give; None without any task."""
        while self._first and self._first[0] not in self._buckets:
            heapq.heappop(self._first)
        return self._first[0] * GRAIN_S if self._first else None

    def add(self, task_id: int, due_s: float, task: Task) -> None:
        """Note a task, which is not noted yet, for an instant."""
        number = _number(due_s)
        bucket = self._buckets.get(number)
        if bucket is None:
            bucket = self._open(number)
        bucket[task_id] = (due_s, task_id, task)
        self._count += 1

    def discard(self, task_id: int, due_s: float) -> None:
        """Forget a task that is noted for this instant, if it is."""
        number = _number(due_s)
        bucket = self._buckets.get(number)
        if bucket is not None and bucket.pop(task_id, None) is not None:
            self._count -= 1
            if not bucket:
                del self._buckets[number]

    def due(self, now_s: float) -> list[Task]:
        """Take out the tasks whose instant has come, in order of instant, then of id."""
        due: list[Task] = []
        while (next_s := self.next_s) is not None and next_s <= now_s:
            bucket = self._buckets.pop(heapq.heappop(self._first))
            self._count -= len(bucket)
            due += [task for _, _, task in sorted(bucket.values())]
        return due

    def pop_after(self, instant_s: float) -> Task | None:
        """Take out one of the last tasks, if it is not due by this instant."""
        while self._last and -self._last[0] not in self._buckets:
            heapq.heappop(self._last)
        if not self._last or -self._last[0] * GRAIN_S <= instant_s:
            return None
        bucket = self._buckets[-self._last[0]]
        _, (_, _, task) = bucket.popitem()
        self._count -= 1
        if not bucket:
            del self._buckets[-self._last[0]]
        return task

    def _open(self, number: int) -> dict[int, tuple[float, int, Task]]:
        bucket = self._buckets[number] = {}
        heapq.heappush(self._first, number)
        heapq.heappush(self._last, -number)
        # Tasks that come and go long before their instant would leave numbers for hours.
        if max(len(self._first), len(self._last)) > 2 * len(self._buckets) + _SLACK:
            self._first = sorted(self._buckets)
            self._last = sorted(-number for number in self._buckets)
        return bucket


def _number(due_s: float) -> int:
    """The bucket that ends at this instant or less than a grain later."""
    return math.ceil(min(due_s, _LAST_S) / GRAIN_S)
