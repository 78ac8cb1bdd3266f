"""The slots of a pool: where each instance is in its life, and which of them idle.

A slot is the place of one instance; when its actor dies another takes the slot.

    STOPPED ─ add ─▶ STARTING ─ check in ─▶ IDLE ─ check out ─▶ BUSY
       ▲                ▲                     │  ▲                │
       │                └──── RESTARTING ◀────┴──┼───── lose ─────┤
       └─ stopped ── STOPPING ◀── retire, close ─┴─── check in ───┘
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from enum import StrEnum
from typing import Final


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
    DRAINING = "DRAINING"
    FAILED = "FAILED"
    STOPPING = "STOPPING"
    STOPPED = "STOPPED"


_S = InstanceState

#: The states that may follow each state.
TRANSITIONS: Final[Mapping[InstanceState, frozenset[InstanceState]]] = {
    _S.STARTING: frozenset({_S.IDLE, _S.BUSY, _S.RESTARTING, _S.FAILED, _S.STOPPING}),
    _S.IDLE: frozenset({_S.BUSY, _S.RESTARTING, _S.STOPPING}),
    _S.BUSY: frozenset({_S.IDLE, _S.RESTARTING, _S.STOPPING}),
    _S.RESTARTING: frozenset({_S.STARTING, _S.FAILED, _S.STOPPING}),
    _S.STOPPING: frozenset({_S.STOPPED}),
    _S.STOPPED: frozenset({_S.STARTING}),
    _S.FAILED: frozenset({_S.STOPPING}),
}

#: Those of an instance that is there, or about to be.
_PRESENT: Final = frozenset({_S.STARTING, _S.IDLE, _S.BUSY, _S.RESTARTING})


class Slots:
    """The state of each slot, and the stack of those that idle. Pure."""

    def __init__(self, count: int, most: int | None = None) -> None:
        """`count` slots that start, and room for `most` in all."""
        self._states = [_S.STARTING] * count + [_S.STOPPED] * ((most or count) - count)
        #: The slots to check out, as a stack.
        self.idle: list[int] = []
        self._present = count

    def __getitem__(self, slot: int) -> InstanceState:
        return self._states[slot]

    @property
    def present(self) -> int:
        """Instances that are there, or about to be."""
        return self._present

    @property
    def busy(self) -> int:
        """Instances that were given tasks."""
        return self._states.count(_S.BUSY)

    @property
    def used(self) -> tuple[InstanceState, ...]:
        """The state of each slot but those that nothing was ever started in, or no more is."""
        return tuple(state for state in self._states if state is not _S.STOPPED)

    @property
    def all(self) -> tuple[InstanceState, ...]:
        """The state of each slot."""
        return tuple(self._states)

    def count(self) -> Mapping[str, int]:
        """How many slots are in each state, those in use."""
        return Counter[str](self.used)

    # --- check-in and check-out ----------------------------------------------

    def check_out(self) -> int:
        """Take the slot that idles for the shortest time off the stack, to be woken."""
        slot = self.idle.pop()
        self.move(slot, _S.BUSY)
        return slot

    def check_in(self, slot: int) -> None:
        """A slot found nothing to do."""
        self.move(slot, _S.IDLE)
        self.idle.append(slot)

    def occupy(self, slot: int) -> None:
        """A slot has tasks."""
        if self._states[slot] is not _S.BUSY:
            self.move(slot, _S.BUSY)

    # --- coming and going ------------------------------------------------------

    def lose(self, slot: int) -> None:
        """The actor of a slot died; another is to take its place, but where it was to end."""
        if slot in self.idle:
            self.idle.remove(slot)
        if self._states[slot] is not _S.STOPPING:
            self.move(slot, _S.RESTARTING)

    def restart(self, slot: int) -> None:
        """A lost slot has a new instance."""
        if self._states[slot] is _S.RESTARTING:
            self.move(slot, _S.STARTING)

    def fail(self, slot: int) -> None:
        """A slot gets no new actor."""
        self.move(slot, _S.FAILED)

    def give_back(self, slot: int) -> None:
        """A lost slot is used no more, until it is added again."""
        self.move(slot, _S.STOPPING)
        self.move(slot, _S.STOPPED)

    def add(self, count: int) -> list[int]:
        """Take up to `count` more slots into use: those to start an instance in."""
        free = [slot for slot, state in enumerate(self._states) if state is _S.STOPPED][:count]
        for slot in free:
            self.move(slot, _S.STARTING)
        return free

    def retire(self, count: int) -> list[int]:
        """Let go up to `count` slots that idle, for the longest time first: those to stop."""
        retired, self.idle = self.idle[:count], self.idle[count:]
        for slot in retired:
            self.move(slot, _S.STOPPING)
        return retired

    def close(self) -> None:
        """Every instance is to end."""
        self.idle.clear()
        for slot, state in enumerate(self._states):
            if state not in (_S.STOPPING, _S.STOPPED):
                self.move(slot, _S.STOPPING)

    def stopped(self, slot: int) -> None:
        """The instance of a slot has ended as it was told."""
        if self._states[slot] is _S.STOPPING:
            self.move(slot, _S.STOPPED)

    def move(self, slot: int, state: InstanceState) -> None:
        """Put a slot into a state that may follow its own."""
        before = self._states[slot]
        if state not in TRANSITIONS[before]:
            raise AssertionError(f"slot {slot}: {before} cannot become {state}")
        self._states[slot] = state
        self._present += (state in _PRESENT) - (before in _PRESENT)
