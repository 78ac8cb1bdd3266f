"""What a worker shows of itself, against a model that remembers everything."""

import random
import subprocess
import sys

import numpy as np
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

from engine_tasks.errors import ErrorKind
from engine_tasks.observe.metrics import (
    RATE_WINDOW_S,
    SAMPLES,
    Distribution,
    TaskMetrics,
    WorkerMetrics,
)
from engine_tasks.observe.stats import WorkerStats
from engine_tasks.policies import Priority

#: A bucket of a rate: it is taken over up to that much more than its window.
SLACK_S = 0.5
#: Sixteenths of a second, which a float holds exactly; now and then the night passes.
STEPS_S = st.one_of(st.integers(0, 40), st.sampled_from([0, 8, 64, 72, 10**6, 10**11])).map(
    lambda sixteenths: sixteenths / 16
)
KINDS = st.none() | st.sampled_from(ErrorKind)


class MetricsModel(RuleBasedStateMachine):
    """Counts tasks of every kind, and looks each time whether all of them are to be found."""

    @initialize(start_s=STEPS_S)
    def start(self, start_s: float) -> None:
        self.metrics = TaskMetrics()
        self.now_s = start_s
        self.sent_s: list[float] = []
        self.finished_s: list[float] = []
        self.waits_s: list[float] = []
        self.runs_s: list[float] = []
        self.kinds: list[ErrorKind | None] = []
        self.retries = self.restarts = 0

    @rule(step_s=STEPS_S)
    def time_passes(self, step_s: float) -> None:
        self.now_s += step_s

    @rule(count=st.integers(1, 20))
    def send(self, count: int) -> None:
        for _ in range(count):
            self.metrics.sent(self.now_s)
        self.sent_s += [self.now_s] * count

    @rule(count=st.integers(1, 40) | st.just(SAMPLES), kind=KINDS, seed=st.integers(0, 99))
    def finish(self, count: int, kind: ErrorKind | None, seed: int) -> None:
        durations = random.Random(seed)
        for _ in range(count):
            wait_s, run_s = durations.expovariate(10), durations.expovariate(50)
            started_s = self.now_s + 1 + wait_s
            finished_s = started_s + run_s
            self.metrics.finished(self.now_s + 1, started_s, finished_s, kind)
            self.waits_s.append(started_s - (self.now_s + 1))
            self.runs_s.append(finished_s - started_s)
            self.finished_s.append(finished_s)
            self.now_s = finished_s
        self.kinds += [kind] * count

    @rule(kind=st.sampled_from(ErrorKind))
    def end_one_that_never_ran(self, kind: ErrorKind) -> None:
        self.metrics.finished(self.now_s, 0.0, self.now_s, kind)
        self.finished_s.append(self.now_s)
        self.kinds.append(kind)

    @rule()
    def retry(self) -> None:
        self.metrics.retried()
        self.retries += 1

    @rule()
    def restart(self) -> None:
        self.metrics.restarted()
        self.restarts += 1

    @invariant()
    def all_of_it_is_seen(self) -> None:
        seen = self.metrics.snapshot(self.now_s, dead_letters=7)
        assert self.metrics.arrived == seen.sent == len(self.sent_s)
        assert self.metrics.answered == seen.finished == len(self.finished_s)
        assert seen.failures == {kind: self.kinds.count(kind) for kind in ErrorKind}
        assert (seen.retries, seen.restarts, seen.dead_letters) == (self.retries, self.restarts, 7)
        self._is_rate_of(seen.arrival_per_s, self.sent_s)
        self._is_rate_of(seen.completion_per_s, self.finished_s)
        _is_distribution_of(seen.wait_s, self.waits_s[-SAMPLES:])
        _is_distribution_of(seen.run_s, self.runs_s[-SAMPLES:])

    def _is_rate_of(self, rate_per_s: float, instants_s: list[float]) -> None:
        longest_s = RATE_WINDOW_S + SLACK_S
        fewest = sum(instant_s > self.now_s - RATE_WINDOW_S for instant_s in instants_s)
        most = sum(instant_s >= self.now_s - longest_s for instant_s in instants_s)
        assert fewest / longest_s <= rate_per_s <= most / RATE_WINDOW_S


def _is_distribution_of(seen: Distribution, durations_s: list[float]) -> None:
    assert seen.count == len(durations_s)
    if not durations_s:
        assert seen == Distribution()
        return
    assert seen.min_s == min(durations_s)
    assert seen.max_s == max(durations_s)
    assert seen.mean_s == pytest.approx(np.mean(durations_s))
    percentiles = np.percentile(durations_s, [50, 95, 99])
    assert [seen.p50_s, seen.p95_s, seen.p99_s] == pytest.approx(list(percentiles))


