"""Walls that slide to and fro through a map's open spaces, a cell at a time."""

from __future__ import annotations

from random import Random
from typing import Final

from attrs import define

from demos._maps import GridMap

Cell = tuple[int, int]

#: Cells a slider is long, and the fewest that it must have to slide through.
_LONG: Final = (3, 6)
_LEAST_RUN: Final = 6
_MOST_RUN: Final = 16

#: Cells on a side of a map on which sliders are twice as large.
_LARGE: Final = 200

#: Places that are tried for each slider.
_TRIES: Final = 300


@define
class Slider:
    """A bar across its way; `step` counts cells from where it began, 0 to `run`."""

    cells: tuple[Cell, ...]  # where it began, from its first corner to the one across
    way: tuple[int, int]  # one cell on
    run: int
    step: int
    towards: int = 1  # or -1
    share: float = 1.0  # of its last move that is done, for the screen

    def covered(self) -> list[Cell]:
        """Return the cells that it blocks now."""
        dx, dy = self.way
        return [(x + self.step * dx, y + self.step * dy) for x, y in self.cells]

    def lane(self) -> set[Cell]:
        """Return all cells that it ever blocks."""
        dx, dy = self.way
        return {(x + n * dx, y + n * dy) for x, y in self.cells for n in range(self.run + 1)}

    def slide(self) -> None:
        if not 0 <= self.step + self.towards <= self.run:
            self.towards = -self.towards
        self.step += self.towards
        self.share = 0.0


def make_sliders(grid_map: GridMap, count: int, random: Random) -> list[Slider]:
    """Place up to `count` sliders whose lanes are free and apart from each other."""
    free = [i for i, character in enumerate(grid_map.cells) if character == "."]
    sliders: list[Slider] = []
    taken: set[Cell] = set()
    for _ in range(_TRIES * count):
        if len(sliders) == count:
            break
        at = random.choice(free)
        made = _slider_at(grid_map, (at % grid_map.width, at // grid_map.width), random)
        if made is None:
            continue
        lane = made.lane()
        around = {(x + dx, y + dy) for x, y in lane for dx in (-2, 0, 2) for dy in (-2, 0, 2)}
        if not around & taken:
            taken |= lane
            sliders.append(made)
    return sliders


def _slider_at(grid_map: GridMap, corner: Cell, random: Random) -> Slider | None:
    """Return a slider that begins at a cell, if it can slide far enough from there."""
    length = random.randint(*_LONG)
    along, way = random.choice((((0, 1), (1, 0)), ((1, 0), (0, 1))))
    thick = 1 if max(grid_map.width, grid_map.height) < _LARGE else 2
    cells = tuple(
        (corner[0] + n * along[0] + m * way[0], corner[1] + n * along[1] + m * way[1])
        for n in range(thick * length)
        for m in range(thick)
    )
    run = -1
    while run < _MOST_RUN and all(
        grid_map.is_free(x + (run + 1) * way[0], y + (run + 1) * way[1]) for x, y in cells
    ):
        run += 1
    if run < _LEAST_RUN:
        return None
    return Slider(cells, way, run, step=random.randint(0, run), towards=random.choice((-1, 1)))
