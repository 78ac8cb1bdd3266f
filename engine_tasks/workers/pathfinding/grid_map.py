"""Grid maps: what each cell costs to enter, and the Moving AI Lab's `.map` files."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from os import PathLike
from pathlib import Path
from typing import Final

from attrs import field, frozen

from engine_tasks.errors import EngineTasksError

#: A cell as (x, y), zero-based, x to the right and y down.
Cell = tuple[int, int]

#: Cells that a map may have, and the longest side: coordinates travel as 16 bits.
MAX_CELLS: Final = 2048 * 2048
MAX_SIDE: Final = 65_535

#: What the letters of a `.map` file mean to somebody on foot. Water ("W") can be crossed only
#: from water, so it counts as a wall. Format: https://movingai.com/benchmarks/formats.html
_PASSABLE: Final = ".GS"
_BLOCKED: Final = "@OTW"
_TO_COSTS: Final = str.maketrans(dict.fromkeys(_PASSABLE, "\1") | dict.fromkeys(_BLOCKED, "\0"))


class MapFormatError(EngineTasksError, ValueError):
    """A map file that cannot be used; `line` counts from 1, 0 is the file as a whole."""

    def __init__(self, source: str, line: int, reason: str) -> None:
        super().__init__(f"{source}:{line}: {reason}" if line else f"{source}: {reason}")
        self.source = source
        self.line = line
        self.reason = reason


def _as_bytes(cells: bytes | bytearray | memoryview | array[int]) -> bytes:
    try:
        return bytes(memoryview(cells).cast("B"))
    except TypeError:
        raise TypeError(
            f"cells is bytes, an array or a NumPy array of a byte a cell, "
            f"not {type(cells).__name__}: bytes(cells) makes them of a list"
        ) from None


@frozen
class GridMap:
    """A map of `width * height` cells.

    `cells` has a byte a cell, row by row: what it costs to enter, 1 to 255; 0 is a wall. Bytes,
    an `array.array("B")`, a NumPy array of uint8 in row order. Raises `ValueError` where they
    do not fit.
    """

    width: int
    height: int
    cells: bytes = field(converter=_as_bytes, repr=False)

    def __attrs_post_init__(self) -> None:
        for name, side in (("width", self.width), ("height", self.height)):
            if not 1 <= side <= MAX_SIDE:
                raise ValueError(f"{name} is 1 to {MAX_SIDE:,} cells, not {side!r}")
        if self.width * self.height > MAX_CELLS:
            raise ValueError(f"{self.width} x {self.height} is over {MAX_CELLS:,} cells")
        if len(self.cells) != self.width * self.height:
            raise ValueError(
                f"cells: expected {self.width} x {self.height} = {self.width * self.height} "
                f"bytes, not {len(self.cells)}"
            )

    @classmethod
    def of_rows(cls, rows: Sequence[str]) -> GridMap:
        """A map drawn in text, in the letters of `.map` files: `.` is free, `@` a wall.

        Raises `MapFormatError`, which counts the rows from 1.
        """
        if isinstance(rows, str):
            rows = rows.strip("\n").split("\n")
        for number, row in enumerate(rows, 1):
            _check_row("rows", number, row, len(rows[0]))
        width = len(rows[0]) if rows else 0
        return parse_map("\n".join((f"height {len(rows)}", f"width {width}", "map", *rows)), "rows")

    def cost(self, x: int, y: int) -> int:
        """What it costs to enter a cell; 0 for a wall, and for what is outside of the map."""
        inside = 0 <= x < self.width and 0 <= y < self.height
        return self.cells[y * self.width + x] if inside else 0


def read_map(path: str | PathLike[str]) -> GridMap:
    """Read a `.map` file; raises `MapFormatError`, which says what is wrong and where."""
    try:
        content = Path(path).read_bytes()
    except OSError as error:
        raise MapFormatError(str(path), 0, error.strerror or str(error)) from error
    # Latin-1 takes any byte: a binary file fails on its first line, with its content shown.
    return parse_map(content.decode("latin-1"), str(path))


def parse_map(text: str, source: str = "map") -> GridMap:
    """Read the text of a `.map` file; `source` is what `MapFormatError` calls it."""
    lines = [line.rstrip("\r") for line in text.rstrip().split("\n")]
    width, height, first_row = _read_header(source, lines)
    rows = lines[first_row : first_row + height]
    for line, row in enumerate(rows, first_row + 1):
        _check_row(source, line, row, width)
    if len(rows) < height:
        raise MapFormatError(source, len(lines), f"the map ends after {len(rows)} of {height} rows")
    if len(lines) > first_row + height:
        line = first_row + height + 1
        raise MapFormatError(source, line, f"more rows than the height of {height}")
    return GridMap(width, height, "".join(rows).translate(_TO_COSTS).encode("latin-1"))


def _read_header(source: str, lines: list[str]) -> tuple[int, int, int]:
    """Width, height, and how many lines the header has.

    `type octile` comes first by the format's description, but real files leave it out.
    """
    size: dict[str, int] = {}
    for line, text in enumerate(lines, 1):
        match text.split():
            case ["type", "octile"]:
                pass
            case ["width" | "height" as key, number]:
                size[key] = _side(source, line, key, number)
            case ["map"]:
                if missing := {"width", "height"} - size.keys():
                    raise MapFormatError(source, line, f"no {min(missing)} before the map")
                if size["width"] * size["height"] > MAX_CELLS:
                    raise MapFormatError(source, line, f"more than {MAX_CELLS} cells")
                return size["width"], size["height"], line
            case _:
                expected = "'type octile', 'width N', 'height N' or 'map'"
                raise MapFormatError(source, line, f"expected {expected}, got {text[:40]!r}")
    raise MapFormatError(source, len(lines), "the map ends before its line 'map'")


def _side(source: str, line: int, key: str, text: str) -> int:
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 9 else 0
    if not 1 <= number <= MAX_SIDE:
        reason = f"{key}: expected a number from 1 to {MAX_SIDE}, got {text[:40]!r}"
        raise MapFormatError(source, line, reason)
    return number


def _check_row(source: str, line: int, row: str, width: int) -> None:
    if len(row) != width:
        raise MapFormatError(source, line, f"expected {width} cells, got {len(row)}")
    if unknown := row.strip(_PASSABLE + _BLOCKED):
        column = row.index(unknown[0]) + 1
        raise MapFormatError(source, line, f"unknown cell {unknown[0]!r} in column {column}")