def test_metrics_are_those_of_all_that_happened() -> None:
    run_state_machine_as_test(
        MetricsModel, settings=settings(max_examples=60, stateful_step_count=25, deadline=None)
    )


def _snapshot(metrics: TaskMetrics, now_s: float) -> WorkerMetrics:
    return metrics.snapshot(now_s, dead_letters=0)


def test_a_steady_stream_has_its_rate_at_any_instant() -> None:
    metrics = TaskMetrics()
    for sixteenth in range(320):
        metrics.sent(sixteenth / 16)
        if sixteenth >= 80:
            now_s = (sixteenth + 1) / 16  # the next one is about to come
            assert _snapshot(metrics, now_s).arrival_per_s == 16.0


def test_the_rate_of_an_idle_worker_falls_to_0_by_itself() -> None:
    metrics = TaskMetrics()
    for _ in range(100):
        metrics.sent(10.0)
        metrics.finished(10.0, 10.0, 10.0, None)
    assert _snapshot(metrics, 10.0).completion_per_s == 25.0
    later = [_snapshot(metrics, 10.0 + half / 2) for half in range(12)]
    assert [seen.completion_per_s > 0 for seen in later] == [True] * 9 + [False] * 3
    assert later[-1].arrival_per_s == 0.0
    assert later[-1].finished == 100


def test_work_after_a_night_counts_as_that_of_the_last_seconds() -> None:
    metrics = TaskMetrics()
    metrics.sent(0.0)
    for _ in range(8):
        metrics.sent(40_000.0)
    assert _snapshot(metrics, 40_000.0).arrival_per_s == 2.0


def test_a_task_of_an_instant_just_gone_is_counted_all_the_same() -> None:
    metrics = TaskMetrics()
    metrics.sent(7.0)
    metrics.sent(6.999)  # another thread read its clock first, and came second
    assert 0.0 < _snapshot(metrics, 6.999).arrival_per_s <= 0.5
    assert metrics.arrived == 2


def test_a_single_task_is_every_percentile() -> None:
    metrics = TaskMetrics()
    metrics.finished(1.0, 1.5, 3.5, None)
    seen = _snapshot(metrics, 3.5)
    assert seen.wait_s == Distribution(1, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5)
    assert seen.run_s == Distribution(1, 2.0, 2.0, 2.0, 2.0, 2.0, 2.0)


def test_nothing_is_sorted_again_until_a_task_has_run() -> None:
    metrics = TaskMetrics()
    metrics.finished(1.0, 1.5, 3.5, None)
    first = _snapshot(metrics, 3.5)
    metrics.sent(4.0)
    metrics.finished(3.0, 0.0, 4.0, ErrorKind.CANCELLED)
    second = _snapshot(metrics, 5.0)
    assert second.wait_s is first.wait_s
    assert second.run_s is first.run_s
    metrics.finished(4.0, 4.5, 5.0, None)
    assert _snapshot(metrics, 5.0).run_s.count == 2


def test_what_was_seen_does_not_change_later() -> None:
    metrics = TaskMetrics()
    before = _snapshot(metrics, 1.0)
    metrics.finished(0.0, 0.5, 1.0, ErrorKind.FAILED)
    assert before.failures[ErrorKind.FAILED] == 0


def test_a_game_that_never_asks_does_not_load_the_statistics() -> None:
    statement = """
import sys
from engine_tasks.observe.metrics import TaskMetrics
metrics = TaskMetrics()
metrics.snapshot(0.0, 0)
metrics.finished(0.0, 1.0, 2.0, None)
metrics.finished(0.0, 1.0, 2.0, None)
print("statistics" in sys.modules)
metrics.snapshot(2.0, 0)
print("statistics" in sys.modules)
"""
    shown = subprocess.run(
        [sys.executable, "-c", statement], capture_output=True, text=True, timeout=100, check=True
    )
    assert shown.stdout.split() == ["False", "True"]


def test_what_is_delayed_waits_too() -> None:
    stats = WorkerStats(
        instances={"IDLE": 1},
        waiting={Priority.LOW: 2, Priority.HIGH: 3},
        delayed=4,
        in_progress=5,
        ready=6,
        spare_resources=0,
    )
    assert stats.waiting_total == 9
