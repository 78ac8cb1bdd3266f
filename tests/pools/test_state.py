"""`PoolState` against a small model: whatever happens, each task is answered once."""

from collections import deque

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

from engine_tasks.pools.state import TRANSITIONS, InstanceState, PoolState
from engine_tasks.task import Task

S = InstanceState
LIVE = {S.STARTING, S.IDLE, S.BUSY}
SLOTS = st.integers(0, 3)


def _task(task_id: int) -> Task:
    return Task(task_id, b"", 0.0)


class PoolModel(RuleBasedStateMachine):
    """Does to a pool what instances, a supervisor and a game may do to it, in any order."""

    @initialize(slots=st.integers(1, 4))
    def start(self, slots: int) -> None:
        self.state = PoolState(slots)
        self.slots = slots
        self.submitted = 0
        self.waiting: deque[Task] = deque()
        self.unbegun: deque[Task] = deque()  # of a closed pool
        self.running: dict[int, deque[Task]] = {slot: deque() for slot in range(slots)}
        self.given_up: list[tuple[int, Task]] = []
        self.answered: list[int] = []

    # --- what may happen ---------------------------------------------------

    @precondition(lambda self: not self.state.closed)
    @rule()
    def submit(self) -> None:
        idle = self._in(S.IDLE)
        self.submitted += 1
        task = _task(self.submitted)
        woken = self.state.submit(task)
        self.waiting.append(task)
        assert (woken in idle) if idle else (woken is None)

    @rule(slot=SLOTS, limit=st.integers(1, 6))
    def take(self, slot: int, limit: int) -> None:
        """Only an instance that starts, was woken, or has finished what it took, takes."""
        slot %= self.slots
        if self.state.slots[slot] not in {S.STARTING, S.BUSY} or self.running[slot]:
            return
        tasks = self.state.take(slot, limit)
        if not self.waiting:
            assert tasks == []
            assert self.state.slots[slot] is S.IDLE
            return
        share = 1 + (len(self.waiting) - 1) // self.slots
        assert 1 <= len(tasks) <= min(limit, share)
        assert tasks == [self.waiting.popleft() for _ in tasks]
        assert all(task.attempts == 1 for task in tasks)
        self.running[slot] = deque(tasks)

    @rule(slot=SLOTS)
    def finish(self, slot: int) -> None:
        slot %= self.slots
        if self.running[slot]:
            task = self.running[slot].popleft()
            assert self.state.finish(slot, task)
            self.answered.append(task.id)

    @precondition(lambda self: self.given_up)
    @rule()
    def finish_what_was_given_up(self) -> None:
        slot, task = self.given_up.pop()
        assert not self.state.finish(slot, task)

    @rule(slot=SLOTS, began=st.booleans())
    def lose(self, slot: int, began: bool) -> None:
        slot %= self.slots
        if self.state.slots[slot] not in LIVE | {S.STOPPING}:
            return
        taken, self.running[slot] = self.running[slot], deque()
        is_lost = bool(taken) and (began or taken[0].given_back > self.slots)
        lost = self.state.lose(slot, began=began)
        assert lost == ([taken.popleft()] if is_lost else [])
        if self.state.closed:
            self.unbegun.extend(taken)
        else:
            self.waiting.extendleft(reversed(taken))
            assert all(task.attempts == 0 and task.given_back for task in taken)
        self.answered += [task.id for task in lost]
        self.given_up += [(slot, task) for task in lost]
        while self.state.check_out() is not None:
            pass

    @rule(slot=SLOTS)
    def restart(self, slot: int) -> None:
        slot %= self.slots
        before = self.state.slots[slot]
        self.state.restart(slot)
        assert self.state.slots[slot] is (S.STARTING if before is S.RESTARTING else before)

    @rule(slot=SLOTS)
    def give_up_a_slot(self, slot: int) -> None:
        slot %= self.slots
        if self.state.slots[slot] in {S.STARTING, S.RESTARTING}:
            self.state.fail(slot)
            assert self.state.slots[slot] is S.FAILED

    @precondition(lambda self: self.submitted > 3)
    @rule()
    def close(self) -> None:
        self.state.close()

    @precondition(lambda self: self.state.closed)
    @rule(most=st.integers(1, 4))
    def drop(self, most: int) -> None:
        source = self.unbegun or self.waiting
        dropped = [source.popleft() for _ in range(min(most, len(source)))]
        assert self.state.drop(most) == dropped
        self.answered += [task.id for task in dropped]

    @precondition(lambda self: self.state.closed)
    @rule()
    def abandon(self) -> None:
        given_up = [(slot, task) for slot, tasks in self.running.items() for task in tasks]
        abandoned = self.state.abandon()
        assert sorted(task.id for task in abandoned) == sorted(task.id for _, task in given_up)
        self.answered += [task.id for task in abandoned]
        self.given_up += given_up
        self.running = {slot: deque() for slot in range(self.slots)}

    @precondition(lambda self: self.state.closed)
    @rule(slot=SLOTS, limit=st.integers(1, 6))
    def a_closed_pool_gives_nothing(self, slot: int, limit: int) -> None:
        assert self.state.take(slot % self.slots, limit) == []

    @precondition(lambda self: self.state.closed)
    @rule(slot=SLOTS)
    def end(self, slot: int) -> None:
        self.state.stopped(slot % self.slots)
        assert self.state.slots[slot % self.slots] is S.STOPPED

    # --- what always holds -------------------------------------------------

    @invariant()
    def nothing_is_lost_and_nothing_is_answered_twice(self) -> None:
        held = [task.id for tasks in self._held() for task in tasks]
        assert sorted(held + self.answered) == list(range(1, self.submitted + 1))

    @invariant()
    def counts_agree(self) -> None:
        assert self.state.waiting == len(self.waiting) + len(self.unbegun)
        assert self.state.running == sum(map(len, self.running.values()))
        assert self.state.oldest_waiting == (self.waiting[0].id if self.waiting else None)

    @invariant()
    def the_running_task_is_known(self) -> None:
        for tasks in self.running.values():
            assert all(self.state.is_running(task.id) == (task is tasks[0]) for task in tasks)

    @invariant()
    def no_slot_idles_while_a_task_waits_that_nobody_comes_for(self) -> None:
        coming = sum(not self.running[slot] for slot in self._in(S.BUSY))
        assert not self._in(S.IDLE) or coming >= len(self.waiting)

    @invariant()
    def every_slot_is_in_its_state(self) -> None:
        for slot, tasks in self.running.items():
            assert not tasks or self.state.slots[slot] in {S.BUSY, S.STOPPING, S.STOPPED}
        assert len(self.state.slots) == self.slots

    def _held(self) -> tuple[deque[Task], ...]:
        return (self.waiting, self.unbegun, *self.running.values())

    def _in(self, state: InstanceState) -> list[int]:
        return [slot for slot, now in enumerate(self.state.slots) if now is state]


