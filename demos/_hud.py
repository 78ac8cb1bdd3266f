"""The graph of frame intervals that the crowd's cards stand around."""

from __future__ import annotations

from itertools import groupby
from typing import Final

import pygame

from demos._frames import FRAME_S, LATE_S, Frame, FrameLog
from engine_tasks.pygame_tools.drawing import (
    ACCENT,
    ALARM,
    MUTED,
    TEXT,
    WARNING,
    Colour,
    draw_card,
    draw_key,
    draw_notice,
    draw_text,
    text_width,
)
from engine_tasks.pygame_tools.drawing import FAINT as _UNCOUNTED
from engine_tasks.pygame_tools.drawing import ON_TIME as _ON_TIME

__all__ = [
    "ACCENT",
    "ALARM",
    "MUTED",
    "TEXT",
    "WARNING",
    "Colour",
    "draw_card",
    "draw_frame_graph",
    "draw_key",
    "draw_notice",
    "draw_text",
]

#: Milliseconds at the top of the graph; what took longer reaches the top.
_GRAPH_TOP_MS: Final = 50.0
_BADLY_LATE_S: Final = 2 * FRAME_S


def draw_frame_graph(screen: pygame.Surface, area: pygame.Rect, log: FrameLog) -> None:
    """Draw the interval of each recent frame as a bar, the latest at the right.

    Below the bars stands what the frames count as.
    """
    draw_card(screen, area)
    draw_text(screen, "FRAME INTERVAL", (area.left + 16, area.top + 11), 11, MUTED, bold=True)
    _draw_legend(screen, area)
    bars = pygame.Rect(area.left + 16, area.top + 34, area.width - 76, area.height - 62)
    shown = log.recent.maxlen or 1
    first = shown - len(log.recent)
    edges = [bars.left + round(i * bars.width / shown) for i in range(shown + 1)]
    for i, frame in enumerate(log.recent, first):
        height = max(1, min(bars.height, _height_px(frame.interval_s, bars)))
        width = max(1, edges[i + 1] - edges[i])
        screen.fill(_bar_colour(frame), (edges[i], bars.bottom - height, width, height))
    for share, text in ((1, "16.7 ms"), (2, "33.3 ms")):
        y = bars.bottom - _height_px(share * FRAME_S, bars)
        screen.fill(MUTED if share == 1 else _UNCOUNTED, (bars.left, y, bars.width, 1))
        draw_text(screen, text, (bars.right + 8, y - 7), 11, MUTED)
    _draw_labels(screen, bars, edges[first:], list(log.recent))


def _height_px(interval_s: float, bars: pygame.Rect) -> int:
    return round(bars.height * 1000 * interval_s / _GRAPH_TOP_MS)


def _bar_colour(frame: Frame) -> Colour:
    if not frame.label:
        return _UNCOUNTED
    if frame.interval_s > _BADLY_LATE_S:
        return ALARM
    return WARNING if frame.late else _ON_TIME


def _draw_legend(screen: pygame.Surface, area: pygame.Rect) -> None:
    right = area.right - 16
    for colour, text in (
        (ALARM, "frames dropped"),
        (WARNING, f"late, over {1000 * LATE_S:.1f} ms"),
        (_ON_TIME, "on time"),
    ):
        right -= draw_text(screen, text, (right, area.top + 11), 11, MUTED, align=1.0) + 12
        screen.fill(colour, (right, area.top + 14, 8, 8))
        right -= 14


def _draw_labels(
    screen: pygame.Surface, bars: pygame.Rect, edges: list[int], frames: list[Frame]
) -> None:
    """Draw under each stretch of frames what they count as, where there is room for it."""
    start = 0
    for label, stretch in groupby(frames, key=lambda frame: frame.label):
        end = start + len(list(stretch))
        left, right = edges[start], edges[end]
        if label:
            screen.fill(_UNCOUNTED, (left, bars.bottom + 4, max(1, right - left - 2), 2))
            if right - left > text_width(label, 11):
                draw_text(screen, label, (left, bars.bottom + 9), 11, TEXT)
        start = end
