"""The Lua pathfinder on both VMs, and its Python likeness: as short as SciPy's Dijkstra says."""

from collections.abc import Callable, Iterator
from math import sqrt
from pathlib import Path
from typing import Any

import ormsgpack
import pytest
from grid_oracle import load, map_paths, name_of, oracle_of

from demos._astar import find_path
from engine_tasks.lua.script import LuaScript
from engine_tasks.lua.sources import worker_script_path
from engine_tasks.lua.vm import LuaError, LuaVm, available_vms

Ask = Callable[[dict[str, Any]], Any]

ALL_MAPS = pytest.mark.parametrize("path", map_paths(), ids=name_of)

#: The way from (0, 0) to (3, 2) is along the top, round the corner at (2, 0).
SMALL = {"width": 4, "height": 3, "cells": "....@@..@@.."}

#: What the digits of a flow field mean: clockwise from north.
STEPS = {
    str(code): step
    for code, step in enumerate(
        ((0, -1), (1, -1), (1, 0), (1, 1), (0, 1), (-1, 1), (-1, 0), (-1, -1))
    )
}


class ScriptHost:
    """Serves the script's modules, and listens to nothing else."""

    def __init__(self, script: LuaScript) -> None:
        self.module_source = script.module_source

    def log(self, level: str, message: str) -> None: ...

    def progress(self, share: float, note: str) -> None: ...

    def cancelled(self) -> bool:
        return False


def _start_lua(vm_name: str) -> LuaVm:
    script = LuaScript(worker_script_path("pathfinding"))
    vm = LuaVm(ScriptHost(script), worker_id=1, worker_name="paths", instance=0, vm=vm_name)
    vm.load(script.source, script.chunk_name)
    return vm


@pytest.fixture(params=available_vms())
def lua(request: pytest.FixtureRequest) -> Iterator[Ask]:
    """Asks a pathfinder that knows no map yet."""
    vm = _start_lua(request.param)
    yield lambda payload: ormsgpack.unpackb(vm.run(ormsgpack.packb(payload)))
    vm.close()


@pytest.fixture(params=[*available_vms(), "python"], scope="module")
def ask(request: pytest.FixtureRequest) -> Iterator[Ask]:
    """Asks a pathfinder, in Lua or in Python."""
    if request.param == "python":
        yield find_path
        return
    vm = _start_lua(request.param)
    yield lambda payload: ormsgpack.unpackb(vm.run(ormsgpack.packb(payload)))
    vm.close()


def _map(path: Path | None) -> dict[str, Any]:
    grid_map = load(path)
    return {"width": grid_map.width, "height": grid_map.height, "cells": grid_map.cells}


def _path(start: Any, goal: Any, **more: Any) -> dict[str, Any]:
    return {"op": "path", "map_id": "m", "start": start, "goal": goal, **more}


@ALL_MAPS
def test_paths_are_walkable_and_as_short_as_dijkstra_says(ask: Ask, path: Path | None) -> None:
    oracle, map_id = oracle_of(path), f"walk {name_of(path)}"
    sent_map = {"map": _map(path)}
    for start in oracle.some_cells(4, "starts"):
        costs = oracle.costs_from(start)
        for goal in oracle.some_cells(6, f"goals of {start}"):
            answer = ask(_path(start, goal, **sent_map) | {"map_id": map_id})
            sent_map = {}
            x, y = goal
            if costs[y, x] == float("inf"):
                assert answer.get("cost") is None
                assert not answer["path"]
                continue
            assert answer["cost"] == pytest.approx(costs[y, x], abs=1e-6)
            assert tuple(answer["path"][:2]) == start
            assert tuple(answer["path"][-2:]) == goal
            assert oracle.cost_of(answer["path"]) == pytest.approx(costs[y, x], abs=1e-6)


@ALL_MAPS
def test_a_flow_field_leads_from_everywhere_to_its_goal(lua: Ask, path: Path | None) -> None:
    oracle, grid_map = oracle_of(path), load(path)
    [(goal_x, goal_y)] = oracle.some_cells(1, "flow")
    request = {"op": "flow", "map_id": "m", "goal": [goal_x, goal_y], "map": _map(path)}
    flow = lua(request)
    assert (flow["width"], flow["height"]) == (grid_map.width, grid_map.height)
    assert len(flow["directions"]) == len(grid_map.cells)
    costs = oracle.costs_from((goal_x, goal_y))
    reachable = (costs < float("inf")).ravel()
    assert [code != "." for code in flow["directions"]] == reachable.tolist()
    for start in oracle.some_cells(12, "flow starts"):
        if costs[start[1], start[0]] == float("inf"):
            continue
        walked, (x, y) = list(start), start
        while (code := flow["directions"][y * grid_map.width + x]) != "x":
            x, y = x + STEPS[code][0], y + STEPS[code][1]
            walked += (x, y)
        assert (x, y) == (goal_x, goal_y)
        assert oracle.cost_of(walked) == pytest.approx(costs[start[1], start[0]], abs=1e-6)


