"""`PoolState`: whatever happens, in whatever order, each task is answered once."""

from random import Random

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

from engine_tasks.errors import ErrorKind, TaskError
from engine_tasks.policies import Priority, RetryPolicy
from engine_tasks.pools.slots import TRANSITIONS, InstanceState, Slots
from engine_tasks.pools.state import PoolState
from engine_tasks.task import Task

S = InstanceState
LIVE = {S.STARTING, S.IDLE, S.BUSY, S.STOPPING}
SLOTS = st.integers(0, 4)

FAILED = TaskError(ErrorKind.FAILED, "it raised")
CRASHED = TaskError(ErrorKind.CRASHED, "it died")
BAD_PAYLOAD = TaskError(ErrorKind.BAD_PAYLOAD, "it does not fit")
STOPPED = TaskError(ErrorKind.STOPPED, "the pool was closed")
ERRORS = st.sampled_from([FAILED, CRASHED, BAD_PAYLOAD, TaskError(ErrorKind.TIMEOUT, "too long")])
RETRY = RetryPolicy(max_attempts=3, first_backoff_s=1.0, jitter=0.0)


def _task(task_id: int, **asked: object) -> Task:
    return Task(task_id, b"", 0.0, **asked)  # type: ignore[arg-type]


class PoolModel(RuleBasedStateMachine):
    """Does to a pool what instances, a supervisor, a game and time may do to it, in any order."""

    @initialize(
        slots=st.integers(1, 3),
        spare=st.integers(0, 2),
        retry=st.sampled_from([None, RETRY]),
        same_key=st.sampled_from(["share", "newest"]),
    )
    def start(self, slots: int, spare: int, retry: RetryPolicy | None, same_key: str) -> None:
        self.state = PoolState(
            slots,
            slots + spare,
            retry=retry,
            same_key=same_key,  # type: ignore[arg-type]
            random=Random(1),
        )
        self.most = slots + spare
        self.retry = retry
        self.now_s = 0.0
        self.sent: dict[int, Task] = {}
        self.running: dict[int, list[Task]] = {}
        self.given_up: list[tuple[int, Task]] = []
        self.answers: dict[int, TaskError | None] = {}
        self.purged: dict[int, None] = {}

    # --- the game ------------------------------------------------------------

    @precondition(lambda self: not self.state.closed)
    @rule(
        priority=st.sampled_from(Priority),
        delay_s=st.sampled_from([0.0, 0.0, 0.0, 2.0]),
        lives_s=st.sampled_from([None, None, 0.0, 3.0]),
        key=st.sampled_from([None, None, "a", "b"]),
        run_id=st.sampled_from([None, "run"]),
        max_attempts=st.sampled_from([None, None, 1, 2]),
    )
    def submit(
        self,
        priority: Priority,
        delay_s: float,
        lives_s: float | None,
        key: str | None,
        run_id: str | None,
        max_attempts: int | None,
    ) -> None:
        task = Task(
            len(self.sent) + 1,
            b"",
            self.now_s,
            priority=priority,
            ready_s=self.now_s + delay_s,
            deadline_s=None if lives_s is None else self.now_s + lives_s,
            key=key,
            run_id=run_id,
            max_attempts=max_attempts,
        )
        idle = self._in(S.IDLE)
        self.sent[task.id] = task
        woken = self.state.submit(task, self.now_s)
        self._collect()
        assert woken is None or woken in idle

    @rule(pick=st.integers(0, 1000))
    def cancel(self, pick: int) -> None:
        if not self.sent:
            return
        task_id = pick % len(self.sent) + 1
        verdict = self.state.cancel(task_id)
        is_over = task_id in self.answers or task_id in self.purged or self._expired(task_id)
        assert verdict or is_over
        assert not verdict or task_id not in {*self.answers, *self.purged}
        self._collect()
        if verdict:
            error = self.answers[task_id]
            assert error is not None
            assert error.kind is ErrorKind.CANCELLED
        if isinstance(verdict, tuple):
            slot, carrier = verdict
            assert carrier in self.running[slot]
            assert not carrier.wanted

    @rule(pick=st.integers(0, 1000), priority=st.sampled_from(Priority))
    def set_priority(self, pick: int, priority: Priority) -> None:
        if self.sent:
            task_id = pick % len(self.sent) + 1
            moved = self.state.set_priority(task_id, priority)
            assert not moved or task_id not in self.answers

    @rule()
    def purge(self) -> None:
        waiting = {each for each in self._waiting_ids() if self.sent[each].run_id == "run"}
        waiting -= self.purged.keys()
        expired = {each for each in waiting if self._expired(each)}
        count = self.state.purge("run")
        assert len(waiting - expired) <= count <= len(waiting)
        assert self.state.purge("run") == 0
        self.purged.update(dict.fromkeys(waiting))

    @rule(most=st.integers(1, 3))
    def drop_purged(self, most: int) -> None:
        before = len(self.answers)
        some = self.state.drop_purged(most)
        self._collect()
        assert some == (len(self.answers) > before)
        assert len(self.answers) - before <= most

    @precondition(lambda self: not self.state.closed)
    @rule()
    def make_room(self) -> None:
        before = len(self.answers)
        some = self.state.drop_oldest()
        self._collect()
        assert some == (len(self.answers) > before)

    @precondition(lambda self: not self.state.closed)
    @rule(priority=st.sampled_from(Priority))
    def make_room_for(self, priority: Priority) -> None:
        before = set(self.answers)
        self.state.drop_lowest(_task(10**6, priority=priority))
        self._collect()
        assert all(self.answers[each] is not None for each in set(self.answers) - before)

    # --- time ------------------------------------------------------------------

    @rule(seconds=st.sampled_from([0.5, 1.0, 5.0]))
    def wait(self, seconds: float) -> None:
        self.now_s += seconds
        self.state.advance(self.now_s)
        self._collect()
        self._wake_all()

    # --- instances ---------------------------------------------------------------

    @rule(slot=SLOTS, limit=st.integers(1, 6))
    def take(self, slot: int, limit: int) -> None:
        """Only an instance that starts, was woken, or has finished what it took, takes."""
        slot %= self.most
        if self.state.slots[slot] not in {S.STARTING, S.BUSY} or self.running.get(slot):
            return
        tasks = self.state.take(slot, limit, self.now_s)
        self._collect()
        assert len(tasks) <= limit
        if not tasks:
            assert self.state.slots[slot] is S.IDLE
        for task in tasks:
            assert task.wanted
            for asker in task.askers:
                assert asker.id not in self.answers, "it runs, and was answered"
                assert asker.id not in self.purged
                assert asker.deadline_s is None or asker.deadline_s > self.now_s
            assert task.ready_s <= self.now_s or task.given_back
        self.running[slot] = tasks

    @rule(slot=SLOTS, error=st.none() | ERRORS)
    def finish(self, slot: int, error: TaskError | None) -> None:
        slot %= self.most
        if not self.running.get(slot):
            return
        task = self.running[slot].pop(0)
        wanted = task.wanted
        answered = self.state.finish(slot, task, error, self.now_s)
        assert answered is not None
        if not answered:
            assert not wanted or error is not None
            assert not wanted or self._may_run_again(task)
        for asker in answered:
            self._answer(asker, error)

    @precondition(lambda self: self.given_up)
    @rule()
    def finish_what_was_given_up(self) -> None:
        slot, task = self.given_up.pop()
        if not self.state.runs(slot, task):  # else it is tried again there: by another actor
            assert self.state.finish(slot, task) is None

    @rule(slot=SLOTS, began=st.booleans(), unhealthy=st.booleans(), error=ERRORS)
    def lose(self, slot: int, began: bool, unhealthy: bool, error: TaskError) -> None:
        slot %= self.most
        if self.state.slots[slot] not in LIVE:
            return
        taken = self.running.pop(slot, [])
        self.state.lose(slot, error, self.now_s, began=began, unhealthy=unhealthy)
        self._collect()
        self.given_up += [(slot, task) for task in taken]
        self._wake_all()

    @rule(slot=SLOTS)
    def restart(self, slot: int) -> None:
        slot %= self.most
        before = self.state.slots[slot]
        self.state.slots.restart(slot)
        assert self.state.slots[slot] is (S.STARTING if before is S.RESTARTING else before)

    @precondition(lambda self: not self.state.closed)
    @rule(count=st.integers(1, 2))
    def grow(self, count: int) -> None:
        added = self.state.slots.add(count)
        assert all(self.state.slots[slot] is S.STARTING for slot in added)

    @rule(count=st.integers(1, 2))
    def shrink(self, count: int) -> None:
        for slot in self.state.slots.retire(count):
            assert not self.running.get(slot)
            self.state.slots.stopped(slot)

    # --- the end -------------------------------------------------------------------

    @precondition(lambda self: len(self.sent) > 6)
    @rule()
    def close(self) -> None:
        self.state.close(STOPPED)

    @precondition(lambda self: self.state.closed)
    @rule(most=st.integers(1, 4))
    def drop(self, most: int) -> None:
        before = len(self.answers)
        some = self.state.drop(most)
        self._collect()
        assert some == (len(self.answers) > before)
        assert len(self.answers) - before <= most

    @precondition(lambda self: self.state.closed)
    @rule()
    def abandon(self) -> None:
        self.given_up += [(slot, task) for slot, tasks in self.running.items() for task in tasks]
        self.running.clear()
        self.state.abandon(STOPPED)
        self._collect()

    @precondition(lambda self: self.state.closed)
    @rule(slot=SLOTS, limit=st.integers(1, 6))
    def a_closed_pool_gives_nothing(self, slot: int, limit: int) -> None:
        assert self.state.take(slot % self.most, limit, self.now_s) == []

    def teardown(self) -> None:
        """Whatever came before, an end answers all that is left."""
        if not hasattr(self, "state"):
            return
        self.state.close(STOPPED)
        while self.state.drop_purged(5) or self.state.drop(5):
            pass
        self.state.abandon(STOPPED)
        self._collect()
        assert set(self.answers) == set(self.sent)
        assert (self.state.waiting, self.state.running) == (0, 0)

    # --- what always holds -----------------------------------------------------------

    @invariant()
    def every_task_waits_runs_or_is_answered(self) -> None:
        running = [a.id for tasks in self.running.values() for t in tasks for a in t.askers]
        assert len(running) == len(set(running)) == self.state.running
        assert self.state.waiting == len(self.sent) - len(self.answers) - len(running)

    @invariant()
    def nothing_is_left_in_the_outbox(self) -> None:
        assert self.state.outbox == []

    @invariant()
    def no_task_has_more_attempts_than_it_may(self) -> None:
        for tasks in self.running.values():
            for task in tasks:
                most = task.max_attempts or (self.retry.max_attempts if self.retry else 3)
                assert 1 <= task.attempts <= most

    @invariant()
    def the_dead_are_answered(self) -> None:
        for task in self.state.dead:
            assert task.id in self.answers
        self.state.dead.clear()
        self.state.retried.clear()

    @invariant()
    def the_task_at_work_is_known(self) -> None:
        for tasks in self.running.values():
            for place, task in enumerate(tasks):
                assert self.state.is_running(task.id) == (place == 0)

    def _may_run_again(self, task: Task) -> bool:
        return self.state.ready.find(task.askers[0].id) is task

    def _expired(self, task_id: int) -> bool:
        deadline_s = self.sent[task_id].deadline_s
        return deadline_s is not None and deadline_s <= self.now_s

    def _waiting_ids(self) -> set[int]:
        running = {a.id for tasks in self.running.values() for t in tasks for a in t.askers}
        return set(self.sent) - set(self.answers) - running

    def _collect(self) -> None:
        for asker, _carrier, error in self.state.outbox:
            self._answer(asker, error)
        self.state.outbox.clear()

    def _answer(self, asker: Task, error: TaskError | None) -> None:
        assert asker.id in self.sent
        assert asker.id not in self.answers, "answered twice"
        self.answers[asker.id] = error

    def _wake_all(self) -> None:
        while self.state.check_out() is not None:
            pass

    def _in(self, state: InstanceState) -> list[int]:
        return [slot for slot, now in enumerate(self.state.slots.all) if now is state]


