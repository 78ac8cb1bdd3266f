"""What a pool knows, as a pure state machine: no clock, no thread, no I/O.

Tasks are pulled: an idle slot waits on a LIFO stack, `submit` checks one out to be woken, and
a slot that finds nothing more to do checks itself in. What is decided on the way, that a task
ends with an error, is put into the `outbox`, to be answered by who holds the lock.
"""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import Final, TypeVar

from engine_tasks.errors import ErrorKind, TaskError
from engine_tasks.options import SameKey
from engine_tasks.policies import Priority, RetryPolicy
from engine_tasks.pools.ready_queue import ReadyQueue
from engine_tasks.pools.slots import Slots
from engine_tasks.task import Outcome, Task

T = TypeVar("T", int, float)

#: What a worker does with an unhealthy task when its options say nothing of retries, and
#: after which errors a task is tried again that was itself sent with `max_attempts`.
_DEFAULT_RETRY: Final = RetryPolicy()

#: Errors of an attempt for which the task is to blame, or its worker: after the last one the
#: task is a dead letter.
_DEADLY: Final = frozenset(
    {
        ErrorKind.FAILED,
        ErrorKind.TIMEOUT,
        ErrorKind.CRASHED,
        ErrorKind.MEMORY,
        ErrorKind.LOST,
        ErrorKind.BAD_RESULT,
    }
)


#: Tasks that become ready, or expire, under one hold of the lock: 0.3 ms.
AT_ONCE: Final = 32


