"""Draws a flock as small triangles that point where they fly, each with a tail of light."""

from __future__ import annotations

from array import array
from math import atan2, cos, inf, sin, tau
from typing import Final

import pygame

from demos._flock import Flock
from engine_tasks.pygame_tools.drawing import Colour

GROUND: Final[Colour] = (12, 16, 25)

#: Alone, among a few, in the thick of the flock.
_SHADES: Final[tuple[Colour, ...]] = (
    (74, 98, 168),
    (74, 178, 196),
    (148, 226, 176),
    (255, 226, 150),
)
_LEVELS: Final = 10

_DIRECTIONS: Final = 48
_SIDE_PX: Final = 19

#: Sprites are drawn this many times as large, then reduced, for smooth edges.
_LARGER: Final = 6


class FlockPainter:
    """Keeps what moves from where to where in the step that is shown."""

    def __init__(self) -> None:
        self._sprites = _make_sprites()
        self._moving: list[tuple[pygame.Surface, float, float, float, float]] = []

    def take_step(self, flock: Flock) -> None:
        """Work out what to draw until the next step: each boid's sprite, place and way."""
        sprites, half = self._sprites, _SIDE_PX / 2
        before, after = flock.before, flock.after
        self._moving = [
            (
                sprites[int(_LEVELS * glow)][round(atan2(vy, vx) * _DIRECTIONS / tau)],
                x - half,
                y - half,
                to_x - x,
                to_y - y,
            )
            for x, y, to_x, to_y, vx, vy, glow in zip(
                before[0::4],
                before[1::4],
                after[0::4],
                after[1::4],
                after[2::4],
                after[3::4],
                _within_levels(flock.glow),
                strict=True,
            )
        ]

    def draw(self, screen: pygame.Surface, share: float) -> None:
        """Draw the flock with a `share` of its way done."""
        screen.fill(GROUND)
        screen.blits(
            [(sprite, (x + share * dx, y + share * dy)) for sprite, x, y, dx, dy in self._moving],
            doreturn=False,
        )


def _within_levels(glow: array[float]) -> list[float]:
    """Scripts may say anything: whatever is no share from 0 to 1 is moved there."""
    return [min(1.0, max(0.0, value)) if value < inf else 0.0 for value in glow]


def _make_sprites() -> list[list[pygame.Surface]]:
    """A triangle for each shade and direction; index -1 is one step before the first."""
    return [
        [_triangle(_shade(level / _LEVELS), tau * i / _DIRECTIONS) for i in range(_DIRECTIONS)]
        for level in range(_LEVELS + 1)
    ]


def _shade(share: float) -> Colour:
    place = share * (len(_SHADES) - 1)
    first = min(int(place), len(_SHADES) - 2)
    low, high = _SHADES[first], _SHADES[first + 1]
    red, green, blue = (
        round(a + (place - first) * (b - a)) for a, b in zip(low, high, strict=True)
    )
    return red, green, blue


def _triangle(colour: Colour, direction: float) -> pygame.Surface:
    side, middle = _LARGER * _SIDE_PX, _LARGER * _SIDE_PX / 2
    large = pygame.Surface((side, side), pygame.SRCALPHA)
    large.fill((*colour, 0))

    def place(angle: float, reach_px: float) -> tuple[float, float]:
        turned = direction + angle
        return (
            middle + _LARGER * reach_px * cos(turned),
            middle + _LARGER * reach_px * sin(turned),
        )

    for i in range(10):  # from the end of the tail on, ever brighter
        at = place(tau / 2, 9.0 - 0.8 * i)
        pygame.draw.circle(large, (*colour, 9 + 9 * i), at, _LARGER * (0.3 + 0.13 * i))
    shape = [place(0.0, 6.2), place(2.5, 4.6), place(tau / 2, 1.8), place(-2.5, 4.6)]
    pygame.draw.polygon(large, colour, shape)
    small = pygame.transform.smoothscale(large, (_SIDE_PX, _SIDE_PX)).convert_alpha()
    small.set_alpha(255, pygame.RLEACCEL)  # what is clear is skipped: 0.8 ms for 2,000, not 4.4
    return small
