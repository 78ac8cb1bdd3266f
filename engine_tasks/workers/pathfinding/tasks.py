"""What a game holds of a request until its answer is there."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

from engine_tasks.workers.pathfinding.answers import PathError

A = TypeVar("A")


class MapTask(Generic[A]):
    """One request; `answer` is None until `queue.pump` brings it.

    All who ask for the same flow field hold the same one, and each may cancel for itself.
    """

    __slots__ = ("__weakref__", "_callbacks", "_take_back", "_wanted", "answer")

    def __init__(self) -> None:
        """`settle`, `join` and `take_back_by` are for the client that makes it."""
        self.answer: A | PathError | None = None
        self._callbacks: list[Callable[[A | PathError], None]] = []
        self._take_back: Callable[[], None] | None = None
        self._wanted = 0

    @property
    def done(self) -> bool:
        """Whether the answer is there."""
        return self.answer is not None

    def cancel(self) -> bool:
        """Take the request back; False where its answer is there already.

        The answer, with the next `queue.pump`, is then a `PathError`, unless others want it.
        """
        if self.answer is not None:
            return False
        self._wanted -= 1
        if self._wanted <= 0 and self._take_back is not None:
            self._take_back()
        return True

    def join(self, on_answer: Callable[[A | PathError], None] | None) -> None:
        """Note that somebody, or somebody more, wants the answer."""
        self._wanted += 1
        if on_answer is None:
            return
        if self.answer is None:
            self._callbacks.append(on_answer)
        else:
            on_answer(self.answer)

    def take_back_by(self, take_back: Callable[[], None]) -> None:
        """Say what is to be done when nobody wants the answer any more."""
        self._take_back = take_back

    def settle(self, answer: A | PathError) -> None:
        """Have the answer, once, and tell who wants it."""
        if self.answer is None:
            self.answer, self._take_back = answer, None
            callbacks, self._callbacks = self._callbacks, []
            for callback in callbacks:
                callback(answer)
