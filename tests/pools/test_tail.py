"""Tasks that are sent without the pool's lock lose neither their order nor their answer."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from engine_tasks.delivery import Delivery
from engine_tasks.errors import ErrorKind, TaskError
from engine_tasks.options import WorkerOptions
from engine_tasks.policies import Priority
from engine_tasks.pools.outlet import Outlet
from engine_tasks.pools.slots import InstanceState
from engine_tasks.pools.state import PoolState
from engine_tasks.pools.tasks import WAKE, PoolTasks
from engine_tasks.task import Progress, Task, TaskResult
from engine_tasks.waiting import ResultWaiters

SLOT = 0


class Ref:
    """An actor that only notes what it is told."""

    def __init__(self) -> None:
        self.told: list[object] = []

    def tell(self, message: object) -> None:
        self.told.append(message)


class Bench:
    """A pool of one slot without an actor, at a time that stands still."""

    def __init__(self) -> None:
        self.results: deque[TaskResult] = deque()
        delivery = Delivery(self.results, ResultWaiters(), None)
        self.state = PoolState(1)
        self.outlet = Outlet(7, "worker", delivery.deliver, delivery.settle)
        self.now_s = 1.0
        self.tasks = PoolTasks(self.state, self.outlet, WorkerOptions(), clock=lambda: self.now_s)
        self.ref: Any = Ref()
        self.tasks.attach(SLOT, self.ref)

    def send(self, task_id: int, **options: Any) -> None:
        task = Task(task_id, b"\xc0", self.now_s, self.now_s, **options)
        assert self.tasks.submit(task, is_plain=not options) is None

    def take(self, most: int = 1) -> list[int]:
        if self.state.slots[SLOT] is InstanceState.IDLE:
            return []  # nobody has woken it
        taken = self.tasks.take(SLOT, most)
        if taken:
            outcomes = [b"\xc0"] * len(taken)
            assert self.tasks.answer_all(SLOT, taken, outcomes, 1.0, 1.0, self.ref)
        return [task.id for task in taken]

    def waiting(self) -> int:
        return self.tasks.counts()[0]


KINDS: dict[str, dict[str, Any]] = {
    "plain": {},
    "of a run": {"run_id": "level"},
    "high": {"priority": Priority.HIGH},
    "low": {"priority": Priority.LOW},
}
STEPS = st.lists(
    st.one_of(
        st.sampled_from(sorted(KINDS)),
        st.tuples(st.sampled_from(["take", "cancel", "raise"]), st.integers(1, 5)),
    ),
    max_size=60,
)


def _in_order(waiting: dict[int, Priority]) -> list[int]:
    """The ids in the order in which the tasks run: the most urgent first, then the first."""
    return sorted(waiting, key=lambda task_id: (-waiting[task_id], task_id))


@settings(deadline=None, max_examples=200)
@given(STEPS)
def test_the_order_is_that_in_which_tasks_were_sent_however_that_was(steps: list[Any]) -> None:
    bench = Bench()
    waiting: dict[int, Priority] = {}
    for number, step in enumerate(steps, 1):
        if isinstance(step, str):
            bench.send(number, **KINDS[step])
            waiting[number] = KINDS[step].get("priority", Priority.NORMAL)
        elif step[0] == "take":
            wanted = _in_order(waiting)[:1]
            assert bench.take() == wanted
            for task_id in wanted:
                del waiting[task_id]
        elif step[0] == "cancel":
            task_id = number - step[1]
            assert bool(bench.tasks.cancel(task_id)) == (task_id in waiting)
            waiting.pop(task_id, None)
        else:
            task_id = number - step[1]
            known = bench.tasks.set_priority(task_id, Priority.CRITICAL)
            assert known == (task_id in waiting)
            if known:
                bench.tasks.cancel(task_id)  # its place among its new equals is another's test
                del waiting[task_id]
        assert bench.waiting() == len(waiting)
    left = []
    while taken := bench.take(5):
        left += taken
    assert left == _in_order(waiting)
    assert bench.tasks.read(lambda _: bench.outlet.metrics.arrived) == sum(
        isinstance(step, str) for step in steps
    )


@settings(deadline=None, max_examples=200)
@given(
    st.lists(
        st.one_of(
            st.sampled_from(Priority),
            st.tuples(st.just("seconds"), st.sampled_from([0.0, 3.0, 10.0, 15.0])),
            st.tuples(st.just("take"), st.integers(1, 6)),
        ),
        max_size=40,
    )
)
@example([Priority.NORMAL, ("seconds", 10.0), Priority.HIGH])
@example([Priority.LOW, ("seconds", 10.0), Priority.NORMAL])
def test_what_has_waited_long_runs_before_the_tail(steps: list[Any]) -> None:
    bench = Bench()
    aging_s = WorkerOptions().aging_s
    waiting: dict[int, tuple[float, int, int]] = {}  # what the order goes by
    for number, step in enumerate([*steps, ("take", 40)], 1):
        if isinstance(step, Priority):
            bench.send(number, **({} if step is Priority.NORMAL else {"priority": step}))
            waiting[number] = (bench.now_s - step * aging_s, -step, number)
        elif step[0] == "seconds":
            bench.now_s += step[1]
        else:
            expected = sorted(waiting, key=waiting.__getitem__)[: step[1]]
            assert bench.take(step[1]) == expected
            for task_id in expected:
                del waiting[task_id]


@pytest.mark.parametrize("count", [255, 256, 257, 1000])
def test_a_long_tail_keeps_its_order(count: int) -> None:
    bench = Bench()
    for task_id in range(count):
        bench.send(task_id)
    assert bench.waiting() == count
    bench.send(count, run_id="last")
    left = []
    while taken := bench.take(7):
        left += taken
    assert left == list(range(count + 1))


def test_an_idle_instance_is_woken_once_for_what_is_sent() -> None:
    bench = Bench()
    assert bench.take() == []  # it checks in
    bench.send(1)
    bench.send(2)
    assert bench.ref.told == [WAKE]


def test_what_is_sent_while_an_instance_checks_in_wakes_it() -> None:
    bench = Bench()
    check_in = bench.state.slots.check_in

    def send_and_check_in(slot: int) -> None:
        bench.send(1)  # whose sender sees nobody idle
        assert bench.ref.told == []
        check_in(slot)

    bench.state.slots.check_in = send_and_check_in  # type: ignore[method-assign]
    assert bench.take() == []
    assert bench.ref.told == [WAKE]
    assert bench.take() == [1]


class _LateTail(deque[Task]):
    """A tail to which something is appended right after the sender has looked around."""

    before: Callable[[], None]

    def append(self, task: Task) -> None:
        self.before()
        super().append(task)


def test_what_is_sent_while_the_pool_closes_is_answered() -> None:
    bench = Bench()
    tail = bench.state.ready.tail = _LateTail()
    stopped = TaskError(ErrorKind.STOPPED, "the worker was stopped")
    tail.before = lambda: bench.tasks.close("the worker was stopped", stopped)
    bench.send(1)
    assert [(result.task_id, result.error) for result in bench.results] == [(1, stopped)]
    assert bench.waiting() == 0


def test_tasks_of_many_threads_are_each_taken_once() -> None:
    bench = Bench()
    senders, each = 4, 2000
    ids = iter(range(senders * each))
    numbered = threading.Lock()

    def send() -> None:
        for _ in range(each):
            with numbered:
                task_id = next(ids)
            bench.send(task_id)

    threads = [threading.Thread(target=send) for _ in range(senders)]
    for thread in threads:
        thread.start()
    taken: list[int] = []
    while any(thread.is_alive() for thread in threads) or bench.waiting():
        taken += bench.take(16)
        bench.tasks.wanted(0)  # which sorts the tail in
    assert sorted(taken) == list(range(senders * each))
    assert len(bench.results) == senders * each


def _sorted_in(bench: Bench) -> int:
    return sum(bench.state.ready.by_priority().values())


def test_what_is_sent_stays_in_the_tail_behind_tasks_that_were_looked_for() -> None:
    bench = Bench()
    bench.send(1)
    assert bench.tasks.wanted(1) == 1  # which sorts the tail in
    for task_id in range(2, 10):
        bench.send(task_id)
    assert bench.take(4) == [1, 2, 3, 4]
    assert _sorted_in(bench) == 0
    assert bench.take(9) == [5, 6, 7, 8, 9]


def test_only_the_next_task_is_compared_with_those_of_other_levels() -> None:
    bench = Bench()
    bench.send(1, priority=Priority.LOW)
    bench.send(2)
    bench.send(3)
    assert bench.take(1) == [2]
    assert _sorted_in(bench) == 1  # the LOW one
    assert bench.take(5) == [3, 1]


def test_who_waits_for_a_task_leaves_the_tail_as_it_is() -> None:
    bench = Bench()
    bench.send(1)
    bench.send(2)
    assert (bench.tasks.knows(1), bench.tasks.knows(2), bench.tasks.knows(3)) == (True, True, False)
    assert _sorted_in(bench) == 0


def test_an_answer_forgets_what_its_own_tasks_said_and_looks_at_no_other() -> None:
    bench = Bench()
    bench.send(1)
    bench.send(2)
    first, second = bench.tasks.take(SLOT, 2)
    bench.tasks.report_progress(first, Progress(0.5))
    bench.tasks._progress[99] = Progress(0.1)  # of a task that another instance works on
    bench.state.is_running = None  # type: ignore[method-assign,assignment]  # takes a look at each slot
    outcomes = [b"\xc0"] * 2
    assert bench.tasks.answer_all(SLOT, [first, second], outcomes, 1.0, 1.0, bench.ref)
    assert bench.tasks._progress == {99: Progress(0.1)}


@pytest.mark.parametrize("began_s", [0.0, 1.0])
def test_tasks_that_began_at_no_instant_are_counted_and_have_no_durations(began_s: float) -> None:
    bench = Bench()
    bench.now_s = began_s
    for task_id in (1, 2):
        bench.send(task_id)
    taken = bench.tasks.take(SLOT, 2)
    assert bench.tasks.answer_all(SLOT, taken, [b"\xc0"] * 2, began_s, began_s, bench.ref)
    metrics = bench.outlet.metrics.snapshot(began_s, 0)
    assert (metrics.finished, metrics.wait_s.count) == (2, 2 if began_s else 0)
    assert metrics.run_s.count == metrics.wait_s.count
