"""`Scaler`, a decision at a time: bounds, backlog, growth, idling, patience."""

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine_tasks.pools.scaling import MAX_PATIENCE, Load, Scaler

LOOK_S = 0.1
IDLE_S = 5.0


def _scaler(minimum: int = 1, maximum: int = 8, threshold: float = 2.0, size: int = 2) -> Scaler:
    return Scaler(minimum, maximum, burst_threshold=threshold, burst_size=size, idle_s=IDLE_S)


def _load(
    instances: int, waiting: int, running: int, *, arrived: int = 0, finished: int = 0
) -> Load:
    arrived = arrived or finished + waiting + running
    return Load(
        instances=instances, waiting=waiting, running=running, arrived=arrived, finished=finished
    )


def _stuck(scaler: Scaler, load: Load, from_s: float, looks: int = 30) -> list[int]:
    return [scaler.decide(load, from_s + number * LOOK_S) for number in range(looks)]


LOADS = st.builds(
    Load,
    instances=st.integers(0, 12),
    waiting=st.one_of(st.just(0), st.integers(0, 100)),
    running=st.integers(0, 12),
    arrived=st.integers(0, 500),
    finished=st.integers(0, 500),
)


@settings(deadline=None, max_examples=300)
@given(
    st.lists(st.tuples(LOADS, st.sampled_from([0.0, 0.1, 0.6, 20.0])), max_size=40),
    st.integers(1, 4),
    st.integers(0, 6),
    st.integers(1, 5),
)
def test_no_decision_overshoots_whatever_it_is_told(
    looks: list[tuple[Load, float]], minimum: int, more: int, size: int
) -> None:
    scaler, now_s = _scaler(minimum, minimum + more, size=size), 1000.0
    for load, seconds in looks:
        now_s += seconds
        count = scaler.decide(load, now_s)
        after = load.instances + count
        assert abs(count) <= size
        if count > 0:
            assert load.waiting > 0
            assert after <= minimum + more
        if count < 0:
            assert load.waiting == 0
            assert after >= max(minimum, load.running)
        assert len(scaler._calm._peaks) <= 13


def test_the_first_look_only_looks() -> None:
    assert _scaler().decide(_load(1, 1000, 1), 0.0) == 0


def test_tasks_that_came_since_a_silence_are_looked_at_twice() -> None:
    scaler = _scaler()
    scaler.decide(_load(1, 3, 1, finished=10), 0.0)
    assert scaler.decide(_load(1, 1000, 1, finished=14), 500.0) == 0
    assert scaler.decide(_load(1, 1000, 1, finished=14), 500.1) == 2


def test_a_backlog_that_does_not_move_is_met_burst_by_burst() -> None:
    decisions = _stuck(_scaler(threshold=2.0), _load(1, 8, 1), 0.0)
    assert next(count for count in decisions if count) == 2


@pytest.mark.parametrize(("waiting", "is_met"), [(5, False), (6, True)])
def test_a_backlog_below_the_threshold_that_does_not_grow_is_left(
    waiting: int, is_met: bool
) -> None:
    assert any(_stuck(_scaler(), _load(3, waiting, 3), 0.0)) is is_met


def test_a_pool_at_its_maximum_is_left() -> None:
    assert not any(_stuck(_scaler(1, 4), _load(4, 1000, 4), 0.0))


def test_the_last_burst_stops_at_the_maximum() -> None:
    assert set(_stuck(_scaler(1, 4), _load(3, 1000, 3), 0.0)) == {0, 1}


def test_a_pool_whose_instances_all_restart_is_left_to_that() -> None:
    scaler = _scaler()
    scaler.decide(_load(2, 10, 2), 0.0)
    assert not any(_stuck(scaler, _load(2, 10, 0), 0.1))
    assert not any(_stuck(scaler, _load(0, 10, 0), 5.0))


def _grow(waiting: list[int], unanswered: list[int], running: int = 2) -> bool:
    """Whether two instances are too few, by a look each half second; far below the threshold."""
    scaler = _scaler(threshold=1000.0)
    decisions = []
    for number, (waits, asked) in enumerate(zip(waiting, unanswered, strict=True)):
        finished = 2 * number
        load = _load(2, waits, running, arrived=100 + asked + finished, finished=finished)
        decisions.append(scaler.decide(load, number * 0.5))
    return any(decisions)


def test_growth_is_met_also_below_the_threshold() -> None:
    assert _grow([5, 6, 7], [7, 8, 9])


