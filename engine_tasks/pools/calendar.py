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

#: Keys of empty buckets that a heap may always hold, beyond one for each bucket in use.
_SLACK: Final = 64

#: Neighbouring ids that share a bucket, as bits: 64 tasks, which are taken out in 0.1 ms.
_ID_BITS: Final = 6


class Calendar:
    """Tasks by instant, monotonic seconds: never due early, at most `GRAIN_S` late.

    A bucket holds those tasks of one grain whose ids are neighbours, so a task enters and
    leaves without a trace, only the keys of buckets are kept in order, and of very many that
    are due at once a few can be had. Not safe from several threads.
    """

    def __init__(self, *, is_exact: bool = False) -> None:
        """One that `is_exact` has buckets for each instant, and none is late."""
        self._is_exact = is_exact
        #: By the end of the grain, and the block of ids.
        self._buckets: dict[tuple[float, int], dict[int, tuple[float, int, Task]]] = {}
        self._first: list[tuple[float, int]] = []  # heaps: the keys of the buckets, and -keys
        self._last: list[tuple[float, int]] = []
        #: Tasks that are noted.
        self.count = 0

    def __len__(self) -> int:
        return self.count

    @property
    def next_s(self) -> float | None:
        """The instant at which `due` has something to give; None without any task."""
        while self._first and self._first[0] not in self._buckets:
            heapq.heappop(self._first)
        return self._first[0][0] if self._first else None

    def add(self, task_id: int, due_s: float, task: Task) -> None:
        """Note a task, which is not noted yet, for an instant."""
        key = self._end_s(due_s), task_id >> _ID_BITS
        bucket = self._buckets.get(key)
        if bucket is None:
            bucket = self._open(key)
        bucket[task_id] = (due_s, task_id, task)
        self.count += 1

    def discard(self, task_id: int, due_s: float) -> None:
        """Forget a task that is noted for this instant, if it is."""
        key = self._end_s(due_s), task_id >> _ID_BITS
        bucket = self._buckets.get(key)
        if bucket is not None and bucket.pop(task_id, None) is not None:
            self.count -= 1
            if not bucket:
                del self._buckets[key]

    def due(self, now_s: float, most: float = math.inf) -> list[Task]:
        """Take out the tasks whose instant has come, `most` of them or a bucket more.

        In order of grain; those of a bucket in order of instant, then of id.
        """
        due: list[Task] = []
        while len(due) < most and (next_s := self.next_s) is not None and next_s <= now_s:
            bucket = self._buckets.pop(heapq.heappop(self._first))
            self.count -= len(bucket)
            due += [task for _, _, task in sorted(bucket.values())]
        return due

    def pop_after(self, instant_s: float) -> Task | None:
        """Take out one of the last tasks, if it is not due by this instant."""
        while self._last and self._last_key() not in self._buckets:
            heapq.heappop(self._last)
        if not self._last or self._last_key()[0] <= instant_s:
            return None
        bucket = self._buckets[self._last_key()]
        _, (_, _, task) = bucket.popitem()
        self.count -= 1
        if not bucket:
            del self._buckets[self._last_key()]
        return task

    def _last_key(self) -> tuple[float, int]:
        end_s, block = self._last[0]
        return -end_s, -block

    def _end_s(self, due_s: float) -> float:
        """The end of the bucket of an instant: less than a grain later."""
        if self._is_exact:
            return due_s
        return math.ceil(min(due_s, _LAST_S) / GRAIN_S) * GRAIN_S

    def _open(self, key: tuple[float, int]) -> dict[int, tuple[float, int, Task]]:
        bucket = self._buckets[key] = {}
        heapq.heappush(self._first, key)
        heapq.heappush(self._last, (-key[0], -key[1]))
        # Tasks that come and go long before their instant would leave keys for hours.
        if max(len(self._first), len(self._last)) > 2 * len(self._buckets) + _SLACK:
            self._first = sorted(self._buckets)
            self._last = sorted((-end_s, -block) for end_s, block in self._buckets)
        return bucket
