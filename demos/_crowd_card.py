"""The crowd's card: each group with its key, its colour, and how much of it has arrived."""

from __future__ import annotations

from typing import Final

import pygame

from demos._map_picture import FLOOR
from demos._steering import Crowd
from demos._walkers import COLOURS, legend_sprites, mixed
from engine_tasks.pygame_tools.drawing import (
    MUTED,
    TEXT,
    draw_card,
    draw_key,
    draw_text,
)

_PAD_PX: Final = 14
_ROW_PX: Final = 27
_LEGEND_PX: Final = 34
_WIDTH_PX: Final = 380

#: Texts of the legend, in the order of its sprites.
_LEGEND: Final = ("walks", "waits", "sliding wall")


def card_height() -> int:
    """Return the pixels that the card is high."""
    return 38 + _ROW_PX * len(COLOURS) + _LEGEND_PX + _PAD_PX


def draw_crowd_card(
    screen: pygame.Surface, right_top: tuple[int, int], crowd: Crowd, chosen: int, whole: bool
) -> None:
    """Draw it with its top right corner there; `whole`: a click sends everybody."""
    area = pygame.Rect(0, right_top[1], _WIDTH_PX, card_height())
    area.right = right_top[0]
    draw_card(screen, area)
    left, top = area.left + _PAD_PX, area.top + 12
    draw_text(screen, "GROUPS", (left, top), 11, MUTED, bold=True)
    draw_text(screen, "at their flag", (area.right - _PAD_PX, top), 11, MUTED, align=1.0)
    sizes = [0] * len(COLOURS)
    for walker in crowd.walkers:
        sizes[walker.group] += 1
    for number, group in enumerate(crowd.groups):
        row = pygame.Rect(left, area.top + 36 + number * _ROW_PX, area.width - 2 * _PAD_PX, 20)
        active = whole or number == chosen
        draw_key(screen, str(number + 1), row.topleft, active=active)
        _draw_share(screen, row, COLOURS[number], group.gathered / max(1, sizes[number]))
        colour = TEXT if active else MUTED
        text = f"{group.gathered} of {sizes[number]}"
        draw_text(screen, text, (row.right, row.top + 2), 13, colour, align=1.0)
    _draw_legend(screen, left, area.bottom - _LEGEND_PX + 2)


def _draw_share(
    screen: pygame.Surface, row: pygame.Rect, colour: tuple[int, int, int], share: float
) -> None:
    bar = pygame.Rect(row.left + 32, row.centery - 4, row.width - 120, 8)
    pygame.draw.rect(screen, mixed(colour, FLOOR, 0.22), bar, border_radius=4)
    if not share:
        return
    filled = pygame.Rect(bar.left, bar.top, max(8, round(bar.width * share)), bar.height)
    pygame.draw.rect(screen, colour, filled, border_radius=4)


def _draw_legend(screen: pygame.Surface, left: int, y: int) -> None:
    x = left
    for image, text in zip(legend_sprites(), _LEGEND, strict=True):
        screen.blit(image, image.get_rect(midleft=(x, y + 8)))
        x += image.get_width() + 8
        x += draw_text(screen, text, (x, y), 13, MUTED) + 26
