"""Where very many are answered at once, the game and the timer have their turns in between."""

import itertools
from collections.abc import Callable

import pytest

from engine_tasks import ErrorKind, TaskError, TaskResult, WorkerOptions
from engine_tasks.clock import ManualClock
from engine_tasks.pools.outlet import Outlet
from engine_tasks.pools.state import PoolState
from engine_tasks.pools.tasks import PoolTasks
from engine_tasks.task import Task
from engine_tasks.timer import Timed

MANY = 1000


class Desk:
    """A pool's tasks without actors, and what they answered."""

    def __init__(self, *, has_alarm: bool = False) -> None:
        self.results: list[TaskResult] = []
        self.settled = 0
        self.clock = ManualClock()
        outlet = Outlet(1, "Desk", lambda _task, result: self.results.append(result), self._settle)
        self.tasks = PoolTasks(
            PoolState(1), outlet, WorkerOptions(), clock=self.clock, has_alarm=has_alarm
        )

    def _settle(self) -> None:
        self.settled += 1

    def submit_many(self, *, run_id: str | None = None, deadline_s: float | None = None) -> None:
        for task_id in range(MANY):
            task = Task(task_id, b"", 0.0, run_id=run_id, deadline_s=deadline_s)
            assert self.tasks.submit(task) is None


@pytest.fixture
def naps(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Seconds for which a thread gave way to others."""
    naps: list[float] = []
    monkeypatch.setattr("engine_tasks.pools.tasks.time.sleep", naps.append)
    return naps


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[Timed]:
    """What the timer was asked for."""
    timed: list[Timed] = []

    def after(delay_s: float, call: Callable[[], None]) -> Timed:
        timed.append(Timed(delay_s, call))
        return timed[-1]

    monkeypatch.setattr("engine_tasks.pools.alarm.TIMER.after", after)
    return timed


def test_whoever_answers_very_many_gives_way_to_the_game_now_and_then(naps: list[float]) -> None:
    desk = Desk()
    desk.submit_many(run_id="run")
    desk.tasks.purge("run")
    assert len(desk.results) < MANY / 10
    desk.tasks.drain()
    assert len(desk.results) == MANY
    assert len(naps) > MANY / 50
    assert all(0.0 < nap_s < 0.001 for nap_s in naps)


def test_a_game_that_waits_for_the_end_has_it_without_pauses(naps: list[float]) -> None:
    desk = Desk()
    desk.submit_many()
    desk.tasks.close("over", TaskError(ErrorKind.STOPPED, "over"))
    desk.tasks.drain(gently=False)
    assert len(desk.results) == MANY
    assert naps == []


def test_the_timer_is_left_to_others_while_very_many_expire(calls: list[Timed]) -> None:
    desk = Desk(has_alarm=True)
    desk.submit_many(deadline_s=1.0)
    desk.clock.advance(2.0)
    answered = [0]
    while not calls[-1].fired and calls[-1].call is not None:
        calls[-1].fired = True
        calls[-1].call()
        answered.append(len(desk.results))
    steps = [after - before for before, after in itertools.pairwise(answered)]
    assert max(steps) < MANY / 2
    assert sorted(result.task_id for result in desk.results) == list(range(MANY))
    assert {result.error.kind for result in desk.results if result.error} == {ErrorKind.EXPIRED}


def test_without_an_alarm_all_that_expired_is_answered_at_once() -> None:
    desk = Desk()
    desk.submit_many(deadline_s=1.0)
    desk.clock.advance(2.0)
    desk.tasks.advance()
    assert len(desk.results) == MANY


def test_a_pool_that_does_not_have_a_task_settles_nothing_for_its_cancel() -> None:
    desk = Desk()
    assert desk.tasks.submit(Task(1, b"", 0.0)) is None
    assert not desk.tasks.cancel(2)
    assert desk.settled == 0
    assert desk.tasks.cancel(1)
    assert desk.settled == 1
    assert [result.task_id for result in desk.results] == [1]
