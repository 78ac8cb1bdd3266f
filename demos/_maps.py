"""Grid maps: the Moving AI Lab's `.map` files, read with errors that name file and line."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from attrs import field, frozen

from demos._errors import SceneError

#: What the letters of a `.map` file mean to somebody on foot. Water ("W") can be crossed only
#: from water, so it counts as a wall. Format: https://movingai.com/benchmarks/formats.html
_PASSABLE: Final = ".GS"
_BLOCKED: Final = "@OTW"
_TO_CELLS: Final = str.maketrans(dict.fromkeys(_PASSABLE, ".") | dict.fromkeys(_BLOCKED, "@"))

#: What `lua/workers/pathfinding.lua` takes, too.
_MAX_CELLS: Final = 2048 * 2048


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
        content = path.read_bytes()
    except OSError as error:
        raise MapError(path, 0, error.strerror or str(error)) from error
    # Latin-1 takes any byte: a binary file fails on its first line, with its content shown.
    lines = [line.rstrip("\r") for line in content.decode("latin-1").rstrip().split("\n")]
    size, first_row = _read_header(path, lines)
    width, height = size["width"], size["height"]
    rows = lines[first_row : first_row + height]
    for line, row in enumerate(rows, first_row + 1):
        _check_row(path, line, row, width)
    if len(rows) < height:
        raise MapError(path, len(lines), f"the file ends after {len(rows)} of {height} rows")
    if len(lines) > first_row + height:
        line = first_row + height + 1
        raise MapError(path, line, f"more rows than the height of {height}")
    return GridMap(path.name, width, height, "".join(rows).translate(_TO_CELLS))


def _read_header(path: Path, lines: list[str]) -> tuple[dict[str, int], int]:
    """Return {"width", "height"} and how many lines the header has.

    `type octile` comes first by the format's description, but real files leave it out.
    """
    size: dict[str, int] = {}
    for line, text in enumerate(lines, 1):
        match text.split():
            case ["type", "octile"]:
                pass
            case ["width" | "height" as key, number]:
                size[key] = _positive(path, line, key, number)
            case ["map"]:
                if missing := {"width", "height"} - size.keys():
                    raise MapError(path, line, f"no {min(missing)} before the map")
                if size["width"] * size["height"] > _MAX_CELLS:
                    raise MapError(path, line, f"more than {_MAX_CELLS} cells")
                return size, line
            case _:
                expected = "'type octile', 'width N', 'height N' or 'map'"
                raise MapError(path, line, f"expected {expected}, got {text[:40]!r}")
    raise MapError(path, len(lines), "the file ends before its line 'map'")


def _positive(path: Path, line: int, key: str, text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text[:9]) > 0 and len(text) < 9):
        raise MapError(path, line, f"{key}: expected a positive number, got {text[:40]!r}")
    return int(text)


def _check_row(path: Path, line: int, row: str, width: int) -> None:
    if len(row) != width:
        raise MapError(path, line, f"expected {width} cells, got {len(row)}")
    if unknown := row.strip(_PASSABLE + _BLOCKED):
        column = row.index(unknown[0]) + 1
        raise MapError(path, line, f"unknown cell {unknown[0]!r} in column {column}")
