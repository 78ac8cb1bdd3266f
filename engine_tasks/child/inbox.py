"""How a child receives frames, and how it ends when its game has."""

from __future__ import annotations

import os
import sys
import time
from collections import deque

from engine_tasks.child.frames import FrameReader

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Protocol

    from engine_tasks.child.frames import Frame

    class Inbox(Protocol):
        """Frames from the game, in their order."""

        def read(self) -> Frame | None:
            """Wait for the next frame; None when the game has closed the pipe."""

        def poll(self) -> Frame | None:
            """The next frame if one is here already."""

        def read_here(self) -> list[Frame]:
            """The frames that came with the last one."""

        def has_more(self) -> bool:
            """Whether anything is here that came with the last one."""

        @property
        def fd(self) -> int:
            """The pipe it reads from."""


#: Seconds that a child has to end by itself once its game is gone.
_LAST_WORDS_S = 0.5
#: prctl's option that sends a signal when the thread that spawned this process ends.
_PR_SET_PDEATHSIG = 1
_SIGKILL = 9


class PipeInbox:
    """Reads the pipe itself, where the kernel ends the child with its game."""

    def __init__(self, fd: int, reader: FrameReader) -> None:
        import select  # noqa: PLC0415 - not for Windows, where it knows only sockets

        self.fd = fd
        self._reader = reader
        self._poll = select.poll()
        self._poll.register(fd, select.POLLIN)

    def read(self) -> Frame | None:
        return self._reader.read()

    def read_here(self) -> list[Frame]:
        return self._reader.read_here()

    def has_more(self) -> bool:
        return self._reader.has_buffered()

    def poll(self) -> Frame | None:
        if self._reader.has_buffered() or self._poll.poll(0):
            return self._reader.read()
        return None


class ThreadInbox:
    """Reads on a thread of its own, which ends the process soon after the game is gone.

    For systems where no signal does that. A call into C that holds the GIL delays it.
    """

    def __init__(self, fd: int, reader: FrameReader) -> None:
        import threading  # noqa: PLC0415 - a confined child has no thread and no time for it

        self.fd = fd
        self._reader = reader
        self._frames: deque[Frame | None] = deque()  # None, the last: the game is gone
        self._arrived = threading.Semaphore(0)
        threading.Thread(target=self._receive, name="frames", daemon=True).start()

    def read(self) -> Frame | None:
        self._arrived.acquire()
        return self._next()

    def read_here(self) -> list[Frame]:
        frames = []
        while (frame := self.poll()) is not None:
            frames.append(frame)
        return frames

    def has_more(self) -> bool:
        return len(self._frames) > 0

    def poll(self) -> Frame | None:
        return self._next() if self._arrived.acquire(blocking=False) else None

    def _next(self) -> Frame | None:
        frame = self._frames.popleft()
        if frame is None:  # whoever asks again is to hear it again
            self._put(None)
        return frame

    def _put(self, frame: Frame | None) -> None:
        self._frames.append(frame)
        self._arrived.release()

    def _receive(self) -> None:
        while (frame := self._reader.read()) is not None:
            self._put(frame)
        self._put(None)
        time.sleep(_LAST_WORDS_S)
        os._exit(0)


def open_inbox(fd: int, max_body_bytes: int, parent_pid: int) -> Inbox:
    """The inbox that suits this system."""
    reader = FrameReader(fd, max_body_bytes)
    if dies_with_parent(parent_pid):
        return PipeInbox(fd, reader)
    return ThreadInbox(fd, reader)


def dies_with_parent(parent_pid: int) -> bool:
    """Ask the kernel to kill this process when its parent ends; whether it will."""
    if not sys.platform.startswith("linux"):
        return False
    from engine_tasks.child.kernel import prctl  # noqa: PLC0415 - Linux only

    try:
        prctl(_PR_SET_PDEATHSIG, _SIGKILL)
    except OSError:
        return False
    if os.getppid() != parent_pid:
        os._exit(0)  # it ended before the call above
    return True
