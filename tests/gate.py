"""A function for thread workers that stands still until a test lets it go."""

import threading
from typing import Any

from eventually import PATIENCE_S

from engine_tasks import this_task


class Gate:
    """Waits for `open` at a payload of "wait", or until it is cancelled; notes what it ran."""

    def __init__(self) -> None:
        self.ran: list[Any] = []
        self.cancelled: list[Any] = []
        self._entered = threading.Semaphore(0)
        self._open = threading.Event()

    def __call__(self, data: Any) -> Any:
        self.ran.append(data)
        if data == "wait":
            self._entered.release()
            self._open.wait(PATIENCE_S)
        if data == "until cancelled":
            self._entered.release()
            while not this_task.cancelled() and not self._open.wait(0.001):
                pass
            self.cancelled.append(data)
        return data

    def wait_entered(self) -> None:
        """Wait until a task stands still."""
        assert self._entered.acquire(timeout=PATIENCE_S)

    def open(self) -> None:
        """Let all go on, those to come as well."""
        self._open.set()
