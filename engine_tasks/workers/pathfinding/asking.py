"""Brings requests to the worker's instances, each of which keeps maps of its own.

Any instance may take a request, and it may lack the map in the version that is asked for. Then
it says so, and the same request goes out again with the changes or the map that it lacks. While
a map travels, others that lack it wait, so that it travels about once an instance.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable

from attrs import define, field, frozen

from engine_tasks.errors import ErrorKind
from engine_tasks.policies import Priority
from engine_tasks.task import TaskResult
from engine_tasks.task_queue import TaskQueue
from engine_tasks.workers.pathfinding.answers import PathError, PathErrorKind
from engine_tasks.workers.pathfinding.versions import VersionedMap


@frozen
class Terms:
    """How urgent a request is, as for `queue.send_task`."""

    priority: Priority
    deadline_s: float | None
    run_id: str | None


@define(eq=False)
class Request:
    """One question about one version of a map, until it is settled, once."""

    map: VersionedMap
    question: dict[str, object]  # `op` and what goes with it
    key: Hashable
    settle: Callable[[TaskResult | PathError], None]
    terms: Terms
    version: int = field(init=False)
    task_id: int | None = field(init=False, default=None)

    def __attrs_post_init__(self) -> None:
        self.version = self.map.hold()

    def finish(self, outcome: TaskResult | PathError) -> None:
        self.map.release(self.version)
        self.settle(outcome)

    def fail(self, kind: PathErrorKind, reason: str) -> None:
        what = f"map {self.map.map_id!r}: {self.question['op']}: {reason}"
        self.finish(PathError(kind, what, self.map.map_id))


class Asking:
    """Sends requests and settles them when `queue.pump` brings their answers."""

    def __init__(self, queue: TaskQueue, worker_id: int) -> None:
        self._queue = queue
        self._worker_id = worker_id
        self._carriers: dict[str, Request] = {}  # by key of the map that it brings along
        self._held: dict[str, list[Request]] = {}  # until the carrier is back

    def ask(self, request: Request) -> None:
        self._send(request, request.map.recent_edits(request.version), request.key)

    def cancel(self, request: Request) -> None:
        held = self._held.get(request.map.key, [])
        if request in held:
            held.remove(request)
            request.fail(PathErrorKind.CANCELLED, "the game took it back")
        elif request.task_id is not None:
            self._queue.cancel(request.task_id)

    def _send(self, request: Request, brought: dict[str, object], key: Hashable) -> None:
        question = {
            **request.question,
            "map_id": request.map.key,
            "version": request.version,
            **brought,
        }
        request.task_id = self._queue.send_task(
            self._worker_id,
            question,
            priority=request.terms.priority,
            deadline_s=request.terms.deadline_s,
            run_id=request.terms.run_id,
            key=key,
            on_result=lambda result: self._take(request, result),
        )
        if request.task_id is None:
            self._release(request)
            reason = f"the queue does not accept it: {self._queue.last_error}"
            request.fail(PathErrorKind.REFUSED, reason)

    def _take(self, request: Request, result: TaskResult) -> None:
        self._release(request)
        if result.error is not None:
            cancelled = result.error.kind is ErrorKind.CANCELLED
            kind = PathErrorKind.CANCELLED if cancelled else PathErrorKind.FAILED
            request.fail(kind, f"{result.error.kind}: {result.error.message}")
            return
        reply = result.payload
        if isinstance(reply, dict) and "need_map" in reply:
            self._supply(request, reply.get("have"))
        else:
            request.finish(result)

    def _supply(self, request: Request, have: int | None) -> None:
        """Send a request again with what an instance lacks that has the version `have`."""
        key = request.map.key
        edits = None if have is None else request.map.edits_between(have, request.version)
        if edits is not None:
            self._send(request, edits, None)
        elif key in self._carriers:
            self._held.setdefault(key, []).append(request)
        else:
            self._carriers[key] = request
            self._send(request, request.map.content(request.version), None)

    def _release(self, carrier: Request) -> None:
        """Let those go out again that waited for a carrier which is back."""
        key = carrier.map.key
        if self._carriers.get(key) is carrier:
            del self._carriers[key]
            for request in self._held.pop(key, []):
                self.ask(request)
