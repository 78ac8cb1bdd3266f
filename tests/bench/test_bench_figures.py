"""Medians, spreads and ratios."""

import pytest

from engine_tasks.bench.aims import at_least, at_least_times, at_most, at_most_more, at_most_times
from engine_tasks.bench.figures import Figure, compare, deviation, figure_of, p99


def figure(*samples: float) -> Figure:
    return figure_of([[sample] for sample in samples], lambda seen: sum(seen) / len(seen))


def test_deviation_ignores_one_disturbed_sample() -> None:
    assert deviation([10, 11, 12, 13, 900]) == 1


def test_p99_lies_between_the_last_observations() -> None:
    assert p99(list(range(101))) == 99
    assert p99([5, 7]) == pytest.approx(6.98)


def test_p99_of_one_observation_is_that() -> None:
    assert p99([3]) == 3.0


def test_a_figure_pools_all_observations() -> None:
    found = figure_of([[1, 1, 1], [9]], max)
    assert found.value == 9
    assert found.samples == (1, 9)
    assert found.spread == 4


def test_the_ratio_is_the_median_of_the_pairs() -> None:
    # The machine was ten times slower during the second pair: the ratio does not notice.
    against = compare("peer", figure(2, 20, 2), figure(1, 10, 1))
    assert against.ratio == 2
    assert against.ratio_spread == 0


def test_a_peer_that_measured_zero_has_a_difference_but_no_ratio() -> None:
    against = compare("peer", figure(3, 3), figure(0, 2))
    assert against.ratio is None
    assert against.difference == 2


def test_sides_with_different_counts_of_samples_are_refused() -> None:
    with pytest.raises(ValueError, match="shorter"):
        compare("peer", figure(1, 2), figure(1))


@pytest.mark.parametrize(
    ("aim", "reached"),
    [
        (at_most_times(2), True),
        (at_most_times(1.9), False),
        (at_least_times(2), True),
        (at_least_times(2.1), False),
        (at_most_more(3, "ms"), True),
        (at_most_more(2.9, "ms"), False),
        (at_most(6, "ms"), True),
        (at_most(5.9, "ms"), False),
        (at_least(6, "ms"), True),
        (at_least(6.1, "ms"), False),
    ],
)
def test_aims_hold_at_their_limit_and_not_past_it(aim, reached) -> None:
    ours, theirs = figure(6, 6), figure(3, 3)
    assert aim.is_reached(ours, compare("peer", ours, theirs)) is reached


@pytest.mark.parametrize("aim", [at_most_times(2), at_least_times(2)])
def test_an_aim_for_a_ratio_is_missed_without_one(aim) -> None:
    ours, theirs = figure(1), figure(0)
    assert not aim.is_reached(ours, compare("peer", ours, theirs))


@pytest.mark.parametrize(
    ("aim", "text", "share"),
    [
        (at_most_times(2), "≤ 2x", 0.75),
        (at_least_times(3), "≥ 3x", 2),
        (at_most_more(0.5, "%"), "≤ +0.5 %", 1),
        (at_most(50_000, "ns"), "≤ 50 µs", 3e-05),
        (at_least(3, "tasks/s"), "≥ 3/s", 2),
    ],
)
def test_an_aim_tells_how_much_of_it_was_used(aim, text, share) -> None:
    ours, theirs = figure(1.5, 1.5), figure(1, 1)
    assert aim.text == text
    assert aim.share(ours, compare("peer", ours, theirs)) == pytest.approx(share)
    assert aim.is_reached(ours, compare("peer", ours, theirs)) is (share <= 1)


def test_less_than_the_peer_uses_nothing_of_what_ours_may_be_more() -> None:
    ours = figure(1)
    assert at_most_more(0.5, "%").share(ours, compare("peer", ours, figure(2))) == 0
