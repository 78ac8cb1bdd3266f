"""`ReadyQueue` against a plain list: who waits is found, runs in order, and leaves once."""

import math
from collections.abc import Hashable, Iterable
from typing import Any

import attrs
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from engine_tasks.policies import Priority
from engine_tasks.pools.calendar import GRAIN_S
from engine_tasks.pools.ready_queue import ReadyQueue
from engine_tasks.task import Task

PRIORITIES = st.sampled_from(Priority)
SPANS_S = st.sampled_from([0.001, 0.004, GRAIN_S, 0.5, 1.0, 20.0])
DELAYS_S = st.one_of(st.just(0.0), SPANS_S)
RUNS = st.sampled_from([None, "a", "b"])
KEYS = st.sampled_from([None, "k", "l"])
PICKS = st.integers(0, 1000)
MOST = st.integers(1, 4)


def _ids(tasks: Iterable[Task]) -> list[int]:
    return [task.id for task in tasks]


def _event_s(instant_s: float) -> float:
    """When a calendar comes to an instant."""
    return math.ceil(instant_s / GRAIN_S) * GRAIN_S


@attrs.define(eq=False)
class Record:
    """What the model knows of a carrier: nothing here is read from the task."""

    task: Task
    priority: Priority
    ready_s: float
    key: Hashable
    is_key_holder: bool = False
    is_delayed: bool = False
    entry: int = 0
    """Where it stands in its level."""
    askers: list[int] = attrs.Factory(list)
    """Those that want it: not the purged, not those that left."""


def _calendar_order(record: Record) -> tuple[float, int, float, int]:
    """That of `Calendar.due`: by grain, by block of ids, by instant, by id."""
    return _event_s(record.ready_s), record.task.id // 64, record.ready_s, record.task.id


