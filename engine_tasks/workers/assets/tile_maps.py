"""Tiled maps as a game has them: layers of tiles and of objects, and the sets they are of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, Literal, Self

import attrs

#: Bits of a gid that say how its tile is turned; the rest is its number.
FLIPPED_HORIZONTALLY: Final = 1 << 31
FLIPPED_VERTICALLY: Final = 1 << 30
FLIPPED_DIAGONALLY: Final = 1 << 29
GID_MASK: Final = (1 << 28) - 1

Properties = Mapping[str, Any]
Point = tuple[float, float]


def _point(pair: Sequence[float]) -> Point:
    return pair[0], pair[1]


def _points(pairs: Sequence[Sequence[float]]) -> tuple[Point, ...]:
    return tuple(map(_point, pairs))


@attrs.frozen(kw_only=True)
class MapObject:
    """An object of a map; positions and sizes in pixels, `rotation` in degrees clockwise."""

    id: int
    name: str
    class_name: str
    shape: Literal["rectangle", "ellipse", "point", "polygon", "polyline", "text", "tile"]
    position: Point = attrs.field(converter=_point)
    size: Point = attrs.field(converter=_point)
    rotation: float
    visible: bool
    gid: int | None
    """The tile that it shows, turned as the bits above say."""
    text: str | None
    points: Sequence[Point] = attrs.field(converter=_points)
    """Of a polygon or a polyline, relative to its position."""
    properties: Properties


@attrs.frozen(kw_only=True)
class TileBlock:
    """A rectangle of tiles; `gids` row by row, 0 where there is no tile."""

    x: int
    y: int
    width: int
    height: int
    gids: Sequence[int]


@attrs.frozen(kw_only=True)
class MapLayer:
    """A layer: of tiles, of objects, an image, or a group of layers."""

    kind: Literal["tiles", "objects", "image", "group"]
    name: str
    class_name: str
    visible: bool
    opacity: float
    offset: Point = attrs.field(converter=_point)
    parallax: Point = attrs.field(converter=_point)
    properties: Properties
    blocks: Sequence[TileBlock] = ()
    """One as large as the map; in an infinite map many."""
    objects: Sequence[MapObject] = ()
    image: str | None = None
    layers: Sequence[MapLayer] = ()

    def gid_at(self, x: int, y: int) -> int:
        """The gid of the tile in column `x` and row `y`; 0 where there is none."""
        for block in self.blocks:
            column, row = x - block.x, y - block.y
            if 0 <= column < block.width and 0 <= row < block.height:
                return block.gids[row * block.width + column]
        return 0

    @classmethod
    def of(cls, plain: dict[str, Any]) -> Self:
        """Of what the worker sent."""
        blocks = tuple(TileBlock(**each) for each in plain.pop("blocks", ()))
        objects = tuple(MapObject(**each) for each in plain.pop("objects", ()))
        layers = tuple(cls.of(each) for each in plain.pop("layers", ()))
        return cls(blocks=blocks, objects=objects, layers=layers, **plain)


@attrs.frozen(kw_only=True)
class TileSet:
    """Tiles of a map: those from `first_gid` on. Sizes in pixels.

    `image` is a path that the same `Loader` takes; None where each tile has one of its own.
    """

    first_gid: int
    name: str
    tile_width: int
    tile_height: int
    tile_count: int
    columns: int
    spacing: int
    margin: int
    image: str | None
    properties: Properties
    tiles: Mapping[int, Mapping[str, Any]]
    """By their number in the set, what some have of their own: `class_name`, `image`,
    `properties`, and `animation`, of which each step is a tile's number and seconds."""


@attrs.frozen(kw_only=True)
class TiledMap:
    """A map; its size in tiles, that of its tiles in pixels."""

    width: int
    height: int
    tile_width: int
    tile_height: int
    orientation: str
    render_order: str
    infinite: bool
    background: Sequence[int] | None
    """Red, green, blue and alpha, from 0 to 255."""
    class_name: str
    properties: Properties
    layers: Sequence[MapLayer]
    tile_sets: Sequence[TileSet]

    @classmethod
    def of(cls, plain: dict[str, Any]) -> Self:
        """Of what the worker sent."""
        layers = tuple(map(MapLayer.of, plain.pop("layers")))
        tile_sets = tuple(TileSet(**each) for each in plain.pop("tile_sets"))
        return cls(layers=layers, tile_sets=tile_sets, **plain)

    def layer(self, name: str) -> MapLayer | None:
        """The first layer of that name, those within groups included."""
        pending = list(self.layers)
        while pending:
            each = pending.pop(0)
            if each.name == name:
                return each
            pending[:0] = each.layers
        return None

    def tile_set_of(self, gid: int) -> TileSet | None:
        """The set that a gid's tile is of; None for 0."""
        number = gid & GID_MASK
        fitting = [each for each in self.tile_sets if 0 < each.first_gid <= number]
        return max(fitting, key=lambda each: each.first_gid, default=None)
