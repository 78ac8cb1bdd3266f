"""The pathfinding script on both VMs: as short as SciPy's Dijkstra says, on any map."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator
from math import inf, sqrt
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import ormsgpack
import pytest
from grid_oracle import Oracle, load, map_paths, name_of, oracle_of, with_costs

from engine_tasks.extensions import from_extension
from engine_tasks.lua.script import LuaScript
from engine_tasks.lua.sources import worker_script_path
from engine_tasks.lua.vm import LuaError, LuaVm, available_vms
from engine_tasks.workers.pathfinding import GridMap

Ask = Callable[[dict[str, Any]], Any]

ALL_MAPS = pytest.mark.parametrize("path", map_paths(), ids=name_of)

#: The way from (0, 0) to (3, 2) is along the top, round the corner at (2, 0).
SMALL = {"width": 4, "height": 3, "cells": bytes([1, 1, 1, 1, 0, 0, 1, 1, 0, 0, 1, 1])}

STEPS = ((0, -1), (1, -1), (1, 0), (1, 1), (0, 1), (-1, 1), (-1, 0), (-1, -1))


class ScriptHost:
    """Serves the script's modules, and listens to nothing else."""

    def __init__(self, script: LuaScript) -> None:
        self.module_source = script.module_source

    def log(self, level: str, message: str) -> None: ...

    def progress(self, share: float, note: str) -> None: ...

    def cancelled(self) -> bool:
        return False


@pytest.fixture(params=available_vms(), scope="module")
def vm(request: pytest.FixtureRequest) -> Iterator[LuaVm]:
    script = LuaScript(worker_script_path("pathfinding"))
    made = LuaVm(
        ScriptHost(script),
        worker_id=1,
        worker_name="paths",
        instance=0,
        vm=request.param,
        jit=request.param == "luajit21",
    )
    made.load(script.source, script.chunk_name)
    yield made
    made.close()


@pytest.fixture
def lua(vm: LuaVm) -> Ask:
    """Asks a pathfinder that has forgotten the map "m"."""

    def ask(payload: dict[str, Any]) -> Any:
        return ormsgpack.unpackb(
            vm.run(ormsgpack.packb(payload, default=_carry)), ext_hook=from_extension
        )

    for other in range(8):  # as many as an instance keeps
        ask({"op": "load_map", "map_id": f"other {other}", "version": 1, "map": SMALL})
    return ask


def _carry(value: array[int]) -> ormsgpack.Ext:
    return ormsgpack.Ext(1, value.typecode.encode() + b"\0" + value.tobytes())


def _map(grid: GridMap) -> dict[str, Any]:
    return {"width": grid.width, "height": grid.height, "cells": grid.cells}


def _path(start: Any, goal: Any, **more: Any) -> dict[str, Any]:
    return {"op": "path", "map_id": "m", "start": start, "goal": goal, **more}


def _cells(steps: array[int]) -> list[tuple[int, int]]:
    return list(zip(steps[::2], steps[1::2], strict=True))


def _edits(after: int, *changes: dict[int, int]) -> dict[str, Any]:
    return {
        "after": after,
        "counts": array("I", [len(change) for change in changes]),
        "cells": array("I", [place for change in changes for place in change]),
        "costs": array("B", [cost for change in changes for cost in change.values()]),
    }


@pytest.mark.parametrize(
    ("path", "costs_seed"),
    [(None, 4), *((path, None) for path in map_paths())],
    ids=lambda value: str(value) if isinstance(value, int) else name_of(value),
)
def test_paths_are_walkable_and_as_short_as_dijkstra_says(
    lua: Ask, path: Path | None, costs_seed: int | None
) -> None:
    oracle = oracle_of(path, costs_seed)
    lua({"op": "load_map", "map_id": "m", "map": _map(oracle.grid)})
    for goal in oracle.some_cells(3, "goals"):
        costs = oracle.costs_to([goal])
        for start in oracle.some_cells(6, f"starts to {goal}"):
            answer = lua(_path(start, goal))
            x, y = start
            if costs[y, x] == inf:
                assert answer.get("cost") is None
                assert not answer["steps"]
                continue
            assert answer["cost"] == pytest.approx(costs[y, x], abs=1e-6)
            cells = _cells(answer["steps"])
            assert (cells[0], cells[-1]) == (start, goal)
            assert oracle.cost_of(cells) == pytest.approx(costs[y, x], abs=1e-6)


