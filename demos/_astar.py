"""The A* of `lua/workers/pathfinding.lua` in plain Python: what a game has without Lua.

It takes the same `path` requests, gives the same answers and expands cells in the same
order; so the crowd scene compares where and in what the search runs, not two algorithms.
"""

from __future__ import annotations

from heapq import heappop, heappush
from itertools import pairwise
from math import inf, sqrt
from typing import Any, Final

from attrs import frozen

#: Cost of a diagonal step; a straight one costs 1.
DIAGONAL: Final = sqrt(2)

#: Breaks ties towards the goal; costs stay exact, see `lua/workers/pathfinding/search.lua`.
_WEIGHT: Final = 1 + 1e-10

#: (offset, cost) of each step that leaves a cell.
_Moves = tuple[tuple[int, float], ...]


@frozen
class Grid:
    """A map inside a border of walls, with the moves out of each cell worked out once."""

    width: int
    height: int
    stride: int  # cells from one row to the next, the border included
    moves: list[_Moves | None]  # by cell; None is a wall

    @staticmethod
    def parse(width: int, height: int, cells: str) -> Grid:
        """Read `width * height` characters, row by row: '.' is free, '@' a wall."""
        if len(cells) != width * height:
            raise ValueError(f"cells: expected {width} x {height} characters, got {len(cells)}")
        rows = (cells[first : first + width] for first in range(0, len(cells), width))
        border = "@" * (width + 2)
        padded = border + "".join(f"@{row}@" for row in rows) + border
        free = [character == "." for character in padded]
        stride = width + 2
        shared: dict[_Moves, _Moves] = {}  # a few dozen tuples serve every cell
        moves: list[_Moves | None] = [None] * len(free)
        for cell, is_free in enumerate(free):
            if is_free:
                found = _moves_from(free, stride, cell)
                moves[cell] = shared.setdefault(found, found)
        return Grid(width, height, stride, moves)

    def cell(self, point: Any, field: str) -> int:
        """Return the cell at the zero-based `point`; ValueError names `field`."""
        x, y = point
        if not (0 <= x < self.width and 0 <= y < self.height):
            raise ValueError(
                f"{field}: ({x}, {y}) is outside the map of {self.width} x {self.height}"
            )
        cell = int((y + 1) * self.stride + x + 1)
        if self.moves[cell] is None:
            raise ValueError(f"{field}: ({x}, {y}) is a wall")
        return cell


def _moves_from(free: list[bool], stride: int, cell: int) -> _Moves:
    """Return the steps out of `cell`: a diagonal one needs both cells beside it free."""
    clockwise = (-stride, 1, stride, -1)
    straight = [offset for offset in clockwise if free[cell + offset]]
    diagonal = [
        a + b
        for a, b in pairwise((*clockwise, -stride))
        if free[cell + a] and free[cell + b] and free[cell + a + b]
    ]
    return (*((offset, 1.0) for offset in straight), *((offset, DIAGONAL) for offset in diagonal))


def shortest_path(grid: Grid, start: int, goal: int) -> tuple[float | None, list[int], int]:
    """Return the cost (None if out of reach), the cells from `start` to `goal`, the expanded."""
    moves, stride = grid.moves, grid.stride
    target_row, target_column = divmod(start, stride)
    # Searched from the goal, so that following the parents gives the path in walking order.
    cost = [inf] * len(moves)
    parent = [goal] * len(moves)
    closed = bytearray(len(moves))
    cost[goal] = 0.0
    heap = [(0.0, goal)]
    expanded = 0
    while heap:
        cell = heappop(heap)[1]
        if closed[cell]:
            continue
        closed[cell] = 1
        expanded += 1
        if cell == start:
            break
        here = cost[cell]
        for offset, step in moves[cell] or ():
            beside, through = cell + offset, here + step
            if closed[beside] or cost[beside] <= through:
                continue
            cost[beside] = through
            parent[beside] = cell
            row, column = divmod(beside, stride)
            dx, dy = abs(column - target_column), abs(row - target_row)
            octile = dx + (DIAGONAL - 1) * dy if dx > dy else dy + (DIAGONAL - 1) * dx
            heappush(heap, (through + _WEIGHT * octile, beside))
    if not closed[start]:
        return None, [], expanded
    path = [start]
    while path[-1] != goal:
        path.append(parent[path[-1]])
    return cost[start], path, expanded


_known: dict[str, Grid] = {}  # of this process; threads share it


def find_path(request: dict[str, Any]) -> dict[str, Any]:
    """Answer a `path` request as the Lua worker does; the worker function of the scene.

    The answer is `{cost, path: [x1, y1, x2, y2, ...], expanded}`, or `{need_map}` where this
    process does not know the map yet: send the request again with the map in it.
    """
    map_id = request["map_id"]
    if "map" in request:
        _known[map_id] = Grid.parse(**request["map"])
    grid = _known.get(map_id)
    if grid is None:
        return {"need_map": map_id}
    start, goal = grid.cell(request["start"], "start"), grid.cell(request["goal"], "goal")
    cost, cells, expanded = shortest_path(grid, start, goal)
    path: list[int] = []
    for cell in cells:
        row, column = divmod(cell, grid.stride)
        path += (column - 1, row - 1)
    return {"cost": cost, "path": path, "expanded": expanded}
