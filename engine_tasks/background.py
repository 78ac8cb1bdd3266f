"""One thread for what may wait, so that nothing of it happens on the timer's."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable
from queue import SimpleQueue
from typing import Final

logger = logging.getLogger(__name__)


class Background:
    """Runs calls one after the other, each as long as it takes. Any thread may add one."""

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        """Start over, without a thread and with nothing to call."""
        self._lock = threading.Lock()
        self._calls: SimpleQueue[Callable[[], object]] = SimpleQueue()
        self._thread: threading.Thread | None = None

    def call(self, call: Callable[[], object]) -> None:
        """Have it called soon; what it raises is logged. Also from a `__del__`, once started."""
        self._calls.put(call)
        if self._thread is None:
            self.start()

    def start(self) -> None:
        """Have a thread. Not from a `__del__`, which may run within this.

        Where none can be had, at the end of the interpreter say, the calls wait.
        """
        with self._lock:
            if self._thread is not None:
                return
            thread = threading.Thread(target=self._run, name="engine_tasks background", daemon=True)
            try:
                thread.start()
            except RuntimeError as error:
                logger.debug("there is no thread for what may wait: %s", error)
            else:
                self._thread = thread

    def _run(self) -> None:
        while True:
            call = self._calls.get()
            try:
                call()
            except Exception:
                logger.exception("a call in the background failed")
            del call  # it may hold a queue, which is to end when nobody has it


#: The background of this process; its thread starts with the first call.
BACKGROUND: Final = Background()

if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=BACKGROUND.forget)  # a copy of the game has no thread of it
