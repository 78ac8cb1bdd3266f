"""The scenarios themselves, and real runs of the cheapest."""

import subprocess
import sys
from collections.abc import Callable
from itertools import groupby
from random import Random
from shutil import which

import pytest
from attrs import evolve

from engine_tasks.bench import runner
from engine_tasks.bench.effort import QUICK
from engine_tasks.bench.lone_child import OPTIONS, busy_python_plan, lone_child, lua_plan, script
from engine_tasks.bench.queues import CHORE, ECHO, SPIN
from engine_tasks.bench.runner import chosen, run_apart, run_each
from engine_tasks.bench.scenario import Scenario
from engine_tasks.bench.scenarios import ALL, GROUPS
from engine_tasks.bench.scenarios.children import kill_ms
from engine_tasks.bench.scenarios.compute import NBODY
from engine_tasks.bench.scenarios.frames import FRAME_S, LATE_MS, late_share, steps_lasting
from engine_tasks.bench.scenarios.love import GAME, PROGRAM, love_peer
from engine_tasks.bench.timing import until_lasting
from engine_tasks.bench.work import SMALL_TASK
from engine_tasks.lua.vm import available_vms
from engine_tasks.worker_plan import WorkerPlan

SHORT = evolve(QUICK, repeats=2, sample_s=0.001)


def names(scenarios: tuple[Scenario, ...]) -> list[str]:
    return [scenario.name for scenario in scenarios]


def stranger() -> Scenario:
    """A scenario that the measuring process does not know."""
    return evolve(ALL[0], name="stranger")


def test_every_scenario_has_a_group_and_the_groups_stay_together() -> None:
    groups = [scenario.group for scenario in ALL]
    assert list(dict.fromkeys(groups)) == [group for group, _ in groupby(groups)] == list(GROUPS)


def test_the_aims_are_those_of_the_issue() -> None:
    aims = {
        (scenario.name, aim.metric, aim.peer): aim.text for scenario in ALL for aim in scenario.aims
    }
    assert aims["poll-empty", "", ""] == "≤ 3x"
    assert aims["send-idle", "median", "msgpack.packb"] == "≤ 4x"
    assert aims["send-idle", "p99", ""] == "≤ 50 µs"
    assert aims["echo-thread", "", "ThreadPoolExecutor"] == "≥ 1.3x"
    assert aims["echo-process", "", "ProcessPoolExecutor"] == "≥ 10x"
    assert aims["echo-lua", "", "ThreadPoolExecutor"] == "≥ 1x"
    for kind, text in {"thread": "≤ 0.6x", "process": "≤ 0.8x", "lua": "≤ 1x"}.items():
        assert aims[f"round-trip-{kind}", "", "ThreadPoolExecutor"] == text
    assert aims["large-result", "", ""] == "≥ 5x"
    assert aims["large-result", "game thread", ""] == "≤ 0.2 ms"
    assert aims["frames-results-process", "late", ""] == "≤ +0.5 %"
    assert aims["waiting-turn", "", ""] == "≤ 1.3x"
    assert aims["lua-compute", "", ""] == "≥ 10x"
    assert aims["import-time", "", ""] == "≤ 80 ms"
    assert aims["start-process", "", ""] == "≤ 40 ms"


def test_names_are_unique_and_their_scripts_travel_with_the_package() -> None:
    assert len(set(names(ALL))) == len(ALL)
    assert ECHO.script.is_file()
    assert SPIN.script.is_file()
    assert CHORE.script.is_file()
    assert NBODY.script.is_file()
    assert script("busy").is_file()
    assert script("sieve").is_file()
    assert {path.name for path in GAME.iterdir()} == {"conf.lua", "echo.lua", "main.lua"}


def test_both_languages_do_the_same_work() -> None:
    import lupa.lua54

    vm = lupa.lua54.LuaRuntime()
    vm.execute(SPIN.script.read_text(encoding="utf-8"))
    assert int(vm.globals().Run(1000)) == SPIN.function(1000)
    assert ECHO.function(SMALL_TASK) is SMALL_TASK


def test_a_pattern_is_a_part_of_a_name_or_a_glob() -> None:
    assert names(chosen(ALL, ["mailb"], quick=False)) == ["mailbox"]
    assert names(chosen(ALL, ["poll-e*", "*box"], quick=False)) == ["poll-empty", "mailbox"]
    assert chosen(ALL, ["nothing like it"], quick=False) == ()
    assert chosen(ALL, ["poll"], quick=False) == chosen(ALL, ["poll", "poll-"], quick=False)


