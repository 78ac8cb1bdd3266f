"""A task, the request; and its result, the one answer to it."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Hashable
from typing import Any, Final, TypeVar

import attrs

from engine_tasks.errors import PayloadError, TaskError
from engine_tasks.parcel import Message, Parcel, joined, unpack
from engine_tasks.payload import decode, mentions, structure
from engine_tasks.policies import Priority

T = TypeVar("T")

#: A payload that was not decoded yet.
UNREAD: Final = object()


@attrs.define(eq=False)
class Task:
    """A task on its way through a pool. `payload` is MessagePack; times are monotonic seconds.

    Tasks of one `key` that wait together share one execution: the first carries the others
    along as its `followers`, also after it was itself `answered` (cancelled, say).
    """

    id: int
    payload: Message
    queued_s: float
    ready_s: float = 0.0
    """From when on it may run: when it was sent, or later by its delay or its backoff."""
    on_result: Callable[[TaskResult], None] | None = None
    timeout_s: float | None = None
    priority: Priority = Priority.NORMAL
    deadline_s: float | None = None
    """When it expires, if it still waits."""
    run_id: str | None = None
    key: Hashable = None
    max_attempts: int | None = None
    """Executions it may have; None: as its worker's policy says."""
    attempts: int = 0
    started_s: float = 0.0
    given_back: int = 0
    """Instances that took it and died before they began."""
    errors: tuple[TaskError, ...] = ()
    """Of the attempts so far, those that failed."""
    followers: dict[int, Task] | None = None
    answered: bool = False
    on_done: Callable[[TaskResult], None] | None = None
    """Called with the result on the thread that has it, by the library's own parts; then
    nobody else sees it."""

    @property
    def askers(self) -> list[Task]:
        """The tasks that its execution will answer, in the order in which they were sent."""
        own = [] if self.answered else [self]
        return own if self.followers is None else [*own, *self.followers.values()]

    @property
    def wanted(self) -> int:
        """How many tasks its execution will answer."""
        return (not self.answered) + (0 if self.followers is None else len(self.followers))

    def is_for(self, task_id: int) -> bool:
        """Whether its execution will answer the task of this id."""
        if self.id == task_id:
            return not self.answered
        return self.followers is not None and task_id in self.followers

    def let_go(self, task_id: int) -> Task:
        """Have its execution not answer one of its askers any more; the task of that one."""
        if self.id == task_id:
            self.answered = True
            return self
        assert self.followers is not None
        return self.followers.pop(task_id)


@attrs.frozen
class Progress:
    """How far a running task says it is: a `share` from 0 to 1 and a `note`."""

    share: float
    note: str = ""


@attrs.frozen(kw_only=True)
class PendingTask:
    """A task that waits, as `TaskQueue.pending_work` shows it. Instants are of the queue's clock.

    `ready_s` is when it may run: later than `queued_s` where it was delayed, or where a
    failed attempt backs off. `wanted` counts the tasks of its `key` that its execution answers.
    """

    task_id: int
    worker_id: int
    run_id: str | None
    priority: Priority
    queued_s: float
    ready_s: float
    attempts: int
    key: Hashable
    wanted: int


@attrs.define(eq=False)
class ReadResult:
    """A result that was looked through before it was believed, and so is decoded already."""

    encoded: bytes
    payload: Any


#: What a worker's code made of a task: its encoded result, or why there is none.
Outcome = bytes | Parcel | ReadResult | TaskError


#: Bytes of a payload up to which a result shows it to people.
_SHOWN_BYTES: Final = 256


