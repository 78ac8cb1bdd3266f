"""Draws a crowd: walkers that look where they go, the flags they go to, walls that slide."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from math import atan2, sin, tau
from typing import Final

import pygame

from demos._map_picture import FLOOR
from demos._sliders import Slider
from demos._steering import Crowd, Walker
from demos._view import MapView
from engine_tasks.pygame_tools.drawing import Colour
from engine_tasks.workers.pathfinding import Cell

#: A soft colour a group, apart in hue and alike in lightness.
COLOURS: Final[tuple[Colour, ...]] = (
    (240, 128, 116),
    (244, 186, 96),
    (150, 214, 120),
    (84, 208, 196),
    (108, 172, 248),
    (206, 140, 240),
)

#: Directions that walkers are drawn in.
_DIRECTIONS: Final = 48

#: A walker's length on the screen in pixels, whatever the zoom.
_SMALLEST_PX, _LARGEST_PX = 7, 44

_WALL: Final[Colour] = (206, 190, 160)
_WALL_EDGE: Final[Colour] = (92, 80, 62)
_DARK: Final = (12, 15, 21)


class CrowdPainter:
    """Draws walkers from sprites made once for a size."""

    def __init__(self) -> None:
        self._size_px = 0
        self._walking: list[list[pygame.Surface]] = []
        self._waiting: list[list[pygame.Surface]] = []

    def draw(self, screen: pygame.Surface, crowd: Crowd, view: MapView, chosen: int) -> None:
        """Draw flags and walkers; the chosen group's flag has a ring."""
        self._make_sprites(max(_SMALLEST_PX, min(_LARGEST_PX, round(1.45 * view.cell_px))))
        self._draw_walkers(screen, crowd.walkers, view)
        for number, group in enumerate(crowd.groups):
            foot = view.pixel(*group.flag)
            if number == chosen:
                radius_px = 15 + 2 * sin(4 * crowd.time_s)
                pygame.draw.circle(screen, COLOURS[number], foot, round(radius_px), 2)
            _draw_flag(screen, foot, COLOURS[number], large=number == chosen)

    def _draw_walkers(self, screen: pygame.Surface, walkers: list[Walker], view: MapView) -> None:
        cell_px = view.cell_px
        left = view.origin[0] + cell_px / 2 - self._walking[0][0].get_width() / 2
        top = view.origin[1] + cell_px / 2 - self._walking[0][0].get_height() / 2
        per_radian = _DIRECTIONS / tau
        images = []
        for walker in walkers:
            direction = round(atan2(walker.heading[1], walker.heading[0]) * per_radian)
            sprites = self._waiting if walker.waits else self._walking
            image = sprites[walker.group][direction % _DIRECTIONS]
            images.append((image, (left + walker.x * cell_px, top + walker.y * cell_px)))
        screen.blits(images, doreturn=False)

    def _make_sprites(self, size_px: int) -> None:
        if size_px == self._size_px:
            return
        self._size_px = size_px
        self._walking = [_turned(_walker(colour), size_px) for colour in COLOURS]
        self._waiting = [_turned(_waiter(colour), size_px) for colour in COLOURS]


def draw_sliders(screen: pygame.Surface, sliders: Iterable[Slider], view: MapView) -> None:
    """Draw the walls that slide, on their way from one cell to the next."""
    for slider in sliders:
        cells = slider.covered()
        back = (1.0 - slider.share) ** 2 * slider.towards
        dx, dy = slider.way
        (x, y), (to_x, to_y) = cells[0], cells[-1]
        _draw_wall(screen, view, (x - back * dx, y - back * dy, to_x - x + 1, to_y - y + 1))


def draw_built(screen: pygame.Surface, cells: Iterable[Cell], view: MapView) -> None:
    """Draw the walls that the player has built."""
    for x, y in cells:
        _draw_wall(screen, view, (x, y, 1, 1))


