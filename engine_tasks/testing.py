"""For the tests of a game: what makes a queue do the same thing each time."""

from engine_tasks.clock import ManualClock

__all__ = ["ManualClock"]
