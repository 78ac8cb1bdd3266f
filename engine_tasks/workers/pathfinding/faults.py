"""What can be said against a request before it is sent: map, cell, and what to do."""

from __future__ import annotations

from operator import index
from typing import Any

from engine_tasks.errors import PayloadError
from engine_tasks.workers.pathfinding.answers import MapId, PathError, PathErrorKind
from engine_tasks.workers.pathfinding.grid_map import Cell
from engine_tasks.workers.pathfinding.versions import VersionedMap


def as_cell(name: str, cell: Any) -> Cell:
    """A cell of whole numbers, NumPy's among them, as two ints. Raises `TypeError`."""
    try:
        x, y = cell
        return index(x), index(y)
    except (TypeError, ValueError):
        raise TypeError(f"{name} is a cell (x, y) of two whole numbers, not {cell!r}") from None


def unknown(map_id: MapId) -> PathError:
    message = f"map {map_id!r} is not loaded: call load_map({map_id!r}, …) first"
    return PathError(PathErrorKind.UNKNOWN_MAP, message, map_id)


def outside(found: VersionedMap, name: str, cell: Cell) -> PathError:
    reason = (
        f"{name} {cell} is outside: x goes from 0 to {found.width - 1}, "
        f"y from 0 to {found.height - 1}"
    )
    return _about(found, found.version, PathErrorKind.OUTSIDE, reason, cell)


def blocked(found: VersionedMap, name: str, cell: Cell) -> PathError:
    reason = f"{name} {cell} is blocked: choose a free cell, or free it with edit"
    return _about(found, found.version, PathErrorKind.BLOCKED, reason, cell)


def no_way(found: VersionedMap, version: int, start: Cell, goal: Cell) -> PathError:
    reason = f"no way from {start} to {goal}: open a passage, or choose another goal"
    return _about(found, version, PathErrorKind.NO_WAY, reason, goal)


def no_reply(found: VersionedMap, error: PayloadError) -> PathError:
    message = f"map {found.map_id!r}: is this a pathfinding worker? It answered: {error}"
    return PathError(PathErrorKind.FAILED, message, found.map_id)


def fault_of(found: VersionedMap, name: str, cell: Cell) -> PathError | None:
    """Why nobody can stand on a cell, or None."""
    cost = found.cost(cell)
    if cost is None:
        return outside(found, name, cell)
    return None if cost else blocked(found, name, cell)


def _about(
    found: VersionedMap, version: int, kind: PathErrorKind, reason: str, cell: Cell
) -> PathError:
    message = f"map {found.map_id!r}, version {version}: {reason}"
    return PathError(kind, message, found.map_id, cell)