class PoolState:
    """The waiting tasks of a pool, its slots, and which slot runs which task.

    Not safe from several threads: `PoolTasks` holds the lock. Instants are monotonic seconds.
    """

    def __init__(
        self,
        slots: int,
        most_slots: int | None = None,
        *,
        aging_s: float = 10.0,
        retry: RetryPolicy | None = None,
        same_key: SameKey = "share",
        random: Random | None = None,
        is_exact: bool = False,
    ) -> None:
        self.slots = Slots(slots, most_slots)
        self.ready = ReadyQueue(aging_s, is_exact=is_exact)
        #: Tasks to be answered now, each with the one that carried it, and its error.
        self.outbox: list[tuple[Task, Task, TaskError]] = []
        #: Tasks out of attempts, since this was last emptied.
        self.dead: list[Task] = []
        #: Tasks that will be tried again, since this was last emptied.
        self.retried: list[Task] = []
        self._retry = retry
        self._same_key = same_key
        self._random = random or Random()
        self._running: dict[int, list[Task]] = {}
        self._running_count = 0
        #: When the pool ends at the latest, if that is known: no retry waits longer.
        self.until_s: float | None = None
        self._closing_error: TaskError | None = None

    # --- what waits ----------------------------------------------------------

    def submit(self, task: Task, now_s: float = 0.0) -> int | None:
        """Let the task wait; the slot to wake for it, or None when none is idle or it is early.

        One whose `key` waits already shares the execution of that one, or takes its place.
        """
        carrier = None if task.key is None else self.ready.keyed(task.key)
        if carrier is None:
            self.ready.add(task, now_s)
        elif self._same_key == "share":
            self.ready.join(carrier, task, now_s)
            if task.max_attempts is not None:  # of which the carrier's former ones are none
                most = carrier.attempts + task.max_attempts
                carrier.max_attempts = _smaller(carrier.max_attempts, most)
            carrier.timeout_s = _smaller(carrier.timeout_s, task.timeout_s)
        else:
            for older in self.ready.replace(carrier, task, now_s):
                self._answer(older, ErrorKind.CANCELLED, f"task {task.id} took its place")
        return self.check_out()

    def advance(self, now_s: float) -> None:
        """Let time pass: what was delayed is ready, and what expired is answered.

        `AT_ONCE` of each; of very many `ready.next_event_s` tells that there are more.
        """
        event_s = self.ready.next_event_s
        if event_s is None or event_s > now_s:
            return
        self.ready.due(now_s, AT_ONCE)
        for task in self.ready.expire(now_s, AT_ONCE):
            assert task.deadline_s is not None
            late_s = now_s - task.deadline_s
            self._answer(task, ErrorKind.EXPIRED, f"it still waited at its deadline{_ago(late_s)}")

    def cancel(self, task_id: int) -> bool | tuple[int, Task]:
        """Answer a task as CANCELLED, now. False for one that neither waits nor runs.

        Where that leaves an execution that nobody wants, its slot and the task it belongs
        to: it should end.
        """
        if asker := self.ready.take_back(task_id):
            self._answer(asker, ErrorKind.CANCELLED, "the game took it back")
            return True
        slot, carrier = self._execution_of(task_id)
        if carrier is None:
            return False
        asker = carrier.let_go(task_id)
        self._running_count -= 1
        error = TaskError(ErrorKind.CANCELLED, "the game took it back while it ran")
        self.outbox.append((asker, carrier, error))
        return True if carrier.wanted else (slot, carrier)

    def set_priority(self, task_id: int, priority: Priority) -> bool:
        """Change how urgent a waiting task is; False for one that does not wait."""
        return self.ready.set_priority(task_id, priority)

    def purge(self, run_id: str) -> int:
        """What waits of a run is never run, but left to `drop_purged`; how many tasks."""
        return self.ready.purge(run_id)

    def drop_purged(self, most: int) -> bool:
        """Answer up to `most` tasks of purged runs; whether there were any."""
        purged = self.ready.purged(most)
        for task in purged:
            self._answer(task, ErrorKind.CANCELLED, f"its run {task.run_id!r} was purged")
        return bool(purged)

    def drop_oldest(self) -> bool:
        """Make room: the task that was sent first gives way. False with nothing waiting."""
        return self._drop(self.ready.oldest())

    def drop_lowest(self, task: Task) -> bool:
        """Make room for a task: the last of the lowest priority gives way, if that is lower."""
        lowest = self.ready.lowest()
        return lowest is not None and lowest.priority < task.priority and self._drop(lowest)

    def _drop(self, task: Task | None) -> bool:
        if task is None:
            return False
        for asker in task.askers:
            if self.ready.take_back(asker.id) is None:
                continue  # purged before, and answered as that
            self._answer(asker, ErrorKind.CANCELLED, "it gave way to another: the queue is full")
        return True

    # --- the instances ---------------------------------------------------------

    def check_out(self) -> int | None:
        """A slot to be woken, when one idles and a task is ready."""
        ready = self.ready
        if not self.slots.idle or not (ready.tail or ready.ready):  # the first saves four calls
            return None
        return self.slots.check_out()

    def take(self, slot: int, limit: int = 1, now_s: float = 0.0) -> list[Task]:
        """The next tasks for a slot that has none; with nothing ready it is checked in.

        At most `limit`, and no more than the slot's share of what is ready.
        """
        if self._closing_error is not None:
            return []
        if self.ready.has_events:
            self.ready.sort_in()  # what becomes ready now is behind what was sent before
            self.advance(now_s)
        most = limit
        if limit > 1:
            most = min(limit, 1 + (self.ready.ready - 1) // max(1, self.slots.present))
        ready = self.ready
        tasks: list[Task] = []
        while len(tasks) < most:
            if plain := ready.pop_tail(most - len(tasks)):  # nearly always
                for task in plain:
                    task.attempts = 1
                self._running_count += len(plain)
                tasks += plain
                continue
            if tasks and ready.has_deadlines and self._may_expire_next():
                break
            carrier = ready.pop(now_s)
            if carrier is None:
                break
            carrier.attempts += 1
            self._running_count += carrier.wanted
            tasks.append(carrier)
        if tasks:
            self.slots.occupy(slot)
            self._running[slot] = tasks.copy()
        else:
            self.slots.check_in(slot)
        return tasks

    def _may_expire_next(self) -> bool:
        """Whether the next task may expire: it is not taken to wait behind others."""
        head = self.ready.peek()
        return head is None or head.deadline_s is not None

    def runs(self, slot: int, task: Task) -> bool:
        """Whether the task is the one that a slot works on, and not given up."""
        running = self._running.get(slot)
        return running is not None and len(running) > 0 and running[0] is task

    def finish_alone(self, slot: int, tasks: Sequence[Task], outcomes: Sequence[Outcome]) -> bool:
        """`finish` the first tasks of a slot, if none failed and each is to be answered alone.

        Else False, and nothing has changed.
        """
        running = self._running.get(slot)
        if not running or running[0] is not tasks[0]:
            return False
        for task in tasks:
            if task.followers or task.answered:
                return False
        for outcome in outcomes:
            if type(outcome) is TaskError:
                return False
        del running[: len(tasks)]
        self._running_count -= len(tasks)
        return True

    def finish(
        self, slot: int, task: Task, error: TaskError | None = None, now_s: float = 0.0
    ) -> list[Task] | None:
        """The tasks to be answered for an execution; None for one that was given up before.

        With an `error` it may be tried again instead: then there are none. A slot finishes its
        tasks in the order in which it took them.
        """
        running = self._running.get(slot)
        if not running or running[0] is not task:
            return None
        del running[0]
        askers = task.askers
        self._running_count -= len(askers)
        if error is not None and self._attempt_failed(task, error, now_s):
            return []
        return askers

    def lose(
        self,
        slot: int,
        error: TaskError,
        now_s: float = 0.0,
        *,
        began: bool = True,
        unhealthy: bool = False,
    ) -> None:
        """The actor of a slot died: the task it ran has failed with `error`.

        What it took beyond that one never began, and waits again before all others,
        uncounted; so does the first, unless it `began`, or more instances than there are
        slots gave it back: some that can begin nothing must not be replaced for ever.
        """
        if not self.closed:
            self.slots.lose(slot)
        taken = self._running.pop(slot, [])
        self._running_count -= sum(task.wanted for task in taken)
        if taken and (began or taken[0].given_back > self.slots.present):
            task = taken.pop(0)
            if not self._attempt_failed(task, error, now_s, unhealthy=unhealthy):
                self._answer_askers(task, error)
        for task in reversed(taken):
            self._give_back(task)

    def _give_back(self, task: Task) -> None:
        task.attempts -= 1
        task.started_s = 0.0
        task.given_back += 1
        if self._closing_error is not None:
            self._answer_askers(task, self._closing_error)
        elif task.wanted:
            self.ready.add_first(task)

    def _attempt_failed(
        self, task: Task, error: TaskError, now_s: float, *, unhealthy: bool = False
    ) -> bool:
        """Whether a task that failed is tried again; if not, and to blame, it is dead."""
        if not task.wanted:
            return False
        task.errors += (error,)
        if not self.closed and self._may_try_again(task, error, now_s, unhealthy=unhealthy):
            self.retried.append(task)
            self.ready.add(task, now_s)
            return True
        if error.kind in _DEADLY:
            self.dead.append(task)
        return False

    def _may_try_again(
        self, task: Task, error: TaskError, now_s: float, *, unhealthy: bool
    ) -> bool:
        policy = self._retry or _DEFAULT_RETRY
        most = task.max_attempts
        if most is None:
            most = policy.max_attempts if self._retry or unhealthy else 1
        if task.attempts >= most or not (unhealthy or error.kind in policy.kinds):
            return False
        ready_s = now_s + policy.backoff_s(task.attempts, self._random)
        if self.until_s is not None and ready_s > self.until_s:
            return False  # the pool ends before that
        if all(a.deadline_s is not None and ready_s >= a.deadline_s for a in task.askers):
            return False  # better its error now than EXPIRED later
        task.ready_s = ready_s
        return True

    # --- the end ---------------------------------------------------------------

    @property
    def closed(self) -> bool:
        """Whether nothing is taken any more."""
        return self._closing_error is not None

    def close(self, error: TaskError) -> None:
        """Take no more. What waits is left to `drop`; running tasks may finish."""
        if self._closing_error is None:
            self._closing_error = error
            self.slots.close()

    def drop(self, most: int) -> bool:
        """Answer up to `most` tasks that wait in a closed pool; whether there were any."""
        if self._closing_error is None:
            return False
        dropped = self.ready.drop(most)
        self.outbox.extend((task, task, self._closing_error) for task in dropped)
        return bool(dropped)

    def drop_late(self, most: int) -> bool:
        """Answer up to `most` tasks that are not ready before the pool ends; whether any were."""
        if self.until_s is None:
            return False
        dropped = self.ready.drop_delayed_after(self.until_s, most)
        for task in dropped:
            self._answer(task, ErrorKind.STOPPED, "its worker ends before it was to run")
        return bool(dropped)

    def abandon(self, error: TaskError) -> None:
        """Answer the running tasks; what they still yield is dropped."""
        for tasks in self._running.values():
            for task in tasks:
                self._answer_askers(task, error)
        self._running.clear()
        self._running_count = 0

    # --- what it knows ---------------------------------------------------------

    def joins(self, task: Task) -> bool:
        """Whether a task would share the execution of one that waits, or take its place."""
        return task.key is not None and self.ready.keyed(task.key) is not None

    @property
    def pending(self) -> int:
        """Tasks that wait and were not purged: those that `max_pending` bounds."""
        return len(self.ready) - self.ready.purging

    @property
    def waiting(self) -> int:
        """Tasks that wait: for an instance, for their time, or for their answer."""
        return len(self.ready)

    @property
    def running(self) -> int:
        """Tasks that an instance has taken."""
        return self._running_count

    def is_running(self, task_id: int) -> bool:
        """Whether an instance works on this task, for itself or for others."""
        return any(tasks and tasks[0].id == task_id for tasks in self._running.values())

    def running_of(self, run_id: str) -> list[int]:
        """The ids of the tasks of a run that an instance has taken."""
        taken = [task for tasks in self._running.values() for task in tasks]
        return [a.id for task in taken for a in task.askers if a.run_id == run_id]

    def execution(self, task_id: int) -> Task | None:
        """The task, waiting or taken, whose execution answers this one."""
        return self.ready.find(task_id) or self._execution_of(task_id)[1]

    def knows(self, task_id: int) -> bool | None:
        """Whether a task is to be answered; None while some are that cannot be found by id."""
        if self.execution(task_id) is not None:
            return True
        return None if self.ready.passed_over else False

    def _execution_of(self, task_id: int) -> tuple[int, Task | None]:
        """The slot that has taken a task, and the one that carries it."""
        for slot, tasks in self._running.items():
            for task in tasks:
                if task.is_for(task_id):
                    return slot, task
        return -1, None

    def _answer(self, task: Task, kind: ErrorKind, message: str) -> None:
        self.outbox.append((task, task, TaskError(kind, message)))

    def _answer_askers(self, task: Task, error: TaskError) -> None:
        self.outbox.extend((asker, task, error) for asker in task.askers)


def _smaller(own: T | None, other: T | None) -> T | None:
    """The smaller of two limits, of which each may be none."""
    if own is None or other is None:
        return other if own is None else own
    return min(own, other)


def _ago(seconds: float) -> str:
    """When a deadline is so long past that it was hardly meant, a hint at what it is."""
    if seconds < 60:
        return ""
    return f", {seconds:.0f} s ago: deadline_s is an instant of the queue's clock, no duration"