def test_hundreds_of_small_maps_hold_no_shorter_path(lua: Ask) -> None:
    chance = Random(6)
    for number in range(300):
        width, height, most = chance.randint(2, 24), chance.randint(2, 24), chance.choice((1, 3, 9))
        cells = bytes(chance.choice((0, 1, *range(1, most + 1))) for _ in range(width * height))
        oracle = Oracle(GridMap(width, height, cells))
        free = [(at % width, at // width) for at, cost in enumerate(cells) if cost]
        if len(free) < 2:
            continue
        goal, starts = chance.choice(free), chance.sample(free, min(6, len(free)))
        costs = oracle.costs_to([goal])
        for start in starts:
            answer = lua(_path(start, goal, version=number, map=_map(oracle.grid)))
            expected = costs[start[1], start[0]]
            assert answer.get("cost", inf) == pytest.approx(expected, abs=1e-6)


@ALL_MAPS
def test_a_flow_field_leads_from_everywhere_to_its_nearest_goal(
    lua: Ask, path: Path | None
) -> None:
    oracle = oracle_of(path, 7)
    grid, goals = oracle.grid, oracle.some_cells(3, "flow")
    flat = [number for goal in goals for number in goal]
    request = {"op": "flow", "map_id": "m", "goals": flat, "with_costs": True}
    flow = lua({**request, "map": _map(grid)})
    assert (flow["width"], flow["height"]) == (grid.width, grid.height)
    assert flow["directions"].typecode == "B"
    costs = oracle.costs_to(goals)
    np.testing.assert_allclose(flow["costs"], costs.ravel(), rtol=1e-5)
    directions = np.frombuffer(flow["directions"], dtype=np.uint8)
    np.testing.assert_array_equal(directions != 255, (costs < inf).ravel())
    for start in oracle.some_cells(12, "flow starts"):
        cost = costs[start[1], start[0]]
        if cost == inf:
            continue
        walked, (x, y) = [start], start
        while (code := flow["directions"][y * grid.width + x]) != 8:
            x, y = x + STEPS[code][0], y + STEPS[code][1]
            walked.append((x, y))
        assert (x, y) in goals
        assert oracle.cost_of(walked) == pytest.approx(cost, abs=1e-6)


def test_costs_far_apart_are_weighed_exactly_search_after_search(lua: Ask) -> None:
    oracle = Oracle(with_costs(load(None), 3, most=255))
    lua({"op": "load_map", "map_id": "m", "map": _map(oracle.grid)})
    goals = oracle.some_cells(8, "many goals")
    costs = {goal: oracle.costs_to([goal]) for goal in goals}
    for number in range(80):  # each search counts from below the last one, down to a limit
        goal = goals[number % 8]
        [(x, y)] = oracle.some_cells(1, f"start {number}")
        assert lua(_path((x, y), goal))["cost"] == pytest.approx(costs[goal][y, x], abs=1e-5)


def test_a_path_goes_round_a_corner_instead_of_cutting_it(lua: Ask) -> None:
    answer = lua(_path([1, 0], [2, 1], map=SMALL))
    assert answer["steps"].tolist() == [1, 0, 2, 0, 2, 1]
    assert answer["cost"] == pytest.approx(2)


def test_a_path_to_where_one_stands_is_that_cell(lua: Ask) -> None:
    answer = lua(_path([2, 1], [2, 1], map=SMALL))
    assert (answer["steps"].tolist(), answer["cost"]) == ([2, 1], 0)


def test_a_goal_out_of_reach_has_no_steps_and_no_cost(lua: Ask) -> None:
    answer = lua(_path([0, 0], [2, 0], map={"width": 3, "height": 1, "cells": b"\1\0\1"}))
    assert len(answer["steps"]) == 0
    assert answer.get("cost") is None


def test_a_single_cell_is_a_map(lua: Ask) -> None:
    one = {"width": 1, "height": 1, "cells": b"\xff"}
    assert lua(_path([0, 0], [0, 0], map=one))["steps"].tolist() == [0, 0]


def test_an_unknown_map_is_asked_for_and_known_from_then_on(lua: Ask) -> None:
    assert lua(_path([0, 0], [3, 2], version=4)) == {"need_map": "m"}
    with_map = lua(_path([0, 0], [3, 2], version=4, map=SMALL))
    assert with_map["cost"] == pytest.approx(3 + sqrt(2))
    assert with_map["version"] == 4
    assert lua(_path([0, 0], [3, 2], version=4)) == with_map
    assert lua(_path([0, 0], [3, 2])) == with_map


def test_edits_bring_the_map_forward_and_back_again(lua: Ask) -> None:
    lua(_path([0, 0], [3, 2], version=1, map=SMALL))
    walled = _edits(1, {2: 0}, {2: 5, 6: 3})
    assert lua(_path([0, 0], [1, 0], version=3)) == {"need_map": "m", "have": 1}
    newest = lua(_path([0, 0], [2, 1], version=3, edits=walled))
    assert (newest["version"], newest["cost"]) == (3, 1 + 5 + 3)
    assert lua(_path([0, 0], [3, 0], version=2))["steps"].tolist() == []
    assert lua(_path([0, 0], [2, 1], version=1))["cost"] == 3
    assert lua(_path([0, 0], [2, 1], version=3)) == newest
    assert lua(_path([0, 0], [2, 1], version=9)) == {"need_map": "m", "have": 3}


def test_edits_that_begin_later_than_the_map_are_not_enough(lua: Ask) -> None:
    lua(_path([0, 0], [3, 2], version=1, map=SMALL))
    late = lua(_path([0, 0], [1, 0], version=4, edits=_edits(2, {0: 3}, {1: 3})))
    assert late == {"need_map": "m", "have": 1}
    whole = lua(_path([0, 0], [1, 0], version=4, edits=_edits(1, {1: 2}, {0: 3}, {1: 3})))
    assert whole["cost"] == 3


def test_maps_beyond_the_eighth_push_out_the_one_used_longest_ago(lua: Ask) -> None:
    for number in range(8):
        lua({"op": "load_map", "map_id": number, "map": SMALL})
    assert lua(_path([0, 0], [1, 0]) | {"map_id": 0})["cost"] == 1
    lua({"op": "load_map", "map_id": 8, "map": SMALL})
    assert lua(_path([0, 0], [1, 0]) | {"map_id": 1}) == {"need_map": 1}
    assert lua(_path([0, 0], [1, 0]) | {"map_id": 0})["cost"] == 1


def test_a_small_map_after_a_large_one_and_back_are_kept_apart(lua: Ask) -> None:
    start, goal = oracle_of(None).some_cells(2, "large")
    large = {"op": "path", "map_id": "large", "start": start, "goal": goal}
    before = lua({**large, "map": _map(load(None))})
    assert lua(_path([0, 0], [3, 2], map=SMALL))["cost"] == pytest.approx(3 + sqrt(2))
    assert lua(large) == before


def test_the_largest_map_there_may_be_is_searched(lua: Ask) -> None:
    side = 2048
    lua(
        {
            "op": "load_map",
            "map_id": "m",
            "map": {"width": side, "height": side, "cells": b"\1" * side**2},
        }
    )
    answer = lua(_path([0, 0], [side - 1, 1000]))
    assert answer["cost"] == pytest.approx(1000 * sqrt(2) + side - 1001)
    assert lua({"op": "load_map", "map_id": "m", "map": SMALL}) == {"version": 0}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"start": [0, 1]}, r"^start: \(0, 1\) is a wall$"),
        ({"goal": [1, 2]}, r"^goal: \(1, 2\) is a wall$"),
        ({"start": [4, 0]}, r"^start: \(4, 0\) is outside the map of 4 x 3$"),
        ({"goal": [0, -1]}, r"^goal: \(0, -1\) is outside the map of 4 x 3$"),
        ({"start": None}, r"^start: expected two integers \{x, y\}$"),
        ({"start": [0.5, 0]}, r"^start: expected two integers \{x, y\}$"),
        ({"goal": ["0", "0"]}, r"^goal: expected two integers \{x, y\}$"),
        ({"goal": [1e300, 0]}, r"^goal: expected two integers \{x, y\}$"),
        ({"op": "flow"}, r"^goals: expected integers x1, y1, x2, y2, \.\.\.$"),
        ({"op": "flow", "goals": [0, 0, 1]}, r"^goals: expected two integers \{x, y\}$"),
        ({"op": "fly"}, r"^op: expected load_map, path or flow, got fly$"),
        ({"op": None}, r"^op: expected load_map, path or flow, got nil$"),
        ({"map_id": None}, r"^map_id: expected a string or a number, got nil$"),
        ({"version": "2"}, r"^version: expected an integer, got 2$"),
        ({"map": 3}, r"^map: expected a table, got number$"),
        ({"map": SMALL | {"width": 0}}, r"^width: expected 1 to 65535, got 0$"),
        ({"map": SMALL | {"height": "3"}}, r"^height: expected 1 to 65535, got 3$"),
        ({"map": SMALL | {"cells": None}}, r"^cells: expected bytes, got nil$"),
        ({"map": SMALL | {"cells": b"..."}}, r"^cells: expected 4 x 3 = 12 bytes, got 3$"),
        ({"map": SMALL | {"width": 5000, "height": 5000}}, r"^width \* height: 25000000 cells"),
        ({"version": 1, "edits": _edits(0, {12: 3})}, r"^edits: no cell 12 on the map of 4 x 3$"),
    ],
)
def test_a_mistake_names_the_field(lua: Ask, change: dict[str, Any], message: str) -> None:
    lua(_path([0, 0], [3, 2], version=0, map=SMALL))
    request = _path([0, 0], [3, 2]) | change
    with pytest.raises(LuaError, match=message):
        lua({field: value for field, value in request.items() if value is not None})


def test_a_mistake_leaves_the_worker_as_it_was(lua: Ask) -> None:
    lua(_path([0, 0], [3, 2], map=SMALL))
    with pytest.raises(LuaError):
        lua(_path([0, 0], [3, 2], map=SMALL | {"cells": b"."}))
    assert lua(_path([0, 0], [3, 2]))["cost"] == pytest.approx(3 + sqrt(2))
