"""Carriers by priority, in the order in which they came into their level: pure, no clock.

A dict that grows moves all that it holds, an OrderedDict twice: 50 ms of one `send_task` among
a million waiting tasks. What is kept here is kept in pieces, none of which gets large.
"""

from __future__ import annotations

import math
from collections import OrderedDict
from typing import Final

from engine_tasks.policies import Priority
from engine_tasks.pools.packing import Packed, packed, unpacked
from engine_tasks.task import Task

#: Carriers of a segment. A dict passes over those that left to find the first of those that
#: are there.
SEGMENT: Final = 256

#: Carriers of a level that are kept as they are; those that come behind them are packed.
UNPACKED: Final = 1024

#: Neighbouring ids that share a block of the index, as bits.
_ID_BITS: Final = 8

#: Numbers from one segment of a level to the next; what is left of one by it is the level.
_STEP: Final = 8


class Levels:
    """Carriers by priority; those of a level in the order in which they came into it.

    Not safe from several threads.
    """

    def __init__(self, aging_s: float) -> None:
        self._aging_s = aging_s
        self._lines = tuple(_Line(priority) for priority in Priority)
        # The highest first. Not `rank` a head: that would take a third of `pop`.
        self._by_worth = [(self._lines[p], p * aging_s) for p in reversed(Priority)]
        #: The numbers of the carriers' segments, in blocks of ids.
        self._places: dict[int, dict[int, int]] = {}
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def count(self, priority: Priority) -> int:
        """Carriers of a level."""
        return self._lines[priority].count

    # --- coming and going ----------------------------------------------------

    def put(self, carrier: Task, *, first: bool = False) -> None:
        """Let a carrier come last into its level, or first."""
        line, carrier_id = self._lines[carrier.priority], carrier.id
        block = self._places.get(carrier_id >> _ID_BITS)
        if block is None:
            block = self._places[carrier_id >> _ID_BITS] = {}
        block[carrier_id] = line.put_first(carrier) if first else line.put(carrier)
        self._count += 1

    def discard(self, carrier: Task) -> bool:
        """Whether the carrier was here; it is no longer."""
        block = self._places.get(carrier.id >> _ID_BITS)
        number = None if block is None else block.pop(carrier.id, None)
        if block is None or number is None:
            return False
        if not block:
            del self._places[carrier.id >> _ID_BITS]
        self._lines[number % _STEP].remove(carrier.id, number)
        self._count -= 1
        return True

    def pop(self) -> Task | None:
        """Take out the carrier that `head` shows."""
        line = self._next_line()
        if line is None:
            return None
        carrier = line.pop()
        key = carrier.id >> _ID_BITS
        block = self._places[key]
        del block[carrier.id]
        if not block:
            del self._places[key]
        self._count -= 1
        return carrier

    # --- looking -------------------------------------------------------------

    def get(self, carrier_id: int) -> Task | None:
        """The carrier of this id, if it is here."""
        block = self._places.get(carrier_id >> _ID_BITS)
        number = None if block is None else block.get(carrier_id)
        return None if number is None else self._lines[number % _STEP].get(carrier_id, number)

    def rank(self, carrier: Task) -> float:
        """The instant from which on it waits, a level of priority later by `aging_s`."""
        return carrier.ready_s - carrier.priority * self._aging_s

    @property
    def least_rank(self) -> float:
        """The rank of `head`; infinity where there is none."""
        head = self.head()
        return math.inf if head is None else self.rank(head)

    def first(self, priority: Priority) -> Task | None:
        """The first carrier of a level."""
        line = self._lines[priority]
        return line.first() if line.count else None

    def heads(self) -> list[Task]:
        """The first carrier of each level."""
        return [line.first() for line in self._lines if line.count]

    def head(self) -> Task | None:
        """The carrier of the smallest rank, of the higher priority among equals."""
        line = self._next_line()
        return None if line is None else line.first()

    def last(self) -> Task | None:
        """The last carrier of the lowest priority."""
        line = next((line for line in self._lines if line.count), None)
        return None if line is None else line.last()

    def _next_line(self) -> _Line | None:
        """The level of the carrier that runs next."""
        found = None
        for line, _ in self._by_worth:
            if line.count:
                if found is not None:
                    return self._line_of_least_rank()
                found = line
        return found  # nearly always: only one level has any

    def _line_of_least_rank(self) -> _Line | None:
        best: _Line | None = None
        best_rank = math.inf
        for line, worth_s in self._by_worth:
            if line.count:
                rank = line.first().ready_s - worth_s
                if best is None or rank < best_rank:
                    best, best_rank = line, rank
        return best


class _Line:
    """The carriers of one level, in segments by their numbers; only the last may be empty."""

    __slots__ = ("_after", "_before", "_level", "_number", "_open", "_segments", "count")

    def __init__(self, level: int) -> None:
        self.count = 0
        self._level = level
        # An ordered one finds its first in no time, also where many before it are gone.
        self._segments: OrderedDict[int, dict[int, Task | Packed]] = OrderedDict()
        self._before = level - _STEP  # the numbers of the next segments
        self._after = level
        self._add_open()

    def put(self, carrier: Task) -> int:
        """Let a carrier come last; the number of its segment."""
        if len(self._open) >= SEGMENT:
            self._add_open()
        self._open[carrier.id] = carrier if self.count < UNPACKED else packed(carrier)
        self.count += 1
        return self._number

    def put_first(self, carrier: Task) -> int:
        """Let a carrier come first; the number of its segment."""
        number = self._before
        self._before -= _STEP
        self._segments[number] = {carrier.id: carrier}
        self._segments.move_to_end(number, last=False)
        self.count += 1
        return number

    def remove(self, carrier_id: int, number: int) -> None:
        """Let a carrier leave its segment."""
        segment = self._segments[number]
        del segment[carrier_id]
        self.count -= 1
        if not segment and segment is not self._open:
            del self._segments[number]

    def get(self, carrier_id: int, number: int) -> Task:
        """A carrier of a segment; from now on it is kept unpacked, as it may be known."""
        segment = self._segments[number]
        carrier = segment[carrier_id]
        if isinstance(carrier, tuple):
            carrier = segment[carrier_id] = unpacked(carrier_id, self._level, carrier)
        return carrier

    def pop(self) -> Task:
        """Take out the first carrier, where there is one."""
        number = next(iter(self._segments))
        segment = self._segments[number]
        carrier_id = next(iter(segment))
        carrier = segment.pop(carrier_id)
        self.count -= 1
        if not segment and segment is not self._open:
            del self._segments[number]
        if isinstance(carrier, tuple):
            return unpacked(carrier_id, self._level, carrier)
        return carrier

    def first(self) -> Task:
        """The first carrier, where there is one."""
        number = next(iter(self._segments))
        return self.get(next(iter(self._segments[number])), number)

    def last(self) -> Task:
        """The last carrier, where there is one."""
        number = next(number for number in reversed(self._segments) if self._segments[number])
        return self.get(next(reversed(self._segments[number])), number)

    def _add_open(self) -> None:
        self._number = self._after
        self._after += _STEP
        self._open = self._segments[self._number] = {}
