"""The tasks of a pool: instances are woken for what waits, and each task is answered once."""

from collections.abc import Callable, Iterator
from queue import Empty, SimpleQueue
from typing import Any

import pykka
import pytest

from engine_tasks import ErrorKind, TaskError, TaskResult, WorkerOptions
from engine_tasks.clock import ManualClock
from engine_tasks.policies import Priority, RetryPolicy
from engine_tasks.pools.outlet import Outlet
from engine_tasks.pools.state import PoolState
from engine_tasks.pools.tasks import PoolTasks
from engine_tasks.task import Task

CRASHED = TaskError(ErrorKind.CRASHED, "the instance died")
STOPPED = TaskError(ErrorKind.STOPPED, "stopped")


class Sleeper(pykka.ThreadingActor):
    """An instance that only notes its wakes."""

    use_daemon_thread = True

    def __init__(self, slot: int, wakes: SimpleQueue[int]) -> None:
        super().__init__()
        self._slot = slot
        self._wakes = wakes

    def on_receive(self, message: Any) -> None:
        self._wakes.put(self._slot)


class Crew:
    """A pool's tasks with instances that do what a test says."""

    def __init__(self, slots: int, options: WorkerOptions) -> None:
        self.results: list[TaskResult] = []
        self.settled = 0
        self.clock = ManualClock()
        self.outlet = Outlet(1, "Crew", self._deliver, self._settle, options.max_dead_letters)
        state = PoolState(slots, retry=options.retry, same_key=options.same_key)
        self.tasks = PoolTasks(state, self.outlet, options, clock=self.clock, has_alarm=False)
        self.wakes: SimpleQueue[int] = SimpleQueue()
        self.refs = [Sleeper.start(slot, self.wakes) for slot in range(slots)]
        for slot, ref in enumerate(self.refs):
            self.tasks.attach(slot, ref)

    def _deliver(self, task: Task, result: TaskResult) -> None:
        self.results.append(result)

    def _settle(self) -> None:
        assert self.tasks.counts() is not None, "the lock is free"
        self.settled += 1

    def idle(self, *slots: int) -> None:
        for slot in slots:
            assert self.tasks.take(slot) == []

    def submit(self, *ids: int, **asked: Any) -> list[Task]:
        sent = [Task(task_id, b"\xc0", self.clock(), **asked) for task_id in ids]
        assert [self.tasks.submit(task) for task in sent] == [None] * len(sent)
        return sent

    def woken(self) -> int:
        return self.wakes.get(timeout=30)

    def nobody_else_is_woken(self) -> bool:
        for ref in self.refs:
            ref.stop()  # waits until it has read all that it was told
        try:
            self.wakes.get_nowait()
        except Empty:
            return True
        return False


@pytest.fixture
def crew() -> Iterator[Callable[..., Crew]]:
    crews: list[Crew] = []

    def make(slots: int, **options: Any) -> Crew:
        crews.append(Crew(slots, WorkerOptions(**options)))
        return crews[-1]

    yield make
    for made in crews:
        for ref in made.refs:
            ref.stop()


def test_a_task_wakes_one_idle_instance(crew: Callable[..., Crew]) -> None:
    pool = crew(3)
    pool.idle(0, 1, 2)
    pool.submit(1)
    assert pool.woken() == 2
    assert pool.nobody_else_is_woken()


def test_a_task_wakes_nobody_while_all_are_busy(crew: Callable[..., Crew]) -> None:
    pool = crew(1)
    pool.idle(0)
    pool.submit(1)
    assert pool.woken() == 0
    pool.submit(2, 3)
    assert pool.nobody_else_is_woken()


