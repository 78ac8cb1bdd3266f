"""Keeps a steady frame rate and remembers how long each frame really took."""

from __future__ import annotations

import time
from collections import Counter, deque
from collections.abc import Sequence
from math import ceil
from typing import Final

from attrs import frozen

#: Seconds from one frame to the next at 60 frames a second.
FRAME_S: Final = 1 / 60

#: Seconds; a frame is late from here on, a millisecond past its time.
LATE_S: Final = FRAME_S + 0.001

#: Frames of a label that percentiles are taken of: half a minute.
_SUMMED_UP: Final = 1800

#: Frames that a log keeps in their order, where nothing else is asked for: five seconds.
_SHOWN: Final = 300


class FrameClock:
    """Sleeps until the next frame is due, and keeps a log of how long each frame took.

    `pygame.time.Clock.tick` counts whole milliseconds and runs at 62.5 frames a second;
    `tick_busy_loop` spins, and so takes a core from the workers.
    """

    def __init__(self, log: FrameLog | None = None) -> None:
        """Start the first frame now; log into `log`, or a log of its own."""
        self.log = log or FrameLog()
        self._last_s = time.perf_counter()
        self._due_s = self._last_s + FRAME_S

    def tick(self, label: str = "game") -> float:
        """Wait for the next frame; return the seconds since the last one, and log them.

        `label` is what the frame counts as in the log; an empty one counts nowhere.
        """
        now_s = time.perf_counter()
        if now_s < self._due_s:
            time.sleep(self._due_s - now_s)
            now_s = time.perf_counter()
        if now_s > self._due_s + FRAME_S:
            self._due_s = now_s  # beats that were missed altogether are not caught up with
        self._due_s += FRAME_S
        interval_s = now_s - self._last_s
        self._last_s = now_s
        self.log.add(interval_s, label)
        return interval_s


@frozen
class Frame:
    """One frame of the log; without a label it counts in no summary."""

    interval_s: float
    label: str

    @property
    def late(self) -> bool:
        """Whether it was shown over a millisecond after its time."""
        return self.interval_s > LATE_S


@frozen
class FrameSummary:
    """The frames of one label; intervals in milliseconds, of the last half minute."""

    frames: int
    late: int
    p50_ms: float
    p99_ms: float
    longest_ms: float


class FrameLog:
    """Frames by label, and the latest of all in their order for a graph."""

    def __init__(self, shown: int = _SHOWN) -> None:
        """Keep the last `shown` frames for the graph."""
        self.recent: deque[Frame] = deque(maxlen=shown)
        self.count = 0
        self.counted = 0  # those with a label
        self.late = 0  # of these
        self._late: Counter[str] = Counter()
        self._frames: Counter[str] = Counter()
        self._intervals_s: dict[str, deque[float]] = {}

    def add(self, interval_s: float, label: str) -> None:
        """Log a frame of that many seconds; without a label it counts as no late one either."""
        frame = Frame(interval_s, label)
        self.recent.append(frame)
        self.count += 1
        self.counted += bool(label)
        self._frames[label] += 1
        if frame.late:
            self._late[label] += 1
            self.late += bool(label)
        self._intervals_s.setdefault(label, deque(maxlen=_SUMMED_UP)).append(interval_s)

    def summary(self, label: str) -> FrameSummary:
        """Sum up the frames of a label; without any, all is 0."""
        ordered = sorted(self._intervals_s.get(label, ())) or [0.0]
        return FrameSummary(
            frames=self._frames[label],
            late=self._late[label],
            p50_ms=1000 * percentile(ordered, 0.50),
            p99_ms=1000 * percentile(ordered, 0.99),
            longest_ms=1000 * ordered[-1],
        )


def percentile(ordered: Sequence[float], share: float) -> float:
    """Return the smallest value that at least `share` of an ascending list do not exceed."""
    return ordered[max(0, ceil(share * len(ordered)) - 1)]