def test_random_lives_of_a_pool_answer_each_task_once() -> None:
    run_state_machine_as_test(
        PoolModel,
        settings=settings(max_examples=200, stateful_step_count=60, deadline=None),
    )


def _idle_pool(slots: int) -> PoolState:
    state = PoolState(slots)
    for slot in range(slots):
        assert state.take(slot) == []
    return state


def _sent(state: PoolState, *ids: int, **asked: object) -> list[Task]:
    tasks = [_task(each, **asked) for each in ids]
    for task in tasks:
        state.submit(task)
    return tasks


# --- instances -----------------------------------------------------------------------------


def test_the_instance_that_idled_shortest_is_woken_first() -> None:
    state = _idle_pool(3)
    assert [state.submit(_task(n)) for n in range(4)] == [2, 1, 0, None]


def test_tasks_are_taken_in_the_order_they_were_sent() -> None:
    state = PoolState(1)
    sent = _sent(state, *range(20))
    taken = []
    while tasks := state.take(0, 7):
        taken += tasks
        for task in tasks:
            assert state.finish(0, task) == [task]
    assert taken == sent


def test_an_instance_takes_no_more_than_its_share() -> None:
    state = PoolState(4)
    _sent(state, *range(8))
    assert len(state.take(0, 64)) == 2