class QueueModel(RuleBasedStateMachine):
    """Does to a queue what a pool may do to it, in any order, as time goes by."""

    @initialize(aging_s=st.sampled_from([0.5, 10.0]))
    def start(self, aging_s: float) -> None:
        self.queue = ReadyQueue(aging_s)
        self.aging_s = aging_s
        self.now_s = 0.0
        self.sent: dict[int, Task] = {}
        self.waiting: list[Record] = []
        self.running: list[Record] = []
        self.purged: list[int] = []
        self.found_expired: list[int] = []
        self.answered: list[int] = []
        self.entries = 0

    # --- what comes ----------------------------------------------------------

    @rule(
        priority=PRIORITIES,
        delay_s=DELAYS_S,
        span_s=st.one_of(st.none(), st.just(0.0), SPANS_S),
        run_id=RUNS,
        key=KEYS,
        is_newest=st.booleans(),
    )
    def send(
        self,
        priority: Priority,
        delay_s: float,
        span_s: float | None,
        run_id: str | None,
        key: Hashable,
        is_newest: bool,
    ) -> None:
        task = Task(
            id=len(self.sent) + 1,
            payload=b"",
            queued_s=self.now_s,
            priority=priority,
            ready_s=self.now_s + delay_s,
            deadline_s=None if span_s is None else self.now_s + span_s,
            run_id=run_id,
            key=key,
        )
        self.sent[task.id] = task
        record = self._holder(key)
        if record is None:
            new = Record(task, priority, task.ready_s, key, askers=[task.id])
            assert self.queue.add(task, self.now_s) == self._wait(new)
        elif is_newest:
            former = self._answer(self.queue.replace(record.task, task, self.now_s))
            assert sorted(former) == sorted(record.askers)
            record.askers = [task.id]
            self._urge(record, priority, task.ready_s)
        else:
            record.askers.append(task.id)
            became_ready = self.queue.join(record.task, task, self.now_s)
            assert became_ready == self._urge(record, priority, task.ready_s)

    @precondition(lambda self: self.running)
    @rule(pick=PICKS, backoff_s=DELAYS_S)
    def try_again(self, pick: int, backoff_s: float) -> None:
        record = self.running.pop(pick % len(self.running))
        record.task.ready_s = record.ready_s = self.now_s + backoff_s
        assert self.queue.add(record.task, self.now_s) == self._wait(record)

    @precondition(lambda self: self.running)
    @rule(pick=PICKS)
    def give_back(self, pick: int) -> None:
        record = self.running.pop(pick % len(self.running))
        self.queue.add_first(record.task)
        self._wait(record, is_first=True)

    @rule(run_ids=st.lists(RUNS, min_size=3, max_size=8), key=KEYS, delay_s=DELAYS_S)
    def send_some(self, run_ids: list[str | None], key: Hashable, delay_s: float) -> None:
        for count, run_id in enumerate(run_ids):
            self.send(
                Priority(count % 3),
                delay_s,
                8.0 / count if count else None,
                run_id,
                key,
                is_newest=False,
            )

    # --- what goes -----------------------------------------------------------

    @precondition(lambda self: self.waiting)
    @rule(count=st.integers(1, 3))
    def pop(self, count: int) -> None:
        for _ in range(count):
            self._pop_one()

    def _pop_one(self) -> None:
        expected = self._pop()
        carrier = self.queue.pop(self.now_s)
        assert carrier is (expected.task if expected else None)
        if carrier is not None and expected is not None:
            assert sorted(_ids(carrier.askers)) == sorted(expected.askers)
            self.running.append(expected)

    @precondition(lambda self: self.running)
    @rule(pick=PICKS)
    def finish(self, pick: int) -> None:
        self._answer(self.running.pop(pick % len(self.running)).task.askers)

    @precondition(lambda self: self.waiting)
    @rule(pick=PICKS)
    def take_back(self, pick: int) -> None:
        task_id = self._pick(pick)
        record = self._of(task_id)
        asker = self.queue.take_back(task_id)
        assert asker is (self.sent[task_id] if record else None)
        if asker is not None and record is not None:
            self._answer([asker])
            self._leave(task_id)
            if record.askers:
                assert asker.answered == (asker is record.task)

    @precondition(lambda self: self.waiting)
    @rule(pick=PICKS, priority=PRIORITIES)
    def set_priority(self, pick: int, priority: Priority) -> None:
        task_id = self._pick(pick)
        record = self._of(task_id)
        assert self.queue.set_priority(task_id, priority) == (record is not None)
        if record is not None and record.priority != priority:
            record.priority = priority
            self._enter(record)

    # --- time ----------------------------------------------------------------

    @rule(span_s=SPANS_S, is_due=st.booleans(), is_expiring=st.booleans())
    def let_time_pass(self, span_s: float, is_due: bool, is_expiring: bool) -> None:
        self.now_s += span_s
        if is_due:
            self._due()
        if is_expiring:
            self._expire()
        if is_due and is_expiring:
            next_s = self.queue.next_event_s
            assert next_s is None or next_s > self.now_s

    def _due(self) -> None:
        ready = [r for r in self._delayed() if _event_s(r.ready_s) <= self.now_s]
        for record in sorted(ready, key=_calendar_order):
            record.is_delayed = False
            self._enter(record)
        assert self.queue.due(self.now_s) == len(ready)

    def _expire(self) -> None:
        asking = [n for record in self.waiting for n in record.askers]
        ids = [n for n in asking if self._deadline_event_s(n) <= self.now_s] + self.found_expired
        expired = self._answer(self.queue.expire(self.now_s))
        assert expired == sorted(ids, key=lambda n: (self.sent[n].deadline_s, n))
        for task_id in expired:
            self._leave(task_id)

    # --- runs, and the end ---------------------------------------------------

    @precondition(lambda self: len(self.waiting) > 2)
    @rule(run_id=st.sampled_from(["a", "b", "c"]))
    def purge(self, run_id: str) -> None:
        ids = self._of_run(run_id)
        assert self.queue.purge(run_id) == len(ids)
        for task_id in ids:
            self._leave(task_id)
        self.purged += ids

    @precondition(lambda self: self.purged)
    @rule(most=MOST)
    def drop_purged(self, most: int) -> None:
        purged = self._answer(self.queue.purged(most))
        assert len(purged) == min(most, len(self.purged))
        for task_id in purged:
            self.purged.remove(task_id)

    @precondition(lambda self: len(self.waiting) > 4)
    @rule(most=MOST)
    def drop(self, most: int) -> None:
        passed_over, ready = [*self.found_expired, *self.purged], self._ready()
        first = ready and min(self._heads(), key=self._order).askers
        dropped = self._answer(self.queue.drop(most))
        assert len(dropped) == min(most, self._count())
        assert set(dropped[: len(passed_over)]) <= set(passed_over)
        if first and len(dropped) > len(passed_over):
            assert dropped[len(passed_over)] in first
        if any(self._of(n) in self._delayed() for n in dropped):
            assert {n for r in ready for n in r.askers} <= set(dropped)
        for task_id in dropped:
            self._leave(task_id)

    @precondition(lambda self: len(self.waiting) > 4)
    @rule(span_s=SPANS_S, most=MOST)
    def drop_delayed_after(self, span_s: float, most: int) -> None:
        instant_s = self.now_s + span_s
        late = [r for r in self._delayed() if _event_s(r.ready_s) > instant_s]
        ids = {task_id for record in late for task_id in record.askers}
        dropped = self._answer(self.queue.drop_delayed_after(instant_s, most))
        assert len(dropped) == min(most, len(ids))
        assert set(dropped) <= ids
        for task_id in dropped:
            self._leave(task_id)

    # --- what always holds ---------------------------------------------------

    @invariant()
    def nobody_is_lost_and_nobody_leaves_twice(self) -> None:
        held = [n for record in (*self.waiting, *self.running) for n in record.askers]
        everybody = [*held, *self.purged, *self.found_expired, *self.answered]
        assert sorted(everybody) == sorted(self.sent)
        assert len(self.queue) == self._count()

    @invariant()
    def counts_agree_but_for_the_purged(self) -> None:
        counts = self.queue.by_priority()
        assert list(counts) == list(Priority)
        for priority, count in counts.items():
            ready = sum(record.priority == priority for record in self._ready())
            assert ready <= count <= ready + len(self.purged)
        assert self.queue.ready == sum(counts.values())
        delayed = len(self._delayed())
        assert delayed <= self.queue.delayed <= delayed + len(self.purged)
        assert self.queue.purging == len(self.purged)

    @invariant()
    def who_waits_is_found(self) -> None:
        for task_id in range(len(self.sent) + 2):
            record = self._of(task_id)
            assert self.queue.find(task_id) is (record.task if record else None)
        for run_id in ("a", "b"):
            assert _ids(self.queue.pending(run_id)) == self._of_run(run_id)

    @invariant()
    def the_next_event_is_not_missed(self) -> None:
        instants = [_event_s(record.ready_s) for record in self._delayed()]
        instants += [self._deadline_event_s(n) for r in self._wanted() for n in r.askers]
        instants += [self.now_s for _ in self.found_expired]
        earliest_s = min(instants, default=math.inf)
        next_s = self.queue.next_event_s
        assert (math.inf if next_s is None else next_s) <= earliest_s
        if not self._count():
            assert next_s is None
            assert self.queue.ready == self.queue.delayed == 0

    @precondition(lambda self: self.waiting)
    @rule()
    def look(self) -> None:
        """These may tidy up, so they are a rule and not an invariant."""
        heads = self._heads()
        first = min(heads, key=self._order, default=None)
        assert self.queue.peek() is (first.task if first else None)
        ready, delayed = self._ready(), self._delayed()
        last = min(ready or delayed, key=lambda r: (r.priority, -r.entry), default=None)
        assert self.queue.lowest() is (last.task if last else None)
        oldest = min((r.task.id for r in heads + self._heads(delayed=True)), default=None)
        assert (task.id if (task := self.queue.oldest()) else None) == oldest
        for key in ("k", "l"):
            holder = self._holder(key)
            assert self.queue.keyed(key) is (holder.task if holder else None)

    # --- the model -----------------------------------------------------------

    def _pick(self, pick: int) -> int:
        """An id: mostly of one who waits, but for some."""
        ids = [task_id for record in self._wanted() for task_id in record.askers] or [0]
        return pick if pick % 8 == 0 else ids[pick % len(ids)]

    def _wanted(self) -> list[Record]:
        return [record for record in self.waiting if record.askers]

    def _ready(self) -> list[Record]:
        return [record for record in self._wanted() if not record.is_delayed]

    def _delayed(self) -> list[Record]:
        return [record for record in self._wanted() if record.is_delayed]

    def _count(self) -> int:
        asking = sum(len(record.askers) for record in self.waiting)
        return asking + len(self.purged) + len(self.found_expired)

    def _holder(self, key: Hashable) -> Record | None:
        holders = [r for r in self._wanted() if r.is_key_holder and r.key == key]
        assert len(holders) <= 1
        return holders[0] if holders else None

    def _of(self, task_id: int) -> Record | None:
        return next((record for record in self.waiting if task_id in record.askers), None)

    def _of_run(self, run_id: str) -> list[int]:
        asking = [n for record in self.waiting for n in record.askers]
        return sorted(n for n in asking if self.sent[n].run_id == run_id)

    def _deadline_event_s(self, task_id: int) -> float:
        deadline_s = self.sent[task_id].deadline_s
        return math.inf if deadline_s is None else _event_s(deadline_s)

    def _heads(self, *, delayed: bool = False) -> list[Record]:
        heads = []
        for priority in Priority:
            level = [r for r in self._wanted() if r.priority == priority]
            level = [r for r in level if r.is_delayed == delayed]
            heads += sorted(level, key=lambda r: r.entry)[:1]
        return heads

    def _order(self, record: Record) -> tuple[float, int]:
        return record.ready_s - record.priority * self.aging_s, -record.priority

    def _enter(self, record: Record, *, is_first: bool = False) -> None:
        self.entries += 1
        record.entry = -self.entries if is_first else self.entries

    def _wait(self, record: Record, *, is_first: bool = False) -> bool:
        record.is_delayed = not is_first and record.ready_s > self.now_s
        record.is_key_holder = record.key is not None and self._holder(record.key) is None
        self._enter(record, is_first=is_first)
        self.waiting.append(record)
        return not record.is_delayed

    def _urge(self, record: Record, priority: Priority, ready_s: float) -> bool:
        """Whether the carrier became ready as another task came to it."""
        if priority > record.priority:
            record.priority = priority
            self._enter(record)
        if ready_s >= record.ready_s:
            return False
        record.ready_s = ready_s
        if not record.is_delayed:
            return False
        self._enter(record)
        record.is_delayed = ready_s > self.now_s
        return not record.is_delayed

    def _pop(self) -> Record | None:
        while heads := self._heads():
            record = min(heads, key=self._order)
            self.waiting.remove(record)
            for task_id in list(record.askers):
                deadline_s = self.sent[task_id].deadline_s
                if deadline_s is not None and deadline_s <= self.now_s:
                    record.askers.remove(task_id)
                    self.found_expired.append(task_id)
            if record.askers:
                return record
        return None

    def _leave(self, task_id: int) -> None:
        for place in (*(record.askers for record in self.waiting), self.purged, self.found_expired):
            if task_id in place:
                place.remove(task_id)
        self.waiting = self._wanted()

    def _answer(self, tasks: Iterable[Task]) -> list[int]:
        ids = _ids(tasks)
        self.answered += ids
        return ids


