"""A lock for moments, among threads that hold it for a few operations on memory."""

from __future__ import annotations

import os
import threading
import time
from typing import Final

#: Looks at a lock that another thread holds, before they are made with pauses.
_LOOKS: Final = 1000

#: Seconds of such a pause.
_PAUSE_S: Final = 0.0005


def _give_way_without_yield() -> None:
    time.sleep(0)  # Windows: the rest of the time slice


#: Lets another thread have the GIL, and the processor. `time.sleep(0)` took 94 µs on Linux
#: (its timers' slack), this 0.7 µs.
_give_way = getattr(os, "sched_yield", _give_way_without_yield)


class Mutex:
    """`threading.Lock` without its convoys: a thread that finds it taken looks again.

    A thread that sleeps until a `threading.Lock` is free gets it before it has the GIL. Whoever
    has the GIL then comes upon the lock, goes to sleep in turn, and from then on each use of it
    is a switch of threads, until all of them rest: 98 µs a task for two thread instances,
    49 µs with this (`engine-tasks bench echo-thread`). Here nobody holds the lock who does
    not run, but for the few that CPython's switch interval has caught within it.

    Not for sections that wait for anything.
    """

    __slots__ = ("_release", "_try")

    def __init__(self) -> None:
        lock = threading.Lock()
        self._try = lock.acquire
        self._release = lock.release

    def __enter__(self) -> None:
        if not self._try(False):
            self._try_again()

    def __exit__(self, _kind: object, _error: object, _traceback: object) -> None:
        self._release()

    def _try_again(self) -> None:
        looks = 0
        while not self._try(False):
            looks += 1
            if looks < _LOOKS:
                _give_way()
            else:  # it runs elsewhere, without the GIL: a finalizer that waits, say
                time.sleep(_PAUSE_S)
