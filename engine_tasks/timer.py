"""One thread that calls functions at given times; with nothing due it sleeps without end."""

from __future__ import annotations

import heapq
import itertools
import logging
import os
import threading
import time
from collections.abc import Callable
from typing import Final

logger = logging.getLogger(__name__)


#: Calls from which on those that were taken back are looked for.
_CROWDED: Final = 1024


class Timed:
    """A call that is due at `due_s`, monotonic seconds, unless cancelled before."""

    __slots__ = ("call", "due_s", "fired")

    def __init__(self, due_s: float, call: Callable[[], None]) -> None:
        self.due_s = due_s
        self.fired = False
        self.call: Callable[[], None] | None = call

    def cancel(self) -> None:
        """Take the call back; one that already runs goes on. Any thread."""
        self.call = None  # and with it all that the call holds on to


class Timer:
    """Runs short calls on a thread of its own. They must not wait. Any thread may add one."""

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        """Start over, without a thread and with nothing to call."""
        self._changed = threading.Condition()
        self._heap: list[tuple[float, int, Timed]] = []
        self._order = itertools.count()
        self._thread: threading.Thread | None = None
        self._crowded = _CROWDED

    def is_this_thread(self) -> bool:
        """Whether this is the timer's own thread, on which nothing may wait."""
        return threading.current_thread() is self._thread

    def after(self, delay_s: float, call: Callable[[], None]) -> Timed:
        """Have `call` run in `delay_s` seconds."""
        timed = Timed(time.monotonic() + delay_s, call)
        with self._changed:
            if len(self._heap) >= self._crowded:
                self._clear_out()
            heapq.heappush(self._heap, (timed.due_s, next(self._order), timed))
            if self._thread is None:
                self._thread = threading.Thread(
                    target=self._run, name="engine_tasks timer", daemon=True
                )
                self._thread.start()
            elif self._heap[0][2] is timed:
                self._changed.notify()
        return timed

    def _clear_out(self) -> None:
        """Forget the calls that were taken back, now that there are twice as many in all."""
        self._heap = [entry for entry in self._heap if entry[2].call is not None]
        heapq.heapify(self._heap)
        self._crowded = max(_CROWDED, 2 * len(self._heap))

    def _run(self) -> None:
        while True:
            timed = self._next_due()
            call = timed.call
            if call is None:
                continue
            timed.fired = True
            try:
                call()
            except Exception:
                logger.exception("a timed call failed")
            del timed, call  # they may hold a queue, which is to end when nobody has it

    def _next_due(self) -> Timed:
        with self._changed:
            while True:
                while self._heap and self._heap[0][2].call is None:
                    heapq.heappop(self._heap)
                if not self._heap:
                    self._changed.wait()
                    continue
                wait_s = self._heap[0][0] - time.monotonic()
                if wait_s <= 0:
                    return heapq.heappop(self._heap)[2]
                self._changed.wait(min(wait_s, threading.TIMEOUT_MAX))


#: The timer of this process; its thread starts with the first call that is added.
TIMER: Final = Timer()

if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=TIMER.forget)  # a copy of the game has no thread of it
