"""The tasks of one pool: its state behind one lock, its wakes and its answers."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable
from typing import Any, Final

import pykka

from engine_tasks.errors import TaskError
from engine_tasks.pools.state import InstanceState, PoolState
from engine_tasks.task import Outcome, Progress, Task, TaskResult

#: Tells an instance that a task may wait; the wake carries nothing, tasks live in the pool.
WAKE: Final = "wake"

#: Tasks answered under one hold of the lock, 0.2 ms.
_DRAINED_AT_ONCE: Final = 16

Deliver = Callable[[Task, TaskResult], None]


class PoolTasks:
    """Accepts tasks, gives them to instances and answers each exactly once.

    Safe from any thread. The lock is held for a few operations on memory, never while a
    worker's code, a pipe or a callback runs.
    """

    def __init__(self, worker_id: int, slots: int, deliver: Deliver) -> None:
        self._worker_id = worker_id
        self._deliver = deliver
        self._lock = threading.Lock()
        self._state = PoolState(slots)
        self._refs: list[pykka.ActorRef[Any] | None] = [None] * slots
        self._progress: dict[int, Progress] = {}
        self._when_empty: threading.Event | None = None
        self._refusal: str | None = None
        self._closing_error: TaskError | None = None

    # --- the game's side -------------------------------------------------

    def submit(self, task: Task) -> str | None:
        """Accept a task: None, or the reason why it is refused."""
        with self._lock:
            if self._refusal is not None:
                return self._refusal
            slot = self._state.submit(task)
            ref = None if slot is None else self._refs[slot]
        if ref is not None:
            tell_if_alive(ref, WAKE)
        return None

    def refuse(self, reason: str) -> None:
        """Accept no more tasks; what was accepted goes on."""
        with self._lock:
            self._refusal = self._refusal or reason

    def close(self, reason: str, error: TaskError) -> None:
        """Accept no more and give out no more; `drain` answers what waits with `error`."""
        with self._lock:
            self._refusal = self._refusal or reason
            self._closing_error = self._closing_error or error
            self._state.close()
            self._check_empty()

    def drain(self) -> None:
        """Answer what waits in a closed pool. Any thread, but a game with a long queue.

        A few at a time: a game's calls may want the lock in between.
        """
        while self._drain_some():
            pass

    def _drain_some(self) -> bool:
        with self._lock:
            return self._drop(_DRAINED_AT_ONCE)

    def _drop(self, most: int) -> bool:
        """Within the lock: answer some of what waits in a closed pool; False without any."""
        if self._closing_error is None:
            return False
        dropped = self._state.drop(most)
        for task in dropped:
            self._answer(task, self._closing_error)
        self._check_empty()
        return bool(dropped)

    def abandon(self, error: TaskError) -> None:
        """Answer the running tasks with `error`; what they still yield is dropped."""
        with self._lock:
            for task in self._state.abandon():
                self._answer(task, error)
            self._check_empty()

    def wait_empty(self, timeout_s: float) -> bool:
        """Wait until no task waits or runs. Not for the game thread."""
        with self._lock:
            if self._state.waiting + self._state.running == 0:
                return True
            empty = self._when_empty = self._when_empty or threading.Event()
        return empty.wait(timeout_s)

    # --- the instances' side ---------------------------------------------

    def attach(self, slot: int, ref: pykka.ActorRef[Any]) -> None:
        """A new actor has the slot from now on."""
        with self._lock:
            self._state.restart(slot)
            self._refs[slot] = ref

    def restart(self, slot: int) -> None:
        """A slot without an actor has a new instance."""
        with self._lock:
            self._state.restart(slot)

    def take(self, slot: int, limit: int = 1) -> list[Task]:
        """The next tasks for an instance; none checks it in, until a wake."""
        with self._lock:
            return self._state.take(slot, limit)

    def answer(self, slot: int, task: Task, outcome: Outcome, finished_s: float) -> bool:
        """Answer the first of the tasks that an instance has taken; False if given up before."""
        result = self._result(task, outcome, finished_s)
        with self._lock:
            answered = self._state.finish(slot, task)
            if answered:
                if self._progress:
                    self._progress.pop(task.id, None)
                self._deliver(task, result)
            self._check_empty()
        return answered

    def give_up(self, slot: int, task: Task, error: TaskError) -> bool:
        """`lose` the slot of a task that an instance hangs in; False if it just ended."""
        with self._lock:
            if not self._state.runs(slot, task):
                return False
            self._refs[slot] = None  # what the actor still does is no concern of the slot
            refs = self._lose(slot, error, began=True)
        _wake(refs)
        return True

    def holds(self, slot: int, ref: pykka.ActorRef[Any]) -> bool:
        """Whether the actor still has the slot; not so after `give_up`."""
        return self._refs[slot] is ref

    def lose(
        self,
        slot: int,
        error: TaskError,
        *,
        began: bool = True,
        ref: pykka.ActorRef[Any] | None = None,
    ) -> bool:
        """The instance of a slot died: answer the task it ran, and wake others for the rest.

        Unless it `began`, that task waits again as well. False for an actor, `ref`, that
        does not have the slot any more.
        """
        with self._lock:
            if ref is not None and self._refs[slot] is not ref:
                return False
            refs = self._lose(slot, error, began=began)
        _wake(refs)
        return True

    def fail(self, slot: int) -> None:
        """A slot gets no new actor."""
        with self._lock:
            self._state.fail(slot)

    def stopped(self, slot: int) -> None:
        """The instance of a slot of a closed pool has ended."""
        with self._lock:
            self._state.stopped(slot)

    def report_progress(self, task: Task, progress: Progress) -> None:
        """Keep what a running task says of itself, until it is answered."""
        with self._lock:
            if self._state.is_running(task.id):
                self._progress[task.id] = progress

    # --- what it knows ---------------------------------------------------

    def progress(self, task_id: int) -> Progress | None:
        """What a running task said of itself last."""
        return self._progress.get(task_id)

    def counts(self) -> tuple[int, int]:
        """Tasks that wait, and tasks in progress, of one moment."""
        with self._lock:
            return self._state.waiting, self._state.running

    def oldest_waiting(self) -> int | None:
        """The id of the task that is taken next."""
        with self._lock:
            return self._state.oldest_waiting

    def slots(self) -> tuple[InstanceState, ...]:
        """The state of each instance."""
        with self._lock:
            return self._state.slots

    @property
    def closed(self) -> bool:
        """Whether the pool gives out no more tasks."""
        return self._state.closed

    # --- inside the lock -------------------------------------------------

    def _lose(self, slot: int, error: TaskError, *, began: bool) -> list[pykka.ActorRef[Any]]:
        """The actors to wake, once the lock is free."""
        for task in self._state.lose(slot, began=began):
            self._answer(task, error)
        self._drop(_DRAINED_AT_ONCE)
        self._check_empty()
        others = itertools.islice(iter(self._state.check_out, None), self._state.waiting)
        return [ref for other in others if (ref := self._refs[other]) is not None]

    def _answer(self, task: Task, error: TaskError) -> None:
        self._progress.pop(task.id, None)
        self._deliver(task, self._result(task, error, time.monotonic()))

    def _result(self, task: Task, outcome: Outcome, finished_s: float) -> TaskResult:
        return TaskResult(
            worker_id=self._worker_id,
            task_id=task.id,
            error=outcome if isinstance(outcome, TaskError) else None,
            attempts=task.attempts,
            queued_s=task.queued_s,
            started_s=task.started_s,
            finished_s=finished_s,
            encoded=outcome if isinstance(outcome, bytes) else None,
        )

    def _check_empty(self) -> None:
        if self._when_empty is not None and self._state.waiting + self._state.running == 0:
            self._when_empty.set()
            self._when_empty = None


def _wake(refs: list[pykka.ActorRef[Any]]) -> None:
    for ref in refs:
        tell_if_alive(ref, WAKE)


def tell_if_alive(ref: pykka.ActorRef[Any], message: object) -> bool:
    """Tell an actor something that is of no use to a dead one; whether it was alive.

    A wake that comes too late is not lost: the death is on its way to `PoolTasks.lose`,
    which wakes another instance.
    """
    try:
        ref.tell(message)
    except pykka.ActorDeadError:
        return False
    return True
