"""What a pool knows, as a pure state machine: no clock, no thread, no I/O.

A slot is the place of one instance; when its actor dies another takes the slot. Tasks are
pulled: an idle slot waits on a LIFO stack, `submit` checks one out to be woken, and a slot
that finds nothing more to do checks itself in.

    STARTING ─ take ─▶ IDLE ◀─ submit / take ─▶ BUSY
        ▲                 │                       │
        └─ RESTARTING ◀───┴───────── lose ────────┘      (close: STOPPING, then STOPPED)
"""

from __future__ import annotations

from collections import Counter, deque
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
        self._running: dict[int, Task] = {}

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

    def take(self, slot: int) -> Task | None:
        """The next task for a slot that has none; with nothing waiting it is checked in."""
        if self.closed:
            return None
        if not self._waiting:
            self._move(slot, InstanceState.IDLE)
            self._idle.append(slot)
            return None
        task = self._waiting.popleft()
        task.attempts += 1
        self._running[slot] = task
        if self._slots[slot] is not InstanceState.BUSY:
            self._move(slot, InstanceState.BUSY)
        return task

    def finish(self, slot: int, task: Task) -> bool:
        """Whether the task is still to be answered: False for one given up before."""
        if self._running.get(slot) is not task:
            return False
        del self._running[slot]
        return True

    def give_back(self, slot: int) -> None:
        """The task of a slot never began: it waits again, before all others, uncounted.

        In a closed pool nothing waits: the task stays with the slot, and `lose` has it.
        """
        if self.closed or slot not in self._running:
            return
        task = self._running.pop(slot)
        task.attempts -= 1
        self._waiting.appendleft(task)

    def lose(self, slot: int) -> Task | None:
        """The actor of a slot died: the task it ran, to be answered now."""
        if slot in self._idle:
            self._idle.remove(slot)
        if not self.closed:
            self._move(slot, InstanceState.RESTARTING)
        return self._running.pop(slot, None)

    def fail(self, slot: int) -> None:
        """A lost slot gets no new actor."""
        if not self.closed:
            self._move(slot, InstanceState.FAILED)

    def restart(self, slot: int) -> None:
        """A lost slot has a new instance, which will `take`."""
        if self._slots[slot] is InstanceState.RESTARTING and not self.closed:
            self._move(slot, InstanceState.STARTING)

    def close(self) -> list[Task]:
        """Take no more; the tasks that waited, to be answered now. Running ones may finish."""
        self.closed = True
        self._idle.clear()
        for slot, state in enumerate(self._slots):
            if state not in (InstanceState.STOPPING, InstanceState.STOPPED):
                self._move(slot, InstanceState.STOPPING)
        waiting = list(self._waiting)
        self._waiting.clear()
        return waiting

    def abandon(self) -> list[Task]:
        """Give up the running tasks, to be answered now; what they still yield is dropped."""
        running = list(self._running.values())
        self._running.clear()
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
        """Tasks that wait for an instance."""
        return len(self._waiting)

    @property
    def oldest_waiting(self) -> int | None:
        """The id of the task that is taken next."""
        return self._waiting[0].id if self._waiting else None

    @property
    def running(self) -> int:
        """Tasks that an instance works on."""
        return len(self._running)

    def is_running(self, task_id: int) -> bool:
        """Whether an instance works on this task."""
        return any(task.id == task_id for task in self._running.values())

    def count(self, state: InstanceState) -> int:
        """Instances in a state."""
        return Counter(self._slots)[state]

    def _move(self, slot: int, state: InstanceState) -> None:
        if state not in TRANSITIONS[self._slots[slot]]:
            raise AssertionError(f"slot {slot}: {self._slots[slot]} cannot become {state}")
        self._slots[slot] = state
