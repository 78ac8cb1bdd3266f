"""Which tiles of an endless map are wanted, and what became of the request for each.

The most urgent tiles are those around the plane's nose, then what else is in view ahead of it,
then what the flight comes over soon. A turn changes that: waiting tiles get another priority,
and those that nobody will see are cancelled.
"""

from __future__ import annotations

from collections import Counter, deque
from enum import Enum
from math import floor
from typing import Any, Final

from attrs import define, field

from engine_tasks import Priority, TaskQueue, TaskResult

#: Points a side of a tile: to paint 64 x 64 of them takes Lua a few milliseconds.
TILE: Final = 64

Key = tuple[int, int]  # column and row of a tile
Place = tuple[float, float]  # a point, or points a second to the right and down
Area = tuple[float, float, float, float]  # left, top, right, bottom in points

#: Seconds of flight, and how urgent is what comes into view by then. In 0.8 s no flight passes
#: more than the height of a view, so nothing is left out between two instants.
_AHEAD: Final = (
    (0.8, Priority.NORMAL),
    (1.6, Priority.NORMAL),
    (2.4, Priority.LOW),
    (3.2, Priority.LOW),
    (4.0, Priority.IDLE),
)

#: Tiles around where the plane will be in a moment: the player looks there.
_LOOKED_AT_S: Final = 0.6
_LOOKED_AT_TILES: Final = 5.0

#: Tiles around the view that are kept once they are painted.
_KEPT_TILES: Final = 26

#: Seconds for which a cancelled tile is remembered, to be shown.
_REMEMBERED_S: Final = 0.7

#: Tiles that are asked for at once; the rest at the next look. All 650 took a frame 9 ms.
_MOST_ASKED: Final = 150

#: Seconds until a worker that refused a tile is asked again.
_REFUSED_S: Final = 1.0


class TileState(Enum):
    """What a tile is up to."""

    QUEUED = "queued"
    RUNNING = "running"
    READY = "ready"
    CANCELLED = "cancelled"
    FAILED = "failed"


@define(eq=False)
class Tile:
    """One tile, from when it is asked for."""

    task_id: int
    priority: Priority
    state: TileState
    changed_s: float  # when its state last changed, in the scene's seconds
    pixels: bytes = b""  # RGB, row by row
    tone: tuple[int, int, int] = (0, 0, 0)  # its mean colour
    picture: Any = None  # for whoever draws it: what was made of the pixels


