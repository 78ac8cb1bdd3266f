"""The root supervisor: one actor over the supervisors of all pools."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable
from queue import SimpleQueue
from typing import Any, Final

import pykka

from engine_tasks.pools.tasks import tell_if_alive

logger = logging.getLogger(__name__)


class RootSupervisor(pykka.ThreadingActor):
    """Replaces each supervisor that ends before its time (one for one)."""

    use_daemon_thread = True

    @staticmethod
    def _create_actor_inbox() -> SimpleQueue[Any]:
        return SimpleQueue()

    def on_receive(self, message: Callable[[], None]) -> None:
        try:
            message()
        except Exception:  # the other pools still need it
            logger.exception("a supervisor could not be replaced")


class Root:
    """The root supervisor, started when it is first needed. Any thread may call.

    A game that stops every actor stops this one too: then another takes its place.
    """

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        """Start over, without an actor: in a copy of the game it is the original's."""
        self._lock = threading.Lock()
        self._ref: pykka.ActorRef[RootSupervisor] | None = None

    def replace_supervisor(self, replace: Callable[[], None]) -> None:
        """Have `replace` called on the root's thread: it gives a pool another supervisor."""
        with self._lock:
            if self._ref is None or not tell_if_alive(self._ref, replace):
                self._ref = RootSupervisor.start()
                self._ref.tell(replace)


#: The root supervisor of this process.
ROOT: Final = Root()

if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=ROOT.forget)