def test_a_quick_run_leaves_out_the_long_ones_unless_they_are_named() -> None:
    assert chosen(ALL, [], quick=False) == ALL
    assert "frames-lua-2" not in names(chosen(ALL, [], quick=True))
    assert names(chosen(ALL, ["frames-lua-2"], quick=True)) == ["frames-lua-2"]


@pytest.mark.parametrize(
    "name",
    [
        *("mailbox", "poll-empty", "start-lua", "restart-lua", "confinement-cost"),
        *(f"codec-grid-{vm}" for vm in available_vms()),
    ],
)
def test_a_quick_run_measures_both_sides(name: str) -> None:
    (scenario,) = (scenario for scenario in ALL if scenario.name == name)
    result = run_apart(scenario, SHORT)
    assert result.error is None, result.trace
    (metric,) = result.metrics
    assert len(metric.ours.samples) == SHORT.repeats
    assert all(sample > 0 for sample in metric.ours.samples)
    assert [peer.peer for peer in metric.peers] == [peer.name for peer in scenario.peers]


def test_what_is_done_again_and_again_is_done_once_at_least() -> None:
    took_ms = iter(range(1, 1_000_000))
    assert until_lasting(0.0, lambda: next(took_ms)) == [1]
    assert until_lasting(0.005, lambda: next(took_ms))[:2] == [2, 3]


@pytest.mark.parametrize("make_plan", [lambda: lua_plan("busy"), busy_python_plan])
def test_a_child_is_made_for_each_kill_and_none_is_left(
    make_plan: Callable[[], WorkerPlan],
) -> None:
    with lone_child(make_plan()) as child:
        assert kill_ms(child) > 0
        assert kill_ms(child) > 0
        assert len(child.executors) == 3
    assert child.worker.is_finished()


def test_a_child_that_is_killed_again_and_again_is_replaced_at_once() -> None:
    restart = OPTIONS.restart
    assert restart.backoff_s(1000, Random(0)) == 0.0
    assert restart.max_restarts > 1000


@pytest.mark.skipif(which(PROGRAM) is None, reason="LÖVE is not installed")
def test_love_echoes_without_a_window_and_ends_with_its_scenario() -> None:
    with love_peer(8).set_up(SHORT) as sample:
        assert sample()[0] > 0


def test_the_work_of_others_is_told_from_that_of_our_children(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    busy, ours, now = iter([100.0, 107.0]), iter([1.0, 5.0]), iter([50.0, 54.0])
    monkeypatch.setattr(runner, "busy_s", lambda: next(busy))
    monkeypatch.setattr(runner, "_children_s", lambda: next(ours))
    monkeypatch.setattr(runner, "perf_counter", lambda: next(now))
    monkeypatch.setattr(runner.os, "cpu_count", lambda: 2)
    assert runner.Others().share() == pytest.approx(3 / 8)


def test_a_process_that_dies_is_reported_by_name_and_the_others_go_on() -> None:
    (known,) = chosen(ALL, ["mailbox"], quick=True)
    lost, found = run_each((stranger(), known), SHORT)
    assert lost.name == "stranger"
    assert lost.error == "its process ended with status 2"
    assert "invalid choice" in lost.trace
    assert found.error is None


def test_a_process_that_hangs_is_ended_and_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine_tasks.bench.runner.SCENARIO_TIMEOUT_S", 0.01)
    result = run_apart(chosen(ALL, ["mailbox"], quick=True)[0], QUICK)
    assert result.error is not None
    assert result.error.startswith("TimeoutExpired")


def test_measured_processes_import_no_part_of_the_command_line() -> None:
    code = (
        "import sys, engine_tasks.bench._run;"
        "print({'click', 'rich', 'engine_tasks.cli'} & set(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.strip() == "set()"


def test_a_frame_is_late_past_its_tolerance_only() -> None:
    in_time, late = FRAME_S * 1e3 + LATE_MS * 0.99, FRAME_S * 1e3 + LATE_MS * 1.01
    assert late_share([in_time, in_time, in_time, late]) == 25


def test_steps_are_found_for_work_of_any_pace(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr("engine_tasks.bench.scenarios.frames.perf_counter", lambda: now[0])

    def work(steps: int) -> None:
        now[0] += steps * 1e-7

    assert steps_lasting(work, 0.004) == pytest.approx(40_000, rel=0.01)