def test_what_a_dead_instance_left_wakes_those_that_idle(crew: Callable[..., Crew]) -> None:
    pool = crew(3)
    sent = pool.submit(1, 2, 3, 4, 5, 6, 7, 8, 9)
    taken = pool.tasks.take(0, 64)
    assert taken == sent[:3]
    for slot in (1, 2):
        while tasks := pool.tasks.take(slot, 64):
            for task in tasks:
                assert pool.tasks.answer(slot, task, b"\xc0", 1.0)
    assert pool.tasks.lose(0, CRASHED)
    assert {pool.woken(), pool.woken()} == {1, 2}
    assert pool.nobody_else_is_woken()
    assert pool.tasks.take(1) == [sent[1]]
    assert pool.tasks.take(2) == [sent[2]]


def test_a_wake_for_a_dead_actor_is_made_good_by_its_loss(crew: Callable[..., Crew]) -> None:
    pool = crew(2)
    pool.idle(0, 1)
    pool.refs[1].stop()
    (task,) = pool.submit(1)  # told to 1, which is dead
    assert pool.tasks.lose(1, CRASHED)
    assert pool.woken() == 0
    assert pool.tasks.take(0) == [task]
    assert pool.results == []


def test_a_task_is_answered_once_whoever_answers_first(crew: Callable[..., Crew]) -> None:
    pool = crew(1)
    (task,) = pool.submit(1)
    assert pool.tasks.take(0) == [task]
    pool.tasks.close("stopped", STOPPED)
    pool.tasks.abandon(STOPPED)
    assert not pool.tasks.answer(0, task, b"\xc0", 1.0)
    pool.tasks.lose(0, CRASHED)
    assert [(result.task_id, result.error) for result in pool.results] == [(1, STOPPED)]


def test_a_closed_pool_refuses_with_its_reason(crew: Callable[..., Crew]) -> None:
    pool = crew(1)
    pool.tasks.close("closed for the night", STOPPED)
    assert pool.tasks.submit(Task(1, b"\xc0", 0.0)) == "closed for the night"
    assert pool.tasks.closed
    assert pool.results == []


def test_the_first_reason_to_refuse_stays(crew: Callable[..., Crew]) -> None:
    pool = crew(1)
    pool.tasks.refuse("stopping")
    pool.tasks.close("closed", STOPPED)
    assert pool.tasks.submit(Task(1, b"\xc0", 0.0)) == "stopping"


def test_a_pool_is_empty_once_the_last_task_is_answered(crew: Callable[..., Crew]) -> None:
    pool = crew(1)
    assert pool.tasks.wait_empty(0)
    (task,) = pool.submit(1)
    assert not pool.tasks.wait_empty(0)
    assert pool.tasks.take(0) == [task]
    assert pool.tasks.counts() == (0, 1)
    assert not pool.tasks.wait_empty(0)
    assert pool.tasks.answer(0, task, b"\xc0", 1.0)
    assert pool.tasks.wait_empty(0)


# --- room --------------------------------------------------------------------------------


def test_past_max_pending_a_task_is_refused(crew: Callable[..., Crew]) -> None:
    pool = crew(1, max_pending=2)
    pool.submit(1, 2)
    refusal = pool.tasks.submit(Task(3, b"\xc0", 0.0))
    assert refusal == "the worker is full: 2 tasks wait already (max_pending)"
    pool.tasks.take(0)
    pool.submit(4)


def test_past_max_pending_the_oldest_may_give_way(crew: Callable[..., Crew]) -> None:
    pool = crew(1, max_pending=2, overflow="drop_oldest")
    pool.submit(1, 2, 3, 4)
    assert [result.task_id for result in pool.results] == [1, 2]
    assert {result.error.kind for result in pool.results if result.error} == {ErrorKind.CANCELLED}
    assert pool.tasks.counts() == (2, 0)


def test_past_max_pending_the_lowest_may_give_way(crew: Callable[..., Crew]) -> None:
    pool = crew(1, max_pending=2, overflow="drop_lowest")
    pool.submit(1, priority=Priority.LOW)
    pool.submit(2, 3)
    assert [result.task_id for result in pool.results] == [1]
    assert (
        pool.tasks.submit(Task(4, b"\xc0", 0.0))
        == "the worker is full: 2 tasks wait already (max_pending)"
    )


