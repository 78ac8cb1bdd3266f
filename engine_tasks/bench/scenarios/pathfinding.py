"""Shortest paths on maps of games: the Lua worker, Python, and a library written in C."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from time import perf_counter
from typing import Final

from engine_tasks import TaskQueue, TaskResult
from engine_tasks.bench.aims import at_most_times
from engine_tasks.bench.astar import Grid, shortest_path
from engine_tasks.bench.effort import Effort
from engine_tasks.bench.figures import column
from engine_tasks.bench.game_maps import far_pairs, game_map, map_file
from engine_tasks.bench.queues import Running
from engine_tasks.bench.scenario import Metric, Peer, Sampler, Scenario, SetUp
from engine_tasks.workers import pathfinding
from engine_tasks.workers.pathfinding import Cell, GridMap
from engine_tasks.workers.pathfinding.answers import PathReply

#: Paths of a sample.
PATHS: Final = 16

ROUND_TRIP: Final = "round trip"
PYTHON: Final = "Python"
TCOD: Final = "tcod"

#: Finds one path; a search that finds none raises.
Find = Callable[[Cell, Cell], object]


def _ours(name: str) -> SetUp:
    """Milliseconds that the task ran, and from `send_task` to the path as an object."""

    @contextmanager
    def set_up(_: Effort) -> Iterator[Sampler]:
        grid = game_map(name)
        pairs = far_pairs(grid, PATHS)
        with TaskQueue() as queue:
            worker_id = pathfinding.start(queue, 1)
            if worker_id is None:
                raise RuntimeError(f"the worker did not start: {queue.last_error}")
            ours = Running(queue, worker_id)
            map_ = {"width": grid.width, "height": grid.height, "cells": grid.cells}
            ours.answer(ours.send({"op": "load_map", "map_id": name, "version": 1, "map": map_}))

            def ask(start: Cell, goal: Cell) -> TaskResult:
                request = {"op": "path", "map_id": name, "version": 1, "start": start, "goal": goal}
                result = ours.answer(ours.send(request))
                if result.payload_as(PathReply).cost is None:
                    raise RuntimeError(f"{name}: no way from {start} to {goal}")
                return result

            def sample() -> list[float]:
                times: list[float] = []
                for start, goal in pairs:
                    begin_s = perf_counter()
                    result = ask(start, goal)
                    took_s = perf_counter() - begin_s
                    times += (1e3 * (result.finished_s - result.started_s), 1e3 * took_s)
                return times

            yield sample

    return set_up


def _direct(name: str, make: Callable[[GridMap], Find]) -> SetUp:
    """Milliseconds of a call on the game's own thread: what it takes is its round trip, too."""

    @contextmanager
    def set_up(_: Effort) -> Iterator[Sampler]:
        grid = game_map(name)
        pairs, find = far_pairs(grid, PATHS), make(grid)

        def sample() -> list[float]:
            times: list[float] = []
            for start, goal in pairs:
                begin_s = perf_counter()
                found = find(start, goal)
                took_ms = (perf_counter() - begin_s) * 1e3
                if not found:
                    raise RuntimeError(f"{name}: no way from {start} to {goal}")
                times += (took_ms, took_ms)
            return times

        yield sample

    return set_up


def _python(grid: GridMap) -> Find:
    made = Grid.of(grid)
    return lambda start, goal: shortest_path(made, made.cell(start), made.cell(goal))[1]


def _tcod(grid: GridMap) -> Find:
    """Its A*, which cuts corners where ours goes round them: its paths are a little shorter."""
    numpy, tcod = import_module("numpy"), import_module("tcod.path")
    cost = numpy.frombuffer(grid.cells, dtype=numpy.uint8).astype(numpy.int8)
    found = tcod.AStar(cost.reshape(grid.height, grid.width), diagonal=2**0.5)
    return lambda start, goal: found.get_path(start[1], start[0], goal[1], goal[0])


def _scenario(name: str, *, quick: bool) -> Scenario:
    where = name if map_file(name) else "a map of our own"
    return Scenario(
        f"path-{name}",
        f"shortest path on {where}, {PATHS} of them: the search, and until the game has it",
        _ours(name),
        (
            Peer(PYTHON, _direct(name, _python)),
            Peer(TCOD, _direct(name, _tcod), needs="tcod"),
        ),
        (
            Metric("", "ms", "lower", column(0, 2)),
            Metric(ROUND_TRIP, "ms", "lower", column(1, 2)),
        ),
        (
            at_most_times(0.25, peer=PYTHON),
            at_most_times(0.5, peer=PYTHON, metric=ROUND_TRIP),
            at_most_times(1.5, peer=TCOD),
        ),
        quick=quick,
    )


SCENARIOS: Final = (_scenario("den520d", quick=True), _scenario("brc202d", quick=False))
