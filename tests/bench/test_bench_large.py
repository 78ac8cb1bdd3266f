"""The scenarios of large values and of computing: both sides do the same, and are checked."""

import importlib.util
from pathlib import Path

import pytest
from attrs import evolve

from engine_tasks.bench import nbody, work
from engine_tasks.bench._run import result_of
from engine_tasks.bench.effort import QUICK
from engine_tasks.bench.scenario import Scenario
from engine_tasks.bench.scenarios import compute, large
from engine_tasks.lua.vm import available_vms

SHORT = evolve(QUICK, repeats=2, warm_ups=0, sample_s=0.001)
SMALL_BYTES = 80_000


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(large, "LARGE_BYTES", SMALL_BYTES)


@pytest.mark.parametrize(
    "scenario", [*large.SCENARIOS, *compute.SCENARIOS], ids=lambda each: each.name
)
def test_a_short_run_measures_every_metric_of_both_sides(scenario: Scenario, small: None) -> None:
    result = result_of(scenario, SHORT)
    assert result.error is None, result.trace
    assert [metric.name for metric in result.metrics] == [m.name for m in scenario.metrics]
    for metric in result.metrics:
        (peer,) = metric.peers
        assert len(metric.ours.samples) == len(peer.figure.samples) == SHORT.repeats
        assert all(sample > 0 for sample in (*metric.ours.samples, *peer.figure.samples))


def test_a_large_value_is_touched_where_it_is_whole_only(small: None) -> None:
    large.touch(work.large_bytes(SMALL_BYTES))
    large.touch(memoryview(work.large_bytes(SMALL_BYTES)))
    with pytest.raises(RuntimeError, match="79999 bytes"):
        large.touch(work.large_bytes(SMALL_BYTES - 1))
    with pytest.raises(RuntimeError, match="not the large value"):
        large.touch(bytes(SMALL_BYTES))


@pytest.mark.skipif(importlib.util.find_spec("numpy") is None, reason="NumPy is not installed")
def test_the_array_has_the_bytes_of_the_large_value(small: None) -> None:
    array = work.large_array(SMALL_BYTES)
    large.touch(array)
    assert array.dtype == "float64"
    assert work.size_of(array) == SMALL_BYTES


@pytest.mark.parametrize("vm", available_vms())
def test_both_languages_move_the_bodies_alike(vm: str) -> None:
    lupa = importlib.import_module(f"lupa.{vm}")
    machine = lupa.LuaRuntime()
    machine.execute(Path(compute.NBODY.script).read_text(encoding="utf-8"))
    lua, python = machine.globals().Run(500), nbody.nbody(500)
    assert {axis: lua[axis] for axis in "xyz"} == {axis: python[axis] for axis in "xyz"}
    assert python != nbody.nbody(400)
