"""Maps that change: every held version can be had again, whole or by its changes."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from engine_tasks.workers.pathfinding.grid_map import GridMap
from engine_tasks.workers.pathfinding.versions import RECENT_CELLS, VersionedMap

WIDTH, HEIGHT = 7, 5
CELLS = st.tuples(st.integers(0, WIDTH - 1), st.integers(0, HEIGHT - 1))
EDITS = st.dictionaries(CELLS, st.integers(0, 255), max_size=9)


def _map(side: int | None = None) -> VersionedMap:
    width, height = (side, side) if side else (WIDTH, HEIGHT)
    return VersionedMap("m", "key", GridMap(width, height, b"\1" * (width * height)), 1)


def _content(map_: VersionedMap, version: int) -> bytes:
    content: Any = map_.content(version)
    cells: bytes = content["map"]["cells"]
    return cells


def _applied(cells: bytes, brought: dict[str, Any], have: int) -> tuple[bytes, int]:
    """Apply what a request brings along as an instance does that has the version `have`."""
    if not brought:
        return cells, have
    edits, now = brought["edits"], bytearray(cells)
    place = 0
    for version, count in enumerate(edits["counts"], edits["after"] + 1):
        if version > have:
            assert version == have + 1
            have = version
            for at in range(place, place + count):
                now[edits["cells"][at]] = edits["costs"][at]
        place += count
    return bytes(now), have


@settings(deadline=None)
@given(st.lists(st.tuples(EDITS, st.booleans(), st.booleans()), max_size=40))
def test_what_is_held_can_be_had_again(steps: list[tuple[dict[Any, int], bool, bool]]) -> None:
    map_ = _map()
    model = {1: _content(map_, 1)}
    held: list[int] = []
    for edits, hold, release in steps:
        if hold:
            held.append(map_.hold())
        before = model[map_.version]
        version = map_.change(edits)
        expected = bytearray(before)
        for (x, y), cost in edits.items():
            expected[y * WIDTH + x] = cost
        model[version] = bytes(expected)
        if release and held:
            map_.release(held.pop(0))
        for kept in {*held, map_.version}:
            assert _content(map_, kept) == model[kept]
            recent: Any = map_.recent_edits(kept)
            if recent and recent["edits"]["after"] in model:
                after = recent["edits"]["after"]
                assert _applied(model[after], recent, after) == (model[kept], kept)
            for have in range(1, kept):
                between = map_.edits_between(have, kept)
                if between is not None:
                    assert _applied(model[have], between, have) == (model[kept], kept)


def test_changes_are_let_go_of_once_nobody_needs_them() -> None:
    map_ = _map(40)
    held = map_.hold()
    for number in range(1000):
        map_.change({(number % 40, number // 40): 9})
    assert _content(map_, held) == b"\1" * 1600
    map_.release(held)
    assert len(map_._changes) <= RECENT_CELLS
    recent: Any = map_.recent_edits(map_.version)
    assert 0 < len(recent["edits"]["cells"]) <= RECENT_CELLS


def test_where_the_changes_are_more_than_the_map_the_map_is_sent() -> None:
    map_ = _map(40)
    map_.hold()
    map_.change({(0, 0): 2})
    assert map_.edits_between(1, 2) is not None
    map_.change({(x, y): 3 for x in range(40) for y in range(40)})
    assert map_.edits_between(1, 3) is None
    assert map_.edits_between(3, 3) is None
    assert map_.edits_between(4, 3) is None


def test_a_cell_outside_costs_none() -> None:
    map_ = _map()
    assert [map_.cost(cell) for cell in ((0, 0), (6, 4), (7, 0), (0, 5), (-1, 0))] == [
        *(1, 1),
        *(None, None, None),
    ]


def test_a_version_stays_held_until_each_holder_releases_it() -> None:
    map_ = _map()
    map_.hold()
    map_.hold()
    map_.change({(0, 0): 5})
    map_.release(1)
    assert _content(map_, 1)[0] == 1
    map_.release(1)
    assert not map_._held