def test_random_lives_of_a_queue_lose_nobody() -> None:
    run_state_machine_as_test(
        QueueModel,
        settings=settings(max_examples=70, stateful_step_count=50, deadline=None),
    )


# --- each rule by an example -------------------------------------------------


def _task(task_id: int, priority: Priority = Priority.NORMAL, **values: Any) -> Task:
    return Task(task_id, b"", queued_s=0.0, priority=priority, **values)


def _queue(*tasks: Task, aging_s: float = 10.0) -> ReadyQueue:
    queue = ReadyQueue(aging_s)
    for task in tasks:
        queue.add(task, now_s=0.0)
    return queue


def _popped(queue: ReadyQueue, now_s: float = 0.0) -> list[int]:
    return _ids(iter(lambda: queue.pop(now_s), None))


def test_equals_run_in_the_order_in_which_they_came() -> None:
    assert _popped(_queue(*map(_task, [3, 1, 2]))) == [3, 1, 2]


def test_the_more_urgent_runs_first() -> None:
    queue = _queue(*[_task(priority, priority) for priority in Priority])
    assert _popped(queue) == [4, 3, 2, 1, 0]


def test_a_low_task_is_not_starved() -> None:
    """A level is worth `aging_s` of waiting; at exactly that the more urgent still goes first."""
    low = _task(1, Priority.LOW)
    same, later = _task(2, ready_s=10.0), _task(3, ready_s=10.1)
    queue = _queue(low)
    queue.add(same, 10.0)
    queue.add(later, 10.1)
    assert queue.rank(same) == queue.rank(low) < queue.rank(later)
    assert _popped(queue, 10.1) == [2, 1, 3]