def test_a_path_goes_round_a_corner_instead_of_cutting_it(ask: Ask) -> None:
    answer = ask(_path([1, 0], [2, 1], map=SMALL))
    assert answer["path"] == [1, 0, 2, 0, 2, 1]
    assert answer["cost"] == pytest.approx(2)


def test_a_path_to_where_one_stands_is_that_cell(ask: Ask) -> None:
    answer = ask(_path([2, 1], [2, 1], map=SMALL))
    assert (answer["path"], answer["cost"]) == ([2, 1], 0)


def test_a_goal_out_of_reach_has_no_path_and_no_cost(ask: Ask) -> None:
    answer = ask(_path([0, 0], [2, 0], map={"width": 3, "height": 1, "cells": ".@."}))
    assert not answer["path"]
    assert answer.get("cost") is None


def test_a_single_cell_is_a_map(ask: Ask) -> None:
    answer = ask(_path([0, 0], [0, 0], map={"width": 1, "height": 1, "cells": "."}))
    assert answer["path"] == [0, 0]


def test_an_unknown_map_is_asked_for_and_known_from_then_on(lua: Ask) -> None:
    assert lua(_path([0, 0], [3, 2])) == {"need_map": "m"}
    with_map = lua(_path([0, 0], [3, 2], map=SMALL))
    assert with_map["cost"] == pytest.approx(3 + sqrt(2))
    assert lua(_path([0, 0], [3, 2])) == with_map


def test_a_map_can_be_sent_ahead_and_replaced(lua: Ask) -> None:
    assert lua({"op": "load_map", "map_id": "m", **SMALL}) == {"map_id": "m"}
    assert lua(_path([0, 0], [1, 0]))["cost"] == 1
    walled = {"width": 2, "height": 1, "cells": ".@"}
    assert lua({"op": "load_map", "map_id": "m", **walled}) == {"map_id": "m"}
    with pytest.raises(LuaError, match=r"goal: \(1, 0\) is a wall"):
        lua(_path([0, 0], [1, 0]))


def test_maps_beyond_the_eighth_push_out_the_oldest(lua: Ask) -> None:
    for number in range(9):
        lua({"op": "load_map", "map_id": number, **SMALL})
    assert lua(_path([0, 0], [1, 0]) | {"map_id": 0}) == {"need_map": 0}
    assert lua(_path([0, 0], [1, 0]) | {"map_id": 1})["cost"] == 1


def test_a_small_map_after_a_large_one_and_back_are_kept_apart(lua: Ask) -> None:
    start, goal = oracle_of(None).some_cells(2, "large")
    large = {"op": "path", "map_id": "large", "start": start, "goal": goal}
    before = lua({**large, "map": _map(None)})
    assert lua(_path([0, 0], [3, 2], map=SMALL))["cost"] == pytest.approx(3 + sqrt(2))
    assert lua(large) == before


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
        ({"op": "fly"}, r"^op: expected load_map, path or flow, got fly$"),
        ({"op": None}, r"^op: expected load_map, path or flow, got nil$"),
        ({"map_id": None}, r"^map_id: expected a string or a number, got nil$"),
        ({"map": 3}, r"^map: expected a table, got number$"),
        ({"map": SMALL | {"width": 0}}, r"^width: expected a positive integer, got 0$"),
        ({"map": SMALL | {"height": "3"}}, r"^height: expected a positive integer, got 3$"),
        ({"map": SMALL | {"cells": None}}, r"^cells: expected a string, got nil$"),
        ({"map": SMALL | {"cells": "..."}}, r"^cells: expected 4 x 3 = 12 characters, got 3$"),
        ({"map": SMALL | {"cells": "....@@x.@@.."}}, r"^cells: .* at \(2, 1\), got \"x\"$"),
        ({"map": SMALL | {"width": 5000, "height": 5000}}, r"^width \* height: 25000000 cells"),
    ],
)
def test_a_mistake_names_the_field(lua: Ask, change: dict[str, Any], message: str) -> None:
    request = _path([0, 0], [3, 2], map=SMALL) | change
    with pytest.raises(LuaError, match=message):
        lua({field: value for field, value in request.items() if value is not None})


def test_a_mistake_leaves_the_worker_as_it_was(lua: Ask) -> None:
    lua(_path([0, 0], [3, 2], map=SMALL))
    with pytest.raises(LuaError):
        lua(_path([0, 0], [3, 2], map=SMALL | {"cells": "."}))
    assert lua(_path([0, 0], [3, 2]))["cost"] == pytest.approx(3 + sqrt(2))
