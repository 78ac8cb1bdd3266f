"""Tasks by priority, in the order in which they came to it."""

from __future__ import annotations

import math
from collections import OrderedDict

from engine_tasks.policies import Priority
from engine_tasks.task import Task


class Levels:
    """Carriers by priority; those of a level in the order in which they came into it."""

    def __init__(self, aging_s: float) -> None:
        self._aging_s = aging_s
        # Ordered ones find their first in no time; a dict passes over all that stood before.
        self.each = tuple(OrderedDict[int, Task]() for _ in Priority)
        # The highest first. Not `rank` a head: that would take a third of `pop`.
        self._by_worth = [(self.each[p], p * aging_s) for p in reversed(Priority)]

    def __len__(self) -> int:
        return sum(map(len, self.each))

    def put(self, carrier: Task, *, first: bool = False) -> None:
        """Let a carrier come last into its level, or first."""
        level = self.each[carrier.priority]
        level[carrier.id] = carrier
        if first:
            level.move_to_end(carrier.id, last=False)

    def discard(self, carrier: Task) -> bool:
        """Whether the carrier was here; it is no longer."""
        return self.each[carrier.priority].pop(carrier.id, None) is not None

    def get(self, carrier_id: int) -> Task | None:
        """The carrier of this id, if it is here."""
        for level in self.each:
            if (carrier := level.get(carrier_id)) is not None:
                return carrier
        return None

    def rank(self, carrier: Task) -> float:
        """The instant from which on it waits, a level of priority later by `aging_s`."""
        return carrier.ready_s - carrier.priority * self._aging_s

    def heads(self) -> list[Task]:
        """The first carrier of each level."""
        return [level[next(iter(level))] for level in self.each if level]

    def head(self) -> Task | None:
        """The carrier of the smallest rank, of the higher priority among equals."""
        best: Task | None = None
        best_rank = math.inf
        for level, worth_s in self._by_worth:
            if level:
                head = level[next(iter(level))]
                rank = head.ready_s - worth_s
                if best is None or rank < best_rank:
                    best, best_rank = head, rank
        return best

    def last(self) -> Task | None:
        """The last carrier of the lowest priority."""
        level = next(filter(None, self.each), None)
        return None if level is None else level[next(reversed(level))]
