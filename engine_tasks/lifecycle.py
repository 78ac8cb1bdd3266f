"""The queues that run, so that none outlives the game, and none is ended by a copy of it."""

from __future__ import annotations

import atexit
import os
import weakref
from typing import Final, Protocol


class Queue(Protocol):
    """What a queue can do about its end."""

    def kill(self) -> None:
        """End at once."""

    def disown(self) -> None:
        """Let the workers be: they are those of the game that this one is a copy of."""


#: Queues to kill when the interpreter ends without a `stop`.
LIVE_QUEUES: Final[weakref.WeakSet[Queue]] = weakref.WeakSet()


@atexit.register
def _kill_live_queues() -> None:
    for queue in list(LIVE_QUEUES):
        queue.kill()


def _disown_queues() -> None:
    """In a forked copy of the game: its end must not end the workers of the game."""
    for queue in list(LIVE_QUEUES):
        queue.disown()
    LIVE_QUEUES.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_disown_queues)
