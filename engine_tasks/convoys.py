"""How threads that often meet at a lock keep out of each other's way."""

from __future__ import annotations

import threading
import time
from typing import Final

#: Seconds between looks at a lock that another thread holds. A sleep of Linux is 50 µs longer,
#: about what that thread needs to have the GIL and to be done.
_LOOK_S: Final = 0.00002


class Patient:
    """A lock, for threads that would rather look again than sleep until they have it.

    A thread that sleeps until a lock is free gets it before it has the GIL. Whoever has the GIL
    then comes upon the lock, goes to sleep in turn, and from then on each use of it is a switch
    of threads, until all of them rest: 98 µs a task for two thread instances, 49 µs where they
    look again (`engine-tasks bench echo-thread`). Nobody holds such a lock for more than a moment
    but the few that CPython's switch interval has caught within it.

    Not for the main thread, where Ctrl-C may come between the moment in which the lock is taken
    and the block that gives it back: it uses the lock itself.
    """

    __slots__ = ("_release", "_try")

    def __init__(self, lock: threading.Lock) -> None:
        self._try = lock.acquire
        self._release = lock.release

    def __enter__(self) -> None:
        while not self._try(False):
            # Not `os.sched_yield`: a whole slice of time would go to any other process.
            time.sleep(_LOOK_S)

    def __exit__(self, _kind: object, _error: object, _traceback: object) -> None:
        self._release()
