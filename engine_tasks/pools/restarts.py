"""How often the instances of a pool were replaced, and whether one may be again.

A pure state machine: no clock, no thread, no I/O.
"""

from __future__ import annotations

from collections import deque
from random import Random

from engine_tasks.policies import RestartPolicy


class RestartHistory:
    """The restarts of a pool's slots, counted for each slot within `policy.within_s`.

    It keeps no more than `policy.max_restarts` instants a slot. Not safe from several
    threads: a pool's supervisor has it to itself.
    """

    def __init__(self, policy: RestartPolicy, random: Random) -> None:
        self._policy = policy
        self._random = random
        self._granted: dict[int, deque[float]] = {}
        self._total = 0

    @property
    def total(self) -> int:
        """Restarts granted so far, of all slots."""
        return self._total

    def record(self, slot: int, now_s: float) -> float | None:
        """Note that the instance of a slot died at `now_s`, monotonic seconds.

        Gives the seconds to wait before another takes its place, or None where that would be
        one restart too many: then the pool is to be given up, and nothing is noted.
        """
        granted = self._granted.setdefault(slot, deque())
        while granted and granted[0] < now_s - self._policy.within_s:
            granted.popleft()
        if len(granted) >= self._policy.max_restarts:
            return None
        wait_s = self._policy.backoff_s(len(granted), self._random)
        granted.append(now_s)
        self._total += 1
        return wait_s