@define
class TileField:
    """The tiles that one world has at the moment. All calls are for the game thread."""

    queue: TaskQueue
    seed: int
    worker_id: int
    step: int = 1  # points from one pixel to the next: 2 is a quarter of the work
    tiles: dict[Key, Tile] = field(factory=dict)
    counts: Counter[str] = field(factory=Counter)
    error: str = ""  # why the last one failed
    time_s: float = 0.0
    _by_task: dict[int, Key] = field(factory=dict)
    _gone: deque[Key] = field(factory=deque)  # cancelled, oldest first
    _worlds: int = 0
    _refused_until_s: float = 0.0

    @property
    def run_id(self) -> str:
        """The run that the requests of this world belong to."""
        return f"world {self._worlds}"

    def begin(self, seed: int, worker_id: int, *, keep_ready: bool) -> None:
        """Take back all requests, and ask another worker, or for another world."""
        self.counts["cancelled"] += len(self._by_task)
        self.queue.purge_run(self.run_id, running=True)
        self._worlds += 1
        self._by_task.clear()
        self._gone.clear()
        ready = {k: t for k, t in self.tiles.items() if t.state is TileState.READY}
        self.tiles = ready if keep_ready else {}
        self.seed, self.worker_id = seed, worker_id
        self.error, self._refused_until_s = "", 0.0

    def want(self, view: Area, plane: Place, velocity: Place) -> None:
        """Ask for what comes into view at that velocity (points a second), let go of the rest."""
        wanted = wanted_tiles(view, plane, velocity)
        for key in [key for key in self._by_task.values() if key not in wanted]:
            self._cancel(key)
        missing: list[tuple[Key, Priority]] = []
        for key, priority in wanted.items():
            tile = self.tiles.get(key)
            if tile is None or tile.state is TileState.CANCELLED:
                missing.append((key, priority))
            elif tile.state is TileState.QUEUED and tile.priority is not priority:
                tile.priority = priority
                self.counts["moved"] += self.queue.set_priority(tile.task_id, priority)
        self._ask_for(missing, plane)
        self._forget(view)

    def follow(self) -> None:
        """See which tiles are being painted."""
        waiting = {pending.task_id for pending in self.queue.pending_work(self.run_id)}
        for task_id, key in self._by_task.items():
            state = TileState.QUEUED if task_id in waiting else TileState.RUNNING
            self._change(self.tiles[key], state)

    def tally(self) -> Counter[TileState]:
        """How many tiles there are by what they are up to."""
        return Counter(tile.state for tile in self.tiles.values())

    def _ask_for(self, missing: list[tuple[Key, Priority]], plane: Place) -> None:
        """Ask for tiles, the nearest first: those of one priority are painted in that order."""
        if self.time_s < self._refused_until_s:
            return
        x, y = plane[0] / TILE, plane[1] / TILE
        missing.sort(key=lambda each: (each[0][0] + 0.5 - x) ** 2 + (each[0][1] + 0.5 - y) ** 2)
        for key, priority in missing[:_MOST_ASKED]:
            if not self._ask(key, priority):
                self.error = str(self.queue.last_error)
                self._refused_until_s = self.time_s + _REFUSED_S
                return

    def _ask(self, key: Key, priority: Priority) -> bool:
        request = {
            "seed": self.seed,
            "x": key[0] * TILE,
            "y": key[1] * TILE,
            "size": TILE // self.step,
            "step": self.step,
        }
        task_id = self.queue.send_task(
            self.worker_id, request, priority=priority, run_id=self.run_id, on_result=self._take
        )
        if task_id is None:
            return False
        self.counts["asked"] += 1
        self._by_task[task_id] = key
        self.tiles[key] = Tile(task_id, priority, TileState.QUEUED, self.time_s)
        return True

    def _cancel(self, key: Key) -> None:
        tile = self.tiles[key]
        self.queue.cancel(tile.task_id)
        del self._by_task[tile.task_id]
        self._change(tile, TileState.CANCELLED)
        self._gone.append(key)
        self.counts["cancelled"] += 1

    def _take(self, result: TaskResult) -> None:
        key = self._by_task.pop(result.task_id, None)
        if key is None:
            return  # cancelled, or of another world
        tile = self.tiles[key]
        if result.ok:
            tile.pixels, tile.tone = result.payload["pixels"], tuple(result.payload["tone"])
            self.counts["painted"] += 1
            self._change(tile, TileState.READY)
        else:
            self.error = str(result.error)
            self.counts["failed"] += 1
            self._change(tile, TileState.FAILED)

    def _change(self, tile: Tile, state: TileState) -> None:
        if tile.state is not state:
            tile.state, tile.changed_s = state, self.time_s

    def _forget(self, view: Area) -> None:
        """Drop what is far away, and what was cancelled some time ago."""
        while self._gone:
            tile = self.tiles.get(self._gone[0])
            if tile is not None and tile.state is TileState.CANCELLED:
                if tile.changed_s > self.time_s - _REMEMBERED_S:
                    break
                del self.tiles[self._gone[0]]
            self._gone.popleft()
        left, top, right, bottom = tile_range(view, _KEPT_TILES)
        done = (TileState.READY, TileState.FAILED)
        far = [
            (x, y)
            for (x, y), tile in self.tiles.items()
            if tile.state in done and not (left <= x < right and top <= y < bottom)
        ]
        for key in far:
            del self.tiles[key]


def tile_range(view: Area, beyond: int = 0) -> tuple[int, int, int, int]:
    """The first and the next-to-last column and row: left, top, right, bottom of tiles in view."""
    left, top, right, bottom = (floor(edge / TILE) for edge in view)
    return left - beyond, top - beyond, right + 1 + beyond, bottom + 1 + beyond


def wanted_tiles(view: Area, plane: Place, velocity: Place) -> dict[Key, Priority]:
    """The tiles that are in view now or soon, and how urgent each is."""
    wanted = {key: _urgency(key, plane, velocity) for key in _keys_of(view)}
    for ahead_s, priority in _AHEAD:
        dx, dy = velocity[0] * ahead_s, velocity[1] * ahead_s
        for key in _keys_of((view[0] + dx, view[1] + dy, view[2] + dx, view[3] + dy)):
            wanted.setdefault(key, priority)
    return wanted


def _keys_of(area: Area) -> list[Key]:
    left, top, right, bottom = tile_range(area)
    return [(x, y) for y in range(top, bottom) for x in range(left, right)]


def _urgency(key: Key, plane: Place, velocity: Place) -> Priority:
    """How urgent a tile in view is: what the plane leaves behind is the least so."""
    dx, dy = (key[0] + 0.5) * TILE - plane[0], (key[1] + 0.5) * TILE - plane[1]
    nose_x, nose_y = dx - _LOOKED_AT_S * velocity[0], dy - _LOOKED_AT_S * velocity[1]
    if nose_x * nose_x + nose_y * nose_y < (_LOOKED_AT_TILES * TILE) ** 2:
        return Priority.CRITICAL
    return Priority.HIGH if dx * velocity[0] + dy * velocity[1] >= 0 else Priority.LOW
