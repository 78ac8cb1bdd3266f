"""Shortest paths on grid maps by SciPy's Dijkstra, and a check of paths, step by step.

Both know the rules of a step from the map alone; neither shares code with what they test.
"""

from collections.abc import Iterable
from functools import cache
from itertools import pairwise
from math import sqrt
from pathlib import Path
from random import Random

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import dijkstra

from demos._mapgen import built_in_map
from engine_tasks.workers.pathfinding import Cell, GridMap, read_map

#: Real game maps lie beside the checkout on some machines; elsewhere our own map is enough.
SHARED_MAPS = Path(__file__).parents[3] / "shared" / "maps"


def map_paths() -> list[Path | None]:
    """The maps there are; None is the one that is built in."""
    return [None, *sorted(SHARED_MAPS.glob("*.map"))]


@cache
def load(path: Path | None) -> GridMap:
    if path is not None:
        return read_map(path)
    drawn = built_in_map()
    width = drawn.width
    rows = [drawn.cells[at : at + width] for at in range(0, len(drawn.cells), width)]
    return GridMap.of_rows(rows)


def name_of(path: Path | None) -> str:
    return "built-in" if path is None else path.stem


def with_costs(grid: GridMap, seed: int, most: int = 9) -> GridMap:
    """The same walls, on ground that costs 1 to `most`."""
    random = Random(seed)
    return GridMap(
        grid.width, grid.height, bytes(cost and random.randint(1, most) for cost in grid.cells)
    )


class Oracle:
    """The true costs on one map."""

    def __init__(self, grid: GridMap) -> None:
        self.grid = grid
        self._cost = np.frombuffer(grid.cells, dtype=np.uint8).reshape(grid.height, grid.width)
        # From where a step ends to where it begins: costs of all ways to a cell in one go.
        self._backwards = self._graph().T.tocsr()

    def costs_to(self, goals: Iterable[Cell]) -> NDArray[np.float64]:
        """What the way to the nearest goal costs from each cell, as [y, x]; or infinite."""
        sources = [y * self.grid.width + x for x, y in goals]
        found = dijkstra(self._backwards, indices=sources, min_only=True)
        return np.asarray(found).reshape(self._cost.shape)

    def cost_of(self, path: Iterable[Cell]) -> float:
        """The cost of a path; fails where a step is not allowed."""
        cells = list(path)
        free = self._cost > 0
        assert free[cells[0][1], cells[0][0]]
        cost = 0.0
        for (x, y), (to_x, to_y) in pairwise(cells):
            assert max(abs(to_x - x), abs(to_y - y)) == 1
            # A straight step has one cell beside it, its own end; a diagonal one has two more.
            assert free[to_y, to_x]
            assert free[y, to_x]
            assert free[to_y, x]
            cost += sqrt((to_x - x) ** 2 + (to_y - y) ** 2) * int(self._cost[to_y, to_x])
        return cost

    def some_cells(self, count: int, salt: str) -> list[Cell]:
        """Free cells, the same ones each time."""
        ys, xs = np.nonzero(self._cost)
        chosen = Random(f"{self.grid.width} {salt}").sample(range(len(xs)), count)
        return [(int(xs[i]), int(ys[i])) for i in chosen]

    def _graph(self) -> csr_matrix:
        cost, (height, width) = self._cost.astype(float), self._cost.shape
        free, index = cost > 0, np.arange(height * width).reshape(height, width)
        rows, columns, costs = [], [], []

        def add(here: object, there: object, allowed: NDArray[np.bool_], length: float) -> None:
            for begin, end in ((here, there), (there, here)):
                rows.append(index[begin][allowed])
                columns.append(index[end][allowed])
                costs.append(length * cost[end][allowed])

        everything, low, high = slice(None), slice(None, -1), slice(1, None)
        for here, there in (
            ((everything, low), (everything, high)),
            ((low, everything), (high, everything)),
        ):
            add(here, there, free[here] & free[there], 1.0)
        square = free[low, low] & free[low, high] & free[high, low] & free[high, high]
        add((low, low), (high, high), square, sqrt(2))
        add((low, high), (high, low), square, sqrt(2))
        return csr_matrix(
            (np.concatenate(costs), (np.concatenate(rows), np.concatenate(columns))),
            shape=(height * width, height * width),
        )


@cache
def oracle_of(path: Path | None, costs_seed: int | None = None) -> Oracle:
    grid = load(path)
    return Oracle(grid if costs_seed is None else with_costs(grid, costs_seed))
