"""Many files that are loaded together."""

from __future__ import annotations

from collections.abc import Callable
from itertools import islice
from typing import Any, Final

from engine_tasks.policies import Priority
from engine_tasks.task_queue import TaskQueue
from engine_tasks.workers.assets.asset import Asset, AssetError

#: Files that are looked at for how far they are: the workers are at the first ones.
_LOOKED_AT: Final = 8


class Batch:
    """Files that were asked for together. It changes on the thread that calls `queue.pump`."""

    def __init__(
        self,
        queue: TaskQueue,
        run_id: str,
        on_loaded: Callable[[Asset[Any]], object] | None,
        on_done: Callable[[Batch], object] | None,
    ) -> None:
        """`Loader.load_all` makes it."""
        self.run_id: Final = run_id
        """The run of its tasks, for `TaskQueue.pending_work`."""
        self.assets: tuple[Asset[Any], ...] = ()
        """All its files, in the order in which they were asked for."""
        self._is_complete = False
        self.finished = 0
        """How many have a value or an error."""
        self.errors: list[AssetError] = []
        """Of those that have none, in the order in which they failed."""
        self._queue = queue
        self._clock = queue.clock
        self._on_loaded = on_loaded
        self._on_done = on_done
        self._pending: dict[Asset[Any], None] = {}
        self._begun_s = self._clock()
        self._ended_s: float | None = None
        self._share = 0.0

    @property
    def done(self) -> bool:
        """Whether each file has a value or an error."""
        return self._ended_s is not None

    @property
    def progress(self) -> float:
        """How far all of it is, from 0 to 1, each file counted alike. It never goes back."""
        if not self.assets:
            return 1.0
        under_way = sum(asset.progress for asset in islice(self._pending, _LOOKED_AT))
        share = min((self.finished + under_way) / len(self.assets), 1.0)
        self._share = max(self._share, share)
        return self._share

    @property
    def elapsed_s(self) -> float:
        """Seconds since it was asked for; those that it took, once it is done."""
        return (self._clock() if self._ended_s is None else self._ended_s) - self._begun_s

    @property
    def eta_s(self) -> float | None:
        """Seconds that the rest takes at the rate so far; None while nothing is there yet."""
        if self.done:
            return 0.0
        share = self.progress
        return None if not share else self.elapsed_s * (1.0 - share) / share

    def cancel(self) -> int:
        """Take back what is not loaded yet; of how many files. Their errors are CANCELLED."""
        return self._queue.purge_run(self.run_id, running=True)

    def set_priority(self, priority: Priority) -> None:
        """Change how urgent all are that still wait."""
        for asset in tuple(self._pending):
            asset.set_priority(priority)

    # --- for the loader ------------------------------------------------------------

    def hold(self, assets: tuple[Asset[Any], ...]) -> None:
        """These are its files. Those that were refused are done already."""
        self.assets, self._is_complete = assets, True
        self._pending |= {asset: None for asset in assets if not asset.done}
        self._end_if_over()

    def take(self, asset: Asset[Any]) -> None:
        """One of its files is done."""
        self._pending.pop(asset, None)
        self.finished += 1
        if asset.error is not None:
            self.errors.append(asset.error)
        try:
            if self._on_loaded is not None:
                self._on_loaded(asset)
        finally:
            self._end_if_over()

    def _end_if_over(self) -> None:
        if self.done or not self._is_complete or self.finished < len(self.assets):
            return
        self._ended_s = self._clock()
        on_done, self._on_done, self._on_loaded = self._on_done, None, None
        if on_done is not None:
            on_done(self)
