"""The graph of frame intervals: scrolled by a column a frame, never drawn anew."""

from __future__ import annotations

from typing import Final

import pygame

from engine_tasks.pygame_tools.drawing import ALARM, CARD, FAINT, MUTED, ON_TIME, WARNING, Colour
from engine_tasks.pygame_tools.frames import FRAME_S, Frame

#: Milliseconds at the top of the graph; what took longer reaches the top.
TOP_MS: Final = 50.0

#: Pixels a frame: one is hard to see on a dense screen.
COLUMN_PX: Final = 2


class FrameGraph:
    """Bars of the latest frames, the last one at the right, with a line at 16.7 ms."""

    def __init__(self, canvas: pygame.Surface) -> None:
        """Draw on `canvas`, which may be part of a larger picture with per-pixel alpha."""
        self._canvas = canvas
        self._line_y = canvas.get_height() - height_px(FRAME_S, canvas.get_height())
        canvas.fill(CARD)
        canvas.fill(MUTED, (0, self._line_y, canvas.get_width(), 1))

    def add(self, frames: list[Frame]) -> None:
        """Draw these frames at the right of all that came before."""
        width, height = self._canvas.get_size()
        frames = frames[-(width // COLUMN_PX) :]
        moved_px = COLUMN_PX * len(frames)
        self._canvas.scroll(-moved_px)
        self._canvas.fill(CARD, (width - moved_px, 0, moved_px, height))
        for i, frame in enumerate(frames):
            x = width - moved_px + COLUMN_PX * i
            bar_px = max(1, min(height, height_px(frame.interval_s, height)))
            self._canvas.fill(bar_colour(frame), (x, height - bar_px, COLUMN_PX, bar_px))
        self._canvas.fill(MUTED, (width - moved_px, self._line_y, moved_px, 1))


def height_px(interval_s: float, height: int) -> int:
    """Return how high a bar is in a graph of `height` pixels."""
    return round(height * 1000 * interval_s / TOP_MS)


def bar_colour(frame: Frame) -> Colour:
    """Return what a frame is marked with: on time, late, or so late that one was dropped."""
    if not frame.label:
        return FAINT
    if frame.interval_s > 2 * FRAME_S:
        return ALARM
    return WARNING if frame.late else ON_TIME