def test_what_a_dead_instance_had_not_begun_goes_before_all_that_waits() -> None:
    state = PoolState(1)
    tasks = _sent(state, 1, 2, 3, 4)
    assert state.take(0, 3) == tasks[:3]
    tasks += _sent(state, 5, 6)
    state.lose(0, CRASHED)
    assert state.outbox == [(tasks[0], tasks[0], CRASHED)]
    state.slots.restart(0)
    assert state.take(0, 10) == tasks[1:]
    assert [task.attempts for task in tasks] == [1] * 6


def test_a_task_that_no_instance_can_begin_is_answered_at_last() -> None:
    state = PoolState(1)
    (task,) = _sent(state, 1)
    for _ in range(3):
        if state.outbox:
            break
        assert state.take(0) == [task]
        state.lose(0, CRASHED, began=False)
        state.slots.restart(0)
    assert state.outbox == [(task, task, CRASHED)]


def test_tasks_of_an_instance_finish_in_their_order_only() -> None:
    state = PoolState(1)
    first, second = _sent(state, 1, 2)
    assert state.take(0, 2) == [first, second]
    assert state.finish(0, second) is None
    assert state.finish(0, first) == [first]
    assert state.finish(0, first) is None


def test_every_state_leads_to_the_end() -> None:
    for state in InstanceState:
        seen, todo = set(), [state]
        while todo:
            now = todo.pop()
            if now not in seen:
                seen.add(now)
                todo += TRANSITIONS[now]
        assert S.STOPPED in seen


