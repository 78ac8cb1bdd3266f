"""Grid maps: the Moving AI Lab's `.map` files, read with errors that name file and line."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from attrs import field, frozen

from demos._errors import SceneError
from engine_tasks.workers import pathfinding


class MapError(SceneError):
    """A map file that cannot be used; `line` counts from 1, 0 is the file as a whole."""

    def __init__(self, path: Path, line: int, reason: str) -> None:
        super().__init__(f"{path}:{line}: {reason}" if line else f"{path}: {reason}")
        self.path = path
        self.line = line
        self.reason = reason


@frozen
class GridMap:
    """A map of `width * height` cells, row by row: '.' is free, '@' a wall."""

    name: str
    width: int
    height: int
    cells: str = field(repr=False)

    def is_free(self, x: int, y: int) -> bool:
        """Whether somebody can stand at the zero-based (x, y); outside of the map, no."""
        inside = 0 <= x < self.width and 0 <= y < self.height
        return inside and self.cells[y * self.width + x] == "."

    def costs(self) -> pathfinding.GridMap:
        """Return the map as the pathfinding worker takes it."""
        cells = self.cells.encode().translate(_TO_COSTS)
        return pathfinding.GridMap(self.width, self.height, cells)

    def finer(self, times: int) -> pathfinding.GridMap:
        """Return the same with `times` x `times` cells for each, as far as that is a map."""
        rows = [self.cells[y * self.width :][: self.width] for y in range(self.height)]
        wide = ["".join(letter * times for letter in row) for row in rows]
        return pathfinding.GridMap.of_rows([row for row in wide for _ in range(times)])

    def largest_region(self) -> list[tuple[int, int]]:
        """Return the cells (x, y) of the largest area that hangs together, row by row."""
        unseen = {cell for cell, character in enumerate(self.cells) if character == "."}
        largest: set[int] = set()
        while len(unseen) > len(largest):
            region = self._flood(unseen.pop())
            unseen -= region
            largest = max(largest, region, key=len)
        return [(cell % self.width, cell // self.width) for cell in sorted(largest)]

    def _flood(self, first: int) -> set[int]:
        """Return the free cells that hang together with `first`.

        Four neighbours are enough: a diagonal step needs both cells beside it free.
        """
        width, cells = self.width, self.cells
        region, frontier = {first}, [first]
        while frontier:
            cell = frontier.pop()
            column = cell % width
            for beside, exists in (
                (cell - 1, column > 0),
                (cell + 1, column < width - 1),
                (cell - width, cell >= width),
                (cell + width, cell + width < len(cells)),
            ):
                if exists and cells[beside] == "." and beside not in region:
                    region.add(beside)
                    frontier.append(beside)
        return region


def read_map(path: Path) -> GridMap:
    """Read a Moving AI `.map` file; MapError says what is wrong and where."""
    try:
        found = pathfinding.read_map(path)
    except pathfinding.MapFormatError as error:
        raise MapError(path, error.line, error.reason) from error
    cells = found.cells.translate(_TO_LETTERS).decode()
    return GridMap(path.name, found.width, found.height, cells)


_TO_LETTERS: Final = b"@" + b"." * 255
_TO_COSTS: Final = bytes.maketrans(b"@.", b"\0\1")
