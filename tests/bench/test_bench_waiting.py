"""The scenarios of very many waiting tasks: that they wait, and what is timed."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from attrs import evolve

from engine_tasks import ErrorKind, Priority, TaskQueue
from engine_tasks.bench._run import result_of
from engine_tasks.bench.backlog import Backlog, backlog
from engine_tasks.bench.effort import QUICK
from engine_tasks.bench.measuring import measure
from engine_tasks.bench.queues import wait_until
from engine_tasks.bench.report import ScenarioResult
from engine_tasks.bench.runner import chosen
from engine_tasks.bench.scenario import Metric, Peer, Sampler, Scenario, columns
from engine_tasks.bench.scenarios import ALL
from engine_tasks.bench.scenarios.checkout import SCENARIOS as CHECKOUT
from engine_tasks.bench.scenarios.filling import SCENARIOS as FILLING
from engine_tasks.bench.scenarios.filling import Collector
from engine_tasks.bench.scenarios.scaling import Faces
from engine_tasks.bench.scenarios.waiting import SCENARIOS as WAITING
from engine_tasks.bench.scenarios.waiting import Calls, Desk
from engine_tasks.bench.scenarios.worst import SCENARIOS as WORST
from engine_tasks.bench.scenarios.worst import Game

SHORT = evolve(QUICK, repeats=2, sample_s=0.001, waiting_tasks=60)


def measured(scenario: Scenario) -> ScenarioResult:
    result = result_of(scenario, SHORT)
    assert result.error is None, result.trace
    return result


def waiting_count(waiting: Backlog) -> int | None:
    return waiting.ours.queue.tasks_waiting(waiting.ours.worker_id)


def test_tasks_of_a_backlog_wait_and_end_without_having_run() -> None:
    with backlog(5) as waiting:
        assert waiting_count(waiting) == 5
        assert waiting.ours.queue.tasks_in_progress(waiting.ours.worker_id) == 1
        queue = waiting.ours.queue
    results = [queue.wait_result(task_id, 0.0) for task_id in waiting.task_ids]
    assert [result.error.kind for result in results if result and result.error] == (
        [ErrorKind.STOPPED] * 5
    )
    assert all(result is not None and result.attempts == 0 for result in results)


@pytest.mark.parametrize("count", [1, 40])
def test_as_many_wait_after_the_calls_as_before(count: int) -> None:
    with backlog(count) as waiting:
        took_ns = Calls(waiting, SHORT).sample()
        assert waiting_count(waiting) == count
        assert len(set(waiting.task_ids)) == count
        assert waiting.ours.queue.tasks_ready(waiting.ours.worker_id) == 0
    assert len(took_ns) == len(WAITING[0].metrics)


def test_each_timed_call_does_what_it_is_named_after(monkeypatch: pytest.MonkeyPatch) -> None:
    answers: dict[str, list[object]] = {}

    def spied(name: str) -> None:
        real = getattr(TaskQueue, name)

        def spy(*arguments: object, **options: object) -> object:
            answer = real(*arguments, **options)
            answers.setdefault(name, []).append(answer)
            return answer

        monkeypatch.setattr(TaskQueue, name, spy)

    for name in ("cancel", "set_priority", "pending_work", "purge_run"):
        spied(name)
    with backlog(30) as waiting:
        Calls(waiting, SHORT).sample()
        moved = waiting.ours.queue.stats(waiting.ours.worker_id)
    assert set(answers["cancel"]) == set(answers["set_priority"]) == {True}
    assert set(answers["purge_run"]) == {10}
    assert [len(found) for found in answers["pending_work"]] == [10] * len(answers["purge_run"])
    assert moved is not None
    assert moved.waiting[Priority.HIGH] > 0


def test_a_desk_works_off_what_waits_one_for_one() -> None:
    desk = Desk(3)
    assert [desk.turn() for _ in range(4)] == [1, 2, 3, 4]
    assert [Desk(0).check_out_and_in() for _ in range(2)] == [1, 1]
    with pytest.raises(RuntimeError, match="not checked in"):
        desk.check_out_and_in()


@pytest.mark.parametrize("scenario", [*WAITING, *FILLING, *WORST, *CHECKOUT])
def test_a_short_run_measures_every_metric_of_both_sides(scenario: Scenario) -> None:
    result = measured(scenario)
    assert [metric.name for metric in result.metrics] == [m.name for m in scenario.metrics]
    for metric in result.metrics:
        at_least = 0 if metric.name == "collector" else 1e-9
        assert all(sample >= at_least for sample in metric.ours.samples)
        assert [peer.peer for peer in metric.peers] == [peer.name for peer in scenario.peers]


def test_a_game_counts_every_answer_once() -> None:
    with backlog(40) as waiting:
        game = Game(waiting)
        game.cancel_some()
        game.purge(20)
        game.let_expire(20)
        game.stop()
        assert game.answered == game.sent > 80


def test_a_game_does_not_wait_for_ever_for_an_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine_tasks.bench.scenarios.worst.LONGEST_S", 0.0)
    with backlog(2) as waiting, pytest.raises(TimeoutError, match="have no answer"):
        Game(waiting).play(1, lambda: None)


def test_the_collector_is_timed_while_it_is_watched_only() -> None:
    with Collector() as collector:
        gc.collect()
    took_ns = collector.took_ns
    gc.collect()
    assert collector.took_ns == took_ns > 0


def test_new_faces_are_those_that_were_not_seen_before() -> None:
    faces = Faces([1, 1])
    assert [faces.see(who) for who in ([1, 1], [1, 2], [1, 2])] == [False, False, False]
    assert len(faces.came_ms) == 1
    assert faces.see([2, 1])


def test_waiting_for_what_never_comes_ends_and_says_what_it_was() -> None:
    with pytest.raises(TimeoutError, match="the moon: not in 0 s"):
        wait_until(lambda: False, "the moon", 0.0)


def test_columns_are_reduced_each_on_its_own() -> None:
    first, second = columns("ns", "first", "second")
    assert first.reduce([1, 10, 3, 30, 2, 20]) == 2
    assert second.reduce([1, 10, 3, 30, 2, 20]) == 20
    assert (first.name, second.name) == ("first", "second")


def test_a_long_scenario_takes_few_samples_and_none_to_warm_up() -> None:
    taken: list[str] = []

    @contextmanager
    def side(_: object) -> Iterator[Sampler]:
        def sample() -> list[float]:
            taken.append("sample")
            return [1.0]

        yield sample

    scenario = Scenario(
        "long", "", side, (Peer("peer", side),), (Metric("", "ns", "lower"),), long=True
    )
    measure(scenario, evolve(SHORT, repeats=5, warm_ups=2, long_repeats=3))
    assert len(taken) == 2 * 3
    taken.clear()
    measure(scenario, evolve(SHORT, repeats=2, warm_ups=2, long_repeats=3))
    assert len(taken) == 2 * 2


def test_a_quick_run_has_them_all() -> None:
    names = {scenario.name for scenario in chosen(ALL, [], quick=True)}
    assert {each.name for each in (*WAITING, *FILLING, *WORST, *CHECKOUT)} <= names