def test_a_transition_that_is_not_in_the_table_is_a_fault() -> None:
    slots = Slots(1)
    slots.move(0, S.IDLE)
    with pytest.raises(AssertionError, match="slot 0: IDLE cannot become STARTING"):
        slots.move(0, S.STARTING)


def test_slots_that_idle_longest_are_let_go_first() -> None:
    state = _idle_pool(3)
    assert state.slots.retire(2) == [0, 1]
    assert state.slots.used == (S.STOPPING, S.STOPPING, S.IDLE)
    assert state.slots.present == 1


def test_a_busy_slot_is_not_let_go() -> None:
    state = PoolState(1)
    _sent(state, 1)
    state.take(0)
    assert state.slots.retire(1) == []


# --- retries -------------------------------------------------------------------------------


def test_a_task_is_tried_again_after_its_backoff() -> None:
    state = PoolState(1, retry=RETRY)
    (task,) = _sent(state, 1)
    state.take(0)
    assert state.finish(0, task, FAILED, 10.0) == []
    assert state.take(0, now_s=10.5) == []
    assert state.take(0, now_s=11.1) == [task]
    assert task.attempts == 2


def test_a_task_out_of_attempts_is_dead_with_all_its_errors() -> None:
    state = PoolState(1, retry=RETRY)
    (task,) = _sent(state, 1)
    for now_s in (0.0, 10.0, 20.0):
        state.take(0, now_s=now_s)
        last = state.finish(0, task, FAILED, now_s)
    assert last == [task]
    assert state.dead == [task]
    assert task.errors == (FAILED,) * 3


def test_a_task_that_kills_its_instances_counts_each_and_dies() -> None:
    state = PoolState(1, retry=RETRY)
    (task,) = _sent(state, 1)
    for now_s in (0.0, 10.0, 20.0):
        assert state.outbox == []
        state.take(0, now_s=now_s)
        state.lose(0, CRASHED, now_s)
        state.slots.restart(0)
    assert state.outbox == [(task, task, CRASHED)]
    assert state.dead == [task]


def test_without_a_policy_a_task_runs_at_most_once() -> None:
    state = PoolState(1)
    (task,) = _sent(state, 1)
    state.take(0)
    assert state.finish(0, task, FAILED) == [task]


def test_a_task_may_ask_for_attempts_that_its_worker_does_not_give() -> None:
    state = PoolState(1)
    (task,) = _sent(state, 1, max_attempts=2)
    state.take(0)
    assert state.finish(0, task, FAILED) == []


def test_a_task_may_ask_to_run_at_most_once() -> None:
    state = PoolState(1, retry=RETRY)
    (task,) = _sent(state, 1, max_attempts=1)
    state.take(0)
    state.lose(0, CRASHED, unhealthy=True)
    assert state.outbox == [(task, task, CRASHED)]


