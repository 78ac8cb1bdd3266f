"""`engine-tasks bench`: the tables, JSON, statuses, Ctrl-C."""

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from attrs import evolve
from rich.console import Console

from engine_tasks.bench.circumstances import machine_lines
from engine_tasks.bench.figures import Comparison, Figure
from engine_tasks.bench.machine import this_machine
from engine_tasks.bench.report import MetricResult, Report, ScenarioResult
from engine_tasks.bench.wording import shown
from engine_tasks.cli import bench
from engine_tasks.cli.app import run
from engine_tasks.cli.bench_table import aims_line, result_table

ROW = Comparison("a peer", Figure(500.0, 5.0, (500.0,)), 2.5, 0.1, 750.0, "≤ 3x", True)
METRIC = MetricResult("median", "ns", "lower", Figure(1250.0, 50.0, (1250.0,)), (ROW,))
RESULT = ScenarioResult("fast", "how fast [it] is", 1.0, (METRIC,))
BROKEN = ScenarioResult("broken", "what fails", 1.0, (), "ValueError: no [luck]", "trace")


def printed(*parts: object) -> str:
    console = Console(width=100, color_system=None)
    with console.capture() as captured:
        console.print(*parts, sep="\n")
    return captured.get()


def report(*results: ScenarioResult) -> Report:
    return Report(this_machine(), "quick", 3, results)


@pytest.mark.parametrize(
    ("value", "spread", "unit", "text"),
    [
        (1250, 50, "ns", "1,250 ns ±4%"),
        (35.44, 0.7, "ns", "35.4 ns ±2%"),
        (0.516, 0.0, "µs", "0.52 µs ±0%"),
        (43_700, 4370, "ns", "43.7 µs ±10%"),
        (123_456, 0, "tasks/s", "123,456/s ±0%"),
        (1.67, 5.0, "%", "1.67 %"),
        (0, 0, "%", "0 %"),
    ],
)
def test_figures_show_three_digits_and_their_spread(value, spread, unit, text) -> None:
    assert shown(Figure(value, spread, ()), unit) == text


def test_a_table_has_ours_the_peer_the_ratio_and_the_verdict() -> None:
    lines = printed(result_table(RESULT)).splitlines()
    assert lines[0] == "fast: how fast [it] is"
    assert lines[1].split() == ["ours", "peer", "peer's", "ours/peer", "aim"]
    assert " ".join(lines[2].split()) == (
        "median 1,250 ns ±4% a peer 500 ns ±1% 2.50x ±4% ≤ 3x reached"
    )


def test_shares_are_compared_by_their_difference() -> None:
    row = Comparison("idle", Figure(0.0, 0.0, (0.0,)), None, None, 0.3, "≤ +1 %", True)
    metric = MetricResult("late", "%", "lower", Figure(0.3, 0.1, (0.3,)), (row,))
    text = printed(result_table(ScenarioResult("frames", "late", 1.0, (metric,))))
    assert "+0.3 % ≤ +1 % reached" in text


def test_a_disturbed_measurement_says_so() -> None:
    assert "other programs" not in printed(result_table(evolve(RESULT, disturbance=0.01)))
    text = printed(result_table(evolve(RESULT, disturbance=0.42)))
    assert "other programs used 42% of the machine meanwhile" in text


def test_peers_that_are_not_installed_are_named() -> None:
    text = printed(result_table(evolve(RESULT, absent=("loky", "love"))))
    assert "not installed: loky; love" in text


def test_the_machine_and_the_versions_are_printed() -> None:
    text = printed(*machine_lines(report()))
    assert "CPython" in text or "PyPy" in text
    for library in ("engine-tasks ", "pykka ", "lupa ", "cattrs ", "ormsgpack "):
        assert library in text


def test_aims_are_counted() -> None:
    assert "1 of 1 aims reached" in aims_line(report(RESULT))
    assert "no aims" in aims_line(report(BROKEN))


def test_list_measures_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["bench", "--list", "mailbox"]) == 0
    assert "mailbox" in capsys.readouterr().out


def test_one_failure_is_named_the_others_go_on_and_the_status_is_1(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    results = iter([BROKEN, RESULT])
    monkeypatch.setattr(bench, "run_apart", lambda *_: next(results))
    out = tmp_path / "report.json"
    assert run(["bench", "mailbox", "poll-empty", "--json", str(out)]) == 1
    captured = capsys.readouterr()
    assert "broken failed: ValueError: no [luck]" in captured.err
    assert "fast: how fast [it] is" in captured.out
    written = json.loads(out.read_text(encoding="utf-8"))
    assert [result["error"] for result in written["scenarios"]] == ["ValueError: no [luck]", None]


def test_json_on_stdout_is_alone_there(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["bench", "--quick", "--repeats", "2", "--only", "mailbox", "--json", "-"]) == 0
    written = json.loads(capsys.readouterr().out)
    assert written["repeats"] == 2
    assert written["machine"]["libraries"]["pykka"]
    (result,) = written["scenarios"]
    assert result["name"] == "mailbox"
    assert len(result["metrics"][0]["ours"]["samples"]) == 2


def test_ctrl_c_ends_with_status_130_and_no_traceback() -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "engine_tasks.cli", "bench", "echo"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()  # it measures from here on
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Traceback" not in errors