def test_random_lives_of_a_pool_answer_each_task_once() -> None:
    run_state_machine_as_test(
        PoolModel,
        settings=settings(max_examples=150, stateful_step_count=50, deadline=None),
    )


def _idle_pool(slots: int) -> PoolState:
    state = PoolState(slots)
    for slot in range(slots):
        assert state.take(slot) == []
    return state


def test_the_instance_that_idled_shortest_is_woken_first() -> None:
    state = _idle_pool(3)
    assert [state.submit(_task(n)) for n in range(4)] == [2, 1, 0, None]


def test_tasks_are_taken_in_the_order_they_were_sent() -> None:
    state = PoolState(1)
    sent = [_task(n) for n in range(20)]
    for task in sent:
        state.submit(task)
    taken = []
    while tasks := state.take(0, 7):
        taken += tasks
        for task in tasks:
            assert state.finish(0, task)
    assert taken == sent


def test_an_instance_takes_no_more_than_its_share() -> None:
    state = PoolState(4)
    for n in range(8):
        state.submit(_task(n))
    assert len(state.take(0, 64)) == 2


def test_what_a_dead_instance_had_not_begun_goes_before_all_that_waits() -> None:
    state = PoolState(1)
    tasks = [_task(n) for n in range(6)]
    for task in tasks[:4]:
        state.submit(task)
    assert state.take(0, 3) == tasks[:3]
    for task in tasks[4:]:
        state.submit(task)
    assert state.lose(0) == [tasks[0]]
    state.restart(0)
    assert state.take(0, 10) == tasks[1:]
    assert [task.attempts for task in tasks] == [1] * 6


def test_tasks_of_an_instance_finish_in_their_order_only() -> None:
    state = PoolState(1)
    first, second = _task(1), _task(2)
    state.submit(first)
    state.submit(second)
    assert state.take(0, 2) == [first, second]
    assert not state.finish(0, second)
    assert state.finish(0, first)
    assert not state.finish(0, first)
    assert state.finish(0, second)


def test_a_state_that_may_not_follow_is_a_fault() -> None:
    state = PoolState(1)
    state.lose(0)
    state.submit(_task(1))
    with pytest.raises(AssertionError, match="slot 0: RESTARTING cannot become BUSY"):
        state.take(0)


def test_every_state_leads_to_the_end() -> None:
    reached, frontier = {S.STOPPED}, {S.STOPPED}
    while frontier:
        frontier = {s for s, after in TRANSITIONS.items() if after & reached} - reached
        reached |= frontier
    assert reached == set(S)
