"""Results as pygame events: a game that lives by its event loop needs no other."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Iterable
from typing import Final

import pygame

from engine_tasks.task import TaskResult
from engine_tasks.task_queue import TaskQueue
from engine_tasks.worker_id import WorkerId

logger = logging.getLogger(__name__)

#: The type of the events; each has `result`, a `TaskResult`, and `worker_id`. It is registered
#: when this is imported; `pygame.quit()` hands the numbers of all such types out anew.
RESULT: Final[int] = pygame.event.custom_type()


class ResultEvents:
    """Posts the results of workers as events of type `RESULT`. Game thread only.

    Never waits, and loses nothing: what pygame's event queue has no room for stays in the
    task queue until a later frame. Tasks with `on_result` go to their callbacks as ever.
    """

    def __init__(self, queue: TaskQueue, worker_ids: Iterable[int] | None = None) -> None:
        """Take the results of these workers, or of all but Echo."""
        self._queue = queue
        self._worker_ids = None if worker_ids is None else tuple(worker_ids)
        self._held: TaskResult | None = None  # the one that pygame had no room for
        self._turns: deque[int] = deque()
        self._refused = False

    def post(self, budget_ms: float = 2.0) -> int:
        """Post what is ready; call it each frame before `pygame.event.get()`.

        Goes on until `budget_ms` milliseconds are over, one event at least, and returns how
        many it posted. Tasks of `inline` workers run here. Raises pygame.error before
        `pygame.display.init()`.
        """
        deadline_s = self._queue.clock() + budget_ms / 1000.0
        if self._held is not None and not self._post(self._held):
            return 0
        posted = int(self._held is not None)
        self._held = None
        self._turns = deque(self._workers())
        while (result := self._next()) is not None:
            if not self._post(result):
                self._held = result
                break
            posted += 1
            if self._queue.clock() >= deadline_s:
                break
        return posted

    def _workers(self) -> Iterable[int]:
        if self._worker_ids is not None:
            return self._worker_ids
        running = self._queue.stats()
        return (worker_id for worker_id in running if worker_id != WorkerId.Echo)

    def _next(self) -> TaskResult | None:
        """Take a result of the worker whose turn it is, so that none has to wait for another."""
        while self._turns:
            worker_id = self._turns.popleft()
            result = self._queue.next_task_result(worker_id)
            if result is not None:
                self._turns.append(worker_id)
                return result
        return None

    def _post(self, result: TaskResult) -> bool:
        """Post one event; False when pygame takes none now, which is logged once."""
        event = pygame.event.Event(RESULT, result=result, worker_id=result.worker_id)
        try:
            taken = bool(pygame.event.post(event))
            reason = "events of type RESULT are blocked"
        except pygame.error as error:
            if not pygame.display.get_init():
                self._held = result
                raise
            taken, reason = False, str(error)
        if not taken and not self._refused:
            logger.warning("pygame takes no more results as events for now: %s", reason)
        self._refused = not taken
        return taken
