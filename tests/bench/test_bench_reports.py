"""A report as a page, as a chart, and as JSON that can be read again."""

import json
from pathlib import Path

import pytest
from attrs import evolve

from engine_tasks.bench.chart import FURTHEST, MOST_PANELS, aim_bars, panels
from engine_tasks.bench.circumstances import disturbance_line
from engine_tasks.bench.figures import Comparison, Figure
from engine_tasks.bench.machine import Machine
from engine_tasks.bench.markdown import to_markdown
from engine_tasks.bench.report import MetricResult, Report, ScenarioResult
from engine_tasks.bench.wording import limit_shown
from engine_tasks.cli.app import run

MACHINE = Machine("a | processor", 4, 2, "Linux", "CPython 3.11", 0.5, {"pykka": "4.5.0"})


def figure(value: float) -> Figure:
    return Figure(value, 0.0, (value,))


def peer(name: str, value: float, ratio: float | None = None, **aim) -> Comparison:
    return Comparison(name, figure(value), ratio, 0.0 if ratio is not None else None, 1.0, **aim)


MISSED = peer("threads", 4.0, 2.5, aim="≤ 2x", reached=False, share=1.25, needed=8.0)
REACHED = peer("idle", 1.0, aim="≤ +1 %", reached=True, share=0.0, needed=2.0)
TRIP = ScenarioResult(
    "trip",
    "one at a time",
    1.0,
    (MetricResult("median", "µs", "lower", figure(10.0), (peer("locks", 2.0, 5.0), MISSED)),),
    disturbance=0.3,
    absent=("loky",),
    group="Trips",
)
LATE = ScenarioResult(
    "late",
    "frames",
    1.0,
    (MetricResult("", "%", "lower", figure(1.0), (REACHED,)),),
    disturbance=0.01,
    group="Frames",
)
BROKEN = ScenarioResult("broken", "what fails", 1.0, (), "ValueError: no luck", group="Frames")
REPORT = Report(MACHINE, "quick", 3, (TRIP, LATE, BROKEN), "2026-01-02")


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    path = tmp_path / "report.json"
    path.write_text(REPORT.to_json(), encoding="utf-8")
    return path


def lines() -> list[str]:
    return to_markdown(REPORT).splitlines()


def test_the_page_says_where_and_when_and_how_disturbed() -> None:
    assert "| processor | a \\| processor, 2 of 4 cores |" in lines()
    assert "| date | 2026-01-02 |" in lines()
    assert any("5% or more in 1 of 2" in line for line in lines())


def test_the_page_has_all_aims_and_whether_they_are_reached() -> None:
    assert "1 of 2 aims reached." in lines()
    assert (
        "| `trip`, median | 10.0 µs ±0% | threads | 4.00 µs ±0% | 2.50x ±0% | ≤ 2x **missed** |"
    ) in lines()
    assert "| `late` | 1.00 % | idle | 1.00 % | +1.0 % | ≤ +1 % reached |" in lines()


def test_the_page_has_a_table_a_group_with_a_line_a_peer() -> None:
    page = to_markdown(REPORT)
    trips = page.partition("## Trips")[2].partition("## Frames")[0].splitlines()
    assert "* `trip` †: one at a time" in trips
    assert "  * not installed: loky" in trips
    assert "| `trip` | median | 10.0 µs ±0% | locks | 2.00 µs ±0% | 5.00x ±0% |  |" in trips
    assert "|  |  |  | threads | 4.00 µs ±0% | 2.50x ±0% | ≤ 2x **missed** |" in trips
    assert page.count("| --- | --- | ---: |") == 2


def test_the_page_names_what_failed_and_marks_only_what_was_disturbed() -> None:
    frames = to_markdown(REPORT).partition("## Frames")[2]
    assert "* `late`: frames" in frames
    assert "  * failed: ValueError: no luck" in frames


def test_every_line_of_a_table_has_as_many_cells_as_its_head() -> None:
    heights = [line.replace("\\|", "").count("|") for line in lines() if line.startswith("|")]
    assert set(heights) == {3, 7, 8}


def test_a_system_that_does_not_tell_of_others_is_not_called_quiet() -> None:
    quiet = evolve(REPORT, scenarios=(evolve(TRIP, disturbance=None),))
    assert disturbance_line(quiet) == "unknown: this system does not tell"


def test_limits_are_as_round_as_they_were_chosen() -> None:
    assert limit_shown(50_000, "ns") == "50 µs"
    assert limit_shown(0.5, "%") == "0.5 %"
    assert limit_shown(9000, "tasks/s") == "9,000/s"


def test_aims_are_drawn_from_the_best_reached_to_the_worst_missed() -> None:
    best, worst = aim_bars(REPORT)
    assert (best.label, best.times, best.reached) == ("late", FURTHEST, True)
    assert (worst.label, worst.reached) == ("trip, median", False)
    assert worst.times == pytest.approx(0.8)
    assert worst.text == "2.50x threads (aim ≤ 2x)"


def test_an_aim_that_is_missed_by_far_is_drawn_at_the_edge() -> None:
    far = evolve(MISSED, share=1e9)
    metric = MetricResult("", "µs", "lower", figure(1.0), (far,))
    (bar,) = aim_bars(evolve(REPORT, scenarios=(evolve(TRIP, metrics=(metric,)),)))
    assert bar.times == 1 / FURTHEST


