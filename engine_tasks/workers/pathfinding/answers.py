"""What a client answers with: paths, flow fields, and why there is none."""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from enum import StrEnum
from typing import Final

from attrs import field, frozen

from engine_tasks.workers.pathfinding.grid_map import Cell

TYPE_CHECKING = False
if TYPE_CHECKING:
    Whole = array[int]
    Real = array[float]
else:  # Python 3.11 cannot say what an array holds
    Whole = Real = array

#: What a game calls one of its maps.
MapId = str | int

#: Steps by direction: clockwise from north, then standing at a goal.
_STEPS: Final = ((0, -1), (1, -1), (1, 0), (1, 1), (0, 1), (-1, 1), (-1, 0), (-1, -1), (0, 0))

#: In the place of a direction where no way leads to a goal.
NO_DIRECTION: Final = 255


class PathErrorKind(StrEnum):
    """Why there is no path."""

    UNKNOWN_MAP = "UNKNOWN_MAP"
    """No map of that id is loaded."""
    OUTSIDE = "OUTSIDE"
    """A cell is outside of the map."""
    BLOCKED = "BLOCKED"
    """A start or a goal is a wall."""
    NO_WAY = "NO_WAY"
    """Walls are all around the one or the other."""
    CANCELLED = "CANCELLED"
    """The game took the request back."""
    REFUSED = "REFUSED"
    """The queue did not accept it."""
    FAILED = "FAILED"
    """The worker could not answer it."""


@frozen
class PathError:
    """Why there is no answer: its `kind`, a `message` that says what to do, map and cell."""

    kind: PathErrorKind
    message: str
    map_id: MapId
    cell: Cell | None = None

    def __str__(self) -> str:
        return self.message


@frozen(eq=False)
class Path:
    """A shortest path, both ends included, on one version of a map.

    `steps` holds x1, y1, x2, y2, ... as `array("H")`; `cost` is the sum over its steps: what
    the cell that it enters costs, times the square root of 2 for a diagonal one.
    """

    map_id: MapId
    version: int
    start: Cell
    goal: Cell
    cost: float
    steps: array[int] = field(repr=False)

    def __len__(self) -> int:
        """How many cells it has."""
        return len(self.steps) // 2

    def __getitem__(self, index: int) -> Cell:
        at = 2 * range(len(self))[index]
        return self.steps[at], self.steps[at + 1]

    def __iter__(self) -> Iterator[Cell]:
        return zip(self.steps[::2], self.steps[1::2], strict=True)


@frozen(eq=False)
class FlowField:
    """The next step to the nearest of some goals from every cell of one version of a map.

    `directions` holds a number a cell, row by row, as `array("B")`: 0 to 7 clockwise from
    north, 8 a goal, 255 no way. `costs`, where it was asked for, holds what the way costs as
    `array("f")`, infinite where there is none.
    """

    map_id: MapId
    version: int
    goals: tuple[Cell, ...]
    width: int
    height: int
    directions: array[int] = field(repr=False)
    costs: array[float] | None = field(repr=False)

    def step(self, x: int, y: int) -> tuple[int, int] | None:
        """The next step (dx, dy) from a cell, (0, 0) at a goal; None where no way is."""
        if not (0 <= x < self.width and 0 <= y < self.height):
            return None
        direction = self.directions[y * self.width + x]
        return None if direction == NO_DIRECTION else _STEPS[direction]


@frozen
class PathReply:
    """What the worker says of a path; without a way no cost and no steps."""

    version: int
    steps: Whole
    cost: float | None = None


@frozen
class FlowReply:
    """What the worker says of a flow field."""

    version: int
    width: int
    height: int
    directions: Whole
    costs: Real | None = None
