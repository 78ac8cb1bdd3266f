"""Worker ids: u16 numbers that address workers, and the names registered for them."""

from __future__ import annotations

import heapq
import threading
from collections.abc import Iterator
from typing import ClassVar, Final, Self

from engine_tasks.errors import WorkerIdError

MAX_WORKER_ID: Final = 0xFFFF


class WorkerId(int):
    """A number from 0 to 65,535 that addresses one worker of a queue.

    `EngineWorkersCount` marks the end of the engine's own workers: ids from there on
    belong to the game and its scripts.
    """

    Echo: ClassVar[WorkerId]
    EngineWorkersCount: ClassVar[WorkerId]

    __slots__ = ()

    def __new__(cls, value: int) -> Self:
        if isinstance(value, bool) or not isinstance(value, int):
            raise TypeError(f"a worker id is an int, not {type(value).__name__}")
        if not 0 <= value <= MAX_WORKER_ID:
            raise WorkerIdError(
                f"worker id {int(value)} is outside 0..{MAX_WORKER_ID}", worker_id=int(value)
            )
        return super().__new__(cls, value)

    def __repr__(self) -> str:
        return f"WorkerId({int(self)})"


WorkerId.Echo = WorkerId(0)
WorkerId.EngineWorkersCount = WorkerId(1)


class WorkerIds:
    """The names that one queue knows. Safe from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._ids: dict[str, WorkerId] = {"Echo": WorkerId.Echo}
        self._names: dict[int, str] = {WorkerId.Echo: "Echo"}
        self._next_fresh: int = WorkerId.EngineWorkersCount
        self._released: list[int] = []

    def register(self, name: str, worker_id: int | None = None) -> WorkerId:
        """Give `name` the lowest free id, or `worker_id` when one is asked for.

        Raises `WorkerIdError` for a taken name or id, an id of the engine's own, or
        when all ids are taken; `TypeError` or `ValueError` for what is no name.
        """
        _check_name(name)
        with self._lock:
            if name in self._ids:
                raise WorkerIdError(
                    f"the worker name {name!r} is taken by id {int(self._ids[name])}", name=name
                )
            chosen = self._lowest_free(name) if worker_id is None else WorkerId(worker_id)
            if chosen < WorkerId.EngineWorkersCount:
                raise WorkerIdError(
                    f"worker id {int(chosen)} belongs to the engine's worker "
                    f"{self._names[chosen]!r}; a game's ids start at "
                    f"{int(WorkerId.EngineWorkersCount)}",
                    worker_id=chosen,
                    name=name,
                )
            if chosen in self._names:
                raise WorkerIdError(
                    f"worker id {int(chosen)} is taken by {self._names[chosen]!r}",
                    worker_id=chosen,
                    name=name,
                )
            self._ids[name] = chosen
            self._names[chosen] = name
            return chosen

    def release(self, worker_id: int) -> None:
        """Make an id and its name free again; an unknown or engine's id is left alone."""
        with self._lock:
            if worker_id < WorkerId.EngineWorkersCount:
                return
            name = self._names.pop(worker_id, None)
            if name is not None:
                del self._ids[name]
                heapq.heappush(self._released, int(worker_id))

    def name_of(self, worker_id: int) -> str | None:
        """The name registered for an id, or None."""
        return self._names.get(worker_id)

    def __getitem__(self, name: str) -> WorkerId:
        try:
            return self._ids[name]
        except KeyError:
            raise WorkerIdError(f"no worker is registered as {name!r}", name=name) from None

    def __contains__(self, name: object) -> bool:
        return name in self._ids

    def __iter__(self) -> Iterator[str]:
        with self._lock:
            return iter(list(self._ids))

    def __len__(self) -> int:
        return len(self._ids)

    def _lowest_free(self, name: str) -> WorkerId:
        while self._released:
            worker_id = heapq.heappop(self._released)
            if worker_id not in self._names:  # it may have been asked for by number since
                return WorkerId(worker_id)
        while self._next_fresh in self._names:
            self._next_fresh += 1
        if self._next_fresh > MAX_WORKER_ID:
            raise WorkerIdError(
                f"all {MAX_WORKER_ID + 1:,} worker ids are taken; stop a worker before "
                f"registering {name!r}",
                name=name,
            )
        return WorkerId(self._next_fresh)


def _check_name(name: object) -> None:
    if not isinstance(name, str):
        raise TypeError(f"a worker name is a str, not {type(name).__name__}")
    if not name.strip() or not name.isprintable():
        raise ValueError(f"{name!r} is no worker name: it must have printable characters")
