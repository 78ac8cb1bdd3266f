"""What a child may have begun is not begun again: a task is executed as often as it says."""

import sys
import time

import chaos_functions
import pytest
import worker_functions

from engine_tasks import ErrorKind, TaskError, WorkerOptions
from engine_tasks.executors.protocol import Executor, ExecutorDied
from engine_tasks.executors.shipping import python_process_executors
from engine_tasks.payload import encode
from engine_tasks.pools.guard import Death, Guard
from engine_tasks.pools.outlet import Outlet
from engine_tasks.pools.state import PoolState
from engine_tasks.pools.tasks import PoolTasks
from engine_tasks.task import Task

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="pipes of Unix")

OPTIONS = WorkerOptions(nice=0)
CRASHED = TaskError(ErrorKind.CRASHED, "it was killed")


def task(number: int, data: object = None) -> Task:
    return Task(number, encode(data), 0.0, timeout_s=1.0)


def process(function: object) -> Executor:
    make = python_process_executors("Worker", function, OPTIONS)  # type: ignore[arg-type]
    executor = make(0, lambda _task, _progress: None)
    executor.start()
    return executor


def test_what_was_given_to_a_child_that_lied_may_have_begun() -> None:
    executor = process(chaos_functions.write_garbage_when_bad)
    outcomes = executor.run([task(1, "good"), task(2, "bad"), task(3), task(4)])
    assert next(outcomes) == encode("good")
    for _ in (2, 3):
        outcome = next(outcomes)
        assert isinstance(outcome, TaskError)
        assert outcome.kind is ErrorKind.CRASHED
        assert "since it sent a frame of" in outcome.message
    with pytest.raises(ExecutorDied) as caught:
        next(outcomes)
    assert caught.value.began
    executor.stop()


def test_what_was_given_to_a_child_that_died_behind_its_task_has_not_begun() -> None:
    executor = process(worker_functions.leave)
    outcomes = executor.run([task(1, 3), task(2), task(3)])
    with pytest.raises(ExecutorDied) as caught:
        next(outcomes)
    assert caught.value.began
    executor.stop()


class Killable:
    """An executor that can be killed, and does nothing else."""

    can_be_killed = True

    def __init__(self) -> None:
        self.killed = False

    def kill(self) -> bool:
        self.killed = True
        return True

    def cancel(self, task: Task | None = None) -> None:
        """It would not hear."""


@pytest.fixture
def guard() -> Guard:
    outlet = Outlet(1, "Worker", lambda _task, _result: None)
    tasks = PoolTasks(PoolState(1), outlet, OPTIONS, has_alarm=False)
    return Guard(0, tasks, Killable(), 0.001, 10.0)  # type: ignore[arg-type]


def test_the_task_behind_one_that_ended_as_its_time_was_over_may_have_begun(guard: Guard) -> None:
    late, behind = task(1), task(2)
    guard.begin(late, 0.0)
    guard._expire(late)
    guard.begin(behind, 1.0)
    assert guard.explain(ExecutorDied(CRASHED)) == Death(CRASHED, began=True, blameless=True)


def test_the_task_behind_one_that_was_ended_is_untouched_where_it_was_not_sent(
    guard: Guard,
) -> None:
    guard.begin(task(1), 0.0)
    guard._expire(task(1))
    guard.begin(task(2), 1.0)
    death = guard.explain(ExecutorDied(CRASHED, began=False))
    assert death == Death(CRASHED, began=False, blameless=True)


def test_nobody_is_to_blame_where_a_cancelled_task_ended_as_its_grace_was_over(
    guard: Guard,
) -> None:
    late = task(1)
    guard.begin(late, 0.0)
    late.let_go(late.id)
    guard._expire(late)
    guard.begin(task(2), 1.0)
    assert guard.explain(ExecutorDied(CRASHED)) == Death(CRASHED, began=True, blameless=True)


def test_a_task_that_is_taken_back_just_as_it_begins_is_ended_after_its_grace(
    guard: Guard, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, watch = Task(1, b"", 0.0), guard._watchdog.watch

    def take_back_and_watch(thing: Task, deadline_s: float | None) -> None:
        thing.let_go(thing.id)
        guard.cancel(thing)
        watch(thing, deadline_s)

    monkeypatch.setattr(guard._watchdog, "watch", take_back_and_watch)
    guard.begin(begun, time.monotonic())
    assert guard._watchdog._deadline_s is not None
    guard.close()