def test_an_idle_task_is_run_within_four_levels_of_waiting() -> None:
    queue = _queue(_task(0, Priority.IDLE), aging_s=2.0)
    for n in range(1, 100):
        queue.add(_task(n, Priority.CRITICAL, ready_s=n / 10), n / 10)
    assert _popped(queue, 10.0).index(0) == 80


def test_what_is_given_back_goes_before_its_level_and_no_other() -> None:
    queue = _queue(_task(1), _task(2), _task(3, Priority.HIGH))
    queue.add_first(_task(4))
    assert _popped(queue) == [3, 4, 1, 2]


def test_a_delayed_task_runs_from_its_instant_on() -> None:
    queue = ReadyQueue(10.0)
    assert not queue.add(_task(1, ready_s=2.0), 0.0)
    assert queue.add(_task(2), 0.0)
    assert _popped(queue) == [2]
    assert (len(queue), queue.delayed, queue.ready, queue.next_event_s) == (1, 1, 0, 2.0)
    assert queue.due(1.9) == 0
    assert queue.due(2.0) == 1
    assert (queue.delayed, queue.ready, queue.next_event_s) == (0, 1, None)
    assert _popped(queue, 2.0) == [1]


def test_delayed_tasks_become_ready_in_order_of_instant_then_of_id() -> None:
    queue = _queue(_task(3, ready_s=2.0), _task(2, ready_s=2.0), _task(1, ready_s=3.0))
    assert queue.due(5.0) == 3
    assert _popped(queue, 5.0) == [2, 3, 1]