@attrs.define(eq=False, repr=False)
class TaskResult:
    """The one answer to a task; read-only."""

    # Not `attrs.frozen`, whose `__init__` takes 1.1 µs where this one takes 0.3.
    _worker_id: int
    _task_id: int
    _error: TaskError | None = None
    _attempts: int = 0
    _queued_s: float = 0.0
    _started_s: float = 0.0
    _finished_s: float = 0.0
    _encoded: Message | None = None
    #: For the library's own parts: what `encoded` decodes to, where that is known.
    _payload: Any = UNREAD

    __match_args__ = (
        *("worker_id", "task_id", "error", "attempts"),
        *("queued_s", "started_s", "finished_s", "encoded"),
    )

    def __reduce__(self) -> tuple[type[TaskResult], tuple[Any, ...]]:
        """A copy, or one that is pickled, has the payload as bytes of its own, not read yet."""
        encoded = None if self._encoded is None else joined(self._encoded)
        times = (self._queued_s, self._started_s, self._finished_s)
        known = (self._worker_id, self._task_id, self._error, self._attempts)
        return TaskResult, (*known, *times, encoded)

    @property
    def worker_id(self) -> int:
        """The worker that it was sent to."""
        return self._worker_id

    @property
    def task_id(self) -> int:
        """The task, by the id that `send_task` gave."""
        return self._task_id

    @property
    def error(self) -> TaskError | None:
        """Why there is no payload; None where there is one."""
        return self._error

    @property
    def attempts(self) -> int:
        """How often the task was executed."""
        return self._attempts

    @property
    def queued_s(self) -> float:
        """When it was sent, in seconds of the queue's clock."""
        return self._queued_s

    @property
    def started_s(self) -> float:
        """When its last execution began; 0 for a task that never ran. Of several short tasks
        that came back at once each is given an equal share of their time."""
        return self._started_s

    @property
    def finished_s(self) -> float:
        """When it was answered."""
        return self._finished_s

    @property
    def encoded(self) -> Message | None:
        """The payload as the MessagePack that the worker made, or a parcel of it with large
        buffers beside it; None where there is an error."""
        return self._encoded

    def __repr__(self) -> str:
        what = f"payload={self._shown()}" if self.error is None else f"error={self.error!r}"
        return (
            f"TaskResult(worker_id={int(self.worker_id)}, task_id={self.task_id}, {what}, "
            f"attempts={self.attempts}, queued_s={self.queued_s:.6f}, "
            f"started_s={self.started_s:.6f}, finished_s={self.finished_s:.6f})"
        )

    def _shown(self) -> str:
        if self.encoded is not None and len(self.encoded) > _SHOWN_BYTES:
            return f"<{len(self.encoded):,} bytes>"
        return repr(self.payload)

    @property
    def ok(self) -> bool:
        """Whether there is a payload."""
        return self._error is None

    @property
    def payload(self) -> Any:
        """The plain value the worker answered with, decoded when first read; None on an error.

        From a child process, bytes of `LARGE_BYTES` and more are a read-only memoryview.
        """
        if self._payload is UNREAD:
            encoded = self._encoded
            if type(encoded) is bytes:
                self._payload = decode(encoded, root="result")
            elif encoded is None:
                self._payload = None
            else:
                self._payload = unpack(encoded, root="result", views=True)
        return self._payload

    def payload_as(self, wanted: type[T]) -> T:
        """The payload as `wanted`, by cattrs.

        Raises `PayloadError`, which names each field that does not fit, or holds the task's
        own error where there is no payload.
        """
        if self.error is not None:
            raise PayloadError(f"the task has no payload: {self.error}", path="result")
        payload = self.payload
        if isinstance(self._encoded, Parcel) and not mentions(wanted, memoryview):
            payload = unpack(self._encoded, root="result")  # bytes, where they are wanted
        return structure(payload, wanted, root="result")


def take_result(results: deque[TaskResult], task_id: int) -> TaskResult | None:
    """Take the result of one task, if it is there and no other thread takes it now."""
    for result in list(results):
        if result._task_id == task_id:  # noqa: SLF001 - the property would double the search
            try:
                results.remove(result)
            except ValueError:
                return None  # another thread polled it just now
            return result
    return None
