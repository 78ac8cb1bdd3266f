"""What a HUD is made of: text, cards and key caps, rendered once and kept."""

from __future__ import annotations

import warnings
from functools import cache, lru_cache
from typing import Final

import pygame

Colour = tuple[int, int, int]

TEXT: Final[Colour] = (232, 237, 245)
MUTED: Final[Colour] = (158, 169, 188)
FAINT: Final[Colour] = (74, 84, 102)
ACCENT: Final[Colour] = (94, 201, 182)
ON_TIME: Final[Colour] = (82, 150, 146)
WARNING: Final[Colour] = (246, 189, 96)
ALARM: Final[Colour] = (240, 101, 101)

#: The ground of cards: dark enough for white text above a white game.
CARD: Final = (15, 19, 27, 230)
_CARD_EDGE: Final = (255, 255, 255, 20)
_KEY: Final[Colour] = (52, 61, 78)

#: Fonts with a regular weight, where the system has one; pygame's own comes in bold only.
_FONTS: Final = "inter,segoeui,helveticaneue,notosans,dejavusans"


@cache
def _font_file(bold: bool) -> str | None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a system without a list of fonts is fine
        return pygame.font.match_font(_FONTS, bold=bold)


@cache
def _font(size_px: int, bold: bool) -> pygame.font.Font:
    pygame.font.init()
    file = _font_file(bold)
    # For the same size of letters, pygame's own font needs some more.
    return pygame.font.Font(file, size_px if file else round(size_px * 1.15))


@lru_cache(maxsize=1024)
def _rendered(text: str, size_px: int, colour: Colour, bold: bool) -> pygame.Surface:
    try:
        return _font(size_px, bold).render(text, True, colour)
    except pygame.error:  # a font made before `pygame.quit()` is of no use after it
        _font.cache_clear()
        return _font(size_px, bold).render(text, True, colour)


def text_width(text: str, size_px: int = 14, *, bold: bool = False) -> int:
    """Return the pixels that a line is wide."""
    return _rendered(text, size_px, TEXT, bold).get_width()


def wrapped(text: str, size_px: int, width_px: int) -> list[str]:
    """Break a text between words into lines that are no wider; a longer word has its own."""
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        if lines[-1] and text_width(longer, size_px) > width_px:
            lines.append(word)
        else:
            lines[-1] = longer
    return lines


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
    """Return a rounded box: the four corners of a small one, and what is between them."""
    width, height = size
    side = 2 * radius + 2
    tile = _tile(side, fill, edge, radius)
    if width < side or height < side:
        return pygame.transform.smoothscale(tile, size)
    box = pygame.transform.scale(tile.subsurface(radius, radius, 1, 1), size)
    half = side // 2
    for x, y in ((0, 0), (half, 0), (0, half), (half, half)):
        to_x, to_y = width - half if x else 0, height - half if y else 0
        _copy(tile.subsurface(x, y, half, half), box, (to_x, to_y))
    for x, y in ((radius, 0), (radius, half)):  # the upper and the lower edge
        strip = pygame.transform.scale(tile.subsurface(x, y, 1, half), (width - side, half))
        _copy(strip, box, (half, height - half if y else 0))
    for x, y in ((0, radius), (half, radius)):
        strip = pygame.transform.scale(tile.subsurface(x, y, half, 1), (half, height - side))
        _copy(strip, box, (width - half if x else 0, half))
    return box


def _copy(part: pygame.Surface, box: pygame.Surface, corner: tuple[int, int]) -> None:
    """Put a part into a box as it is, with its alpha."""
    box.fill((0, 0, 0, 0), (corner, part.get_size()))
    box.blit(part, corner, special_flags=pygame.BLEND_RGBA_ADD)


@lru_cache(maxsize=32)
def _tile(
    side: int, fill: tuple[int, ...], edge: tuple[int, ...] | None, radius: int
) -> pygame.Surface:
    """Return a rounded square, smooth at the corners: drawn four times as large, then reduced."""
    large = pygame.Surface((4 * side, 4 * side), pygame.SRCALPHA)
    box = large.get_rect()
    large.fill((*fill[:3], 0))  # so that the smooth edge keeps the colour of the box
    pygame.draw.rect(large, fill, box, border_radius=4 * radius)
    small = pygame.transform.smoothscale(large, (side, side))
    if edge:
        large.fill((*edge[:3], 0))
        pygame.draw.rect(large, edge, box, width=4, border_radius=4 * radius)
        small.blit(pygame.transform.smoothscale(large, (side, side)), (0, 0))
    return small


def card(size: tuple[int, int]) -> pygame.Surface:
    """Return a translucent ground of that size, for the caller to draw on."""
    return _rounded(size, CARD, _CARD_EDGE, 10).copy()


def draw_card(screen: pygame.Surface, area: pygame.Rect) -> None:
    """Draw the translucent ground that a group of figures stands on."""
    screen.blit(_rounded(area.size, CARD, _CARD_EDGE, 10), area)


def draw_key(
    screen: pygame.Surface, text: str, position: tuple[int, int], *, active: bool = False
) -> int:
    """Draw a key cap 20 pixels high; return its width."""
    ground = ACCENT if active else _KEY
    width = key_width(text)
    screen.blit(_rounded((width, 20), ground, None, 5), position)
    colour = (12, 16, 22) if active else TEXT
    image = _rendered(text, 12, colour, True)
    area = image.get_rect(center=(position[0] + width // 2, position[1] + 10))
    screen.blit(image, area)
    return width


def key_width(text: str) -> int:
    """Return the pixels that a key cap is wide."""
    return max(20, text_width(text, 12, bold=True) + 12)


def draw_notice(screen: pygame.Surface, text: str) -> None:
    """Draw one line in a card, high in the middle of the window."""
    area = pygame.Rect(0, 0, text_width(text, 16, bold=True) + 40, 44)
    area.midtop = (screen.get_width() // 2, 24)
    draw_card(screen, area)
    draw_text(screen, text, (area.centerx, area.top + 12), 16, bold=True, align=0.5)
