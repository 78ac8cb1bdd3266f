"""The root supervisor: one actor over the supervisors of all pools."""

from __future__ import annotations

import logging
import os
import threading
from collections import deque
from collections.abc import Callable
from queue import SimpleQueue
from typing import Any, Final

import pykka

from engine_tasks.pools.tasks import tell_if_alive
from engine_tasks.timer import TIMER

logger = logging.getLogger(__name__)

#: Gives a pool another supervisor.
Replace = Callable[[], None]

#: Tells the root that there is something to do; what that is it finds in `Root`.
_WAKE: Final = "wake"

#: Seconds until the next try to start a supervisor, where no thread could be had for one.
ANOTHER_TRY_S: Final = 0.5


class RootSupervisor(pykka.ThreadingActor):
    """Replaces each supervisor that ends before its time (one for one)."""

    use_daemon_thread = True

    def __init__(self, next_one: Callable[[], Replace | None], go_on: Callable[[], None]) -> None:
        super().__init__()
        self._next_one = next_one
        self._go_on = go_on

    @staticmethod
    def _create_actor_inbox() -> SimpleQueue[Any]:
        return SimpleQueue()

    def on_receive(self, _message: object) -> None:
        while (replace := self._next_one()) is not None:
            try:
                replace()
            except Exception:  # the other pools still need it
                logger.exception("a supervisor could not be replaced")

    def on_stop(self) -> None:
        """Stopped from outside: another does what came too late for this one."""
        self._go_on()


class Root:
    """The root supervisor, started when it is first needed. Any thread may call.

    A game that stops every actor stops this one too: then another takes its place, and does
    what is left to do.
    """

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        """Start over, without an actor: in a copy of the game it is the original's."""
        self._lock = threading.Lock()
        self._to_do: deque[Replace] = deque()
        self._ref: pykka.ActorRef[RootSupervisor] | None = None

    def replace_supervisor(self, replace: Replace) -> None:
        """Have `replace` called on the root's thread: it gives a pool another supervisor."""
        with self._lock:
            self._to_do.append(replace)
            self._wake()

    def _wake(self) -> None:
        """Within the lock: have an actor do what there is to do."""
        if self._ref is not None and tell_if_alive(self._ref, _WAKE):
            return
        try:
            self._ref = RootSupervisor.start(self._next_one, self._go_on)
        except RuntimeError:  # no thread is left
            TIMER.after(ANOTHER_TRY_S, self._go_on)
        else:
            tell_if_alive(self._ref, _WAKE)  # else its `on_stop` has another go on

    def _next_one(self) -> Replace | None:
        with self._lock:
            return self._to_do.popleft() if self._to_do else None

    def _go_on(self) -> None:
        with self._lock:
            if self._to_do:
                self._wake()


#: The root supervisor of this process.
ROOT: Final = Root()

if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=ROOT.forget)
