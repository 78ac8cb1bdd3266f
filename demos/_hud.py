"""What a HUD is made of: text, cards, key caps, and the graph of frame intervals."""

from __future__ import annotations

import warnings
from functools import cache, lru_cache
from itertools import groupby
from typing import Final

import pygame

from demos._frames import FRAME_S, LATE_S, Frame, FrameLog

Colour = tuple[int, int, int]

TEXT: Final[Colour] = (232, 237, 245)
MUTED: Final[Colour] = (146, 158, 178)
ACCENT: Final[Colour] = (94, 201, 182)
WARNING: Final[Colour] = (246, 189, 96)
ALARM: Final[Colour] = (240, 101, 101)
_ON_TIME: Final[Colour] = (82, 150, 146)
_UNCOUNTED: Final[Colour] = (74, 84, 102)
_CARD: Final = (15, 19, 27, 214)
_CARD_EDGE: Final = (255, 255, 255, 20)
_KEY: Final[Colour] = (52, 61, 78)

#: Fonts with a regular weight, where the system has one; pygame's own comes in bold only.
_FONTS: Final = "inter,segoeui,helveticaneue,notosans,dejavusans"

#: Milliseconds at the top of the graph; what took longer reaches the top.
_GRAPH_TOP_MS: Final = 50.0
_BADLY_LATE_S: Final = 2 * FRAME_S


@cache
def _font_file(bold: bool) -> str | None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a system without a list of fonts is fine
        return pygame.font.match_font(_FONTS, bold=bold)


@cache
def _font(size_px: int, bold: bool) -> pygame.font.Font:
    file = _font_file(bold)
    # For the same size of letters, pygame's own font needs some more.
    return pygame.font.Font(file, size_px if file else round(size_px * 1.15))


@lru_cache(maxsize=512)
def _rendered(text: str, size_px: int, colour: Colour, bold: bool) -> pygame.Surface:
    return _font(size_px, bold).render(text, True, colour)


def draw_text(
    screen: pygame.Surface,
    text: str,
    position: tuple[float, float],
    size_px: int = 14,
    colour: Colour = TEXT,
    *,
    bold: bool = False,
    align: float = 0.0,
) -> int:
    """Draw a line with its top at `position`; return its width in pixels.

    `align` is the share of the width left of `position`: 0 starts there, 1 ends there.
    """
    image = _rendered(text, size_px, colour, bold)
    screen.blit(image, (round(position[0] - align * image.get_width()), round(position[1])))
    return image.get_width()


@lru_cache(maxsize=64)
def _rounded(
    size: tuple[int, int], fill: tuple[int, ...], edge: tuple[int, ...] | None, radius: int
) -> pygame.Surface:
    """Return a rounded box, smooth at the corners: drawn four times as large, then reduced."""
    width, height = size
    large = pygame.Surface((4 * width, 4 * height), pygame.SRCALPHA)
    box = large.get_rect()
    large.fill((*fill[:3], 0))  # so that the smooth edge keeps the colour of the box
    pygame.draw.rect(large, fill, box, border_radius=4 * radius)
    small = pygame.transform.smoothscale(large, size)
    if edge:
        large.fill((*edge[:3], 0))
        pygame.draw.rect(large, edge, box, width=4, border_radius=4 * radius)
        small.blit(pygame.transform.smoothscale(large, size), (0, 0))
    return small


def draw_card(screen: pygame.Surface, area: pygame.Rect) -> None:
    """Draw the translucent ground that a group of figures stands on."""
    screen.blit(_rounded(area.size, _CARD, _CARD_EDGE, 10), area)


def draw_key(
    screen: pygame.Surface, text: str, position: tuple[int, int], *, active: bool = False
) -> int:
    """Draw a key cap 20 pixels high; return its width."""
    ground = ACCENT if active else _KEY
    width = max(20, _font(12, True).size(text)[0] + 12)
    screen.blit(_rounded((width, 20), ground, None, 5), position)
    colour = (12, 16, 22) if active else TEXT
    image = _rendered(text, 12, colour, True)
    area = image.get_rect(center=(position[0] + width // 2, position[1] + 10))
    screen.blit(image, area)
    return width


def draw_notice(screen: pygame.Surface, text: str) -> None:
    """Draw one line in a card, high in the middle of the window."""
    width = _rendered(text, 16, TEXT, True).get_width()
    area = pygame.Rect(0, 0, width + 40, 44)
    area.midtop = (screen.get_width() // 2, 24)
    draw_card(screen, area)
    draw_text(screen, text, (area.centerx, area.top + 12), 16, bold=True, align=0.5)


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
            if right - left > _rendered(label, 11, TEXT, False).get_width():
                draw_text(screen, label, (left, bars.bottom + 9), 11, TEXT)
        start = end
