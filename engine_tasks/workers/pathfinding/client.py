"""The game's side: maps by id, and requests that are answered by paths and flow fields."""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable, Iterable, Mapping
from functools import partial
from itertools import count
from operator import index
from secrets import token_hex
from typing import Final
from weakref import WeakValueDictionary

from engine_tasks.errors import PayloadError
from engine_tasks.policies import Priority
from engine_tasks.task import TaskResult
from engine_tasks.task_queue import TaskQueue
from engine_tasks.worker_id import WorkerId
from engine_tasks.workers.pathfinding.answers import (
    FlowField,
    FlowReply,
    MapId,
    Path,
    PathError,
    PathReply,
)
from engine_tasks.workers.pathfinding.asking import Asking, Request, Terms
from engine_tasks.workers.pathfinding.faults import (
    as_cell,
    fault_of,
    no_reply,
    no_way,
    outside,
    unknown,
)
from engine_tasks.workers.pathfinding.grid_map import Cell, GridMap
from engine_tasks.workers.pathfinding.tasks import A, MapTask
from engine_tasks.workers.pathfinding.versions import VersionedMap

OnPath = Callable[[Path | PathError], None]
OnField = Callable[[FlowField | PathError], None]

#: Seconds between two looks of `wait`.
_LOOK_S: Final = 0.0005


def client(queue: TaskQueue, worker_id: int) -> PathClient:
    """A client of the worker that `start` has started."""
    return PathClient(queue, worker_id)


class PathClient:
    """Keeps a game's maps, and asks a pathfinding worker about them.

    One thread, the game's, calls everything, and nothing waits but `wait`. Answers arrive in
    `queue.pump`, which the game calls every frame; what is wrong with a request is known at
    once. A request is answered for the map as it is when it is made.
    """

    def __init__(self, queue: TaskQueue, worker_id: int) -> None:
        if worker_id is None:
            raise TypeError("worker_id is None: the worker did not start, see queue.last_error")
        self._queue = queue
        self._worker_id = WorkerId(worker_id)
        self._asking = Asking(queue, worker_id)
        self._maps: dict[MapId, VersionedMap] = {}
        self._fields: WeakValueDictionary[Hashable, MapTask[FlowField]] = WeakValueDictionary()
        # Games may share a worker; each load of each client is a map of its own there.
        self._token = token_hex(4)
        self._loads = count()

    # --- maps --------------------------------------------------------------

    def load_map(self, map_id: MapId, grid: GridMap) -> int:
        """Keep a map under that id, in the place of any before it; its version.

        It goes to every instance ahead of the requests; one that starts later is served when
        it takes one.
        """
        if not isinstance(grid, GridMap):
            raise TypeError(f"grid is a GridMap, not {type(grid).__name__}: see GridMap.of_rows")
        before = self._maps.get(map_id)
        version = before.version + 1 if before else 1
        key = f"{self._token} {next(self._loads)} {map_id}"
        loaded = self._maps[map_id] = VersionedMap(map_id, key, grid, version)
        stats = self._queue.stats(self._worker_id)
        question = {"op": "load_map", "map_id": key, "version": version, **loaded.content(version)}
        for _ in range(sum(stats.instances.values()) if stats else 0):
            self._queue.send_task(
                self._worker_id, question, priority=Priority.HIGH, on_result=_ignore
            )
        return version

    def unload_map(self, map_id: MapId) -> bool:
        """Forget a map; requests under way are still answered. False for an unknown one."""
        return self._maps.pop(map_id, None) is not None

    def version(self, map_id: MapId) -> int | None:
        """The present version of a map, which `edit` raises by one; None for an unknown one."""
        found = self._maps.get(map_id)
        return found.version if found else None

    def cost(self, map_id: MapId, cell: Cell) -> int:
        """What it costs now to enter a cell; 0 for a wall, outside, or an unknown map."""
        found = self._maps.get(map_id)
        return (found.cost(cell) or 0) if found else 0

    def edit(self, map_id: MapId, costs: Mapping[Cell, int]) -> int | PathError:
        """Change what cells cost to enter, 0 for a wall; the version of the map from then on.

        All requests from now on are answered for it; those under way for what they were asked
        for. Nothing is sent: the changes go along with the next requests. A map that is not
        loaded and a cell outside are a `PathError`, and nothing is changed. Raises `ValueError`
        for a cost that is not 0 to 255, `TypeError` for what is no cell or no whole number.
        """
        costs = {as_cell("a cell of costs", cell): index(cost) for cell, cost in costs.items()}
        found = self._maps.get(map_id)
        if found is None:
            return unknown(map_id)
        for cell, cost in costs.items():
            if not 0 <= cost <= 255:
                raise ValueError(f"the cost of {cell} is 0 to 255, not {cost!r}")
            if found.cost(cell) is None:
                return outside(found, "cell", cell)
        return found.change(dict(costs))

    # --- requests ----------------------------------------------------------

    def find_path(
        self,
        map_id: MapId,
        start: Cell,
        goal: Cell,
        *,
        on_answer: OnPath | None = None,
        priority: Priority = Priority.NORMAL,
        deadline_s: float | None = None,
        run_id: str | None = None,
    ) -> MapTask[Path]:
        """Ask for a shortest path; requests that wait for the same one share its search.

        `on_answer` is called once, by `queue.pump`, or here where the answer is known already.
        `priority`, `deadline_s` and `run_id` are those of `queue.send_task`.
        """
        start, goal = as_cell("start", start), as_cell("goal", goal)
        found = self._maps.get(map_id)
        if found is None:
            return _settled(unknown(map_id), on_answer)
        fault = fault_of(found, "start", start) or fault_of(found, "goal", goal)
        if fault is not None:
            return _settled(fault, on_answer)
        task: MapTask[Path] = MapTask()
        task.join(on_answer)
        key = ("path", found.key, found.version, *start, *goal)
        request = Request(
            found,
            {"op": "path", "start": start, "goal": goal},
            key,
            partial(_settle, task, lambda result: _path(found, start, goal, result)),
            Terms(priority, deadline_s, run_id),
        )
        return self._send(task, request)

    def flow_field(
        self,
        map_id: MapId,
        goals: Cell | Iterable[Cell],
        *,
        with_costs: bool = False,
        on_answer: OnField | None = None,
        priority: Priority = Priority.NORMAL,
        deadline_s: float | None = None,
        run_id: str | None = None,
    ) -> MapTask[FlowField]:
        """Ask for the way to a goal, or the nearest of some, from every cell of a map.

        All who ask for the same field of the same version share one, for as long as anybody
        holds it.
        """
        cells = _goals(goals)
        found = self._maps.get(map_id)
        if found is None:
            return _settled(unknown(map_id), on_answer)
        fault = next(filter(None, (fault_of(found, "goal", cell) for cell in cells)), None)
        if fault is not None:
            return _settled(fault, on_answer)
        flat = [number for cell in cells for number in cell]
        key = ("flow", found.key, found.version, with_costs, *flat)
        task = self._fields.get(key)
        if task is not None and not isinstance(task.answer, PathError):
            task.join(on_answer)
            return task
        task = self._fields[key] = MapTask()
        task.join(on_answer)
        request = Request(
            found,
            {"op": "flow", "goals": flat, "with_costs": with_costs},
            key,
            partial(_settle, task, lambda result: _field(found, cells, result)),
            Terms(priority, deadline_s, run_id),
        )
        return self._send(task, request)

    def wait(self, task: MapTask[A], timeout_s: float) -> A | PathError | None:
        """Pump the queue until the answer is there; None after `timeout_s`. For tools and tests."""
        until_s = time.monotonic() + timeout_s
        while task.answer is None and time.monotonic() < until_s:
            if not self._queue.pump():
                time.sleep(_LOOK_S)
        return task.answer

    def _send(self, task: MapTask[A], request: Request) -> MapTask[A]:
        task.take_back_by(partial(self._asking.cancel, request))
        self._asking.ask(request)
        return task


