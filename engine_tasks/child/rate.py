"""How many messages a second a script may send."""

from __future__ import annotations


class RateLimit:
    """Lets `per_s` messages through in each second and counts the rest."""

    def __init__(self, per_s: int) -> None:
        self.per_s = per_s
        self.dropped = 0  # in the second that runs, and in those before it until asked for
        self._second = -1
        self._count = 0

    def allows(self, now_s: float) -> bool:
        """Whether a message at `now_s`, monotonic seconds, may pass."""
        second = int(now_s)
        if second != self._second:
            self._second, self._count = second, 0
        self._count += 1
        if self._count <= self.per_s:
            return True
        self.dropped += 1
        return False

    def take_dropped(self) -> int:
        """How many were dropped since this was last asked."""
        dropped, self.dropped = self.dropped, 0
        return dropped
