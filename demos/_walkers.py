"""Draws a crowd: agents that look where they go, some of their paths, the flags they go to."""

from __future__ import annotations

from functools import cache
from math import atan2, sin, tau
from typing import Final

import pygame

from demos._hud import MUTED, Colour, draw_text
from demos._map_picture import FLOOR
from demos._steering import GROUPS, Agent, Crowd
from demos._view import MapView

#: A soft colour a group, apart in hue and alike in lightness.
COLOURS: Final[tuple[Colour, ...]] = (
    (240, 128, 116),
    (244, 178, 102),
    (226, 214, 120),
    (138, 208, 130),
    (92, 206, 190),
    (108, 178, 244),
    (162, 150, 246),
    (232, 142, 206),
)

#: Directions that agents are drawn in.
_DIRECTIONS: Final = 48

#: Agents whose way ahead is drawn: the first of each group.
_PATHS_SHOWN: Final = GROUPS

#: An agent's length on the screen in pixels, whatever the zoom.
_SMALLEST_PX, _LARGEST_PX = 7, 44


class CrowdPainter:
    """Draws agents from sprites made once for a size."""

    def __init__(self) -> None:
        self._size_px = 0
        self._walking: list[list[pygame.Surface]] = []
        self._waiting: list[list[pygame.Surface]] = []

    def draw(self, screen: pygame.Surface, crowd: Crowd, view: MapView) -> None:
        self._make_sprites(max(_SMALLEST_PX, min(_LARGEST_PX, round(1.35 * view.cell_px))))
        self._draw_goals(screen, crowd, view)
        for agent in crowd.agents[:_PATHS_SHOWN]:
            self._draw_path(screen, agent, view)
        for group, flag in enumerate(crowd.flags):
            foot, radius_px = _pixel(view, *flag), 13 + 2 * sin(3 * crowd.time_s)
            pygame.draw.circle(screen, COLOURS[group], foot, round(radius_px), 1)
            _draw_flag(screen, foot, COLOURS[group])
        self._draw_agents(screen, crowd.agents, view)

    def _draw_agents(self, screen: pygame.Surface, agents: list[Agent], view: MapView) -> None:
        cell_px = view.cell_px
        left = view.origin[0] + cell_px / 2 - self._walking[0][0].get_width() / 2
        top = view.origin[1] + cell_px / 2 - self._walking[0][0].get_height() / 2
        per_radian = _DIRECTIONS / tau
        images = []
        for agent in agents:
            direction = round(atan2(agent.heading[1], agent.heading[0]) * per_radian)
            sprites = self._walking if agent.path else self._waiting
            image = sprites[agent.group][direction % _DIRECTIONS]
            images.append((image, (left + agent.x * cell_px, top + agent.y * cell_px)))
        screen.blits(images, doreturn=False)

    def _draw_goals(self, screen: pygame.Surface, crowd: Crowd, view: MapView) -> None:
        cell_px = view.cell_px
        side = max(2, round(cell_px / 5))
        left = view.origin[0] + (cell_px - side) / 2
        top = view.origin[1] + (cell_px - side) / 2
        for agent in crowd.agents:
            x, y = agent.goal
            screen.fill(
                _GOAL_COLOURS[agent.group], (left + x * cell_px, top + y * cell_px, side, side)
            )

    def _draw_path(self, screen: pygame.Surface, agent: Agent, view: MapView) -> None:
        """Draw what is left of an agent's path, and a ring around its end."""
        if not agent.walking:
            return
        ahead = agent.path[agent.step + 2 :]
        points = [_pixel(view, agent.x, agent.y)]
        points += [_pixel(view, x, y) for x, y in zip(ahead[::2], ahead[1::2], strict=True)]
        colour = _PATH_COLOURS[agent.group]
        pygame.draw.aalines(screen, colour, False, points)
        pygame.draw.circle(screen, colour, points[-1], max(3, round(view.cell_px * 0.4)), 1)

    def _make_sprites(self, size_px: int) -> None:
        if size_px == self._size_px:
            return
        self._size_px = size_px
        self._walking = [_turned(_walker(colour), size_px) for colour in COLOURS]
        self._waiting = [_turned(_waiter(colour), size_px) for colour in COLOURS]


def draw_legend(screen: pygame.Surface, area: pygame.Rect) -> None:
    """Say in a line what the shapes on the map are."""
    width, y = area.width // 3, area.centery
    for i, image in enumerate(_legend_images()):
        screen.blit(image, image.get_rect(center=(area.left + i * width + 9, y)))
    _draw_flag(screen, (area.left + 2 * width + 4, y + 10), COLOURS[5])
    for i, text in enumerate(("walks", "waits", "order")):
        draw_text(screen, text, (area.left + i * width + 26, y - 8), 13, MUTED)


@cache
def _legend_images() -> tuple[pygame.Surface, ...]:
    large = (_walker(COLOURS[5]), _waiter(COLOURS[5]))
    return tuple(pygame.transform.smoothscale(image, (22, 22)) for image in large)


def _draw_flag(screen: pygame.Surface, foot: tuple[int, int], colour: Colour) -> None:
    x, y = foot
    pygame.draw.line(screen, (236, 240, 246), foot, (x, y - 18), 2)
    pygame.draw.polygon(screen, colour, ((x + 1, y - 19), (x + 14, y - 14), (x + 1, y - 9)))


def _pixel(view: MapView, x: float, y: float) -> tuple[int, int]:
    """Return the pixel in the middle of a cell."""
    left, top = view.origin
    return round(left + (x + 0.5) * view.cell_px), round(top + (y + 0.5) * view.cell_px)


def _mixed(colour: Colour, ground: Colour, share: float) -> Colour:
    """Return `share` of a colour over a ground."""
    red, green, blue = (
        round(part * share + under * (1 - share))
        for part, under in zip(colour, ground, strict=True)
    )
    return red, green, blue


_GOAL_COLOURS: Final = tuple(_mixed(colour, FLOOR, 0.45) for colour in COLOURS)
_PATH_COLOURS: Final = tuple(_mixed(colour, FLOOR, 0.6) for colour in COLOURS)

_DARK: Final = (12, 15, 21)


def _walker(colour: Colour) -> pygame.Surface:
    """Draw an agent that looks to the right, 96 pixels long: a drop with a dark rim."""
    image = pygame.Surface((128, 128), pygame.SRCALPHA)
    image.fill((*colour, 0))
    for grow, fill in ((9, (*_DARK, 255)), (0, (*colour, 255))):
        radius = 34 + grow
        nose = ((66, 64 - radius), (112 + 1.4 * grow, 64), (66, 64 + radius))
        pygame.draw.circle(image, fill, (54, 64), radius)
        pygame.draw.polygon(image, fill, nose)
    pygame.draw.circle(image, (*_mixed((255, 255, 255), colour, 0.45), 255), (66, 64), 13)
    return image


def _waiter(colour: Colour) -> pygame.Surface:
    """Draw an agent that stands and waits for its path: a dim ring."""
    image = pygame.Surface((128, 128), pygame.SRCALPHA)
    image.fill((*colour, 0))
    pygame.draw.circle(image, (*_DARK, 255), (64, 64), 44)
    pygame.draw.circle(image, (*_mixed(colour, FLOOR, 0.75), 255), (64, 64), 35, 13)
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
