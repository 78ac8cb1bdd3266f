"""`engine-tasks bench`: measures the queue beside what people use today."""

import os
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path
from typing import Final

import click
from attrs import evolve
from rich.console import Console
from rich.status import Status

from engine_tasks.bench.circumstances import machine_lines
from engine_tasks.bench.effort import FULL, QUICK, Effort
from engine_tasks.bench.machine import this_machine
from engine_tasks.bench.markdown import to_markdown
from engine_tasks.bench.report import Report, ScenarioResult
from engine_tasks.bench.runner import chosen, fits, run_apart
from engine_tasks.bench.scenario import Scenario
from engine_tasks.bench.scenarios import ALL
from engine_tasks.cli.bench_table import aims_line, list_table, result_table

STDOUT: Final = "-"
#: Characters a line of the tables takes.
WIDTH: Final = 100
#: What a chart may be written as.
PICTURES: Final = (".png", ".svg")
#: Lines of a failed scenario's traceback to print; the JSON has all.
TRACE_LINES: Final = 6


def _place(_ctx: click.Context, _param: click.Parameter, path: str | None) -> str | None:
    """Refuses a place that cannot be written now, not after minutes of measuring."""
    if path is None or path == STDOUT:
        return path
    folder = Path(path).absolute().parent
    if not folder.is_dir() or not os.access(folder, os.W_OK):
        raise click.BadParameter(f"the folder {str(folder)!r} cannot be written")
    return path


def _picture(ctx: click.Context, param: click.Parameter, path: str | None) -> str | None:
    """Refuses what cannot be drawn, before anything is measured."""
    if path is None:
        return None
    if Path(path).suffix.lower() not in PICTURES:
        raise click.BadParameter(f"{path!r} ends neither in {' nor in '.join(PICTURES)}")
    if find_spec("matplotlib") is None:
        raise click.BadParameter("needs matplotlib: pip install 'engine-tasks[bench]'")
    return _place(ctx, param, path)


def _earlier(_ctx: click.Context, _param: click.Parameter, path: str | None) -> Report | None:
    """The report in a file that `--json` wrote."""
    if path is None:
        return None
    try:
        return Report.from_json(Path(path).read_text(encoding="utf-8"))
    except ValueError as error:  # not text, not JSON, or not a report
        raise click.BadParameter(f"{path!r} is no report of a benchmark: {error}") from error


_TO_FILE: Final = click.Path(dir_okay=False, writable=True)


@click.command(short_help="Measure the queue beside what people use today.")
@click.argument("patterns", nargs=-1, metavar="[PATTERN]...")
@click.option("--only", multiple=True, metavar="PATTERN", help="The same as an argument.")
@click.option("--quick", is_flag=True, help="Short samples, less than two minutes in all.")
@click.option("--repeats", type=click.IntRange(1, 1000), help="Samples of each side.")
@click.option("--list", "listing", is_flag=True, help="List the scenarios, measure nothing.")
@click.option(
    "--json",
    "json_path",
    type=click.Path(dir_okay=False, writable=True, allow_dash=True),
    callback=_place,
    help="Write the report there; - is stdout, in place of the table.",
)
@click.option(
    "--markdown", "markdown_path", type=_TO_FILE, callback=_place, help="Write a page there."
)
@click.option(
    "--plot",
    "plot_path",
    type=_TO_FILE,
    callback=_picture,
    help="Draw a chart there: .png or .svg.",
)
@click.option(
    "--from",
    "earlier",
    type=click.Path(dir_okay=False, exists=True),
    callback=_earlier,
    help="Measure nothing: take what --json wrote.",
)
def command(
    patterns: tuple[str, ...],
    only: tuple[str, ...],
    quick: bool,
    repeats: int | None,
    listing: bool,
    json_path: str | None,
    markdown_path: str | None,
    plot_path: str | None,
    earlier: Report | None,
) -> int:
    """Measure ours and its peers, turn by turn, each scenario in a process of its own.

    A PATTERN is part of a scenario's name, or a glob. The exit status is 1 when a
    scenario raised.
    """
    patterns = (*patterns, *only)
    scenarios = chosen(ALL, patterns, quick=quick)
    if not scenarios:
        raise click.UsageError(
            "no scenario matches; `engine-tasks bench --list` shows them",
            click.get_current_context(),
        )
    if listing:
        _screen().print(list_table(scenarios))
        return 0
    if earlier is not None:
        report = _shown(earlier, patterns, tables=json_path != STDOUT)
    else:
        effort = QUICK if quick else FULL
        effort = evolve(effort, repeats=repeats or effort.repeats)
        report = _measured(scenarios, effort, tables=json_path != STDOUT)
    _write(report, json_path, markdown_path, plot_path)
    return 1 if report.failed() else 0


def _write(
    report: Report, json_path: str | None, markdown_path: str | None, plot_path: str | None
) -> None:
    if json_path == STDOUT:
        print(report.to_json())
    elif json_path is not None:
        Path(json_path).write_text(report.to_json() + "\n", encoding="utf-8")
    if markdown_path is not None:
        Path(markdown_path).write_text(to_markdown(report), encoding="utf-8")
    if plot_path is not None:
        # Only now: matplotlib takes a second to load, and may not be installed.
        from engine_tasks.cli.bench_plot import draw  # noqa: PLC0415

        draw(report, Path(plot_path))


def _shown(report: Report, patterns: Sequence[str], *, tables: bool) -> Report:
    """An earlier report, less what the patterns leave out; its tables are printed."""
    found = tuple(each for each in report.scenarios if fits(each.name, patterns))
    report = evolve(report, scenarios=found)
    screen = _screen() if tables else Console(quiet=True)
    _print_head(report, screen)
    for result in found:
        _print_result(result, screen)
    screen.print("", aims_line(report), sep="\n", highlight=False)
    return report


def _measured(scenarios: Sequence[Scenario], effort: Effort, *, tables: bool) -> Report:
    """Measures one after the other; each table is printed as soon as it can be."""
    today = datetime.now(UTC).date().isoformat()
    report = Report(this_machine(), effort.name, effort.repeats, (), today)
    screen = _screen() if tables else Console(quiet=True)
    _print_head(report, screen)
    with Status(
        "", console=screen if screen.is_terminal and tables else Console(stderr=True)
    ) as status:
        for number, scenario in enumerate(scenarios, start=1):
            status.update(f"{scenario.name} ({number} of {len(scenarios)})")
            result = run_apart(scenario, effort)
            report = evolve(report, scenarios=(*report.scenarios, result))
            _print_result(result, screen)
    screen.print("", aims_line(report), sep="\n", highlight=False)
    return report


def _print_head(report: Report, screen: Console) -> None:
    for line in machine_lines(report):
        screen.print(line, style="dim", highlight=False, markup=False)


def _print_result(result: ScenarioResult, screen: Console) -> None:
    if result.error is None:
        screen.print("", result_table(result), sep="\n", highlight=False)
    else:
        _print_error(result, Console(stderr=True))


def _screen() -> Console:
    """stdout; wide enough for the tables when it is a file or a pipe."""
    console = Console()
    return console if console.is_terminal else Console(width=WIDTH)


def _print_error(result: ScenarioResult, errors: Console) -> None:
    errors.print(
        f"{result.name} failed: {result.error}", style="bold red", markup=False, soft_wrap=True
    )
    last = "\n".join(result.trace.splitlines()[-TRACE_LINES:])
    errors.print(last, style="dim", markup=False, highlight=False, soft_wrap=True)
