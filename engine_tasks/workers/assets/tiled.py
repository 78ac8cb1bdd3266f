"""Reads a Tiled map to plain values, by pytiled_parser. Runs where the worker does."""

from __future__ import annotations

import array
import os
from pathlib import Path

from engine_tasks.workers.assets.documents import within
from engine_tasks.workers.assets.kinds import AssetProblem, FileProblem, needs
from engine_tasks.workers.assets.tiled_sources import MapSources

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType
    from typing import Any

    from engine_tasks.workers.assets.kinds import Request

#: pytiled_parser's classes, and what a layer or an object is called here.
_SHAPES = {
    "Ellipse": "ellipse",
    "Point": "point",
    "Polygon": "polygon",
    "Polyline": "polyline",
    "Text": "text",
    "Tile": "tile",
}


def decode_tiled(path: str, content: bytearray, request: Request) -> object:
    """The map, as `tile_maps` makes a `TiledMap` of it. Raises `FileProblem`, and `OSError`."""
    parser = _parser()
    MapSources(request).check(path, content)
    try:
        plain = _Plain(path, request["root"]).of_map(parser.parse_map(Path(path)))
    except OSError:
        raise
    except KeyError as error:
        reason = f"lacks {error}: save it again with a newer Tiled"
        raise FileProblem(AssetProblem.BROKEN, reason) from error
    except Exception as error:  # the library checks little of what it reads
        raise FileProblem(AssetProblem.BROKEN, f"is a broken Tiled map: {error}") from error
    return within(plain, request["values"])


def _parser() -> ModuleType:
    try:
        import pytiled_parser  # noqa: PLC0415 - 90 ms, for a child that loads maps
    except ImportError as error:
        raise needs("pytiled-parser", "a Tiled map") from error
    return pytiled_parser


class _Plain:
    """Makes plain values of the library's; paths as the game's loader takes them."""

    def __init__(self, path: str, root: str | None) -> None:
        self._folder = os.path.dirname(path)  # noqa: PTH120 - as in `kinds`
        self._root = None if root is None else os.path.realpath(root)

    def of_map(self, found: Any) -> dict[str, object]:
        return {
            "width": int(found.map_size.width),
            "height": int(found.map_size.height),
            "tile_width": int(found.tile_size.width),
            "tile_height": int(found.tile_size.height),
            "orientation": found.orientation,
            "render_order": found.render_order,
            "infinite": bool(found.infinite),
            "background": _colour(found.background_color),
            "class_name": found.class_ or "",
            "properties": self._properties(found.properties),
            "layers": [self._layer(layer) for layer in found.layers],
            "tile_sets": [self._tile_set(first, each) for first, each in found.tilesets.items()],
        }

    def _layer(self, layer: Any) -> dict[str, object]:
        plain: dict[str, object] = {
            "name": layer.name,
            "class_name": layer.class_ or "",
            "visible": bool(layer.visible),
            "opacity": float(layer.opacity),
            "offset": _pair(layer.offset),
            "parallax": _pair(layer.parallax_factor),
            "properties": self._properties(layer.properties),
        }
        match type(layer).__name__:
            case "TileLayer":
                return {"kind": "tiles", **plain, "blocks": _blocks(layer)}
            case "ObjectLayer":
                objects = [self._object(each) for each in layer.tiled_objects]
                return {"kind": "objects", **plain, "objects": objects}
            case "ImageLayer":
                return {"kind": "image", **plain, "image": self._path(layer.image)}
            case _:
                layers = [self._layer(each) for each in layer.layers or ()]
                return {"kind": "group", **plain, "layers": layers}

    def _object(self, each: Any) -> dict[str, object]:
        return {
            "id": each.id,
            "name": each.name or "",
            "class_name": each.class_ or "",
            "shape": _SHAPES.get(type(each).__name__, "rectangle"),
            "position": _pair(each.coordinates),
            "size": _pair(each.size),
            "rotation": float(each.rotation),
            "visible": bool(each.visible),
            "gid": getattr(each, "gid", None),
            "text": getattr(each, "text", None),
            "points": [_pair(point) for point in getattr(each, "points", ())],
            "properties": self._properties(each.properties),
        }

    def _tile_set(self, first_gid: int, each: Any) -> dict[str, object]:
        return {
            "first_gid": int(first_gid),
            "name": each.name,
            "tile_width": each.tile_width,
            "tile_height": each.tile_height,
            "tile_count": each.tile_count,
            "columns": each.columns,
            "spacing": each.spacing,
            "margin": each.margin,
            "image": self._path(each.image),
            "properties": self._properties(each.properties),
            "tiles": {
                int(number): {
                    "class_name": tile.class_ or "",
                    "image": self._path(tile.image),
                    "properties": self._properties(tile.properties),
                    "animation": [[f.tile_id, f.duration / 1000] for f in tile.animation or ()],
                }
                for number, tile in (each.tiles or {}).items()
            },
        }

    def _path(self, image: Path | None) -> str | None:
        """Relative to the root where there is one: what a `Loader` with that root takes."""
        if image is None:
            return None
        path = os.path.normpath(os.path.join(self._folder, image))  # noqa: PTH118
        if self._root is None:
            return path
        return os.path.relpath(os.path.realpath(path), self._root).replace(os.sep, "/")

    def _properties(self, properties: dict[str, Any] | None) -> dict[str, object]:
        return {name: _property(value) for name, value in (properties or {}).items()}


def _blocks(layer: Any) -> list[dict[str, object]]:
    """The tiles of a layer in rectangles: one for all, or many in an infinite map."""
    if layer.chunks is None:
        width, height = int(layer.size.width), int(layer.size.height)
        return [_block((0, 0), (width, height), layer.data or [])]
    return [_block(each.coordinates, each.size, each.data) for each in layer.chunks]


def _block(
    place: tuple[float, float], size: tuple[float, float], rows: list[list[int]]
) -> dict[str, object]:
    gids = array.array("I")
    for row in rows:
        gids.extend(row)
    numbers = zip(("x", "y", "width", "height"), (*place, *size), strict=True)
    return {**{name: int(number) for name, number in numbers}, "gids": gids}


def _pair(pair: Any) -> list[float]:
    return [float(pair[0]), float(pair[1])]


def _colour(colour: Any) -> list[int] | None:
    return None if colour is None else [int(level) for level in colour]


def _property(value: Any) -> object:
    if isinstance(value, tuple):  # a colour
        return _colour(value)
    return str(value) if isinstance(value, Path) else value
