"""Memory that a game and one of its children share, as a file without a name.

The system frees it when both have closed it and nothing is mapped any more, whoever of them
ends, and how. Only Linux has such files (`memfd_create`); elsewhere messages take the pipe.
"""

from __future__ import annotations

import mmap
import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Final

#: Bytes of address space in the file; what was never written takes no memory.
SEGMENT_BYTES: Final = 1 << 62


def create_segment() -> int | None:
    """A descriptor of a new segment; None where there can be none, for the pipe does as well."""
    if not sys.platform.startswith("linux"):
        return None
    import fcntl  # noqa: PLC0415 - not on Windows

    try:
        fd = os.memfd_create("engine_tasks", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    except OSError:
        return None  # no descriptor is left, or the system is too strict
    try:
        os.ftruncate(fd, SEGMENT_BYTES)
        # Nobody can make it shorter: a view of it that ends in nothing would end the game.
        seals = fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_SEAL
        fcntl.fcntl(fd, fcntl.F_ADD_SEALS, seals)
    except OSError:  # a limit on the size of files, say
        os.close(fd)
        return None
    return fd


class Mapping(mmap.mmap):
    """A part of a segment that somebody looks at.

    When the last view of it is gone it says so, once, on the thread that let go of it, and
    lives on until it is closed.
    """

    start: int
    on_unused: Callable[[Mapping], None] | None = None

    def __del__(self) -> None:
        on_unused, self.on_unused = self.on_unused, None
        if on_unused is not None:
            on_unused(self)


def map_part(fd: int, start: int, size_bytes: int, on_unused: Callable[[Mapping], None]) -> Mapping:
    """A part of a segment to read from. Raises `OSError`, `ValueError` for no part of it."""
    # Views of it are read-only. C code that writes all the same, as a surface of pygame does when
    # a game draws on it, changes pages of its own instead of ending the process.
    prot = mmap.PROT_READ | mmap.PROT_WRITE
    mapping = Mapping(fd, size_bytes, flags=mmap.MAP_PRIVATE, prot=prot, offset=start)
    mapping.start = start
    mapping.on_unused = on_unused
    return mapping


def read_part(fd: int, start: int, size_bytes: int) -> memoryview:
    """A copy of a part of a segment. Raises `OSError`."""
    content = bytearray(size_bytes)
    view = memoryview(content)
    done = 0
    while done < size_bytes:
        count = os.preadv(fd, [view[done:]], start + done)
        if not count:
            raise OSError(f"{size_bytes} bytes at {start} are not in the segment")
        done += count
    return view.toreadonly()


def write_part(fd: int, start: int, content: bytes | memoryview) -> None:
    """Write into a segment. Raises `OSError` where memory is short."""
    # Not through a mapping: in fresh memory that takes twice as long, a fault for each page.
    view = memoryview(content)
    while view:
        count = os.pwrite(fd, view, start)
        start += count
        view = view[count:]


def punch_out(fd: int, start: int, size_bytes: int) -> None:
    """Give the memory of a part back to the system; it reads as zeros from then on."""
    try:
        with mmap.mmap(fd, size_bytes, offset=start) as part:
            part.madvise(mmap.MADV_REMOVE)
    except (OSError, ValueError):
        pass  # it is freed with the rest of the segment
