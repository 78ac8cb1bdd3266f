"""Smooth discs, made once and kept: pygame's own circles have steps at their edges."""

from __future__ import annotations

from functools import lru_cache

import pygame

from engine_tasks.pygame_tools.drawing import Colour


@lru_cache(maxsize=1024)
def disc(radius_px: float, colour: Colour, width_px: float = 0.0) -> pygame.Surface:
    """A disc, or with a width the ring at its edge."""
    side = 2 * (int(radius_px) + 2)
    large = pygame.Surface((4 * side, 4 * side), pygame.SRCALPHA)
    large.fill((*colour, 0))
    pygame.draw.circle(
        large, colour, (2 * side, 2 * side), round(4 * radius_px), round(4 * width_px)
    )
    return pygame.transform.smoothscale(large, (side, side)).convert_alpha()


def draw_disc(
    screen: pygame.Surface,
    centre: tuple[float, float],
    radius_px: float,
    colour: Colour,
    width_px: float = 0.0,
) -> None:
    """Draw a disc; its radius is rounded to a quarter of a pixel, so that few are made."""
    image = disc(round(4 * radius_px) / 4, colour, width_px)
    half = image.get_width() / 2
    screen.blit(image, (round(centre[0] - half), round(centre[1] - half)))
