"""A grid of thumbnails that fade in: what the loader scene has loaded so far."""

from __future__ import annotations

import array
from collections.abc import Sequence
from functools import cache
from math import ceil
from typing import Final

import pygame

from engine_tasks.pygame_tools.drawing import ALARM, Colour
from engine_tasks.workers.assets import Image, Sound

#: Pixels on a side of what is kept of a texture; the grid shows it smaller.
_THUMB_PX: Final = 96

_GAP_PX: Final = 4
_FADE_S: Final = 0.5

#: Pixels by which a thumbnail rises while it fades in.
_RISE_PX: Final = 9

_GROUND: Final = ((24, 29, 40), (9, 11, 17))
_EMPTY: Final[Colour] = (30, 36, 48)
_SOUND: Final[Colour] = (17, 21, 30)


class Gallery:
    """The thumbnails by number, and which of them are still fading in."""

    def __init__(self, count: int) -> None:
        self._count = count
        self._thumbs: dict[int, pygame.Surface] = {}
        self._fading: dict[int, float] = {}  # since when
        self._gone: set[int] = set()
        self._now_s = 0.0
        self._size = (1, 1)
        self._free = pygame.Rect(0, 0, 1, 1)
        self._canvas = pygame.Surface((1, 1))
        _rounding()  # here, not in the middle of a burst: it takes some milliseconds

    @property
    def loaded(self) -> int:
        """How many thumbnails there are."""
        return len(self._thumbs)

    def clear(self) -> None:
        """Begin anew with an empty grid."""
        self._thumbs.clear()
        self._fading.clear()
        self._gone.clear()
        self._paint_canvas()

    def show(self, number: int, thumb: pygame.Surface) -> None:
        """Let a thumbnail fade in at its place."""
        self._thumbs[number] = thumb
        self._fading[number] = self._now_s

    def strike(self, number: int) -> None:
        """Mark a place whose file will not come."""
        self._gone.add(number)
        self._paint_empty(number)

    def fit(self, size: tuple[int, int], free: pygame.Rect) -> None:
        """Lay the grid out in `free`, with cells as large as fit."""
        self._size, self._free = size, free
        self._paint_canvas()

    def update(self, dt_s: float) -> None:
        """Let `dt_s` seconds pass; what has faded in becomes part of the picture."""
        self._now_s += dt_s
        done = [n for n, since_s in self._fading.items() if self._now_s - since_s >= _FADE_S]
        for number in done:
            del self._fading[number]
            self._canvas.blit(self._small(number), self._area(number))

    def draw(self, screen: pygame.Surface) -> None:
        """Draw all of it over the whole screen."""
        screen.blit(self._canvas, (0, 0))
        for number, since_s in self._fading.items():
            share = min(1.0, (self._now_s - since_s) / _FADE_S)
            left = (1.0 - share) ** 3
            small = self._small(number)
            small.set_alpha(round(255 * (1.0 - left)))
            screen.blit(small, self._area(number).move(0, round(_RISE_PX * left)))
            small.set_alpha(255)

    def _paint_canvas(self) -> None:
        self._smalls: dict[int, pygame.Surface] = {}
        self._cell_px, self._columns = self._best_cell()
        self._canvas = _ground(self._size).convert()
        for number in range(self._count):
            if number not in self._thumbs:
                self._paint_empty(number)
            elif number not in self._fading:
                self._canvas.blit(self._small(number), self._area(number))

    def _best_cell(self) -> tuple[int, int]:
        """The side of a cell in pixels, and how many of them stand in a row."""
        return max(
            (
                min(self._free.width // columns, self._free.height // ceil(self._count / columns)),
                columns,
            )
            for columns in range(1, self._count + 1)
        )

    def _area(self, number: int) -> pygame.Rect:
        row, column = divmod(number, self._columns)
        x = self._free.left + (self._free.width - self._columns * self._cell_px) // 2
        place = (x + column * self._cell_px, self._free.top + row * self._cell_px)
        side = max(1, self._cell_px - _GAP_PX)
        return pygame.Rect(place, (side, side))

    def _paint_empty(self, number: int) -> None:
        area = self._area(number)
        pygame.draw.rect(self._canvas, _EMPTY, area, border_radius=5)
        if number in self._gone:
            inner = area.inflate(-area.width // 2, -area.height // 2)
            pygame.draw.line(self._canvas, ALARM, inner.topleft, inner.bottomright, 2)
            pygame.draw.line(self._canvas, ALARM, inner.topright, inner.bottomleft, 2)

    def _small(self, number: int) -> pygame.Surface:
        if number not in self._smalls:
            side = self._area(0).width
            self._smalls[number] = pygame.transform.smoothscale(self._thumbs[number], (side, side))
        return self._smalls[number]


def texture_thumb(image: Image) -> pygame.Surface:
    """The thumbnail of a texture: what takes the game's thread most of its time here."""
    whole = pygame.image.frombuffer(image.pixels, image.size, image.format)
    thumb = pygame.transform.smoothscale(whole, (_THUMB_PX, _THUMB_PX)).convert_alpha()
    thumb.blit(_rounding(), (0, 0), special_flags=pygame.BLEND_RGBA_MIN)
    return thumb


def sound_thumb(sound: Sound, colour: Colour) -> pygame.Surface:
    """The thumbnail of a sound: how loud it is from its beginning to its end."""
    thumb = pygame.Surface((_THUMB_PX, _THUMB_PX), pygame.SRCALPHA)
    thumb.fill(_SOUND)
    samples = memoryview(sound.samples).cast("h")
    step, middle = 6, _THUMB_PX // 2
    for x, loud in enumerate(_levels(samples, _THUMB_PX // step)):
        height = max(3, round(0.8 * _THUMB_PX * loud))
        bar = pygame.Rect(x * step + 1, middle - height // 2, step - 2, height)
        pygame.draw.rect(thumb, colour, bar, border_radius=2)
    thumb.blit(_rounding(), (0, 0), special_flags=pygame.BLEND_RGBA_MIN)
    return thumb


def _levels(samples: Sequence[int], count: int) -> list[float]:
    """The loudest sample of each part, from 0 to 1; every eighth is looked at."""
    part = max(1, len(samples) // count)
    loudest = [
        max(array.array("h", samples[i * part : (i + 1) * part : 8]), default=0)
        for i in range(count)
    ]
    return [max(0, level) / 32_768 for level in loudest]


@cache
def _rounding() -> pygame.Surface:
    """White with rounded corners, smooth: drawn four times as large, then reduced."""
    large = pygame.Surface((4 * _THUMB_PX, 4 * _THUMB_PX), pygame.SRCALPHA)
    large.fill((255, 255, 255, 0))
    pygame.draw.rect(large, (255, 255, 255, 255), large.get_rect(), border_radius=48)
    return pygame.transform.smoothscale(large, (_THUMB_PX, _THUMB_PX))


@cache
def _ground(size: tuple[int, int]) -> pygame.Surface:
    column = pygame.Surface((1, 2))
    for y, colour in enumerate(_GROUND):
        column.set_at((0, y), colour)
    return pygame.transform.smoothscale(column, size)