@pytest.mark.parametrize(
    ("waiting", "unanswered"),
    [
        ([5, 6], [7, 8]),
        ([5, 6, 6, 7, 7], [7, 8, 8, 9, 9]),
        ([5, 6, 5, 6, 5], [7, 8, 7, 8, 7]),
        ([9, 8, 7, 6, 5], [11, 10, 9, 8, 7]),
    ],
)
def test_what_does_not_grow_twice_in_a_row_does_not_grow(
    waiting: list[int], unanswered: list[int]
) -> None:
    assert not _grow(waiting, unanswered)


def test_tasks_that_are_sent_for_later_are_no_growth() -> None:
    assert not _grow([5, 5, 5, 5, 5], [7, 8, 9, 10, 11])


def test_tasks_that_were_sent_for_later_and_come_due_are_no_growth() -> None:
    assert not _grow([5, 6, 7, 8, 9], [20, 20, 20, 20, 20])


def test_growth_is_no_reason_while_an_instance_still_starts() -> None:
    assert not _grow([5, 6, 7, 8, 9], [7, 8, 9, 10, 11], running=1)


def test_growth_of_less_than_a_second_is_chance() -> None:
    scaler = _scaler(threshold=1000.0)
    for number, waiting in enumerate([5, 6, 7, 8, 9, 8, 7, 6, 5] * 4):
        load = _load(2, waiting, 2, finished=2 * number)
        assert scaler.decide(load, number * LOOK_S) == 0


def test_a_long_task_is_waited_for_until_the_backlog_is_known_to_be_slow() -> None:
    """One waits for four instances: should theirs take 5 s each, it would be served in 1.25."""
    decisions = _stuck(_scaler(threshold=0.25), _load(4, 1, 4), 0.0, looks=60)
    assert not any(decisions[:40])
    assert decisions[41] == 2


def test_the_most_that_were_busy_are_kept() -> None:
    scaler = _scaler(size=8)
    busy = [1, 3, 0, 1]
    decisions = [scaler.decide(_load(8, 0, busy[n % 4]), n * LOOK_S) for n in range(60)]
    assert next(count for count in decisions if count) == -5


def test_a_peak_counts_no_longer_than_the_idle_time() -> None:
    scaler = _scaler(size=8)
    scaler.decide(_load(8, 0, 7), 0.0)
    decisions = {at_s: scaler.decide(_load(8, 0, 2), at_s) for at_s in (1.0, 4.9, 5.0, 5.1)}
    assert decisions == {1.0: 0, 4.9: 0, 5.0: -1, 5.1: -6}


@pytest.mark.parametrize("interruption", [_load(4, 1, 0), _load(4, 0, 4)])
def test_the_idle_time_starts_over_with_each_interruption(interruption: Load) -> None:
    scaler = _scaler()
    scaler.decide(_load(4, 0, 0), 0.0)
    assert scaler.decide(interruption, 4.0) == 0
    decisions = [scaler.decide(_load(4, 0, 0), at_s) for at_s in (4.1, 5.0, 8.9, 9.2)]
    assert decisions == [0, 0, 0, -2]


def _take_away_and_regret(scaler: Scaler, from_s: float, regret_s: float) -> float:
    """Idles until something is taken away, has to add `regret_s` later; how long it idled."""
    now_s = from_s
    while not scaler.decide(_load(4, 0, 0), now_s):
        now_s += 0.25
    idled_s = now_s - from_s
    assert any(_stuck(scaler, _load(2, 1000, 2), now_s + regret_s))
    return idled_s


def test_who_took_away_too_soon_waits_twice_as_long() -> None:
    scaler = _scaler()
    idled_s = [_take_away_and_regret(scaler, number * 1000.0, 0.0) for number in range(7)]
    assert idled_s == [IDLE_S * times for times in (1, 2, 4, 8, MAX_PATIENCE, 16, 16)]


def test_taking_away_that_was_right_makes_up_for_what_was_not() -> None:
    scaler = _scaler()
    regrets_s = [0.0, 0.0, 300.0, 0.0]
    idled_s = [
        _take_away_and_regret(scaler, number * 1000.0, regret_s)
        for number, regret_s in enumerate(regrets_s)
    ]
    assert idled_s == [IDLE_S * times for times in (1, 2, 4, 1)]


def test_a_load_is_a_value() -> None:
    assert _load(1, 2, 1) == _load(1, 2, 1)
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        _load(1, 2, 1).waiting = 3  # type: ignore[misc]
