"""Has a pool look at its clock when time makes a difference to what waits."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

from engine_tasks.timer import TIMER, Timed

#: Seconds between two looks, at least.
_MIN_DELAY_S: Final = 0.001


class Alarm:
    """Calls `look` on the timer's thread, at the latest instant that was set.

    `set` is for one thread at a time: the pool's lock sees to that.
    """

    def __init__(self, look: Callable[[], None]) -> None:
        self._look = look
        self._timed: Timed | None = None
        self._instant_s = 0.0  # what it is set to; the timer's own is a little later

    def set(self, instant_s: float | None) -> None:
        """Call at this instant, monotonic seconds; None: there is nothing to look at."""
        pending = self._timed
        if pending is not None and not pending.fired:
            if instant_s is not None and self._instant_s <= instant_s:
                return  # a look too early sets the alarm again
            pending.cancel()
            self._timed = None
        if instant_s is not None:
            self._instant_s = instant_s
            delay_s = max(_MIN_DELAY_S, instant_s - time.monotonic())
            self._timed = TIMER.after(delay_s, self._look)
