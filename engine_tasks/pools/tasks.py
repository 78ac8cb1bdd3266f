"""The tasks of one pool: its state behind one lock, its wakes and its answers."""

from __future__ import annotations

import itertools
import math
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final, TypeVar

import pykka

from engine_tasks.background import BACKGROUND
from engine_tasks.convoys import Patient
from engine_tasks.errors import TaskError
from engine_tasks.options import WorkerOptions
from engine_tasks.policies import Priority
from engine_tasks.pools.alarm import Alarm
from engine_tasks.pools.outlet import Outlet
from engine_tasks.pools.slots import InstanceState
from engine_tasks.pools.state import PoolState
from engine_tasks.task import Outcome, Progress, Task

#: Tells an instance that a task may wait; the wake carries nothing, tasks live in the pool.
WAKE: Final = "wake"

#: Tasks answered under one hold of the lock, 0.2 ms.
_DRAINED_AT_ONCE: Final = 16

#: Seconds of a pause between two such holds.
_PAUSE_S: Final = 5e-05

#: Tasks of the tail, which find their places at once when one of them is looked for: 0.3 ms.
_LONGEST_TAIL: Final = 256

#: Those that do when it gets longer, 0.04 ms: the lock is taken once for them.
_SORTED_AT_ONCE: Final = 32

#: Seconds of a drain in the background, before others have their turn.
_SLICE_S: Final = 0.02

#: Holds of the lock for one look at the clock: the timer has others to call.
_STEPS: Final = 4

Ref = pykka.ActorRef[Any]
Clock = Callable[[], float]
T = TypeVar("T")


