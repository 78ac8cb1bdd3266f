"""Loads files in child processes, and hands the game what is to be finished on its thread.

    from engine_tasks.workers import assets

    worker_id = assets.start(queue, 2)
    loader = assets.Loader(queue, worker_id)
    loader.image("hero.png", on_loaded=show)      # `queue.pump` calls `show`

The names are imported when they are first used: the child imports this package too, and must
be ready in milliseconds. `docs/assets.md` has the rest.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Final

    from engine_tasks.workers.assets.asset import Asset, AssetError
    from engine_tasks.workers.assets.batch import Batch
    from engine_tasks.workers.assets.kinds import AssetKind, AssetProblem, kind_of
    from engine_tasks.workers.assets.loader import AssetLimits, Loader
    from engine_tasks.workers.assets.starting import OPTIONS, start
    from engine_tasks.workers.assets.tile_maps import MapLayer, MapObject, TiledMap, TileSet
    from engine_tasks.workers.assets.values import Image, Sound

_HOMES: Final = {
    "OPTIONS": "starting",
    "Asset": "asset",
    "AssetError": "asset",
    "AssetKind": "kinds",
    "AssetLimits": "loader",
    "AssetProblem": "kinds",
    "Batch": "batch",
    "Image": "values",
    "Loader": "loader",
    "MapLayer": "tile_maps",
    "MapObject": "tile_maps",
    "Sound": "values",
    "TileSet": "tile_maps",
    "TiledMap": "tile_maps",
    "kind_of": "kinds",
    "start": "starting",
}

__all__ = [
    "OPTIONS",
    "Asset",
    "AssetError",
    "AssetKind",
    "AssetLimits",
    "AssetProblem",
    "Batch",
    "Image",
    "Loader",
    "MapLayer",
    "MapObject",
    "Sound",
    "TileSet",
    "TiledMap",
    "kind_of",
    "start",
]


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import importlib  # noqa: PLC0415 - for who uses a name; a child does not

    value = getattr(importlib.import_module(f"{__name__}.{home}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
