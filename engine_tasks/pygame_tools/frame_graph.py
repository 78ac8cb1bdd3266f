"""The graph of frame intervals: scrolled by a column a frame, never drawn anew."""

from __future__ import annotations

from typing import Final

import pygame

from engine_tasks.pygame_tools.drawing import ALARM, CARD, FAINT, ON_TIME, WARNING, Colour
from engine_tasks.pygame_tools.frames import FRAME_S, Frame

#: Milliseconds at the top of a graph; what took longer reaches the top.
TOP_MS: Final = 50.0

#: Pixels a frame: one is hard to see on a dense screen.
COLUMN_PX: Final = 2

_LINE: Final = (200, 208, 222, 150)


class FrameGraph:
    """Bars of the latest frames, the last one at the right, with a line at 16.7 ms."""

    def __init__(
        self, canvas: pygame.Surface, *, column_px: int = COLUMN_PX, top_ms: float = TOP_MS
    ) -> None:
        """Draw on `canvas`, which may be part of a larger picture with per-pixel alpha."""
        self._canvas = canvas
        self._column_px = column_px
        self._top_ms = top_ms
        self._line_y = canvas.get_height() - self._bar_px(FRAME_S)
        canvas.fill(CARD)
        canvas.fill(_LINE, (0, self._line_y, canvas.get_width(), 1))

    def add(self, frames: list[Frame]) -> None:
        """Draw these frames at the right of all that came before."""
        width, height = self._canvas.get_size()
        frames = frames[-(width // self._column_px) :]
        moved_px = self._column_px * len(frames)
        self._canvas.scroll(-moved_px)
        self._canvas.fill(CARD, (width - moved_px, 0, moved_px, height))
        for i, frame in enumerate(frames):
            x = width - moved_px + self._column_px * i
            bar_px = max(1, min(height, self._bar_px(frame.interval_s)))
            bar = (x, height - bar_px, self._column_px, bar_px)
            self._canvas.fill(bar_colour(frame), bar)
        self._canvas.fill(_LINE, (width - moved_px, self._line_y, moved_px, 1))

    def _bar_px(self, interval_s: float) -> int:
        return height_px(interval_s, self._canvas.get_height(), self._top_ms)


def height_px(interval_s: float, height: int, top_ms: float = TOP_MS) -> int:
    """Return how high a bar is in a graph of `height` pixels."""
    return round(height * 1000 * interval_s / top_ms)


def bar_colour(frame: Frame) -> Colour:
    """Return what a frame is marked with: on time, late, or so late that one was dropped."""
    if not frame.label:
        return FAINT
    if frame.interval_s > 2 * FRAME_S:
        return ALARM
    return WARNING if frame.late else ON_TIME
