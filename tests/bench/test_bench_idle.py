"""What Linux tells of processes, and the scenarios of rest, starts and memory that ask it."""

import json
import os
import subprocess
import sys
import threading

import pytest
from attrs import evolve

from engine_tasks.bench import proc
from engine_tasks.bench._run import result_of
from engine_tasks.bench.effort import QUICK
from engine_tasks.bench.queues import wait_until
from engine_tasks.bench.scenario import Scenario
from engine_tasks.bench.scenarios import idle, memory, starts

SHORT = evolve(QUICK, repeats=2, sample_s=0.001)

linux = pytest.mark.skipif(not proc.IS_THERE, reason="/proc is Linux's")


@pytest.fixture
def sleeper():
    """A child that has a child, and both wait for their input to end."""
    below = "import sys; sys.stdin.read()"
    code = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {below!r}])"
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE) as process:
        yield process.pid


@linux
def test_a_family_is_a_process_and_all_below_it(sleeper: int) -> None:
    wait_until(lambda: len(proc.family(sleeper)) == 2, "its child is there")
    assert proc.family(sleeper) <= proc.children()
    assert os.getpid() not in proc.children()


@linux
def test_a_thread_that_waits_is_seen_to_wake_up_and_one_that_sleeps_is_not() -> None:
    is_over, tick = threading.Event(), threading.Event()

    def wait_again_and_again() -> None:
        while not is_over.is_set():
            tick.wait(0.001)

    restless = threading.Thread(target=wait_again_and_again)
    asleep = threading.Thread(target=is_over.wait)
    restless.start()
    asleep.start()
    woken = idle.wake_ups(0.1)
    is_over.set()
    restless.join()
    asleep.join()
    assert woken[os.getpid(), restless.native_id] > 5 > woken[os.getpid(), asleep.native_id]
    assert (os.getpid(), threading.get_native_id()) not in woken


@linux
def test_private_memory_grows_by_what_is_taken_and_is_part_of_all() -> None:
    before = proc.memory_of(os.getpid())
    taken = b"x" * (32 << 20)
    after = proc.memory_of(os.getpid())
    assert after.private_mib - before.private_mib == pytest.approx(len(taken) >> 20, abs=4)
    assert after.pss_mib >= after.private_mib


@linux
def test_the_memory_of_a_process_that_ended_is_an_error() -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        pass
    with pytest.raises(OSError, match="smaps_rollup"):
        proc.memory_of(process.pid)
    assert proc.sleeps({process.pid}) == {}


@linux
def test_threads_are_weighed_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    memory.print_threads()
    private_mib, pss_mib = json.loads(capsys.readouterr().out)
    assert isinstance(private_mib, float)
    assert isinstance(pss_mib, float)


@pytest.mark.parametrize(
    "scenario", [*idle.SCENARIOS, *memory.SCENARIOS, *starts.SCENARIOS], ids=lambda each: each.name
)
def test_a_short_run_measures_every_metric_of_both_sides(
    scenario: Scenario, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(idle, "SLEEPERS", 2)
    monkeypatch.setattr(idle, "SETTLE_S", 0.05)
    result = result_of(scenario, SHORT)
    assert result.error is None, result.trace
    assert [metric.name for metric in result.metrics] == [m.name for m in scenario.metrics]
    for metric in result.metrics:
        at_least = 0 if scenario in idle.SCENARIOS else 1e-9
        sides = (metric.ours, *(peer.figure for peer in metric.peers))
        assert all(sample >= at_least for side in sides for sample in side.samples)
        assert len(sides) == 1 + len(scenario.peers)
