"""`RestartHistory` against a naive model: each slot has its own limit of restarts in a time."""

import random

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from engine_tasks.policies import RestartPolicy
from engine_tasks.pools.restarts import RestartHistory

POLICIES = st.builds(
    RestartPolicy,
    max_restarts=st.integers(0, 5),
    within_s=st.sampled_from([0.5, 3.0, 10.0]),
    first_backoff_s=st.sampled_from([0.0, 0.1, 1.0]),
    max_backoff_s=st.sampled_from([1.0, 2.0]),
    backoff_factor=st.sampled_from([1.0, 2.0, 1e200]),
    jitter=st.sampled_from([0.0, 0.5, 1.0]),
)


class HistoryModel(RuleBasedStateMachine):
    """Instances die at any time; the model keeps every restart there ever was."""

    @initialize(policy=POLICIES, seed=st.integers(0, 9))
    def start(self, policy: RestartPolicy, seed: int) -> None:
        self.policy = policy
        self.history = RestartHistory(policy, random.Random(seed))
        self.random = random.Random(seed)
        self.restarts: list[tuple[int, float]] = []
        self.now_s = 1000.0

    @rule(seconds=st.sampled_from([0.125, 0.5, 3.0, 10.0, 100.0]))
    def pass_time(self, seconds: float) -> None:
        self.now_s += seconds

    @rule(slot=st.integers(0, 2))
    def die(self, slot: int) -> None:
        since_s = self.now_s - self.policy.within_s
        recent = sum(one == slot and at_s >= since_s for one, at_s in self.restarts)
        wait_s = self.history.record(slot, self.now_s)
        if recent >= self.policy.max_restarts:
            assert wait_s is None
        else:
            assert wait_s == self.policy.backoff_s(recent, self.random)
            self.restarts.append((slot, self.now_s))

    @invariant()
    def all_that_were_granted_are_counted(self) -> None:
        assert self.history.total == len(self.restarts)

    @invariant()
    def memory_is_bounded(self) -> None:
        kept = self.history._granted.values()
        assert all(len(instants) <= self.policy.max_restarts for instants in kept)


def test_random_deaths_are_counted_by_slot_and_time() -> None:
    run_state_machine_as_test(
        HistoryModel,
        settings=settings(max_examples=150, stateful_step_count=40, deadline=None),
    )


def _history(max_restarts: int) -> RestartHistory:
    policy = RestartPolicy(
        max_restarts=max_restarts,
        within_s=60.0,
        first_backoff_s=0.25,
        max_backoff_s=0.75,
        jitter=0.0,
    )
    return RestartHistory(policy, random.Random(1))


def test_the_first_restart_comes_at_once_and_the_next_ones_wait() -> None:
    history = _history(4)
    assert [history.record(0, 10.0) for _ in range(5)] == [0.0, 0.25, 0.5, 0.75, None]


def test_a_pool_whose_restarts_are_spent_is_given_up() -> None:
    history = _history(2)
    assert [history.record(0, now_s) is None for now_s in (1.0, 2.0, 3.0)] == [False, False, True]
    assert history.total == 2


def test_restarts_are_forgiven_after_a_while() -> None:
    history = _history(2)
    for now_s in (0.0, 30.0, 60.5, 90.5, 150.75):
        assert history.record(0, now_s) is not None
    assert history.record(0, 150.75) == 0.25
    assert history.record(0, 150.75) is None


@pytest.mark.parametrize(("later_s", "granted"), [(60.0, False), (60.001, True)])
def test_a_restart_counts_until_its_time_is_over(later_s: float, granted: bool) -> None:
    history = _history(1)
    history.record(0, 100.0)
    assert (history.record(0, 100.0 + later_s) is not None) is granted


def test_one_slot_does_not_spend_the_restarts_of_another() -> None:
    history = _history(1)
    assert [history.record(slot, 1.0) for slot in (0, 1, 2)] == [0.0, 0.0, 0.0]
    assert history.record(1, 2.0) is None
    assert history.total == 3


def test_where_no_restart_is_allowed_the_first_death_is_the_end() -> None:
    history = _history(0)
    assert history.record(0, 1.0) is None
    assert history.total == 0


def test_a_death_that_is_not_followed_by_a_restart_is_not_counted() -> None:
    history = _history(1)
    history.record(0, 0.0)
    assert history.record(0, 59.0) is None
    assert history.record(0, 60.5) == 0.0
