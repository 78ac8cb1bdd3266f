"""Asks for paths at one of four places and brings the answers back, never waiting."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterator
from hashlib import blake2b
from typing import Any, Final, Literal

from attrs import define, field, frozen

from demos._astar import find_path
from demos._errors import SceneError
from demos._maps import GridMap
from engine_tasks import TaskQueue, TaskResult, WorkerOptions
from engine_tasks.lua.sources import worker_script_path

Cell = tuple[int, int]

#: Instances of each worker: as many as the cores that a small machine has.
INSTANCES: Final = 2


@frozen
class Place:
    """Where paths are found: `isolation` of the Python function, or None for the Lua script."""

    name: str  # as on the command line
    title: str
    isolation: Literal["inline", "thread", "process"] | None


PLACES: Final = (
    Place("game", "Game thread", "inline"),
    Place("threads", "Python threads", "thread"),
    Place("processes", "Python processes", "process"),
    Place("lua", "Lua workers", None),
)


@frozen
class PathAnswer:
    """The answer to one request; an empty path and a reason when there is none."""

    ticket: int
    path: list[int]  # x1, y1, x2, y2, ..., both ends included
    cost: float | None
    error: str | None
    waited_s: float


@define
class _Request:
    ticket: int
    start: Cell
    goal: Cell
    sent_s: float


@define
class _Errand:
    """One place's worker, and what is under way there."""

    worker_id: int
    under_way: dict[int, _Request] = field(factory=dict)  # by task id
    carrier: int | None = None  # the task that takes the map to an instance
    held: deque[_Request] = field(factory=deque)  # until the carrier is back
    refused: deque[_Request] = field(factory=deque)  # to be answered with an error


class PathFinder:
    """Four workers that answer the same requests, at four places.

    Which instance takes a request is the queue's affair, and each instance keeps a map of its
    own. One that lacks it says so; then one request takes the map along, and others that came
    back in the meantime wait for that one. So the map travels about once an instance, and an
    instance that was restarted is served like a new one.
    """

    def __init__(self, queue: TaskQueue, grid_map: GridMap) -> None:
        """Start the workers, without waiting."""
        self._queue = queue
        # By content: another map of the same name is another map to workers that outlive this.
        self._map_id = f"{grid_map.width} x {grid_map.height} {_digest(grid_map.cells)}"
        self._map = {"width": grid_map.width, "height": grid_map.height, "cells": grid_map.cells}
        self._tickets = 0
        self._errands = {place.name: _Errand(self._start(place)) for place in PLACES}

    def _start(self, place: Place) -> int:
        name = f"Paths: {place.title}"
        worker_id = self._queue.worker_ids.register(name)
        if place.isolation is None:
            script = worker_script_path("pathfinding")
            self._queue.start_worker(worker_id, name, script, INSTANCES, wait=False)
        else:
            options = WorkerOptions(isolation=place.isolation)
            self._queue.start_native_worker(
                worker_id, name, find_path, INSTANCES, options=options, wait=False
            )
        return worker_id

    def wait_until_ready(self, timeout_s: float) -> None:
        """Wait until every instance runs; SceneError says which worker does not, and why."""
        deadline_s = time.monotonic() + timeout_s
        for place, errand in zip(PLACES, self._errands.values(), strict=True):
            while not self._is_ready(place, errand.worker_id):
                if time.monotonic() > deadline_s:
                    raise SceneError(f"{place.title}: not ready after {timeout_s:.0f} s")
                time.sleep(0.002)

    def _is_ready(self, place: Place, worker_id: int) -> bool:
        state = self._queue.worker_state(worker_id)
        if state is None or state.error:
            reason = state.error if state else self._queue.last_error
            raise SceneError(f"{place.title}: {reason}")
        return state.phase != "STARTING"

    def ask(self, place: Place, start: Cell, goal: Cell) -> int | None:
        """Ask for a path; a ticket that the answer will bear, None when the queue refuses."""
        self._tickets += 1
        request = _Request(self._tickets, start, goal, time.perf_counter())
        sent = self._send(self._errands[place.name], request)
        return request.ticket if sent else None

    def answers(self, place: Place) -> Iterator[PathAnswer]:
        """Yield the answers that are there; at the game thread this is where the work is done."""
        errand = self._errands[place.name]
        while result := self._queue.next_task_result(errand.worker_id):
            answer = self._settle(errand, result)
            if answer is not None:
                yield answer
        while errand.refused:
            yield _answer(errand.refused.popleft(), {}, f"refused: {self._queue.last_error}")

    def counters(self, place: Place) -> tuple[int, int, int]:
        """Return how many tasks of a place wait, are in progress, are ready to be taken."""
        queue, worker_id = self._queue, self._errands[place.name].worker_id
        return (
            queue.tasks_waiting(worker_id) or 0,
            queue.tasks_in_progress(worker_id) or 0,
            queue.tasks_ready(worker_id) or 0,
        )

    def is_busy(self, place: Place) -> bool:
        """Whether a place still works on something."""
        return bool(self._errands[place.name].under_way)

    def _send(self, errand: _Errand, request: _Request, with_map: bool = False) -> bool:
        payload: dict[str, Any] = {
            "op": "path",
            "map_id": self._map_id,
            "start": request.start,
            "goal": request.goal,
        }
        if with_map:
            payload["map"] = self._map
        task_id = self._queue.send_task(errand.worker_id, payload)
        if task_id is None:
            return False
        errand.under_way[task_id] = request
        if with_map:
            errand.carrier = task_id
        return True

    def _send_again(self, errand: _Errand, request: _Request, with_map: bool = False) -> None:
        if not self._send(errand, request, with_map):
            errand.refused.append(request)

    def _settle(self, errand: _Errand, result: TaskResult) -> PathAnswer | None:
        """Make an answer of a result, or send its request anew because the map was missing."""
        request = errand.under_way.pop(result.task_id)
        if result.task_id == errand.carrier:
            errand.carrier = None
            while errand.held:
                self._send_again(errand, errand.held.popleft())
        if not result.ok:
            return _answer(request, {}, str(result.error))
        if "need_map" not in result.payload:
            return _answer(request, result.payload)
        if errand.carrier is None:
            self._send_again(errand, request, with_map=True)
        else:
            errand.held.append(request)
        return None


def _digest(cells: str) -> str:
    return blake2b(cells.encode(), digest_size=8).hexdigest()


def _answer(request: _Request, payload: dict[str, Any], error: str | None = None) -> PathAnswer:
    waited_s = time.perf_counter() - request.sent_s
    # An empty Lua table may arrive as a list or as a map.
    path = list(payload.get("path") or ())
    return PathAnswer(request.ticket, path, payload.get("cost"), error, waited_s)
