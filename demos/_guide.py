"""Asks the pathfinding worker on behalf of a crowd, and counts what that saves."""

from __future__ import annotations

from random import Random
from typing import Final

from demos import _maps
from demos._steering import GROUPS, Crowd
from engine_tasks import Priority, TaskQueue
from engine_tasks.workers import pathfinding
from engine_tasks.workers.pathfinding import Cell, FlowField, GridMap, MapTask, PathError

#: Fields that are under way at any time on a map finer than the one shown, to keep workers busy.
_BUSY: Final = 6
_FINER: Final = 4
_MOST_CELLS: Final = 700_000

_INSTANCES: Final = 2

#: Cells by which a click may miss.
_REACH: Final = 3


class Guide:
    """The crowd's fields, and the walls of the map; never waits."""

    def __init__(self, queue: TaskQueue, grid_map: _maps.GridMap, random: Random) -> None:
        """Start the worker, without waiting; raises what `queue` says when it cannot."""
        worker_id = pathfinding.start(queue, _INSTANCES, wait=False)
        self.worker_id = -1 if worker_id is None else int(worker_id)
        self._client = pathfinding.client(queue, self.worker_id)
        self._client.load_map("level", grid_map.costs())
        self._map = grid_map
        self._fine: GridMap | None = None
        self._random = random
        self._latest: list[FlowField | None] = [None] * GROUPS
        self._tasks: list[MapTask[FlowField] | None] = [None] * GROUPS
        self._flags: list[Cell] = [(0, 0)] * GROUPS
        self._asked_for = list(self._flags)
        self._busy = 0
        self.asked = 0
        self.searched = 0
        self.background = 0

    @property
    def version(self) -> int:
        """Of the map: how often walls have moved."""
        return self._client.version("level") or 0

    def follow(self, crowd: Crowd) -> None:
        """Take the fields that have come since the last frame, and the flags as they are."""
        self._flags = [group.flag for group in crowd.groups]
        for group, task in enumerate(self._tasks):
            if task is not None and isinstance(task.answer, FlowField):
                self._latest[group] = task.answer

    def field(self, group: int) -> FlowField | None:
        """Return a group's latest field; each walker asks anew, all share one search.

        One search a group is under way at most: where walls move faster than searches end, the
        next one is for the map as it is then.
        """
        self.asked += 1
        flag, task = self._flags[group], self._tasks[group]
        if task is not None and not task.done:
            if flag == self._asked_for[group]:
                return self._latest[group]
            task.cancel()
        new = self._client.flow_field("level", flag, with_costs=True)
        if new is not task:
            self._tasks[group], self._asked_for[group] = new, flag
            self.searched += 1
        return self._latest[group]

    def shown(self, group: int) -> FlowField | None:
        """Return a group's latest field without asking for another one."""
        return self._latest[group]

    def is_free(self, x: int, y: int) -> bool:
        return self._client.cost("level", (x, y)) > 0

    def near(self, cell: Cell) -> Cell | None:
        """Return the free cell nearest to one that somebody meant; None for one amid rock."""
        (x, y), reach = cell, range(-_REACH, _REACH + 1)
        around = sorted((dx * dx + dy * dy, dx, dy) for dx in reach for dy in reach)
        free = ((x + dx, y + dy) for _, dx, dy in around if self.is_free(x + dx, y + dy))
        return next(free, None)

    def build(self, costs: dict[Cell, int]) -> None:
        """Put up and take down walls; a cell beside the map changes nothing."""
        self._client.edit("level", costs)

    def prepare_background(self) -> None:
        """Make the finer map; takes some tens of milliseconds."""
        times = int((_MOST_CELLS / len(self._map.cells)) ** 0.5)
        self._fine = self._map.finer(max(1, min(_FINER, times)))
        self._client.load_map("fine", self._fine)

    def keep_busy(self) -> None:
        """Top up the background work, so that workers never rest."""

        def done(_: FlowField | PathError) -> None:
            self._busy -= 1
            self.background += 1

        fine = self._fine
        while fine is not None and self._busy < _BUSY:
            at = self._random.randrange(len(fine.cells))
            if fine.cells[at]:
                self._busy += 1
                goal = (at % fine.width, at // fine.width)
                self._client.flow_field("fine", goal, priority=Priority.IDLE, on_answer=done)