def test_followers_ride_along_and_make_their_carrier_more_urgent() -> None:
    carrier, other = _task(1, Priority.LOW, key="k"), _task(2)
    queue = _queue(carrier, other)
    assert queue.keyed("k") is carrier
    assert not queue.join(carrier, _task(3, Priority.HIGH, key="k"), 0.0)
    assert (len(queue), queue.ready, queue.by_priority()[Priority.HIGH]) == (3, 2, 1)
    assert queue.find(3) is carrier
    assert queue.pop(0.0) is carrier
    assert _ids(carrier.askers) == [1, 3]
    assert queue.keyed("k") is queue.find(1) is queue.find(3) is None


def test_a_follower_that_is_earlier_wakes_its_carrier() -> None:
    carrier = _task(1, key="k", ready_s=9.0)
    queue = _queue(carrier)
    assert not queue.join(carrier, _task(2, key="k", ready_s=5.0), 1.0)
    assert queue.next_event_s == 5.0
    assert queue.join(carrier, _task(3, key="k", ready_s=1.0), 1.0)
    assert queue.next_event_s is None
    assert queue.pop(1.0) is carrier


def test_the_newest_takes_the_place_of_its_carrier() -> None:
    carrier = _task(1, key="k", max_attempts=2, attempts=1, run_id="r", deadline_s=3.0)
    queue = _queue(carrier, _task(2))
    queue.join(carrier, _task(3, key="k"), 0.0)
    newest = Task(4, b"new", 0.0, key="k", timeout_s=7.0, max_attempts=5)
    former = queue.replace(carrier, newest, 0.0)
    assert [(task.id, task.attempts, task.answered) for task in former] == [
        (1, 1, False),
        (3, 0, False),
    ]
    assert len(queue) == 2
    assert queue.pending("r") == []
    assert queue.next_event_s is None
    assert queue.find(1) is queue.find(3) is None
    assert queue.keyed("k") is queue.find(4) is carrier
    assert queue.pop(5.0) is carrier
    assert (carrier.payload, carrier.timeout_s, carrier.max_attempts) == (b"new", 7.0, 5)
    assert carrier.attempts == 0
    assert carrier.askers == [newest]


