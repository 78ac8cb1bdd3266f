"""Simulated pools grow with a backlog that stays, shrink when idle, and do not waver."""

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from simulated_pool import SimulatedPool, about, always, batches, evenly, on_and_off, waves


@pytest.mark.parametrize("minimum", [1, 3])
@pytest.mark.parametrize("service_s", [0.01, 0.3, 2.0])
@pytest.mark.parametrize("look_s", [0.02, 0.1, 1.0])
@pytest.mark.parametrize("service", [always, about])
def test_a_steady_load_under_capacity_never_scales(
    minimum: int, service_s: float, look_s: float, service: Callable[[float], Callable[[], float]]
) -> None:
    until_s = max(5.0, 40 * service_s)
    arrivals = evenly(0.85 * minimum / service_s, until_s)
    for first_look_s in (0.0, look_s / 3):
        pool = SimulatedPool(
            arrivals,
            service(service_s),
            minimum=minimum,
            look_s=look_s,
            first_look_s=first_look_s,
            until_s=until_s,
            threshold=0.5,
        )
        assert pool.decisions == []


@pytest.mark.parametrize(
    ("size", "every_s", "service_s", "minimum"),
    [
        (60, 1 / 60, 0.00025, 1),
        (60, 1 / 60, 0.001, 4),
        (30, 0.1, 0.005, 2),
        (6, 1.0, 0.3, 2),
        (8, 2.0, 0.3, 2),
    ],
)
def test_what_is_done_within_a_second_never_scales(
    size: int, every_s: float, service_s: float, minimum: int
) -> None:
    """A game sends many tasks at once, a frame; a look sees them all wait, each time."""
    arrivals = batches(size, every_s, 10.0)
    for first_look_s in (0.0, 0.001, 0.05):
        pool = SimulatedPool(
            arrivals, always(service_s), minimum=minimum, first_look_s=first_look_s, until_s=10.0
        )
        assert pool.decisions == []


@pytest.mark.parametrize(("tasks", "service_s"), [(100, 0.05), (1000, 0.05), (20, 1.0), (4, 5.0)])
@pytest.mark.parametrize(("start_s", "look_s"), [(0.05, 0.1), (2.0, 0.1), (0.05, 1.0)])
def test_a_burst_scales_up_and_then_once_back_down(
    tasks: int, service_s: float, start_s: float, look_s: float
) -> None:
    pool = SimulatedPool([10.0] * tasks, about(service_s), start_s=start_s, look_s=look_s)
    assert pool.turns == 1
    assert pool.instances == pool.minimum
    assert pool.finished == tasks


def test_no_more_are_added_than_the_backlog_asks_for() -> None:
    """100 tasks of 50 ms: five instances do them in a second, also while they still start."""
    for start_s in (0.05, 2.0):
        pool = SimulatedPool([10.0] * 100, always(0.05), start_s=start_s)
        assert pool.decisions == [2, 2, -2, -2]


def test_an_overload_that_stays_below_the_threshold_scales_too() -> None:
    arrivals = evenly(15.0, 30.0)
    pool = SimulatedPool(arrivals, always(0.1), threshold=100.0, until_s=100.0)
    assert pool.decisions == [2, -1, -1]
    assert max(pool.waits_s) < 1.0


@pytest.mark.parametrize(("on_s", "off_s"), [(0.2, 0.8), (1.0, 1.0), (1.0, 3.0), (2.0, 4.0)])
def test_a_load_that_comes_and_goes_within_the_idle_time_is_not_followed(
    on_s: float, off_s: float
) -> None:
    pool = SimulatedPool(on_and_off(60.0, on_s, off_s, 100.0), always(0.05))
    assert pool.turns <= 1
    assert pool.instances == pool.minimum


@pytest.mark.parametrize("off_s", [5.5, 7.0, 9.0])
def test_a_load_that_comes_back_soon_after_the_idle_time_is_waited_for(off_s: float) -> None:
    pool = SimulatedPool(on_and_off(60.0, 1.0, off_s, 150.0), always(0.05), until_s=260.0)
    assert pool.turns <= 5
    assert pool.instances == pool.minimum


@pytest.mark.parametrize(("period_s", "turns"), [(2.0, 1), (10.0, 3), (60.0, 5)])
def test_a_load_in_waves_is_followed_without_wavering(period_s: float, turns: int) -> None:
    for service in (always(0.1), about(0.1)):
        pool = SimulatedPool(waves(40.0, period_s, 120.0), service, until_s=240.0)
        assert pool.turns <= turns
        assert max(pool.waits_s) < 2.0
        assert pool.instances == pool.minimum


@settings(deadline=None, max_examples=60)
@given(
    st.lists(st.tuples(st.floats(0.0, 60.0), st.integers(1, 60)), max_size=12),
    st.sampled_from([0.003, 0.1, 1.5]),
    st.integers(1, 4),
    st.integers(0, 5),
    st.sampled_from([0.05, 1.0, 7.0]),
)
def test_any_load_is_done_within_the_bounds_and_ends_at_the_minimum(
    bursts: list[tuple[float, int]], service_s: float, minimum: int, more: int, start_s: float
) -> None:
    arrivals = [at_s for at_s, count in bursts for _ in range(count)]
    until_s = 150.0 + len(arrivals) * service_s / minimum
    pool = SimulatedPool(
        sorted(arrivals),
        about(service_s),
        minimum=minimum,
        maximum=minimum + more,
        start_s=start_s,
        until_s=until_s,
        look_s=0.5,
    )
    assert pool.finished == len(arrivals)
    assert pool.instances == minimum
