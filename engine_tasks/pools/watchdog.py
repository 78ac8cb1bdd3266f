"""Watches that one thing at a time does not take too long."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Generic, TypeVar

from engine_tasks.timer import TIMER, Timed

T = TypeVar("T")


class Watchdog(Generic[T]):
    """Calls `expire` on the timer's thread once what is watched is over its deadline.

    Made for many short tasks: a timed call goes to the timer only when none is on its way
    that comes in time, so a task costs a few assignments. `watch` and `rest` are for one
    thread; after `rest` has returned nothing expires any more. `hasten` is for any thread.
    """

    def __init__(self, expire: Callable[[T], None]) -> None:
        self._expire = expire
        self._lock = threading.Lock()
        self._watched: T | None = None
        self._deadline_s: float | None = None
        self._timed: Timed | None = None

    def watch(self, thing: T, deadline_s: float | None) -> None:
        """Something began that must end before `deadline_s`, monotonic; None: whenever."""
        with self._lock:
            self._watched = thing
            self._deadline_s = None
            if deadline_s is not None:
                self._set(deadline_s)

    def hasten(self, thing: T, deadline_s: float) -> None:
        """Something must end before `deadline_s`, if it is what is watched now."""
        with self._lock:
            if self._watched is thing and (
                self._deadline_s is None or deadline_s < self._deadline_s
            ):
                self._set(deadline_s)

    def rest(self) -> None:
        """What was watched has ended."""
        with self._lock:
            self._watched = self._deadline_s = None

    def close(self) -> None:
        """Watch nothing more, and leave nothing with the timer."""
        with self._lock:
            self._watched = self._deadline_s = None
            if self._timed is not None:
                self._timed.cancel()
                self._timed = None

    def _set(self, deadline_s: float) -> None:
        self._deadline_s = deadline_s
        if self._timed is None or self._timed.due_s > deadline_s:
            self._arm(deadline_s)

    def _arm(self, deadline_s: float) -> None:
        if self._timed is not None:
            self._timed.cancel()
        self._timed = TIMER.after(max(0.0, deadline_s - time.monotonic()), self._look)

    def _look(self) -> None:
        """On the timer's thread."""
        with self._lock:
            self._timed = None
            if self._deadline_s is None or self._watched is None:
                return
            if time.monotonic() < self._deadline_s:
                self._arm(self._deadline_s)
                return
            thing = self._watched
            self._watched = self._deadline_s = None
            self._expire(thing)
