"""The frames that a game and its child processes exchange through pipes.

A frame is a header (the length of its body as u32, its kind as u8, a task id as u64; all
little-endian) and a body. What a child writes may be hostile: a reader gives the longest
body it accepts, and every part of a body is checked before it is used.

Both sides import this file, so it imports no more than a child can afford.
"""

from __future__ import annotations

import os
from struct import Struct

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Final

    Buffer = bytes | bytearray | memoryview
    #: Its kind, its task id and its body.
    Frame = tuple[int, int, bytes]
    #: How many of the results that were read lie before a WORKED, and its body.
    Worked = tuple[int, bytes]

# Game to child.
HELLO: Final = 1  # what to run, as marshal
TASK: Final = 2  # f64 soft timeout in seconds (0: none), then the payload
CANCEL: Final = 3  # the task should end, also one that has not begun
SOURCE: Final = 4  # answers NEED_SOURCE: the chunk name as a text ("" for none), then the source
STOP: Final = 5  # end after the running task
LIMITS: Final = 6  # how much may be said from now on, as marshal
TASK_APART: Final = 7  # f64 as of a TASK, then a parcel: see `child.exchange`
TASK_SHARED: Final = 8  # f64 as of a TASK, then where in the segment the payload is
RECLAIM: Final = 9  # what of the segment the child may use again, or is to give up, as marshal

# Child to game.
READY: Final = 16
LOAD_FAILED: Final = 17  # three texts: kind, message, traceback
RESULT: Final = 18  # the encoded result
ERROR: Final = 19  # three texts: kind, message, traceback
LOG: Final = 20  # two texts: level, message
PROGRESS: Final = 21  # f64 share, then a text
NEED_SOURCE: Final = 22  # one text: the module's name
CONFINED: Final = 23  # two texts: the layers that hold, by comma; the missing, a line each
WORKED: Final = 25  # f64: seconds that each task took since the last such frame
UNHEALTHY: Final = 24  # three texts, as of an ERROR; the child runs nothing more, and ends
APART: Final = 26  # a RESULT that is a parcel
SHARED: Final = 27  # a RESULT that is in the segment, and where
FREED: Final = 28  # the starts of ranges that the game may use again, a u64 each

HEADER: Final = Struct("<IBQ")
_LENGTH: Final = Struct("<I")
F64: Final = Struct("<d")

#: Bytes asked for in one read; a pipe of Linux holds as many.
_READ_BYTES: Final = 65_536


class FrameError(Exception):
    """Bytes that are no frame: the other side is broken or hostile."""


def write_frame(fd: int, kind: int, task_id: int, *parts: Buffer, ahead: bytes = b"") -> None:
    """Write one frame, however long that takes. Raises `OSError` when nobody reads.

    The parts are bytes, or views of bytes. What is to come `ahead` of it is a frame already.
    """
    length = 0
    for part in parts:
        length += len(part)
    header = ahead + HEADER.pack(length, kind, task_id)
    if length <= _READ_BYTES:
        write_all(fd, b"".join((header, *parts)))
        return
    write_all(fd, header)
    for part in parts:  # not joined: a large payload is not copied
        write_all(fd, part)


def write_short_frame(fd: int, kind: int, task_id: int, body: Buffer, ahead: bytes) -> None:
    """`write_frame` with a body of one part, which is copied: 0.3 µs less for a short one."""
    write_all(fd, ahead + HEADER.pack(len(body), kind, task_id) + body)


def write_all(fd: int, content: Buffer) -> None:
    """Write all of it, however many calls that takes."""
    written = os.write(fd, content)
    if written == len(content):
        return
    rest = memoryview(content)
    while written < len(rest):
        rest = rest[written:]
        written = os.write(fd, rest)


class FrameCutOff(FrameError):
    """The other side ended within a frame; what it said before is whole."""


