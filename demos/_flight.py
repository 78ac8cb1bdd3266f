"""Draws a flight over a map of tiles: the land, what is missing of it, the plane, a small map."""

from __future__ import annotations

from collections import deque
from functools import cache
from itertools import pairwise
from math import cos, degrees, isqrt, sin
from typing import Final

import pygame
from attrs import define, field

from demos._tiles import TILE, Area, Tile, TileField, TileState, tile_range
from engine_tasks.pygame_tools.drawing import MUTED, TEXT, Colour, card, draw_text
from engine_tasks.pygame_tools.hud import WIDTH_PX

#: What a tile is tinted with until it is there, and for a moment after.
TINTS: Final[dict[TileState, Colour]] = {
    TileState.QUEUED: (70, 104, 168),
    TileState.RUNNING: (246, 189, 96),
    TileState.READY: (94, 201, 182),
    TileState.CANCELLED: (232, 92, 92),
    TileState.FAILED: (168, 60, 140),
}
_UNKNOWN: Final[Colour] = (17, 21, 30)

#: Seconds for which a painted tile fades in, and a cancelled one out.
_FADE_S: Final = 0.35
_OUT_S: Final = 0.7

#: Steps of a fade.
_LEVELS: Final = 8

_TRAIL_POINTS: Final = 70