def test_the_newest_is_as_urgent_as_it_was_sent() -> None:
    carrier = _task(1, Priority.LOW, key="k", ready_s=9.0)
    queue = _queue(carrier, _task(2))
    queue.replace(carrier, _task(3, Priority.HIGH, key="k"), 0.0)
    assert _popped(queue) == [1, 2]


def test_the_key_stands_for_the_carrier_that_waited_first() -> None:
    first, retried = _task(1, key="k"), _task(2, key="k")
    queue = _queue(first, retried)
    assert queue.keyed("k") is first
    queue.take_back(2)
    assert queue.keyed("k") is first


def test_a_carrier_stays_while_somebody_wants_it() -> None:
    carrier = _task(1, key="k")
    queue = _queue(carrier)
    queue.join(carrier, _task(2, key="k"), 0.0)
    assert queue.take_back(1) is carrier
    assert carrier.answered
    assert queue.take_back(1) is queue.find(1) is None
    assert queue.keyed("k") is queue.find(2) is carrier
    follower = queue.take_back(2)
    assert follower is not None
    assert follower.id == 2
    assert (len(queue), queue.keyed("k"), queue.pop(0.0)) == (0, None, None)


def test_a_new_priority_is_the_end_of_its_level_and_the_same_one_is_no_move() -> None:
    queue = _queue(_task(1), _task(2), _task(3, Priority.HIGH))
    assert queue.set_priority(1, Priority.NORMAL)
    assert _ids([queue.oldest() or _task(0)]) == [1]
    assert queue.set_priority(1, Priority.HIGH)
    assert not queue.set_priority(4, Priority.HIGH)
    assert _popped(queue) == [3, 1, 2]


def test_a_delayed_task_keeps_its_new_priority_until_it_is_ready() -> None:
    queue = _queue(_task(1), _task(2, ready_s=1.0))
    assert queue.set_priority(2, Priority.CRITICAL)
    assert queue.by_priority()[Priority.CRITICAL] == 0
    queue.due(1.0)
    assert _popped(queue, 1.0) == [2, 1]


def test_a_follower_gives_its_new_priority_to_its_carrier() -> None:
    carrier = _task(1, key="k")
    queue = _queue(_task(0), carrier)
    queue.join(carrier, _task(2, key="k"), 0.0)
    assert queue.set_priority(2, Priority.HIGH)
    assert _popped(queue) == [1, 0]