class FrameReader:
    """Reads frames from a pipe; `read` blocks until one is whole."""

    def __init__(self, fd: int, max_body_bytes: int, max_result_bytes: int | None = None) -> None:
        """`max_result_bytes` is the limit of a RESULT, where it is another one."""
        self._fd = fd
        self._max_body_bytes = max_body_bytes
        self._max_result_bytes = max_result_bytes or max_body_bytes
        self._buffer = b""
        self._start = 0  # of the first frame in the buffer that was not read yet

    def read(self) -> Frame | None:
        """The next frame's kind, task id and body; None when the other side has closed.

        Raises `FrameError` for a frame that is too long, or cut off.
        """
        while len(self._buffer) - self._start < HEADER.size:
            more = os.read(self._fd, _READ_BYTES)
            if not more:
                if self.has_buffered():
                    raise FrameCutOff("the pipe ended within a header")
                return None
            self._buffer = self._buffer[self._start :] + more
            self._start = 0
        length, kind, task_id = HEADER.unpack_from(self._buffer, self._start)
        most = self._most_of(kind)
        if length > most:
            raise FrameError(f"a frame of {length:,} bytes; the limit is {most:,}")
        start = self._start + HEADER.size
        end = start + length
        if end <= len(self._buffer):
            self._start = end
            return kind, task_id, self._buffer[start:end]
        return kind, task_id, self._read_long(length, self._buffer[start:])

    def read_here(self) -> list[Frame]:
        """`read` the frames that are here whole."""
        buffer, start, here = self._buffer, self._start, len(self._buffer)
        unpack, header_bytes = HEADER.unpack_from, HEADER.size
        least = min(self._max_body_bytes, self._max_result_bytes)
        frames: list[Frame] = []
        while (begin := start + header_bytes) <= here:
            length, kind, task_id = unpack(buffer, start)
            end = begin + length
            if end > here or (length > least and length > self._most_of(kind)):
                break  # `read` says what is wrong with it, if anything is
            frames.append((kind, task_id, buffer[begin:end]))
            start = end
        self._start = start
        return frames

    def results_here(self, task_ids: Iterable[int]) -> tuple[list[bytes], Worked | None]:
        """`read` the RESULTs of these tasks, in their order, as far as they are here whole; and
        the first WORKED among them, if a result follows it.

        A third of the time that `read` takes for as many: `engine-tasks bench echo-process`.
        """
        buffer, start, here = self._buffer, self._start, len(self._buffer)
        unpack, header_bytes, most = HEADER.unpack_from, HEADER.size, self._max_result_bytes
        results: list[bytes] = []
        worked: Worked | None = None
        for task_id in task_ids:
            begin = start + header_bytes
            if begin > here:
                break
            length, kind, frame_task_id = unpack(buffer, start)
            end = begin + length
            said = None
            if kind == WORKED and worked is None and end + header_bytes <= here:
                said = len(results), buffer[begin:end]
                length, kind, frame_task_id = unpack(buffer, end)
                begin = end + header_bytes
                end = begin + length
            if kind != RESULT or frame_task_id != task_id or end > here or length > most:
                break  # `read` says what is wrong with it, if anything is
            worked = said or worked
            results.append(buffer[begin:end])
            start = end
        self._start = start
        return results, worked

    def _most_of(self, kind: int) -> int:
        """Bytes that the body of such a frame may have."""
        if kind == RESULT:
            return self._max_result_bytes
        if kind == APART:  # its table has 8 bytes for each part of 256 KiB and more
            return self._max_result_bytes + self._max_result_bytes // 4096 + 64
        return self._max_body_bytes

    def has_buffered(self) -> bool:
        """Whether bytes are here already that `read` would look at first."""
        return self._start < len(self._buffer)

    def _read_long(self, length: int, first: bytes) -> bytes:
        """The rest of a body that one read did not bring, and nothing behind it."""
        parts = [first]
        missing = length - len(first)
        while missing:
            part = os.read(self._fd, min(missing, 1 << 20))
            if not part:
                raise FrameCutOff("the pipe ended within a frame")
            parts.append(part)
            missing -= len(part)
        self._buffer, self._start = b"", 0
        return b"".join(parts)


def pack_texts(*texts: str) -> bytes:
    """Texts, each with its length before it."""
    parts = []
    for text in texts:
        encoded = text.encode("utf-8", "replace")
        parts += [_LENGTH.pack(len(encoded)), encoded]
    return b"".join(parts)


def split_text(body: bytes) -> tuple[str, bytes]:
    """The first text and the bytes behind it. Raises `FrameError` where there is none."""
    if len(body) < _LENGTH.size:
        raise FrameError("a text without a length")
    (length,) = _LENGTH.unpack_from(body)
    end = _LENGTH.size + length
    if len(body) < end:
        raise FrameError("a text that is cut off")
    return body[_LENGTH.size : end].decode("utf-8", "replace"), body[end:]


def unpack_texts(body: bytes, count: int) -> list[str]:
    """Exactly `count` texts. Raises `FrameError` for anything else."""
    texts = []
    for _ in range(count):
        text, body = split_text(body)
        texts.append(text)
    if body:
        raise FrameError("bytes behind the last text")
    return texts


def unpack_f64(body: bytes) -> tuple[float, bytes]:
    """A number and the bytes behind it. Raises `FrameError` where there is none."""
    if len(body) < F64.size:
        raise FrameError("a number that is cut off")
    (number,) = F64.unpack_from(body)
    return number, body[F64.size :]
