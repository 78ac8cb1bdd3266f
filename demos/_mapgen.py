"""The map that is built in: caves in the west, halls in the north-east, a town in the
south-east, a round plaza where they meet. The same seed gives the same map."""

from __future__ import annotations

from random import Random
from typing import Final

from demos._maps import GridMap

WIDTH: Final = 110
HEIGHT: Final = 62

#: Cells of the plaza's centre, its radius and the radius of its ring of pillars.
_PLAZA: Final = (50, 31)
_PLAZA_RADIUS: Final = 8.5
_PILLAR_RADIUS: Final = 5


class _Canvas:
    """Cells that are free, carved out of solid rock with a margin that stays solid."""

    def __init__(self) -> None:
        self.free = [[False] * WIDTH for _ in range(HEIGHT)]

    def set(self, x: int, y: int, free: bool) -> None:
        if 1 <= x < WIDTH - 1 and 1 <= y < HEIGHT - 1:
            self.free[y][x] = free

    def fill(self, left: int, top: int, width: int, height: int, free: bool = True) -> None:
        for y in range(top, top + height):
            for x in range(left, left + width):
                self.set(x, y, free)

    def disc(self, centre: tuple[float, float], radius: float, free: bool = True) -> None:
        for y in range(HEIGHT):
            for x in range(WIDTH):
                if (x - centre[0]) ** 2 + (y - centre[1]) ** 2 <= radius * radius:
                    self.set(x, y, free)


def built_in_map(seed: int = 142) -> GridMap:
    """Return the map of that seed, 110 x 62 cells, all of its free cells connected."""
    random = Random(seed)
    canvas = _Canvas()
    _carve_caves(canvas, random)
    _carve_halls(canvas, random)
    _carve_town(canvas, random)
    _carve_plaza(canvas)
    cells = "".join("." if free else "@" for row in canvas.free for free in row)
    carved = GridMap("built-in map", WIDTH, HEIGHT, cells)
    reachable = set(carved.largest_region())
    kept = ("." if (i % WIDTH, i // WIDTH) in reachable else "@" for i in range(len(cells)))
    return GridMap("built-in map", WIDTH, HEIGHT, "".join(kept))


def _carve_caves(canvas: _Canvas, random: Random) -> None:
    """Carve the west by the 4-5 rule: noise, then each cell follows most of its neighbours."""
    width = 49
    rock = [[random.random() < 0.465 for _ in range(width)] for _ in range(HEIGHT)]
    for _ in range(5):
        rock = [[_rock_around(rock, x, y) >= 5 for x in range(width)] for y in range(HEIGHT)]
    for y, row in enumerate(rock):
        for x, is_rock in enumerate(row):
            canvas.set(x, y, not is_rock)


def _rock_around(rock: list[list[bool]], x: int, y: int) -> int:
    """Count the rock among a cell and its eight neighbours; beyond the edge all is rock."""
    height, width = len(rock), len(rock[0])
    return sum(
        not (0 <= row < height and 0 <= column < width) or rock[row][column]
        for row in (y - 1, y, y + 1)
        for column in (x - 1, x, x + 1)
    )


def _carve_halls(canvas: _Canvas, random: Random) -> None:
    """Carve the north-east: rooms of uneven size, pillars in them, wide doors between."""
    columns = ((51, 11), (64, 14), (80, 11), (93, 15))  # left, width
    rows = ((2, 8), (12, 9), (23, 6))  # top, height
    for left, width in columns:
        for top, height in rows:
            canvas.fill(left, top, width, height)
            if random.random() < 0.8:
                canvas.fill(left + width, top + random.randint(1, height - 4), 2, 3)
            if random.random() < 0.8:
                canvas.fill(left + random.randint(1, width - 4), top + height, 3, 3)
            if height >= 8:
                for x in range(left + 3, left + width - 2, 4):
                    canvas.fill(x, top + height // 2, 1, 1, free=random.random() < 0.3)


def _carve_town(canvas: _Canvas, random: Random) -> None:
    """Carve the south-east: streets two cells wide around blocks, some of them with a court."""
    canvas.fill(51, 32, 57, 28)
    top = 34
    for height in (6, 5, 7):
        left = 53
        while left < WIDTH - 6:
            width = min(random.randint(5, 9), WIDTH - 4 - left)
            canvas.fill(left, top, width, height, free=False)
            if width >= 7 and height >= 6:
                canvas.fill(left + 2, top + 2, width - 4, height - 4)
                canvas.fill(left + width // 2, top + height - 2, 1, 2)
            left += width + 2
        top += height + 2


def _carve_plaza(canvas: _Canvas) -> None:
    canvas.disc(_PLAZA, _PLAZA_RADIUS)
    x, y = _PLAZA
    far, near = _PILLAR_RADIUS, 3
    for dx, dy in ((far, 0), (-far, 0), (0, far), (0, -far)):
        canvas.fill(x + dx, y + dy, 1, 1, free=False)
    for dx, dy in ((near, near), (-near, near), (near, -near), (-near, -near)):
        canvas.fill(x + dx, y + dy, 1, 1, free=False)
    canvas.fill(x - 1, y - 1, 3, 3, free=False)
