"""The A* of `lua/workers/pathfinding/` in plain Python: what a game has without Lua.

The same steps and costs on maps whose free cells all cost 1, with `heapq` as the open list,
which is written in C and so the fastest that Python has.
"""

from __future__ import annotations

from heapq import heappop, heappush
from itertools import pairwise
from math import inf, sqrt
from typing import Final

from attrs import frozen

from engine_tasks.workers.pathfinding import Cell, GridMap

#: Cost of a diagonal step; a straight one costs 1.
DIAGONAL: Final = sqrt(2)

#: Breaks ties towards the goal, which spares most of an open area. Costs stay exact: two sums
#: of up to 50,000 ones and sqrt(2)s differ by more than this share of them.
_WEIGHT: Final = 1 + 1e-10

#: (offset, cost) of each step that leaves a cell.
_Moves = tuple[tuple[int, float], ...]


@frozen
class Grid:
    """A map inside a border of walls, with the moves out of each cell worked out once."""

    stride: int  # cells from one row to the next, the border included
    moves: list[_Moves | None]  # by cell; None is a wall

    @staticmethod
    def of(grid: GridMap) -> Grid:
        stride = grid.width + 2
        free = [False] * (stride * (grid.height + 2))
        for y in range(grid.height):
            row = grid.cells[y * grid.width : (y + 1) * grid.width]
            first = (y + 1) * stride + 1
            free[first : first + grid.width] = [cost > 0 for cost in row]
        shared: dict[_Moves, _Moves] = {}  # a few dozen tuples serve every cell
        moves: list[_Moves | None] = [None] * len(free)
        for cell, is_free in enumerate(free):
            if is_free:
                found = _moves_from(free, stride, cell)
                moves[cell] = shared.setdefault(found, found)
        return Grid(stride, moves)

    def cell(self, at: Cell) -> int:
        """The cell at the zero-based (x, y)."""
        return (at[1] + 1) * self.stride + at[0] + 1


def _moves_from(free: list[bool], stride: int, cell: int) -> _Moves:
    """The steps out of `cell`: a diagonal one needs both cells beside it free."""
    clockwise = (-stride, 1, stride, -1)
    straight = [offset for offset in clockwise if free[cell + offset]]
    diagonal = [
        a + b
        for a, b in pairwise((*clockwise, -stride))
        if free[cell + a] and free[cell + b] and free[cell + a + b]
    ]
    return (*((offset, 1.0) for offset in straight), *((offset, DIAGONAL) for offset in diagonal))


def shortest_path(grid: Grid, start: int, goal: int) -> tuple[float | None, list[int]]:
    """The cost, None if the goal is out of reach, and the cells from `start` to `goal`."""
    moves, stride = grid.moves, grid.stride
    target_row, target_column = divmod(start, stride)
    # Searched from the goal, so that following the parents gives the path in walking order.
    cost = [inf] * len(moves)
    parent = [goal] * len(moves)
    closed = bytearray(len(moves))
    cost[goal] = 0.0
    heap = [(0.0, goal)]
    while heap:
        cell = heappop(heap)[1]
        if closed[cell]:
            continue
        closed[cell] = 1
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
        return None, []
    path = [start]
    while path[-1] != goal:
        path.append(parent[path[-1]])
    return cost[start], path
