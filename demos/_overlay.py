"""What lies over every scene: its title, its keys, and the HUD of the package."""

from __future__ import annotations

from typing import Final

import pygame

from engine_tasks.pygame_tools import FrameLog, Hud
from engine_tasks.pygame_tools.drawing import (
    MUTED,
    draw_card,
    draw_key,
    draw_text,
    key_width,
    text_width,
)
from engine_tasks.pygame_tools.hud import FRAMES_PX, MARGIN_PX, MOST_ROWS, WIDTH_PX
from engine_tasks.task_queue import TaskQueue

Keys = tuple[tuple[str, str], ...]

_PAD_PX: Final = 14
_TITLE_PX: Final = 70
_KEY_LINE_PX: Final = 28
_KEY_GAP_PX: Final = 18


#: Below this size there is room for the frames, and for keys where they fit.
_ROOMY: Final = (960, 600)


class Overlay:
    """Title at the top left, keys along the bottom, HUD at the top right."""

    def __init__(self, queue: TaskQueue, log: FrameLog, title: str, keys: Keys) -> None:
        self._hud = Hud(queue, frames=log)
        self._title = title
        self._keys = keys

    def draw(self, screen: pygame.Surface, caption: str) -> None:
        """Draw all of it over a finished frame."""
        roomy = is_roomy(screen.get_size())
        self._hud.most_rows = MOST_ROWS if roomy else 0
        if roomy:
            self._draw_title(screen, caption)
        if _shows_keys(screen.get_size()):
            self._draw_keys(screen)
        self._hud.draw(screen)

    def free_area(self, size: tuple[int, int]) -> pygame.Rect:
        """Return the part of a window that is not covered."""
        bottom = 2 * MARGIN_PX + _KEY_LINE_PX * len(self._lines(size[0])) + 8
        if not _shows_keys(size):
            bottom = MARGIN_PX
        if is_roomy(size):
            top, width = _TITLE_PX + 2 * MARGIN_PX, size[0] - WIDTH_PX - 3 * MARGIN_PX
        else:
            top, width = FRAMES_PX + 2 * MARGIN_PX, size[0] - 2 * MARGIN_PX
        return pygame.Rect(MARGIN_PX, top, max(1, width), max(1, size[1] - top - bottom))

    def _draw_title(self, screen: pygame.Surface, caption: str) -> None:
        width = max(text_width(self._title, 25, bold=True), text_width(caption, 13))
        height = _TITLE_PX if caption else 50
        area = pygame.Rect(MARGIN_PX, MARGIN_PX, width + 2 * _PAD_PX, height)
        draw_card(screen, area)
        draw_text(screen, self._title, (area.left + _PAD_PX, area.top + 8), 25, bold=True)
        draw_text(screen, caption, (area.left + _PAD_PX, area.top + 43), 13, MUTED)

    def _draw_keys(self, screen: pygame.Surface) -> None:
        lines = self._lines(screen.get_width())
        width = max(sum(map(_key_px, line)) for line in lines) - _KEY_GAP_PX + 2 * _PAD_PX
        height = _KEY_LINE_PX * len(lines) + 8
        area = pygame.Rect(MARGIN_PX, 0, width, height)
        area.bottom = screen.get_height() - MARGIN_PX
        draw_card(screen, area)
        for i, line in enumerate(lines):
            x, y = area.left + _PAD_PX, area.top + 8 + i * _KEY_LINE_PX
            for key, does in line:
                width = draw_key(screen, key, (x, y))
                draw_text(screen, does, (x + width + 7, y + 2), 13, MUTED)
                x += _key_px((key, does))

    def _lines(self, window_px: int) -> list[list[tuple[str, str]]]:
        """Break the keys into lines that fit the window."""
        room = window_px - 2 * MARGIN_PX - 2 * _PAD_PX
        lines: list[list[tuple[str, str]]] = [[]]
        for each in self._keys:
            if lines[-1] and sum(map(_key_px, [*lines[-1], each])) - _KEY_GAP_PX > room:
                lines.append([])
            lines[-1].append(each)
        return lines


def is_roomy(size: tuple[int, int]) -> bool:
    """Whether a window of that size has room for all of it."""
    return size[0] >= _ROOMY[0] and size[1] >= _ROOMY[1]


def _shows_keys(size: tuple[int, int]) -> bool:
    return size[1] >= 480


def _key_px(each: tuple[str, str]) -> int:
    return key_width(each[0]) + 7 + text_width(each[1], 13) + _KEY_GAP_PX