def _ignore(_: object) -> None:
    """An instance that did not get the map is served when it takes a request."""


def _goals(goals: Cell | Iterable[Cell]) -> tuple[Cell, ...]:
    """One cell or several as several."""
    listed = tuple(goals)
    if not listed:
        raise ValueError("goals: a field needs at least one cell to lead to")
    if len(listed) == 2 and all(hasattr(part, "__index__") for part in listed):
        return (as_cell("goals", listed),)
    return tuple(as_cell("a cell of goals", cell) for cell in listed)


def _settle(
    task: MapTask[A], read: Callable[[TaskResult], A | PathError], outcome: TaskResult | PathError
) -> None:
    task.settle(outcome if isinstance(outcome, PathError) else read(outcome))


def _settled(error: PathError, on_answer: Callable[[A | PathError], None] | None) -> MapTask[A]:
    task: MapTask[A] = MapTask()
    task.settle(error)
    task.join(on_answer)
    return task


def _path(found: VersionedMap, start: Cell, goal: Cell, result: TaskResult) -> Path | PathError:
    try:
        reply = result.payload_as(PathReply)
    except PayloadError as error:
        return no_reply(found, error)
    if reply.cost is None:
        return no_way(found, reply.version, start, goal)
    return Path(found.map_id, reply.version, start, goal, reply.cost, reply.steps)


def _field(
    found: VersionedMap, goals: tuple[Cell, ...], result: TaskResult
) -> FlowField | PathError:
    try:
        reply = result.payload_as(FlowReply)
    except PayloadError as error:
        return no_reply(found, error)
    return FlowField(
        found.map_id, reply.version, goals, reply.width, reply.height, reply.directions, reply.costs
    )