def test_an_expired_task_never_runs() -> None:
    queue = _queue(_task(1, deadline_s=1.0), _task(2, deadline_s=1.001), _task(3))
    assert _popped(queue, 1.001) == [3]
    assert len(queue) == 2
    assert queue.next_event_s is not None
    assert queue.next_event_s <= 1.001
    assert _ids(queue.expire(1.001)) == [1, 2]
    assert (len(queue), queue.next_event_s) == (0, None)


def test_a_carrier_runs_for_those_whose_deadline_is_to_come() -> None:
    carrier = _task(1, key="k", deadline_s=1.0)
    queue = _queue(carrier)
    queue.join(carrier, _task(2, key="k", deadline_s=2.0), 0.0)
    queue.join(carrier, _task(3, key="k"), 0.0)
    assert queue.expire(1.0) == [carrier]
    assert queue.pop(2.0) is carrier
    assert _ids(carrier.askers) == [3]
    assert _ids(queue.expire(2.0)) == [2]


def test_a_purged_task_never_runs_and_is_found_by_nobody_else() -> None:
    queue = _queue(
        _task(1, run_id="r", key="k"), _task(2, run_id="r", ready_s=5.0, deadline_s=9.0), _task(3)
    )
    assert _ids(queue.pending("r")) == [1, 2]
    assert queue.purge("r") == 2
    assert (queue.pending("r"), queue.purge("r"), len(queue)) == ([], 0, 3)
    assert queue.find(1) is queue.take_back(2) is queue.keyed("k") is None
    assert queue.due(5.0) == 0
    assert queue.expire(9.0) == []
    assert _popped(queue) == [3]
    assert [_ids(queue.purged(1)) for _ in range(3)] == [[1], [2], []]
    assert len(queue) == 0


def test_a_run_can_be_used_again_after_a_purge() -> None:
    queue = _queue(_task(1, run_id="r"))
    queue.purge("r")
    queue.add(_task(2, run_id="r"), 0.0)
    assert _ids(queue.pending("r")) == [2]
    assert _popped(queue) == [2]
    assert _ids(queue.purged(9)) == [1]


@pytest.mark.parametrize(("look", "found"), [("peek", 3), ("lowest", 5), ("oldest", 3)])
def test_purged_tasks_do_not_stand_for_those_that_wait_behind_them(look: str, found: int) -> None:
    queue = _queue(
        _task(1, Priority.HIGH, run_id="r"),
        _task(2, run_id="r"),
        _task(3),
        _task(4, Priority.LOW, run_id="r"),
        _task(5, Priority.LOW),
        _task(6, Priority.LOW, run_id="r"),
        _task(0, ready_s=9.0, run_id="r"),
    )
    queue.purge("r")
    task = getattr(queue, look)()
    assert task.id == found
    assert (len(queue), _ids(queue.purged(9))) == (7, [1, 2, 4, 6, 0])


def test_a_key_is_free_once_its_carrier_is_purged() -> None:
    tried_again = _task(2, key="k")
    queue = _queue(_task(1, run_id="r", key="k"))
    queue.purge("r")
    queue.add(tried_again, 0.0)
    assert queue.keyed("k") is tried_again


def test_the_newest_takes_the_place_of_the_purged_too() -> None:
    carrier = _task(1, run_id="r", key="k")
    queue = _queue(carrier)
    queue.join(carrier, _task(2, key="k"), 0.0)
    queue.purge("r")
    assert _ids(queue.replace(carrier, _task(3, key="k"), 0.0)) == [2]
    assert _ids(queue.purged(9)) == [1]
    assert queue.pop(0.0) is carrier
    assert (_ids(carrier.askers), len(queue)) == ([3], 0)


def test_a_stop_leaves_the_purged_to_be_answered_as_such() -> None:
    carrier = _task(1, run_id="r", key="k", ready_s=9.0)
    queue = _queue(carrier)
    queue.join(carrier, _task(2, run_id="r", key="k", ready_s=9.0), 0.0)
    queue.join(carrier, _task(3, key="k", ready_s=9.0), 0.0)
    queue.purge("r")
    assert _ids(queue.drop_delayed_after(1.0, 9)) == [3]
    assert (queue.delayed, _ids(queue.purged(9)), len(queue)) == (0, [1, 2], 0)