#: Tiles across and down in the small map, and its pixels a tile.
_MAP_PX: Final = 4
_MAP_TILES: Final = ((WIDTH_PX - 28) // _MAP_PX, 48)  # as wide as the HUD above it


@define
class FlightView:
    """The window onto the map; `area` is what it shows, in points."""

    zoom_px: int = TILE  # pixels a tile
    centre_px: tuple[int, int] = (640, 360)  # where the plane is
    size_px: tuple[int, int] = (1280, 720)
    _trail: deque[tuple[float, float]] = field(factory=lambda: deque(maxlen=_TRAIL_POINTS))
    _map_card: pygame.Surface = field(factory=lambda: pygame.Surface((0, 0)))
    _plane: pygame.Surface = field(factory=lambda: _draw_plane((240, 244, 250)))
    _shadow: pygame.Surface = field(factory=lambda: _draw_plane((0, 0, 0)))

    @property
    def scale(self) -> float:
        """Pixels a point."""
        return self.zoom_px / TILE

    def area(self, x: float, y: float) -> Area:
        """What is in view with the plane at (x, y)."""
        left, top = x - self.centre_px[0] / self.scale, y - self.centre_px[1] / self.scale
        return left, top, left + self.size_px[0] / self.scale, top + self.size_px[1] / self.scale

    def remember(self, x: float, y: float) -> None:
        """Let the plane leave a trail."""
        self._trail.append((x, y))

    def draw_land(self, screen: pygame.Surface, field_: TileField, x: float, y: float) -> None:
        """Draw the tiles in view, with their tints."""
        screen.fill(_UNKNOWN)
        view = self.area(x, y)
        left, top, right, bottom = tile_range(view)
        for row in range(top, bottom):
            y_px = round((row * TILE - view[1]) * self.scale)
            for column in range(left, right):
                x_px = round((column * TILE - view[0]) * self.scale)
                tile = field_.tiles.get((column, row))
                self._draw_tile(screen, tile, (x_px, y_px), field_.time_s)

    def _draw_tile(
        self, screen: pygame.Surface, tile: Tile | None, at: tuple[int, int], now_s: float
    ) -> None:
        if tile is None:
            return
        age_s = now_s - tile.changed_s
        if tile.state is not TileState.READY:
            is_gone = tile.state is TileState.CANCELLED
            share = max(0.0, 1 - age_s / _OUT_S) if is_gone else 1.0
            screen.blit(_tinted(self.zoom_px, tile.state, round(_LEVELS * share)), at)
            return
        picture, share = self._picture(tile), age_s / _FADE_S
        if share < 1.0:
            screen.blit(_tinted(self.zoom_px, TileState.RUNNING, _LEVELS), at)
            picture.set_alpha(round(255 * share))
            screen.blit(picture, at)
            picture.set_alpha(None)
        else:
            screen.blit(picture, at)

    def _picture(self, tile: Tile) -> pygame.Surface:
        """What is drawn of a tile; made once for a zoom."""
        picture: pygame.Surface | None = tile.picture
        if picture is None or picture.get_width() != self.zoom_px:
            side = isqrt(len(tile.pixels) // 3)
            raw = pygame.image.frombuffer(tile.pixels, (side, side), "RGB")
            size = (self.zoom_px, self.zoom_px)
            scaled = raw if self.zoom_px == side else pygame.transform.smoothscale(raw, size)
            tile.picture = picture = scaled.convert()
        return picture

    def draw_plane(self, screen: pygame.Surface, x: float, y: float, heading: float) -> None:
        """Draw the plane at (x, y) with its trail and its shadow."""
        left, top, _, _ = self.area(x, y)
        self._draw_trail(screen, left, top)
        angle, at = -degrees(heading), self.centre_px
        shadow = pygame.transform.rotozoom(self._shadow, angle, 0.30)
        shadow.set_alpha(90)
        screen.blit(shadow, shadow.get_rect(center=(at[0] + 16, at[1] + 22)))
        plane = pygame.transform.rotozoom(self._plane, angle, 0.34)
        screen.blit(plane, plane.get_rect(center=at))

    def _draw_trail(self, screen: pygame.Surface, left: float, top: float) -> None:
        """Draw where the plane came from, brighter than the land below, ever less so."""
        points = [((x - left) * self.scale, (y - top) * self.scale) for x, y in self._trail]
        inside = screen.get_rect()
        for i, (start, end) in enumerate(pairwise(points)):
            if inside.collidepoint(end):
                below = screen.get_at((int(end[0]), int(end[1])))
                share = 0.6 * i / len(points)
                colour = _mixed((below.r, below.g, below.b), (255, 255, 255), share)
                pygame.draw.line(screen, colour, start, end, 2)

    def draw_map(self, screen: pygame.Surface, right: int, bottom: int) -> None:
        """Draw the small map as it was last painted, with that lower right corner."""
        area = self._map_card.get_rect()
        area.bottomright = right, bottom
        screen.blit(self._map_card, area)

    def paint_map(self, field_: TileField, x: float, y: float, heading: float) -> None:
        """Paint the small map: all tiles there are, a few pixels each, and their tally."""
        width, height = _MAP_TILES[0] * _MAP_PX, _MAP_TILES[1] * _MAP_PX
        self._map_card = card((WIDTH_PX, height + 78))
        inner = pygame.Rect(14, 34, width, height)
        draw_text(self._map_card, "TILES AROUND THE PLANE", (14, 12), 11, MUTED, bold=True)
        left, top = int(x // TILE) - _MAP_TILES[0] // 2, int(y // TILE) - _MAP_TILES[1] // 2
        small = pygame.Surface(_MAP_TILES, 0, self._map_card)
        small.fill((28, 34, 46))
        for (column, row), tile in field_.tiles.items():
            small.set_at((column - left, row - top), _map_colour(tile, field_.time_s))
        self._map_card.blit(pygame.transform.scale(small, inner.size), inner)
        self._draw_frame(self._map_card, inner, (left, top), (x, y, heading))
        _draw_tally(self._map_card, field_, (inner.left, inner.bottom + 10))

    def _draw_frame(
        self,
        screen: pygame.Surface,
        inner: pygame.Rect,
        origin: tuple[int, int],
        position: tuple[float, float, float],
    ) -> None:
        """Draw what the window shows, and where the plane heads."""
        x, y, heading = position

        def place(at_x: float, at_y: float) -> tuple[float, float]:
            return (
                inner.left + (at_x / TILE - origin[0]) * _MAP_PX,
                inner.top + (at_y / TILE - origin[1]) * _MAP_PX,
            )

        view = self.area(x, y)
        corner, opposite = place(view[0], view[1]), place(view[2], view[3])
        size = (opposite[0] - corner[0], opposite[1] - corner[1])
        pygame.draw.rect(screen, TEXT, pygame.Rect(corner, size), 1)
        at = place(x, y)
        tip = (at[0] + 14 * cos(heading), at[1] + 14 * sin(heading))
        pygame.draw.aaline(screen, TEXT, at, tip)
        pygame.draw.circle(screen, TEXT, at, 3)


@cache
def _tinted(side_px: int, state: TileState, level: int) -> pygame.Surface:
    """A square in the colour of a state, with an edge; at level 0 as if nothing was there."""
    square = pygame.Surface((side_px, side_px))
    share = level / _LEVELS
    square.fill(_mixed(_UNKNOWN, TINTS[state], 0.45 * share))
    inside = square.get_rect().inflate(-2, -2)
    square.fill(_mixed(_UNKNOWN, TINTS[state], 0.3 * share), inside)
    return square.convert()


def _map_colour(tile: Tile, now_s: float) -> Colour:
    tint = TINTS[tile.state]
    if tile.state is TileState.READY:
        share = (now_s - tile.changed_s) / _FADE_S
        return tile.tone if share >= 1 else _mixed(tint, tile.tone, share)
    if tile.state is TileState.CANCELLED:
        return _mixed(tint, (28, 34, 46), min(1.0, (now_s - tile.changed_s) / _OUT_S))
    return tint


def _draw_tally(screen: pygame.Surface, field_: TileField, at: tuple[int, int]) -> None:
    """Draw the legend of tints, with how many tiles there are of each."""
    tally, x = field_.tally(), at[0]
    for state in (TileState.QUEUED, TileState.RUNNING, TileState.READY, TileState.CANCELLED):
        screen.fill(TINTS[state], (x, at[1] + 3, 9, 9))
        draw_text(screen, state.value, (x + 13, at[1]), 11, MUTED)
        draw_text(screen, f"{tally[state]:,}", (x + 13, at[1] + 13), 11, TEXT)
        x += _MAP_TILES[0] * _MAP_PX // 4


def _mixed(colour: Colour, other: Colour, share: float) -> Colour:
    red, green, blue = (round(a + share * (b - a)) for a, b in zip(colour, other, strict=True))
    return red, green, blue


def _draw_plane(colour: Colour) -> pygame.Surface:
    """Draw a plane that flies to the right, three times as large as it is shown."""
    image = pygame.Surface((160, 160), pygame.SRCALPHA)
    body = [(152, 80), (138, 73), (30, 72), (18, 80), (30, 88), (138, 87)]
    wings = [(96, 76), (58, 8), (42, 8), (62, 80), (42, 152), (58, 152), (96, 84)]
    tail = [(36, 78), (18, 52), (8, 52), (20, 80), (8, 108), (18, 108), (36, 82)]
    for points in (wings, tail, body):
        pygame.draw.polygon(image, colour, points)
    if any(colour):
        pygame.draw.polygon(image, (214, 92, 82), [(58, 8), (42, 8), (46, 26), (68, 26)])
        pygame.draw.polygon(image, (214, 92, 82), [(58, 152), (42, 152), (46, 134), (68, 134)])
        pygame.draw.ellipse(image, (60, 74, 98), (112, 75, 20, 10))
    return image
