"""What a game's tests get from the library."""

import sys
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from engine_tasks.testing import ManualClock


def test_time_stands_still_until_it_is_moved() -> None:
    clock = ManualClock()
    assert (clock(), clock.now_s) == (0.0, 0.0)
    clock.advance(0.25)
    clock.advance(0)
    clock.advance(2)
    assert (clock(), clock.now_s) == (2.25, 2.25)


def test_a_clock_starts_when_it_is_told_to() -> None:
    clock = ManualClock(100)
    clock.advance(0.5)
    assert clock() == 100.5
    assert repr(clock) == "ManualClock(100.5)"
    assert isinstance(ManualClock(3)(), float)


@pytest.mark.parametrize("seconds", [-0.001, float("nan"), float("inf"), "1", None, True])
def test_time_does_not_go_back_or_nowhere(seconds: Any) -> None:
    clock = ManualClock(1.0)
    with pytest.raises((TypeError, ValueError), match=r"^seconds "):
        clock.advance(seconds)
    assert clock() == 1.0
    with pytest.raises((TypeError, ValueError), match=r"^start_s "):
        ManualClock(seconds)


class Seconds(float):
    """Seconds whose addition takes so many steps that another thread may come between."""

    def __radd__(self, other: float) -> float:
        return sum((float(self) for _ in range(1)), start=other)


@pytest.fixture
def crowded() -> Iterator[None]:
    """Threads take turns as often as they can."""
    interval_s = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(interval_s)


@pytest.mark.usefixtures("crowded")
def test_no_step_is_lost_between_threads() -> None:
    clock = ManualClock()
    threads, steps = 4, 5_000
    barrier = threading.Barrier(threads)

    def move() -> None:
        barrier.wait(30)
        for _ in range(steps):
            clock.advance(Seconds(0.5))

    movers = [threading.Thread(target=move) for _ in range(threads)]
    for mover in movers:
        mover.start()
    for mover in movers:
        mover.join(60)
    assert clock() == threads * steps * 0.5