def _draw_wall(
    screen: pygame.Surface, view: MapView, box: tuple[float, float, float, float]
) -> None:
    cell_px = view.cell_px
    left, top = view.origin[0] + box[0] * cell_px, view.origin[1] + box[1] * cell_px
    area = pygame.Rect(round(left), round(top), round(box[2] * cell_px), round(box[3] * cell_px))
    radius = max(1, round(0.3 * cell_px))
    shadow = area.move(round(0.2 * cell_px), round(0.3 * cell_px))
    pygame.draw.rect(screen, (30, 35, 44), shadow, border_radius=radius)
    pygame.draw.rect(screen, _WALL_EDGE, area, border_radius=radius)
    inner = area.inflate(-2, -2).move(0, -1) if min(area.size) > 4 else area
    if inner.width > 0 and inner.height > 0:
        pygame.draw.rect(screen, _WALL, inner, border_radius=radius)


def _draw_flag(
    screen: pygame.Surface, foot: tuple[int, int], colour: Colour, *, large: bool
) -> None:
    x, y = foot
    high = 26 if large else 20
    pygame.draw.circle(screen, _DARK, foot, 4)
    pygame.draw.line(screen, _DARK, foot, (x, y - high), 4)
    pygame.draw.line(screen, (236, 240, 246), foot, (x, y - high + 1), 2)
    cloth = ((x + 1, y - high), (x + 0.7 * high, y - 0.72 * high), (x + 1, y - 0.45 * high))
    pygame.draw.polygon(screen, colour, cloth)
    pygame.draw.aalines(screen, _DARK, True, cloth)


@cache
def legend_sprites() -> tuple[pygame.Surface, ...]:
    """Return what a walker, one that waits, and a sliding wall look like, large."""
    colour = COLOURS[4]
    wall = pygame.Surface((34, 14), pygame.SRCALPHA)
    pygame.draw.rect(wall, _WALL_EDGE, wall.get_rect(), border_radius=4)
    pygame.draw.rect(wall, _WALL, wall.get_rect().inflate(-2, -2), border_radius=4)
    large = (_walker(colour), _waiter(colour))
    return (*(pygame.transform.smoothscale(image, (22, 22)) for image in large), wall)


def mixed(colour: Colour, ground: Colour, share: float) -> Colour:
    """Return `share` of a colour over a ground."""
    red, green, blue = (
        round(part * share + under * (1 - share))
        for part, under in zip(colour, ground, strict=True)
    )
    return red, green, blue


def _walker(colour: Colour) -> pygame.Surface:
    """Draw a walker that looks to the right, 96 pixels long: a drop with a dark rim."""
    image = pygame.Surface((128, 128), pygame.SRCALPHA)
    image.fill((*colour, 0))
    for grow, fill in ((9, (*_DARK, 255)), (0, (*colour, 255))):
        radius = 34 + grow
        nose = ((66, 64 - radius), (112 + 1.4 * grow, 64), (66, 64 + radius))
        pygame.draw.circle(image, fill, (54, 64), radius)
        pygame.draw.polygon(image, fill, nose)
    pygame.draw.circle(image, (*mixed((255, 255, 255), colour, 0.45), 255), (66, 64), 13)
    return image


def _waiter(colour: Colour) -> pygame.Surface:
    """Draw a walker that waits for a way: a dim ring."""
    image = pygame.Surface((128, 128), pygame.SRCALPHA)
    image.fill((*colour, 0))
    pygame.draw.circle(image, (*_DARK, 255), (64, 64), 44)
    pygame.draw.circle(image, (*mixed(colour, FLOOR, 0.75), 255), (64, 64), 35, 13)
    return image


def _turned(image: pygame.Surface, size_px: int) -> list[pygame.Surface]:
    """Return the image in all directions, clockwise from the right, in one size of surface."""
    side = round(size_px * 1.5)
    turned = []
    for direction in range(_DIRECTIONS):
        large = pygame.transform.rotate(image, -360 * direction / _DIRECTIONS)
        scale = size_px / 96
        small = pygame.transform.smoothscale_by(large, scale)
        sprite = pygame.Surface((side, side), pygame.SRCALPHA)
        sprite.blit(small, small.get_rect(center=(side // 2, side // 2)))
        turned.append(sprite.convert_alpha())
    return turned
