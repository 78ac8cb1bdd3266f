"""The frames with very many results: all are asked for, handed out, and counted once."""

import pytest
from attrs import evolve

from engine_tasks.bench._run import result_of
from engine_tasks.bench.effort import QUICK
from engine_tasks.bench.queues import CHORE, running
from engine_tasks.bench.scenario import Scenario
from engine_tasks.bench.scenarios import frames_results
from engine_tasks.bench.scenarios.frames_results import SCENARIOS, Crowd, results_a_second

SHORT = evolve(QUICK, repeats=2, warm_ups=0, sample_s=0.001, segment_frames=3)


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda each: each.name)
def test_a_short_run_measures_frames_and_results(
    scenario: Scenario, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(frames_results, "TASK_S", 0.001)
    result = result_of(scenario, SHORT)
    assert result.error is None, result.trace
    late, p99, results = result.metrics
    assert 0 <= late.ours.value <= 100
    assert p99.ours.value > 0
    assert results.ours.value > 0
    (idle,) = results.peers
    assert idle.figure.value == 0
    assert idle.peer == "idle"


def test_each_small_task_is_handed_out_once_and_long_ones_always_wait() -> None:
    with running("thread", CHORE, 1) as ours:
        crowd = Crowd(ours, long_steps=10)
        for _ in range(3):
            crowd.feed()
        assert ours.queue.tasks_in_work(ours.worker_id)
        crowd.finish()
        assert not ours.queue.tasks_in_work(ours.worker_id)
        sent = ours.queue.metrics(ours.worker_id).sent
    assert crowd.answered == 3 * frames_results._A_FRAME
    assert sent > crowd.answered + frames_results.INSTANCES


def test_no_more_small_tasks_are_in_flight_than_a_slow_machine_can_bear() -> None:
    with running("thread", CHORE, 1) as ours:
        crowd = Crowd(ours, long_steps=1)
        crowd._in_flight["small"] = frames_results.MOST_FRAMES * frames_results._A_FRAME - 1
        crowd.feed()
        assert ours.queue.metrics(ours.worker_id).sent == (
            1 + frames_results.INSTANCES * frames_results.TASKS_AN_INSTANCE
        )


def test_the_rate_is_of_all_rows_together() -> None:
    assert results_a_second([10, 1, 30, 3]) == 100


def test_a_chore_is_the_same_in_both_languages() -> None:
    import lupa.lua54

    vm = lupa.lua54.LuaRuntime()
    vm.execute(CHORE.script.read_text(encoding="utf-8"))
    task = vm.table(steps=10, name="small")
    assert vm.globals().Run(task).name == "small"
    assert CHORE.function({"steps": 10, "name": "small"}) == {"steps": 10, "name": "small"}
