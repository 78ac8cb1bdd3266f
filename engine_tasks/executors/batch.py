"""How many tasks an instance takes at once: many short ones, or a single long one."""

from __future__ import annotations

from typing import Final

#: Seconds of work that may be taken at once. What is taken waits behind what is before it,
#: though another instance may be idle: a millisecond is not seen in a frame.
BATCH_S: Final = 0.001


class BatchSize:
    """Grows while tasks turn out short, and is small again after one that did not.

    A batch spares the game's process hand-overs of the GIL, which cost more than the tasks:
    `engine-tasks bench --only echo`.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self.size = 1

    def learn(self, count: int, took_s: float) -> None:
        """A batch of `count` tasks took `took_s` seconds in all."""
        if took_s > BATCH_S:
            self.size = max(1, min(self.size // 2, int(count * BATCH_S / took_s)))
        elif count == self.size:
            self.size = min(self._most, self.size * 2)
