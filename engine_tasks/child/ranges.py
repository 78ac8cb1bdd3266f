"""Which parts of a shared segment are in use: pure."""

from __future__ import annotations

from bisect import insort

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Final

#: Bytes of a huge page, and the unit of the space that ranges are cut from.
UNIT_BYTES: Final = 2 * 1024 * 1024
#: Bytes of free ranges that are kept for the next message: writing into memory that is there
#: takes 15 ms for 64 MB, into new memory 50.
KEPT_BYTES: Final = 128 * 1024 * 1024
#: Free ranges that are kept.
_MOST_KEPT: Final = 16
#: A range serves a message that takes at least this share of it.
_LEAST_SHARE: Final = 0.5


class Ranges:
    """Gives out ranges of an address space that never ends, those given back first.

    A range is known by its start, and has a capacity of whole units.
    """

    def __init__(self, start: int, kept_bytes: int = KEPT_BYTES) -> None:
        """`start`, a whole number of units, is where the space begins."""
        self._next = start
        self._kept_bytes = kept_bytes
        self._lent: dict[int, int] = {}
        self._free: list[tuple[int, int]] = []  # capacity and start, the smallest first

    def take(self, size_bytes: int) -> int:
        """The start of a range that holds that much."""
        for index, (capacity, start) in enumerate(self._free):
            if size_bytes <= capacity <= max(size_bytes / _LEAST_SHARE, UNIT_BYTES):
                del self._free[index]
                self._lent[start] = capacity
                return start
        start, capacity = self._next, -(-size_bytes // UNIT_BYTES) * UNIT_BYTES
        self._next += capacity
        self._lent[start] = capacity
        return start

    def give_back(self, start: int) -> None:
        """A range is free. Raises `KeyError` for one that was not taken."""
        insort(self._free, (self._lent.pop(start), start))

    def surplus(self) -> list[tuple[int, int]]:
        """Start and capacity of free ranges beyond what is kept; they are never used again."""
        return self._without(self._kept_bytes)

    def clear(self) -> list[tuple[int, int]]:
        """The same of all free ranges."""
        return self._without(0)

    def _without(self, kept_bytes: int) -> list[tuple[int, int]]:
        gone = []
        while self._free and (self.free_bytes > kept_bytes or len(self._free) > _MOST_KEPT):
            capacity, start = self._free.pop(0)
            gone.append((start, capacity))
        return gone

    @property
    def free_bytes(self) -> int:
        """Bytes of the free ranges."""
        return sum(capacity for capacity, _start in self._free)

    @property
    def lent(self) -> int:
        """How many ranges are in use."""
        return len(self._lent)