def test_an_unhealthy_task_is_tried_again_without_a_policy() -> None:
    state = PoolState(1)
    _sent(state, 1)
    state.take(0)
    state.lose(0, FAILED, unhealthy=True)
    assert state.outbox == []
    assert state.waiting == 1


def test_an_error_of_another_kind_is_not_tried_again() -> None:
    state = PoolState(1, retry=RETRY)
    (task,) = _sent(state, 1)
    state.take(0)
    assert state.finish(0, task, BAD_PAYLOAD) == [task]
    assert state.dead == []


def test_a_task_that_would_expire_before_it_is_tried_again_has_its_error_now() -> None:
    state = PoolState(1, retry=RETRY)
    (task,) = _sent(state, 1, deadline_s=0.5)
    state.take(0)
    assert state.finish(0, task, FAILED, 0.1) == [task]


# --- deadlines, keys, room ---------------------------------------------------------------------


def test_a_task_that_waits_at_its_deadline_expires_without_running() -> None:
    state = PoolState(1)
    (task,) = _sent(state, 1, deadline_s=5.0)
    assert state.take(0, now_s=5.1) == []
    assert [(each, error.kind) for each, _, error in state.outbox] == [(task, ErrorKind.EXPIRED)]


def test_a_duration_in_place_of_a_deadline_is_explained() -> None:
    state = PoolState(1)
    _sent(state, 1, deadline_s=2.0)
    state.advance(5000.0)
    assert "deadline_s is an instant of the queue's clock" in state.outbox[0][2].message


def test_tasks_of_one_key_share_an_execution() -> None:
    state = PoolState(1)
    first, second = _sent(state, 1, 2, key="goal")
    assert state.waiting == 2
    assert state.take(0, 5) == [first]
    assert state.finish(0, first) == [first, second]


def test_a_task_that_runs_is_not_shared_any_more() -> None:
    state = PoolState(1)
    (first,) = _sent(state, 1, key="goal")
    state.take(0)
    (second,) = _sent(state, 2, key="goal")
    assert state.finish(0, first) == [first]
    assert state.take(0) == [second]


def test_the_newest_of_a_key_takes_the_place_of_the_older() -> None:
    state = PoolState(1, same_key="newest")
    older, other = _sent(state, 1, key="goal") + _sent(state, 2)
    newest = Task(3, b"new", 0.0, key="goal")
    state.submit(newest)
    assert [(each.id, error.kind) for each, _, error in state.outbox] == [
        (older.id, ErrorKind.CANCELLED)
    ]
    taken = state.take(0, 5)
    assert [task.payload for task in taken] == [b"new", other.payload]
    assert state.finish(0, taken[0]) == [newest]


def test_one_who_leaves_a_shared_execution_does_not_end_it() -> None:
    state = PoolState(1)
    first, second = _sent(state, 1, 2, key="goal")
    state.take(0)
    assert state.cancel(1) is True
    assert state.finish(0, first) == [second]


def test_an_execution_that_nobody_wants_is_to_end() -> None:
    state = PoolState(1)
    first, _second = _sent(state, 1, 2, key="goal")
    state.take(0)
    assert state.cancel(1) is True
    assert state.cancel(2) == (0, first)
    assert state.finish(0, first) == []


def test_the_lowest_gives_way_to_the_more_urgent_only() -> None:
    state = PoolState(1)
    _low, last = _sent(state, 1, 2, priority=Priority.LOW)
    assert not state.drop_lowest(_task(3, priority=Priority.LOW))
    assert state.drop_lowest(_task(3, priority=Priority.NORMAL))
    assert state.outbox[0][0] is last


def test_a_shared_execution_is_as_limited_as_the_most_limited_of_its_askers() -> None:
    state = PoolState(1, retry=RETRY)
    first, _second = *_sent(state, 1, key="goal"), *_sent(state, 2, key="goal", max_attempts=1)
    state.take(0)
    assert len(state.finish(0, first, FAILED) or []) == 2


def test_who_joins_a_task_that_is_tried_again_has_all_attempts_it_asked_for() -> None:
    state = PoolState(1, retry=RETRY)
    (first,) = _sent(state, 1, key="goal")
    state.take(0)
    assert state.finish(0, first, FAILED) == []
    _sent(state, 2, key="goal", max_attempts=1)
    assert state.take(0, now_s=100.0) == [first]
    assert (first.attempts, first.max_attempts) == (2, 2)
