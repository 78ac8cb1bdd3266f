"""The tasks of a pool: instances are woken for what waits, and each task is answered once."""

from collections.abc import Callable, Iterator
from queue import Empty, SimpleQueue
from typing import Any

import pykka
import pytest

from engine_tasks import ErrorKind, TaskError, TaskResult
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

    def __init__(self, slots: int) -> None:
        self.results: list[TaskResult] = []
        self.tasks = PoolTasks(1, slots, lambda _task, result: self.results.append(result))
        self.wakes: SimpleQueue[int] = SimpleQueue()
        self.refs = [Sleeper.start(slot, self.wakes) for slot in range(slots)]
        for slot, ref in enumerate(self.refs):
            self.tasks.attach(slot, ref)

    def idle(self, *slots: int) -> None:
        for slot in slots:
            assert self.tasks.take(slot) == []

    def submit(self, *ids: int) -> list[Task]:
        sent = [Task(task_id, b"\xc0", 0.0) for task_id in ids]
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
def crew() -> Iterator[Callable[[int], Crew]]:
    crews: list[Crew] = []

    def make(slots: int) -> Crew:
        crews.append(Crew(slots))
        return crews[-1]

    yield make
    for made in crews:
        for ref in made.refs:
            ref.stop()


def test_a_task_wakes_one_idle_instance(crew: Callable[[int], Crew]) -> None:
    pool = crew(3)
    pool.idle(0, 1, 2)
    pool.submit(1)
    assert pool.woken() == 2
    assert pool.nobody_else_is_woken()


def test_a_task_wakes_nobody_while_all_are_busy(crew: Callable[[int], Crew]) -> None:
    pool = crew(1)
    pool.idle(0)
    pool.submit(1)
    assert pool.woken() == 0
    pool.submit(2, 3)
    assert pool.nobody_else_is_woken()


def test_what_a_dead_instance_left_wakes_those_that_idle(crew: Callable[[int], Crew]) -> None:
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


def test_a_wake_for_a_dead_actor_is_made_good_by_its_loss(crew: Callable[[int], Crew]) -> None:
    pool = crew(2)
    pool.idle(0, 1)
    pool.refs[1].stop()
    (task,) = pool.submit(1)  # told to 1, which is dead
    assert pool.tasks.lose(1, CRASHED)
    assert pool.woken() == 0
    assert pool.tasks.take(0) == [task]
    assert pool.results == []


def test_a_task_is_answered_once_whoever_answers_first(crew: Callable[[int], Crew]) -> None:
    pool = crew(1)
    (task,) = pool.submit(1)
    assert pool.tasks.take(0) == [task]
    pool.tasks.close("stopped", STOPPED)
    pool.tasks.abandon(STOPPED)
    assert not pool.tasks.answer(0, task, b"\xc0", 1.0)
    pool.tasks.lose(0, CRASHED)
    assert [(result.task_id, result.error) for result in pool.results] == [(1, STOPPED)]


def test_a_closed_pool_refuses_with_its_reason(crew: Callable[[int], Crew]) -> None:
    pool = crew(1)
    pool.tasks.close("closed for the night", STOPPED)
    assert pool.tasks.submit(Task(1, b"\xc0", 0.0)) == "closed for the night"
    assert pool.tasks.closed
    assert pool.results == []


def test_the_first_reason_to_refuse_stays(crew: Callable[[int], Crew]) -> None:
    pool = crew(1)
    pool.tasks.refuse("stopping")
    pool.tasks.close("closed", STOPPED)
    assert pool.tasks.submit(Task(1, b"\xc0", 0.0)) == "stopping"


def test_a_pool_is_empty_once_the_last_task_is_answered(crew: Callable[[int], Crew]) -> None:
    pool = crew(1)
    assert pool.tasks.wait_empty(0)
    (task,) = pool.submit(1)
    assert not pool.tasks.wait_empty(0)
    assert pool.tasks.take(0) == [task]
    assert pool.tasks.counts() == (0, 1)
    assert not pool.tasks.wait_empty(0)
    assert pool.tasks.answer(0, task, b"\xc0", 1.0)
    assert pool.tasks.wait_empty(0)
