"""The benchmark's tables, by rich: one under each scenario's title."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final, Literal

from rich import box
from rich.console import Group
from rich.markup import escape
from rich.table import Table

from engine_tasks.bench.circumstances import DISTURBED, aims_shown
from engine_tasks.bench.figures import Comparison
from engine_tasks.bench.report import MetricResult, Report, ScenarioResult
from engine_tasks.bench.scenario import Scenario
from engine_tasks.bench.wording import ratio_shown, shown

#: Columns: the same widths in every table, so that they line up.
COLUMNS: Final[tuple[tuple[str, int, Literal["left", "right"]], ...]] = (
    ("", 6, "left"),
    ("ours", 15, "right"),
    ("peer", 19, "left"),
    ("peer's", 15, "right"),
    ("ours/peer", 12, "right"),
    ("aim", 14, "left"),
)


def list_table(scenarios: Iterable[Scenario]) -> Table:
    """Names, titles and peers."""
    table = Table(box=box.SIMPLE)
    table.add_column("scenario", no_wrap=True)
    table.add_column("what it measures")
    table.add_column("against")
    for scenario in scenarios:
        table.add_row(scenario.name, scenario.title, ", ".join(p.name for p in scenario.peers))
    return table


def result_table(result: ScenarioResult) -> Group:
    """The scenario's name and title, and a line for each metric and peer."""
    table = Table(box=None, header_style="dim", padding=(0, 1, 0, 0))
    for name, width, justify in COLUMNS:
        table.add_column(name, min_width=width, justify=justify)
    for metric in result.metrics:
        name, ours = metric.name, shown(metric.ours, metric.unit)
        for against in metric.peers:
            table.add_row(name, ours, *_peer_cells(metric, against))
            name = ours = ""
    return Group(f"[bold]{escape(result.name)}[/]: {escape(result.title)}", table, *_notes(result))


def _notes(result: ScenarioResult) -> Iterator[str]:
    if result.absent:
        yield f"[dim]not installed: {escape('; '.join(result.absent))}[/]"
    if result.disturbance is not None and result.disturbance >= DISTURBED:
        share = f"{result.disturbance:.0%}"
        yield f"[yellow]other programs used {share} of the machine meanwhile[/]"


def aims_line(report: Report) -> str:
    """How many aims were reached."""
    reached, total = report.aims()
    colour = "green" if reached == total else "yellow"
    return f"[{colour}]{aims_shown(report)}[/]"


def _peer_cells(metric: MetricResult, against: Comparison) -> Sequence[str]:
    aim = escape(against.aim or "")
    if against.reached is not None:
        aim += " [green]reached[/]" if against.reached else " [bold red]missed[/]"
    theirs = shown(against.figure, metric.unit)
    return escape(against.peer), theirs, ratio_shown(metric.unit, against), aim
