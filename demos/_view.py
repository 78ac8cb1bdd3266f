"""Where the cells of a map are in the window: fitted into an area, zoomed with the wheel."""

from __future__ import annotations

from typing import Final

import pygame

from demos._map_picture import ROCK, MapPicture, paint_map
from demos._maps import GridMap

_ZOOM_STEP: Final = 1.25
_MOST_ZOOM: Final = 12.0


class MapView:
    """A map in the window; pixel = origin + cell_px * cell position."""

    def __init__(self, grid_map: GridMap) -> None:
        """Paint the map; takes some hundred milliseconds."""
        self._map = grid_map
        self._picture: MapPicture = paint_map(grid_map)
        self._backdrop = pygame.Surface((1, 1))
        self._is_stale = True
        self._size = (1, 1)  # of the window
        self._area = pygame.Rect(0, 0, 1, 1)  # of it, what the whole map fits into
        self._zoom = 1.0
        self.cell_px = 1.0
        self.origin = (0.0, 0.0)  # of cell (0, 0), its top left corner

    def fit(self, size: tuple[int, int], area: pygame.Rect) -> None:
        """Show the whole map within `area` of a window of that size."""
        self._area = area
        self._zoom = 1.0
        self.cell_px = min(area.width / self._map.width, area.height / self._map.height)
        self.origin = (
            area.centerx - self._map.width * self.cell_px / 2,
            area.centery - self._map.height * self.cell_px / 2,
        )
        self._size = size
        self._is_stale = True

    def handle(self, event: pygame.event.Event) -> None:
        """Zoom with the wheel, move with a button held."""
        if event.type == pygame.MOUSEWHEEL and event.y:
            self._zoom_by(_ZOOM_STEP if event.y > 0 else 1 / _ZOOM_STEP, pygame.mouse.get_pos())
        elif event.type == pygame.MOUSEMOTION and any(event.buttons):
            self.origin = (self.origin[0] + event.rel[0], self.origin[1] + event.rel[1])
            self._is_stale = True

    def _zoom_by(self, factor: float, fixed: tuple[int, int]) -> None:
        """Zoom so that what is under the pixel `fixed` stays there."""
        zoom = self._zoom * factor
        if zoom < 1.0:
            self.fit(self._size, self._area)
        elif zoom <= _MOST_ZOOM:
            self._zoom = zoom
            self._is_stale = True
            self.cell_px *= factor
            left, top = self.origin
            self.origin = (
                fixed[0] + (left - fixed[0]) * factor,
                fixed[1] + (top - fixed[1]) * factor,
            )

    def pixel(self, x: float, y: float) -> tuple[int, int]:
        """Return the pixel in the middle of a cell."""
        left, top = self.origin
        return round(left + (x + 0.5) * self.cell_px), round(top + (y + 0.5) * self.cell_px)

    def cell_at(self, pixel: tuple[int, int]) -> tuple[int, int]:
        """Return the cell under a pixel, be it on the map or beside it."""
        left, top = self.origin
        return int((pixel[0] - left) // self.cell_px), int((pixel[1] - top) // self.cell_px)

    def picture(self) -> pygame.Surface:
        """Return what the window sees of the map; another one when that has changed."""
        if self._is_stale:
            self._paint()
        return self._backdrop

    def draw(self, screen: pygame.Surface) -> None:
        screen.blit(self.picture(), (0, 0))

    def _paint(self) -> None:
        """Scale what the window sees of the picture, once for all frames to come."""
        self._is_stale = False
        size, picture = self._size, self._picture
        scale = self.cell_px / picture.cell_px
        left = self.origin[0] - picture.origin_px * scale
        top = self.origin[1] - picture.origin_px * scale
        window = pygame.Rect(
            int(-left / scale),
            int(-top / scale),
            int(size[0] / scale) + 2,
            int(size[1] / scale) + 2,
        )
        seen = window.clip(picture.surface.get_rect())
        self._backdrop = pygame.Surface(size).convert()
        self._backdrop.fill(ROCK)
        if seen.width and seen.height:
            scaled = (round(seen.width * scale), round(seen.height * scale))
            part = pygame.transform.smoothscale(picture.surface.subsurface(seen), scaled)
            self._backdrop.fill(_darkest_corner(part))
            self._backdrop.blit(part, (round(left + seen.x * scale), round(top + seen.y * scale)))


def _darkest_corner(part: pygame.Surface) -> pygame.Color:
    """Return the colour that the rock has after scaling, which darkens it by a shade."""
    right, bottom = part.get_width() - 1, part.get_height() - 1
    corners = [part.get_at(corner) for corner in ((0, 0), (right, 0), (0, bottom), (right, bottom))]
    return min(corners, key=lambda colour: colour.r + colour.g + colour.b)
