"""The maps that paths are measured on: those of games where they are, else one of our own."""

from __future__ import annotations

import os
from pathlib import Path
from random import Random
from typing import Final

from engine_tasks.workers.pathfinding import Cell, GridMap, read_map

#: Names a folder of the Moving AI Lab's `.map` files; by default `shared/maps` beside the checkout.
MAPS_VARIABLE: Final = "ENGINE_TASKS_MAPS"

_BESIDE: Final = Path(__file__).parents[3] / "shared" / "maps"

#: Cells on a side of our own map, and the walls that are thrown on it.
_OWN_SIDE: Final = 256
_OWN_WALLS: Final = 420
_LONGEST_WALL: Final = 26


def map_file(name: str) -> Path | None:
    """The file of a game's map, None where it is missing."""
    folder = Path(os.environ.get(MAPS_VARIABLE) or _BESIDE)
    file = folder / f"{name}.map"
    return file if file.is_file() else None


def game_map(name: str) -> GridMap:
    """The map of that name; our own for any that is missing."""
    file = map_file(name)
    return read_map(file) if file else own_map()


def own_map() -> GridMap:
    """An open field with walls in all directions, the same each time."""
    random, side = Random(11), _OWN_SIDE
    cells = bytearray(b"\1" * side**2)
    for _ in range(_OWN_WALLS):
        x, y, length = random.randrange(side), random.randrange(side), random.randrange(6, 26)
        for step in range(min(length, _LONGEST_WALL)):
            at = (x + step, y) if length % 2 else (x, y + step)
            if max(at) < side:
                cells[at[1] * side + at[0]] = 0
    return GridMap(side, side, bytes(cells))


def far_pairs(grid: GridMap, count: int) -> list[tuple[Cell, Cell]]:
    """Pairs of cells with a way between them, the same each time."""
    region = _largest_region(grid)
    random, width = Random(3), grid.width
    chosen = [divmod(random.choice(region), width)[::-1] for _ in range(2 * count)]
    return [((a[0], a[1]), (b[0], b[1])) for a, b in zip(chosen[::2], chosen[1::2], strict=True)]


def _largest_region(grid: GridMap) -> list[int]:
    """The cells, as y * width + x, of the largest area that hangs together, in their order."""
    unseen = {at for at, cost in enumerate(grid.cells) if cost}
    largest: set[int] = set()
    while len(unseen) > len(largest):
        region, frontier = set[int](), [unseen.pop()]
        while frontier:
            at = frontier.pop()
            region.add(at)
            x = at % grid.width
            beside = (at - grid.width, at + grid.width, at - 1 if x else -1)
            for next_ in (*beside, at + 1 if x < grid.width - 1 else -1):
                if next_ in unseen:
                    unseen.remove(next_)
                    frontier.append(next_)
        largest = max(largest, region, key=len)
    return sorted(largest)
