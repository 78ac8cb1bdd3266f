"""Dead letters: tasks out of attempts, kept to be looked at or to be tried once more."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Hashable
from typing import Any, Final

import attrs

from engine_tasks.errors import TaskError
from engine_tasks.options import MIB
from engine_tasks.parcel import Message, unpack
from engine_tasks.policies import Priority
from engine_tasks.sending import OnResult
from engine_tasks.task import UNREAD, Task

#: Bytes of payloads that one worker's dead letters may hold on to.
MAX_BYTES: Final = 16 * MIB


@attrs.frozen(kw_only=True, eq=False)
class DeadLetter:
    """A task out of attempts, kept with the error of each. Times are monotonic seconds."""

    task_id: int
    errors: tuple[TaskError, ...]
    """Of the attempts that failed, the first one first."""

    attempts: int
    """How often it was executed."""

    run_id: str | None
    priority: Priority
    key: Hashable
    timeout_s: float | None
    max_attempts: int | None
    on_result: OnResult | None = attrs.field(repr=False)
    queued_s: float
    """When it was sent."""

    died_s: float
    """When its last attempt had failed."""

    encoded: Message = attrs.field(repr=False)
    """The payload as it was sent: MessagePack, or a parcel of it."""

    _payload: Any = attrs.field(default=UNREAD, init=False, repr=False)

    @property
    def payload(self) -> Any:
        """The plain value that was sent, decoded when first read."""
        if self._payload is UNREAD:
            object.__setattr__(self, "_payload", unpack(self.encoded, root="payload"))
        return self._payload


class DeadLetters:
    """The last tasks of a worker that ran out of attempts. Any thread may call it.

    Past `most` letters, or `most_bytes` of payloads, the oldest go. The newest one stays, also
    if it is larger than that by itself: then it is the only one.
    """

    def __init__(self, most: int, most_bytes: int = MAX_BYTES) -> None:
        self._most = most
        self._most_bytes = most_bytes
        self._lock = threading.Lock()
        self._letters: OrderedDict[int, DeadLetter] = OrderedDict()
        self._bytes = 0

    def __len__(self) -> int:
        return len(self._letters)

    def add(self, task: Task, now_s: float) -> None:
        """Keep a task that died at `now_s`; one that died before, and now again, counts once."""
        asker = next(iter(task.askers), task)  # who carries others may have left itself
        letter = DeadLetter(
            task_id=asker.id,
            errors=task.errors,
            attempts=task.attempts,
            run_id=asker.run_id,
            priority=asker.priority,
            key=asker.key,
            timeout_s=task.timeout_s,
            max_attempts=asker.max_attempts,
            on_result=asker.on_result,
            queued_s=asker.queued_s,
            died_s=now_s,
            encoded=task.payload,
        )
        self.put_back(letter)

    def put_back(self, letter: DeadLetter) -> None:
        """Keep a letter, as the newest: one that was taken, say, and could not be sent."""
        with self._lock:
            self._drop(letter.task_id)
            self._letters[letter.task_id] = letter
            self._bytes += len(letter.encoded)
            while self._is_over():
                self._drop(next(iter(self._letters)))

    def letters(self) -> list[DeadLetter]:
        """Those that are kept, the oldest first."""
        with self._lock:
            return list(self._letters.values())

    def take(self, task_id: int) -> DeadLetter | None:
        """Take a letter out, to try its task once more; None if it is not kept any more."""
        with self._lock:
            return self._drop(task_id)

    def _is_over(self) -> bool:
        too_many = len(self._letters) > self._most
        return too_many or (self._bytes > self._most_bytes and len(self._letters) > 1)

    def _drop(self, task_id: int) -> DeadLetter | None:
        letter = self._letters.pop(task_id, None)
        if letter is not None:
            self._bytes -= len(letter.encoded)
        return letter
