"""What the worker is measured against finds the same paths, on maps that are the same each time."""

from __future__ import annotations

from math import inf
from pathlib import Path

import pytest
from grid_oracle import Oracle, map_paths, name_of, oracle_of

from engine_tasks.bench.astar import Grid, shortest_path
from engine_tasks.bench.effort import QUICK
from engine_tasks.bench.game_maps import MAPS_VARIABLE, far_pairs, game_map, map_file, own_map
from engine_tasks.bench.scenarios.pathfinding import PATHS, SCENARIOS
from engine_tasks.workers.pathfinding import GridMap


@pytest.mark.parametrize("path", map_paths()[:3], ids=name_of)
def test_python_finds_paths_as_short_as_dijkstra_says(path: Path | None) -> None:
    oracle = oracle_of(path)
    grid = Grid.of(oracle.grid)
    [goal, *starts] = oracle.some_cells(7, "python")
    costs = oracle.costs_to([goal])
    for start in starts:
        expected = costs[start[1], start[0]]
        cost, cells = shortest_path(grid, grid.cell(start), grid.cell(goal))
        if expected == inf:
            assert (cost, cells) == (None, [])
            continue
        assert cost == pytest.approx(expected, abs=1e-6)
        walked = [(cell % grid.stride - 1, cell // grid.stride - 1) for cell in cells]
        assert oracle.cost_of(walked) == pytest.approx(expected, abs=1e-6)


def test_where_the_maps_of_games_are_missing_our_own_is_used(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv(MAPS_VARIABLE, str(tmp_path))
    assert map_file("den520d") is None
    assert game_map("den520d") == own_map() == own_map()
    (tmp_path / "den520d.map").write_text("width 2\nheight 1\nmap\n..\n")
    assert game_map("den520d") == GridMap(2, 1, b"\1\1")


def test_there_is_a_way_between_the_cells_of_each_pair() -> None:
    grid = own_map()
    oracle, pairs = Oracle(grid), far_pairs(grid, 12)
    assert pairs == far_pairs(grid, 12)
    for start, goal in pairs[:4]:
        assert oracle.costs_to([goal])[start[1], start[0]] < inf


def test_a_sample_has_two_times_a_path_on_every_side() -> None:
    scenario = SCENARIOS[0]
    for set_up in (scenario.ours, *(peer.set_up for peer in scenario.peers if peer.is_there())):
        with set_up(QUICK) as sample:
            times = sample()
        assert len(times) == 2 * PATHS
        assert all(time > 0 for time in times)