class PoolTasks:
    """Accepts tasks, gives them to instances and answers each exactly once.

    Safe from any thread. The lock is held for a few operations on memory, never while a
    worker's code, a pipe, a log or a callback runs.
    """

    def __init__(
        self,
        state: PoolState,
        outlet: Outlet,
        options: WorkerOptions,
        *,
        clock: Clock = time.monotonic,
        has_alarm: bool = True,
    ) -> None:
        """Without an alarm somebody has to call `advance`, for what is delayed or expires."""
        self.clock = clock
        #: Called without the lock when tasks became ready by themselves that no instance takes.
        self.when_left: Callable[[], None] = _do_nothing
        self._state = state
        self._outlet = outlet
        self._max_pending = options.max_pending
        self._overflow = options.overflow
        self._lock = threading.Lock()
        #: For threads of instances; those of an inline worker run on the main thread.
        self._instances_lock = Patient(self._lock) if has_alarm else self._lock
        self._refs: list[Ref | None] = [None] * len(state.slots.all)
        self._noted = 0  # tasks of the tail that are counted
        self._progress: dict[int, Progress] = {}
        self._when_empty: list[Callable[[], None]] = []
        self._buried: list[Task] = []  # of which the log is still to be told
        self._refusal: str | None = None
        self._alarm = Alarm(self.advance) if has_alarm else None

    # --- the game's side -------------------------------------------------

    def submit(self, task: Task, is_plain: bool = False) -> str | None:
        """Accept a task: None, or the reason why it is refused.

        One that `is_plain` is of NORMAL priority and stands alone: it has no key, run, deadline
        or delay.
        """
        state = self._state
        if is_plain and self._max_pending is None and self._refusal is None:
            tail = state.ready.tail
            tail.append(task)
            # An instance that found nothing has been idle since before it looked for the last
            # time, and whoever closes the pool looks once more: one of both sees the other.
            if state.slots.idle or len(tail) >= _LONGEST_TAIL or self._refusal is not None:
                self._see_to_tail()
            return None
        return self._submit(task)

    def _see_to_tail(self) -> None:
        """Wake an instance for what was appended to the tail, and keep that short."""
        state = self._state
        with self._lock:
            if len(state.ready.tail) >= _LONGEST_TAIL:
                state.ready.sort_in(left=_LONGEST_TAIL - _SORTED_AT_ONCE)
            slot = state.check_out()
            ref = None if slot is None else self._refs[slot]
            is_late = self._refusal is not None
        if ref is not None:
            tell_if_alive(ref, WAKE)
        if is_late:  # it was closed meanwhile, or is about to be
            with self._settling():
                pass

    def _submit(self, task: Task) -> str | None:
        now_s = task.queued_s
        state = self._state
        with self._lock:
            self._sort_in()
            if self._refusal is not None:
                return self._refusal
            if self._max_pending is not None and state.pending >= self._max_pending:
                refusal = self._make_room(task, self._max_pending)
                if refusal is not None:
                    return refusal
            slot = state.submit(task, now_s)
            self._outlet.metrics.sent(now_s)
            ref = None if slot is None else self._refs[slot]
            has_answers = bool(state.outbox)
            if has_answers or task.ready_s > now_s or task.deadline_s is not None:
                self._flush()
        if ref is not None:
            tell_if_alive(ref, WAKE)
        if has_answers:  # others gave way
            self._settle()
        return None

    def _make_room(self, task: Task, most: int) -> str | None:
        if self._state.joins(task):
            return None  # it adds no execution
        if self._overflow == "drop_oldest" and self._state.drop_oldest():
            return None
        if self._overflow == "drop_lowest" and self._state.drop_lowest(task):
            return None
        return f"the worker is full: {most} tasks wait already (max_pending)"

    def cancel(self, task_id: int) -> bool | tuple[int, Task]:
        """Answer a task as CANCELLED. See `PoolState.cancel`."""
        with self._lock:
            self._sort_in()
            verdict = self._state.cancel(task_id)
            if verdict is False:  # a queue asks one worker after the other
                return False
            self._flush()
        self._settle()
        return verdict

    def cancel_waiting(self, task_id: int) -> bool:
        """`cancel`, but only a task that no instance has taken."""
        with self._settling():
            is_waiting = self._state.ready.find(task_id) is not None
            return is_waiting and bool(self._state.cancel(task_id))

    def set_priority(self, task_id: int, priority: Priority) -> bool:
        """Change how urgent a waiting task is; False for one that does not wait."""
        with self._lock:
            self._sort_in()
            return self._state.set_priority(task_id, priority)

    def purge(self, run_id: str) -> int:
        """Take back what waits of a run; `drain` answers what this does not, of very many."""
        with self._settling():
            count = self._state.purge(run_id)
            self._state.drop_purged(_DRAINED_AT_ONCE)
            return count

    # --- the end ---------------------------------------------------------

    def refuse(self, reason: str, until_s: float | None = None) -> None:
        """Accept no more tasks; what was accepted goes on.

        But for what is not ready before `until_s`, an instant of the clock: that is left to
        `drain`.
        """
        with self._lock:
            self._refusal = self._refusal or reason
            if until_s is not None:
                self._state.until_s = until_s

    def close(self, reason: str, error: TaskError) -> None:
        """Accept no more and give out no more; `drain` answers what waits with `error`."""
        with self._settling():
            self._refusal = self._refusal or reason
            self._state.close(error)

    def drain(self, *, gently: bool = True, within_s: float = math.inf) -> bool:
        """Answer what waits in a closed pool, was purged, or is not to run before its end.

        Any thread, but a game's. A few at a time, and `gently` with pauses: a game's calls may
        want the lock in between, and the GIL, which they else have after CPython's 5 ms. False
        if some are left after `within_s` seconds: a million take ten.
        """
        until_s = time.monotonic() + within_s
        while self._drain_some():
            if time.monotonic() >= until_s:
                return False
            if gently:
                time.sleep(_PAUSE_S)
        return True

    def drain_later(self) -> None:
        """`drain` in the background, a little between what else is to be done there."""
        if not self.drain(within_s=_SLICE_S):
            BACKGROUND.call(self.drain_later)

    def _drain_some(self) -> bool:
        with self._settling():
            return (
                self._state.drop_purged(_DRAINED_AT_ONCE)
                or self._state.drop(_DRAINED_AT_ONCE)
                or self._state.drop_late(_DRAINED_AT_ONCE)
            )

    def abandon(self, error: TaskError) -> None:
        """Answer the running tasks with `error`; what they still yield is dropped."""
        with self._settling():
            self._state.abandon(error)

    def wait_empty(self, timeout_s: float) -> bool:
        """Wait until no task waits or runs. Not for the game thread."""
        empty = threading.Event()
        self.when_empty(empty.set)
        return empty.wait(timeout_s)

    def when_empty(self, call: Callable[[], None]) -> None:
        """Call once when no task waits or runs: now, or on the thread that answers the last."""
        with self._lock:
            is_empty = self._state.waiting + self._state.running == 0
            if not is_empty:
                self._when_empty.append(call)
        if is_empty:
            call()

    # --- the instances' side ---------------------------------------------

    def attach(self, slot: int, ref: Ref) -> None:
        """A new actor has the slot from now on."""
        with self._lock:
            self._state.slots.restart(slot)
            self._refs[slot] = ref

    def restart(self, slot: int) -> None:
        """A slot without an actor has a new instance."""
        with self._lock:
            self._state.slots.restart(slot)

    def take(self, slot: int, limit: int = 1) -> list[Task]:
        """The next tasks for an instance; none checks it in, until a wake."""
        state = self._state
        if state.ready.has_events:
            self._make_way()
        now_s = self.clock()
        with self._instances_lock:
            tasks = state.take(slot, limit, now_s)
            if state.ready.passed != self._noted:
                self._note_arrivals(now_s)
            is_eventful = bool(state.outbox)
            if is_eventful:
                self._flush()
            # Sent between the look for it and the check-in: its sender saw nobody idle.
            late = state.check_out() if not tasks else None
            ref = None if late is None else self._refs[late]
        if is_eventful:
            self._settle()
        if ref is not None:
            tell_if_alive(ref, WAKE)
        return tasks

    def _note_arrivals(self, now_s: float) -> None:
        """Within the lock: count what was sent without it."""
        passed = self._state.ready.passed
        self._outlet.metrics.sent(now_s, passed - self._noted)
        self._noted = passed

    def _make_way(self) -> None:
        """Answer what would otherwise be passed over within one hold of the lock.

        Without the lock first: there is hardly ever anything.
        """
        ready = self._state.ready
        while ready.purging and self._drain_some():
            pass
        event_s = ready.next_event_s
        while event_s is not None and event_s <= self.clock() and self._advance_some():
            event_s = ready.next_event_s

    def answer(
        self,
        slot: int,
        task: Task,
        outcome: Outcome,
        finished_s: float,
        ref: Ref | None = None,
    ) -> bool:
        """Answer the first of the tasks that an instance has taken; False if given up before.

        So is what comes from an actor, `ref`, that does not have the slot any more: another
        may be at the same task.
        """
        return self.answer_all(slot, [task], [outcome], task.started_s, finished_s, ref)

    def answer_all(
        self,
        slot: int,
        tasks: Sequence[Task],
        outcomes: Sequence[Outcome],
        began_s: float,
        finished_s: float,
        ref: Ref | None = None,
    ) -> bool:
        """`answer` the first tasks that an instance has taken, which it ran one after the other.

        Only how long they took together is known: each is said to have taken an equal share.
        """
        each_s = (finished_s - began_s) / len(tasks)
        with self._instances_lock:
            if ref is not None and self._refs[slot] is not ref:
                return False
            are_taken = True
            if self._state.finish_alone(slot, tasks, outcomes):  # nearly always
                self._outlet.give_all(tasks, outcomes, began_s, each_s)
                if self._progress:
                    for task in tasks:
                        self._progress.pop(task.id, None)
                if self._when_empty:
                    self._flush()
            else:
                for task, outcome in zip(tasks, outcomes, strict=True):
                    task.started_s, began_s = began_s, began_s + each_s
                    are_taken = are_taken and self._answer(slot, task, outcome, began_s)
                self._flush()
        self._settle()
        return are_taken

    def _answer(self, slot: int, task: Task, outcome: Outcome, ended_s: float) -> bool:
        """Within the lock: answer who asked for a task, unless it was given up before."""
        error = outcome if isinstance(outcome, TaskError) else None
        if error is not None:
            self._sort_in()  # if it is tried again that is behind what was sent before
        askers = self._state.finish(slot, task, error, ended_s)
        if askers is None:
            return False
        self._progress.pop(task.id, None)
        if self._state.dead:
            self._bury()
        for asker in askers:
            self._outlet.give(asker, task, outcome, ended_s)
        return True

    def give_up(self, slot: int, task: Task, attempt: int, error: TaskError) -> bool:
        """`lose` the slot of a task that an instance hangs in, at this attempt.

        False if that just ended.
        """
        with self._settling():
            if not self._state.runs(slot, task) or task.attempts != attempt:
                return False
            self._lose(slot, error)
        self._wake_for_the_rest()
        return True

    def holds(self, slot: int, ref: Ref) -> bool:
        """Whether the actor still has the slot; not so after `give_up`."""
        return self._refs[slot] is ref

    def leave(self, slot: int, ref: Ref) -> None:
        """The actor ends, if it still has the slot: it has it no more."""
        with self._lock:
            if self._refs[slot] is ref:
                self._refs[slot] = None

    def lose(
        self,
        slot: int,
        error: TaskError,
        *,
        began: bool = True,
        unhealthy: bool = False,
        ref: Ref | None = None,
    ) -> bool:
        """The instance of a slot died: its task has failed with `error`, others take the rest.

        Unless it `began`, that task waits again as well. False for an actor, `ref`, that
        does not have the slot any more.
        """
        with self._settling():
            if ref is not None and self._refs[slot] is not ref:
                return False
            self._lose(slot, error, began=began, unhealthy=unhealthy)
        self._wake_for_the_rest()
        return True

    def _lose(
        self, slot: int, error: TaskError, *, began: bool = True, unhealthy: bool = False
    ) -> None:
        self._refs[slot] = None  # what its actor still does is no concern of the slot
        self._state.lose(slot, error, self.clock(), began=began, unhealthy=unhealthy)
        for task_id in [each for each in self._progress if not self._state.is_running(each)]:
            del self._progress[task_id]

    def awaits_instance(self, slot: int) -> bool:
        """Whether a slot has no instance and is to have one, in a pool that goes on."""
        with self._lock:
            state = self._state.slots[slot]
            is_to_have = state in (InstanceState.STARTING, InstanceState.RESTARTING)
            return is_to_have and self._refs[slot] is None

    def fail(self, slot: int) -> None:
        """A slot gets no new actor."""
        with self._lock:
            if not self._state.closed:
                self._state.slots.fail(slot)

    def stopped(self, slot: int) -> None:
        """The instance of a slot has ended as it was told."""
        with self._lock:
            self._state.slots.stopped(slot)

    def give_back_slot(self, slot: int, minimum: int) -> bool:
        """Do without an instance that cannot be had, if more than `minimum` are there."""
        with self._lock:
            slots = self._state.slots
            if self._state.closed or slots.present <= minimum:
                return False
            slots.give_back(slot)
            return True

    def add_slots(self, count: int) -> list[int]:
        """Take up to `count` more slots into use: those to start an instance in."""
        with self._lock:
            return [] if self._state.closed else self._state.slots.add(count)

    def retire_slots(self, count: int) -> list[Ref]:
        """Let go up to `count` slots that idle: the actors to stop."""
        with self._lock:
            retired = self._state.slots.retire(count)
            return [ref for slot in retired if (ref := self._refs[slot]) is not None]

    def report_progress(self, task: Task, progress: Progress) -> None:
        """Keep what a running task says of itself, until it is answered."""
        with self._lock:
            if self._state.is_running(task.id):
                self._progress[task.id] = progress

    # --- time ------------------------------------------------------------

    def advance(self) -> None:
        """Let time pass: answer what expired, wake instances for what is ready by now.

        Of very much only a part, where an alarm sees to the rest.
        """
        steps = itertools.repeat(None) if self._alarm is None else range(_STEPS)
        for _ in steps:
            if not self._advance_some():
                break
        self._wake_for_the_rest()

    def _advance_some(self) -> bool:
        """Whether there is more: a few at a time, since a game may want the lock in between."""
        with self._settling():
            now_s = self.clock()
            self._state.advance(now_s)
            event_s = self._state.ready.next_event_s
            return event_s is not None and event_s <= now_s

    def _wake_for_the_rest(self) -> None:
        with self._lock:
            slots = iter(self._state.check_out, None)
            woken = itertools.islice(slots, self._state.ready.ready)
            refs = [ref for slot in woken if (ref := self._refs[slot]) is not None]
            are_left = self._state.ready.ready > len(refs)
        for ref in refs:
            tell_if_alive(ref, WAKE)
        if are_left:
            self.when_left()

    # --- what it knows ---------------------------------------------------

    def progress(self, task_id: int) -> Progress | None:
        """What a running task said of itself last."""
        if not self._progress:
            return None
        with self._lock:
            self._sort_in()
            carrier = self._state.execution(task_id)
            return None if carrier is None else self._progress.get(carrier.id)

    def wanted(self, task_id: int) -> int:
        """How many tasks the execution of this one will answer; 0 for one that is not here."""
        with self._lock:
            self._sort_in()
            carrier = self._state.execution(task_id)
            return 0 if carrier is None else carrier.wanted

    def knows(self, task_id: int) -> bool | None:
        """Whether a task is to be answered; None while that cannot be told."""
        with self._lock:
            # Who waits for a task asks again and again: the tail is left as it is.
            return self._state.ready.is_in_tail(task_id) or self._state.knows(task_id)

    def is_taken(self, task_id: int) -> bool:
        """Whether an instance has taken a task that is to be answered."""
        with self._lock:
            self._sort_in()
            ready, execution = self._state.ready, self._state.execution(task_id)
            return execution is not None and ready.find(task_id) is None

    def counts(self) -> tuple[int, int]:
        """Tasks that wait, and tasks in progress, of one moment."""
        with self._lock:
            return self._state.waiting, self._state.running

    def next_rank(self) -> tuple[float, int] | None:
        """What decides between pools: the rank and the id of the task that is taken next."""
        with self._lock:
            self._sort_in()
            task = self._state.ready.peek()
            return None if task is None else (self._state.ready.rank(task), task.id)

    def slots(self) -> tuple[InstanceState, ...]:
        """The state of each instance."""
        with self._lock:
            return self._state.slots.all if self._state.closed else self._state.slots.used

    def read(self, look: Callable[[PoolState], T]) -> T:
        """What a short look at the state finds, of one moment."""
        with self._lock:
            self._sort_in()
            self._note_arrivals(self.clock())
            return look(self._state)

    def refs(self) -> list[tuple[int, InstanceState, Ref | None]]:
        """Each slot in use: its number, its state, its actor."""
        with self._lock:
            return [
                (slot, state, self._refs[slot])
                for slot, state in enumerate(self._state.slots.all)
                if state is not InstanceState.STOPPED
            ]

    @property
    def closed(self) -> bool:
        """Whether the pool gives out no more tasks."""
        return self._state.closed

    # --- the lock ----------------------------------------------------------

    @contextmanager
    def _settling(self) -> Iterator[None]:
        """Hold the lock; give away what was decided meanwhile."""
        with self._lock:
            self._sort_in()
            yield
            self._flush()
        self._settle()

    def _sort_in(self) -> None:
        """Within the lock, before a look at what waits: let each task be found."""
        if self._state.ready.tail:
            self._state.ready.sort_in()

    def _flush(self) -> None:
        """Within the lock: answer what the state wants answered, and set the alarm."""
        state = self._state
        if state.closed:
            state.drop(_DRAINED_AT_ONCE)
        if state.dead:
            self._bury()
        if state.outbox:
            now_s = self.clock()
            for task, carrier, error in state.outbox:
                self._progress.pop(task.id, None)
                self._outlet.give(task, carrier, error, now_s)
            state.outbox.clear()
        if self._alarm is not None:
            self._alarm.set(state.ready.next_event_s)

    def _bury(self) -> None:
        """Within the lock, before their answers: keep the tasks that are out of attempts."""
        for task in self._state.dead:
            self._outlet.dead_letters.add(task, self.clock())
        self._buried += self._state.dead
        self._state.dead = []

    def _settle(self) -> None:
        """Without the lock: what an answer brings with it."""
        state = self._state
        if state.retried or self._buried:
            with self._lock:
                buried, self._buried = self._buried, []
                retried, state.retried = state.retried, []
                for _ in retried:
                    self._outlet.metrics.retried()
            self._outlet.tell_dead(buried)
            self._outlet.tell_retries(retried)
        if self._when_empty:
            self._check_empty()
        self._outlet.settle()

    def _check_empty(self) -> None:
        with self._lock:
            if self._state.waiting + self._state.running:
                return
            calls, self._when_empty = self._when_empty, []
        for call in calls:
            call()


def _do_nothing() -> None:
    """Where nobody wants to know."""


def tell_if_alive(ref: Ref, message: object) -> bool:
    """Tell an actor something that is of no use to a dead one; whether it was alive.

    A wake that comes too late is not lost: the death is on its way to `PoolTasks.lose`,
    which wakes another instance.
    """
    try:
        ref.tell(message)
    except pykka.ActorDeadError:
        return False
    return True
