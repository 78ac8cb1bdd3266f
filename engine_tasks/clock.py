"""A clock that a test moves: for a queue that does the same thing each time."""

from __future__ import annotations

import threading

from engine_tasks.checks import check_not_negative


class ManualClock:
    """Gives the time in seconds when called, and goes on only when told. Any thread may do both."""

    def __init__(self, start_s: float = 0.0) -> None:
        check_not_negative("start_s", start_s)
        self._now_s = float(start_s)
        self._moving = threading.Lock()

    def __call__(self) -> float:
        return self._now_s

    def __repr__(self) -> str:
        return f"ManualClock({self._now_s!r})"

    @property
    def now_s(self) -> float:
        """The time; calling the clock gives the same."""
        return self._now_s

    def advance(self, seconds: float) -> None:
        """Let `seconds` pass, 0 or more. Raises for what is no finite number, or below 0."""
        check_not_negative("seconds", seconds)
        with self._moving:
            self._now_s += seconds
