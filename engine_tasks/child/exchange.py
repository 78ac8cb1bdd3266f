"""One side of a segment: writes messages for the other side, and reads those it wrote.

Each side gives out ranges of its own half, and has them back once the other has no view of
them any more. A frame says where a message lies:

* SHARED: the start of its range (u64), then its table.
* APART, where there is no segment: its table, then its parts.

The table has the number of parts (u32) and the bytes of each (u64): the skeleton of a parcel,
or MessagePack alone, then the buffers. In a range each part begins with a page.
"""

from __future__ import annotations

import os
import threading
from collections import deque
from contextlib import suppress
from struct import Struct, pack, unpack_from
from weakref import WeakSet

from engine_tasks.child.frames import FrameError
from engine_tasks.child.ranges import UNIT_BYTES, Ranges
from engine_tasks.child.segment import (
    SEGMENT_BYTES,
    Mapping,
    map_part,
    punch_out,
    read_part,
    write_part,
)
from engine_tasks.parcel import Parcel

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Final, Literal

    from engine_tasks.parcel import Buffer, Message

#: Where each side's half begins.
_HALVES: Final = {"game": 0, "child": SEGMENT_BYTES // 2}
#: Parts begin with a page: writing 64 MB takes 15 ms so. It took 45 where the source lay a few
#: bytes before its target within their pages, which the processor takes for the same place.
_ALIGNMENT: Final = 4096
#: Parts of segments that a process may look at; each takes a file descriptor of its thousand
#: or so. Beyond, messages are copied.
MOST_MAPPINGS: Final = 256

_START: Final = Struct("<Q")
_COUNT: Final = Struct("<I")

#: The parts that are mapped right now.
_mapped: WeakSet[Mapping] = WeakSet()


class Exchange:
    """One side of a segment. `put` and `open` are for one thread, the rest for any."""

    def __init__(
        self, fd: int, side: Literal["game", "child"], on_unused: Callable[[], None] | None = None
    ) -> None:
        """Takes over the descriptor. `on_unused` is called, on any thread and at any point of
        its work, when there is something for `take_unused`."""
        self._fd = fd
        self._pid = os.getpid()
        self._own = Ranges(_HALVES[side])
        self._lock = threading.Lock()
        self._letting_go: deque[Mapping] = deque()
        self._unused: deque[int] = deque()
        self._on_unused = on_unused

    def close(self) -> None:
        """Write nothing more; what is being looked at stays."""
        with self._lock:
            fd, self._fd = self._fd, -1
        if fd >= 0:
            os.close(fd)

    # --- messages ------------------------------------------------------------

    def put(self, message: Message) -> bytes:
        """Write a message; the body of the frame that says where.

        Raises `OSError` where there is no memory for it: the pipe does as well.
        """
        parts = parts_of(message)
        places, size_bytes = _places([len(part) for part in parts])
        with self._lock:
            start = self._own.take(size_bytes)
        try:
            for place, part in zip(places, parts, strict=True):
                write_part(self._fd, start + place, part)
        except OSError:
            with self._lock:
                self._own.give_back(start)
            raise
        return _START.pack(start) + table_of(parts)

    def open(self, body: Buffer) -> Parcel:
        """The message that such a body speaks of. Raises `FrameError`."""
        if len(body) < _START.size:
            raise FrameError("a shared message without a place")
        (start,) = _START.unpack_from(body)
        sizes, rest = read_table(memoryview(body)[_START.size :])
        places, size_bytes = _places(sizes)
        if rest or start % UNIT_BYTES or not 0 < size_bytes <= SEGMENT_BYTES - start:
            raise FrameError("a shared message at a place that is none")
        content = self._view(start, size_bytes)
        views = [content[place : place + size] for place, size in zip(places, sizes, strict=True)]
        return Parcel(views[0], tuple(views[1:]))

    def _view(self, start: int, size_bytes: int) -> memoryview:
        try:
            if len(_mapped) < MOST_MAPPINGS:
                with suppress(OSError):  # no descriptor is left, say
                    return memoryview(self._map(start, size_bytes)).toreadonly()
            content = read_part(self._fd, start, size_bytes)
        except (OSError, ValueError, MemoryError) as error:
            raise FrameError(f"a shared message that cannot be read: {error}") from error
        self._unused.append(start)
        if self._on_unused is not None:
            self._on_unused()
        return content

    def _map(self, start: int, size_bytes: int) -> Mapping:
        mapping = map_part(self._fd, start, size_bytes, self._let_go)
        _mapped.add(mapping)
        return mapping

    # --- what is not used any more -----------------------------------------------

    def _let_go(self, mapping: Mapping) -> None:
        """On any thread, within whatever it does: the last view of a part is gone."""
        if os.getpid() != self._pid:
            return  # a copy of the process let go; this side still looks at it
        self._letting_go.append(mapping)
        if self._on_unused is not None:
            self._on_unused()

    def take_unused(self) -> list[int]:
        """The starts of the other side's ranges that are not looked at any more."""
        with self._lock:
            for _ in range(len(self._letting_go)):
                self._unmap(self._letting_go.popleft())
            return [self._unused.popleft() for _ in range(len(self._unused))]

    def _unmap(self, mapping: Mapping) -> None:
        try:
            mapping.close()  # with the GIL free, unlike its deallocation
        except BufferError:  # it goes with a cycle of objects that is not yet taken apart
            self._letting_go.append(mapping)
            return
        _mapped.discard(mapping)
        self._unused.append(mapping.start)

    @property
    def is_waiting(self) -> bool:
        """Whether `take_unused` is to be asked again in a while."""
        return bool(self._letting_go)

    def give_back(self, starts: Sequence[int]) -> None:
        """Ranges of this side that the other has let go of. Raises `FrameError`."""
        with self._lock:
            try:
                for start in starts:
                    self._own.give_back(start)
            except KeyError as error:
                raise FrameError(f"a range given back that was not lent: {error}") from error

    def take_surplus(self) -> list[tuple[int, int]]:
        """Ranges of this side, never to be used again, that `punch` should have."""
        with self._lock:
            return self._own.surplus()

    def take_free(self) -> list[tuple[int, int]]:
        """The same of all ranges that nobody uses."""
        with self._lock:
            return self._own.clear()

    def punch(self, ranges: Sequence[tuple[int, int]]) -> None:
        """Give the memory of ranges, of either side, back to the system. Takes 11 ms for 64 MB,
        and lets no other thread run meanwhile: not for a game."""
        for start, capacity in ranges:
            punch_out(self._fd, start, capacity)

    @property
    def lent(self) -> int:
        """How many ranges of this side the other looks at, or has not yet read."""
        return self._own.lent


def parts_of(message: Message) -> list[Buffer]:
    """The parts of a message: the skeleton of a parcel, or MessagePack alone, then buffers."""
    return [message.skeleton, *message.buffers] if isinstance(message, Parcel) else [message]


def table_of(parts: Sequence[Buffer]) -> bytes:
    """The table of these parts."""
    return pack(f"<I{len(parts)}Q", len(parts), *map(len, parts))


def read_table(body: memoryview) -> tuple[tuple[int, ...], memoryview]:
    """The bytes of each part, and what lies behind the table. Raises `FrameError`."""
    if len(body) < _COUNT.size:
        raise FrameError("a message without a table")
    (count,) = _COUNT.unpack_from(body)
    form = f"<{count}Q"
    end = _COUNT.size + 8 * count
    if not count or len(body) < end:
        raise FrameError("a table of no parts, or one that is cut off")
    return unpack_from(form, body, _COUNT.size), body[end:]


def parcel_apart(body: Buffer) -> Parcel:
    """The message in the body of an APART frame. Raises `FrameError`."""
    sizes, content = read_table(memoryview(body))
    if sum(sizes) != len(content):
        raise FrameError("a table that does not fit its parts")
    views, start = [], 0
    for size in sizes:
        views.append(content[start : start + size])
        start += size
    return Parcel(views[0], tuple(views[1:]))


def starts_as_body(starts: Sequence[int]) -> bytes:
    """The body of a FREED frame."""
    return pack(f"<{len(starts)}Q", *starts)


def starts_in(body: bytes) -> tuple[int, ...]:
    """The starts in the body of a FREED frame. Raises `FrameError`."""
    count, rest = divmod(len(body), _START.size)
    if rest:
        raise FrameError("a list of ranges that is cut off")
    return unpack_from(f"<{count}Q", body)


def _places(sizes: Sequence[int]) -> tuple[list[int], int]:
    """Where each part begins in a range, and the bytes of all."""
    places, end = [], 0
    for size in sizes:
        start = -(-end // _ALIGNMENT) * _ALIGNMENT
        places.append(start)
        end = start + size
    return places, end
