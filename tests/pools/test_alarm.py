"""A pool's alarm: set once for an instant, moved for an earlier one only."""

from collections.abc import Callable
from time import monotonic

import pytest

from engine_tasks.pools.alarm import Alarm
from engine_tasks.timer import Timed


class Calls:
    """A timer that calls nothing: it keeps what it was asked for."""

    def __init__(self) -> None:
        self.timed: list[Timed] = []

    def after(self, delay_s: float, call: Callable[[], None]) -> Timed:
        self.timed.append(Timed(monotonic() + delay_s, call))
        return self.timed[-1]

    @property
    def pending(self) -> list[Timed]:
        return [timed for timed in self.timed if timed.call is not None]


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> Calls:
    calls = Calls()
    monkeypatch.setattr("engine_tasks.pools.alarm.TIMER", calls)
    return calls


@pytest.fixture
def alarm(calls: Calls) -> Alarm:
    return Alarm(lambda: None)


def test_many_tasks_of_one_instant_set_one_alarm(alarm: Alarm, calls: Calls) -> None:
    instant_s = monotonic() + 60.0
    for _ in range(3):
        alarm.set(instant_s)
    assert len(calls.timed) == 1


def test_an_instant_that_is_over_sets_one_alarm_too(alarm: Alarm, calls: Calls) -> None:
    for _ in range(3):
        alarm.set(monotonic() - 1.0)
    assert len(calls.timed) == 1


def test_a_later_instant_leaves_the_alarm_and_an_earlier_one_moves_it(
    alarm: Alarm, calls: Calls
) -> None:
    instant_s = monotonic() + 60.0
    alarm.set(instant_s)
    alarm.set(instant_s + 1.0)
    assert len(calls.timed) == 1
    alarm.set(instant_s - 30.0)
    assert calls.pending == calls.timed[1:]
    assert calls.timed[1].due_s < calls.timed[0].due_s


def test_an_alarm_that_went_off_is_set_again(alarm: Alarm, calls: Calls) -> None:
    instant_s = monotonic() + 60.0
    alarm.set(instant_s)
    calls.timed[0].fired = True
    alarm.set(instant_s)
    assert len(calls.timed) == 2


def test_without_anything_to_look_at_the_alarm_is_taken_back(alarm: Alarm, calls: Calls) -> None:
    alarm.set(monotonic() + 60.0)
    alarm.set(None)
    assert calls.pending == []
    alarm.set(monotonic() + 120.0)
    assert len(calls.pending) == 1
