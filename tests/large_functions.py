"""What workers do with large payloads, in the tests."""

from __future__ import annotations

import os
import signal
import threading
from pathlib import Path
from typing import Any

import attrs
import numpy as np

from engine_tasks.parcel import LARGE_BYTES

LARGE = LARGE_BYTES + 1
MIB = 1024 * 1024


@attrs.frozen
class Chunk:
    """A part of a map, of which one buffer is wanted as a view."""

    name: str
    tiles: bytes
    heights: memoryview
    spare: bytes | None = None


@attrs.frozen
class Picture:
    """One whose pixels are wanted as bytes."""

    name: str
    pixels: bytes


def pattern(size_bytes: int, seed: int = 0) -> bytes:
    """Bytes that differ from place to place, and by their seed."""
    row = bytes((seed + step) % 251 for step in range(251))
    return (row * (size_bytes // 251 + 1))[:size_bytes]


def make(request: list[int]) -> bytes:
    """As many bytes as asked for, by a seed."""
    size_bytes, seed = request
    return pattern(size_bytes, seed)


def give_back(value: Any) -> Any:
    """The payload."""
    return value


def described(value: Any) -> dict[str, str]:
    """The types within a payload."""
    return {key: type(part).__name__ for key, part in value.items()}


def look_at(chunk: Chunk) -> list[object]:
    """What a payload of a class arrived as."""
    return [
        type(chunk.tiles).__name__,
        type(chunk.heights).__name__,
        chunk.heights.readonly,
        chunk.tiles == bytes(chunk.heights),
        chunk.spare == chunk.tiles,
    ]


def count_bytes(view: memoryview) -> int:
    """Bytes of a payload that is wanted as a view."""
    return view.nbytes


def picture(size_bytes: int) -> Picture:
    """A result of a class."""
    return Picture("grass", pattern(size_bytes))


def descriptors(_payload: object) -> list[int]:
    """How many files this process has open, and parts of segments mapped."""
    maps = Path("/proc/self/maps").read_text().count("memfd:engine_tasks")
    return [len(list(Path("/proc/self/fd").iterdir())), maps]


def owner(view: memoryview) -> str:
    """What a payload that is wanted as a view is a view of."""
    return type(view.obj).__name__


_kept: list[Any] = []


def keep(grid: Any) -> float:
    """The sum of this array and of all before it, which are kept."""
    _kept.append(grid)
    return float(sum(part.sum() for part in _kept))


def forget(_payload: object) -> None:
    """Let go of what `keep` has."""
    _kept.clear()


def die_soon(size_bytes: int) -> bytes:
    """A result of a process that is killed as soon as it was sent, or a little later."""
    from engine_tasks.child.game import Game

    answer = Game.answer

    def answer_and_die(*args: Any) -> None:
        answer(*args)
        os.kill(os.getpid(), signal.SIGKILL)

    Game.answer = answer_and_die  # type: ignore[method-assign]
    return pattern(size_bytes)


def die_while_it_is_written(size_bytes: int) -> bytes:
    """A result of a process that is killed when half of it is in the segment."""
    from engine_tasks.child import exchange

    write_part = exchange.write_part

    def write_half(fd: int, start: int, content: bytes | memoryview) -> None:
        if len(content) > LARGE_BYTES:
            write_part(fd, start, memoryview(content)[: len(content) // 2])
            os.kill(os.getpid(), signal.SIGKILL)
        write_part(fd, start, content)

    exchange.write_part = write_half
    return pattern(size_bytes)


def make_without_memory(size_bytes: int) -> bytes:
    """A result of a process that may write no more than a little into any file."""
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (min(soft, MIB) if soft > 0 else MIB, hard))
    return pattern(size_bytes)


def make_without_the_segment(size_bytes: int) -> bytes:
    """A result of a process whose code has closed all that it did not open."""
    for link in Path("/proc/self/fd").iterdir():
        try:
            is_segment = "memfd:engine_tasks" in str(link.readlink())
        except OSError:
            continue
        if is_segment:
            os.close(int(link.name))
    return pattern(size_bytes)


_tried: list[int] = []


def fail_first(value: bytes) -> bytes:
    """Fail at the first attempt."""
    _tried.append(1)
    if len(_tried) == 1:
        raise RuntimeError("not yet")
    return value


def always_fail(_value: object) -> None:
    """Fail at each attempt."""
    raise RuntimeError("never")


def stand_still(_value: object) -> None:
    """Run without end."""
    threading.Event().wait()


def grid(size_bytes: int) -> Any:
    """A NumPy array of that many bytes."""
    return np.arange(size_bytes // 8, dtype="f8").reshape(-1, 8)
