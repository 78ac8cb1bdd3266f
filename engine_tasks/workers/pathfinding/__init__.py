"""Paths and flow fields on grid maps, found by a Lua worker: `start` it, ask a `client`."""

from __future__ import annotations

from engine_tasks.workers.pathfinding.answers import (
    FlowField,
    MapId,
    Path,
    PathError,
    PathErrorKind,
)
from engine_tasks.workers.pathfinding.client import PathClient, client
from engine_tasks.workers.pathfinding.grid_map import (
    MAX_CELLS,
    Cell,
    GridMap,
    MapFormatError,
    parse_map,
    read_map,
)
from engine_tasks.workers.pathfinding.starting import start
from engine_tasks.workers.pathfinding.tasks import MapTask

__all__ = [
    "MAX_CELLS",
    "Cell",
    "FlowField",
    "GridMap",
    "MapFormatError",
    "MapId",
    "MapTask",
    "Path",
    "PathClient",
    "PathError",
    "PathErrorKind",
    "client",
    "parse_map",
    "read_map",
    "start",
]
