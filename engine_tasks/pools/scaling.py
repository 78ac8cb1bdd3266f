"""How many instances a pool should have: more while a backlog stays, fewer while some idle.

A pure state machine: no clock, no thread, no I/O. A pool lets it look every
`burst_interval_s`, while anything waits or there are more instances than the minimum.

More, `burst_size` at once up to the maximum, where fewer tasks were finished since the last
look than waited at it, and they are

- slow: `burst_threshold` tasks or more wait for each instance, and all instances, those that
  start included, would need more than `BACKLOG_S` for them:

      waiting > BACKLOG_S * instances * (finished + running) / busy_s

  with the tasks that were finished in about the last second, and the seconds that instances
  were busy in it. Each busy one is credited with the task that it is at, so a backlog is slow
  once that was seen and not before: many short tasks are no reason to start a process.
- or growing: more tasks arrived than were finished in two spans in a row, each of `SPAN_S` or
  longer, while all instances were busy, and more wait than at their beginning.

Fewer, `burst_size` at once, where for `idle_s` nothing waited and never were all busy: down to
the most that were busy in that time, and not below the minimum. Whoever takes away and has to
add again sooner than it had waited before, took away too soon: the next time it waits twice as
long, up to `MAX_PATIENCE` times `idle_s`, until taking away was right once.
"""

from __future__ import annotations

from collections import deque
from typing import Final

import attrs

#: Seconds of work that may wait. It is what a player notices, and several times what a child
#: process takes to start.
BACKLOG_S: Final = 1.0

#: Seconds, at least, over which arrivals are compared with completions. Within a single look,
#: a tenth of a second, the one exceeds the other every other time, whatever the load.
SPAN_S: Final = 0.5

#: How many times `idle_s` it waits where taking away was a mistake again and again.
MAX_PATIENCE: Final = 16


@attrs.frozen(kw_only=True)
class Load:
    """What a pool has to do, at one look."""

    instances: int
    """Instances that live, start, or wait for their restart; not those being stopped."""

    waiting: int
    """Tasks that might run at once and that no instance has taken."""

    running: int
    """Instances that are busy."""

    arrived: int
    """Tasks accepted since the pool began."""

    finished: int
    """Tasks answered since the pool began."""

    @property
    def unanswered(self) -> int:
        """Tasks that were accepted and not answered yet."""
        return self.arrived - self.finished


class Scaler:
    """Decides when a pool needs more instances or fewer, between `minimum` and `maximum`.

    Not safe from several threads: a pool's supervisor has it to itself.
    """

    def __init__(
        self,
        minimum: int,
        maximum: int,
        *,
        burst_threshold: float,
        burst_size: int,
        idle_s: float,
    ) -> None:
        self._minimum = minimum
        self._maximum = maximum
        self._burst_size = burst_size
        self._idle_s = idle_s
        self._patience_s = idle_s
        self._taken_away_s: float | None = None
        self._backlog = _Backlog(burst_threshold)
        self._calm = _Calm()

    def decide(self, load: Load, now_s: float) -> int:
        """Instances to add (above 0) or to take away (below 0), at `now_s`, monotonic seconds."""
        needs_more = self._backlog.needs_more(load, now_s)
        spare = self._calm.spare(load, now_s, self._patience_s)
        room = self._maximum - load.instances
        if needs_more and room > 0:
            self._learn(now_s)
            return min(self._burst_size, room)
        surplus = min(spare, load.instances - self._minimum)
        if surplus > 0:
            self._taken_away_s = now_s
            return -min(self._burst_size, surplus)
        return 0

    def _learn(self, now_s: float) -> None:
        """Be more patient where what was taken away is soon needed again."""
        if self._taken_away_s is None:
            return
        if now_s - self._taken_away_s < self._patience_s:
            self._patience_s = min(2 * self._patience_s, MAX_PATIENCE * self._idle_s)
        else:
            self._patience_s = self._idle_s
        self._taken_away_s = None


@attrs.frozen
class _Look:
    at_s: float
    load: Load
    busy_s: float
    """Seconds that all instances together were busy until then."""


class _Backlog:
    """Follows a backlog from when it was first seen until all of it was worked off."""

    def __init__(self, threshold: float) -> None:
        self._threshold = threshold
        self._last: _Look | None = None
        self._older: _Look | None = None
        self._newer: _Look | None = None

    def needs_more(self, load: Load, now_s: float) -> bool:
        """Whether the backlog is slow or grows, in the words of the module."""
        last, older, newer = self._last, self._older, self._newer
        busy_s = 0.0 if last is None else last.busy_s + last.load.running * (now_s - last.at_s)
        self._last = look = _Look(now_s, load, busy_s)
        if last is None or older is None or newer is None or not _still_waits(last, look):
            self._older = self._newer = look
            return False
        is_slow = self._is_slow(older, look)
        if not _is_span(newer, look):
            return is_slow
        self._older, self._newer = newer, look
        return is_slow or _is_growing(older, newer, look)

    def _is_slow(self, since: _Look, look: _Look) -> bool:
        load = look.load
        if load.running == 0 or load.waiting < self._threshold * load.instances:
            return False
        finished = load.finished - since.load.finished + load.running
        busy_s = look.busy_s - since.busy_s
        return load.waiting * busy_s > BACKLOG_S * load.instances * finished


def _still_waits(last: _Look, look: _Look) -> bool:
    """Whether fewer were finished since the last look than waited at it."""
    return look.load.finished - last.load.finished < last.load.waiting


def _is_span(since: _Look, look: _Look) -> bool:
    """Whether enough went by to compare: `SPAN_S`, and a task for each busy instance."""
    finished = look.load.finished - since.load.finished
    return look.at_s - since.at_s >= SPAN_S and finished >= look.load.running


def _is_growing(older: _Look, newer: _Look, look: _Look) -> bool:
    loads = older.load, newer.load, look.load
    return (
        all(load.running == look.load.instances for load in loads)
        and older.load.unanswered < newer.load.unanswered < look.load.unanswered
        and older.load.waiting < look.load.waiting
    )


class _Calm:
    """Follows how long a pool has had instances to spare, and how many."""

    def __init__(self) -> None:
        self._since_s: float | None = None
        self._peaks: deque[tuple[float, int]] = deque()  # the most busy since, falling

    def spare(self, load: Load, now_s: float, patience_s: float) -> int:
        """Instances that were not busy at any look of the last `patience_s`."""
        if load.waiting > 0:
            self._since_s = None
            return 0
        if self._since_s is None:
            self._since_s = now_s
        while self._peaks and self._peaks[-1][1] <= load.running:
            self._peaks.pop()
        self._peaks.append((now_s, load.running))
        while self._peaks[0][0] < now_s - patience_s:
            self._peaks.popleft()
        if now_s - self._since_s < patience_s:
            return 0
        return load.instances - self._peaks[0][1]
