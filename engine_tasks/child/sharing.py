"""How a child takes large payloads from the game, and gives it large results.

Imported by a child process that must be ready in milliseconds: the rest comes with the first
message that is large.
"""

from __future__ import annotations

import marshal
import os

from engine_tasks.child.frames import APART, FREED, RESULT, SHARED, TASK_SHARED, write_frame
from engine_tasks.parcel import LARGE_BYTES, Parcel

TYPE_CHECKING = False
if TYPE_CHECKING:
    from engine_tasks.child.exchange import Exchange
    from engine_tasks.parcel import Buffer, Message


class GameShare:
    """What this child and its game keep in shared memory; without any, the pipe does as well.

    For one thread.
    """

    def __init__(self, segment_fd: int | None, out: int) -> None:
        """`segment_fd` was inherited from the game; `out` is the pipe to it."""
        self._fd = segment_fd
        self._out = out
        self._exchange: Exchange | None = None
        self.is_used = False
        """Whether anything large has passed yet."""
        if segment_fd is not None:
            os.set_inheritable(segment_fd, False)  # not for what the worker's code starts

    def _opened(self) -> Exchange | None:
        if self._exchange is None and self._fd is not None:
            from engine_tasks.child.exchange import Exchange  # noqa: PLC0415 - with the first

            self._exchange = Exchange(self._fd, "child")
            self.is_used = True
        return self._exchange

    def payload(self, kind: int, body: Buffer) -> Parcel:
        """The payload in what a TASK_SHARED or a TASK_APART frame has behind the timeout.

        Raises `FrameError`.
        """
        if kind == TASK_SHARED and (exchange := self._opened()) is not None:
            return exchange.open(body)
        from engine_tasks.child.exchange import parcel_apart  # noqa: PLC0415

        return parcel_apart(body)

    def result(self, message: Message) -> tuple[int, list[Buffer]]:
        """The kind of the frame for a result, and the parts of its body."""
        if type(message) is bytes and len(message) < LARGE_BYTES:
            return RESULT, [message]
        exchange = self._opened()
        if exchange is not None:
            try:
                return SHARED, [exchange.put(message)]
            except OSError:
                pass  # no memory, or the worker's code has closed what is not its own
        if not isinstance(message, Parcel):
            return RESULT, [message]
        from engine_tasks.child.exchange import parts_of, table_of  # noqa: PLC0415

        parts = parts_of(message)
        return APART, [table_of(parts), *parts]

    def tell_freed(self) -> None:
        """Tell the game which of its ranges are not looked at any more."""
        if self._exchange is None:
            return
        starts = self._exchange.take_unused()
        if starts:
            from engine_tasks.child.exchange import starts_as_body  # noqa: PLC0415

            write_frame(self._out, FREED, 0, starts_as_body(starts))

    def reclaim(self, body: bytes) -> None:
        """Take ranges back that the game does not look at any more, as a RECLAIM frame says."""
        exchange = self._opened()
        if exchange is None:
            return
        freed, given_up, is_idle = marshal.loads(body)  # the game's own words
        exchange.give_back(freed)
        exchange.punch(given_up)
        exchange.punch(exchange.take_free() if is_idle else exchange.take_surplus())
