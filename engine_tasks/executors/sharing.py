"""How a game gives its own children large payloads, and takes large results from them."""

from __future__ import annotations

import logging
import marshal
import os
import threading
import time
from collections.abc import Callable
from typing import Final

from engine_tasks.background import BACKGROUND
from engine_tasks.child.exchange import (
    Exchange,
    parcel_apart,
    parts_of,
    starts_in,
    table_of,
)
from engine_tasks.child.frames import SHARED, TASK, TASK_APART, TASK_SHARED
from engine_tasks.child.segment import create_segment
from engine_tasks.parcel import LARGE_BYTES, Buffer, Message, Parcel
from engine_tasks.timer import TIMER

logger = logging.getLogger(__name__)

#: Seconds without a large message after which memory that was kept for the next is given up.
KEPT_S: Final = 2.0
#: Seconds after which memory that could not be unmapped is looked at again.
_AGAIN_S: Final = 1.0
#: Ranges of each sort that one frame names.
_MOST_NEWS: Final = 50


class ChildShare:
    """What a game and one of its children keep in shared memory; without any, the pipe does.

    `payload`, `result` and `freed` are for one thread, the rest for any.
    """

    def __init__(self, tell: Callable[[], bool]) -> None:
        """Raises nothing. `tell` is called in the background when there is news: it sends a
        RECLAIM frame if that is possible without a wait, and says whether."""
        self.fd = create_segment()
        """The segment, for the child to inherit."""
        self._exchange: Exchange | None = None
        if self.fd is not None:
            self._exchange = Exchange(os.dup(self.fd), "game", self._on_unused)
        self._tell = tell
        self._lock = threading.Lock()
        self._freed: list[int] = []
        self._given_up: list[tuple[int, int]] = []
        self._is_idle = False
        self._used_s = 0.0
        self._is_watched = False
        self._closed = False

    def inherited(self) -> None:
        """The child has its own descriptor now."""
        fd, self.fd = self.fd, None
        if fd is not None:
            os.close(fd)

    def close(self) -> None:
        """The child is gone. What the game looks at stays."""
        self._closed = True
        self.inherited()
        if self._exchange is not None:
            self._exchange.close()

    # --- messages --------------------------------------------------------------

    def payload(self, message: Message) -> tuple[int, list[Buffer]]:
        """The kind of the frame for a task, and what its body has behind the timeout."""
        if len(message) < LARGE_BYTES and isinstance(message, bytes):
            return TASK, [message]
        exchange = self._exchange
        if exchange is not None:
            self._watch()
            try:
                return TASK_SHARED, [exchange.put(message)]
            except OSError as error:
                logger.debug("no memory can be shared, the pipe is used: %s", error)
        if not isinstance(message, Parcel):
            return TASK, [message]
        parts = parts_of(message)
        return TASK_APART, [table_of(parts), *parts]

    def result(self, kind: int, body: bytes) -> Parcel:
        """The result in a SHARED or an APART frame. Raises `FrameError`."""
        if kind != SHARED or self._exchange is None:
            return parcel_apart(body)
        BACKGROUND.start()  # which finalizers cannot
        self._watch()
        return self._exchange.open(body)

    def freed(self, body: bytes) -> None:
        """Take ranges back that the child does not look at. Raises `FrameError`."""
        if self._exchange is None:
            return
        self._exchange.give_back(starts_in(body))
        with self._lock:
            self._given_up += self._exchange.take_surplus()

    # --- what is not used any more -------------------------------------------------

    def _on_unused(self) -> None:
        """On any thread, within whatever it does."""
        BACKGROUND.call(self._on_news)

    def _on_news(self) -> None:
        """In the background: unmap, which takes 1.4 ms for 64 MB, and tell the child."""
        assert self._exchange is not None
        freed = self._exchange.take_unused()
        if self._exchange.is_waiting:
            TIMER.after(_AGAIN_S, self._on_unused)
        if self._closed:
            return
        with self._lock:
            self._freed += freed
        self._watch()
        self._send_news()

    @property
    def has_news(self) -> bool:
        """Whether the child is to hear of something."""
        return bool(self._freed or self._given_up or self._is_idle)

    def take_news(self) -> bytes:
        """The body of a RECLAIM frame with what the child has not been told, or some of it:
        a page at most, which a pipe that has any room takes at once."""
        with self._lock:
            freed, self._freed = self._freed[:_MOST_NEWS], self._freed[_MOST_NEWS:]
            gone, self._given_up = self._given_up[:_MOST_NEWS], self._given_up[_MOST_NEWS:]
            news = marshal.dumps((freed, gone, self._is_idle))
            self._is_idle = False
        return news

    def _watch(self) -> None:
        """Look after a while whether the memory that is kept is still of use."""
        self._used_s = time.monotonic()
        with self._lock:
            if self._is_watched:
                return
            self._is_watched = True
        TIMER.after(KEPT_S, self._look)

    def _look(self) -> None:
        """On the timer's thread."""
        unused_s = time.monotonic() - self._used_s
        if self._closed or self._exchange is None:
            return
        if unused_s < KEPT_S:
            TIMER.after(KEPT_S - unused_s, self._look)
            return
        with self._lock:
            self._is_watched = False
            self._given_up += self._exchange.take_free()
            self._is_idle = True
        BACKGROUND.call(self._send_news)

    def _send_news(self) -> None:
        """In the background."""
        while self.has_news and not self._closed:
            if not self._tell():  # the child is busy, and has no room to hear of it
                self._watch()
                return
