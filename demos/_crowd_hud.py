"""The crowd scene's cards: where paths are found and at what cost, the queue, the keys."""

from __future__ import annotations

from typing import Final

import pygame
from attrs import frozen

from demos._frames import FrameLog, FrameSummary
from demos._hud import (
    ACCENT,
    ALARM,
    MUTED,
    TEXT,
    WARNING,
    Colour,
    draw_card,
    draw_frame_graph,
    draw_key,
    draw_text,
)
from demos._paths import PLACES, Place
from demos._walkers import draw_legend

_GAP_PX: Final = 14
_SIDEBAR_PX: Final = 284
_GRAPH_PX: Final = 150
_LINE_PX: Final = 36

#: Below this size there is room for the graph and one line only.
_ROOMY: Final = (960, 640)

_PAD_PX: Final = 16
_ROW_PX: Final = 30


@frozen
class Counters:
    """Tasks of a worker."""

    waiting: int
    in_progress: int
    ready: int


@frozen
class CrowdFigures:
    """What the cards show; made a few times a second."""

    agents: int
    map_text: str
    place: Place
    frames: dict[str, FrameSummary]  # by name of the place
    counters: Counters
    paths_per_s: float
    answered_in_ms: float | None  # the median, None without an answer


def world_area(size: tuple[int, int], hud: bool) -> pygame.Rect:
    """Return the part of a window that the cards leave to the world."""
    width, height = size
    if not hud:
        return pygame.Rect(0, 0, width, height)
    left, top = (_SIDEBAR_PX + _GAP_PX, 0) if _is_roomy(size) else (0, _LINE_PX + _GAP_PX)
    area = pygame.Rect(left, top, width - left, height - top - _GRAPH_PX - _GAP_PX)
    return area.inflate(-2 * _GAP_PX, -2 * _GAP_PX)


def draw_crowd_hud(
    screen: pygame.Surface,
    figures: CrowdFigures,
    log: FrameLog,
    keys: tuple[tuple[str, str], ...],
) -> None:
    """Draw all cards that there is room for."""
    size = screen.get_size()
    left, top = _GAP_PX, _GAP_PX
    graph_left = left
    if _is_roomy(size):
        graph_left += _SIDEBAR_PX + _GAP_PX
        for draw, height in (
            (_draw_title, 76),
            (_draw_places, 50 + _ROW_PX * len(PLACES)),
            (_draw_queue, 166),
        ):
            draw(screen, pygame.Rect(left, top, _SIDEBAR_PX, height), figures)
            top += height + _GAP_PX
        top += _draw_keys(screen, (left, top), keys) + _GAP_PX
        _draw_shapes(screen, pygame.Rect(left, top, _SIDEBAR_PX, 44))
    else:
        _draw_line(screen, pygame.Rect(left, top, size[0] - 2 * _GAP_PX, _LINE_PX), figures)
    graph = pygame.Rect(graph_left, 0, size[0] - graph_left - _GAP_PX, _GRAPH_PX)
    graph.bottom = size[1] - _GAP_PX
    draw_frame_graph(screen, graph, log)


def _is_roomy(size: tuple[int, int]) -> bool:
    return size[0] >= _ROOMY[0] and size[1] >= _ROOMY[1]


def _draw_title(screen: pygame.Surface, area: pygame.Rect, figures: CrowdFigures) -> None:
    draw_card(screen, area)
    draw_text(screen, "Crowd", (area.left + _PAD_PX, area.top + 11), 25, bold=True)
    text = f"{figures.agents} agents on {figures.map_text}"
    draw_text(screen, text, (area.left + _PAD_PX, area.top + 46), 13, MUTED)


def _draw_heading(screen: pygame.Surface, area: pygame.Rect, text: str) -> None:
    draw_card(screen, area)
    draw_text(screen, text, (area.left + _PAD_PX, area.top + 13), 11, MUTED, bold=True)