def test_others_keep_the_carrier_of_a_purged_task() -> None:
    carrier = _task(1, run_id="r", key="k")
    queue = _queue(carrier)
    queue.join(carrier, _task(2, key="k"), 0.0)
    queue.purge("r")
    assert queue.pop(0.0) is carrier
    assert _ids(carrier.askers) == [2]
    queue.add(carrier, 0.0)
    assert queue.purged(9) == [carrier]
    assert _ids(carrier.askers) == [2]
    assert (len(queue), _popped(queue)) == (1, [1])


def test_a_closed_queue_is_dropped_in_parts_the_ready_ones_first() -> None:
    carrier = _task(1, key="k")
    queue = _queue(carrier, _task(2, Priority.LOW), _task(3, ready_s=5.0), _task(4, run_id="r"))
    queue.join(carrier, _task(5, key="k"), 0.0)
    queue.add(_task(6, Priority.CRITICAL, deadline_s=0.0), 0.0)
    assert queue.pop(0.0) is carrier
    queue.add_first(carrier)
    queue.purge("r")
    dropped = [_ids(queue.drop(2)) for _ in range(4)]
    assert dropped == [[6, 4], [5, 1], [2, 3], []]
    assert (len(queue), queue.next_event_s, queue.peek()) == (0, None, None)


def test_the_expired_are_dropped_no_more_at_once_than_asked_for() -> None:
    queue = _queue(*[_task(n, deadline_s=1.0) for n in range(3)])
    assert queue.pop(1.0) is None
    assert [_ids(queue.drop(2)) for _ in range(3)] == [[0, 1], [2], []]


def test_a_stop_drops_what_is_ready_only_after_it() -> None:
    carrier = _task(1, key="k", ready_s=9.0)
    queue = _queue(carrier, _task(2, ready_s=3.0), _task(3, ready_s=3.5), _task(4))
    queue.join(carrier, _task(5, key="k", ready_s=9.0), 0.0)
    assert [_ids(queue.drop_delayed_after(3.0, 1)) for _ in range(4)] == [[5], [1], [3], []]
    assert queue.due(3.0) == 1
    assert _popped(queue, 3.0) == [4, 2]


def test_the_oldest_and_the_lowest_give_way() -> None:
    queue = _queue(
        _task(5, Priority.LOW),
        _task(6, Priority.LOW),
        _task(4, Priority.HIGH),
        _task(3, ready_s=9.0),
    )
    lowest, oldest = queue.lowest(), queue.oldest()
    assert lowest is not None
    assert oldest is not None
    assert (lowest.id, oldest.id) == (6, 3)
    assert _popped(queue) == [4, 5, 6]
    assert queue.lowest() is queue.oldest() is queue.find(3)


def test_nothing_is_kept_of_what_is_gone() -> None:
    queue = ReadyQueue(10.0)
    for n in range(300):
        carrier = _task(2 * n, key=n, run_id=f"run {n}", deadline_s=50.0 + n, ready_s=n % 3)
        queue.add(carrier, 1.0)
        queue.join(carrier, _task(2 * n + 1, key=n, run_id="all", deadline_s=70.0), 1.0)
    queue.due(1.0)
    for n in range(0, 200, 2):
        queue.take_back(n)
    queue.purge("run 299")
    queue.purge("all")
    assert queue.keyed(299) is None
    queue.drop_delayed_after(1.5, 20)
    queue.expire(130.0)
    while queue.pop(200.0):
        pass
    queue.expire(200.0)
    queue.purged(1000)
    assert len(queue) == queue.ready == queue.delayed == queue.purging == 0
    assert not any([queue._keyed, queue._riding, queue._runs, queue._purged, queue._expired])
    assert len(queue._deadlines) == len(queue._wakes) == 0
