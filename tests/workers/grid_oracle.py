"""Shortest paths on grid maps by SciPy's Dijkstra, and a check of paths, step by step.

Both know the rules of a step from the map alone; neither shares code with what they test.
"""

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
from demos._maps import GridMap, read_map

#: Real game maps lie beside the checkout on some machines; elsewhere our own map is enough.
SHARED_MAPS = Path(__file__).parents[3] / "shared" / "maps"

Cell = tuple[int, int]


def map_paths() -> list[Path | None]:
    """The maps there are; None is the one that is built in."""
    return [None, *sorted(SHARED_MAPS.glob("*.map"))]


@cache
def load(path: Path | None) -> GridMap:
    return built_in_map() if path is None else read_map(path)


def name_of(path: Path | None) -> str:
    return "built-in" if path is None else path.stem


class Oracle:
    """The true costs on one map."""

    def __init__(self, grid_map: GridMap) -> None:
        self.grid_map = grid_map
        size = (grid_map.height, grid_map.width)
        self._free = np.array([c == "." for c in grid_map.cells]).reshape(size)
        self._graph = self._build()

    def costs_from(self, start: Cell) -> NDArray[np.float64]:
        """The cost of the way from `start` to each cell, as [y, x]; infinite without one."""
        x, y = start
        found = dijkstra(self._graph, indices=y * self.grid_map.width + x)
        return np.asarray(found).reshape(self._free.shape)

    def cost_of(self, path: list[int]) -> float:
        """The cost of a path x1, y1, x2, y2, ...; fails where a step is not allowed."""
        cells = list(zip(path[::2], path[1::2], strict=True))
        assert self._free[cells[0][1], cells[0][0]]
        cost = 0.0
        for (x, y), (to_x, to_y) in pairwise(cells):
            assert max(abs(to_x - x), abs(to_y - y)) == 1
            # A straight step has one cell beside it, its own end; a diagonal one has two more.
            assert self._free[to_y, to_x]
            assert self._free[y, to_x]
            assert self._free[to_y, x]
            cost += sqrt((to_x - x) ** 2 + (to_y - y) ** 2)
        return cost

    def some_cells(self, count: int, salt: str) -> list[Cell]:
        """Free cells, the same ones each time."""
        ys, xs = np.nonzero(self._free)
        chosen = Random(f"{self.grid_map.name} {salt}").sample(range(len(xs)), count)
        return [(int(xs[i]), int(ys[i])) for i in chosen]

    def _build(self) -> csr_matrix:
        free, (height, width) = self._free, self._free.shape
        index = np.arange(height * width).reshape(height, width)
        rows, columns, costs = [], [], []
        east, south = (slice(None), slice(None, -1)), (slice(None, -1), slice(None))
        east_end, south_end = (slice(None), slice(1, None)), (slice(1, None), slice(None))
        for here, there in ((east, east_end), (south, south_end)):
            allowed = free[here] & free[there]
            rows.append(index[here][allowed])
            columns.append(index[there][allowed])
            costs.append(np.ones(int(allowed.sum())))
        square = free[:-1, :-1] & free[:-1, 1:] & free[1:, :-1] & free[1:, 1:]
        for here, there in (
            (index[:-1, :-1], index[1:, 1:]),
            (index[:-1, 1:], index[1:, :-1]),
        ):
            rows.append(here[square])
            columns.append(there[square])
            costs.append(np.full(int(square.sum()), sqrt(2)))
        one_way = csr_matrix(
            (np.concatenate(costs), (np.concatenate(rows), np.concatenate(columns))),
            shape=(height * width, height * width),
        )
        return one_way + one_way.T


@cache
def oracle_of(path: Path | None) -> Oracle:
    return Oracle(load(path))
