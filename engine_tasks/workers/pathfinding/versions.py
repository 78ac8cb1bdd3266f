"""A map that changes: its content in every version that something under way is for."""

from __future__ import annotations

from array import array
from collections import Counter, deque
from collections.abc import Sequence
from typing import Final

from attrs import frozen

from engine_tasks.workers.pathfinding.answers import MapId
from engine_tasks.workers.pathfinding.grid_map import Cell, GridMap

#: Changed cells that every request brings along, the latest, so that an instance which missed
#: some changes need not ask: 2.5 KB at most.
RECENT_CELLS: Final = 512

#: Changes that a request brings along at most; the worker keeps as many to go back by.
_RECENT_CHANGES: Final = 128


@frozen(eq=False)
class _Change:
    """From the version before to `version`: places are y * width + x."""

    version: int
    places: array[int]
    costs: bytes
    was: bytes


class VersionedMap:
    """One loaded map on the game's side: what it is, what it was, and what changed between."""

    def __init__(self, map_id: MapId, key: str, grid: GridMap, version: int) -> None:
        """`key` is what the worker calls it, for each load another one."""
        self.map_id: Final = map_id
        self.key: Final = key
        self.width: Final = grid.width
        self.height: Final = grid.height
        self.version = version
        self._cells = bytearray(grid.cells)
        self._changes: deque[_Change] = deque()
        self._held: Counter[int] = Counter()
        self._recent: tuple[int, dict[str, object]] = (version, {})

    def cost(self, cell: Cell) -> int | None:
        """What it costs to enter a cell now, 0 for a wall; None outside of the map."""
        x, y = cell
        if not (0 <= x < self.width and 0 <= y < self.height):
            return None
        return self._cells[y * self.width + x]

    def change(self, costs: dict[Cell, int]) -> int:
        """Make another version, in which these cells, all inside, cost something else."""
        cells = self._cells
        asked = ((y * self.width + x, cost) for (x, y), cost in costs.items())
        changed = {place: cost for place, cost in asked if cells[place] != cost}
        if not changed:
            return self.version
        places, new = array("I", changed), bytes(changed.values())
        was = bytes(cells[place] for place in places)
        self.version += 1
        self._changes.append(_Change(self.version, places, new, was))
        _put(cells, places, new)
        self._forget()
        return self.version

    def hold(self) -> int:
        """Keep the present version until it is released; its number."""
        self._held[self.version] += 1
        return self.version

    def release(self, version: int) -> None:
        self._held[version] -= 1
        if not self._held[version]:
            del self._held[version]
            self._forget()

    def content(self, version: int) -> dict[str, object]:
        """The map of a version that is held, for a request to bring along."""
        cells = bytearray(self._cells)
        for change in reversed(self._changes):
            if change.version > version:
                _put(cells, change.places, change.was)
        map_ = {"width": self.width, "height": self.height, "cells": bytes(cells)}
        return {"map": map_}

    def recent_edits(self, version: int) -> dict[str, object]:
        """The latest changes up to a version, for a request to bring along."""
        if self._recent[0] != version:
            chosen: deque[_Change] = deque()
            cells = 0
            for change in reversed(self._changes):
                if change.version <= version:
                    cells += len(change.places)
                    if cells > RECENT_CELLS or len(chosen) == _RECENT_CHANGES:
                        break
                    chosen.appendleft(change)
            self._recent = (version, _edits(chosen))
        return self._recent[1]

    def edits_between(self, have: int, version: int) -> dict[str, object] | None:
        """The changes from one version to a later one; None where the map itself is less."""
        chosen = [change for change in self._changes if have < change.version <= version]
        cells = sum(len(change.places) for change in chosen)
        if len(chosen) != version - have or not chosen or 8 * cells > len(self._cells):
            return None
        return _edits(chosen)

    def _forget(self) -> None:
        """Let go of changes that neither a held version nor an instance will ask for."""
        oldest = min(self._held, default=self.version)
        cells = sum(len(change.places) for change in self._changes)
        while self._changes and self._changes[0].version <= oldest:
            if cells <= RECENT_CELLS and len(self._changes) <= _RECENT_CHANGES:
                break
            cells -= len(self._changes.popleft().places)


def _put(cells: bytearray, places: Sequence[int], costs: bytes) -> None:
    for place, cost in zip(places, costs, strict=True):
        cells[place] = cost


def _edits(changes: Sequence[_Change]) -> dict[str, object]:
    if not changes:
        return {}
    places = array("I")
    for change in changes:
        places.extend(change.places)
    return {
        "edits": {
            "after": changes[0].version - 1,
            "counts": array("I", [len(change.places) for change in changes]),
            "cells": places,
            "costs": array("B", b"".join(change.costs for change in changes)),
        }
    }
