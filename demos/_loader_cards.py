"""The loader scene's cards: how far the level is, what was wrong, what the budget does."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from typing import Final

import pygame

from engine_tasks.pygame_tools.drawing import (
    ACCENT,
    ALARM,
    FAINT,
    MUTED,
    TEXT,
    WARNING,
    Colour,
    draw_card,
    draw_text,
    wrapped,
)
from engine_tasks.pygame_tools.frames import FrameSummary
from engine_tasks.pygame_tools.hud import WIDTH_PX
from engine_tasks.workers.assets import AssetError, AssetProblem, Batch

PROGRESS_PX: Final = 74
_PAD_PX: Final = 14
_BUDGET_PX: Final = 110
_ERROR_LINE_PX: Final = 17
_TROUGH: Final[Colour] = (38, 45, 58)

#: Errors that are kept for the screen.
_KEPT: Final = 20


class Troubles:
    """Files that could not be loaded, the latest last."""

    def __init__(self) -> None:
        self.count = 0
        self.latest: deque[AssetError] = deque(maxlen=_KEPT)

    def add(self, error: AssetError) -> None:
        """Note one more."""
        self.count += 1
        self.latest.append(error)

    def names(self) -> list[str]:
        """The names of the files."""
        return [error.path for error in self.latest]

    def lines(self) -> list[str]:
        """A line for each."""
        return list(map(str, self.latest))


def draw_progress(
    screen: pygame.Surface,
    area: pygame.Rect,
    batch: Batch | None,
    ready: int,
    count: int,
    note: str,
) -> None:
    """Draw the bar of a batch: what the game has, what is ready for it, what is to come.

    Without a batch `ready` files are painted so far.
    """
    draw_card(screen, area)
    doing, left = _words(batch, ready, count, note)
    draw_text(screen, doing, (area.left + _PAD_PX, area.top + 11), 15, bold=True)
    draw_text(screen, left, (area.right - _PAD_PX, area.top + 12), 14, MUTED, align=1.0)
    bar = pygame.Rect(area.left + _PAD_PX, area.top + 40, area.width - 2 * _PAD_PX, 16)
    pygame.draw.rect(screen, _TROUGH, bar, border_radius=8)
    had = batch.finished - _cancelled(batch) if batch else 0
    colour = WARNING if batch else FAINT
    for share, shade in (((had + ready) / count, colour), (had / count, ACCENT)):
        width = round(bar.width * min(1.0, share))
        if width > 0:
            part = pygame.Rect(bar.topleft, (max(width, bar.height), bar.height))
            pygame.draw.rect(screen, shade, part, border_radius=8)


def _words(batch: Batch | None, ready: int, count: int, note: str) -> tuple[str, str]:
    """What is written above the bar, at the left and at the right."""
    if batch is None:
        return f"Painting {count} textures and sounds into a temporary folder", f"{ready} painted"
    cancelled = _cancelled(batch)
    done = f"{batch.finished - cancelled} of {count} files"
    if cancelled:
        return f"Cancelled: {done}", f"{cancelled} were taken back"
    if batch.done:
        return f"Loaded: {done}", f"{note}, in {batch.elapsed_s:.1f} s"
    eta_s = batch.eta_s
    return f"Loading: {done}", note if eta_s is None else f"{note}, {eta_s:.1f} s left"


def _cancelled(batch: Batch) -> int:
    return sum(error.problem is AssetProblem.CANCELLED for error in batch.errors)


def draw_budgets(
    screen: pygame.Surface,
    corner: tuple[int, int],
    summaries: Mapping[str, FrameSummary],
    active: str,
) -> int:
    """Draw what bursts of results did to the frames, a row a budget; return its lower edge."""
    area = pygame.Rect(*corner, WIDTH_PX, _BUDGET_PX)
    draw_card(screen, area)
    left, late, longest = area.left + _PAD_PX, area.right - 132, area.right - _PAD_PX
    draw_text(screen, "A BURST OF RESULTS", (left, area.top + 12), 11, MUTED, bold=True)
    draw_text(screen, "late", (late, area.top + 12), 11, MUTED, align=1.0)
    draw_text(screen, "longest frame", (longest, area.top + 12), 11, MUTED, align=1.0)
    for i, (name, frames) in enumerate(summaries.items()):
        y = area.top + 38 + 34 * i
        if name == active:
            mark = pygame.Rect(area.left + 5, y, 4, 20)
            pygame.draw.rect(screen, ACCENT, mark, border_radius=2)
        colour = TEXT if name == active else MUTED
        draw_text(screen, name, (left, y), 15, colour, bold=name == active)
        if not frames.frames:
            draw_text(screen, "-", (longest, y), 15, MUTED, align=1.0)
            continue
        shade = _shade(frames.late, 1, 6)
        draw_text(screen, str(frames.late), (late, y), 15, shade, bold=True, align=1.0)
        shade = _shade(frames.longest_ms, 18.0, 34.0)
        text = f"{frames.longest_ms:.0f} ms"
        draw_text(screen, text, (longest, y), 15, shade, bold=True, align=1.0)
    return area.bottom


def _shade(value: float, late: float, badly_late: float) -> Colour:
    return ACCENT if value < late else WARNING if value < badly_late else ALARM


def draw_troubles(
    screen: pygame.Surface, corner: tuple[int, int], room_px: int, troubles: Troubles
) -> None:
    """Draw the latest files that could not be loaded, each with the reason in full."""
    shown: list[tuple[str, list[str]]] = []
    height = 44
    for error in reversed(troubles.latest):
        lines = wrapped(error.reason, 13, WIDTH_PX - 2 * _PAD_PX)
        more = 32 + _ERROR_LINE_PX * len(lines)
        if height + more > room_px:
            break
        shown.append((error.path, lines))
        height += more
    if not shown:
        return
    area = pygame.Rect(*corner, WIDTH_PX, height)
    draw_card(screen, area)
    x, y = area.left + _PAD_PX, area.top + 12
    draw_text(screen, f"NOT LOADED: {troubles.count}", (x, y), 11, ALARM, bold=True)
    y += 26
    for name, lines in shown:
        draw_text(screen, name, (x, y), 15, bold=True)
        y += 23
        for line in lines:
            draw_text(screen, line, (x, y), 13, MUTED)
            y += _ERROR_LINE_PX
        y += 9
