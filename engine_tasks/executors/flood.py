"""How much a child may say: what keeps a flood of messages from its game."""

from __future__ import annotations

from typing import Final

from engine_tasks.child.frames import HEADER, FrameError

#: Messages that fit into a pipe of 64 KiB: a header, and an empty text or two.
_MOST_IN_A_PIPE: Final = 65_536 // (HEADER.size + 12)


class Flood:
    """Bears `per_s` messages a second, and as many more as a pipe can hold.

    Those may have come while the game stood still, however long, and are read all at once.
    """

    def __init__(self, per_s: int, what: str) -> None:
        self._per_s = per_s
        self._what = what
        self._most = self._left = float(per_s + _MOST_IN_A_PIPE)
        self._last_s = 0.0

    def check(self, now_s: float) -> None:
        """Raises `FrameError` for one message too many, at `now_s`, monotonic seconds."""
        regained = (now_s - self._last_s) * self._per_s
        self._left = min(self._most, self._left + regained) - 1.0
        self._last_s = now_s
        if self._left < 0.0:
            raise FrameError(f"over {self._most:.0f} {self._what} within a second")
