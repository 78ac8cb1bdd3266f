"""What a pool knows, as a pure state machine: no clock, no thread, no I/O.

A slot is the place of one instance; when its actor dies another takes the slot. Tasks are
pulled: an idle slot waits on a LIFO stack, `submit` checks one out to be woken, and a slot
that finds nothing more to do checks itself in.

    STARTING ─ take ─▶ IDLE ◀─ submit / take ─▶ BUSY
        ▲                 │                       │
        └─ RESTARTING ◀───┴───────── lose ────────┘      (close: STOPPING, then STOPPED)
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from engine_tasks.task import Task


class InstanceState(StrEnum):
    """Where an instance is in its life."""

    STARTING = "STARTING"
    IDLE = "IDLE"
    BUSY = "BUSY"
    RESTARTING = "RESTARTING"
    STOPPING = "STOPPING"
    STOPPED = "STOPPED"
    FAILED = "FAILED"


class PoolPhase(StrEnum):
    """Where a pool is in its life."""

    STARTING = "STARTING"
    RUNNING = "RUNNING"
    FAILED = "FAILED"
    STOPPING = "STOPPING"
    STOPPED = "STOPPED"


_S = InstanceState

#: The states that may follow each state.
TRANSITIONS: Final[Mapping[InstanceState, frozenset[InstanceState]]] = {
    _S.STARTING: frozenset({_S.IDLE, _S.BUSY, _S.RESTARTING, _S.FAILED, _S.STOPPING}),
    _S.IDLE: frozenset({_S.BUSY, _S.RESTARTING, _S.FAILED, _S.STOPPING}),
    _S.BUSY: frozenset({_S.IDLE, _S.RESTARTING, _S.FAILED, _S.STOPPING}),
    _S.RESTARTING: frozenset({_S.STARTING, _S.FAILED, _S.STOPPING}),
    _S.STOPPING: frozenset({_S.STOPPED}),
    _S.STOPPED: frozenset(),
    _S.FAILED: frozenset({_S.STARTING, _S.STOPPING}),
}


class PoolState:
    """The waiting tasks of a pool, its slots, and which slot runs which task.

    Not safe from several threads: `PoolTasks` holds the lock.
    """

    def __init__(self, slots: int) -> None:
        self.closed = False
        self._slots = [InstanceState.STARTING] * slots
        self._idle: list[int] = []
        self._waiting: deque[Task] = deque()
        self._unbegun: deque[Task] = deque()  # taken by an instance that died in a closed pool
        self._running: dict[int, deque[Task]] = {}
        self._running_count = 0

    def submit(self, task: Task) -> int | None:
        """Let the task wait; the slot to wake for it, or None when all are busy."""
        self._waiting.append(task)
        return self.check_out()

    def check_out(self) -> int | None:
        """Take the slot that idles for the shortest time off the stack, to be woken."""
        if not self._idle or not self._waiting:
            return None
        slot = self._idle.pop()
        self._move(slot, InstanceState.BUSY)
        return slot

    def take(self, slot: int, limit: int = 1) -> list[Task]:
        """The next tasks for a slot that has none; with nothing waiting it is checked in.

        At most `limit`, and no more than the slot's share of what waits.
        """
        if self.closed:
            return []
        if not self._waiting:
            self._move(slot, InstanceState.IDLE)
            self._idle.append(slot)
            return []
        if self._slots[slot] is not InstanceState.BUSY:
            self._move(slot, InstanceState.BUSY)
        count = min(limit, 1 + (len(self._waiting) - 1) // len(self._slots))
        tasks = [self._waiting.popleft() for _ in range(count)]
        for task in tasks:
            task.attempts += 1
        self._running[slot] = deque(tasks)
        self._running_count += count
        return tasks

    def runs(self, slot: int, task: Task) -> bool:
        """Whether the task is the one that a slot works on, and not given up."""
        running = self._running.get(slot)
        return running is not None and len(running) > 0 and running[0] is task

    def finish(self, slot: int, task: Task) -> bool:
        """Whether the task is still to be answered: False for one given up before.

        A slot finishes its tasks in the order in which it took them.
        """
        if not self.runs(slot, task):
            return False
        self._running[slot].popleft()
        self._running_count -= 1
        return True

    def lose(self, slot: int, *, began: bool = True) -> list[Task]:
        """The actor of a slot died: the task it ran, to be answered now.

        What it took beyond that one never began, and waits again before all others,
        uncounted; so does the first, unless it `began`, or more instances than there are
        slots gave it back: some that can begin nothing must not be replaced for ever. In a
        closed pool nothing can wait: the others are left to `drop`.
        """
        if slot in self._idle:
            self._idle.remove(slot)
        taken = self._running.pop(slot, deque())
        self._running_count -= len(taken)
        is_lost = bool(taken) and (began or taken[0].given_back > len(self._slots))
        lost = [taken.popleft()] if is_lost else []
        if self.closed:
            self._unbegun.extend(taken)
            return lost
        self._move(slot, InstanceState.RESTARTING)
        for task in reversed(taken):
            task.attempts -= 1
            task.started_s = 0.0
            task.given_back += 1
            self._waiting.appendleft(task)
        return lost

    def fail(self, slot: int) -> None:
        """A lost slot gets no new actor."""
        if not self.closed:
            self._move(slot, InstanceState.FAILED)

    def restart(self, slot: int) -> None:
        """A lost slot has a new instance, which will `take`."""
        if self._slots[slot] is InstanceState.RESTARTING and not self.closed:
            self._move(slot, InstanceState.STARTING)

    def close(self) -> None:
        """Take no more. What waits is left to `drop`; running tasks may finish."""
        self.closed = True
        self._idle.clear()
        for slot, state in enumerate(self._slots):
            if state not in (InstanceState.STOPPING, InstanceState.STOPPED):
                self._move(slot, InstanceState.STOPPING)

    def drop(self, most: int) -> list[Task]:
        """Up to `most` tasks that wait in a closed pool, to be answered now."""
        source = self._unbegun or self._waiting
        return [source.popleft() for _ in range(min(most, len(source)))]

    def abandon(self) -> list[Task]:
        """Give up the running tasks, to be answered now; what they still yield is dropped."""
        running = [task for tasks in self._running.values() for task in tasks]
        self._running.clear()
        self._running_count = 0
        return running

    def stopped(self, slot: int) -> None:
        """The actor of a slot of a closed pool has ended."""
        if self._slots[slot] is InstanceState.STOPPING:
            self._move(slot, InstanceState.STOPPED)

    @property
    def slots(self) -> tuple[InstanceState, ...]:
        """The state of each instance."""
        return tuple(self._slots)

    @property
    def waiting(self) -> int:
        """Tasks that wait: for an instance, or in a closed pool for their answer."""
        return len(self._waiting) + len(self._unbegun)

    @property
    def oldest_waiting(self) -> int | None:
        """The id of the task that is taken next."""
        return self._waiting[0].id if self._waiting else None

    @property
    def running(self) -> int:
        """Tasks that an instance has taken."""
        return self._running_count

    def is_running(self, task_id: int) -> bool:
        """Whether an instance works on this task."""
        return any(tasks and tasks[0].id == task_id for tasks in self._running.values())

    def _move(self, slot: int, state: InstanceState) -> None:
        if state not in TRANSITIONS[self._slots[slot]]:
            raise AssertionError(f"slot {slot}: {self._slots[slot]} cannot become {state}")
        self._slots[slot] = state