def _draw_places(screen: pygame.Surface, area: pygame.Rect, figures: CrowdFigures) -> None:
    """Draw a row a place: its key, its name, what its frames were like."""
    _draw_heading(screen, area, "PATHS ARE FOUND ON")
    late, p99 = area.right - _PAD_PX, area.right - _PAD_PX - 58
    draw_text(screen, "late", (late, area.top + 13), 11, MUTED, align=1.0)
    draw_text(screen, "p99 ms", (p99, area.top + 13), 11, MUTED, align=1.0)
    for i, place in enumerate(PLACES):
        y = area.top + 40 + i * _ROW_PX
        active = place is figures.place
        draw_key(screen, str(i + 1), (area.left + _PAD_PX, y), active=active)
        colour = TEXT if active else MUTED
        draw_text(screen, place.title, (area.left + 46, y + 1), 14, colour, bold=active)
        frames = figures.frames[place.name]
        if frames.frames:
            share = frames.late / frames.frames
            draw_text(screen, f"{frames.p99_ms:.0f}", (p99, y + 1), 14, colour, align=1.0)
            shade = _late_colour(share)
            draw_text(screen, f"{100 * share:.0f} %", (late, y + 1), 14, shade, align=1.0)
        else:
            draw_text(screen, "-", (late, y + 1), 14, MUTED, align=1.0)


def _late_colour(share: float) -> Colour:
    if share < 0.03:
        return ACCENT
    return WARNING if share < 0.15 else ALARM


def _draw_queue(screen: pygame.Surface, area: pygame.Rect, figures: CrowdFigures) -> None:
    _draw_heading(screen, area, "THE QUEUE")
    counters = figures.counters
    column = (area.width - 2 * _PAD_PX) // 3
    for i, (count, name) in enumerate(
        (
            (counters.waiting, "waiting"),
            (counters.in_progress, "in progress"),
            (counters.ready, "ready"),
        )
    ):
        _draw_figure(screen, (area.left + _PAD_PX + i * column, area.top + 36), str(count), name)
    y = area.top + 100
    screen.fill((44, 51, 64), (area.left + _PAD_PX, y - 8, area.width - 2 * _PAD_PX, 1))
    answered = figures.answered_in_ms
    in_ms = (
        "-"
        if answered is None
        else f"{answered:.0f} ms"
        if answered >= 10
        else f"{answered:.1f} ms"
    )
    x = area.left + _PAD_PX
    _draw_figure(screen, (x, y), f"{figures.paths_per_s:.0f}", "paths a second")
    _draw_figure(screen, (x + 1.6 * column, y), in_ms, "to an answer")


def _draw_figure(
    screen: pygame.Surface, position: tuple[float, float], value: str, name: str
) -> None:
    draw_text(screen, value, position, 23, bold=True)
    draw_text(screen, name, (position[0], position[1] + 31), 12, MUTED)


def _draw_keys(
    screen: pygame.Surface, corner: tuple[int, int], keys: tuple[tuple[str, str], ...]
) -> int:
    """Draw the keys in two columns; return the height that takes."""
    area = pygame.Rect(*corner, _SIDEBAR_PX, 48 + 27 * ((len(keys) + 1) // 2))
    _draw_heading(screen, area, "KEYS")
    column = (area.width - 2 * _PAD_PX) // 2
    for i, (key, does) in enumerate(keys):
        x = area.left + _PAD_PX + i % 2 * column
        y = area.top + 38 + i // 2 * 27
        width = draw_key(screen, key, (x, y))
        draw_text(screen, does, (x + width + 8, y + 2), 13, MUTED)
    return area.height


def _draw_shapes(screen: pygame.Surface, area: pygame.Rect) -> None:
    draw_card(screen, area)
    draw_legend(screen, area.inflate(-2 * _PAD_PX, 0))


def _draw_line(screen: pygame.Surface, area: pygame.Rect, figures: CrowdFigures) -> None:
    """Draw the gist in one line, for a small window."""
    draw_card(screen, area)
    y = area.top + 9
    number = str(PLACES.index(figures.place) + 1)
    x = area.left + 10
    x += draw_key(screen, number, (x, y - 1), active=True) + 8
    x += draw_text(screen, figures.place.title, (x, y), 14, bold=True) + 16
    counters = figures.counters
    text = f"{figures.paths_per_s:.0f} paths a second, {counters.waiting} waiting"
    draw_text(screen, text, (x, y), 14, MUTED)
