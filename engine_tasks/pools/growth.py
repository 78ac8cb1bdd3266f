"""Has a pool grow while much waits, and shrink again while it idles."""

from __future__ import annotations

import threading
from collections.abc import Callable

from engine_tasks.observe.metrics import TaskMetrics
from engine_tasks.options import WorkerOptions
from engine_tasks.pools.messages import STOP
from engine_tasks.pools.scaling import Load, Scaler
from engine_tasks.pools.tasks import PoolTasks, tell_if_alive
from engine_tasks.timer import TIMER, Timed


class Growth:
    """Looks at a pool's load every so often, but only while there is something to decide.

    `wake` and `close` are for any thread; `start_slot` is called on the timer's, for each
    slot that is to have an instance.
    """

    def __init__(
        self,
        minimum: int,
        maximum: int,
        options: WorkerOptions,
        tasks: PoolTasks,
        metrics: TaskMetrics,
        start_slot: Callable[[int], None],
    ) -> None:
        self._scaler = Scaler(
            minimum,
            maximum,
            burst_threshold=options.burst_threshold,
            burst_size=options.burst_size,
            idle_s=options.idle_s,
        )
        self._minimum = minimum
        self._interval_s = options.burst_interval_s
        self._tasks = tasks
        self._metrics = metrics
        self._start_slot = start_slot
        self._lock = threading.Lock()
        self._timed: Timed | None = None
        self._woken = False  # since the last look
        self._paused_until_s = 0.0
        self._closed = False

    def wake(self) -> None:
        """A task waits: look at the load from now on."""
        self._woken = True
        if self._timed is None:
            with self._lock:
                self._arm()

    def pause(self, seconds: float) -> None:
        """Add nothing for a while: what was added could not start."""
        self._paused_until_s = self._tasks.clock() + seconds

    def close(self) -> None:
        """Look no more."""
        with self._lock:
            self._closed = True
            if self._timed is not None:
                self._timed.cancel()

    def _arm(self) -> None:
        if self._timed is None and not self._closed:
            self._timed = TIMER.after(self._interval_s, self._look)

    def _look(self) -> None:
        self._woken = False
        goes_on = True
        try:
            load = self._load()
            now_s = self._tasks.clock()
            change = self._scaler.decide(load, now_s)
            if now_s < self._paused_until_s:
                change = min(0, change)
            change = self._resize(change)
            goes_on = load.waiting > 0 or load.instances + change > self._minimum
        finally:
            with self._lock:
                self._timed = None
                if goes_on or self._woken:
                    self._arm()

    def _load(self) -> Load:
        return self._tasks.read(
            lambda state: Load(
                instances=state.slots.present,
                waiting=state.ready.ready,
                running=state.slots.busy,
                arrived=self._metrics.arrived,
                finished=self._metrics.answered,
            )
        )

    def _resize(self, change: int) -> int:
        """Have more instances, or fewer of those that idle; how many more that makes."""
        if change > 0:
            added = self._tasks.add_slots(change)
            for slot in added:
                self._start_slot(slot)
            return len(added)
        retired = self._tasks.retire_slots(-change)
        for ref in retired:
            tell_if_alive(ref, STOP)
        return -len(retired)
