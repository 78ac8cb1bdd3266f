"""One frame graph a mode, one below the other, so that a still picture shows the difference."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import pygame

from engine_tasks.pygame_tools.drawing import (
    ACCENT,
    ALARM,
    MUTED,
    TEXT,
    WARNING,
    Colour,
    card,
    draw_key,
    draw_text,
)
from engine_tasks.pygame_tools.frame_graph import FrameGraph, height_px
from engine_tasks.pygame_tools.frames import FRAME_S, Frame, FrameSummary

_PAD_PX: Final = 16
_HEAD_PX: Final = 32
_GAP_PX: Final = 10
_NAME_PX: Final = 184
_FIGURES_PX: Final = 150

#: Pixels of a lane, and in a small window, where it has one line of figures.
_LANE_PX: Final = 62
_LOW_LANE_PX: Final = 24

#: Milliseconds at the top of a lane.
_TOP_MS: Final = 50.0


class Lanes:
    """A card with a lane a mode; each keeps its own latest frames."""

    def __init__(self, titles: list[str]) -> None:
        self._titles = titles
        self._frames: dict[str, list[Frame]] = {title: [] for title in titles}
        self.fit(960, low=False)

    @property
    def height(self) -> int:
        """Pixels."""
        lanes = len(self._titles)
        return _HEAD_PX + lanes * self._lane_px + (lanes - 1) * _GAP_PX + _PAD_PX

    def fit(self, width: int, *, low: bool, frames: int | None = None) -> None:
        """Be `width` pixels wide, with room for so many frames a lane if that is given.

        `low` lanes are for a small window.
        """
        self._lane_px = _LOW_LANE_PX if low else _LANE_PX
        graph_px = max(60, width - _NAME_PX - _FIGURES_PX - 2 * _PAD_PX)
        self._column_px = min(8, max(1, graph_px // frames)) if frames else 3
        self._card = card((width, self.height))
        draw_text(
            self._card,
            "FRAME INTERVALS WHILE THE WORK IS DONE BY",
            (_PAD_PX, 11),
            11,
            MUTED,
            bold=True,
        )
        self._areas = {
            title: pygame.Rect(
                _PAD_PX + _NAME_PX,
                _HEAD_PX + i * (self._lane_px + _GAP_PX),
                graph_px,
                self._lane_px,
            )
            for i, title in enumerate(self._titles)
        }
        self._graphs = {title: self._make_graph(title) for title in self._titles}

    def add(self, frame: Frame) -> None:
        """Add a frame to the lane of its label."""
        if frame.label in self._frames:
            kept = self._frames[frame.label]
            kept.append(frame)
            del kept[:-2000]
            self._graphs[frame.label].add([frame])

    def draw(
        self,
        screen: pygame.Surface,
        corner: tuple[int, int],
        active: str,
        summaries: Mapping[str, FrameSummary],
        tasks: Mapping[str, int],
    ) -> None:
        """Draw the card with its top left at `corner`; summaries and tasks are by title."""
        screen.blit(self._card, corner)
        for i, title in enumerate(self._titles):
            area = self._areas[title].move(corner)
            self._draw_name(screen, area, str(i + 1), title, title == active)
            _draw_figures(screen, area, summaries[title], tasks[title])

    def _make_graph(self, title: str) -> FrameGraph:
        area = self._areas[title]
        graph = FrameGraph(self._card.subsurface(area), column_px=self._column_px, top_ms=_TOP_MS)
        graph.add(self._frames[title])
        y = area.bottom - height_px(FRAME_S, area.height, _TOP_MS)
        if self._lane_px == _LANE_PX:
            draw_text(self._card, "16.7 ms", (area.right + 8, y - 7), 11, MUTED)
        return graph

    def _draw_name(
        self, screen: pygame.Surface, area: pygame.Rect, key: str, title: str, active: bool
    ) -> None:
        left, y = area.left - _NAME_PX, area.centery - 10
        draw_key(screen, key, (left, y), active=active)
        draw_text(screen, title, (left + 30, y), 15, TEXT if active else MUTED, bold=active)


def _draw_figures(
    screen: pygame.Surface, area: pygame.Rect, frames: FrameSummary, tasks: int
) -> None:
    right = area.right + _FIGURES_PX
    if not frames.frames:
        draw_text(screen, "not tried yet", (right, area.centery - 9), 13, MUTED, align=1.0)
        return
    share = frames.late / frames.frames
    text = f"{100 * share:.0f} % late"
    low = area.height < _LANE_PX
    size, colour = (14 if low else 17), late_colour(share)
    draw_text(screen, text, (right, area.top + 2), size, colour, bold=True, align=1.0)
    if low:
        return
    longest = f"longest {frames.longest_ms:.0f} ms"
    draw_text(screen, longest, (right, area.top + 25), 12, MUTED, align=1.0)
    draw_text(screen, f"{tasks:,} tasks done", (right, area.top + 42), 12, MUTED, align=1.0)


def late_colour(share: float) -> Colour:
    """Return the colour for a share of frames that came late."""
    if share < 0.03:
        return ACCENT
    return WARNING if share < 0.15 else ALARM