# --- time --------------------------------------------------------------------------------


def test_a_delayed_task_wakes_an_instance_when_it_is_due(crew: Callable[..., Crew]) -> None:
    pool = crew(1)
    pool.idle(0)
    pool.submit(1, ready_s=5.0)
    pool.tasks.advance()
    pool.clock.advance(5.1)
    pool.tasks.advance()
    assert pool.woken() == 0
    assert [task.id for task in pool.tasks.take(0)] == [1]


def test_an_expired_task_is_answered_when_time_passes(crew: Callable[..., Crew]) -> None:
    pool = crew(1)
    pool.submit(1, deadline_s=5.0)
    pool.clock.advance(5.1)
    pool.tasks.advance()
    (result,) = pool.results
    assert result.error is not None
    assert result.error.kind is ErrorKind.EXPIRED
    assert result.attempts == 0


# --- attempts --------------------------------------------------------------------------------


def test_each_who_asked_has_a_result_of_its_own(crew: Callable[..., Crew]) -> None:
    pool = crew(1)
    first, _second, _third = pool.submit(1, 2, 3, key="goal")
    assert pool.tasks.wanted(2) == 3
    assert pool.tasks.take(0, 8) == [first]
    pool.tasks.cancel(2)
    assert pool.tasks.answer(0, first, b"\x01", 1.0)
    assert [(result.task_id, result.payload) for result in pool.results] == [
        (2, None),
        (1, 1),
        (3, 1),
    ]
    assert [result.attempts for result in pool.results] == [1, 1, 1]


def test_a_dead_letter_is_kept_with_the_errors_of_all_attempts(
    crew: Callable[..., Crew], caplog: pytest.LogCaptureFixture
) -> None:
    pool = crew(1, retry=RetryPolicy(max_attempts=2, first_backoff_s=1.0))
    (task,) = pool.submit(1)
    for _ in range(2):
        assert pool.tasks.take(0) == [task]
        pool.tasks.answer(0, task, CRASHED, pool.clock())
        pool.clock.advance(2.0)
    (letter,) = pool.outlet.dead_letters.letters()
    assert (letter.task_id, letter.errors, letter.attempts) == (1, (CRASHED, CRASHED), 2)
    assert "task 1 is a dead letter after attempt 2: CRASHED: the instance died" in caplog.text
    metrics = pool.outlet.metrics.snapshot(pool.clock(), 1)
    assert (metrics.sent, metrics.finished, metrics.retries) == (1, 1, 1)


def test_what_settles_comes_after_the_lock(crew: Callable[..., Crew]) -> None:
    pool = crew(1)
    (task,) = pool.submit(1)
    pool.tasks.take(0)
    pool.tasks.answer(0, task, b"\x01", 1.0)
    assert pool.settled


# --- runs --------------------------------------------------------------------------------


def test_a_purged_run_is_answered_and_never_taken(crew: Callable[..., Crew]) -> None:
    pool = crew(1)
    pool.submit(*range(1, 101), run_id="level 3")
    (other,) = pool.submit(101, run_id="level 4")
    assert pool.tasks.purge("level 3") == 100
    assert pool.tasks.take(0, 8) == [other]
    pool.tasks.drain()
    assert len(pool.results) == 100
    assert pool.tasks.counts() == (0, 1)


def test_what_is_not_ready_before_a_stop_does_not_delay_it(crew: Callable[..., Crew]) -> None:
    pool = crew(1)
    pool.submit(*range(1, 51), ready_s=100.0)
    (soon,) = pool.submit(51)
    pool.tasks.refuse("stopping", until_s=2.0)
    pool.tasks.drain()
    assert {result.task_id for result in pool.results} == set(range(1, 51))
    assert pool.tasks.take(0) == [soon]
