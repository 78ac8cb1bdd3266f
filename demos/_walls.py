"""The walls of the crowd scene that come and go: those that slide, those that the player builds."""

from __future__ import annotations

from random import Random
from typing import Final

import pygame

from demos._maps import GridMap
from demos._sliders import Cell, make_sliders
from demos._view import MapView
from demos._walkers import draw_built, draw_sliders

_SLIDERS: Final = 14

#: The share of a move of the sliding walls that a frame does.
_MOVE_SHARE: Final = 1 / 16

_FREE: Final = 1
_BLOCKED: Final = 0

#: What cells cost from now on, to be told to whoever finds the ways.
Costs = dict[Cell, int]


class Walls:
    """What blocks the map besides its rock."""

    def __init__(self, grid_map: GridMap, random: Random) -> None:
        self._map = grid_map
        self._sliders = make_sliders(grid_map, _SLIDERS, random)
        self._built: Costs = {}
        self._builds: int | None = None  # what a drag makes of cells

    def lanes(self) -> set[Cell]:
        """Return all cells that are ever slid over."""
        return {cell for slider in self._sliders for cell in slider.lane()}

    def standing(self) -> Costs:
        return {cell: _BLOCKED for slider in self._sliders for cell in slider.covered()}

    def slide(self) -> Costs:
        """Move each sliding wall by a cell."""
        freed = dict.fromkeys(self.standing(), _FREE)
        for slider in self._sliders:
            slider.slide()
        return freed | self._built | self.standing()

    def ease(self) -> None:
        """Let a frame pass, on the screen."""
        for slider in self._sliders:
            slider.share = min(1.0, slider.share + _MOVE_SHARE)

    def begin(self, cell: Cell, is_free: bool) -> Costs:
        """Begin a drag that builds if it begins on a free cell, and else takes down."""
        self._builds = _BLOCKED if is_free else _FREE
        return self.drag(cell)

    def drag(self, cell: Cell) -> Costs:
        """Build, or take down what was built; nothing without a drag, or on rock."""
        if self._builds is None or not self._map.is_free(*cell) or cell in self.standing():
            return {}
        self._built[cell] = self._builds
        return {cell: self._builds}

    def end(self) -> None:
        self._builds = None

    def draw(self, screen: pygame.Surface, view: MapView) -> None:
        draw_built(screen, (cell for cell, cost in self._built.items() if not cost), view)
        draw_sliders(screen, self._sliders, view)