def test_a_panel_has_all_sides_the_best_first_and_what_its_aim_needs() -> None:
    trip, late = panels(REPORT)
    assert [side.label for side in trip.sides] == ["locks", "threads", "ours"]
    assert (trip.needed, trip.reached, trip.aim) == (8.0, False, "≤ 2x threads")
    assert late.is_share
    rates = MetricResult("", "MB/s", "higher", figure(10.0), (peer("pool", 2.0, 5.0),))
    (panel,) = panels(evolve(REPORT, scenarios=(evolve(TRIP, metrics=(rates,)),)))
    assert [side.label for side in panel.sides] == ["ours", "pool"]


def test_the_panels_are_those_with_the_most_peers_in_the_order_of_the_report() -> None:
    many = tuple(evolve(LATE, name=f"late-{number}") for number in range(MOST_PANELS + 5))
    titles = [panel.title for panel in panels(evolve(REPORT, scenarios=(*many, TRIP)))]
    assert len(titles) == MOST_PANELS
    assert titles[0] == "late-0"
    assert titles[-1] == "trip, median"


def test_a_panel_without_an_aim_gives_way_to_those_with_one() -> None:
    metric = MetricResult("", "µs", "lower", figure(1.0), (peer("a", 1.0), peer("b", 2.0)))
    plain = evolve(TRIP, name="plain", metrics=(metric,))
    assert [panel.title for panel in panels(evolve(REPORT, scenarios=(plain, LATE)))] == (
        ["plain", "late"]
    )
    many = tuple(evolve(LATE, name=f"late-{number}") for number in range(MOST_PANELS))
    titles = [panel.title for panel in panels(evolve(REPORT, scenarios=(plain, *many)))]
    assert titles == [scenario.name for scenario in many]


@pytest.mark.parametrize(
    ("suffix", "signature"), [("png", b"\x89PNG\r\n"), ("svg", b"<?xml"), ("PNG", b"\x89PNG\r\n")]
)
def test_a_chart_is_written_as_its_suffix_says(
    saved: Path, tmp_path: Path, suffix: str, signature: bytes
) -> None:
    pytest.importorskip("matplotlib")
    chart = tmp_path / f"chart.{suffix}"
    assert run(["bench", "--from", str(saved), "--plot", str(chart)]) == 1  # one failed
    content = chart.read_bytes()
    assert content.startswith(signature)
    assert suffix == "svg" or len(content) > 10_000


def test_a_chart_of_nothing_but_failures_is_drawn(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    from engine_tasks.cli.bench_plot import draw

    draw(evolve(REPORT, scenarios=(BROKEN,)), tmp_path / "chart.svg")
    assert (tmp_path / "chart.svg").read_bytes().startswith(b"<?xml")


def test_the_chart_is_as_high_as_its_lines_and_shows_each() -> None:
    pytest.importorskip("matplotlib")
    from engine_tasks.cli.bench_plot import drawn

    few, many = drawn(REPORT), drawn(evolve(REPORT, scenarios=(LATE,) * 40))
    assert few.get_figheight() < many.get_figheight()
    aims, *figures = few.axes
    assert [label.get_text() for label in aims.get_yticklabels()] == ["late", "trip, median"]
    assert len(figures) == len(panels(REPORT))
    assert [label.get_text() for label in figures[0].get_yticklabels()] == (
        ["locks", "threads", "ours"]
    )


def test_an_earlier_report_is_shown_again_and_measured_no_more(
    saved: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine_tasks.cli.bench.run_apart", None)
    page, again = tmp_path / "page.md", tmp_path / "again.json"
    assert run(["bench", "--from", str(saved), "--markdown", str(page), "--json", str(again)]) == 1
    captured = capsys.readouterr()
    assert "trip: one at a time" in captured.out
    assert "1 of 2 aims reached" in captured.out
    assert "broken failed: ValueError: no luck" in captured.err
    assert page.read_text(encoding="utf-8") == to_markdown(REPORT)
    assert json.loads(again.read_text(encoding="utf-8")) == json.loads(REPORT.to_json())


@pytest.mark.parametrize("text", ["{}", "not JSON", '{"machine": 3}', "[]"])
def test_what_is_no_report_is_refused(
    tmp_path: Path, text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "other.json"
    path.write_text(text)
    assert run(["bench", "--from", str(path)]) == 2
    assert "is no report of a benchmark" in capsys.readouterr().err


def test_a_report_of_an_older_version_can_still_be_read() -> None:
    old = json.loads(REPORT.to_json())
    del old["date"]
    for scenario in old["scenarios"]:
        del scenario["group"]
    assert "## Scenarios" in to_markdown(Report.from_json(json.dumps(old)))


@pytest.mark.parametrize(
    ("name", "reason"), [("chart.gif", "ends neither in .png nor in .svg"), ("no/x.png", "written")]
)
def test_a_chart_that_cannot_be_written_is_refused_before_anything_is_measured(
    name: str, reason: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("matplotlib")
    assert run(["bench", "--plot", str(tmp_path / name)]) == 2
    assert reason in capsys.readouterr().err


def test_without_matplotlib_a_chart_is_refused_with_what_to_install(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine_tasks.cli.bench.find_spec", lambda _: None)
    assert run(["bench", "--plot", str(tmp_path / "chart.png")]) == 2
    assert "pip install 'engine-tasks[bench]'" in " ".join(capsys.readouterr().err.split())
