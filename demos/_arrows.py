"""A flow field as arrows over the map: bright near its flag, faint far away."""

from __future__ import annotations

from collections.abc import Iterable
from math import cos, sin, tau
from typing import Final

import pygame

from demos._map_picture import FLOOR
from demos._view import MapView
from demos._walkers import mixed
from engine_tasks.pygame_tools.drawing import Colour
from engine_tasks.workers.pathfinding import FlowField

#: Pixels from one arrow to the next, at least; cells that an arrow stands for follow from it.
_APART_PX: Final = 15.0

#: Shades from the flag outwards, and the cost of the way at which the last one begins, as a
#: share of the map's width and height.
_SHADES: Final = 7
_FAR: Final = 0.45

_DIRECTIONS: Final = 8

#: Colours and lengths whose arrows are kept.
_MOST_KEPT: Final = 60


class Arrows:
    """Draws a field over a picture of the map, once for all frames until either changes."""

    def __init__(self) -> None:
        self._sprites: dict[tuple[Colour, int], list[list[pygame.Surface]]] = {}
        self._picture = pygame.Surface((1, 1))
        self._shown: tuple[object, ...] = ()

    def prepare(self, colours: Iterable[Colour], view: MapView) -> None:
        """Make the arrows of all colours, so that no frame has to."""
        for colour in colours:
            self._sprites_of(colour, _length(view))

    def over(
        self, backdrop: pygame.Surface, field: FlowField, colour: Colour, view: MapView
    ) -> pygame.Surface:
        """Return the backdrop with the field's arrows on it."""
        shown = (id(backdrop), field, colour, view.cell_px, view.origin)
        if shown != self._shown:
            self._shown = shown
            if self._picture.get_size() != backdrop.get_size():
                self._picture = backdrop.copy()
            self._picture.blit(backdrop, (0, 0))
            self._draw(field, colour, view)
        return self._picture

    def _draw(self, field: FlowField, colour: Colour, view: MapView) -> None:
        every, length = _every(view), _length(view)
        shades = self._sprites_of(colour, length)
        costs = field.costs
        per_cost = (_SHADES - 1) / (_FAR * (field.width + field.height))
        half, (left, top) = length / 2, view.origin
        images = []
        for y in range(every // 2, field.height, every):
            row = y * field.width
            pixel_y = top + (y + 0.5) * view.cell_px - half
            for x in range(every // 2, field.width, every):
                direction = field.directions[row + x]
                if direction < _DIRECTIONS:
                    cost = costs[row + x] if costs is not None else 0.0
                    shade = shades[min(_SHADES - 1, int(cost * per_cost))]
                    at = (left + (x + 0.5) * view.cell_px - half, pixel_y)
                    images.append((shade[direction], at))
        self._picture.blits(images, doreturn=False)

    def _sprites_of(self, colour: Colour, length: int) -> list[list[pygame.Surface]]:
        key = (colour, length)
        if key not in self._sprites:
            if len(self._sprites) > _MOST_KEPT:
                self._sprites.clear()  # of many zooms
            shares = [0.9 * (1.0 - 0.78 * n / (_SHADES - 1)) ** 1.2 for n in range(_SHADES)]
            self._sprites[key] = [
                [_arrow(mixed(colour, FLOOR, share), length, turn) for turn in range(_DIRECTIONS)]
                for share in shares
            ]
        return self._sprites[key]


def _every(view: MapView) -> int:
    """Return how many cells apart arrows are."""
    return max(1, round(_APART_PX / view.cell_px + 0.49))


def _length(view: MapView) -> int:
    return round(min(26.0, 0.82 * _every(view) * view.cell_px))


def _arrow(colour: Colour, length: int, direction: int) -> pygame.Surface:
    """Draw an arrow clockwise from north, smooth: four times as large, then reduced."""
    size = 4 * length
    image = pygame.Surface((size, size), pygame.SRCALPHA)
    image.fill((*colour, 0))
    angle = (direction - 2) * tau / _DIRECTIONS

    def at(along: float, across: float) -> tuple[float, float]:
        x = along * cos(angle) - across * sin(angle)
        y = along * sin(angle) + across * cos(angle)
        return size / 2 + x * size, size / 2 + y * size

    width = max(4, size // 11)
    pygame.draw.line(image, colour, at(-0.36, 0), at(0.3, 0), width)
    pygame.draw.polygon(image, colour, (at(0.44, 0), at(0.1, -0.2), at(0.1, 0.2)))
    return pygame.transform.smoothscale(image, (length, length)).convert_alpha()
