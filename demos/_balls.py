"""Balls that bounce around in a rectangle, the same way for the same seed."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from random import Random
from typing import Final

import pygame
from attrs import define

from engine_tasks.pygame_tools.drawing import Colour

_COLOURS: Final[Sequence[Colour]] = (
    (255, 138, 101),
    (255, 202, 88),
    (118, 210, 160),
    (92, 184, 240),
    (176, 148, 250),
    (244, 134, 182),
)

#: Pixels, and pixels a second.
_RADII: Final = (9, 26)
_SPEEDS: Final = (140.0, 380.0)

_GROUND: Final[Colour] = (27, 33, 45)
_DOTS: Final[Colour] = (37, 45, 60)

#: Drawn larger by this much, then reduced: smooth edges.
_OVERSAMPLED: Final = 4


@define
class Ball:
    """A ball's middle in pixels, and its speed in pixels a second."""

    x: float
    y: float
    speed_x: float
    speed_y: float
    radius: int
    colour: Colour


def make_balls(count: int, area: pygame.Rect, random: Random) -> list[Ball]:
    """Scatter balls over an area; the large ones first, to be drawn behind the small."""
    balls = [_make_ball(area, random, _COLOURS[i % len(_COLOURS)]) for i in range(count)]
    return sorted(balls, key=lambda ball: -ball.radius)


def move_balls(balls: list[Ball], area: pygame.Rect, dt_s: float) -> int:
    """Move all of them and turn them round at the edges; return how often they bounced."""
    bounces = 0
    for ball in balls:
        ball.x, ball.speed_x, hit_x = _moved(
            ball.x, ball.speed_x, area.left + ball.radius, area.right - ball.radius, dt_s
        )
        ball.y, ball.speed_y, hit_y = _moved(
            ball.y, ball.speed_y, area.top + ball.radius, area.bottom - ball.radius, dt_s
        )
        bounces += hit_x + hit_y
    return bounces


def draw_balls(screen: pygame.Surface, balls: list[Ball]) -> None:
    """Draw them in their order."""
    screen.blits(
        [
            (_sprite(ball.radius, ball.colour), (ball.x - ball.radius, ball.y - ball.radius))
            for ball in balls
        ],
        doreturn=False,
    )


def make_ground(size: tuple[int, int]) -> pygame.Surface:
    """Return a plain ground with faint dots: moving things are seen to stutter against it."""
    ground = pygame.Surface(size)
    ground.fill(_GROUND)
    for x in range(20, size[0], 40):
        for y in range(20, size[1], 40):
            ground.fill(_DOTS, (x - 1, y - 1, 2, 2))
    return ground


def _make_ball(area: pygame.Rect, random: Random, colour: Colour) -> Ball:
    radius = random.randint(*_RADII)
    return Ball(
        x=random.uniform(area.left + radius, area.right - radius),
        y=random.uniform(area.top + radius, area.bottom - radius),
        speed_x=random.choice((-1, 1)) * random.uniform(*_SPEEDS),
        speed_y=random.choice((-1, 1)) * random.uniform(*_SPEEDS),
        radius=radius,
        colour=colour,
    )


def _moved(
    place: float, speed: float, low: float, high: float, dt_s: float
) -> tuple[float, float, bool]:
    place += speed * dt_s
    if place < low:
        return low, abs(speed), True
    if place > high:
        return max(low, high), -abs(speed), True
    return place, speed, False


@cache
def _sprite(radius: int, colour: Colour) -> pygame.Surface:
    """Return a ball with a darker rim and a soft highlight."""
    side = 2 * radius * _OVERSAMPLED
    large = pygame.Surface((side, side), pygame.SRCALPHA)
    large.fill((*colour, 0))
    middle, full = side // 2, radius * _OVERSAMPLED
    for part, light in ((1.0, 0.62), (0.9, 1.0)):
        shade = tuple(round(channel * light) for channel in colour)
        pygame.draw.circle(large, shade, (middle, middle), full * part)
    glow = tuple(round(channel + 0.55 * (255 - channel)) for channel in colour)
    spot = (round(middle - 0.3 * full), round(middle - 0.34 * full))
    pygame.draw.circle(large, glow, spot, full * 0.26)
    return pygame.transform.smoothscale(large, (2 * radius, 2 * radius)).convert_alpha()
