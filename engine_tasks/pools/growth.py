"""Has a pool grow while much waits, and shrink again while it idles."""

from __future__ import annotations

import threading
from collections.abc import Callable

from engine_tasks.pools.scaling import Load, Scaler
from engine_tasks.timer import TIMER, Timed


class Growth:
    """Looks at a pool's load every so often, but only while there is something to decide.

    `wake` is for any thread; `look` and `resize` are called on the timer's.
    """

    def __init__(
        self,
        scaler: Scaler,
        interval_s: float,
        minimum: int,
        load: Callable[[], tuple[Load, float]],
        resize: Callable[[int], None],
    ) -> None:
        self._scaler = scaler
        self._interval_s = interval_s
        self._minimum = minimum
        self._load = load
        self._resize = resize
        self._lock = threading.Lock()
        self._timed: Timed | None = None
        self._closed = False
        self._woken = False  # since the last look

    def wake(self) -> None:
        """A task waits: look at the load from now on."""
        self._woken = True
        if self._timed is None:
            with self._lock:
                self._arm()

    def close(self) -> None:
        """Look no more."""
        with self._lock:
            self._closed = True
            if self._timed is not None:
                self._timed.cancel()

    def _look(self) -> None:
        self._woken = False
        goes_on = True
        try:
            load, now_s = self._load()
            change = self._scaler.decide(load, now_s)
            if change:
                self._resize(change)
            goes_on = load.waiting > 0 or load.instances + change > self._minimum
        finally:
            with self._lock:
                self._timed = None
                if goes_on or self._woken:
                    self._arm()

    def _arm(self) -> None:
        if self._timed is None and not self._closed:
            self._timed = TIMER.after(self._interval_s, self._look)
