"""Hands results to their callbacks, a few each frame, on the thread that asks."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable
from typing import Final

from engine_tasks.delivery import Delivery
from engine_tasks.policies import Priority

logger = logging.getLogger(__name__)

_URGENT_FIRST: Final = tuple(reversed(Priority))


class Pump:
    """The callbacks that are due: the most urgent first, of equals the oldest.

    `due` is for any thread, `run` for the game's.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        """Budgets are kept by `clock`, in seconds."""
        self._clock = clock
        self._due = tuple(deque[Delivery]() for _ in Priority)

    def due(self, delivery: Delivery, priority: Priority) -> None:
        """One more result waits in the `callbacks` of a worker's delivery."""
        self._due[priority].append(delivery)

    def run(
        self,
        budget_ms: float,
        max_results: int | None,
        run_inline: Callable[[], bool],
        most_inline: int,
    ) -> int:
        """Call back until the budget is over or nothing is due; how many results that were.

        With no callback due, `run_inline` runs a task of a worker without threads, if any;
        `most_inline` of them, as a callback may send the next one.
        """
        deadline_s = self._clock() + budget_ms / 1000.0
        handed_out = 0
        while max_results is None or handed_out < max_results:
            due = self._most_urgent()
            if due is None and most_inline > 0 and run_inline():
                most_inline -= 1
            elif due is not None or (due := self._most_urgent()) is not None:  # it just expired
                handed_out += self._call_back(due)
            else:
                break
            if self._clock() >= deadline_s:
                break
        return handed_out

    def _most_urgent(self) -> Priority | None:
        for priority in _URGENT_FIRST:
            if self._due[priority]:
                return priority
        return None

    def _call_back(self, priority: Priority) -> int:
        try:
            on_result, result = self._due[priority].popleft().callbacks[priority].popleft()
        except IndexError:
            return 0  # another thread pumps too
        try:
            on_result(result)
        except Exception:
            logger.exception("the on_result callback of task %d failed", result.task_id)
        return 1
