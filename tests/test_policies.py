"""The waits of the policies: never longer than they may be, and random by their share."""

import random
import statistics

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from engine_tasks.errors import ErrorKind
from engine_tasks.policies import Priority, RestartPolicy, RetryPolicy

#: Seconds, from nothing to what no game lives to see; whole ones may be ints.
SECONDS = st.one_of(
    st.just(0.0), st.floats(1e-6, 10.0), st.floats(1e-6, 1e300), st.integers(0, 10**300)
)
FACTORS = st.one_of(st.floats(1.0, 4.0), st.floats(1.0, 1.7e308), st.integers(1, 10**300))
COUNTS = st.one_of(st.integers(1, 100), st.integers(1, 10**9))
Policy = RetryPolicy | RestartPolicy


class Chance(random.Random):
    """Chance that always says the same."""

    def __init__(self, share: float) -> None:
        super().__init__()
        self.share = share

    def random(self) -> float:
        return self.share


#: Chance that takes nothing off a wait.
LONGEST = Chance(0.0)


@st.composite
def policies(
    draw: st.DrawFn, kinds: tuple[type[Policy], ...] = (RetryPolicy, RestartPolicy)
) -> Policy:
    first_s, max_s = sorted([draw(SECONDS), draw(SECONDS)])
    kind: type[Policy] = draw(st.sampled_from(kinds))
    return kind(
        first_backoff_s=first_s,
        max_backoff_s=max_s,
        backoff_factor=draw(FACTORS),
        jitter=draw(st.floats(0.0, 1.0)),
    )


@settings(deadline=None, max_examples=300)
@given(policies(), COUNTS, st.integers(0, 99))
def test_a_wait_is_never_longer_than_the_maximum(policy: Policy, count: int, seed: int) -> None:
    wait_s = policy.backoff_s(count, random.Random(seed))
    assert isinstance(wait_s, float)
    assert 0.0 <= wait_s <= policy.max_backoff_s


@settings(deadline=None, max_examples=300)
@given(policies(), COUNTS, COUNTS)
def test_no_wait_may_be_longer_than_a_later_one(policy: Policy, one: int, other: int) -> None:
    earlier, later = sorted([one, other])
    assert policy.backoff_s(earlier, LONGEST) <= policy.backoff_s(later, LONGEST)


@settings(deadline=None, max_examples=300)
@given(policies(), COUNTS, st.floats(0.0, 1.0, exclude_max=True))
def test_chance_takes_no_more_off_a_wait_than_its_share(
    policy: Policy, count: int, share: float
) -> None:
    longest_s = policy.backoff_s(count, LONGEST)
    wait_s = policy.backoff_s(count, Chance(share))
    assert longest_s * (1.0 - policy.jitter) <= wait_s <= longest_s
    assert wait_s == pytest.approx(longest_s * (1.0 - policy.jitter * share))


@settings(deadline=None, max_examples=200)
@given(policies())
def test_the_first_wait_is_the_one_that_was_asked_for(policy: Policy) -> None:
    assert policy.backoff_s(1, LONGEST) == float(policy.first_backoff_s)


@settings(deadline=None, max_examples=200)
@given(policies())
def test_each_wait_is_longer_by_the_factor_until_the_maximum(
    policy: Policy,
) -> None:
    assume(policy.first_backoff_s > 0)
    wait_s = policy.backoff_s(1, LONGEST)
    for count in range(2, 40):
        wait_s = min(policy.max_backoff_s, wait_s * policy.backoff_factor)
        assert policy.backoff_s(count, LONGEST) == pytest.approx(wait_s)


@settings(deadline=None, max_examples=100)
@given(policies((RestartPolicy,)))
def test_the_first_restart_comes_at_once(policy: Policy) -> None:
    assert policy.backoff_s(0, random.Random(1)) == 0.0


def test_a_factor_that_no_float_holds_makes_the_longest_wait() -> None:
    policy = RetryPolicy(backoff_factor=1e60, max_backoff_s=30.0, jitter=0.0)
    assert [policy.backoff_s(attempts, LONGEST) for attempts in (1, 2, 65, 10**9)] == [
        *(0.1, 30.0, 30.0, 30.0)
    ]


def test_a_small_factor_reaches_the_maximum_too() -> None:
    policy = RetryPolicy(first_backoff_s=0.1, backoff_factor=1.01, max_backoff_s=30.0)
    assert policy.backoff_s(1_000, LONGEST) == 30.0


def test_a_wait_of_nothing_stays_nothing() -> None:
    policy = RetryPolicy(first_backoff_s=0, backoff_factor=1e300)
    assert [policy.backoff_s(attempts, LONGEST) for attempts in (1, 2, 1_000)] == [0.0] * 3


def test_waits_of_tasks_that_failed_together_are_spread() -> None:
    policy = RetryPolicy(first_backoff_s=1.0, jitter=0.5)
    waits = [policy.backoff_s(1, random.Random(seed)) for seed in range(500)]
    assert min(waits) < 0.55
    assert max(waits) > 0.95
    assert statistics.fmean(waits) == pytest.approx(0.75, abs=0.05)


def test_waits_without_jitter_are_the_same_each_time() -> None:
    policy = RestartPolicy(first_backoff_s=0.2, jitter=0.0)
    assert {policy.backoff_s(3, random.Random(seed)) for seed in range(20)} == {0.8}


def test_a_retry_is_for_errors_that_may_pass() -> None:
    assert RetryPolicy().kinds == {ErrorKind.FAILED, ErrorKind.CRASHED, ErrorKind.LOST}


@pytest.mark.parametrize("collection", [list, tuple, set, frozenset, iter, dict.fromkeys])
def test_kinds_may_be_any_collection(collection: type[list[ErrorKind]]) -> None:
    kinds = [ErrorKind.TIMEOUT, ErrorKind.MEMORY]
    assert RetryPolicy(kinds=collection(kinds)).kinds == frozenset(kinds)


def test_policies_are_values() -> None:
    assert RetryPolicy() == RetryPolicy()
    assert hash(RetryPolicy()) == hash(RetryPolicy())
    assert RestartPolicy() != RestartPolicy(max_restarts=1)


def test_priorities_are_ordered_by_how_urgent_they_are() -> None:
    assert sorted(Priority, reverse=True) == [
        *(Priority.CRITICAL, Priority.HIGH, Priority.NORMAL, Priority.LOW, Priority.IDLE)
    ]
