"""A worker's row in the HUD: its name, its tasks as numbers with bars, its rate."""

from __future__ import annotations

from math import log10
from typing import Final

import pygame

from engine_tasks.errors import ErrorKind
from engine_tasks.pygame_tools.drawing import (
    ACCENT,
    ALARM,
    CARD,
    FAINT,
    MUTED,
    TEXT,
    WARNING,
    Colour,
    draw_text,
    text_width,
)
from engine_tasks.task_queue import TaskQueue

ROW_PX: Final = 36

#: Tasks at which a bar is full; its length goes by the logarithm.
_FULL_BAR: Final = 10_000
_BAR_PX: Final = 56
_NAME_PX: Final = 104

_WAITING: Final[Colour] = WARNING
_IN_PROGRESS: Final[Colour] = (110, 168, 254)
_READY: Final[Colour] = ACCENT
#: The right end of each column, from the left of a row.
_COLUMNS: Final = (("waiting", 164), ("in progress", 232), ("ready", 300), ("a second", 352))


class WorkerRow:
    """What the HUD knows of one worker, as of its last look."""

    def __init__(self, queue: TaskQueue, worker_id: int, name: str) -> None:
        self.worker_id = worker_id
        self.name = name
        self._queue = queue
        self._tasks = (0, 0, 0)
        self._per_s = 0.0
        self._notes: list[tuple[str, Colour]] = []

    def look_at_tasks(self) -> None:
        """Count the tasks; a worker that is gone keeps its last figures."""
        stats = self._queue.stats(self.worker_id)
        if stats is not None:
            self._tasks = (stats.waiting_total, stats.in_progress, stats.ready)

    def look_at_speed(self) -> None:
        """Ask for the rate and for what went wrong, which takes longer."""
        metrics = self._queue.metrics(self.worker_id)
        if metrics is None:
            return
        self._per_s = metrics.completion_per_s
        # What the game itself took back is no error.
        failed = sum(metrics.failures.values()) - metrics.failures[ErrorKind.CANCELLED]
        self._notes = [
            (_counted(count, one, several), colour)
            for count, one, several, colour in (
                (metrics.restarts, "restart", "restarts", WARNING),
                (failed, "error", "errors", ALARM),
            )
            if count
        ]

    def draw(self, panel: pygame.Surface, area: pygame.Rect) -> None:
        """Draw the row over what was there."""
        panel.fill(CARD, area)
        name = _shortened(self.name, _NAME_PX)
        draw_text(panel, name, (area.left, area.top if self._notes else area.top + 5), 14)
        self._draw_notes(panel, area)
        colours = (_WAITING, _IN_PROGRESS, _READY)
        for (_, right), count, colour in zip(_COLUMNS, self._tasks, colours, strict=False):
            shade = TEXT if count else MUTED
            x = area.left + right
            draw_text(panel, _short(count), (x, area.top + 1), 14, shade, align=1.0)
            panel.fill(FAINT, (x - _BAR_PX, area.top + 21, _BAR_PX, 4))
            panel.fill(colour, (x - _BAR_PX, area.top + 21, _bar_px(count), 4))
        rate = _short(round(self._per_s))
        draw_text(panel, rate, (area.left + _COLUMNS[3][1], area.top + 1), 14, TEXT, align=1.0)

    def _draw_notes(self, panel: pygame.Surface, area: pygame.Rect) -> None:
        x = area.left
        for text, colour in self._notes:
            x += draw_text(panel, text, (x, area.top + 17), 11, colour) + 6


def draw_heading(panel: pygame.Surface, area: pygame.Rect) -> None:
    """Draw the names of the columns, in the place of a row."""
    draw_text(panel, "WORKERS", (area.left, area.top), 11, MUTED, bold=True)
    for text, right in _COLUMNS:
        draw_text(panel, text, (area.left + right, area.top), 11, MUTED, align=1.0)


def _counted(count: int, one: str, several: str) -> str:
    return f"{_short(count)} {one if count == 1 else several}"


def _short(count: int) -> str:
    if count < 10_000:
        return f"{count:,}"
    return f"{count / 1000:.0f}k" if count < 1_000_000 else f"{count / 1_000_000:.1f}M"


def _bar_px(count: int) -> int:
    return min(_BAR_PX, round(_BAR_PX * log10(count + 1) / log10(_FULL_BAR)))


def _shortened(name: str, width_px: int) -> str:
    if text_width(name, 14) <= width_px:
        return name
    while name and text_width(f"{name}…", 14) > width_px:
        name = name[:-1]
    return f"{name}…"
