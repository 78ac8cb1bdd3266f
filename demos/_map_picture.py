"""Paints a grid map: rounded rock with contour lines that casts a soft shadow on the floor.

Everything comes from one trick: a picture with a pixel a cell, enlarged smoothly, is a height
field; cutting it at a threshold gives a rounded outline, at several of them contour lines.
"""

from __future__ import annotations

from typing import Final

import pygame
from attrs import frozen

from demos._maps import GridMap

Colour = tuple[int, int, int]

FLOOR: Final[Colour] = (52, 60, 75)
ROCK: Final[Colour] = (17, 21, 28)  # also what lies beyond the map
_ROCK_BANDS: Final[tuple[Colour, ...]] = ((29, 35, 46), (25, 30, 40), (21, 25, 33), ROCK)
_EDGE: Final[Colour] = (98, 114, 138)
_SHADOW: Final = (8, 10, 16, 120)

#: The height at which the floor ends; at half of 255 outlines would follow the cells exactly,
#: a little lower lone pillars keep their size.
_OUTLINE: Final = 116

#: Width of the bright edge around rock in pixels of the picture.
_EDGE_PX: Final = 2.2

#: Cells of rock painted around the map, so that its outermost contours close.
_MARGIN: Final = 4

#: The longer side of the picture in pixels: sharp when zoomed in, ready in half a second.
_LONGEST_PX: Final = 2200


@frozen
class MapPicture:
    """A painted map; cell (x, y) covers `cell_px` pixels from `origin_px + cell_px * (x, y)`."""

    surface: pygame.Surface
    cell_px: int
    origin_px: int


def paint_map(grid_map: GridMap) -> MapPicture:
    """Paint the map with a margin of rock around it; takes some hundred milliseconds."""
    columns, rows = grid_map.width + 2 * _MARGIN, grid_map.height + 2 * _MARGIN
    cell_px = max(3, min(24, _LONGEST_PX // max(columns, rows)))
    walls = _walls(grid_map, columns, rows)
    heights = _enlarged(walls, cell_px)
    size = heights.get_size()
    picture = pygame.Surface(size)
    picture.fill(FLOOR)

    rock = pygame.mask.from_surface(heights, _OUTLINE)
    _cast_shadow(picture, rock, cell_px)
    edge = pygame.mask.from_surface(heights, max(24, _OUTLINE - round(255 * _EDGE_PX / cell_px)))
    picture.blit(edge.to_surface(setcolor=_EDGE, unsetcolor=None), (0, 0))
    blurred = _enlarged(_blurred(walls), cell_px)
    for threshold, colour in zip((0, 190, 226, 244), _ROCK_BANDS, strict=True):
        band = rock.overlap_mask(pygame.mask.from_surface(blurred, threshold), (0, 0))
        picture.blit(band.to_surface(setcolor=colour, unsetcolor=None), (0, 0))
    return MapPicture(picture, cell_px, round((_MARGIN - 0.5) * cell_px))


def _walls(grid_map: GridMap, columns: int, rows: int) -> pygame.Surface:
    """Return a pixel a cell, opaque for walls, with the margin of rock around."""
    solid, clear = b"\xff\xff\xff\xff", b"\xff\xff\xff\x00"
    pixels = grid_map.cells.encode().replace(b"@", solid).replace(b".", clear)
    inner = pygame.image.frombuffer(pixels, (grid_map.width, grid_map.height), "RGBA")
    walls = pygame.Surface((columns, rows), pygame.SRCALPHA)
    walls.fill((255, 255, 255, 255))
    walls.fill((0, 0, 0, 0), inner.get_rect(topleft=(_MARGIN, _MARGIN)))
    walls.blit(inner, (_MARGIN, _MARGIN), special_flags=pygame.BLEND_RGBA_ADD)
    return walls


def _enlarged(walls: pygame.Surface, cell_px: int) -> pygame.Surface:
    """Enlarge so that the centre of cell i comes to lie at pixel i * cell_px.

    smoothscale maps the first pixel to the first and the last to the last, hence the minus one.
    """
    columns, rows = walls.get_size()
    return pygame.transform.smoothscale(walls, ((columns - 1) * cell_px, (rows - 1) * cell_px))


def _blurred(walls: pygame.Surface) -> pygame.Surface:
    """Average each cell with its surroundings, some two cells wide, at the same size."""
    blurred = walls.copy()
    for shift in (1, 2, 1):
        total = blurred.copy()
        total.fill((255, 255, 255, 0))
        for dx, dy in ((shift, 0), (-shift, 0), (0, shift), (0, -shift)):
            quarter = blurred.copy()
            quarter.scroll(dx, dy)  # what it uncovers keeps its pixels
            quarter.fill((255, 255, 255, 64), special_flags=pygame.BLEND_RGBA_MULT)
            total.blit(quarter, (0, 0), special_flags=pygame.BLEND_RGBA_ADD)
        blurred = total
    return blurred


def _cast_shadow(picture: pygame.Surface, rock: pygame.mask.Mask, cell_px: int) -> None:
    """Darken the floor to the south-east of the rock, softly."""
    shadow = rock.to_surface(setcolor=_SHADOW, unsetcolor=(*_SHADOW[:3], 0))
    width, height = shadow.get_size()
    small = pygame.transform.smoothscale(shadow, (width // cell_px * 2, height // cell_px * 2))
    soft = pygame.transform.smoothscale(small, (width, height))
    picture.blit(soft, (round(0.25 * cell_px), round(0.4 * cell_px)))
